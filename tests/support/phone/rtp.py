"""RTP packets and the keys in them: bytes in, parts out, and back (RFC 3550, 4733). Pure."""

import struct
from typing import NamedTuple

KEYS = "0123456789*#ABCD"
"""A key's index here is its event code."""

_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")


class Packet(NamedTuple):
    """One RTP packet."""

    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


class KeyEvent(NamedTuple):
    """One report about a key that is (or was) held; ``duration`` in samples."""

    key: str
    end: bool
    duration: int


def pack(packet: Packet) -> bytes:
    """The packet as it goes on the wire."""
    second = packet.payload_type | (0x80 if packet.marker else 0)
    return (
        _HEADER.pack(0x80, second, packet.sequence, packet.timestamp, packet.ssrc) + packet.payload
    )


def unpack(data: bytes) -> Packet | None:
    """Read a packet; ``None`` for RTCP and for what is no RTP."""
    if len(data) < _HEADER.size or data[0] >> 6 != 2 or 192 <= data[1] <= 223:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:  # header extension
        if len(data) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    end = len(data) - (data[-1] if first & 0x20 else 0)  # padding
    if start > end:
        return None
    return Packet(second & 0x7F, bool(second & 0x80), sequence, timestamp, ssrc, data[start:end])


def pack_event(event: KeyEvent, *, volume: int = 10) -> bytes:
    """Payload of a telephone-event packet; ``volume`` is dBm0 below zero."""
    flags = volume | (0x80 if event.end else 0)
    return _EVENT.pack(KEYS.index(event.key), flags, event.duration)


def unpack_event(payload: bytes) -> KeyEvent | None:
    """Read a telephone-event payload; ``None`` for what is no key."""
    if len(payload) < _EVENT.size or payload[0] >= len(KEYS):
        return None
    code, flags, duration = _EVENT.unpack_from(payload)
    return KeyEvent(KEYS[code], bool(flags & 0x80), duration)
