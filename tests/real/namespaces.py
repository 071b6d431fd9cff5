"""Two network namespaces and a wire between them: a link that can really be half open.

    with Wire() as wire:
        venue = subprocess.Popen([*wire.at_venue, "venuewire", "serve", ...])
        client = subprocess.Popen([*wire.at_client, "venuewire", "watch", ...])
        with wire.dropping("down"):
            ...  # The connection is open at both ends, and the client hears nothing.

Law 1: nothing outside the two namespaces is touched: both ends of the wire are made inside them,
       and their addresses are of the block that RFC 5737 keeps for documentation.
Law 2: what is gone is gone without a word. A firewall drops where packets arrive, because a sender
       whose own firewall drops is told so by its system.
Law 3: leaving ends every process in the namespaces, and removes them.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from itertools import count
from types import TracebackType
from typing import Final, Literal, Self, TypeAlias

VENUE: Final = "192.0.2.1"
CLIENT: Final = "192.0.2.2"
TIMEOUT: Final = 10.0
"""Seconds for one command of the system."""

Way: TypeAlias = Literal["up", "down", "both"]
"""`up` is from the client to the venue."""

_numbers: Final = count(1)


def what_is_missing() -> str | None:
    """Why namespaces cannot be had here; None when they can."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return "network namespaces need root"
    for tool, package in (("ip", "iproute2"), ("nft", "nftables")):
        if shutil.which(tool) is None:
            return f"network namespaces need `{tool}`, which is in {package}"
    try:
        with Wire():
            return None
    except subprocess.CalledProcessError as error:
        return f"this kernel cannot: {error.stderr.strip()}"


class Wire:
    def __init__(self) -> None:
        name = f"venuewire-{os.getpid()}-{next(_numbers)}"
        self._venue, self._client = f"{name}-venue", f"{name}-client"
        self._stack = ExitStack()
        self.at_venue: Final = ("ip", "netns", "exec", self._venue)
        """Put before a command, it runs there."""
        self.at_client: Final = ("ip", "netns", "exec", self._client)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for name in (self._venue, self._client):
                _do("ip", "netns", "add", name)
                stack.callback(_remove, name)
            self._connect()
            self._stack = stack.pop_all()
        return self

    def _connect(self) -> None:
        ends = ("name", "wire", "netns", self._venue, "type", "veth")
        peer = ("peer", "name", "wire", "netns", self._client)
        _do("ip", "link", "add", *ends, *peer)
        for name, address in ((self._venue, VENUE), (self._client, CLIENT)):
            _do("ip", "-n", name, "address", "add", f"{address}/30", "dev", "wire")
            _do("ip", "-n", name, "link", "set", "lo", "up")
            _do("ip", "-n", name, "link", "set", "wire", "up")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    # Faults: each lasts until it is left.

    @contextmanager
    def dropping(self, way: Way) -> Iterator[None]:
        """By a firewall rule."""
        deaf = {"up": [self._venue], "down": [self._client], "both": [self._venue, self._client]}
        with ExitStack() as stack:
            for name in deaf[way]:
                _nft(name, "add table inet fault")
                stack.callback(_nft, name, "delete table inet fault")
                _nft(name, "add chain inet fault in { type filter hook input priority 0; }")
                _nft(name, 'add rule inet fault in iifname "wire" drop')
            yield

    def without_route(self) -> AbstractContextManager[None]:
        """The client's system no longer knows a way to the venue."""
        route = ("route", "{}", "blackhole", f"{VENUE}/32")
        return self._changed(self._client, route, "add", "delete")

    def unplugged(self) -> AbstractContextManager[None]:
        """The venue's end of the wire is down, the client's without a carrier."""
        return self._changed(self._venue, ("link", "set", "wire", "{}"), "down", "up")

    @contextmanager
    def _changed(self, name: str, words: Sequence[str], fault: str, cure: str) -> Iterator[None]:
        _do("ip", "-n", name, *(word.format(fault) for word in words))
        try:
            yield
        finally:
            _do("ip", "-n", name, *(word.format(cure) for word in words))


def _nft(name: str, rule: str) -> None:
    _do("ip", "netns", "exec", name, "nft", rule)


def _remove(name: str) -> None:
    for process in _do("ip", "netns", "pids", name).split():
        os.kill(int(process), signal.SIGKILL)
    _do("ip", "netns", "delete", name)


def _do(*command: str) -> str:
    """What it wrote. Raises `CalledProcessError`, with what it complained of."""
    return subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=TIMEOUT
    ).stdout
