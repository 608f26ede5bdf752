"""Which modules of FreeSWITCH are missing on this machine: said by name before a caller notices.

Distributions put modules into packages of their own. Used when the configuration is written.
"""

import re
from pathlib import Path

from callcenter.kernel.errors import PbxProblem

_LOAD = re.compile(r'\n *<load module="(mod_[a-z0-9_]+)"/>')
_FOR = {
    "mod_conference": "conferences of several calls",
    "mod_loopback": "conferences of several calls",
    "mod_sms": "texts between phones",
    "mod_voicemail": "message lamps at phones that register while the engine is away",
}
"""What there is not without a module; without one that is not named here nothing works."""


def folder_of(program: Path) -> Path | None:
    """Where a program has its modules; ``None`` when that cannot be seen from here."""
    prefix = program.resolve().parent.parent
    places = (prefix / "lib" / "freeswitch" / "mod", prefix / "mod")
    return next((place for place in places if place.is_dir()), None)


def lacks(program: Path, template: str) -> list[str]:
    """A sentence for each module that the template loads, that is not there and may be missing.

    Raises:
        PbxProblem: others are missing too.
    """
    missing = _missing(program, template)
    needed = [name for name in missing if name not in _FOR]
    if needed:
        raise PbxProblem(
            f"{program} has no {', '.join(needed)}; install that from where FreeSWITCH came from."
        )
    return [f"{program} has no {name}: there are no {_FOR[name]}." for name in missing]


def without_missing(program: Path, template: str) -> str:
    """The template without the modules that are not there."""
    gone = _missing(program, template)
    return _LOAD.sub(lambda load: "" if load[1] in gone else load[0], template)


def _missing(program: Path, template: str) -> list[str]:
    folder = folder_of(program)
    named = _LOAD.findall(template) if folder is not None else []
    return [name for name in named if folder and not (folder / f"{name}.so").is_file()]
