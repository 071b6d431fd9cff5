"""Which URL is dialed, and where its token comes from."""

import pytest

from clock import at
from venuewire.core.errors import ConfigurationError
from venuewire.core.venue import ClientOptions
from venuewire.venues.kraken_spot import KRAKEN_SPOT
from venuewire.venues.kraken_spot.endpoints import Endpoints, endpoints

KRAKEN = "https://api.kraken.com/0/private/GetWebSocketsToken"
PUBLIC, AUTH = "wss://ws.kraken.com/v2", "wss://ws-auth.kraken.com/v2"
TOKEN = "kraken-spot/0/private/GetWebSocketsToken"


@pytest.mark.parametrize(
    ("url", "public", "private", "token"),
    [
        (None, PUBLIC, AUTH, KRAKEN),
        (PUBLIC, PUBLIC, AUTH, KRAKEN),
        (AUTH, PUBLIC, AUTH, KRAKEN),
        ("wss://WS.kraken.com:443/v2", f"{PUBLIC[:19]}:443/v2", f"{AUTH[:24]}:443/v2", KRAKEN),
        (
            "wss://beta-ws-auth.kraken.com/v2",
            "wss://beta-ws.kraken.com/v2",
            "wss://beta-ws-auth.kraken.com/v2",
            KRAKEN,
        ),
        (
            "ws://127.0.0.1:9010/kraken-spot/v2",
            "ws://127.0.0.1:9010/kraken-spot/v2",
            "ws://127.0.0.1:9010/kraken-spot-auth/v2",
            f"http://127.0.0.1:9010/{TOKEN}",
        ),
        (
            "wss://venue.test/behind/kraken-spot-auth/v2",
            "wss://venue.test/behind/kraken-spot/v2",
            "wss://venue.test/behind/kraken-spot-auth/v2",
            f"https://venue.test/behind/{TOKEN}",
        ),
        ("ws://[::1]:1/other", "ws://[::1]:1/other", "ws://[::1]:1/other", None),
    ],
)
def test_either_url_of_a_pair_names_both(
    url: str | None, public: str, private: str, token: str | None
) -> None:
    assert endpoints(ClientOptions(url=url)) == Endpoints(public, private, token)


def test_a_token_url_that_is_given_is_taken() -> None:
    for url in (None, "ws://example.test/x"):
        options = ClientOptions(url=url, token_url="https://a.test/token")
        assert endpoints(options).token == "https://a.test/token"


@pytest.mark.parametrize("url", ["http://ws.kraken.com/v2", "ws.kraken.com", "ws://", "ws://[x/v2"])
def test_what_cannot_be_dialed(url: str) -> None:
    with pytest.raises(ConfigurationError, match="url"):
        endpoints(ClientOptions(url=url))


def test_a_private_session_at_an_unknown_url_needs_a_token_url() -> None:
    options = ClientOptions(url="ws://example.test/x", credentials=KRAKEN_SPOT.demo)
    with pytest.raises(ConfigurationError, match="token_url"):
        KRAKEN_SPOT.client(options)


def test_a_public_session_at_an_unknown_url_needs_none() -> None:
    request, _ = KRAKEN_SPOT.client(ClientOptions(url="ws://example.test/x")).dial(None, 1, at(0))
    assert request.url == "ws://example.test/x"
