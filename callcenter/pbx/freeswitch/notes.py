"""What FreeSWITCH notes of calls that end unseen: in its own database, by the dialplan's hook.

Unseen is also what ended while only the event link was down; then the note stands for the event.
"""

from callcenter.pbx import checked
from callcenter.pbx.causes import Cause
from callcenter.pbx.freeswitch.esl_wire import EslEvent
from callcenter.pbx.freeswitch.facts import DialFacts, variables_of_note
from callcenter.pbx.freeswitch.servers import EventLink
from callcenter.pbx.port import Ended

_REALM = "cc-ended"


class Notes:
    """Of the node ``node``, over its event link."""

    def __init__(self, node: str, link: EventLink) -> None:
        self._node, self._link = node, link

    async def all(self) -> dict[str, Ended]:
        """See the port: ``orphans``."""
        told = (await self._link.api("db", f"list/{_REALM}")).strip()
        calls = [one for one in told.split(",") if one and not one.startswith("-")]
        found: dict[str, Ended] = {}
        for call in calls:
            at, facts = DialFacts.of_note(await self._select(call))
            dial = facts.result(self._node, at) if facts.dialling and at is not None else None
            found[call] = Ended(cause=facts.cause or Cause.NORMAL, dial=dial, at=at)
        return found

    async def forget(self, call: str) -> None:
        """See the port: ``forget_orphan``."""
        await self._link.api("db", f"delete/{_REALM}/{checked.call_name(call)}")

    async def missed_end(self, name: str, call: str, *, noted: bool) -> EslEvent:
        """The event that was not heard of a channel's end; ``noted``: a note may tell of it."""
        note = await self._select(call) if call and noted else ""
        at, variables = variables_of_note(note if "!" in note else "")
        variables["cc_dial_end"] = variables["cc_dial_end"] or at  # not now: it was then
        headers = {f"variable_{each}": value for each, value in variables.items()}
        headers |= {"Unique-ID": name, "variable_cc_call": call, "Event-Date-Timestamp": at}
        return EslEvent(name="CHANNEL_HANGUP_COMPLETE", headers=headers)

    async def _select(self, call: str) -> str:
        return (await self._link.api("db", f"select/{_REALM}/{call}")).strip()
