"""Session descriptions as the test phone writes and reads them."""

import pytest

from tests.support.phone import sdp

ASTERISK = b"""v=0
o=- 5 7 IN IP4 127.0.0.1
s=Asterisk
c=IN IP4 127.0.0.1
t=0 0
a=inactive
m=video 0 RTP/AVP 99
c=IN IP4 10.9.9.9
a=sendonly
m=audio 21004 RTP/AVP 8 0 96
c=IN IP4 127.0.0.9
a=rtpmap:8 PCMA/8000
a=rtpmap:96 telephone-event/8000
a=fmtp:96 0-16
a=sendrecv
""".replace(b"\n", b"\r\n")


def test_what_we_write_we_read() -> None:
    session = sdp.parse(sdp.describe("127.0.0.2", 4000, session=9, event_type=97))
    assert session == sdp.Session(
        ip="127.0.0.2", port=4000, formats=(0, 97), event_type=97, direction="sendrecv"
    )
    assert session.takes_pcmu
    assert session.wants_audio


def test_the_audio_section_is_read_and_no_other() -> None:
    session = sdp.parse(ASTERISK)
    assert (session.ip, session.port, session.event_type) == ("127.0.0.9", 21004, 96)
    assert session.direction == "sendrecv"
    assert session.formats == (8, 0, 96)


def test_what_stands_above_holds_for_the_audio_too() -> None:
    session = sdp.parse(
        ASTERISK.replace(b"a=sendrecv\r\n", b"").replace(b"c=IN IP4 127.0.0.9\r\n", b"")
    )
    assert (session.ip, session.direction) == ("127.0.0.1", "inactive")
    assert not session.wants_audio


def test_no_pcmu_no_port_no_audio() -> None:
    assert not sdp.parse(ASTERISK.replace(b"8 0 96", b"8 96")).takes_pcmu
    assert not sdp.parse(ASTERISK.replace(b"audio 21004", b"audio 0")).takes_pcmu
    with pytest.raises(ValueError, match="no audio"):
        sdp.parse(b"v=0\r\nm=video 1 RTP/AVP 99\r\n")


@pytest.mark.parametrize(
    ("offered", "answer"), [("sendonly", "recvonly"), ("inactive", "inactive")]
)
def test_hold_is_answered_with_its_counterpart(offered: str, answer: str) -> None:
    assert sdp.answering_direction(offered) == answer
