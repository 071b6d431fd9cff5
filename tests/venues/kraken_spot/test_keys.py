"""Keys that come and go, and what outlives a process."""

from typing import Any

import pytest
from msgspec.structs import replace

from restart import Records, carry_over
from venues.kraken_spot.local import ALICE, BOB, Local, signed, subscribe, timeless
from venuewire.core.errors import LocalProtocolError
from venuewire.core.floor import RecordKey

REFUSED = "ESession:Invalid session"


def private(local: Local, token: str) -> list[Any]:
    return local.private().send(subscribe("balances", token=token))


def test_a_revoked_key_ends_the_sessions_that_have_shown_its_token() -> None:
    local = Local()
    alice, bob, idle = local.private(), local.private(), local.private()
    alice.send(subscribe("balances", token=local.token(ALICE)))
    bob.send(subscribe("balances", token=local.token(BOB)))
    assert local.floor.revoke("key-of-alice", local.clock()) == (alice.session,)
    assert (alice.closed, bob.closed, idle.closed) == (1008, None, None)


def test_a_revoked_key_gets_no_token_and_its_tokens_are_worthless() -> None:
    local = Local()
    used, unused = local.token(), local.token()
    private(local, used)
    local.floor.revoke("key-of-alice", local.clock())
    for token in (used, unused):
        assert private(local, token)[0]["error"] == REFUSED
    request = signed(ALICE.credentials, "99")
    assert local.ask_for_token(request) == {"error": ["EAPI:Invalid key"]}


def test_a_key_that_comes_later_gets_tokens() -> None:
    local = Local()
    local.floor.revoke("key-of-alice", local.clock())
    local.floor.enroll(ALICE)
    assert timeless(private(local, local.token())[0])["success"] is True


def test_a_token_in_use_does_not_come_back_with_its_key() -> None:
    """It proves itself within 15 minutes of its creation only."""
    local = Local()
    token = local.token()
    private(local, token)
    local.floor.revoke("key-of-alice", local.clock())
    local.floor.enroll(ALICE)
    local.clock.seconds += 901
    assert private(local, token)[0]["error"] == REFUSED


def test_a_key_without_the_permission_gets_no_token() -> None:
    local = Local()
    local.floor.enroll(replace(ALICE, credentials=_other(), permissions=frozenset({"trade"})))
    assert local.ask_for_token(signed(_other(), "1")) == {"error": ["EGeneral:Permission denied"]}


def _other() -> Any:
    return replace(ALICE.credentials, api_key="another key of alice")


# What outlives a process.


def again(local: Local) -> Local:
    fresh = Local()
    carry_over(local.floor, fresh.floor, local.clock())
    return fresh


@pytest.mark.parametrize(
    ("channel", "payloads", "asked"),
    [
        ("ticker:BTC/USD", [b'{"bid":1.10}', b'{"bid":1.20}'], subscribe("ticker", "BTC/USD")),
        ("ticker:NEW/USD", [{"bid": 1}], subscribe("ticker", "NEW/USD")),
        (
            "trade:BTC/USD",
            [[{"qty": n} for n in range(40)], [{"qty": n} for n in range(40)]],
            subscribe("trade", "BTC/USD", snapshot=True),
        ),
        ("ohlc:BTC/USD", [{"interval": 5}], subscribe("ohlc", "BTC/USD", interval=5)),
        ("instrument", [{"assets": [], "pairs": []}], subscribe("instrument")),
    ],
)
def test_a_new_subscriber_is_shown_the_same(
    channel: str, payloads: list[Any], asked: dict[str, Any]
) -> None:
    local = Local()
    for payload in payloads:
        local.publish(channel, payload)
    expected = local.public().send(asked)[-1]
    assert expected["type"] == "snapshot"
    assert again(again(local)).public().send(asked)[-1] == expected


def test_an_account_is_shown_its_own() -> None:
    local = Local()
    local.publish("balances", {"asset": "BTC", "balance": 1.5}, "alice")
    fresh = again(local)
    assert private(fresh, fresh.token())[-1]["data"] == [{"asset": "BTC", "balance": 1.5}]
    assert private(fresh, fresh.token(BOB))[-1]["data"] == []


