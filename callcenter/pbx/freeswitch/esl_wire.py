"""What goes over FreeSWITCH's event socket: commands out, blocks of headers in. Pure.

Nothing a caller or agent typed may end a line: a name with an encoded line break would forge
headers, one sent by us would be a second command.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

import msgspec

from callcenter.kernel.errors import PbxProblem

LONGEST_BLOCK = 1 << 20
"""Bytes of one block; whoever sends more is no FreeSWITCH."""

LONGEST_LIST = 1 << 26
"""Bytes of an answer to us: a list of channels has about a thousand for each."""

Headers = dict[str, str]
_BREAKS = re.compile(r"[\r\n\0]")
_decoder = msgspec.json.Decoder(dict[str, str | list[str]])


@dataclass(frozen=True, kw_only=True)
class Block:
    """One message: its headers and, where ``Content-Length`` says so, a body."""

    headers: Headers
    body: str = ""

    @property
    def kind(self) -> str:
        """As in ``command/reply``."""
        return self.headers.get("Content-Type", "")


@dataclass(frozen=True, kw_only=True)
class EslEvent:
    """An event: its name (of a custom one the subclass), its headers and its body."""

    name: str
    headers: Headers = field(default_factory=dict)

    def get(self, header: str) -> str:
        """A header; ``""`` without one."""
        return self.headers.get(header, "")

    def variable(self, name: str) -> str:
        """A variable of the channel that the event is about."""
        return self.headers.get(f"variable_{name}", "")


def parse_block(text: str) -> Headers:
    """Headers of a block. Lines are split first and decoded one by one: a decoded line break stays
    inside its value. A value may go on over plain lines (``show`` answers)."""
    headers: Headers = {}
    last = ""
    for line in text.rstrip("\n").split("\n"):
        name, colon, value = line.partition(": ")
        if colon:
            last = name.strip()
            headers[last] = unquote(value.strip())
        elif last:
            headers[last] += "\n" + unquote(line)
    return headers


def parse_event(body: str) -> EslEvent:
    """An event in JSON, the only format that we ask for.

    Raises:
        PbxProblem: it is none.
    """
    try:
        told = _decoder.decode(body)
    except msgspec.MsgspecError as error:
        raise PbxProblem(f"FreeSWITCH sent an event that is none: {error}.") from None
    headers = {name: one if isinstance(one, str) else one[-1] for name, one in told.items() if one}
    name = headers.get("Event-Name", "")
    return EslEvent(
        name=headers.get("Event-Subclass", "") if name == "CUSTOM" else name, headers=headers
    )


def line(*words: str) -> str:
    """One command in one line.

    Raises:
        PbxProblem: a word would end the line.
    """
    text = " ".join(words)
    if _BREAKS.search(text):
        raise PbxProblem("A command to FreeSWITCH holds a line break; it was not sent.")
    return text


def execute(application: str, argument: str = "", *, name: str = "") -> str:
    """Run an application on the channel of an outbound socket; ``name`` comes with its end."""
    rows = ["sendmsg", "call-command: execute", line("execute-app-name:", application)]
    if argument:
        rows.append(line("execute-app-arg:", argument))
    if name:
        rows.append(line("Event-UUID:", name))
    return "\n".join(rows)


def send_event(kind: str, headers: Headers, body: str = "") -> str:
    """Send an event of our own; the body may have line breaks, its length is told."""
    rows = [line("sendevent", kind)]
    rows += [line(f"{name}:", value) for name, value in headers.items()]
    if body:
        rows.append(f"content-length: {len(body.encode())}")
        return "\n".join(rows) + "\n\n" + body
    return "\n".join(rows)
