"""What the embedded PBX is told and what it remembers of itself; checked here, once.

Names and secrets end up in Asterisk's configuration files, so anything that could start a new line,
section or comment there is refused.
"""

import re
from dataclasses import dataclass

from callcenter.kernel.errors import BadSettings

_EXTENSION = re.compile(r"[0-9]{2,10}")
_TRUNK = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_ADDRESS = re.compile(r"[0-9a-fA-F.:]+(/[0-9]{1,3})?")
_CONTACT = re.compile(r"[0-9A-Za-z.-]{1,80}(:[0-9]{1,5})?")
_SECRET = re.compile(r"[!-~]{8,80}")  # printable ASCII without blanks
_BREAKS_CONFIG = re.compile(r'[;\[\]"<>\\]')


@dataclass(frozen=True, kw_only=True)
class EmbeddedState:
    """Ports and secrets of one embedded Asterisk; kept in ``pbx/state.json``, mode 0600."""

    sip_port: int
    ami_port: int
    ami_user: str
    ami_secret: str
    fastagi_port: int
    fastagi_key: str
    rtp_start: int
    rtp_end: int


@dataclass(frozen=True, kw_only=True)
class SipAccount:
    """A phone that may register: user name is the extension, digest realm ``callcenter``."""

    extension: str
    secret: str
    name: str = ""

    def __post_init__(self) -> None:
        _require(_EXTENSION, self.extension, "extension", "2 to 10 digits")
        if not _SECRET.fullmatch(self.secret) or _BREAKS_CONFIG.search(self.secret):
            raise BadSettings(
                f"The SIP password of extension {self.extension} cannot be used: take 8 to 80 "
                'letters, digits and signs, without blanks and none of ; [ ] " < > \\.'
            )
        if len(self.name) > 80 or not self.name.isprintable() or _BREAKS_CONFIG.search(self.name):
            raise BadSettings(
                f"The name of extension {self.extension} cannot be used: at most 80 characters, "
                'on one line and none of ; [ ] " < > \\.'
            )


@dataclass(frozen=True, kw_only=True)
class SipTrunk:
    """A line to the world: whatever comes from the address ``match`` is its traffic.

    Calls to the world leave to ``contact`` (``host`` or ``host:port``); ``""``: none do.
    """

    name: str
    match: str
    contact: str = ""

    def __post_init__(self) -> None:
        _require(_TRUNK, self.name, "trunk name", "small letters, digits and -, at most 31")
        _require(_ADDRESS, self.match, "trunk address", "one IP address or network")
        if self.contact:
            _require(_CONTACT, self.contact, "trunk contact", "an address, or address:port")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One finding of the doctor; ``sentence`` says what to do when it is not ``ok``."""

    name: str
    ok: bool
    sentence: str


def _require(pattern: re.Pattern[str], value: str, what: str, allowed: str) -> None:
    if not pattern.fullmatch(value):
        raise BadSettings(f"The {what} {value!r} cannot be used: it must be {allowed}.")
