"""The client's half of a session, told in scripts."""

from random import Random

import pytest

from clock import EPOCH, at
from plain_dialect import TOKEN, PlainClient
from playbook import Playbook
from scripts import AGAIN, message, opened, ready, subscribed
from venuewire.core import updates
from venuewire.core.backoff import Backoff
from venuewire.core.client_session import ClientSession
from venuewire.core.commands import CloseLink, Deliver, Dial, Fetch
from venuewire.core.dialect import Profile
from venuewire.core.errors import AccessRefused, ConfigurationError, UnreadableFrame
from venuewire.core.events import (
    DeadlineReached,
    Fetched,
    FetchFailed,
    LinkClosed,
    LinkOpened,
)
from venuewire.core.http import HttpReply
from venuewire.core.lifecycle import Phase
from venuewire.core.liveness import LivenessPolicy
from venuewire.core.messages import (
    Accepted,
    Challenge,
    FirstMessage,
    Heartbeat,
    Ignored,
    Refused,
    Subscribed,
    Unsubscribed,
    Welcome,
)
from venuewire.core.pacing import Budget
from venuewire.core.updates import Cause, Down, Gap, Notice, Ready, Unreadable

# Getting connected.


def test_a_venue_without_bootstrap_welcome_or_challenge_is_ready_when_the_link_opens() -> None:
    book = ready()
    assert book.session.phase is Phase.READY
    book.end()


def test_bootstrap_precedes_dialing() -> None:
    book = Playbook(PlainClient(fetches=True)) << Fetch(1, TOKEN)
    book >> Fetched(1, HttpReply(status=200)) << Dial(1, "ws://venue.test/1")
    book.end()


def test_nothing_is_sent_before_the_welcome() -> None:
    book = opened(Profile(liveness=LivenessPolicy(), welcomes=True)).subscribe("a")
    book.hear(Welcome()) << Ready(1) << b"subscribe 1 a"
    book.end()


def test_a_welcome_that_says_something_is_passed_on() -> None:
    ready().hear(Welcome("maintenance")) << Notice("maintenance")


def test_a_challenge_is_answered_before_the_session_is_ready() -> None:
    book = opened(Profile(liveness=LivenessPolicy(), challenges=True)) << b"challenge"
    book.hear(Challenge("prove it")) << Ready(1)
    assert isinstance(book.dialect, PlainClient)
    assert book.dialect.proofs == ["prove it"]


def test_a_challenge_nobody_asked_for_is_not_answered() -> None:
    book = ready().hear(Challenge("prove it"))
    assert isinstance(book.dialect, PlainClient)
    assert book.dialect.proofs == []
    book.end()


@pytest.mark.parametrize(("auth", "cause"), [(True, Cause.REFUSED), (False, Cause.LOST)])
@pytest.mark.parametrize(
    "profile",
    [
        Profile(liveness=LivenessPolicy(), welcomes=True),
        Profile(liveness=LivenessPolicy(), challenges=True),
    ],
)
def test_a_refusal_before_ready_ends_the_attempt(
    profile: Profile, auth: bool, cause: Cause
) -> None:
    book = opened(profile)
    book.skip()
    book.hear(Refused("no", auth=auth)) << CloseLink(1, 1001, "", abort=not auth)
    [down] = book.skip()
    assert isinstance(down, Deliver)
    assert isinstance(down.update, Down)
    assert down.update.cause is cause


@pytest.mark.parametrize(
    ("profile", "phase"),
    [
        (Profile(liveness=LivenessPolicy(), welcomes=True), "greeting"),
        (Profile(liveness=LivenessPolicy(), challenges=True), "authenticating"),
    ],
)
def test_every_phase_that_waits_for_the_venue_has_a_limit(profile: Profile, phase: str) -> None:
    book = opened(profile, Backoff(attempts=0))
    book.skip()
    book.wait(10) << CloseLink(1, 1001, "", abort=True)
    book << Down(Cause.LOST, f"timed out while {phase}", None)
    book.end()


def test_a_bootstrap_without_reply_is_a_lost_attempt() -> None:
    book = Playbook(PlainClient(fetches=True)) << Fetch(1, TOKEN)
    book >> FetchFailed(1, "no route") << Down(Cause.LOST, "no route", None)
    book.end()


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (AccessRefused("no such key"), Cause.REFUSED),
        (AccessRefused("too many", auth=False), Cause.LOST),
        (UnreadableFrame("no token in it"), Cause.LOST),
        (ConfigurationError("ping_interval is above 18 s"), Cause.CONFIGURATION),
    ],
)
def test_a_grant_that_cannot_be_used_ends_the_attempt(error: Exception, cause: Cause) -> None:
    dialect = PlainClient(fetches=True)
    book = Playbook(dialect) << Fetch(1, TOKEN)
    dialect.dials = error
    book >> Fetched(1, HttpReply(status=200)) << Down(cause, str(error), None)
    assert book.session.phase is Phase.CLOSED


# Coming back.


