"""The test phone's message parser: what it reads is what was sent, and garbage is refused."""

import pytest

from tests.support.phone import sip

INVITE = (
    b"INVITE sip:1001@127.0.0.2:5070 SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;rport;branch=z9hG4bKone\r\n"
    b'f: "Li, \xe6\x9d\x8e <x>" <sip:+8613800000001@127.0.0.1>;tag=abc\r\n'
    b"t: <sip:1001@127.0.0.2>\r\n"
    b"Record-Route: <sip:a;lr>, <sip:b;lr>\r\n"
    b"Record-Route: <sip:c;lr>\r\n"
    b"i: call-1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Subject: folded\r\n  over two lines\r\n"
    b"l: 4\r\n\r\nbodyREST"
)


def test_compact_folded_and_listed_headers_are_read() -> None:
    message = sip.parse(INVITE)
    assert isinstance(message, sip.Request)
    assert (message.method, message.uri) == ("INVITE", "sip:1001@127.0.0.2:5070")
    assert (message.call_id, message.cseq, message.branch) == (
        "call-1",
        (7, "INVITE"),
        "z9hG4bKone",
    )
    assert message.get("subject") == "folded over two lines"
    assert message.all("Record-Route") == ["<sip:a;lr>", "<sip:b;lr>", "<sip:c;lr>"]
    assert message.body == b"body"


def test_names_with_commas_and_brackets_do_not_disturb() -> None:
    value = sip.parse(INVITE).get("From")
    assert sip.param(value, "tag") == "abc"
    assert sip.split_list(f"{value}, <sip:x>") == [value, "<sip:x>"]
    assert sip.user_of(sip.uri_of("<sip:+86138@127.0.0.1:5060>;tag=1")) == "+86138"


def test_a_message_survives_the_way_out_and_back() -> None:
    message = sip.parse(INVITE)
    again = sip.parse(message.format())
    assert again.body == b"body"
    assert again.get("Content-Length") == "4"
    assert again.all("Record-Route") == message.all("Record-Route")


def test_a_response_copies_what_it_must_and_tags_to() -> None:
    request = sip.parse(INVITE)
    assert isinstance(request, sip.Request)
    response = sip.parse(sip.response_to(request, 486, tag="mine").format())
    assert isinstance(response, sip.Response)
    assert (response.status, response.reason) == (486, "Busy Here")
    assert sip.param(response.get("To"), "tag") == "mine"
    assert (response.branch, response.cseq) == (request.branch, request.cseq)
    assert len(response.all("Record-Route")) == 3
    assert sip.param(sip.response_to(request, 100, tag="mine").get("To"), "tag") == ""


def test_parameters_are_found_only_outside_the_address() -> None:
    assert sip.param("<sip:x@y;tag=inner>;tag=outer", "tag") == "outer"
    assert sip.param("<sip:x@y;tag=inner>", "tag") == ""
    assert sip.param("SIP/2.0/UDP h:1;branch=z9;rport", "branch") == "z9"


@pytest.mark.parametrize(
    ("uri", "host"),
    [
        ("sip:1001@127.0.0.1:5070;transport=udp", ("127.0.0.1", 5070)),
        ("sip:127.0.0.1", ("127.0.0.1", 5060)),
        ("sip:a:b@10.0.0.1", ("10.0.0.1", 5060)),
    ],
)
def test_hosts_of_uris(uri: str, host: tuple[str, int]) -> None:
    assert sip.host_of(uri) == host


def test_keys_of_feature_codes_are_escaped() -> None:
    assert sip.uri("*21#", "127.0.0.1", 5060) == "sip:*21%23@127.0.0.1:5060"


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\x00\xff" * 50,
        b"INVITE sip:x SIP/2.0\r\n",
        b"INVITE\r\nTo: x\r\n\r\n",
        b"SIP/2.0 abc OK\r\n\r\n",
        b"INVITE sip:x SIP/2.0\r\nno colon here\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_garbage_is_refused(garbage: bytes) -> None:
    with pytest.raises(sip.BadMessage):
        sip.parse(garbage)
