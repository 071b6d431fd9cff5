"""Attackers in a process of their own, a served venue in another, and beside them a probe: an
honest session whose pings are timed.

Law 1: an attack counts only when it was one: what the attackers did is told in numbers.
Law 2: afterwards the venue lives, counts no failure, has said nothing on standard error, and is as
       empty as before; meanwhile its memory stays below `MEMORY`.
"""

import asyncio
import socket
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
import trustme
from msgspec import Struct

from endurance.attackers import ATTACKS, Order
from endurance.fuzz import connections, percentiles, wrong_with
from endurance.served import ENVIRONMENT, PATIENCE, Served
from raw_peer import frame, upgrade

SECONDS: Final = 12.0
"""Of each attack: longer than any patience of the venue with a client that dawdles."""
BOUND: Final = 0.25
"""Seconds in which 99 of 100 pings of the probe are answered."""
MEMORY: Final = 400 * 2**20
"""Bytes: what so many attackers may make the venue hold by its limits."""
BETWEEN_PINGS: Final = 0.002
LEAVING: Final = 90.0
"""Seconds for the venue to be rid of all attackers, and of what their systems still send."""
_PUBLISHED: Final = {"venue": "kraken-spot", "channel": "ticker:BTC/USD"}
_TOLD_TO: Final = "subscribers that never read"
CONFIGURATION: Final = "[terms.kraken-spot]\nmax_sessions = 20000"


class Outcome(Struct, frozen=True, kw_only=True):
    attack: str
    attackers: int
    done: dict[str, int]
    pings: int
    latencies: tuple[float, float, float]
    """Seconds: the median, the 99th of 100, the longest."""
    memory: int
    """Bytes at most."""
    objections: list[str]


class Probe:
    """A blocking session of its own thread: no loop stands between it and the clock."""

    def __init__(self, served: Served, certificate: str | None) -> None:
        stream: socket.socket = socket.create_connection(served.address, PATIENCE)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if certificate is not None:
            context = ssl.create_default_context(cafile=certificate)
            stream = context.wrap_socket(stream, server_hostname="localhost")
        self._stream = stream
        self._number = 0
        self._heard = b""
        self.latencies: list[float] = []
        stream.sendall(upgrade("/kraken-spot/v2"))
        self._until(b"\r\n\r\n")

    def ping(self) -> None:
        """Raises `OSError` when it is cut off, or not answered within `PATIENCE`."""
        self._number += 1
        began = time.perf_counter()
        self._stream.sendall(frame(b'{"method":"ping","req_id":%d}' % self._number))
        self._until(b'"req_id":%d,' % self._number)
        self.latencies.append(time.perf_counter() - began)

    def _until(self, mark: bytes) -> None:
        while mark not in self._heard:
            data = self._stream.recv(65536)
            if not data:
                raise ConnectionResetError("the venue has hung up on the probe")
            self._heard = (self._heard + data)[-4096:]
        self._heard = self._heard.partition(mark)[2]

    def close(self) -> None:
        self._stream.close()


def run(attack: str, seconds: float = SECONDS, strength: float = 1.0) -> Outcome:
    with _certified(attack) as (options, certificate), Served(CONFIGURATION, *options) as served:
        probe = Probe(served, certificate)
        most = [served.vitals().memory]
        objections: list[str] = []
        over = threading.Event()
        watching = threading.Thread(target=_watch, args=(served, attack, most, over))
        watching.start()
        try:
            done = asyncio.run(_attacked(served, attack, seconds, strength, probe))
            _see_them_off(served, probe)
            objections += wrong_with(served)
        except (OSError, AssertionError) as error:
            done = {}
            objections += [repr(error), *wrong_with(served)]
        finally:
            over.set()
            watching.join()
            probe.close()
        if max(most) > MEMORY:
            objections.append(f"{max(most) / 2**20:.0f} MB of memory")
        return Outcome(
            attack=attack,
            attackers=max(1, round(ATTACKS[attack][0] * strength)),
            done=done,
            pings=len(probe.latencies),
            latencies=percentiles(sorted(probe.latencies)),
            memory=max(most),
            objections=objections,
        )


async def _attacked(
    served: Served, attack: str, seconds: float, strength: float, probe: Probe
) -> dict[str, int]:
    """What the attackers did, while the probe pings."""
    host, port = served.address
    order = Order(attack, host, port, seconds, strength)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "endurance.attackers", msgspec.json.encode(order).decode()),
        stdout=asyncio.subprocess.PIPE,
        env=ENVIRONMENT,
    )
    telling = asyncio.create_task(process.communicate())
    try:
        await asyncio.to_thread(_ping_on, probe, telling.done)
        told, _ = await telling
        assert process.returncode == 0, "the attackers have failed"
        return msgspec.json.decode(told, type=dict[str, int])
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _ping_on(probe: Probe, over: Callable[[], bool]) -> None:
    while not over():
        probe.ping()
        time.sleep(BETWEEN_PINGS)


def _watch(served: Served, attack: str, most: list[int], over: threading.Event) -> None:
    """Measure; and publish, where the attack is about that."""
    large = {**_PUBLISHED, "payload": {"text": "x" * 50_000}}
    while not over.wait(0.02):
        most.append(served.vitals().memory)
        if attack == _TOLD_TO:
            served.ask("POST", "/control/publish", large)


def _see_them_off(served: Served, probe: Probe) -> None:
    until = time.monotonic() + LEAVING
    while (left := connections(served)) > 1:
        assert time.monotonic() < until, f"{left - 1} attackers are still there"
        probe.ping()
        time.sleep(0.05)


@contextmanager
def _certified(attack: str) -> Iterator[tuple[tuple[str, ...], str | None]]:
    """Options of `serve`, and whom the probe trusts; nothing where there is no TLS."""
    if "TLS" not in attack:
        yield (), None
        return
    authority = trustme.CA()
    own = authority.issue_cert("localhost", "127.0.0.1")
    with tempfile.TemporaryDirectory() as folder:
        key, chain, trusted = (Path(folder, name) for name in ("key", "chain", "trusted"))
        own.private_key_pem.write_to_path(key)
        for number, blob in enumerate(own.cert_chain_pems):
            blob.write_to_path(chain, append=number > 0)
        authority.cert_pem.write_to_path(trusted)
        yield ("--tls-cert", str(chain), "--tls-key", str(key)), str(trusted)
