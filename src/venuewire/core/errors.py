"""The errors this library raises, and nothing else does.

* VenuewireError
    * ConfigurationError: an option, a file or a combination of them that cannot work
        * NotHere: it names something that a local venue does not have
    * LocalProtocolError: we broke the rules; a bug in the caller
    * RemoteProtocolError: the peer broke the rules
        * UnreadableFrame: it sent something that is not in its dialect
    * AccessRefused: the venue answered, and the answer is no
    * NotKept: a local venue did it, and could not write it to its state file
    * NotLive: a session that had to be provably alive was not

Foreign exceptions (sockets, TLS, HTTP, JSON) are mapped to these, or to events, where they arise.
No message of these errors contains a secret.
"""

from typing import Literal, TypeAlias

Thing: TypeAlias = Literal["venue", "session", "fault", "account", "notification"]


class VenuewireError(Exception):
    pass


class ConfigurationError(VenuewireError, ValueError):
    """Names the option at fault and what would be accepted."""


class NotHere(ConfigurationError):
    """A venue, or something of a venue's, by a name that none has."""

    def __init__(self, what: Thing, text: str) -> None:
        super().__init__(text)
        self.what = what


class LocalProtocolError(VenuewireError):
    pass


class RemoteProtocolError(VenuewireError):
    pass


class UnreadableFrame(RemoteProtocolError):
    """Scoped to one frame: the link lives on. The text never quotes more than 80 characters."""


class AccessRefused(VenuewireError):
    """The venue refused a token, a key, a signature or a connection."""

    def __init__(self, reason: str, *, auth: bool = True, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.auth = auth
        """The credentials are at fault, so trying again soon cannot help."""
        self.retry_after = retry_after
        """Seconds the venue asked us to stay away; None when it did not say."""


class NotKept(VenuewireError):
    """Names the file and the reason. What was done stands until the process ends."""


class NotLive(VenuewireError):
    """Carries the evidence that was missing, as text."""
