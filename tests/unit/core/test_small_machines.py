"""The machines that are a page or less."""

from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clock import EPOCH, at
from venuewire.core.backoff import Backoff
from venuewire.core.errors import AccessRefused, NotLive
from venuewire.core.health import Counters, Health
from venuewire.core.http import HttpReply, HttpRequest, json_reply
from venuewire.core.inflight import PATIENCE, Inflight, Purpose, Settled
from venuewire.core.instant import earliest, passed
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import Verdict
from venuewire.core.messages import Challenge, Message
from venuewire.core.pacing import Budget
from venuewire.core.secrets import Account, Credentials, excerpt, redact_url
from venuewire.core.stamps import Stamps
from venuewire.core.subscriptions import Standing, Subscriptions, Topic
from venuewire.core.terms import Terms

CANARY = "canary-secret"


class TestInstant:
    def test_nothing_due_is_never_passed(self) -> None:
        assert earliest(None, None) is None
        assert not passed(None, at(1e9))

    def test_a_deadline_is_passed_at_its_moment(self) -> None:
        assert earliest(3, None, 2) == 2
        assert passed(2, at(2))
        assert not passed(2, at(1.9))


class TestBackoff:
    @given(st.integers(1, 10_000), st.randoms(use_true_random=False))
    def test_jitter_is_full_and_capped(self, failures: int, rng: Random) -> None:
        delay = Backoff(initial=0.5, factor=2, limit=30).delay(failures, rng)
        assert delay is not None
        assert 0 <= delay <= min(30, 0.5 * 2 ** min(failures - 1, 64))

    def test_the_spread_does_not_collapse_at_the_cap(self) -> None:
        rng = Random(1)
        delays = [Backoff(limit=30).delay(50, rng) or 0.0 for _ in range(2000)]
        assert min(delays) < 1
        assert max(delays) > 29
        assert 14 < sum(delays) / len(delays) < 16

    def test_it_never_gives_up_unless_told(self) -> None:
        assert Backoff().delay(1_000_000, Random(0)) is not None
        assert Backoff(attempts=2).delay(2, Random(0)) is not None
        assert Backoff(attempts=2).delay(3, Random(0)) is None
        assert Backoff(attempts=2).refused(3, Random(0)) is None


class TestInflight:
    def flight(self) -> Inflight:
        inflight = Inflight()
        inflight.add(1, Purpose.SUBSCRIBE, ["a", "b"], at(0))
        inflight.add(2, Purpose.UNSUBSCRIBE, ["a"], at(1))
        return inflight

    def test_by_id_symbol_by_symbol(self) -> None:
        inflight = self.flight()
        assert inflight.settle(1, ("a",)) == Settled(Purpose.SUBSCRIBE, ("a",))
        assert inflight.settle(1, ()) == Settled(Purpose.SUBSCRIBE, ("b",))
        assert inflight.settle(1, ()) is None

    def test_by_channel_oldest_first(self) -> None:
        inflight = self.flight()
        assert inflight.settle(None, ("a",), Purpose.UNSUBSCRIBE) == Settled(
            Purpose.UNSUBSCRIBE, ("a",)
        )
        assert inflight.settle(None, ("z",)) is None

    def test_by_age_when_the_reply_names_nothing(self) -> None:
        assert self.flight().settle(None, ()) == Settled(Purpose.SUBSCRIBE, ("a", "b"))

    def test_an_id_that_is_not_ours_answers_nothing(self) -> None:
        assert self.flight().settle("1", ()) is None
        assert self.flight().settle(3, ()) is None

    def test_overdue_requests_are_taken_out(self) -> None:
        inflight = self.flight()
        assert inflight.deadline == PATIENCE
        assert [late.id for late in inflight.overdue(at(PATIENCE))] == [1]
        assert len(inflight) == 1
        inflight.clear()
        assert inflight.deadline is None


class TestSubscriptions:
    def test_wishes_outlive_links_and_agreements_do_not(self) -> None:
        wishes = Subscriptions()
        assert wishes.want(Topic("a"))
        assert wishes.want(Topic("b"))
        wishes.stand(["a", "unknown"], Standing.ACTIVE)
        assert wishes.active == ["a"]
        wishes.lost(5.0)
        wishes.lost(6.0)
        assert [topic.channel for topic in wishes.unrequested()] == ["a", "b"]
        covered = {wish.topic.channel: wish.covered_until for wish in wishes}
        assert covered == {"a": 5.0, "b": None}

    def test_a_refused_wish_may_be_made_again(self) -> None:
        wishes = Subscriptions()
        wishes.want(Topic("a"))
        assert not wishes.want(Topic("a"))
        wishes.stand(["a"], Standing.REFUSED)
        assert wishes.unrequested() == []
        assert wishes.want(Topic("a"))

    def test_what_the_application_wants_is_no_longer_our_own(self) -> None:
        wishes = Subscriptions()
        wishes.want(Topic("beat"), own=True)
        assert wishes.channels == []
        wishes.want(Topic("beat"))
        assert wishes.channels == ["beat"]
        assert wishes.forget("beat") is not None
        assert len(wishes) == 0


