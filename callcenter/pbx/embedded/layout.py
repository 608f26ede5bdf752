"""Where things are: the PBX's own folders; programs on PATH or in fetched packages.

The fetched programs need a newer C library than the machine may have, so they run through their
own loader: :func:`tool` gives the argv to put in front.
"""

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from callcenter.kernel.errors import PbxProblem
from callcenter.settings import PROJECT, Settings

LOWEST_ASTERISK = 20
TEMPLATES = PROJECT / "dialplans" / "asterisk"
PROGRAMS = {
    "asterisk": "usr/sbin/asterisk",
    "baresip": "usr/bin/baresip",
    "sipp": "usr/bin/sipp",
    "espeak-ng": "usr/bin/espeak-ng",
    "sox": "usr/bin/sox",
}
_SOCKET_PATH_LIMIT = 107  # sun_path of Linux holds 108 bytes with the closing NUL


@dataclass(frozen=True)
class Home:
    """Folders and files of one embedded PBX, all below ``settings.home / "pbx"``."""

    base: Path

    @property
    def state(self) -> Path:
        return self.base / "state.json"

    @property
    def lock(self) -> Path:
        return self.base / "lock"

    @property
    def etc(self) -> Path:
        return self.base / "etc"

    @property
    def config(self) -> Path:
        """The file Asterisk is started with; also how its process is known again."""
        return self.etc / "asterisk.conf"

    @property
    def spool(self) -> Path:
        return self.base / "spool"

    @property
    def lib(self) -> Path:
        """AstDB (notes about calls that ended while no engine listened) and keys."""
        return self.base / "lib"

    @property
    def agi(self) -> Path:
        return self.base / "agi-bin"

    @property
    def log(self) -> Path:
        return self.base / "log"

    @property
    def run(self) -> Path:
        """Pid file and control socket; short elsewhere when the path is too long for a socket."""
        run = self.base / "run"
        if len(os.fsencode(run / "asterisk.ctl")) <= _SOCKET_PATH_LIMIT:
            return run
        short = hashlib.sha256(os.fsencode(run)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"callcenter-{os.getuid()}-{short}"

    def make(self) -> None:
        """Create every folder, readable by the owner only."""
        for folder in (self.base, self.etc, self.spool, self.lib, self.agi, self.log, self.run):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            if folder.stat().st_uid != os.getuid():
                raise PbxProblem(f"{folder} belongs to another user; remove it and try again.")
            folder.chmod(0o700)


def home(settings: Settings) -> Home:
    """The embedded PBX of these settings."""
    return Home(settings.home / "pbx")


@dataclass(frozen=True)
class Root:
    """An unpacked tree of Debian packages."""

    path: Path

    @property
    def stamp(self) -> Path:
        """Written last: says what is inside."""
        return self.path / "fetched.json"

    def has(self, program: str) -> bool:
        return self.stamp.is_file() and (self.path / PROGRAMS[program]).exists()

    @property
    def loader(self) -> Path:
        for pattern in ("usr/lib/*/ld-linux-*.so.*", "lib/*/ld-linux-*.so.*"):
            for found in sorted(self.path.glob(pattern)):
                return found
        raise PbxProblem(
            f"The packages under {self.path} have no loader; run 'callcenter pbx install' again."
        )

    def argv(self, program: str) -> list[str]:
        loader = self.loader
        triplet = loader.parent.name
        usr, old = self.path / "usr/lib" / triplet, self.path / "lib" / triplet
        # Programs find libraries in a sub-folder by an absolute path, which here leads nowhere.
        libraries = ":".join(str(folder) for folder in (usr, usr / "pulseaudio", old))
        prefix = [str(loader), "--library-path", libraries, str(self.path / PROGRAMS[program])]
        return [*prefix, f"--path={usr}"] if program == "espeak-ng" else prefix


def root(settings: Settings) -> Root:
    """Where :func:`~callcenter.pbx.embedded.packages.install` unpacks."""
    if ":" in str(settings.pbx_root):  # separates the folders of a library path
        raise PbxProblem(f"The folder {settings.pbx_root} (pbx_root) must not hold a ':'.")
    return Root(settings.pbx_root / "root")


@cache
def asterisk_version(*program: str) -> tuple[int, str]:
    """Major version and whole answer of ``program -V``; (0, why) when it does not run."""
    try:
        answer = subprocess.run(  # noqa: S603
            [*program, "-V"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 0, str(error)
    found = re.search(r"Asterisk (?:certified[/-])?(\d+)", answer.stdout)
    return (int(found.group(1)) if found else 0), answer.stdout.strip()


def on_path(program: str) -> str | None:
    """The program's full name when PATH has one that is good enough."""
    found = shutil.which(program) or shutil.which(f"/usr/sbin/{program}")
    if found and program == "asterisk" and asterisk_version(found)[0] < LOWEST_ASTERISK:
        return None
    return found


def tool(settings: Settings, name: str) -> list[str]:
    """What to put before a program's arguments: ``["/usr/bin/sox"]`` or the loader and more.

    Asterisk comes from PATH when it is new enough; the others rather from the fetched packages,
    whose versions are known to work together.
    """
    if name not in PROGRAMS:
        raise KeyError(name)
    fetched, host = root(settings), on_path(name)
    if fetched.has(name) and not (name == "asterisk" and host):
        return fetched.argv(name)
    if host:
        return [host]
    raise PbxProblem(f"{name} is not on this machine; run 'callcenter pbx install' first.")


def music_dir(settings: Settings) -> Path:
    """Folder of the music class ``default``."""
    return settings.prompts / "music" / "default"


def data_dir(settings: Settings, program: str) -> Path:
    """Asterisk's data (documentation of its options) or the folder of baresip's modules."""
    below = {"asterisk": "usr/share/asterisk", "baresip": "usr/lib/baresip/modules"}[program]
    return (root(settings).path if _is_fetched(settings, program) else Path("/")) / below


def module_dir(settings: Settings) -> Path:
    """Asterisk's modules."""
    if _is_fetched(settings, "asterisk"):
        places = [root(settings).path / "usr/lib"]
    else:
        places = [Path(name) for name in ("/usr/lib", "/usr/lib64", "/usr/local/lib")]
    for place in places:
        for pattern in ("asterisk/modules/chan_pjsip.so", "*/asterisk/modules/chan_pjsip.so"):
            for found in sorted(place.glob(pattern)):
                return found.parent
    raise PbxProblem("The modules of Asterisk (chan_pjsip.so) were not found; install it anew.")


def _is_fetched(settings: Settings, program: str) -> bool:
    return len(tool(settings, program)) > 1
