"""What must never be printed."""

import pytest

from venuewire.core.http import HttpReply, HttpRequest
from venuewire.core.messages import Challenge
from venuewire.core.secrets import Account, Credentials, excerpt, redact_url

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
