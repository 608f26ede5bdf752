"""Fetches Asterisk, softphones and speech from Debian's packages, without root.

apt works in folders of its own (sources, lists, an almost empty list of what is installed) and
only downloads; ``dpkg -x`` unpacks. Signatures are checked with the machine's own keys.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded import layout, sources
from callcenter.pbx.embedded.apt import Apt, call
from callcenter.settings import Settings

Say = Callable[[str], None]

PACKAGES = {
    "asterisk": "asterisk",
    "baresip": "baresip-core",
    "sipp": "sip-tester",
    "espeak-ng": "espeak-ng",
    "sox": "sox",
}


def install(settings: Settings, say: Say) -> None:
    """Have Asterisk, phones and speech on this machine; quick when they are.

    An Asterisk >= 20 on PATH is used as it is. What was fetched before a failure is kept and
    used by the next try; the unpacked tree appears whole or not at all.

    Raises:
        PbxProblem: nothing can be fetched here, or the mirror failed.
    """
    if not _missing(settings):
        return
    try:
        with _alone(settings.pbx_root, say):
            missing = _missing(settings)
            if missing:
                _fetch(settings, missing, say)
    except OSError as error:
        raise PbxProblem(
            f"The packages cannot be kept in {settings.pbx_root}: {error.strerror or error}. "
            "Make room or name another folder in CALLCENTER_PBX_ROOT, then try again."
        ) from None


@contextmanager
def _alone(folder: Path, say: Say) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another installation is under way; waiting for it ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _missing(settings: Settings) -> list[str]:
    """Programs to fetch: all of them (they fit together), or those PATH lacks beside Asterisk."""
    wanted = list(PACKAGES)
    if layout.on_path("asterisk"):
        wanted = [program for program in wanted if not layout.on_path(program)]
    fetched = layout.root(settings)
    return [] if all(fetched.has(program) for program in wanted) else wanted


def _fetch(settings: Settings, programs: Sequence[str], say: Say) -> None:
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        raise PbxProblem(
            "Packages cannot be fetched here (no apt-get): install Asterisk 20 or newer, "
            f"put it on PATH and try again. Missing now: {', '.join(programs)}."
        )
    places = sources.choose(settings)
    apt = Apt(settings.pbx_root / "fetch", places)
    say(f"Reading the package list of {places[0].uri} ({places[0].suite}) ...")
    apt.update()
    packages = [PACKAGES[program] for program in programs]
    files = apt.plan(packages)
    megabytes = sum(size for _, size in files) / 1e6
    say(f"Fetching {len(files)} packages, {megabytes:.0f} MB ...")
    apt.download(packages, lambda percent: say(f"  fetched {percent} %"))
    new, final = settings.pbx_root / "root.new", layout.root(settings).path
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    say("Unpacking ...")
    _unpack([apt.archives / name for name, _ in files], new)
    stamp = {"packages": packages, "from": [place.line().strip() for place in places]}
    stamp_file = layout.Root(new).stamp
    stamp_file.write_text(json.dumps(stamp | {"files": [name for name, _ in files]}, indent=1))
    _require_runs(layout.Root(new), programs)
    shutil.rmtree(final, ignore_errors=True)
    new.rename(final)
    shutil.rmtree(apt.folder, ignore_errors=True)
    say(f"Ready: {', '.join(programs)} under {final}.")


def _unpack(archives: Sequence[Path], into: Path) -> None:
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        jobs = [pool.submit(call, ["dpkg-deb", "-x", str(file), str(into)]) for file in archives]
        for job in jobs:
            job.result()


def _require_runs(root: layout.Root, programs: Sequence[str]) -> None:
    """See each program at least print its version with the fetched libraries."""
    asks = {"asterisk": "-V", "baresip": "-h", "sipp": "-v"}
    for program in programs:
        status, output = call([*root.argv(program), asks.get(program, "--version")], may_fail=True)
        if status not in (0, 99) and "baresip" not in output and "SIPp" not in output:
            raise PbxProblem(
                f"The fetched {program} does not run here: {output.strip()[-200:]} "
                "Install Asterisk 20 or newer, put it on PATH and try again."
            )
