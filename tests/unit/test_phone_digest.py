"""Digest authentication against the example of RFC 2617 section 3.5."""

import pytest

from tests.support.phone import digest

CHALLENGE = (
    'Digest realm="testrealm@host.com", qop="auth,auth-int", '
    'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
)


def test_the_example_of_the_rfc() -> None:
    challenge = digest.parse_challenge(CHALLENGE)
    assert (challenge.realm, challenge.qop, challenge.algorithm) == (
        "testrealm@host.com",
        "auth",
        "MD5",
    )
    header = digest.authorization(
        challenge,
        user="Mufasa",
        password="Circle Of Life",
        method="GET",
        uri="/dir/index.html",
        cnonce="0a4f113b",
    )
    assert 'response="6629fae49393a05397450978507c4ef1"' in header
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in header
    assert "qop=auth, nc=00000001" in header


def test_without_qop_the_older_form_is_used() -> None:
    challenge = digest.parse_challenge('Digest realm="r",nonce="n",algorithm=MD5,stale=TRUE')
    assert challenge.stale
    header = digest.authorization(
        challenge, user="u", password="p", method="REGISTER", uri="sip:x", cnonce="c"
    )
    assert "qop" not in header
    # md5(md5("u:r:p") ":n:" md5("REGISTER:sip:x")), by md5sum
    assert 'response="f1360bea1a4221b5ee937bec4052dd1b"' in header


def test_another_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="not a digest"):
        digest.parse_challenge('Basic realm="x"')
