"""Session descriptions for one PCMU stream with telephone-event. Pure; RFC 4566 and 3264."""

import re
from dataclasses import dataclass

PCMU = 0
EVENT_TYPE = 101
"""The payload type that we offer for keys."""

_ANSWER_TO = {
    "sendrecv": "sendrecv",
    "sendonly": "recvonly",
    "recvonly": "sendonly",
    "inactive": "inactive",
}


@dataclass(frozen=True, kw_only=True)
class Session:
    """Where the other side wants its audio and in what form."""

    ip: str
    port: int
    formats: tuple[int, ...]
    event_type: int | None
    direction: str = "sendrecv"

    @property
    def takes_pcmu(self) -> bool:
        return PCMU in self.formats and self.port != 0

    @property
    def wants_audio(self) -> bool:
        """False while we are on hold."""
        return self.direction in ("sendrecv", "recvonly") and self.ip != "0.0.0.0"


def parse(body: bytes) -> Session:
    """Read the first audio stream of a description."""
    lines = body.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    whole, audio = _sections(lines)
    media = re.match(r"m=audio (\d+)(?:/\d+)? \S+ ?(.*)", audio[0]) if audio else None
    if media is None:
        raise ValueError("no audio stream in the session description")
    ip = _find(audio, r"c=IN IP4 (\S+)") or _find(whole, r"c=IN IP4 (\S+)")
    event = _find(audio, r"a=rtpmap:(\d+) telephone-event/8000")
    direction = r"a=(sendrecv|sendonly|recvonly|inactive)\s*$"
    return Session(
        ip=ip,
        port=int(media.group(1)),
        formats=tuple(int(number) for number in media.group(2).split() if number.isdigit()),
        event_type=int(event) if event else None,
        direction=_find(audio, direction) or _find(whole, direction) or "sendrecv",
    )


def describe(
    ip: str,
    port: int,
    *,
    session: int,
    version: int = 1,
    event_type: int = EVENT_TYPE,
    direction: str = "sendrecv",
) -> bytes:
    """Our own description: offer and answer look the same."""
    return "\r\n".join(
        [
            "v=0",
            f"o=phone {session} {version} IN IP4 {ip}",
            "s=phone",
            f"c=IN IP4 {ip}",
            "t=0 0",
            f"m=audio {port} RTP/AVP {PCMU} {event_type}",
            f"a=rtpmap:{PCMU} PCMU/8000",
            f"a=rtpmap:{event_type} telephone-event/8000",
            f"a=fmtp:{event_type} 0-16",
            "a=ptime:20",
            f"a={direction}",
            "",
        ]
    ).encode()


def answering_direction(offered: str) -> str:
    """The direction that answers an offered one."""
    return _ANSWER_TO[offered]


def _sections(lines: list[str]) -> tuple[list[str], list[str]]:
    starts = [index for index, line in enumerate(lines) if line.startswith("m=")]
    whole = lines[: starts[0]] if starts else lines
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        if lines[start].startswith("m=audio"):
            return whole, lines[start:end]
    return whole, []


def _find(lines: list[str], pattern: str) -> str:
    for line in lines:
        found = re.match(pattern, line)
        if found:
            return found.group(1)
    return ""
