"""What every test may count on."""

import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """A command sets up logging for its process, and the import linter disables whatever loggers
    there are; the next test must not notice."""
    ours, root = logging.getLogger("venuewire"), logging.getLogger()
    level, handlers = ours.level, list(root.handlers)
    yield
    ours.setLevel(level)
    for name, logger in root.manager.loggerDict.items():
        if name.startswith(("venuewire", "asyncio")) and isinstance(logger, logging.Logger):
            logger.disabled = False
    for handler in [h for h in root.handlers if h not in handlers]:
        root.removeHandler(handler)
