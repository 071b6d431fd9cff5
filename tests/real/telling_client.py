"""A client in a process of its own, which tells each update as one JSON line.

    python tests/real/telling_client.py '{"kucoin": {"url": "http://...", "ping_interval": 1.0}}'

By venue, `connect`'s options as JSON has them, and `backoff_limit`; credentials are the demo
account's, channels the watched ones. `at` is the system's monotonic clock: all processes share it.

Law: it ends by itself after `LONGEST` seconds, whatever became of whoever started it.
"""

import asyncio
import sys
import time
from typing import Any, Final

import msgspec

import venuewire
from venuewire.cli.lines import fields_of, name_of, say_json
from venuewire.demo import CREDENTIALS
from venuewire.venues import venue as venue_named

LONGEST: Final = 300.0


async def tell(name: str, options: dict[str, Any]) -> None:
    limit = options.pop("backoff_limit", None)
    backoff = venuewire.Backoff() if limit is None else venuewire.Backoff(limit=limit)
    session = venuewire.connect(name, credentials=CREDENTIALS[name], backoff=backoff, **options)
    for channel in venue_named(name).watched:
        session.want(channel)
    async with session:
        async for update in session:
            moment = {"venue": name, "at": time.monotonic(), "update": name_of(update)}
            say_json({**moment, "fields": fields_of(update)})


async def main() -> None:
    asked = msgspec.json.decode(sys.argv[1], type=dict[str, dict[str, Any]])
    async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as group:
        for name, options in asked.items():
            group.create_task(tell(name, options))


if __name__ == "__main__":
    asyncio.run(main())
