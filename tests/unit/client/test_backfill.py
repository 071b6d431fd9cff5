"""What may be chosen for filling gaps, and what may not; the rest is told over a real socket."""

from collections.abc import Callable

import pytest

from venuewire import Backfill, ConfigurationError


async def hook(_: object) -> None: ...


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: Backfill("rest"), "an async function of a Gap, not 'rest'"),  # type: ignore[arg-type]
        (lambda: Backfill(hook, timeout=0.0), "a timeout above 0 s"),
        (lambda: Backfill(hook, concurrency=0), "a concurrency above 0"),
    ],
)
def test_what_cannot_work_is_said_at_once(make: Callable[[], object], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        make()
