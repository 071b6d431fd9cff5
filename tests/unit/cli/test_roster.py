"""Which sessions `watch` holds."""

from collections.abc import Mapping

import pytest

from venuewire.cli.arguments import Pairs, chosen_venues, one_venue
from venuewire.cli.outcome import WrongUsage
from venuewire.cli.roster import Entry, given_urls, is_private, roster

HERE = {"kucoin": "http://127.0.0.1:9010/kucoin"}
IDENTITY = {"VENUEWIRE_KUCOIN_API_KEY": "key", "VENUEWIRE_KUCOIN_API_SECRET": "secret"}


def only(
    name: str,
    *,
    urls: Mapping[str, str] | None = None,
    subscribe: Pairs | None = None,
    environment: Mapping[str, str] | None = None,
    local: bool = False,
) -> Entry:
    (entry,) = roster(
        [one_venue(name)],
        urls=urls or {},
        subscribe=subscribe or {},
        environment=environment or {},
        local=local,
    )
    return entry


@pytest.mark.parametrize("name", [venue.name for venue in chosen_venues(["all"])])
def test_the_local_venue_shows_all_watched_channels_with_demo_credentials(name: str) -> None:
    entry = only(name, local=True)
    assert entry.channels == entry.venue.watched
    assert entry.credentials == entry.venue.demo
    assert entry.private


def test_without_credentials_only_public_channels_are_watched() -> None:
    entry = only("kucoin")
    assert entry.credentials is None
    assert entry.channels == ("/market/ticker:BTC-USDT",)
    assert not entry.private


def test_credentials_of_the_environment_open_the_private_ones() -> None:
    assert only("kucoin", environment=IDENTITY).private


def test_this_machine_is_a_local_venue_unless_the_environment_says_who_we_are() -> None:
    assert only("kucoin", urls=HERE).credentials == one_venue("kucoin").demo
    entry = only("kucoin", urls=HERE, environment=IDENTITY)
    assert entry.credentials is not None
    assert entry.credentials.api_key == "key"


def test_demo_credentials_go_to_no_other_machine() -> None:
    assert only("kucoin", urls={"kucoin": "https://venue.example.com/kucoin"}).credentials is None


def test_subscribing_replaces_the_usual_channels() -> None:
    channels = ["ticker:BTC/USD", "ticker:ETH/USD", "ticker:BTC/USD"]
    entry = only("kraken-spot", subscribe={"kraken-spot": channels}, local=True)
    assert entry.channels == ("ticker:BTC/USD", "ticker:ETH/USD")
    assert not entry.private


@pytest.mark.parametrize(
    ("channels", "told"),
    [
        (["ticker:BTC/USD", "balances"], "one session cannot have public channels"),
        (["tocker:BTC/USD"], "tocker"),
    ],
)
def test_what_one_session_cannot_have_is_refused(channels: list[str], told: str) -> None:
    with pytest.raises(WrongUsage, match=f"^kraken-spot: .*{told}"):
        only("kraken-spot", subscribe={"kraken-spot": channels}, local=True)


def test_private_channels_without_credentials_are_refused_with_advice() -> None:
    with pytest.raises(WrongUsage, match="credentials come from the environment"):
        only("kucoin", subscribe={"kucoin": ["/account/balance"]})


def test_the_last_url_of_a_venue_counts() -> None:
    pairs = {"kucoin": ["http://a/kucoin", "http://b/kucoin"]}
    assert given_urls(pairs, chosen_venues(["all"])) == {"kucoin": "http://b/kucoin"}


def test_private_is_what_a_stranger_cannot_have() -> None:
    futures = one_venue("kraken-futures")
    assert [is_private(futures, channel) for channel in futures.watched] == [False, True]
