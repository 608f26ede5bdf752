"""Sets the demo's stage: database, PBX packages, prompts, the engine as a process of its own."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from callcenter.demo.seed import DemoSecrets, seed
from callcenter.ivr import speech
from callcenter.kernel.errors import CallCenterError, EngineAway, PbxProblem
from callcenter.pbx import embedded
from callcenter.settings import Settings
from callcenter.web.client import Client

_START_SECONDS = 40.0
_STOP_SECONDS = 15.0


def prepare(settings: Settings, say: Callable[[str], None]) -> DemoSecrets:
    """Fetch, speak and seed whatever is missing (blocking); ``say`` gets each line of progress."""
    embedded.install(settings, say)
    made = speech.make(
        settings.prompts,
        list(speech.read_catalogue(languages=("en", "zh"))),
        espeak=embedded.tool(settings, "espeak-ng"),
        sox=embedded.tool(settings, "sox"),
    )
    if made:
        say(f"spoke {len(made)} prompts")
    return seed(settings)


class EngineProcess:
    """The engine, run as a user would. ``stays`` leaves it running when the demo ends."""

    def __init__(self, settings: Settings, *, stays: bool) -> None:
        self._settings = settings
        self._stays = stays
        self._output = settings.home / "log" / "up.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.client = Client(settings.socket)

    def start(self) -> None:
        """Start it, or take the one that runs; returns when it is connected to its PBX.

        Raises:
            PbxProblem: it did not come up; with its own last words.
        """
        if self._answers():
            self.client.reload()
        else:
            self._output.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            tether = () if self._stays else ("setpriv", "--pdeathsig", "TERM", "--")
            with self._output.open("wb") as output:
                self._process = subprocess.Popen(  # noqa: S603
                    [*tether, sys.executable, "-m", "callcenter", "up"],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    env={**os.environ, "CALLCENTER_HOME": str(self._settings.home)},
                    start_new_session=True,
                )
        deadline = time.monotonic() + _START_SECONDS
        while not self._connected():
            if self._process is not None and self._process.poll() is not None:
                raise PbxProblem(f"The engine did not start: {self._last_words()}")
            if time.monotonic() > deadline:
                raise PbxProblem(f"The engine did not connect to its PBX; see {self._output}.")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it, and its PBX with it, unless it is to stay or was there before."""
        if self._process is None or self._stays:
            return
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            embedded.stop(self._settings)

    def _answers(self) -> bool:
        try:
            self.client.status()
        except EngineAway:
            return False
        return True

    def _connected(self) -> bool:
        try:
            return bool(self.client.status()["pbx"]["connected"])
        except CallCenterError:
            return False

    def _last_words(self) -> str:
        lines = self._output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing."


async def sip_server(settings: Settings) -> str:
    """Where phones register."""
    state = await asyncio.to_thread(embedded.running, settings)
    if state is None:
        raise PbxProblem("The PBX has ended; see `callcenter pbx doctor`.")
    return f"127.0.0.1:{state.sip_port}"


def modules_of_baresip(settings: Settings) -> Path:
    """Where the softphone's modules are."""
    return embedded.data_dir(settings, "baresip")
