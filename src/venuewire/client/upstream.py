"""What an inbox may ask of the session it belongs to."""

import logging

from venuewire.client.backfill import Filler
from venuewire.core.lifecycle import Phase
from venuewire.core.updates import Gap
from venuewire.transport.client_driver import ClientDriver
from venuewire.transport.mishaps import report

_logger = logging.getLogger("venuewire.client")


class Upstream:
    """See `inbox.Upstream`."""

    def __init__(self, driver: ClientDriver, filler: Filler | None) -> None:
        self._driver = driver
        self._filler = filler
        self._complaints: set[type[Exception]] = set()
        self.pause_reading = driver.pause_reading
        self.resume_reading = driver.resume_reading

    def give_up(self, channel: str) -> None:
        kernel = self._driver.session
        if kernel.phase is not Phase.CLOSED:
            self._driver.do(lambda now: kernel.unsubscribe(channel, now))

    def fill(self, gap: Gap) -> bool:
        return self._filler is not None and self._filler.begin(gap)

    def complain(self, error: Exception) -> None:
        """Each kind once: a function that fails for every message must not fill the log."""
        if type(error) not in self._complaints:
            self._complaints.add(type(error))
            report(_logger, "the key of Conflate", error)