class TestBudget:
    def test_no_more_than_the_limit_in_any_window(self) -> None:
        budget = Budget(2, 10)
        assert budget.free_at(at(0)) == 0
        assert [budget.take(at(second)) for second in (0, 1, 2, 9.9, 10, 10.5, 11)] == [
            True,
            True,
            False,
            False,
            True,
            False,
            True,
        ]
        assert budget.free_at(at(11)) == 20

    def test_terms_say_whether_there_is_one(self) -> None:
        assert Terms().request_budget() is None
        budget = Terms(max_requests=3, requests_window=2).request_budget()
        assert budget is not None
        assert (budget.limit, budget.window) == (3, 2)


class TestStamps:
    @given(st.floats(0, 4e9))
    def test_six_digits_and_utc(self, realtime: float) -> None:
        stamp = Stamps().rfc3339(realtime).decode()
        parsed = datetime.strptime(stamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        assert len(stamp) == 27
        assert abs(parsed.timestamp() - realtime) < 2e-6

    def test_the_second_is_rendered_once_and_again_when_it_changes(self) -> None:
        stamps = Stamps()
        assert stamps.rfc3339(EPOCH) == b"2023-11-14T22:13:20.000000Z"
        assert stamps.rfc3339(EPOCH + 0.25) == b"2023-11-14T22:13:20.250000Z"
        assert stamps.rfc3339(EPOCH + 1) == b"2023-11-14T22:13:21.000000Z"


class TestSecrets:
    def test_no_part_of_a_credential_is_in_any_repr(self) -> None:
        credentials = Credentials(CANARY, CANARY, CANARY)
        request = HttpRequest(
            method="GET", url=f"/?token={CANARY}", headers={"a": CANARY}, body=CANARY.encode()
        )
        shown = f"{credentials} {credentials!r} {Account('me', credentials)!r} {request!r}"
        shown += repr(HttpReply(status=200, body=CANARY.encode())) + repr(Challenge(CANARY))
        assert CANARY not in shown

    @pytest.mark.parametrize("name", ["token", "Token", "api_key", "apikey", "signature"])
    def test_urls_lose_their_secrets(self, name: str) -> None:
        url = redact_url(f"wss://host/?{name}={CANARY}&connectId=1")
        assert CANARY not in url
        assert url.endswith("&connectId=1")

    def test_frames_that_carry_credentials_are_not_quoted(self) -> None:
        assert CANARY not in excerpt(f'{{"api_key":"{CANARY}"'.encode())
        assert excerpt(b"hello") == "hello"
        assert excerpt(b"x" * 100) == "x" * 80 + "..."
        assert excerpt(b"\xff") == "\\xff"


class TestHttp:
    def test_a_url_has_a_path_and_a_query(self) -> None:
        request = HttpRequest(method="GET", url="/kucoin/?token=t")
        assert (request.path, request.query) == ("/kucoin/", "token=t")

    def test_json_replies_say_so(self) -> None:
        reply = json_reply(429, b"{}", retry_after="5")
        assert reply.headers == {"content-type": "application/json", "retry-after": "5"}
        assert reply.retry_after == 5

    @pytest.mark.parametrize("text", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "9" * 20])
    def test_a_retry_after_that_is_no_number_is_none(self, text: str) -> None:
        assert HttpReply(status=429, headers={"retry-after": text}).retry_after is None


class TestMessage:
    def test_data_is_decoded_on_demand(self) -> None:
        message = Message(channel="a", raw=b'{"price": 1}')
        assert message.data == {"price": 1}
        assert message.decode(dict[str, int]) == {"price": 1}


class TestHealth:
    def health(self, **changes: object) -> Health:
        values: dict[str, object] = {
            "phase": Phase.READY,
            "verdict": Verdict.ALIVE,
            "evidence": "evidence",
            "link": 1,
            "round_trip": None,
            "frame_age": 1.0,
            "pong_age": None,
            "channels": 0,
            "active": 0,
            "counters": Counters(),
        }
        return Health(**{**values, **changes})  # type: ignore[arg-type]

    def test_live_is_ready_beyond_suspicion_and_lately_heard(self) -> None:
        self.health().assert_live(1.0)

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"phase": Phase.WAITING}, "waiting"),
            ({"verdict": Verdict.SUSPECT}, "suspect"),
            ({"frame_age": 1.1}, "more than 1 s"),
            ({"frame_age": None}, "more than 1 s"),
        ],
    )
    def test_anything_else_is_not(self, changes: dict[str, object], why: str) -> None:
        with pytest.raises(NotLive, match=why):
            self.health(**changes).assert_live(1.0)


def test_a_refusal_of_access_keeps_what_the_venue_said() -> None:
    refusal = AccessRefused("too many", auth=False, retry_after=3)
    assert (refusal.reason, refusal.auth, refusal.retry_after) == ("too many", False, 3)
