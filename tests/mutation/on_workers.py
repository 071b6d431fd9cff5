"""Mutants of what makes several processes one venue, and of what outlives them."""

from typing import Final

from mutation.mutant import Mutant

ONE_VENUE: Final = ("integration/workers/test_one_venue.py",)
LIFE: Final = ("integration/workers/test_life.py",)

MUTANTS: Final = (
    Mutant(
        name="one worker gets all connections",
        file="server/placement.py",
        old="for mate in sorted(able, key=lambda mate: mate.connections):",
        new="for mate in able:",
        breaks="placement, law 1: a connection goes to the worker that has the fewest",
        tests=ONE_VENUE,
    ),
    Mutant(
        name="sessions of two workers have the same number",
        file="transport/hall.py",
        old="        self.floor.count_from(number)\n",
        new="",
        breaks="a session's number is unique at its venue",
        tests=ONE_VENUE,
    ),
    Mutant(
        name="what is done everywhere is told by everybody",
        file="server/traveling_journal.py",
        old="        self._is_muted = True\n",
        new="",
        breaks="what is done everywhere is told once, by the primary",
        tests=ONE_VENUE,
    ),
    Mutant(
        name="what a session makes known stays with its worker",
        file="server/worker.py",
        old="                self._send(acts.Learned(hall.venue.name, key, value))\n",
        new="                pass\n",
        breaks="a Kraken Spot token in use stays good at every worker",
        tests=ONE_VENUE,
    ),
    Mutant(
        name="what a session makes known stops at the primary",
        file="transport/hall.py",
        old="        self.record(acts.Learned(self.venue.name, key, value))\n",
        new="",
        breaks="a Kraken Spot token in use stays good at every worker",
        tests=ONE_VENUE,
    ),
    Mutant(
        name="every client of a worker is from this machine",
        file="transport/http_tunnel.py",
        old='        client=scope.get("client"),\n',
        new='        client=("127.0.0.1", 1),\n',
        breaks="http_tunnel, law 1: where a request comes from is told beside it",
        tests=("unit/transport/test_http_tunnel.py",),
    ),
    Mutant(
        name="a stuck worker survives",
        file="cli/worker.py",
        old="prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)",
        new="prctl(_PR_SET_PDEATHSIG, 0)",
        breaks="without its primary a worker ends, also when it is stuck",
        tests=LIFE,
    ),
    Mutant(
        name="a worker obeys whoever signals to the group",
        file="cli/worker.py",
        old="        signal.signal(number, signal.SIG_IGN)\n",
        new="        pass\n",
        breaks="a signal to the whole group is the primary's to understand",
        tests=LIFE,
    ),
    Mutant(
        name="a worker that is stuck is waited for",
        file="server/crew.py",
        old="late = since is not None and now - max(since, mate.ready_at) > PATIENCE",
        new="late = False",
        breaks="crew, law 2: a worker that keeps others waiting is killed",
        tests=LIFE,
    ),
    Mutant(
        name="a token is given before its nonce is kept",
        file="transport/hall.py",
        old="                await self.settle()\n",
        new="                pass\n",
        breaks="when it leaves, what it uses up is kept",
        tests=("integration/server/test_kills_of_tokens.py",),
    ),
    Mutant(
        name="a nonce is forgotten by a restart",
        file="venues/kraken_spot/floor.py",
        old='        self.touch("nonce", key_id)\n',
        new="",
        breaks="a nonce is used once per key, also over a restart",
        tests=("venues/kraken_spot/test_keys.py",),
    ),
    Mutant(
        name="the key of tokens is forgotten by a restart",
        file="venues/kucoin/floor.py",
        old="            self.touch(*TOKEN_KEY)\n",
        new="            pass\n",
        breaks="a token is good as long as it says",
        tests=("venues/kucoin/test_keys.py",),
    ),
    Mutant(
        name="what was expired is good after a restart",
        file="core/floor.py",
        old="        self.touch(*ELAPSED)\n",
        new="",
        breaks="how far an operator has let time pass: what is too old stays too old",
        tests=("unit/core/test_floor.py", "venues/kucoin/test_keys.py"),
    ),
    Mutant(
        name="a reload lets in who was put out",
        file="server/configuration.py",
        old="if each not in old and each.credentials.api_key not in revoked]",
        new="if each not in old]",
        breaks="what was done by orders meanwhile stays done",
        tests=("integration/workers/test_reload.py",),
    ),
)
