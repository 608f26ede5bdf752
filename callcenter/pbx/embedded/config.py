"""Writes the embedded Asterisk's configuration out of the templates in ``dialplans/asterisk``.

Known placeholders: the folders ``etc run spool log lib agi modules data``, ``prompts`` (audio, as
in ``@{prompts}/en/welcome``), ``music``, ``entity`` and every field of
:class:`~callcenter.pbx.embedded.model.EmbeddedState`.
"""

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import asdict

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import layout, ports, templates
from callcenter.pbx.embedded.model import EmbeddedState, SipAccount, SipTrunk
from callcenter.pbx.embedded.process import pid, running, serial
from callcenter.pbx.embedded.state import load_state
from callcenter.pbx.port import Prompt, colour_ring
from callcenter.settings import Settings

_RING = re.compile(r"[a-z]{2,3}(/[0-9A-Za-z_-]{1,40}){1,6}")


def write_config(
    settings: Settings, accounts: Sequence[SipAccount], trunks: Sequence[SipTrunk]
) -> EmbeddedState:
    """Write every file Asterisk reads, and the state beside them.

    Ports and secrets stay while the PBX runs; otherwise both are chosen anew.

    Raises:
        PbxProblem: no free ports, Asterisk is missing, or a folder cannot be written.
    """
    home = layout.home(settings)
    try:
        home.make()
        with serial(home):
            state = running(settings) or _new_state(home)
            _write_files(settings, state, accounts, trunks)
            templates.write(home.state, json.dumps(asdict(state), indent=2) + "\n")
    except OSError as error:
        raise PbxProblem(f"The PBX's folder {home.base} cannot be written: {error}.") from None
    return state


def _new_state(home: layout.Home) -> EmbeddedState:
    if pid(home):  # its ports and secrets are lost: nobody could talk to it
        raise PbxProblem(
            f"A PBX runs whose state file {home.state} is gone: "
            "end it with 'callcenter pbx stop' and try again."
        )
    old = load_state(home)
    if old:
        ports.release(old.sip_port)
    return ports.new_state()


def _write_files(
    settings: Settings,
    state: EmbeddedState,
    accounts: Sequence[SipAccount],
    trunks: Sequence[SipTrunk],
) -> None:
    home = layout.home(settings)
    values = _values(settings, state)
    for template in sorted(layout.TEMPLATES.glob("*.conf")):
        text = template.read_text(encoding="utf-8")
        templates.write(home.etc / template.name, templates.fill(text, values, where=template.name))
    blocks = [_phone(account) for account in accounts] + [_trunk(trunk) for trunk in trunks]
    templates.write(home.etc / "accounts.conf", "\n".join(blocks))
    write_rings(settings)
    for script in sorted(layout.TEMPLATES.glob("*.py")):
        templates.install_agi(script, home.agi)


def _values(settings: Settings, state: EmbeddedState) -> dict[str, object]:
    home = layout.home(settings)
    entity = secrets.token_hex(5)
    values: dict[str, object] = {
        **asdict(state),
        "etc": home.etc,
        "run": home.run,
        "spool": home.spool,
        "log": home.log,
        "lib": home.lib,
        "agi": home.agi,
        "modules": layout.module_dir(settings),
        "data": layout.data_dir(settings, "asterisk"),
        "prompts": settings.prompts,
        "music": layout.music_dir(settings),
        "entity": "02:" + ":".join(entity[i : i + 2] for i in range(0, 10, 2)),
    }
    for name, value in values.items():
        if any(sign in str(value) for sign in ";,|\n\r"):  # they part arguments and comments
            raise PbxProblem(f"The path {value} ({name}) must not hold ; , | or a line break.")
    return values


def _phone(account: SipAccount) -> str:
    number, name = account.extension, account.name or account.extension
    return f"""\
[{number}](phone)
auth = {number}
aors = {number}
mailboxes = {number}@callcenter
callerid = "{name}" <{number}>

[{number}](phone-auth)
username = {number}
password = {account.secret}

[{number}](phone-aor)
mailboxes = {number}@callcenter
"""


def _trunk(trunk: SipTrunk) -> str:
    name = f"trunk-{trunk.name}"
    watch = f"trunk-watch_{trunk.name}"  # no trunk's name has a _
    way_out = f"""\
aors = {name}

[{name}](line-aor)
contact = sip:{trunk.contact}

[{watch}](watch)
aors = {watch}

[{watch}](watch-aor)
contact = sip:{trunk.contact}
"""
    return f"""\
[{name}](line)
{way_out if trunk.contact else ""}
[{name}]
type = identify
endpoint = {name}
match = {trunk.match}
"""


def write_rings(settings: Settings) -> None:
    """Write the colour rings there are now; the PBX takes them over by ``moh reload``."""
    templates.write(layout.home(settings).etc / "rings.conf", _rings(settings))


def _rings(settings: Settings) -> str:
    """A music class for each prompt, tenants' own included; see
    :func:`callcenter.pbx.port.colour_ring`."""
    blocks = []
    for folder in (settings.prompts, settings.home / "prompts"):
        for file in sorted(folder.glob("*/**/*.wav")):
            place = file.relative_to(folder).with_suffix("")
            if place.parts[0] != "music" and _RING.fullmatch(str(place)):
                name = colour_ring(Prompt(str(place)))
                entry = file.with_suffix("")
                blocks.append(f"[{name}]\nmode = playlist\nentry = {entry}\n")
    return "\n".join(blocks)
