"""Kraken's REST signature, held to the documentation's own example."""

import pytest

from venuewire.core.errors import ConfigurationError
from venuewire.venues.kraken_spot.signing import Nonces, secret_bytes, sign, verify

SECRET = "kQH5HW/8p1uGOVjbgWA7FunAmGO8lsSUXNsu3eow76sz84Q18fWxnyRzBHCd3pd5nE9qa99HAZtuZuj6F1huXg=="
NONCE = "1616492376594"
FORM = b"nonce=1616492376594&ordertype=limit&pair=XBTUSD&price=37500&type=buy&volume=1.25"
SIGNATURE = (
    "4/dpxb3iT4tp/ZCVEwSnEsLxx0bqyhLpdfOpc6fn7OR8+UClSV5n9E6aSS8MPtnRfp32bAb0nmbRn6H8ndwLUQ=="
)


def test_the_documented_example() -> None:
    """https://docs.kraken.com/exchange/guides/rest/authentication"""
    secret = secret_bytes(SECRET)
    assert sign(secret, "/0/private/AddOrder", NONCE, FORM) == SIGNATURE
    assert verify(secret, "/0/private/AddOrder", NONCE, FORM, SIGNATURE)


@pytest.mark.parametrize(
    ("path", "nonce", "form"),
    [
        ("/0/private/CancelOrder", NONCE, FORM),
        ("/0/private/AddOrder", "1616492376595", FORM),
        ("/0/private/AddOrder", NONCE, FORM + b" "),
    ],
)
def test_path_nonce_and_form_are_all_signed(path: str, nonce: str, form: bytes) -> None:
    assert not verify(secret_bytes(SECRET), path, nonce, form, SIGNATURE)


def test_an_error_about_a_secret_does_not_quote_it() -> None:
    with pytest.raises(ConfigurationError) as caught:
        secret_bytes("hunter2 hunter2")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_nonces_are_microseconds_and_always_increase() -> None:
    nonces = Nonces()
    assert nonces.next(1_700_000_000.25) == "1700000000250000"
    assert nonces.next(1_700_000_000.25) == "1700000000250001"
    assert nonces.next(1_600_000_000.0) == "1700000000250002"
    assert nonces.next(1_700_000_001.0) == "1700000001000000"
