"""`venuewire serve --workers 2` as a process, and what can be seen of it from outside."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import aiohttp

from integration.cli.test_commands import ENVIRONMENT
from raw_peer import RawPeer, frame

PATIENCE: Final = 30.0
SPOT, FUTURES = "/kraken-spot/v2", "/kraken-futures/ws/v1"


class Company:
    def __init__(self, process: "subprocess.Popen[str]", ready: Any, log: Path) -> None:
        self.process = process
        self.base: str = ready["base"]
        self.credentials: Any = ready.get("credentials")
        self._log = log

    @property
    def workers(self) -> list[int]:
        """Their process ids."""
        pid = self.process.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return sorted(map(int, text.split()))

    @property
    def log(self) -> str:
        """What it has written to standard error."""
        return self._log.read_text()

    async def ask(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """On a connection of its own."""
        async with (
            asyncio.timeout(PATIENCE),
            aiohttp.ClientSession() as client,
            client.request(method, self.base + path, json=body, headers=headers) as reply,
        ):
            return reply.status, await reply.json()

    async def order(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = await self.ask(method, f"/control/{path}", body)
        assert status == 200, answer
        return answer

    async def connections(self) -> dict[str, int]:
        """Of each worker."""
        async with aiohttp.ClientSession() as client, client.get(f"{self.base}/metrics") as reply:
            text = await reply.text()
        found = re.findall(r'\nvenuewire_worker_connections\{worker="(\d+)"\} (\d+)', text)
        return {worker: int(number) for worker, number in found}

    @asynccontextmanager
    async def entered(self, path: str, number: int) -> AsyncIterator[list[RawPeer]]:
        """So many sessions, which the workers share evenly."""
        async with AsyncExitStack() as stack:
            yield [
                await stack.enter_async_context(await RawPeer.upgraded(self.base, path))
                for _ in range(number)
            ]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE)


@contextmanager
def company(directory: Path, *arguments: str, workers: int = 2) -> Iterator[Company]:
    """Ready, and gone afterwards with all its workers."""
    command = [sys.executable, "-m", "venuewire", "serve", "--json", "--workers", str(workers)]
    command += ["--listen", "127.0.0.1:0"] if "--listen" not in arguments else []
    log = directory / "log"
    with (
        log.open("a") as errors,
        subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env=ENVIRONMENT,
        ) as process,
    ):
        there: list[int] = []
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, log.read_text()
            made = Company(process, json.loads(line), log)
            there = made.workers
            yield made
        finally:
            process.kill()
            process.wait()
            for pid in there:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)


async def until(condition: Callable[[], bool | Awaitable[bool]]) -> None:
    """Of another process."""
    async with asyncio.timeout(PATIENCE):
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.02)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def told(peer: RawPeer, wanted: Callable[[Any], bool] = lambda _: True) -> Any:
    """The next message that is wanted."""
    while True:
        _, payload = await peer.frame()
        message = json.loads(payload)
        if wanted(message):
            return message


def say(peer: RawPeer, message: Any) -> None:
    peer.send(frame(json.dumps(message).encode()))


async def answers(peer: RawPeer) -> bool:
    """Whether a Kraken Spot session still does."""
    say(peer, {"method": "ping", "req_id": 7})
    try:
        await told(peer, lambda message: message.get("method") == "pong")
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    return True


async def hears_fills(peer: RawPeer, key: str, secret: str) -> bool:
    """Whether a Kraken Futures session is let to a private feed, by the documentation's formula."""
    say(peer, {"event": "challenge", "api_key": key})
    challenge = (await told(peer, lambda told: told.get("event") == "challenge"))["message"]
    digest = hashlib.sha256(challenge.encode()).digest()
    proof = hmac.new(base64.b64decode(secret), digest, hashlib.sha512).digest()
    signed = base64.b64encode(proof).decode()
    asked = {"api_key": key, "original_challenge": challenge, "signed_challenge": signed}
    say(peer, {"event": "subscribe", "feed": "fills", **asked})
    answer = await told(peer, lambda told: told.get("event") in {"subscribed", "error", "alert"})
    return bool(answer["event"] == "subscribed")
