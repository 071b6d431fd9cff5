"""Mutants of the client's session: its links, what it hears on them, and when it tries again."""

from typing import Final

from mutation.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="a suspect link is not probed at once",
        file="core/watch.py",
        old=(
            "            strand.deliver(updates.Suspect(strand.liveness.charge))\n"
            "            ping(strand, now)"
        ),
        new="            strand.deliver(updates.Suspect(strand.liveness.charge))",
        breaks="liveness, law 1: entering `suspect` sends a probe",
        tests=("unit/core/test_watch.py",),
    ),
    Mutant(
        name="a request does not postpone the ping",
        file="core/strand.py",
        old="        self.liveness.sent_at = now.monotonic\n",
        new="",
        breaks="KuCoin, section 4: any outgoing message resets the ping",
        tests=("unit/core/test_strand_links.py",),
    ),
    Mutant(
        name="backoff without jitter",
        file="core/backoff.py",
        old="return rng.uniform(0.0, self._ceiling(failures))",
        new="return self._ceiling(failures)",
        breaks="backoff has full jitter: a venue's clients do not come back together",
        tests=("unit/core/test_backoff.py",),
    ),
    Mutant(
        name="refused credentials are tried again at once",
        file="core/backoff.py",
        old="return rng.uniform(self.limit / 2, self.limit)",
        new="return rng.uniform(0.0, self._ceiling(failures))",
        breaks="after a refusal of our credentials: never soon, since nothing has changed",
        tests=("unit/core/test_attempts.py",),
    ),
    Mutant(
        name="one attempt too few",
        file="core/backoff.py",
        old=("failures > self.attempts:\n            return None\n        return rng.uniform(0.0,"),
        new=(
            "failures >= self.attempts:\n            return None\n        return rng.uniform(0.0,"
        ),
        breaks="give up after this many failures in a row, and not before",
        tests=("unit/core/test_attempts.py",),
    ),
    Mutant(
        name="backoff without a limit",
        file="core/backoff.py",
        old="return min(self.limit, self.initial * self.factor**exponent)",
        new="return self.initial * self.factor**exponent",
        breaks="`limit`: the upper bound of any wait",
        tests=("unit/core/test_backoff.py",),
    ),
    Mutant(
        name="retry-after is ignored",
        file="core/attempts.py",
        old="return max(delay, retry_after or 0.0, pause)",
        new="return max(delay, pause)",
        breaks="a venue that says how long to stay away is obeyed",
        tests=("unit/core/test_attempts.py",),
    ),
    Mutant(
        name="a refusal is a loss like any other",
        file="core/attempts.py",
        old="draw = self._backoff.refused if cause is Cause.REFUSED else self._backoff.delay",
        new="draw = self._backoff.delay",
        breaks="after a refusal of our credentials: never soon, since nothing has changed",
        tests=("unit/core/test_attempts.py",),
    ),
    Mutant(
        name="403 is no refusal",
        file="core/events.py",
        old="self.reply.status in {401, 403}",
        new="self.reply.status in {401}",
        breaks="an upgrade answered with 401 or 403 refuses our credentials",
        tests=("unit/core/test_strand.py",),
    ),
    Mutant(
        name="a moment of success forgives all failures",
        file="core/attempts.py",
        old=">= self._backoff.stable_after",
        new=">= 0.0",
        breaks=(
            "`stable_after`: a link must have been ready for a while before failures are forgotten"
        ),
        tests=("unit/core/test_attempts.py",),
    ),
    Mutant(
        name="news of a dead link is believed",
        file="core/strand.py",
        old="        if event.link != self.link:\n            return\n",
        new="",
        breaks="client session, law 1: news of a dead link is ignored",
        tests=("unit/core/test_strand.py",),
    ),
    Mutant(
        name="a frame of a dead link is heard",
        file="core/strand.py",
        old=("        if link != self.link:\n            return None\n"),
        new="",
        breaks="client session, law 1: news of a dead link is ignored",
        tests=("unit/core/test_strand_links.py",),
    ),
    Mutant(
        name="what nobody wants is delivered",
        file="core/strand.py",
        old=("            counters.strays += 1\n            return None"),
        new=("            counters.strays += 1\n            return reply"),
        breaks="a message on a channel nobody wants is a stray, and is not delivered",
        tests=("unit/core/test_strand.py",),
    ),
    Mutant(
        name="a control frame is no sign of life",
        file="core/strand.py",
        old=(
            "        self.liveness.heard = now\n"
            "        watch.clear_doubt(self, now, pong=False)\n"
            "        match event:"
        ),
        new="        match event:",
        breaks="what `receive` does not see is a sign of life all the same",
        tests=("unit/core/test_watch.py",),
    ),
    Mutant(
        name="a dead peer is asked to agree to the end",
        file="core/strand.py",
        old="abort=cause is not Cause.REFUSED",
        new="abort=False",
        breaks="a dead peer would not answer a polite close",
        tests=("unit/core/test_strand.py",),
    ),
    Mutant(
        name="liveness outlives its link",
        file="core/strand.py",
        old=(
            "        self.liveness = Liveness(self.profile.liveness, now)\n"
            "        if self.profile.welcomes:"
        ),
        new="        if self.profile.welcomes:",
        breaks="client session, law 3: what belongs to a link never outlives it",
        tests=("unit/core/test_watch.py",),
    ),
    Mutant(
        name="our own heartbeat channel is delivered",
        file="core/strand.py",
        old="if message is None or wish is None or wish.own:",
        new="if message is None or wish is None:",
        breaks="what came with a word is for the application only where it asked for it",
        tests=("unit/core/test_strand.py",),
    ),
    Mutant(
        name="the gap begins when the loss is noticed",
        file="core/strand.py",
        old="self.subscriptions.lost(self.liveness.covered_until, ",
        new="self.subscriptions.lost(now.realtime, ",
        breaks="a gap begins at the last moment known to be covered",
        tests=("unit/core/test_strand.py",),
    ),
    Mutant(
        name="dials without a budget",
        file="core/attempts.py",
        old="self._connects.take(now):",
        new="self._connects.take(now) is not None:",
        breaks="an attempt begins when the connect budget allows it",
        tests=("unit/core/test_attempts.py",),
    ),
)
