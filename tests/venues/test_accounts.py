"""Accounts that come and go while a venue runs, by the rule all venues share."""

import pytest
from msgspec.structs import replace

from caller import floor_of
from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.secrets import Account, Credentials, new_credentials
from venuewire.core.venue import Venue
from venuewire.venues import venues

ALL = pytest.mark.parametrize("venue", venues().values(), ids=lambda venue: venue.name)


@ALL
def test_a_new_key_is_known_by_its_account(venue: Venue) -> None:
    floor, _ = floor_of(venue)
    fresh = new_credentials(floor.rng, passphrase=bool(venue.demo.passphrase))
    floor.enroll(Account("alice", fresh))
    assert floor.names == ("demo", "alice")
    assert floor.accounts[fresh.api_key].credentials.api_secret == fresh.api_secret


@ALL
def test_a_key_is_enrolled_once(venue: Venue) -> None:
    floor, _ = floor_of(venue)
    with pytest.raises(LocalProtocolError, match="there is an account with this API key"):
        floor.enroll(Account("alice", venue.demo))
    assert floor.names == ("demo",)


@ALL
def test_keys_are_limited(venue: Venue) -> None:
    floor, _ = floor_of(venue, terms=replace(venue.terms("documented"), max_accounts=1))
    with pytest.raises(LocalProtocolError, match="no more than 1 keys"):
        floor.enroll(Account("alice", new_credentials(floor.rng, passphrase=False)))


@ALL
def test_an_account_lives_as_long_as_its_last_key(venue: Venue) -> None:
    floor, clock = floor_of(venue)
    second = new_credentials(floor.rng, passphrase=True)
    floor.enroll(Account("demo", second))
    assert floor.names == ("demo",)
    assert floor.revoke(venue.demo.api_key, clock()) == ()
    assert list(floor.names) == ["demo"]
    assert floor.revoke(second.api_key, clock()) == ()
    assert not floor.names


@ALL
def test_a_key_nobody_has_is_revoked_without_effect(venue: Venue) -> None:
    floor, clock = floor_of(venue)
    assert floor.revoke("unknown", clock()) == ()
    assert list(floor.accounts) == [venue.demo.api_key]


@ALL
def test_what_a_venue_does_not_keep_is_refused(venue: Venue) -> None:
    floor, clock = floor_of(venue)
    with pytest.raises(LocalProtocolError, match="'nonsense' is not kept here"):
        floor.restore(("nonsense", "a"), b"1", clock())


@pytest.mark.parametrize(
    ("name", "secret"),
    [("kraken-spot", "?"), ("kraken-futures", "?"), ("kraken-prime", "\u00e9")],
)
def test_credentials_the_venue_cannot_use_are_refused(name: str, secret: str) -> None:
    floor, _ = floor_of(venues()[name])
    with pytest.raises(ConfigurationError, match="api_secret"):
        floor.enroll(Account("alice", Credentials("key", secret)))
    assert "key" not in floor.accounts
