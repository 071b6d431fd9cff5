"""What each client of this folder is asked for, counts and prints.

    python -m bench.clients.NAME URL FRAMES [decoding]

It warms up on a tenth of the frames, then reads its own CPU time and the clock around the rest.
"""

import json
import sys
import time

from bench.measure import cpu_time


class Meter:
    def __init__(self) -> None:
        self.url, self.frames = sys.argv[1], int(sys.argv[2])
        self.decoding = "decoding" in sys.argv
        """Every ticker is to be made plain Python values; else its JSON in hand is enough."""
        self._seen = -self.frames // 10
        self._cpu = self._wall = 0

    def tick(self) -> bool:
        """A ticker has been received; True when it was the last that counts."""
        self._seen += 1
        if self._seen == 0:
            self._cpu, self._wall = cpu_time(), time.perf_counter_ns()
        elif self._seen == self.frames:
            self._print()
            return True
        return False

    def _print(self) -> None:
        cpu, wall = cpu_time() - self._cpu, time.perf_counter_ns() - self._wall
        print(json.dumps({"messages": self.frames, "cpu": cpu, "wall": wall}), flush=True)
