"""How many files the system lets this process have open: each connection is one.

Law: a connection for which there is no descriptor cannot even be refused, so the limit of
connections stays below what the system allows.
"""

from contextlib import suppress
from typing import Final

try:
    import resource
except ImportError:  # Not a Unix: nothing is known of such a limit.
    resource = None  # type: ignore[assignment]

RESERVED: Final = 32
"""For whatever else a process has open: files, the event loop's own, a database."""


def descriptors() -> int | None:
    """How many this process may have; None where nobody says."""
    if resource is None:
        return None
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def raise_descriptors() -> None:
    """Ask for as many as the system would give. For a process that is a local venue and nothing
    else: a library does not do that to its host."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # Some name a limit that they do not grant.
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
