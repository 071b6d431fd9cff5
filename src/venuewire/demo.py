"""The accounts that every local venue has when no accounts are named.

Published constants: they open nothing but a local venue.
"""

from typing import Final

from venuewire.core.secrets import Credentials
from venuewire.venues import venues

CREDENTIALS: Final[dict[str, Credentials]] = {name: venue.demo for name, venue in venues().items()}
"""By the name of the venue."""
