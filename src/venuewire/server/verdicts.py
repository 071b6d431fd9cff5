"""What is to become of a connection that the primary has accepted and a worker serves.

Law: the number travels beside the connection; the words are the worker's.
"""

from typing import Final

from venuewire.core.http import HttpReply
from venuewire.transport.premises import Premises

SERVE: Final = 0
BUSY: Final = 1
"""There are too many connections."""
CROWDED: Final = 2
"""There are too many of its address."""


def unwanted(verdict: int, premises: Premises) -> HttpReply | None:
    """What it is told at once; None when it is served."""
    if verdict == SERVE:
        return None
    return premises.busy() if verdict == BUSY else premises.crowded()
