"""Keys that come and go, and what outlives a process."""

from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from caller import Caller
from restart import Records
from venues.kucoin.desk import ACK, ALICE, BOB, Desk, asking, refusal, signed
from venuewire.core.errors import ConfigurationError, LocalProtocolError
from venuewire.core.http import HttpRequest
from venuewire.core.secrets import Account, new_credentials
from venuewire.core.server_session import Rejection
from venuewire.venues.kucoin.floor import TOKEN_KEY


def test_a_revoked_key_ends_its_sessions_as_a_bad_token_does(desk: Desk) -> None:
    alice, bob, nobody = desk.enter(ALICE), desk.enter(BOB), desk.enter()
    assert desk.floor.revoke("alice-key", desk.clock()) == (alice.session,)
    assert alice.closed == 1000
    assert (bob.closed, nobody.closed) == (None, None)
    assert alice.heard() == [refusal(401, "token is invalid", "hQvf8jkno")]


def test_a_revoked_key_gets_no_token_and_its_tokens_open_nothing(desk: Desk) -> None:
    token = desk.token(ALICE)
    desk.floor.revoke("alice-key", desk.clock())
    caller = desk.upgrade(f"token={token}&connectId=a")
    assert caller.heard()[0]["data"] == "token is invalid"
    assert caller.closed == 1000
    reply = desk.post(signed(ALICE, desk.clock))
    assert msgspec.json.decode(reply.body)["code"] == "400003"


def test_another_key_of_the_account_lives_on(desk: Desk) -> None:
    second = Account("alice", new_credentials(Random(1), passphrase=True))
    desk.floor.enroll(second)
    caller = desk.enter(second)
    desk.floor.revoke("alice-key", desk.clock())
    assert caller.closed is None
    assert desk.say("/account/balance", {}, account="alice") == 0
    assert caller.send(asking("/account/balance", privateChannel=True)) == [ACK]
    assert desk.say("/account/balance", {}, account="alice") == 1


def test_a_passphrase_is_not_kept_and_still_told_from_a_wrong_one(desk: Desk) -> None:
    known = desk.floor.accounts["alice-key"]
    assert known.credentials.passphrase == ""
    assert "alice-passphrase" not in str(msgspec.to_builtins(known))
    wrong = replace(ALICE, credentials=replace(ALICE.credentials, passphrase="guess"))
    assert msgspec.json.decode(desk.post(signed(wrong, desk.clock)).body)["code"] == "400004"
    assert desk.post(signed(ALICE, desk.clock)).status == 200


def test_an_account_that_was_kept_is_let_in_with_its_passphrase(desk: Desk) -> None:
    kept = desk.floor.accounts["alice-key"]
    desk.floor.revoke("alice-key", desk.clock())
    desk.floor.enroll(kept)
    assert desk.enter(ALICE).closed is None


def test_what_is_kept_of_a_passphrase_is_no_proof(desk: Desk) -> None:
    """Neither the digest nor the key's secret lets whoever reads them pass for the owner."""
    kept = desk.floor.accounts["alice-key"]
    request = signed(ALICE, desk.clock, kc_api_passphrase=kept.passphrase_digest)
    assert msgspec.json.decode(desk.post(request).body)["code"] == "400004"
    assert msgspec.json.decode(desk.post(signed(kept, desk.clock)).body)["code"] == "400004"


# What outlives a process: the listing, and the key of the tokens. This venue shows nobody what was
# said before.


@pytest.mark.parametrize(
    ("topic", "listing"),
    [("/market/ticker:NEW-USDT", "NEW-USDT"), ("/indicator/index:USDT-NEW", "USDT-NEW")],
)
def test_a_symbol_that_was_published_is_listed_after_a_restart(topic: str, listing: Any) -> None:
    desk, records = Desk(), Records()
    desk.say(topic, {})
    desk.say(topic, {})
    desk.say("/market/ticker:BTC-USDT", {})
    assert records.collect(desk.floor) == [TOKEN_KEY, ("listing", listing)]
    fresh = Desk()
    assert fresh.enter().send(asking(topic))[0]["type"] == "error"
    records.restore(fresh.floor, desk.clock())
    assert fresh.enter().send(asking(topic)) == [ACK]


