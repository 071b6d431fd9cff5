"""Tokens over REST, and what they open: executions and balances of one account."""

from typing import Any

import pytest

from caller import floor_of
from clock import EPOCH
from venues.kraken_spot.local import (
    ALICE,
    BOB,
    Local,
    request,
    signed,
    subscribe,
    timeless,
    unsubscribe,
)
from venuewire.core.errors import ConfigurationError
from venuewire.core.instant import Instant
from venuewire.core.secrets import Account, Credentials
from venuewire.core.terms import Terms
from venuewire.venues.kraken_spot import KRAKEN_SPOT
from venuewire.venues.kraken_spot.wire import read_params

KEY = ALICE.credentials


def errors(reply: Any) -> list[str]:
    assert "result" not in reply
    found: list[str] = reply["error"]
    return found


# The token.


def test_a_signed_request_gets_a_token_for_fifteen_minutes(local: Local) -> None:
    reply = local.ask_for_token(signed(KEY, "1"))
    assert reply["error"] == []
    assert set(reply["result"]) == {"token", "expires"}
    assert reply["result"]["expires"] == 900


def test_every_token_is_another(local: Local) -> None:
    assert len({local.token() for _ in range(50)}) == 50


def test_an_unknown_key(local: Local) -> None:
    stranger = Credentials("nobody", KEY.api_secret)
    assert errors(local.ask_for_token(signed(stranger, "1"))) == ["EAPI:Invalid key"]


def test_a_wrong_secret(local: Local) -> None:
    thief = Credentials(KEY.api_key, BOB.credentials.api_secret)
    assert errors(local.ask_for_token(signed(thief, "1"))) == ["EAPI:Invalid signature"]


@pytest.mark.parametrize("signature", ["", "x", "é\udcff", "A" * 88])
def test_a_signature_that_is_none(local: Local, signature: str) -> None:
    request = signed(KEY, "1")
    headers = {**request.headers, "api-sign": signature}
    forged = type(request)(method="POST", url=request.url, headers=headers, body=request.body)
    assert errors(local.ask_for_token(forged)) == ["EAPI:Invalid signature"]


def test_a_nonce_must_increase(local: Local) -> None:
    assert local.ask_for_token(signed(KEY, "5"))["error"] == []
    assert errors(local.ask_for_token(signed(KEY, "5"))) == ["EAPI:Invalid nonce"]
    assert errors(local.ask_for_token(signed(KEY, "4"))) == ["EAPI:Invalid nonce"]
    assert local.ask_for_token(signed(KEY, "6"))["error"] == []


def test_nonces_are_counted_for_each_key_apart(local: Local) -> None:
    assert local.ask_for_token(signed(KEY, "5"))["error"] == []
    assert local.ask_for_token(signed(BOB.credentials, "2"))["error"] == []


def test_a_wrong_signature_uses_up_no_nonce(local: Local) -> None:
    local.ask_for_token(signed(Credentials(KEY.api_key, "YQ=="), "99"))
    assert local.ask_for_token(signed(KEY, "1"))["error"] == []


@pytest.mark.parametrize("nonce", ["", "-1", "1.5", "abc", "²", str(2**64), "9" * 5000])
def test_a_nonce_is_an_unsigned_integer_of_64_bits(local: Local, nonce: str) -> None:
    form = f"nonce={nonce}"
    assert errors(local.ask_for_token(signed(KEY, nonce, form=form))) == ["EAPI:Invalid nonce"]


def test_a_form_without_a_nonce(local: Local) -> None:
    assert errors(local.ask_for_token(signed(KEY, "", form="a=1"))) == ["EAPI:Invalid nonce"]


def test_a_key_without_the_permission() -> None:
    weak = Account("weak", KEY, permissions=frozenset({"general"}))
    floor, clock = floor_of(KRAKEN_SPOT, weak)
    reply = floor.answer("token", signed(KEY, "1"), clock())
    assert reply.body == b'{"error":["EGeneral:Permission denied"]}'


def test_only_post_is_answered(local: Local) -> None:
    asked = signed(KEY, "1")
    got = type(asked)(method="GET", url=asked.url, headers=asked.headers, body=asked.body)
    assert errors(local.ask_for_token(got)) == ["EGeneral:Unknown method"]


def test_an_account_whose_secret_is_not_base64_is_refused_at_once() -> None:
    for secret in ("not base64!", ""):
        with pytest.raises(ConfigurationError, match="api_secret"):
            floor_of(KRAKEN_SPOT, Account("bad", Credentials("k", secret)))


def test_terms_of_another_venue_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="KrakenSpotTerms"):
        floor_of(KRAKEN_SPOT, terms=Terms())


# What it opens.


def test_a_request_does_not_show_its_token() -> None:
    params = read_params(b'{"channel":"balances","token":"hidden"}')
    assert params.token == "hidden"
    assert "hidden" not in repr(params)


def test_the_acknowledgment_has_the_channel_and_no_symbol(local: Local) -> None:
    ack, snapshot = local.private().send(subscribe("executions", token=local.token()))
    assert timeless(ack) == {
        "method": "subscribe",
        "req_id": 7,
        "result": {"channel": "executions", "snapshot": True},
        "success": True,
    }
    assert snapshot == {"channel": "executions", "type": "snapshot", "data": []}


def test_options_of_private_channels_are_accepted(local: Local) -> None:
    wish = subscribe("executions", token=local.token(), snap_trades=True, ratecounter=False)
    assert local.private().send(wish)[0]["success"] is True


