"""Signatures, against vectors: the documentation's own, and two computed by hand from it."""

from clock import at
from venuewire.core.secrets import Credentials
from venuewire.venues.kucoin.signing import sign, signed_headers, veil

SECRET = "f03a5284-5c39-4aaa-9b20-dea10bdcf8e3"
STAMP = "1547015186532"


def test_the_documented_vector() -> None:
    signature = sign(SECRET, STAMP, "POST", "/api/v1/deposit-addresses", b'{"currency":"BTC"}')
    assert signature == "7QP/oM0ykidMdrfNEUmng8eZjg/ZvPafjIqmxiVfYu4="


def test_an_empty_body_adds_nothing() -> None:
    signature = sign(SECRET, STAMP, "POST", "/api/v1/bullet-private")
    assert signature == "WNGQD2tKTq8y5eouFZ2ak/x4dJHTdH0SnSmHSZT4hnE="


def test_the_passphrase_travels_veiled() -> None:
    assert veil(SECRET, "passphrase") == "NXjkqeSaGJLLPRk+P/r5N0YW7PPfRQGsVppp7lYqJdQ="


def test_headers_name_milliseconds_and_the_keys_version() -> None:
    credentials = Credentials("key", SECRET, "passphrase", key_version="2")
    headers = signed_headers(credentials, "POST", "/api/v1/bullet-private", at(0.25))
    assert headers["KC-API-TIMESTAMP"] == "1700000000250"
    assert headers["KC-API-KEY-VERSION"] == "2"
    assert headers["KC-API-KEY"] == "key"
    assert headers["KC-API-PASSPHRASE"] == "NXjkqeSaGJLLPRk+P/r5N0YW7PPfRQGsVppp7lYqJdQ="
