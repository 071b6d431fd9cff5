"""What is typed becomes values, or an error that says what would have worked."""

import pytest

from venuewire.cli.arguments import (
    base_url,
    by_venue,
    chosen_venues,
    credentials_of,
    is_loopback,
    json_value,
    one_venue,
    venue_url,
)
from venuewire.cli.outcome import WrongUsage
from venuewire.core.secrets import Credentials
from venuewire.venues import venues


def test_all_means_every_venue_and_each_is_watched_once() -> None:
    assert chosen_venues(["kucoin", "all", "kucoin"]) == [
        one_venue("kucoin"),
        *(venue for venue in venues().values() if venue.name != "kucoin"),
    ]


def test_an_unknown_venue_is_answered_with_those_there_are() -> None:
    with pytest.raises(WrongUsage, match="'mtgox'; there are kraken-futures, "):
        one_venue("mtgox")


def test_options_for_a_venue_may_be_repeated_and_contain_their_own_sign() -> None:
    texts = ["kucoin:/market/ticker:BTC-USDT", "kucoin:/account/balance"]
    pairs = by_venue("--subscribe", texts, ":", chosen_venues(["kucoin"]))
    assert pairs == {"kucoin": ["/market/ticker:BTC-USDT", "/account/balance"]}


@pytest.mark.parametrize("text", ["kucoin", "kucoin=", "=x", "kraken-spot=ws://localhost"])
def test_an_option_for_no_venue_or_another_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="--url"):
        by_venue("--url", [text], "=", chosen_venues(["kucoin"]))


@pytest.mark.parametrize(
    ("venue", "url"),
    [
        ("kucoin", "ws://127.0.0.1:9010/kucoin"),
        ("kraken-spot", "http://127.0.0.1:9010"),
        ("kraken-spot", "ws:///v2"),
        ("kraken-spot", "ws://host:port/v2"),
        ("kraken-spot", "ws://[::1/v2"),
    ],
)
def test_a_url_that_cannot_be_the_venues_is_answered_with_one_that_could(
    venue: str, url: str
) -> None:
    with pytest.raises(WrongUsage, match=f"no URL for {venue}; it would look like"):
        venue_url(one_venue(venue), url)


def test_a_base_url_has_no_slash_at_its_end() -> None:
    assert base_url("http://127.0.0.1:9010/") == "http://127.0.0.1:9010"
    with pytest.raises(WrongUsage, match="no base URL"):
        base_url("127.0.0.1:9010")


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("ws://localhost/v2", True),
        ("ws://127.0.0.9:1/v2", True),
        ("http://[::1]:9010/kucoin", True),
        ("wss://ws.kraken.com/v2", False),
        ("ws://localhost.example.com/v2", False),
        ("", False),
        ("ws://[", False),
    ],
)
def test_this_machine_is_known_by_its_addresses(url: str, here: bool) -> None:
    assert is_loopback(url) is here


def test_json_is_passed_on_as_it_was_typed() -> None:
    assert bytes(json_value('{"price": 1.10}')) == b'{"price": 1.10}'


@pytest.mark.parametrize("text", ["", "{", "nope", "{'a': 1}", "\udcff", "[" * 100_000])
def test_what_is_not_json_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="JSON: "):
        json_value(text)


def test_credentials_come_from_the_environment() -> None:
    kucoin = one_venue("kucoin-futures")
    environment = {
        "VENUEWIRE_KUCOIN_FUTURES_API_KEY": "key",
        "VENUEWIRE_KUCOIN_FUTURES_API_SECRET": "secret",
        "VENUEWIRE_KUCOIN_FUTURES_PASSPHRASE": "words",
    }
    assert credentials_of(kucoin, environment) == Credentials("key", "secret", "words")
    assert credentials_of(one_venue("kucoin"), environment) is None


def test_half_an_identity_is_refused_without_telling_it() -> None:
    with pytest.raises(WrongUsage, match="VENUEWIRE_KUCOIN_API_KEY is missing") as refused:
        credentials_of(one_venue("kucoin"), {"VENUEWIRE_KUCOIN_API_SECRET": "sesame"})
    assert "sesame" not in str(refused.value)