def test_after_a_loss_the_link_is_dialed_again_with_everything_fetched_anew() -> None:
    book = Playbook(PlainClient(fetches=True), backoff=AGAIN) << Fetch(1, TOKEN)
    book >> Fetched(1, HttpReply(status=200)) << Dial(1, "ws://venue.test/1")
    book >> LinkOpened(1) << Ready(1)
    book >> LinkClosed(1, 1001, "restarting")
    [down] = book.skip()
    assert isinstance(down, Deliver)
    assert isinstance(down.update, Down)
    assert down.update.reason == "the link closed with 1001: restarting"
    book.wait(1) << Fetch(2, TOKEN)
    book >> Fetched(2, HttpReply(status=200)) << Dial(2, "ws://venue.test/2")
    book >> LinkOpened(2) << Ready(2)
    assert book.session.counters.reconnects == 1


def test_news_of_a_dead_link_is_ignored() -> None:
    book = ready() >> LinkClosed(1)
    book.skip()
    book.hear(message(), link=1) >> LinkClosed(1) >> LinkOpened(1)
    book.wait(1) << Dial(2, "ws://venue.test/2")
    book >> LinkClosed(1)
    assert book.heard == []
    assert book.session.phase is Phase.DIALING
    book.end()


def test_wanted_channels_are_subscribed_again_and_the_hole_is_one_gap() -> None:
    book = subscribed().wait(5)
    book.hear(Heartbeat()).wait(2) >> LinkClosed(1)
    book.skip()
    book.wait(1)
    book.skip()
    book >> LinkOpened(2) << Ready(2) << b"subscribe 2 a"
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    book << Gap("a", EPOCH, EPOCH + 8, "the link closed with 1006")  # No pong proves more.
    assert book.session.counters.gaps == 1
    book.end()


def test_a_channel_that_was_never_active_has_no_gap() -> None:
    book = ready().subscribe("a") << b"subscribe 1 a"
    book >> LinkClosed(1)
    book.skip()
    book.wait(1)
    book.skip()
    book >> LinkOpened(2) << Ready(2) << b"subscribe 2 a"
    book.hear(Subscribed(2)) << updates.Subscribed("a")
    book.end()


@pytest.mark.parametrize(
    ("status", "cause"), [(401, Cause.REFUSED), (403, Cause.REFUSED), (502, Cause.LOST)]
)
def test_a_refused_upgrade_tells_why(status: int, cause: Cause) -> None:
    book = Playbook(PlainClient()) << Dial(1, "ws://venue.test/1")
    book >> LinkClosed(1, reply=HttpReply(status=status))
    book << Down(cause, f"the venue answered the upgrade with HTTP {status}", None)


def test_a_connection_that_cannot_be_made_says_why() -> None:
    book = Playbook(PlainClient()) << Dial(1, "ws://venue.test/1")
    book >> LinkClosed(1, reason="refused") << Down(Cause.LOST, "no connection: refused", None)


def test_retry_after_is_obeyed() -> None:
    book = Playbook(PlainClient(), backoff=AGAIN) << Dial(1, "ws://venue.test/1")
    book >> LinkClosed(1, reply=HttpReply(status=429, headers={"retry-after": "7"}))
    book << Down(Cause.LOST, "the venue answered the upgrade with HTTP 429", 7.0)
    book.wait(6.9).wait(0.1) << Dial(2, "ws://venue.test/2")


def test_a_refusal_is_not_retried_like_an_outage() -> None:
    backoff = Backoff(initial=0.1, limit=60.0)
    book = Playbook(PlainClient(), backoff=backoff) << Dial(1, "ws://venue.test/1")
    book >> LinkClosed(1, reply=HttpReply(status=401))
    book.skip()
    book.wait(29.9).end()


def test_a_link_that_was_stable_starts_the_backoff_anew() -> None:
    backoff = Backoff(initial=1.0, factor=1000.0, limit=1000.0, attempts=1)
    book = Playbook(PlainClient(), backoff=backoff) << Dial(1, "ws://venue.test/1")
    book >> LinkClosed(1)
    book.skip()
    book.wait(1) << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << Ready(2)
    book.wait(30) >> LinkClosed(2)
    book.skip()
    book.wait(1) << Dial(3, "ws://venue.test/3") >> LinkOpened(3) << Ready(3)
    book.wait(29) >> LinkClosed(3) << Down(Cause.LOST, "the link closed with 1006", None)


def test_a_shared_connect_budget_is_waited_for() -> None:
    shared = Budget(1, 60.0)
    first = ClientSession(PlainClient(), backoff=AGAIN, rng=Random(0), connects=shared)
    second = ClientSession(PlainClient(), backoff=AGAIN, rng=Random(0), connects=shared)
    first.connect(at(0))
    assert first.drain() == [Dial(1, "ws://venue.test/1")]
    second.connect(at(10))
    assert second.drain() == []
    assert second.deadline == 60
    second.handle(DeadlineReached(), at(59))
    assert second.drain() == []
    second.handle(DeadlineReached(), at(60))
    assert second.drain() == [Dial(1, "ws://venue.test/1")]


