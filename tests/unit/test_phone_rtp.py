"""RTP packets, mu-law and keys of the test phone, and its sender turned beat by beat."""

import asyncio

import numpy as np
import pytest

from callcenter.demo import ears as audio
from tests.support.phone import g711, rtp, sources
from tests.support.phone.rtp import KeyEvent, Packet
from tests.support.phone.sender import Sender


def test_a_packet_survives_the_way_out_and_back() -> None:
    packet = Packet(101, True, 65535, 4294967295, 0xDEADBEEF, b"\x01\x02")
    assert rtp.unpack(rtp.pack(packet)) == packet


def test_extension_csrc_and_padding_are_taken_off() -> None:
    plain = rtp.pack(Packet(0, False, 1, 2, 3, b""))
    head = bytes([0x80 | 0x20 | 0x10 | 0x01]) + plain[1:]
    data = head + b"CSRC" + b"\x00\x01\x00\x01" + b"EXTN" + b"sound" + b"\x00\x00\x03"
    packet = rtp.unpack(data)
    assert packet is not None
    assert packet.payload == b"sound"


@pytest.mark.parametrize(
    "data",
    [b"", b"\x80\x00short", b"\x80\xc8" + bytes(26), b"\x00" * 20, b"\x90\x00" + bytes(10)],
)
def test_rtcp_and_garbage_are_not_rtp(data: bytes) -> None:
    assert rtp.unpack(data) is None


def test_the_example_of_rfc_4733_digit_nine() -> None:
    assert rtp.pack_event(KeyEvent("9", False, 1600), volume=7) == bytes([9, 7, 0x06, 0x40])
    assert rtp.unpack_event(bytes([11, 0x8A, 0x03, 0x20])) == KeyEvent("#", True, 800)
    assert rtp.unpack_event(bytes([16, 0, 0, 0])) is None  # flash is no key
    assert rtp.unpack_event(b"\x01") is None


def test_mu_law_against_known_codes_and_within_its_error() -> None:
    known = {0: 0xFF, 32635: 0x80, -32635: 0x00, 8: 0xFE, -8: 0x7E, 1000: 0xCE}
    for sample, code in known.items():
        assert g711.encode(np.array([sample], dtype=np.int16)) == bytes([code])
    every = np.arange(-32635, 32636, dtype=np.int16)
    error = np.abs(g711.decode(g711.encode(every)).astype(int) - every)
    assert (error <= np.maximum(np.abs(every.astype(int)) / 16, 8)).all()
    codes = bytes(range(256))
    assert g711.encode(g711.decode(codes)) == codes.replace(b"\x7f", b"\xff")  # two zeros


async def test_a_key_is_held_and_reported_as_rfc_4733_wants() -> None:
    sent: list[bytes] = []
    sender = Sender(sent.append)
    sender.source = sources.Silence()
    sender.beat()
    released = sender.press("5", 0.06, 0.04)
    for _ in range(8):
        sender.beat()
    await asyncio.wait_for(released, 1)
    packets = [packet for data in sent if (packet := rtp.unpack(data)) is not None]
    keys = [packet for packet in packets if packet.payload_type == 101]
    events = [rtp.unpack_event(packet.payload) for packet in keys]
    assert events == [
        KeyEvent("5", False, 160),
        KeyEvent("5", False, 320),
        KeyEvent("5", True, 480),
        KeyEvent("5", True, 480),
        KeyEvent("5", True, 480),
    ]
    assert [packet.marker for packet in keys] == [True, False, False, False, False]
    assert len({packet.timestamp for packet in keys}) == 1
    first, *_ = packets
    assert [(p.sequence - first.sequence) & 0xFFFF for p in packets] == list(range(9))
    assert packets[-1].payload_type == 0
    assert (packets[-1].timestamp - first.timestamp) & 0xFFFFFFFF == 8 * 160


async def test_two_keys_have_a_pause_between_them() -> None:
    sent: list[bytes] = []
    sender = Sender(sent.append)
    for key in "12":
        sender.press(key, 0.04, 0.06)
    for _ in range(11):
        sender.beat()
    packets = [packet for data in sent if (packet := rtp.unpack(data)) is not None]
    stamps = sorted({(packet.timestamp - packets[0].timestamp) & 0xFFFFFFFF for packet in packets})
    assert len(stamps) == 2
    assert stamps[1] == (4 + 3) * 160  # four packets, three beats of pause


def test_mute_sends_nothing_and_the_clock_goes_on() -> None:
    sent: list[bytes] = []
    sender = Sender(sent.append)
    sender.source = sources.Silence()
    sender.beat()
    sender.source = None
    for _ in range(5):
        sender.beat()
    sender.source = sources.Silence()
    sender.beat()
    first, second = (rtp.unpack(data) for data in sent)
    assert first is not None
    assert second is not None
    assert (second.timestamp - first.timestamp) & 0xFFFFFFFF == 6 * 160
    assert second.marker


def test_sources_hand_out_their_samples_in_order() -> None:
    ramp = np.arange(0, 400, dtype=np.int16) * 50
    wanted = g711.encode(ramp)
    once = sources.Recorded(ramp)
    assert b"".join(once.frame() for _ in range(4)) == wanted + g711.SILENCE * 240
    assert once.over
    again = sources.Recorded(ramp, repeat=True)
    assert b"".join(again.frame() for _ in range(5)) == wanted * 2
    tiny = sources.Recorded(ramp[:70], repeat=True)
    assert b"".join(tiny.frame() for _ in range(7)) == wanted[:70] * 16
    made = sources.Generated(piece for piece in (ramp[:100], ramp[100:320]))
    assert b"".join(made.frame() for _ in range(3)) == wanted[:320] + g711.SILENCE * 160
    assert audio.rms(g711.decode(sources.tone(440, -20).frame() * 9)) == pytest.approx(-20, abs=1)
