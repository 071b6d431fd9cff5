"""Mutants of the venue's half of a session, and of the values both halves share."""

from typing import Final

from mutation.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="an excerpt quotes credentials",
        file="core/secrets.py",
        old='(b"api_key", b"signed_challenge", b\'"token"\')',
        new="(b'\"token\"',)",
        breaks="frames that carry credentials or tokens are not quoted at all",
        tests=("unit/core/test_secrets.py",),
    ),
    Mutant(
        name="a URL shows its token",
        file="core/secrets.py",
        old="(token|signature|",
        new="(signature|",
        breaks="every secret in a URL is replaced",
        tests=("unit/core/test_commands.py",),
    ),
    Mutant(
        name="credentials print the key",
        file="core/secrets.py",
        old='return f"Credentials({HIDDEN})"',
        new='return f"Credentials({self.api_key})"',
        breaks="the `repr` of credentials shows no part of any of them",
        tests=("unit/core/test_secrets.py",),
    ),
    Mutant(
        name="a request prints its query",
        file="core/http.py",
        old="redact_url(self.url)",
        new="self.url",
        breaks="secrets are never in a `repr`",
        tests=("unit/core/test_commands.py",),
    ),
    Mutant(
        name="a closed session still hears",
        file="core/server_session.py",
        old=("        if self.closing is not None:\n            return\n        self.heard_at"),
        new="        self.heard_at",
        breaks="server session, law 3: after `close`, nothing that still arrives is heard",
        tests=("unit/core/test_server_session.py",),
    ),
    Mutant(
        name="PING frames keep every session alive",
        file="core/server_session.py",
        old=(
            "        if self.terms.control_ping_counts:\n            self.heard_at = now.monotonic"
        ),
        new="        self.heard_at = now.monotonic",
        breaks=(
            "`control_ping_counts`: only where the venue says so is a PING frame a sign of life"
        ),
        tests=("unit/core/test_server_session.py",),
    ),
    Mutant(
        name="sessions live for ever",
        file="core/server_session.py",
        old=("self.cut_at = None if terms.lifetime is None else now.monotonic + terms.lifetime"),
        new="self.cut_at = None",
        breaks="`lifetime`: a session is cut this long after it began",
        tests=("unit/core/test_server_session.py",),
    ),
    Mutant(
        name="messages do not reset the idle timer",
        file="core/server_session.py",
        old=("        self.heard_at = now.monotonic\n        if self._budget"),
        new="        if self._budget",
        breaks="`idle_timeout`: hang up on a client that has sent nothing for this long",
        tests=("unit/core/test_server_session.py",),
    ),
    Mutant(
        name="the session wakes for its last deadline",
        file="core/server_session.py",
        old="min(due, default=None)",
        new="max(due, default=None)",
        breaks="server session, law 2: `deadline` is a lower bound",
        tests=("unit/core/test_server_session.py",),
    ),
    Mutant(
        name="a heartbeat is due and nobody is woken",
        file="core/server_session.py",
        old=(
            "        if self.deadline is None or at < self.deadline:\n"
            "            self.deadline = at\n"
        ),
        new="",
        breaks="`beat_from`: the dialect's `beat` is called at this time",
        tests=("unit/core/test_server_session.py",),
    ),
    Mutant(
        name="a stamp of the last second",
        file="core/stamps.py",
        old="if not 0.0 <= micros < 1e6:",
        new="if not 0.0 <= micros <= 1e6:",
        breaks="a stamp has six fractional digits",
        tests=("unit/core/test_stamps.py",),
    ),
    Mutant(
        name="a suspect link is good enough for an order",
        file="core/health.py",
        old="if self.verdict is not Verdict.ALIVE:",
        new="if self.verdict is Verdict.DEAD:",
        breaks="`assert_live` raises unless the session is beyond suspicion",
        tests=("unit/core/test_health.py",),
    ),
    Mutant(
        name="the age of evidence does not matter",
        file="core/health.py",
        old="if self.frame_age is None or self.frame_age > max_age:",
        new="if self.frame_age is None:",
        breaks="`assert_live` raises unless the session was heard within `max_age`",
        tests=("unit/core/test_health.py",),
    ),
    Mutant(
        name="a lost session still hears",
        file="core/floor.py",
        old=("        self.subscribers.leave(session)\n        self.sessions.pop"),
        new="        self.sessions.pop",
        breaks="whoever leaves the floor is subscribed to nothing",
        tests=("unit/core/test_server_session.py",),
    ),
    Mutant(
        name="sessions outlive their key",
        file="core/floor.py",
        old="            self.expel(session, now)\n",
        new="            pass\n",
        breaks="floor, law 3: a revoked key ends what it has opened",
        tests=("unit/core/test_floor.py",),
    ),
    Mutant(
        name="the account's last words are told to its next owner",
        file="core/floor.py",
        old="            self.forget(account.name)\n",
        new="            pass\n",
        breaks="what was published to an account alone goes with its last key",
        tests=("venues/kraken_spot/test_keys.py",),
    ),
    Mutant(
        name="a closing session is spoken to",
        file="core/floor.py",
        old="tuple([session for session in sessions if session.closing is None])",
        new="tuple(sessions)",
        breaks="server session, law 3: after `close`, nothing more is said",
        tests=("unit/core/test_floor.py",),
    ),
)
