"""Mutants of what stands between a session and the application that asks."""

from typing import Final

from mutation.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="lost messages are not told",
        file="client/inbox.py",
        old="        gaps[message.channel] = joined(gaps.get(message.channel), gap)\n",
        new="        del gap\n",
        breaks="inbox, law 3: each channel that lost some gets one `Gap`",
        tests=("unit/client/test_inbox.py",),
    ),
    Mutant(
        name="updates are lost with messages",
        file="client/inbox.py",
        old=("            if type(update) is Message:\n                if count"),
        new=("            if type(update) is not Gap:\n                if count"),
        breaks="inbox, law 3: no other update is lost",
        tests=("unit/client/test_inbox.py",),
    ),
    Mutant(
        name="a backlog has no weight",
        file="client/inbox.py",
        old="if len(queue) > self._room or self._weight > self._bytes_limit:",
        new="if len(queue) > self._room:",
        breaks="inbox, law 3: what waits is bounded, in bytes too",
        tests=("unit/client/test_inbox.py",),
    ),
    Mutant(
        name="two tasks share a session",
        file="client/inbox.py",
        old=(
            "        if self._waiter is not None:\n"
            '            raise LocalProtocolError("one task at a time may iterate '
            'over a session")\n'
        ),
        new="",
        breaks="one task at a time may iterate over a session",
        tests=("integration/client/test_delivery.py",),
    ),
    Mutant(
        name="one channel of a list is enough",
        file="client/waits.py",
        old="self._remaining = self._remaining - channels",
        new="self._remaining = set() if channels else self._remaining",
        breaks="a wait ends by the venue's word about all of several channels",
        tests=("unit/client/test_waits.py",),
    ),
    Mutant(
        name="what nobody waits for is kept",
        file="client/waits.py",
        old="            self._waits.discard(wait)\n",
        new="            pass\n",
        breaks="what nobody waits for any more is forgotten",
        tests=("unit/client/test_waits.py",),
    ),
    Mutant(
        name="any pong ends a wait",
        file="client/waits.py",
        old="        if ping in self._pings:",
        new="        if self._pings:",
        breaks="a wait for a pong ends by the pong to its ping",
        tests=("unit/client/test_waits.py",),
    ),
    Mutant(
        name="a lost link leaves its pings waiting",
        file="client/waits.py",
        old=(
            '            self.fail(NotLive(f"the link was lost before its pong: '
            '{update.reason}"))\n'
        ),
        new="            pass\n",
        breaks="each wait ends, by the loss of the link too",
        tests=("unit/client/test_waits.py",),
    ),
    Mutant(
        name="a refusal ends no wait",
        file="client/waits.py",
        old="                self.fail(AccessRefused(update.reason, auth=False))\n",
        new="                pass\n",
        breaks="each wait ends, by a refusal too",
        tests=("unit/client/test_waits.py",),
    ),
)