@pytest.mark.parametrize("method", ["subscribe", "unsubscribe"])
@pytest.mark.parametrize("token", [None, "", "nonsense", "QUJD", "é", "A" * 75, "A" * 76])
def test_a_bad_token_is_an_invalid_session(local: Local, method: str, token: str | None) -> None:
    shown = {} if token is None else {"token": token}
    caller = local.private()
    (reply,) = caller.send(request(method, "executions", **shown))
    assert timeless(reply) == {
        "channel": "executions",
        "error": "ESession:Invalid session",
        "method": method,
        "req_id": 7,
        "status": "error",
        "success": False,
    }
    assert caller.closed is None


def test_every_altered_token_is_bad(local: Local) -> None:
    token, caller = local.token(), local.private()
    for place in range(len(token) - 4):
        other = "B" if token[place] == "A" else "A"
        forged = token[:place] + other + token[place + 1 :]
        (reply,) = caller.send(subscribe("balances", token=forged))
        assert reply["error"] == "ESession:Invalid session"


def test_a_token_must_be_used_within_fifteen_minutes(local: Local) -> None:
    early, late = local.token(), local.token()
    local.clock.seconds = 900.0
    assert local.private().send(subscribe("balances", token=early))[0]["success"] is True
    local.clock.seconds = 900.1
    (reply,) = local.private().send(subscribe("balances", token=late))
    assert reply["error"] == "ESession:Invalid session"


def test_once_used_it_stays_good_on_this_and_on_other_connections(local: Local) -> None:
    token, caller = local.token(), local.private()
    caller.send(subscribe("balances", token=token))
    local.clock.seconds = 100_000.0
    assert caller.send(subscribe("executions", token=token))[0]["success"] is True
    assert caller.send(unsubscribe("balances", token=token))[0]["success"] is True
    assert local.private().send(subscribe("executions", token=token))[0]["success"] is True


def test_a_token_is_good_wherever_the_account_is_known(local: Local) -> None:
    token = local.token()
    elsewhere = Local(local.terms.edition)
    assert elsewhere.private().send(subscribe("balances", token=token))[0]["success"] is True


def test_tokens_in_use_are_remembered_up_to_a_limit() -> None:
    local = Local(max_tokens=2)
    tokens, caller = [local.token() for _ in range(3)], local.private()
    for token in tokens:
        caller.send(subscribe("balances", token=token))
    local.clock.seconds = 1000.0
    said = [caller.send(unsubscribe("executions", token=token))[0]["error"] for token in tokens]
    assert said == ["ESession:Invalid session", *["Subscription Not Found"] * 2]


def test_a_private_subscription_twice(local: Local) -> None:
    token, caller = local.token(), local.private()
    caller.send(subscribe("balances", token=token))
    (reply,) = caller.send(subscribe("balances", token=local.token()))
    assert reply["error"] == "Already subscribed"
    assert "symbol" not in reply


def test_unsubscribing_a_private_channel(local: Local) -> None:
    token, caller = local.token(), local.private()
    caller.send(subscribe("balances", token=token))
    (ack,) = caller.send(unsubscribe("balances", token=token))
    assert ack["result"] == {"channel": "balances"}
    (reply,) = caller.send(unsubscribe("balances", token=token))
    assert (reply["method"], reply["error"]) == ("subscribe", "Subscription Not Found")


def test_each_account_hears_its_own_news(local: Local) -> None:
    alice, bob = local.private(), local.private()
    alice.send(subscribe("executions", token=local.token(ALICE)))
    bob.send(subscribe("executions", token=local.token(BOB)))
    assert local.publish("executions", {"exec_type": "filled"}, account="bob") == 1
    assert alice.heard() == []
    assert bob.heard()[0]["data"] == [{"exec_type": "filled"}]
    assert local.publish("executions", {"exec_type": "new"}) == 2


def test_snapshots_are_kept_for_each_account(local: Local) -> None:
    local.publish("balances", [{"asset": "BTC", "balance": 1.5}], account="alice")
    caller = local.private()
    _, mine = caller.send(subscribe("balances", token=local.token(ALICE)))
    _, other = caller.send(subscribe("balances", token=local.token(BOB)))
    assert mine["data"] == [{"asset": "BTC", "balance": 1.5}]
    assert other["data"] == []


def test_the_clock_of_a_token_is_the_wall_clock(local: Local) -> None:
    """So that processes which share nothing but their accounts agree on it."""
    token, caller = local.token(), local.private()
    wish = b'{"method":"subscribe","params":{"channel":"balances","token":"%b"}}' % token.encode()
    caller.session.receive(wish, Instant(1.0, EPOCH + 901))
    assert caller.heard()[0]["error"] == "ESession:Invalid session"


def test_time_an_operator_lets_pass_ends_tokens(local: Local) -> None:
    old = local.token()
    local.floor.let_pass(901)
    caller = local.private()
    assert not caller.send(subscribe("executions", token=old))[0]["success"]
    assert caller.send(subscribe("executions", token=local.token()))[0]["success"]


def test_subscriptions_are_told_with_what_makes_them_different(local: Local) -> None:
    caller = local.public()
    caller.send(subscribe("book", "BTC/USD", depth=25))
    caller.send(subscribe("instrument"))
    assert local.floor.subscriptions(caller.session) == ("book:BTC/USD depth=25", "instrument")
