"""What may be chosen for a channel, and what may not."""

from collections.abc import Callable

import pytest

from venuewire.core.delivery import Block, Conflate, Delivery, DropOldest, Fail, checked
from venuewire.core.errors import ConfigurationError


@pytest.mark.parametrize("delivery", [DropOldest(), Conflate(), Conflate(by=str), Fail(1), Block()])
def test_each_has_its_defaults(delivery: Delivery) -> None:
    assert checked(delivery) is delivery


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: DropOldest(0), r"DropOldest\(limit=0\): at least 1"),
        (lambda: Fail(-1), r"Fail\(limit=-1\): at least 1"),
        (lambda: Conflate(limit=0), r"Conflate\(limit=0\): at least 1"),
        (
            lambda: Conflate(by="symbol"),  # type: ignore[arg-type]
            r"Conflate\(by='symbol'\): a function from a message",
        ),
        (lambda: Block(0), r"Block\(limit=0\): at least 1"),
        (lambda: Block(patience=0.0), r"Block\(patience=0.0\): above 0 s and at most 20 s"),
        (lambda: Block(patience=20.1), r"Block\(patience=20.1\): above 0 s and at most 20 s"),
        (lambda: checked(Block), "delivery is one of DropOldest"),
        (lambda: checked("latest"), "not 'latest'"),
    ],
)
def test_what_cannot_work_is_said_at_once(make: Callable[[], object], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        make()
