"""Words of mail, and what may stand in a header. Pure.

What callers and customers call themselves ends up in subjects and names: nothing of it may begin
another header line, so control characters never get as far as the letter.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from enum import StrEnum
from typing import Literal

from callcenter.kernel.errors import CallCenterError

MOST_BYTES = 20 << 20
"""Of all attachments of a mail: most servers refuse more, and base64 makes a third more of it."""
MOST_SUBJECT = 200
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ADDRESS = re.compile(r"(?:([^<>,;\x00-\x1f\x7f-\x9f]{0,100})<([^<>\s]+)>|([^<>,;\s]+))")
_MAILBOX = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}")
_DOMAIN = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


class BadAddress(CallCenterError):
    """This is no mail address."""

    code = "bad_address"
    http_status = 422
    exit_status = 2


class MailState(StrEnum):
    """Where a mail is."""

    WAITING = "waiting"  # for its first or its next attempt
    SENT = "sent"  # the server has taken it
    FAILED = "failed"  # refused for good, or given up; says why


@dataclass(frozen=True, kw_only=True)
class Smtp:
    """The server that takes our mail; an empty ``host``: none, mail is off.

    ``tls`` is how the connection is guarded: not at all, after STARTTLS, or from the first octet.
    """

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Literal["none", "starttls", "tls"] = "none"
    sender: str = ""  # an address, with a name perhaps


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file of a mail; ``media`` like ``audio/wav``."""

    name: str
    media: str
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One mail to one address, without its attachments."""

    id: str
    tenant: str
    to: str
    subject: str
    text: str
    state: MailState
    attempts: int
    put_at: datetime
    due_at: datetime
    sent_at: datetime | None
    why: str  # of the last failure, in the server's words


def address_of(text: str) -> Address:
    """``ann@example.com`` or ``Ann <ann@example.com>``; the name may be in any language.

    Raises:
        BadAddress: it is not one address that any server takes.
    """
    found = _ADDRESS.fullmatch(text.strip())
    name, spec = (found[1] or "", found[2] or found[3]) if found else ("", "")
    mailbox, _, domain = spec.rpartition("@")
    try:
        domain = domain.encode("idna").decode()
    except UnicodeError:
        domain = ""
    if not _MAILBOX.fullmatch(mailbox) or not _DOMAIN.fullmatch(domain):
        raise _bad(text)
    try:
        return Address(display_name=name.strip(' "'), username=mailbox, domain=domain)
    except (ValueError, IndexError):
        raise _bad(text) from None


def _bad(text: str) -> BadAddress:
    shown = one_line(text, 80)
    return BadAddress(f"{shown!r} is no mail address; write it like ann@example.com.")


def one_line(text: str, most: int = MOST_SUBJECT) -> str:
    """Text that cannot begin another line, cut to ``most`` signs."""
    return _CONTROLS.sub(" ", text).strip()[:most]
