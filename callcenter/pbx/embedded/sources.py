"""Where packages may come from: this machine's own apt sources, or the mirror in the settings.

Debian carries a current Asterisk in ``sid`` only, Ubuntu in its own suites. No mirror is known
here by name: the machine's own is asked, and its own keys check what it answers.
"""

import platform
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from callcenter.kernel.errors import PbxProblem
from callcenter.settings import Settings

_ONE_LINE = re.compile(r"deb\s+(?:\[(?P<options>[^]]*)]\s+)?(?P<uri>\S+)\s+(?P<rest>.+)")
_UNNAMED_SUITES = {"stable", "oldstable", "testing", "unstable", "sid"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line (or the equivalent of a deb822 block) of apt's sources."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""

    def line(self) -> str:
        """As apt reads it; without a keyring of its own, apt's trusted keys decide."""
        options = f"[signed-by={self.signed_by}] " if self.signed_by else ""
        return f"deb {options}{self.uri} {self.suite} {' '.join(self.components)}\n"


def choose(settings: Settings, *, apt: Path = Path("/etc/apt")) -> list[Entry]:
    """The sources to fetch from.

    Raises:
        PbxProblem: not a Debian or Ubuntu, or its sources name no usable mirror.
    """
    system = _system()
    family = {system.get("ID", ""), *system.get("ID_LIKE", "").split()}
    if settings.debian_mirror:
        return [_sid(settings.debian_mirror, _keyring("debian"))]
    hosts = [entry for entry in entries(apt) if not entry.uri.startswith("cdrom:")]
    if "ubuntu" in family:
        return _of_ubuntu(hosts, system.get("UBUNTU_CODENAME", system.get("VERSION_CODENAME", "")))
    if "debian" in family:
        codename = system.get("VERSION_CODENAME", "sid")
        usable = [entry for entry in hosts if "main" in entry.components]
        for fits in ({codename}, _UNNAMED_SUITES):
            for entry in usable:
                if entry.suite in fits and "security" not in entry.uri:
                    return [_sid(entry.uri, entry.signed_by or _keyring("debian"))]
        raise PbxProblem(
            f"No Debian mirror stands in {apt}/sources.list or sources.list.d; "
            "name one in CALLCENTER_DEBIAN_MIRROR and try again."
        )
    raise PbxProblem(
        "This is neither Debian nor Ubuntu: install Asterisk 20 or newer, "
        "put it on PATH and try again."
    )


def entries(apt: Path) -> Iterator[Entry]:
    """Every binary source of this machine, in apt's order."""
    parts = sorted((apt / "sources.list.d").glob("*")) if apt.is_dir() else []
    for file in (apt / "sources.list", *parts):
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        if file.suffix == ".list":
            yield from _one_line(text)
        elif file.suffix == ".sources":
            yield from _deb822(text)


def _one_line(text: str) -> Iterator[Entry]:
    for raw in text.splitlines():
        found = _ONE_LINE.match(raw.partition("#")[0].strip())
        if found:
            options = dict(
                part.split("=", 1) for part in (found["options"] or "").split() if "=" in part
            )
            suite, *components = found["rest"].split()
            yield Entry(
                uri=found["uri"],
                suite=suite,
                components=tuple(components),
                signed_by=_file_only(options.get("signed-by", "")),
            )


def _deb822(text: str) -> Iterator[Entry]:
    plain = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for block in re.split(r"\n\s*\n", plain):
        fields = {
            found[1].lower(): found[2].strip()
            for found in re.finditer(r"^([A-Za-z-]+):(.*(?:\n[ \t].*)*)", block, re.MULTILINE)
        }
        if "deb" not in fields.get("types", "").split() or fields.get("enabled") == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield Entry(
                    uri=uri,
                    suite=suite,
                    components=tuple(fields.get("components", "").split()),
                    signed_by=_file_only(fields.get("signed-by", "")),
                )


def _file_only(signed_by: str) -> str:
    """A key written out in the sources is left aside: the system's own keyring serves as well."""
    return signed_by if signed_by.startswith("/") and "\n" not in signed_by else ""


def _sid(uri: str, keyring: str) -> Entry:
    return Entry(uri=uri, suite="sid", components=("main",), signed_by=keyring)


def _of_ubuntu(hosts: list[Entry], codename: str) -> list[Entry]:
    wanted = (codename, f"{codename}-updates", f"{codename}-security")
    found = [
        Entry(
            uri=entry.uri,
            suite=entry.suite,
            components=("main", "universe"),
            signed_by=entry.signed_by or _keyring("ubuntu"),
        )
        for entry in hosts
        if entry.suite in wanted and "main" in entry.components
    ]
    if not found:
        raise PbxProblem(
            "No Ubuntu mirror stands in /etc/apt/sources.list or sources.list.d; "
            "install Asterisk 20 or newer ('apt-get install asterisk') and try again."
        )
    return found


def _keyring(family: str) -> str:
    for suffix in ("pgp", "gpg"):
        keyring = Path(f"/usr/share/keyrings/{family}-archive-keyring.{suffix}")
        if keyring.is_file():
            return str(keyring)
    return ""


def _system() -> dict[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}
