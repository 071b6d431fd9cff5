"""How a session begins, stays and ends at a local KuCoin."""

import pytest

from venues.kucoin.desk import ACK, ALICE, BOB, TICKER, Desk, asking, futures, refusal
from venuewire.core.http import HttpRequest

PING = {"id": "1545910590801", "type": "ping"}


def test_the_welcome_carries_the_connect_id(desk: Desk) -> None:
    """ "The welcome message ID and the error message ID are both connectId." """
    caller = desk.upgrade(f"token={desk.token()}&connectId=hQvf8jkno")
    assert caller.raw() == [b'{"id":"hQvf8jkno","type":"welcome"}']


@pytest.mark.parametrize("query", ["token={}", "token={}&connectId="])
def test_without_a_connect_id_the_venue_makes_one(desk: Desk, query: str) -> None:
    (welcome,) = desk.upgrade(query.format(desk.token())).heard()
    assert len(welcome["id"]) == 10
    assert welcome["id"].isalnum()
    assert welcome["type"] == "welcome"


def test_parameters_in_any_order_with_others_and_escaped(desk: Desk) -> None:
    escaped = desk.token().replace("=", "%3D").replace(".", "%2E")
    caller = desk.upgrade(
        f"acceptUserMessage=true&connectId=a%20b%22&privateChannel&token={escaped}"
    )
    assert caller.heard() == [{"id": 'a b"', "type": "welcome"}]


def test_a_connect_id_that_is_not_utf_8_is_mended(desk: Desk) -> None:
    caller = desk.upgrade(f"token={desk.token()}&connectId=%ff\udcff")
    assert [frame["type"] for frame in caller.heard()] == ["welcome"]


def test_what_was_sent_before_the_welcome_is_answered_after_it(desk: Desk) -> None:
    caller = desk.upgrade(f"token={desk.token()}&connectId=a")
    caller.session.receive(b'{"id":"1","type":"ping"}', desk.clock())
    assert [frame["type"] for frame in caller.heard()] == ["welcome", "pong"]


def test_a_token_that_never_was_is_refused_after_the_upgrade() -> None:
    caller = Desk().upgrade("token=t0k3n&connectId=a")
    assert caller.heard() == [refusal(401, "token is invalid", "a")]
    assert caller.closed == 1000


def test_a_missing_token_is_invalid_and_without_a_connect_id_nothing_is_named() -> None:
    assert Desk().upgrade("").heard() == [refusal(401, "token is invalid", None)]


def test_observed_token_errors_have_no_id() -> None:
    caller = Desk(edition="observed").upgrade("token=t0k3n&connectId=a")
    assert caller.heard() == [refusal(401, "token is invalid", None)]
    assert caller.closed == 1000


def test_an_old_token_is_expired() -> None:
    """ "The token is valid for only 24 hours" """
    desk = Desk()
    token = desk.token()
    desk.clock.seconds = 86_400.0
    caller = desk.upgrade(f"token={token}&connectId=a")
    assert caller.heard() == [refusal(401, "token is expired", "a")]


def test_a_token_opens_many_sessions_until_then(desk: Desk) -> None:
    token = desk.token(ALICE)
    for _ in range(3):
        desk.clock.seconds += 1000
        assert desk.upgrade(f"token={token}").closed is None


def test_spot_and_futures_tokens_cannot_be_mixed() -> None:
    """ "if you subscribe to futures data, you need to obtain tokens through the futures base URL,
    which cannot be mixed" """
    spot, other = Desk(), futures()
    assert other.upgrade(f"token={spot.token(ALICE)}").closed == 1000
    assert spot.upgrade(f"token={other.token()}").closed == 1000


def test_a_token_of_an_account_that_is_gone_is_invalid() -> None:
    desk, elsewhere = Desk(token_key="shared"), Desk(token_key="shared")
    elsewhere.floor.revoke("alice-key", elsewhere.clock())
    caller = elsewhere.upgrade(f"token={desk.token(ALICE)}&connectId=a")
    assert caller.heard() == [refusal(401, "token is invalid", "a")]


def test_a_refused_session_hears_nothing_more(desk: Desk) -> None:
    caller = desk.upgrade("token=t0k3n")
    caller.heard()
    assert caller.send(PING) == []
    caller.session.lost()
    assert not desk.floor.sessions


def test_ping_is_answered_with_its_id_and_microseconds(desk: Desk) -> None:
    caller = desk.enter()
    desk.clock.seconds = 1.5
    caller.send(PING)
    assert caller.send(PING) == [
        {"id": "1545910590801", "type": "pong", "timestamp": 1_700_000_001_500_000}
    ]


