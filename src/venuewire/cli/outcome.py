"""How a command ends, and how what went wrong is told."""

from typing import Final

SUCCESS: Final = 0
FAILURE: Final = 1
"""Everything was understood and done, and the verdict is no."""
USAGE: Final = 2
"""What was asked for makes no sense."""


class CommandFailed(Exception):
    """Ends a command; the text is one line and names the cause."""

    status = FAILURE


class WrongUsage(CommandFailed):
    """An argument, a file or a combination of them that cannot work."""

    status = USAGE
