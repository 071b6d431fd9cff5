"""Where tokens come from: "you need to get the websocket base URL and apply for a Token"."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from venues.kucoin.desk import ALICE, Desk, bare, futures, signed
from venuewire.core.errors import ConfigurationError
from venuewire.core.http import HttpReply
from venuewire.core.secrets import Account
from venuewire.core.terms import Terms


def refused(reply: HttpReply) -> tuple[int, str]:
    body = msgspec.json.decode(reply.body)
    assert set(body) == {"code", "msg"}
    assert body["msg"]
    return reply.status, body["code"]


def test_a_public_token_needs_no_key(desk: Desk) -> None:
    reply = desk.post(bare(headers={"kc-api-key": "", "kc-api-sign": ""}), "token-public")
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    body = msgspec.json.decode(reply.body)
    assert body["code"] == "200000"
    assert set(body["data"]) == {"token", "instanceServers"}


def test_a_private_token_needs_a_signature(desk: Desk) -> None:
    assert desk.post(signed(ALICE, desk.clock)).status == 200


def test_intervals_are_whole_milliseconds(desk: Desk) -> None:
    """ "Current server value: 18 seconds." "Current server value: 10 seconds." """
    (server,) = desk.grant()["instanceServers"]
    assert server["pingInterval"] == 18_000
    assert server["pingTimeout"] == 10_000
    assert isinstance(server["pingInterval"], int)
    assert server["protocol"] == "websocket"


def test_a_token_needs_no_escaping_in_a_url(desk: Desk) -> None:
    for account in (None, ALICE):
        letters = desk.token(account).replace(".", "").replace("=", "")
        assert letters.replace("-", "").replace("_", "").isalnum()
        assert letters.isascii()


def test_each_token_is_another(desk: Desk) -> None:
    assert desk.token(ALICE) != desk.token(ALICE)


@pytest.mark.parametrize(
    ("host", "secure", "endpoint"),
    [
        ("127.0.0.1:9010", False, "ws://127.0.0.1:9010/kucoin/"),
        ("localhost:9443", True, "wss://localhost:9443/kucoin/"),
        ("api.kucoin.com", True, "wss://ws-api-spot.kucoin.com/"),
        ("API.KuCoin.com:443", True, "wss://ws-api-spot.kucoin.com/"),
        ("api-futures.kucoin.com", True, "wss://api-futures.kucoin.com/kucoin/"),
    ],
)
def test_the_endpoint_is_where_the_client_came_from(host: str, secure: bool, endpoint: str) -> None:
    request = bare(headers={"host": host}, secure=secure)
    reply = Desk().post(request, "token-public")
    (server,) = msgspec.json.decode(reply.body)["data"]["instanceServers"]
    assert server["endpoint"] == endpoint
    assert server["encrypt"] is secure


def test_futures_have_an_endpoint_of_their_own() -> None:
    (server,) = futures().grant()["instanceServers"]
    assert server["endpoint"] == "ws://127.0.0.1:9010/kucoin-futures/"
    real = bare(headers={"host": "api-futures.kucoin.com"}, secure=True)
    reply = futures().post(real, "token-public")
    (server,) = msgspec.json.decode(reply.body)["data"]["instanceServers"]
    assert server["endpoint"] == "wss://ws-api-futures.kucoin.com/"


@pytest.mark.parametrize(
    "header", ["kc_api_key", "kc_api_sign", "kc_api_timestamp", "kc_api_passphrase"]
)
def test_400001_a_header_is_missing(desk: Desk, header: str) -> None:
    removed: dict[str, Any] = {header: ""}
    assert refused(desk.post(signed(ALICE, desk.clock, **removed))) == (401, "400001")


@pytest.mark.parametrize("late", [5.01, -5.01, 86_400.0])
def test_400002_the_timestamp_is_outside_the_window(desk: Desk, late: float) -> None:
    assert refused(desk.post(signed(ALICE, desk.clock, late=late))) == (401, "400002")


@pytest.mark.parametrize("late", [4.99, -4.99])
def test_the_window_is_five_seconds_either_way(desk: Desk, late: float) -> None:
    assert desk.post(signed(ALICE, desk.clock, late=late)).status == 200


@pytest.mark.parametrize("stamp", ["soon", "1_700_000_000_000", "²", "9" * 5000, "-1", "1.5"])
def test_400002_the_timestamp_is_no_number(desk: Desk, stamp: str) -> None:
    request = signed(ALICE, desk.clock, kc_api_timestamp=stamp)
    assert refused(desk.post(request)) == (401, "400002")


def test_400003_the_key_is_unknown(desk: Desk) -> None:
    request = signed(ALICE, desk.clock, kc_api_key="nobody")
    assert refused(desk.post(request)) == (401, "400003")


@pytest.mark.parametrize("passphrase", ["alice-passphrase", "wrong", "\udcff"])
def test_400004_the_passphrase_is_wrong(desk: Desk, passphrase: str) -> None:
    request = signed(ALICE, desk.clock, kc_api_passphrase=passphrase)
    assert refused(desk.post(request)) == (401, "400004")


def test_400005_the_signature_is_wrong(desk: Desk) -> None:
    request = signed(ALICE, desk.clock, kc_api_sign="bm8=")
    assert refused(desk.post(request)) == (401, "400005")
    other = signed(ALICE, desk.clock, target="/api/v1/bullet-public")
    assert refused(desk.post(replace(other, url="/api/v1/bullet-private"))) == (401, "400005")


def test_400006_the_address_is_not_allowed() -> None:
    desk = Desk(allowed_addresses=frozenset({"10.0.0.1"}))
    assert refused(desk.post(signed(ALICE, desk.clock, peer="10.0.0.2"))) == (403, "400006")
    assert desk.post(signed(ALICE, desk.clock, peer="10.0.0.1")).status == 200


def test_400007_the_key_lacks_the_general_permission(desk: Desk) -> None:
    narrow = Account("alice", ALICE.credentials, frozenset({"websocket"}))
    desk.floor.revoke("alice-key", desk.clock())
    desk.floor.enroll(narrow)
    assert refused(desk.post(signed(narrow, desk.clock))) == (403, "400007")


@pytest.mark.parametrize("version", ["1", ""])
def test_400008_version_1_keys_are_no_longer_supported(desk: Desk, version: str) -> None:
    request = signed(ALICE, desk.clock, kc_api_key_version=version)
    assert refused(desk.post(request)) == (401, "400008")


@pytest.mark.parametrize("version", ["0", "4", "two"])
def test_400009_the_key_version_is_invalid(desk: Desk, version: str) -> None:
    request = signed(ALICE, desk.clock, kc_api_key_version=version)
    assert refused(desk.post(request)) == (401, "400009")


@pytest.mark.parametrize("version", ["2", "3"])
def test_versions_2_and_3_are_accepted(desk: Desk, version: str) -> None:
    assert desk.post(signed(ALICE, desk.clock, kc_api_key_version=version)).status == 200


def test_what_was_sent_is_what_is_signed(desk: Desk) -> None:
    assert desk.post(signed(ALICE, desk.clock, body=b"{}")).status == 200
    request = replace(signed(ALICE, desk.clock, body=b"{}"), body=b"{ }")
    assert refused(desk.post(request)) == (401, "400005")


def test_the_query_is_signed_too(desk: Desk) -> None:
    target = "/api/v1/bullet-private?a=1&b=2"
    assert desk.post(signed(ALICE, desk.clock, target=target)).status == 200


def test_the_path_of_a_local_base_url_may_be_signed_or_not(desk: Desk) -> None:
    target = "/kucoin/api/v1/bullet-private"
    request = replace(signed(ALICE, desk.clock, target=target), url=target)
    assert desk.post(request).status == 200


def test_terms_that_cut_everybody_off_are_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"idle_timeout 18 s .* ping_interval 18 s"):
        Desk(idle_timeout=18.0)
    assert Desk(idle_timeout=None).floor.terms.idle_timeout is None


def test_only_its_own_terms_will_do() -> None:
    desk = Desk()
    with pytest.raises(ConfigurationError, match="KuCoinTerms"):
        desk.venue.floor(Terms(), (), desk.clock, desk.floor.rng)


def test_terms_show_no_key() -> None:
    assert "hush" not in repr(Desk(token_key="hush").floor.terms)


@pytest.mark.parametrize("door", ["token-private", "token-public"])
def test_who_asks_too_often_hears_how_long_to_wait(door: str) -> None:
    desk = Desk(max_calls=1, calls_window=30.0)
    asked = signed(ALICE, desk.clock)
    assert desk.post(asked, door).status == 200
    late = desk.post(asked, door)
    assert (refused(late), late.retry_after) == ((429, "429000"), 30)
    assert desk.post(replace(asked, peer="10.0.0.2"), door).status == 200


def test_a_signed_request_is_good_again_unless_replays_are_refused() -> None:
    """No page says that it is not; whoever shares a network may want it so."""
    careful, request = Desk(refuses_replays=True), signed(ALICE, Desk().clock)
    assert careful.post(request).status == 200
    assert refused(careful.post(request)) == (401, "400002")
    careful.clock.seconds += 0.001
    assert careful.post(signed(ALICE, careful.clock)).status == 200
    desk = Desk()
    assert [desk.post(request).status for _ in range(2)] == [200, 200]


def test_what_is_refused_for_another_reason_may_be_said_again() -> None:
    careful = Desk(refuses_replays=True)
    careful.post(signed(ALICE, careful.clock, kc_api_sign="bm8="))
    assert careful.post(signed(ALICE, careful.clock)).status == 200
