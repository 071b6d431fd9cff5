"""The signature of a challenge, by the public vector."""

from base64 import b64decode

import pytest

from venuewire.core.errors import ConfigurationError
from venuewire.venues.kraken_futures import DEMO
from venuewire.venues.kraken_futures.signing import Signer

CHALLENGE = "c100b894-1729-464d-ace1-52dbce11db42"
SECRET = "7zxMEF5p/Z8l2p2U7Ghv6x14Af+Fx+92tPgUdVQ748FOIrEoT9bgT+bTRfXc5pz8na+hL/QdrCVG7bh9KpT0eMTm"
SIGNED = "4JEpF3ix66GA2B+ooK128Ift4XQVtc137N9yeg4Kqsn9PI0Kpzbysl9M1IeCEdjg0zl00wkVqcsnG4bmnlMb3A=="


def test_the_public_vector() -> None:
    assert Signer(SECRET).sign(CHALLENGE) == SIGNED


def test_only_the_right_signature_is_right() -> None:
    signer = Signer(SECRET)
    assert signer.verify(CHALLENGE, SIGNED)
    for wrong in ("", SIGNED[:-1], SIGNED.swapcase(), "é"):
        assert not signer.verify(CHALLENGE, wrong)
    assert not signer.verify(CHALLENGE + " ", SIGNED)


@pytest.mark.parametrize("secret", ["", "=", "====", "no base64", "é", SECRET + "\n", SECRET[:-1]])
def test_a_secret_that_is_not_base64_is_refused_unquoted(secret: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^api_secret must be base64") as raised:
        Signer(secret)
    assert raised.value.__cause__ is None
    assert len(secret) < 3 or secret not in str(raised.value)


def test_a_signer_does_not_show_its_key() -> None:
    assert repr(Signer(SECRET)) == "Signer(***)"


def test_the_demo_secret_looks_like_a_real_one() -> None:
    assert len(b64decode(DEMO.api_secret, validate=True)) == 64
