"""What happens to messages of a channel when the application is slower than the venue.

    DropOldest   the newest are kept
    Conflate     of each key the newest is kept
    Fail         the channel is given up
    Block        the venue is not read until the application has caught up

Law: whichever is chosen, what waits is bounded, and whatever is not delivered is counted and told
by a `Gap`.
"""

from collections.abc import Callable, Hashable
from typing import Final, TypeAlias

from msgspec import Struct

from venuewire.core.errors import ConfigurationError
from venuewire.core.messages import Message

LONGEST_PATIENCE: Final = 20.0
"""Seconds. A venue that is not read for longer hears nothing to its own pings, or can't send what
it has, and cuts the link."""


class DropOldest(Struct, frozen=True):
    """Beyond `limit` the oldest message goes. For streams whose recent part is what counts.

    Raises `ConfigurationError`, as the others do, for what cannot work.
    """

    limit: int = 65_536
    """Messages of one channel that may wait."""

    def __post_init__(self) -> None:
        _check_limit(self)


class Conflate(Struct, frozen=True):
    """A message takes the place of the one with the same key that still waits. For what replaces
    itself: tickers, balances, funding rates; not for trades, nor for changes of a book."""

    by: Callable[[Message], Hashable] | None = None
    """The key; None means that the whole channel is one. Called in the order of arrival, and never
    where the socket is read; where it raises, the key is None."""
    limit: int = 4_096
    """Keys of one channel that may wait; beyond it the one that has waited longest goes."""

    def __post_init__(self) -> None:
        _check_limit(self)
        if self.by is not None and not callable(self.by):
            raise ConfigurationError(
                f"Conflate(by={self.by!r}): a function from a message to its key"
            )


class Fail(Struct, frozen=True):
    """Beyond `limit` the channel is given up: what waits is delivered, then a `Gap` and `Overrun`
    tell, and the session unsubscribes. For streams that are worthless with a hole in them."""

    limit: int = 65_536
    """Messages of one channel that may wait."""

    def __post_init__(self) -> None:
        _check_limit(self)


class Block(Struct, frozen=True):
    """From `limit` on the venue is no longer read, until half of it is left: it is the venue's
    turn to wait. For bursts that must be heard whole.

    All channels of the session wait, and the answers to its requests and pings too. So this is
    for as long as a burst takes, `patience`; after that the session reads on and drops the oldest,
    until the application has caught up. A venue cuts those who are slower than it on the whole.
    """

    limit: int = 1_024
    """Messages of one channel that may wait, and beyond them only what was read with the last."""
    patience: float = 5.0
    """Seconds that reading may pause at a time; at most 20."""

    def __post_init__(self) -> None:
        _check_limit(self)
        if not 0.0 < self.patience <= LONGEST_PATIENCE:
            raise ConfigurationError(
                f"Block(patience={self.patience!r}): above 0 s and at most {LONGEST_PATIENCE:g} s"
            )


Delivery: TypeAlias = DropOldest | Conflate | Fail | Block


def checked(delivery: object) -> Delivery:
    """Raises `ConfigurationError` for what is no `Delivery`."""
    if isinstance(delivery, Delivery):
        return delivery
    known = "DropOldest(), Conflate(), Fail() or Block()"
    raise ConfigurationError(f"delivery is one of {known}, not {delivery!r}")


def _check_limit(delivery: Delivery) -> None:
    if delivery.limit < 1:
        raise ConfigurationError(f"{type(delivery).__name__}(limit={delivery.limit!r}): at least 1")