@pytest.mark.parametrize(
    ("id", "answered"),
    [
        ('"1"', "1"),
        ("1", "1"),
        ("-7", "-7"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("1.0", "1.0"),
        ("1e400", "1e400"),
        ('"topic@@A,B \\"\\u00e9\\n"', 'topic@@A,B "é\n'),
        ('""', ""),
    ],
)
def test_whatever_the_id_was_it_comes_back_as_text(desk: Desk, id: str, answered: str) -> None:
    (pong,) = desk.enter().send(f'{{"type":"ping","id":{id}}}')
    assert pong["id"] == answered


@pytest.mark.parametrize("ping", ['{"type":"ping"}', '{"id":null,"type":"ping"}'])
def test_a_ping_without_an_id_has_a_pong_without_one(desk: Desk, ping: str) -> None:
    (pong,) = desk.enter().send(ping)
    assert set(pong) == {"type", "timestamp"}


def test_older_pongs_had_no_timestamp() -> None:
    assert Desk(pong_timestamp=False).enter().send(PING) == [
        {"id": "1545910590801", "type": "pong"}
    ]


def test_a_silent_client_is_told_ping_timeout_and_cut() -> None:
    caller = Desk().enter()
    assert caller.wait(59.9) == []
    assert caller.wait(0.2) == [refusal(400, "ping timeout", "hQvf8jkno")]
    assert caller.closed == 1000


def test_observed_silence_is_cut_without_a_word() -> None:
    caller = Desk(edition="observed").enter()
    assert caller.wait(60) == []
    assert caller.closed == 1000


def test_the_cut_may_be_abrupt() -> None:
    caller = Desk(abrupt=True).enter()
    caller.wait(60)
    assert caller.session.closing is not None
    assert caller.session.closing.abort


def test_no_cut_at_ping_interval_plus_ping_timeout(desk: Desk) -> None:
    """ "session-closure logic is not simply pingInterval + pingTimeout" """
    caller = desk.enter()
    caller.wait(28.5)
    assert caller.closed is None


def test_a_ping_each_ping_interval_is_enough(desk: Desk) -> None:
    """ "Clients only need to ensure they send a ping at least once every pingInterval seconds." """
    caller = desk.enter()
    for _ in range(4799):  # A day, less one.
        caller.wait(18)
        assert [frame["type"] for frame in caller.send(PING)] == ["pong"]
    assert caller.closed is None


@pytest.mark.parametrize("frame", [asking(), "nonsense", {"type": "unknown"}, PING])
def test_any_message_refreshes_the_timer(desk: Desk, frame: object) -> None:
    """ "Any outgoing message refreshes the timeout timer." """
    caller = desk.enter()
    caller.wait(59)
    caller.send(frame)
    caller.wait(59)
    assert caller.closed is None
    caller.wait(1)
    assert caller.closed == 1000


def test_a_control_frame_does_not_refresh_the_timer(desk: Desk) -> None:
    caller = desk.enter()
    caller.wait(59)
    caller.session.pinged(desk.clock())
    caller.wait(1)
    assert caller.closed == 1000


def test_each_session_is_timed_on_its_own(desk: Desk) -> None:
    """ "Each WebSocket session must maintain its own independent heartbeat logic." """
    token = desk.token(ALICE)
    lively, silent = desk.upgrade(f"token={token}"), desk.upgrade(f"token={token}")
    desk.clock.seconds = 59
    lively.send(PING)
    lively.wait(1)
    silent.wait(0)
    assert (lively.closed, silent.closed) == (None, 1000)


def test_a_connection_is_cut_after_24_hours(desk: Desk) -> None:
    """ "a single connection is expected to be disconnected after 24 hours" """
    caller = desk.enter()
    for _ in range(4800):
        caller.wait(18)
        caller.send(PING)
    assert caller.closed == 1000


def test_the_venue_never_speaks_of_its_own_accord(desk: Desk) -> None:
    caller = desk.enter()
    caller.session.dialect.beat(desk.clock())
    assert caller.heard() == []


def test_sessions_of_an_account_are_limited() -> None:
    desk = Desk(sessions_per_account=2)
    first = desk.enter(ALICE)
    desk.enter(ALICE)
    third = desk.upgrade(f"token={desk.token(ALICE)}&connectId=a")
    assert third.heard() == [refusal(509, "exceed max session count limitation of 2", "a")]
    assert third.closed == 1000
    desk.enter(BOB)
    desk.enter()
    first.session.lost()
    first.session.lost()
    desk.enter(ALICE)


def test_sessions_of_an_account_need_not_be_limited() -> None:
    desk = Desk(sessions_per_account=None)
    for _ in range(801):
        desk.enter(ALICE)


def test_the_published_limit_is_800_sessions() -> None:
    assert Desk().floor.terms.sessions_per_account == 800


def test_a_full_venue_is_busy() -> None:
    desk = Desk(max_sessions=1)
    caller = desk.enter()
    late = desk.upgrade(f"token={desk.token()}&connectId=a")
    assert late.heard() == [refusal(509, "service busy, please retry later", "a")]
    caller.session.lost()
    desk.enter()


def test_connects_from_one_address_can_be_limited() -> None:
    desk = Desk(max_connects=2)
    desk.enter()
    desk.enter()
    late = desk.upgrade(f"token={desk.token()}&connectId=a")
    assert late.heard() == [refusal(509, "service busy, please retry later", "a")]
    desk.enter(peer="10.0.0.2")
    desk.clock.seconds = 60.0
    desk.enter()


def test_connects_are_not_limited_by_default(desk: Desk) -> None:
    for _ in range(100):
        desk.enter()


def test_a_handshake_that_never_completed_leaves_nothing(desk: Desk) -> None:
    request = HttpRequest(method="GET", url=f"/kucoin/?token={desk.token(ALICE)}")
    desk.floor.admit("session", request, desk.clock()).lost()
    assert not desk.floor.sessions
    assert not desk.floor._present


def test_who_left_hears_nothing(desk: Desk) -> None:
    caller = desk.enter(ALICE)
    assert caller.send(asking(TICKER)) == [ACK]
    desk.enter(ALICE)
    caller.session.lost()
    assert desk.say(TICKER, {}) == 0
    assert desk.floor.subscribers.count(caller.session) == 0
