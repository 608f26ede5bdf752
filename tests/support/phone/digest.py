"""Digest authentication, client side, MD5 with ``qop=auth`` or without (RFC 2617). Pure."""

import hashlib
import re
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """What a server asks for in WWW-Authenticate or Proxy-Authenticate."""

    realm: str
    nonce: str
    qop: str = ""
    opaque: str = ""
    algorithm: str = "MD5"
    stale: bool = False


def parse_challenge(value: str) -> Challenge:
    """Read a challenge header."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        raise ValueError(f"not a digest challenge: {value!r}")
    fields = {
        name.lower(): quoted if quoted or not plain else plain
        for name, quoted, plain in re.findall(r'(\w+)\s*=\s*(?:"([^"]*)"|([^,\s]+))', rest)
    }
    return Challenge(
        realm=fields.get("realm", ""),
        nonce=fields.get("nonce", ""),
        qop="auth" if "auth" in fields.get("qop", "").replace(" ", "").split(",") else "",
        opaque=fields.get("opaque", ""),
        algorithm=fields.get("algorithm", "MD5"),
        stale=fields.get("stale", "").lower() == "true",
    )


def response(
    challenge: Challenge,
    *,
    user: str,
    password: str,
    method: str,
    uri: str,
    cnonce: str = "",
    count: int = 1,
) -> str:
    """The digest itself: 32 hex digits."""
    secret = _md5(f"{user}:{challenge.realm}:{password}")
    what = _md5(f"{method}:{uri}")
    if not challenge.qop:
        return _md5(f"{secret}:{challenge.nonce}:{what}")
    return _md5(f"{secret}:{challenge.nonce}:{count:08x}:{cnonce}:{challenge.qop}:{what}")


def authorization(
    challenge: Challenge, *, user: str, password: str, method: str, uri: str, cnonce: str
) -> str:
    """The whole value of an Authorization or Proxy-Authorization header."""
    digest = response(
        challenge, user=user, password=password, method=method, uri=uri, cnonce=cnonce
    )
    parts = [
        f'username="{user}"',
        f'realm="{challenge.realm}"',
        f'nonce="{challenge.nonce}"',
        f'uri="{uri}"',
        f'response="{digest}"',
        "algorithm=MD5",
    ]
    if challenge.opaque:
        parts.append(f'opaque="{challenge.opaque}"')
    if challenge.qop:
        parts += [f"qop={challenge.qop}", "nc=00000001", f'cnonce="{cnonce}"']
    return "Digest " + ", ".join(parts)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
