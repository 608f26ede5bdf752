"""The ``callcenter`` command as tests run it: in this process, or in one of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from callcenter.cli import main
from callcenter.settings import PROJECT


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What a finished command left."""

    status: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """What stderr says; it must be one sentence on one line."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].endswith("."), self.err
        assert "Traceback" not in self.err
        return lines[0]


@dataclass(frozen=True, kw_only=True)
class Command:
    """Runs with settings of its own: ``home`` and ``extra`` variables, no file of the checkout."""

    home: Path
    extra: dict[str, str]

    @property
    def variables(self) -> dict[str, str]:
        settings = self.home / "callcenter.toml"
        self.home.mkdir(exist_ok=True)
        settings.touch()
        return {
            "CALLCENTER_SETTINGS": str(settings),
            "CALLCENTER_HOME": str(self.home),
            "COLUMNS": "80",
        } | self.extra

    def __call__(self, *arguments: str) -> Ended:
        """Run in this process."""
        result: Result = CliRunner(env=self.variables).invoke(
            main, arguments, prog_name="callcenter"
        )
        return Ended(status=result.exit_code, out=result.stdout, err=result.stderr)

    def apart(self, *arguments: str, timeout: float = 60) -> Ended:
        """Run in a process of its own, as a person does."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CALLCENTER_")}
        done = subprocess.run(
            [sys.executable, "-m", "callcenter", *arguments],
            env=kept | self.variables,
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Ended(status=done.returncode, out=done.stdout, err=done.stderr)