# Hearing.


def test_messages_of_wanted_channels_reach_the_application() -> None:
    book = subscribed()
    book.hear(message()).end()
    assert book.heard == [message()]


def test_messages_nobody_wants_any_more_are_counted_and_dropped() -> None:
    book = ready()
    book.hear(message("b")).end()
    assert book.heard == []
    assert book.session.counters.strays == 1


def test_first_data_is_the_acknowledgment_where_the_venue_has_no_other() -> None:
    book = ready().subscribe("a") << b"subscribe 1 a"
    book.hear(FirstMessage(1, message())) << updates.Subscribed("a")
    assert book.heard == [message()]


def test_an_unreadable_frame_is_reported_and_the_link_lives_on() -> None:
    book = ready().frame(b"what?") << Unreadable("not a number")
    assert book.session.phase is Phase.READY
    assert book.session.counters.unreadable == 1


def test_what_means_nothing_to_a_session_is_ignored() -> None:
    ready().hear(Ignored()).end()


# Wishes.


def test_a_wish_made_before_ready_is_kept() -> None:
    book = Playbook(PlainClient())
    book.skip()
    book.subscribe("a") >> LinkOpened(1) << Ready(1) << b"subscribe 1 a"


def test_the_same_wish_twice_is_asked_for_once() -> None:
    subscribed().subscribe("a").end()


def test_giving_up_a_channel_tells_the_venue_once() -> None:
    book = subscribed().unsubscribe("a") << b"unsubscribe 2 a"
    book.hear(Unsubscribed(2)) << updates.Unsubscribed("a")
    book.unsubscribe("a") << updates.Unsubscribed("a")
    book.end()


def test_giving_up_is_done_at_once_where_the_venue_confirms_nothing() -> None:
    profile = Profile(liveness=LivenessPolicy(), unsubscribes_silently=True)
    book = subscribed(profile=profile).unsubscribe("a")
    book << b"unsubscribe 2 a" << updates.Unsubscribed("a")
    book.end()


def test_a_bad_channel_is_the_callers_error() -> None:
    with pytest.raises(ConfigurationError, match="has a name"):
        ready().subscribe("")


def test_an_acceptance_is_whatever_the_request_asked_for() -> None:
    book = ready().subscribe("a") << b"subscribe 1 a"
    book.hear(Accepted(1)) << updates.Subscribed("a")
    book.unsubscribe("a") << b"unsubscribe 2 a"
    book.hear(Accepted(2)) << updates.Unsubscribed("a")


def test_a_token_refused_while_ready_ends_the_link() -> None:
    book = subscribed().hear(Refused("ESession:Invalid session", auth=True))
    book << CloseLink(1, 1001, "")
    book.skip()
    assert book.session.phase is Phase.WAITING


def test_a_heartbeat_channel_is_kept_on_our_own_account_and_not_reported() -> None:
    profile = Profile(liveness=LivenessPolicy(), heartbeat_channel="beat")
    book = ready(profile) << b"subscribe 1 beat"
    book.hear(Subscribed(1)).end()
    assert book.session.health(at(book.seconds)).channels == 0


def test_a_heartbeat_channel_that_is_also_asked_for_is_heard() -> None:
    profile = Profile(liveness=LivenessPolicy(), heartbeat_channel="beat")
    beat = Heartbeat(message("beat"))
    book = ready(profile) << b"subscribe 1 beat"
    book.hear(Subscribed(1)).hear(beat)
    assert book.heard == []
    book.subscribe("beat") << updates.Subscribed("beat")
    book.hear(beat)
    assert book.heard == [message("beat")]


def test_a_wish_is_given_up_with_the_link_it_was_to_be_given_up_on() -> None:
    book = subscribed().unsubscribe("a") << b"unsubscribe 2 a"
    book >> LinkClosed(1)
    [down, *rest] = book.skip()
    assert Deliver(updates.Unsubscribed("a")) in [down, *rest]


def test_only_becoming_ready_again_is_a_reconnect() -> None:
    book = Playbook(PlainClient(), backoff=AGAIN) << Dial(1, "ws://venue.test/1")
    book >> LinkClosed(1)
    book.skip()
    book.wait(1) << Dial(2, "ws://venue.test/2") >> LinkOpened(2) << Ready(2)
    assert book.session.counters.reconnects == 0


# The end.


def test_closing_is_the_last_update_and_final() -> None:
    book = ready().close() << CloseLink(1, 1000, "")
    book << Down(Cause.CLOSED, "closed by the application", None)
    book.close().end()
    assert book.session.deadline is None


def test_closing_between_two_links_closes_no_link() -> None:
    book = ready() >> LinkClosed(1)
    book.skip()
    book.close() << Down(Cause.CLOSED, "closed by the application", None)


def test_the_repr_shows_the_state() -> None:
    book = ready()
    assert repr(book.session) == "ClientSession(ready, link 1)"
    assert repr(book.session.strands[0]) == "Strand(ready, link 1)"
