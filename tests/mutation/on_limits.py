"""Mutants of what holds peers back."""

from typing import Final

from mutation.mutant import Mutant

LIMITS: Final = ("integration/server/test_limits.py",)

MUTANTS: Final = (
    Mutant(
        name="one budget for all addresses",
        file="core/pacing.py",
        old="self._budgets.pop(key, None) or",
        new="self._budgets.pop(next(iter(self._budgets), key), None) or",
        breaks="a budget for each key",
        tests=("unit/core/test_pacing.py",),
    ),
    Mutant(
        name="addresses are remembered without end",
        file="core/pacing.py",
        old="if len(self._budgets) > REMEMBERED:",
        new="if len(self._budgets) > REMEMBERED * 1000:",
        breaks="however many keys there are, what is remembered of them is bounded",
        tests=("unit/core/test_pacing.py",),
    ),
    Mutant(
        name="nobody is told when to come again",
        file="core/http.py",
        old="retry_after=str(max(1, ceil(wait)))",
        new="",
        breaks="`too many requests`, for so many more seconds",
        tests=("venues/kraken_spot/test_limits.py",),
    ),
    Mutant(
        name="an address may have one connection more",
        file="transport/premises.py",
        old="self.guests.of(address) >= most:",
        new="self.guests.of(address) > most:",
        breaks="`connections_per_address`: at once; one more is told 429",
        tests=LIMITS,
    ),
    Mutant(
        name="an address keeps the places of those who left",
        file="transport/guests.py",
        old="            self._by_address[address] -= 1\n",
        new="            self._by_address[address] -= 0\n",
        breaks="`connections_per_address`: at once",
        tests=LIMITS,
    ),
    Mutant(
        name="who is turned away takes a place",
        file="transport/door_sniffer.py",
        old="        premises.turned_away.enter(self)\n",
        new="        premises.guests.enter(self)\n",
        breaks="those who are being told take no place of those who are served",
        tests=LIMITS,
    ),
    Mutant(
        name="descriptors are not minded",
        file="transport/premises.py",
        old="min(limits.connections, room)",
        new="limits.connections",
        breaks="the limit of connections stays below what the system allows",
        tests=LIMITS,
    ),
    Mutant(
        name="without descriptors it spins",
        file="transport/acceptor.py",
        old="        self._loop.remove_reader(listening)\n        self._pauses",
        new="        self._pauses",
        breaks="acceptor, law 1: without descriptors nothing is accepted for a while",
        tests=("unit/transport/test_acceptor.py",),
    ),
    Mutant(
        name="without descriptors it accepts no more for good",
        file="transport/acceptor.py",
        old="self._loop.call_later(_PAUSE, self._resume, listening)",
        new="self._loop.call_later(_PAUSE * 1e6, self._resume, listening)",
        breaks="acceptor, law 1: whoever waits is served afterwards",
        tests=("unit/transport/test_acceptor.py",),
    ),
    Mutant(
        name="handshakes are not counted",
        file="transport/introducer.py",
        old="self._has_room(len(self._arriving))",
        new="self._has_room(0)",
        breaks="introducer, law 1: connections that are not yet anybody's are counted too",
        tests=("integration/server/test_tls.py",),
    ),
)