def test_nothing_is_listed_twice() -> None:
    desk = Desk()
    desk.say("/market/ticker:NEW-USDT", {})
    fresh, records = Desk(), Records()
    records.collect(desk.floor)
    records.restore(fresh.floor, desk.clock())
    fresh.say("/market/ticker:NEW-USDT", {})
    assert fresh.floor.changed == {}


def other(**changes: Any) -> Desk:
    """Another process, whose key is its own."""
    desk = Desk(**changes)
    desk.floor._tokens.sign_with(b"another process's key")
    return desk


def greeting(desk: Desk, token: str) -> Any:
    return desk.upgrade(f"token={token}&connectId=a").heard()[0]


def test_a_token_is_good_after_a_restart_and_no_longer_than_it_was() -> None:
    desk, fresh, records = Desk(), other(), Records()
    token = desk.token(ALICE)
    assert greeting(fresh, token)["data"] == "token is invalid"
    records.collect(desk.floor)
    records.restore(fresh.floor, desk.clock())
    assert greeting(fresh, token)["type"] == "welcome"
    assert greeting(desk, fresh.token(ALICE))["type"] == "welcome"
    fresh.clock.seconds += 86_400
    assert greeting(fresh, token)["data"] == "token is expired"


def test_a_token_whose_time_was_let_pass_is_expired_after_a_restart() -> None:
    desk, fresh, records = Desk(), other(), Records()
    token = desk.token(ALICE)
    desk.floor.let_pass(86_400)
    records.collect(desk.floor)
    records.restore(fresh.floor, desk.clock())
    assert greeting(fresh, token)["data"] == "token is expired"
    assert greeting(fresh, fresh.token(ALICE))["type"] == "welcome"


def test_a_configured_key_counts_more_than_a_kept_one() -> None:
    desk, records = Desk(), Records()
    configured = Desk(token_key="a key of the configuration")
    assert configured.floor.changed == {}
    token = configured.token(ALICE)
    records.collect(desk.floor)
    records.restore(configured.floor, desk.clock())
    assert greeting(configured, token)["type"] == "welcome"


@pytest.mark.parametrize("value", [b"7", b'"c2hvcnQ="', b'"?"', b"{"])
def test_a_kept_key_that_is_none_is_refused(value: bytes) -> None:
    desk = Desk()
    token = desk.token(ALICE)
    with pytest.raises(LocalProtocolError, match="key of the tokens"):
        desk.floor.restore(TOKEN_KEY, value, desk.clock())
    assert greeting(desk, token)["type"] == "welcome"


# Other terms, and other processes.


def test_terms_that_something_was_made_of_stand() -> None:
    desk = Desk()
    token = desk.token(ALICE)
    terms = replace(
        desk.floor.terms, ping_interval=9.0, token_key="another key", symbols=(), token_lifetime=1.0
    )
    desk.floor.adopt(terms)
    assert desk.floor.terms == replace(Desk().floor.terms, ping_interval=9.0)
    assert desk.grant()["instanceServers"][0]["pingInterval"] == 9000
    desk.clock.seconds += 2
    assert greeting(desk, token)["type"] == "welcome"


def test_terms_that_no_client_could_keep_are_refused() -> None:
    desk = Desk()
    before = desk.floor.terms
    with pytest.raises(ConfigurationError, match="must be above"):
        desk.floor.adopt(replace(before, idle_timeout=1.0))
    assert desk.floor.terms == before


@pytest.mark.parametrize(("query", "id"), [("connectId=a", "a"), ("", None)])
def test_whoever_another_process_rejects_hears_it_here(query: str, id: str | None) -> None:
    desk = Desk()
    request = HttpRequest(method="GET", url=f"/kucoin/?{query}")
    desk.floor.count_from(5)
    session = desk.floor.reject(request, Rejection(509, "exceed"), desk.clock())
    assert session.number == 5
    assert desk.floor.sessions == {}
    assert Caller(desk.floor, desk.clock, session).heard() == [refusal(509, "exceed", id)]
