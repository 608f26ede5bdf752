"""SIP messages: bytes in, parts out, and back. Pure; RFC 3261 sections 7, 19, 20.

Talks to nobody. The transaction layer and the calls build and read these objects.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import quote

_COMPACT = {
    "v": "Via",
    "f": "From",
    "t": "To",
    "i": "Call-ID",
    "m": "Contact",
    "l": "Content-Length",
    "c": "Content-Type",
    "k": "Supported",
    "s": "Subject",
    "e": "Content-Encoding",
}
_LISTS = {"via", "route", "record-route", "contact", "allow", "supported", "require"}
_REASONS = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    202: "Accepted",
    405: "Method Not Allowed",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    486: "Busy Here",
    487: "Request Terminated",
    488: "Not Acceptable Here",
    600: "Busy Everywhere",
    603: "Decline",
}


class BadMessage(ValueError):
    """These bytes are no SIP message."""


@dataclass
class Message:
    """What requests and responses share: headers in order, and a body."""

    headers: list[tuple[str, str]] = field(default_factory=list, kw_only=True)
    body: bytes = field(default=b"", kw_only=True)

    def get(self, name: str) -> str:
        """First value of a header, ``""`` when absent."""
        lower = name.lower()
        return next((value for key, value in self.headers if key.lower() == lower), "")

    def all(self, name: str) -> list[str]:
        """Every value; a header that may be a comma-separated list is split."""
        lower = name.lower()
        values = [value for key, value in self.headers if key.lower() == lower]
        if lower not in _LISTS:
            return values
        return [part for value in values for part in split_list(value)]

    def put(self, name: str, value: str) -> None:
        """Set a header, replacing all of that name."""
        self.headers = [pair for pair in self.headers if pair[0].lower() != name.lower()]
        self.headers.append((name, value))

    @property
    def first_line(self) -> str:
        raise NotImplementedError

    @property
    def call_id(self) -> str:
        return self.get("Call-ID")

    @property
    def cseq(self) -> tuple[int, str]:
        """Number and method."""
        number, _, method = self.get("CSeq").partition(" ")
        try:
            return int(number), method.strip().upper()
        except ValueError:
            raise BadMessage(f"bad CSeq {number!r}") from None

    @property
    def branch(self) -> str:
        """Transaction id of the topmost Via."""
        vias = self.all("Via")
        return param(vias[0], "branch") if vias else ""

    def format(self) -> bytes:
        """The message as it goes on the wire; Content-Length is put right."""
        self.put("Content-Length", str(len(self.body)))
        lines = [self.first_line, *(f"{name}: {value}" for name, value in self.headers)]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


@dataclass
class Request(Message):
    """A request."""

    method: str
    uri: str

    @property
    def first_line(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"


@dataclass
class Response(Message):
    """A response."""

    status: int
    reason: str

    @property
    def first_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"


def parse(data: bytes) -> Request | Response:
    """Read one datagram."""
    head, gap, body = data.partition(b"\r\n\r\n")
    if not gap:
        raise BadMessage("no end of headers")
    text = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8", "replace"))  # unfold
    first, *lines = text.split("\r\n")
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadMessage(f"header without colon: {line!r}")
        headers.append((_COMPACT.get(name.strip().lower(), name.strip()), value.strip()))
    parts = first.split(" ", 2)
    if len(parts) < 3:
        raise BadMessage(f"bad first line {first!r}")
    message: Request | Response
    if parts[0] == "SIP/2.0":
        if not parts[1].isdigit():
            raise BadMessage(f"bad status {parts[1]!r}")
        message = Response(int(parts[1]), parts[2], headers=headers)
    elif parts[2] == "SIP/2.0":
        message = Request(parts[0].upper(), parts[1], headers=headers)
    else:
        raise BadMessage(f"bad first line {first!r}")
    length = message.get("Content-Length")
    message.body = body[: int(length)] if length.isdigit() else body
    return message


def response_to(request: Request, status: int, *, tag: str = "", reason: str = "") -> Response:
    """A response with the headers that must be copied; ``tag`` is put on To when it has none."""
    headers = [("Via", via) for via in request.all("Via")]
    headers += [("Record-Route", route) for route in request.all("Record-Route")]
    to = request.get("To")
    if tag and status > 100 and not param(to, "tag"):
        to += f";tag={tag}"
    headers += [("From", request.get("From")), ("To", to)]
    headers += [("Call-ID", request.call_id), ("CSeq", request.get("CSeq"))]
    return Response(status, reason or _REASONS.get(status, "Whatever"), headers=headers)


def split_list(value: str) -> list[str]:
    """Split at commas that stand neither in quotes nor in angle brackets."""
    parts = re.findall(r'(?:"(?:\\.|[^"\\])*"|<[^>]*>|[^,"<])+', value)
    return [part.strip() for part in parts if part.strip()]


def param(value: str, name: str) -> str:
    """A parameter behind an address or a Via: ``param('<sip:x>;tag=1', 'tag') == '1'``."""
    outside = re.sub(r'"(?:\\.|[^"\\])*"|<[^>]*>', "", value, count=2)
    found = re.search(rf"(?:^|;)\s*{name}\s*=\s*([^;\s]+)", outside, re.IGNORECASE)
    return found.group(1) if found else ""


def uri_of(value: str) -> str:
    """The URI in a name-addr or addr-spec header value."""
    found = re.search(r"<([^>]*)>", value)
    return found.group(1) if found else value.partition(";")[0].strip()


def user_of(uri: str) -> str:
    """User part of a SIP URI, as written."""
    found = re.match(r"sips?:([^@;>]*)@", uri)
    return found.group(1) if found else ""


def host_of(uri: str) -> tuple[str, int]:
    """Host and port of a SIP URI; 5060 when no port is named."""
    found = re.match(r"sips?:(?:[^@]*@)?([^:;>?]+)(?::(\d+))?", uri)
    if not found:
        raise BadMessage(f"no SIP URI: {uri!r}")
    return found.group(1), int(found.group(2) or 5060)


def uri(user: str, host: str, port: int) -> str:
    """A SIP URI; ``#`` and the like in the user part are escaped."""
    return f"sip:{quote(user, safe='+*-_.!~')}@{host}:{port}"
