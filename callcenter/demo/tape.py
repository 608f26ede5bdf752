"""The demo's recording: fetched decrypted from the engine, and measured by the demo itself."""

import hashlib
import os
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from callcenter.demo import ears
from callcenter.web.client import Client

QUIET_DBFS = -45.0


@dataclass(frozen=True, kw_only=True)
class Tape:
    """An exported recording: left is the caller, right the seat."""

    path: Path
    seconds: float
    caller_rms: float
    seat_rms: float
    sha256: str

    @property
    def is_loud(self) -> bool:
        """Whether both sides can be heard."""
        return min(self.caller_rms, self.seat_rms) > QUIET_DBFS


def fetch(client: Client, call: str, file: Path) -> Tape | None:
    """Export the recording of a call to ``file``; ``None``: it is not kept yet (blocking)."""
    rows = client.ask("GET", f"/v1/recordings?call={call}&state=kept")
    if not rows:
        return None
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        begin, size = 0, 1
        while begin < size:
            piece, size = client.piece(f"/v1/recordings/{rows[0]['id']}/audio", begin)
            begin += len(piece)
            out.write(piece)
    return measured(file)


def measured(file: Path) -> Tape:
    """What is in it."""
    with wave.open(str(file), "rb") as wav:
        frames = wav.readframes(wav.getnframes())
    stereo = np.frombuffer(frames, dtype="<i2").reshape(-1, 2).astype(np.int16)
    return Tape(
        path=file,
        seconds=round(len(stereo) / ears.RATE, 3),
        caller_rms=round(ears.rms(stereo[:, 0]), 1),
        seat_rms=round(ears.rms(stereo[:, 1]), 1),
        sha256=hashlib.sha256(file.read_bytes()).hexdigest(),
    )
