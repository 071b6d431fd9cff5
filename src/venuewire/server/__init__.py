"""The local venue: what applications and tests connect to instead of the real one."""

from venuewire.server.local_venue import LocalVenue

__all__ = ["LocalVenue"]
