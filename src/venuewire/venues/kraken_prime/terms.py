"""What a local Kraken Prime lives by.

Law: every number here that no page states is marked *invented*.
"""

from typing import Literal

from venuewire.core.terms import Edition, Terms


class KrakenPrimeTerms(Terms, frozen=True, kw_only=True):
    """No idle rule, heartbeat, lifetime or request limit is published, so none is kept: "They are
    not required to keep the session alive"."""

    logical_host: str = "wss.prime.kraken.com"
    """A signature over this host is accepted whatever name the local venue was reached by."""
    timestamp_window: float = 30.0
    """Seconds `ApiTimestamp` may be off, either way. Invented."""
    refuses_replays: bool = False
    """A key's `ApiTimestamp` is good once. Off, because the official sample's timestamps are whole
    seconds: two sessions in one second would be one too many."""
    pong_seq_num: Literal[0] | None = None
    """ "Sequence number, always 0 for ping/pong when present"; None leaves it out."""
    max_subscribe_bytes: int = 16_384
    """Of one subscription's `reqid`, `tag` and `streams` together, which are remembered. Invented.
    """
    max_states: int = 10_000
    """Published states that are remembered for later subscribers. Invented."""

    @property
    def admits_anonymous(self) -> bool:
        """The pages call some channels public, and also say that every connection must be
        authenticated: the editions differ in whom they believe."""
        return self.edition == "documented"


def terms(edition: Edition) -> KrakenPrimeTerms:
    return KrakenPrimeTerms(edition=edition)
