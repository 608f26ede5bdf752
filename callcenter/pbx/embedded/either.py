"""The embedded PBX of the settings, whichever it is: one name for each act on both."""

from collections.abc import Sequence

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import config, freeswitch, layout, process, runner
from callcenter.pbx.embedded.model import EmbeddedState, SipAccount, SipTrunk
from callcenter.settings import Settings


def _is_freeswitch(settings: Settings) -> bool:
    return settings.pbx == "freeswitch"


def _require_alone(settings: Settings) -> None:
    """One home, one PBX: the other would keep running with nobody to talk to it."""
    other = process.pid(layout.home(settings)) if _is_freeswitch(settings) else None
    if other is None and not _is_freeswitch(settings):
        other = freeswitch.pid(settings)
    if other is not None:
        name = "Asterisk" if _is_freeswitch(settings) else "FreeSWITCH"
        raise PbxProblem(
            f"{name} runs in {settings.home} (process {other}); end it first: "
            f"CALLCENTER_PBX={name.lower()} callcenter pbx stop."
        )


def write_config(
    settings: Settings, accounts: Sequence[SipAccount], trunks: Sequence[SipTrunk]
) -> EmbeddedState:
    """See :func:`callcenter.pbx.embedded.config.write_config`."""
    _require_alone(settings)
    if _is_freeswitch(settings):
        return freeswitch.write_config(settings, accounts, trunks)
    return config.write_config(settings, accounts, trunks)


def lacks(settings: Settings) -> list[str]:
    """What cannot be had with this PBX, a sentence each; see :func:`.freeswitch.lacks`."""
    return freeswitch.lacks(settings) if _is_freeswitch(settings) else []


def start(settings: Settings, *, die_with_parent: bool = False) -> EmbeddedState:
    """See :func:`callcenter.pbx.embedded.runner.start`."""
    if _is_freeswitch(settings):
        return freeswitch.start(settings, die_with_parent=die_with_parent)
    return runner.start(settings, die_with_parent=die_with_parent)


def stop(settings: Settings) -> bool:
    """See :func:`callcenter.pbx.embedded.runner.stop`."""
    return freeswitch.stop(settings) if _is_freeswitch(settings) else runner.stop(settings)


def running(settings: Settings) -> EmbeddedState | None:
    """The state of the PBX when its process lives."""
    if _is_freeswitch(settings):
        return freeswitch.running(settings)
    return process.running(settings)


def reload_accounts(
    settings: Settings, accounts: Sequence[SipAccount], trunks: Sequence[SipTrunk]
) -> EmbeddedState:
    """See :func:`callcenter.pbx.embedded.runner.reload_accounts`."""
    if _is_freeswitch(settings):
        return freeswitch.reload_accounts(settings, accounts, trunks)
    return runner.reload_accounts(settings, accounts, trunks)


def reload_rings(settings: Settings) -> None:
    """Let a running PBX take over the prompts there are now; FreeSWITCH plays files as they are."""
    if not _is_freeswitch(settings):
        runner.reload_rings(settings)
