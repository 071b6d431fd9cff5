"""The client: `connect`, and the `Session` it gives."""

from venuewire.client.backfill import Backfill
from venuewire.client.session import Session, connect

__all__ = ["Backfill", "Session", "connect"]
