"""apt-get in private folders, as any user."""

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from callcenter.kernel.errors import PbxProblem
from callcenter.pbx.embedded.sources import Entry

_CONF = """\
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::State::lists "{folder}/lists";
Dir::Cache "{folder}/cache";
Dir::Log "{folder}/log";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
#clear APT::Default-Release;
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
#clear DPkg::Pre-Install-Pkgs;
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11-icons::DefaultEnabled "false";
Acquire::IndexTargets::deb::CNF::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
#clear APT::Architectures;
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "3";
"""

# Taken for installed: only installation scripts, or Asterisk modules that are never loaded, need
# them. Spares a third of the download. A name unknown to a suite does no harm.
_NOT_NEEDED = (
    "adduser",
    "passwd",
    "debconf",
    "python3",
    "asterisk-core-sounds-en",
    "libsnmp45",
    "libsnmp40t64",
    "libical3t64",
    "libgmime-3.0-0t64",
)
_INSTALLED = """\
Package: {name}
Status: install ok installed
Maintainer: nobody
Architecture: {architecture}
Multi-Arch: allowed
Version: 999:0
Description: not needed here

"""


class Apt:
    """One private set of apt's folders; downloads survive a failure and are used again."""

    def __init__(self, folder: Path, entries: Sequence[Entry]) -> None:
        self.folder = folder
        self.archives = folder / "cache" / "archives"
        for part in ("state", "lists/partial", "cache/archives/partial", "log", "nothing/partial"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        _, architecture = call(["dpkg", "--print-architecture"])
        architecture = architecture.strip()
        (folder / "apt.conf").write_text(_CONF.format(folder=folder, architecture=architecture))
        (folder / "sources.list").write_text("".join(entry.line() for entry in entries))
        (folder / "status").write_text(
            "".join(_INSTALLED.format(name=n, architecture=architecture) for n in _NOT_NEEDED)
        )
        self._argv = ["apt-get", "-c", str(folder / "apt.conf"), "-y"]

    def update(self) -> None:
        """Fetch the package lists and check their signatures."""
        call([*self._argv, "update", "--error-on=any"])

    def plan(self, packages: Sequence[str]) -> list[tuple[str, int]]:
        """File name and size of every package to fetch, those fetched before included."""
        nowhere = f"Dir::Cache::archives={self.folder}/nothing"
        _, output = call([*self._argv, "-o", nowhere, "install", "--print-uris", *packages])
        return [
            (name, int(size)) for name, size in re.findall(r"^'.+' (\S+\.deb) (\d+)", output, re.M)
        ]

    def download(self, packages: Sequence[str], progress: Callable[[int], None]) -> None:
        """Download and check; ``progress`` gets full percents in steps of ten."""
        shown = 0

        def line(status: str) -> None:
            nonlocal shown
            found = re.match(r"dlstatus:\d+:(\d+)", status)
            if found and int(found[1]) // 10 * 10 > shown:
                shown = int(found[1]) // 10 * 10
                progress(shown)

        call([*self._argv, "install", "--download-only", *packages], on_status=line)


def call(
    argv: Sequence[str],
    *,
    may_fail: bool = False,
    on_status: Callable[[str], None] | None = None,
) -> tuple[int, str]:
    """Run a program to its end: exit status and output.

    ``on_status`` gets the lines that apt writes about its progress.

    Raises:
        PbxProblem: it failed and may not; with the first error it told.
    """
    reader, writer = os.pipe()
    extra = ["-o", f"APT::Status-Fd={writer}"] if on_status else []
    with os.fdopen(reader) as status, tempfile.TemporaryFile("w+", errors="replace") as sink:
        try:
            process = subprocess.Popen(  # noqa: S603
                [*argv, *extra],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                pass_fds=(writer,) if on_status else (),
                env=os.environ | {"LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"},
            )
        except OSError as error:
            raise PbxProblem(f"{argv[0]} cannot be run: {error}.") from None
        finally:
            os.close(writer)
        with process:
            for line in status:  # ends when the program does
                if on_status:
                    on_status(line)
        sink.seek(0)
        output = sink.read()
    if process.returncode and not may_fail:
        raise PbxProblem(_told(argv, output))
    return process.returncode, output


def _told(argv: Sequence[str], output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    wrong = [line for line in lines if line.startswith(("E:", "Err:", "W:", "dpkg"))] or lines
    said = wrong[0] if wrong else "it said nothing"
    return (
        f"{argv[0]} failed: {said} - check the network, or name another mirror in "
        "CALLCENTER_DEBIAN_MIRROR, and try again; what was fetched is kept."
    )