def test_the_state_of_the_engine_survives() -> None:
    local = Local()
    local.publish("status", {"system": "maintenance"})
    assert again(local).floor.system == "maintenance"  # type: ignore[attr-defined]


def test_what_was_told_to_an_account_goes_with_its_last_key() -> None:
    local, records = Local(), Records()
    local.publish("balances", {"asset": "BTC"})
    records.collect(local.floor)
    local.floor.revoke("key-of-alice", local.clock())
    records.collect(local.floor)
    assert list(records.all) == [("said", "balances", "bob", None)]
    fresh = Local()
    fresh.floor.revoke("key-of-bob", local.clock())
    records.restore(fresh.floor, local.clock())
    records.collect(fresh.floor)
    assert records.all == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (("said", "nonsense", "BTC/USD", None), b"[]"),
        (("said", "ticker", "BTC/USD", "trades"), b"{}"),
        (("said", "instrument", "", None), b"[]"),
        (("said", "ticker", "BTC/USD", "trades"), b"7"),
        (("system",), b'{"system":"asleep"}'),
        (("nonce", "1f2e"), b'"7"'),
        (("nonce", "1f2e"), b"{"),
        (("token", "not hexadecimal"), b"true"),
    ],
)
def test_what_makes_no_sense_is_refused(key: RecordKey, value: bytes) -> None:
    local = Local()
    with pytest.raises(LocalProtocolError):
        local.floor.restore(key, value, local.clock())


# Nonces are good once, and tokens in use stay good, over a restart too.


def test_a_nonce_is_good_once_also_after_a_restart() -> None:
    local = Local()
    request = signed(ALICE.credentials, "7")
    assert local.ask_for_token(request)["error"] == []
    fresh = again(local)
    assert fresh.ask_for_token(request) == {"error": ["EAPI:Invalid nonce"]}
    assert fresh.ask_for_token(signed(ALICE.credentials, "8"))["error"] == []
    assert fresh.ask_for_token(signed(BOB.credentials, "1"))["error"] == []


def test_the_greatest_nonce_there_is_is_kept() -> None:
    local = Local()
    greatest = str(2**64 - 1)
    assert local.ask_for_token(signed(ALICE.credentials, greatest))["error"] == []
    refused = {"error": ["EAPI:Invalid nonce"]}
    assert again(local).ask_for_token(signed(ALICE.credentials, greatest)) == refused


def test_a_refused_nonce_changes_nothing_that_is_kept() -> None:
    local, records = Local(), Records()
    local.token()
    records.collect(local.floor)
    local.ask_for_token(signed(ALICE.credentials, "1"))
    assert records.collect(local.floor) == []


def test_nonces_go_with_their_key() -> None:
    local, records = Local(), Records()
    local.token()
    records.collect(local.floor)
    assert list(records.all) == [("nonce", ALICE.key_id)]
    local.floor.revoke("key-of-alice", local.clock())
    local.floor.revoke("key-of-bob", local.clock())
    records.collect(local.floor)
    assert records.all == {}


def test_a_token_in_use_stays_good_over_a_restart() -> None:
    local = Local()
    used, unused = local.token(), local.token()
    assert timeless(private(local, used)[0])["success"] is True
    assert timeless(private(local, used)[0])["success"] is True
    fresh = again(local)
    fresh.clock.seconds += 901
    assert timeless(private(fresh, used)[0])["success"] is True
    assert private(fresh, unused)[0]["error"] == REFUSED
    assert timeless(private(again(fresh), used)[0])["success"] is True


def test_tokens_in_use_that_are_forgotten_are_not_kept() -> None:
    local, records = Local(max_tokens=1), Records()
    for _ in range(3):
        private(local, local.token())
        records.collect(local.floor)
    assert [key[0] for key in records.all] == ["nonce", "token"]
    local.floor.revoke("key-of-alice", local.clock())
    records.collect(local.floor)
    assert records.all == {}


def test_a_token_of_a_key_that_is_gone_is_dropped() -> None:
    local, fresh, records = Local(), Local(), Records()
    private(local, local.token())
    records.collect(local.floor)
    fresh.floor.revoke("key-of-alice", local.clock())
    records.restore(fresh.floor, local.clock())
    records.collect(fresh.floor)
    assert [key[0] for key in records.all] == ["nonce"]
