"""Values that are only carried: what they must not show, and what they are equal to."""

from venuewire.core.commands import Dial, Fetch, SendFrame
from venuewire.core.http import HttpRequest

CANARY = "canary-secret"


def test_commands_show_no_payload_and_no_token() -> None:
    url = f"wss://venue.test/?token={CANARY}"
    fetch = Fetch(1, HttpRequest(method="POST", url=url, headers={"kc-api-key": CANARY}))
    shown = f"{Dial(1, url)!r} {fetch!r} {SendFrame(1, CANARY.encode())!r}"
    assert CANARY not in shown
    assert "SendFrame(1, 13 bytes)" in shown
