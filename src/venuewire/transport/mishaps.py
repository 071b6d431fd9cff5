"""How an exception nobody expected is told.

Law: its type and where it happened, never its text: that may quote a frame, a key or a token.
"""

import logging
from traceback import format_tb


def report(logger: logging.Logger, doing: str, error: BaseException) -> None:
    if logger.isEnabledFor(logging.ERROR):
        places = "".join(format_tb(error.__traceback__))
        logger.error("%s failed: %s\n%s", doing, type(error).__name__, places)
