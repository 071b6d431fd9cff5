"""Mutants of what judges a link: liveness, and how long a phase may last."""

from typing import Final

from mutation.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="frames clear an overdue pong",
        file="core/liveness.py",
        old="if self._doubt is _Doubt.NONE or (self._doubt is _Doubt.PONG and not pong):",
        new="if self._doubt is _Doubt.NONE:",
        breaks="liveness, law 2: an overdue pong is disproved only by a pong",
        tests=("unit/core/test_client_session_liveness.py",),
    ),
    Mutant(
        name="frames do not clear a silence",
        file="core/liveness.py",
        old="if self._doubt is _Doubt.NONE or (self._doubt is _Doubt.PONG and not pong):",
        new="if self._doubt is _Doubt.NONE or not pong:",
        breaks="liveness, law 2: silence is disproved by any frame",
        tests=("unit/core/test_client_session_liveness.py",),
    ),
    Mutant(
        name="a second overdue pong is not dead",
        file="core/liveness.py",
        old=("        self.verdict = Verdict.DEAD\n        return Judgment.DEAD"),
        new="        return Judgment.PING",
        breaks="liveness, law 1: an unanswered probe kills",
        tests=("unit/core/test_client_session_liveness.py",),
    ),
    Mutant(
        name="the probe inherits the first ping's time",
        file="core/liveness.py",
        old="            self._awaited = None  # The probe has a time of its own.\n",
        new="",
        breaks="liveness, law 1: the probe has a time of its own",
        tests=("unit/core/test_client_session_liveness.py",),
    ),
    Mutant(
        name="our own delay is the venue's fault",
        file="core/grace.py",
        old="LAG_TOLERANCE: Final = 0.25",
        new="LAG_TOLERANCE: Final = 25.0",
        breaks="liveness, law 3: when we were woken late, the venue is not blamed",
        tests=("unit/core/test_liveness.py",),
    ),
    Mutant(
        name="no time to read what was waiting",
        file="core/grace.py",
        old="self.begin(LAG_GRACE, now)",
        new="self.begin(0.0, now)",
        breaks="liveness, law 3: we read first what has been waiting for us",
        tests=("unit/core/test_liveness.py",),
    ),
    Mutant(
        name="the same delay is excused for ever",
        file="core/grace.py",
        old="if due <= self.began or late <= LAG_TOLERANCE:",
        new="if late <= LAG_TOLERANCE:",
        breaks="grace, law 1: what was overdue when it began is not excused again",
        tests=("unit/core/test_grace.py",),
    ),
    Mutant(
        name="a delay of ours is excused once in the life of a link",
        file="core/grace.py",
        old="if due <= self.began or late <= LAG_TOLERANCE:",
        new="if self.lag or due <= self.began or late <= LAG_TOLERANCE:",
        breaks="grace, law 2: what falls due later is excused anew",
        tests=("unit/core/test_grace.py",),
    ),
    Mutant(
        name="nobody hears that we were late",
        file="core/liveness.py",
        old="(lagged_at := self.grace.lagged_at) is not None and lagged_at > self.heard.monotonic",
        new="(lagged_at := self.grace.lagged_at) is not None and lagged_at < 0",
        breaks="our own lag is evidence",
        tests=("unit/core/test_client_session_liveness.py",),
    ),
    Mutant(
        name="an answer that waits to be read is overdue",
        file="core/reconciler.py",
        old="return due is None or self._session.liveness.grace.excuses(due, now)",
        new="return due is None",
        breaks="reconciler, law 4: what is overdue because we came late is not judged at once",
        tests=("unit/core/test_reconciler.py",),
    ),
    Mutant(
        name="a handshake that waits to be read has timed out",
        file="core/lifecycle.py",
        old="if self.phase in PATIENCE and self._grace.excuses(self.deadline, now):",
        new="if self.phase not in PATIENCE and self._grace.excuses(self.deadline, now):",
        breaks="lifecycle, rule 3: when we come late ourselves, what has waited is read first",
        tests=("unit/core/test_lifecycle.py",),
    ),
    Mutant(
        name="a newer ping hides the overdue one",
        file="core/liveness.py",
        old=(
            "        if self._awaited is None:\n"
            "            self._awaited = now.monotonic\n"
            "        self._pings"
        ),
        new=("        self._awaited = now.monotonic\n        self._pings"),
        breaks="a pong is due `ping_timeout` after the oldest unanswered ping",
        tests=("unit/core/test_liveness.py",),
    ),
    Mutant(
        name="a pong nobody asked for counts",
        file="core/liveness.py",
        old="(sent := self._pings.pop(answered, None)) is None",
        new="(sent := self._pings.pop(answered, now.monotonic)) is None",
        breaks="a pong counts when it answers a ping of ours",
        tests=("unit/core/test_client_session_liveness.py",),
    ),
    Mutant(
        name="unanswered pings pile up",
        file="core/liveness.py",
        old="if len(self._pings) > PINGS_REMEMBERED:",
        new="if len(self._pings) > PINGS_REMEMBERED * 1000:",
        breaks="everything a peer can make grow has a limit",
        tests=("unit/core/test_liveness.py",),
    ),
    Mutant(
        name="silence counts before anything is subscribed",
        file="core/liveness.py",
        old="if self.policy.silence_while_subscribed and not self.expecting:",
        new="if self.policy.silence_while_subscribed is None:",
        breaks="`silence_while_subscribed`: the venue's heartbeats start with a channel",
        tests=("unit/core/test_liveness.py",),
    ),
    Mutant(
        name="one heartbeat is a rhythm",
        file="core/liveness.py",
        old="BEATS_LEARNED: Final = 3",
        new="BEATS_LEARNED: Final = 1",
        breaks="`silence_beats` rules once three intervals have been heard",
        tests=("unit/core/test_liveness.py",),
    ),
    Mutant(
        name="a burst of heartbeats is a rhythm",
        file="core/liveness.py",
        old="SHORTEST_BEAT: Final = 0.1",
        new="SHORTEST_BEAT: Final = 0.0",
        breaks="a learned interval below `SHORTEST_BEAT` is a burst, not a rhythm",
        tests=("unit/core/test_liveness.py",),
    ),
    Mutant(
        name="an overdue pong is noticed late",
        file="core/liveness.py",
        old="return timeout if interval is None else min(interval, timeout)",
        new="return timeout",
        breaks="KuCoin, section 4: the next ping finds the last one unanswered",
        tests=("venues/kucoin/test_heartbeat_rules.py",),
    ),
    Mutant(
        name="silence kills a link that is being probed",
        file="core/liveness.py",
        old=(
            "        if self.verdict is not Verdict.ALIVE:\n"
            "            return None  # The probe's pong decides now.\n"
        ),
        new="",
        breaks="once suspect, the probe's pong decides",
        tests=("unit/core/test_client_session_liveness.py",),
    ),
    Mutant(
        name="the wait for a welcome has no end",
        file="core/lifecycle.py",
        old="    Phase.GREETING: 10.0,\n",
        new="",
        breaks="lifecycle, rule 3: a phase that waits for someone else has a limit",
        tests=("unit/core/test_client_session.py",),
    ),
    Mutant(
        name="the wait for a token has no end",
        file="core/lifecycle.py",
        old="    Phase.FETCHING: 10.0,\n",
        new="",
        breaks="lifecycle, rule 3: a phase that waits for someone else has a limit",
        tests=("unit/core/test_lifecycle.py",),
    ),
    Mutant(
        name="the wait for a challenge has no end",
        file="core/lifecycle.py",
        old="    Phase.AUTHENTICATING: 10.0,\n",
        new="",
        breaks="lifecycle, rule 3: a phase that waits for someone else has a limit",
        tests=("unit/core/test_client_session.py",),
    ),
    Mutant(
        name="a phase keeps the limit of the one before",
        file="core/lifecycle.py",
        old=("        self.deadline = None if seconds is None else now.monotonic + seconds\n"),
        new=(
            "        if seconds is not None:\n            self.deadline = now.monotonic + seconds\n"
        ),
        breaks="a phase that is not named in `PATIENCE` may last for ever",
        tests=("unit/core/test_client_session.py",),
    ),
)
