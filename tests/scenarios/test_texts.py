"""Texts between phones (S5): delivered to the seat or extension meant, or said not to be."""

from tests.support.world import World


async def test_a_text_reaches_the_phone_at_which_the_seat_works(world: World) -> None:
    world.phone("1001")
    await world.logs_in("1002", "1002")
    world.pbx.talks.texts(world.phone("1001"), "1002", "午饭?")
    await world.passes(seconds=1)
    assert world.pbx.talks.sent == [("1001", "1002", "午饭?")]


async def test_a_text_to_nobody_is_said_not_to_be_delivered(world: World) -> None:
    world.phone("1001")
    world.pbx.talks.texts(world.phone("1001"), "4444", "hello?")
    await world.passes(seconds=1)
    told = "Nobody at 4444 can be reached; your text was not delivered."
    assert world.pbx.talks.sent == [("callcenter", "1001", told)]


async def test_a_text_that_is_too_long_is_said_so(world: World) -> None:
    world.phone("1001")
    world.phone("1002")
    world.pbx.talks.texts(world.phone("1001"), "1002", "x" * 5000)
    await world.passes(seconds=1)
    [(_, to, told)] = world.pbx.talks.sent
    assert to == "1001"
    assert told.startswith("Your text to 1002 was not delivered. A message has between")
