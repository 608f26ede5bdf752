"""I1, I3 over real SIP: what the caller hears, heard at the caller's phone."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from callcenter.kernel.database import open_database
from callcenter.numbers import HostedNumber, save_number
from callcenter.settings import PROJECT
from tests.support.site import Site

pytestmark = pytest.mark.live

NUMBER = "4008006666"
LEVELS = """\
name: levels
start: welcome
nodes:
  welcome: {kind: play, prompts: [welcome], next: first}
  first:
    kind: menu
    prompts: [menu-main]
    choices: {1: second}
    attempts: 2
    wait: 1
    on_timeout: operator
    otherwise: bye
  second:
    kind: menu
    prompts: [switchboard]
    choices: {2: third}
    back: "*"
    wait: 2
    otherwise: bye
  third:
    kind: menu
    prompts: [last-agent]
    choices: {3: done}
    wait: 2
    otherwise: bye
  done: {kind: play, prompts: [please-wait], next: bye}
  operator: {kind: play, prompts: [all-seats-busy], next: bye}
  bye: {kind: hangup, prompts: [goodbye]}
"""


async def command(site: Site, *words: str, given: str = "") -> str:
    """Run ``callcenter`` as an administrator would."""

    def run() -> str:
        done = subprocess.run(
            [sys.executable, "-m", "callcenter", *words],
            cwd=PROJECT,
            env={"CALLCENTER_HOME": str(site.home), "PATH": "/usr/bin:/bin"},
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return await asyncio.to_thread(run)


async def hosted(site: Site, document: str, tmp_path: Path) -> None:
    """Import and publish the flow, and point a number at it."""
    file = tmp_path / "levels.yaml"
    file.write_text(document)
    await command(site, "flow", "import", str(file), "--publish")
    database = open_database(site.settings.database_url)
    with database.begin() as connection:
        save_number(connection, HostedNumber(number=NUMBER, tenant="demo", flow="levels"))
    database.dispose()
    await asyncio.to_thread(site.client.reload)


async def test_three_levels_with_wrong_key_and_barge_in(site: Site, tmp_path: Path) -> None:
    await hosted(site, LEVELS, tmp_path)
    caller = await site.caller()
    call = await caller.dial(NUMBER)
    await call.hears(site.prompt("welcome"), within=8)
    await call.hears(site.prompt("menu-main"), within=8)
    await call.press("7")
    await call.hears(site.prompt("invalid-choice"), within=8)
    await call.hears_sound(within=5)
    await call.press("1")  # while the menu is being spoken again
    await call.hears(site.prompt("switchboard"), within=8)
    await call.press("2")
    await call.hears(site.prompt("last-agent"), within=8)
    await call.press("3")
    await call.hears(site.prompt("please-wait"), within=8)
    await call.hears(site.prompt("goodbye"), within=10)
    await call.ended(within=5)
    await site.nothing_left()


async def test_no_key_twice_takes_the_way_of_timeouts(site: Site, tmp_path: Path) -> None:
    await hosted(site, LEVELS, tmp_path)
    caller = await site.caller()
    call = await caller.dial(NUMBER)
    await call.hears(site.prompt("no-input"), within=20)
    await call.hears(site.prompt("menu-main"), within=10)
    await call.hears(site.prompt("all-seats-busy"), within=20)
    await call.ended(within=15)


async def test_published_while_another_call_is_in_the_old_version(
    site: Site, tmp_path: Path
) -> None:
    await hosted(site, LEVELS, tmp_path)
    old = await (await site.caller("13800000001")).dial(NUMBER)
    await old.hears(site.prompt("welcome"), within=8)
    await old.press("1")
    await old.hears(site.prompt("switchboard"), within=8)
    changed = tmp_path / "changed.yaml"
    changed.write_text(
        LEVELS.replace("prompts: [welcome]", "prompts: [closed]").replace("wait: 2", "wait: 3")
    )
    said = await command(site, "flow", "import", str(changed), "--publish")
    assert "version 2 is in force" in said
    new = await (await site.caller("13800000002")).dial(NUMBER)
    await new.hears(site.prompt("closed"), within=8)
    await old.press("2")
    await old.hears(site.prompt("last-agent"), within=8)
    await old.press("3")
    await old.hears(site.prompt("please-wait"), within=8)
    await old.hang_up()
    await new.hang_up()
    said = await command(site, "flow", "rollback", "levels")
    assert "version 1 is in force" in said
    third = await (await site.caller("13800000003")).dial(NUMBER)
    await third.hears(site.prompt("welcome"), within=8)
    await third.hang_up()
    await site.nothing_left()
