"""The client: `connect`, and the `Session` it gives."""

from venuewire.client.session import Session, connect

__all__ = ["Session", "connect"]
