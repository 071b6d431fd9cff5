"""What must never be printed."""

from base64 import b64decode
from random import Random

import pytest

from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.messages import Challenge
from venuewire.core.secrets import Account, Credentials, excerpt, new_credentials, redact_url

CANARY = "canary-secret"


def test_no_part_of_a_credential_is_in_any_repr() -> None:
    credentials = Credentials(CANARY, CANARY, CANARY)
    request = HttpRequest(
        method="GET", url=f"/?token={CANARY}", headers={"a": CANARY}, body=CANARY.encode()
    )
    shown = f"{credentials} {credentials!r} {Account('me', credentials)!r} {request!r}"
    shown += repr(HttpReply(status=200, body=CANARY.encode())) + repr(Challenge(CANARY))
    assert CANARY not in shown


@pytest.mark.parametrize("name", ["token", "Token", "api_key", "apikey", "signature"])
def test_urls_lose_their_secrets(name: str) -> None:
    url = redact_url(f"wss://host/?{name}={CANARY}&connectId=1")
    assert CANARY not in url
    assert url.endswith("&connectId=1")


def test_frames_that_carry_credentials_are_not_quoted() -> None:
    assert CANARY not in excerpt(f'{{"api_key":"{CANARY}"'.encode())
    assert excerpt(b"hello") == "hello"
    assert excerpt(b"x" * 100) == "x" * 80 + "..."
    assert excerpt(b"\xff") == "\\xff"


def test_a_key_is_named_without_being_shown() -> None:
    account = Account("me", Credentials(CANARY, CANARY))
    assert repr(account) == f"Account('me', {account.key_id})"
    assert len(account.key_id) == 16
    assert account.key_id != Account("me", Credentials("another", CANARY)).key_id


def test_new_credentials_are_nobody_elses() -> None:
    rng = Random(0)
    one, other = (new_credentials(rng, passphrase=False) for _ in range(2))
    assert len({one.api_key, one.api_secret, other.api_key, other.api_secret}) == 4
    assert len(b64decode(one.api_secret, validate=True)) == 48
    assert one.passphrase == ""
    assert len(new_credentials(rng, passphrase=True).passphrase) == 24
