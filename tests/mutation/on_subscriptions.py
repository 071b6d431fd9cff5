"""Mutants of what brings the venue to agree: requests, their answers, gaps and budgets."""

from typing import Final

from mutation.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        name="a gap is reported twice",
        file="core/reconciler.py",
        old="since, wish.covered_until = wish.missed_since(now), None",
        new="since = wish.covered_until",
        breaks="reconciler, law 3: an interval that was not covered is reported by one `Gap`",
        tests=("unit/core/test_strand_links.py",),
    ),
    Mutant(
        name="a gap is not reported",
        file="core/subscriptions.py",
        old="            self.covered_until = since\n",
        new="            self.covered_until = None\n",
        breaks="reconciler, law 3: an interval that was not covered is reported by one `Gap`",
        tests=("unit/core/test_strand.py",),
    ),
    Mutant(
        name="agreements outlive links",
        file="core/subscriptions.py",
        old=("            wish.standing = Standing.WANTED\n            wish.unanswered = 0\n"),
        new="            wish.unanswered = 0\n",
        breaks="subscriptions: wishes outlive links; agreements do not",
        tests=("unit/core/test_strand.py",),
    ),
    Mutant(
        name="one missing number is no gap",
        file="core/reconciler.py",
        old="first <= before + 1",
        new="first <= before + 2",
        breaks="a number left out is a message missed",
        tests=("unit/core/test_reconciler.py",),
    ),
    Mutant(
        name="only the last of several numbers counts",
        file="core/reconciler.py",
        old="first = after if message.first_sequence is None else message.first_sequence",
        new="first = after",
        breaks="a message may carry several numbers: none of those is missed",
        tests=("unit/core/test_reconciler.py",),
    ),
    Mutant(
        name="a late number turns the count back",
        file="core/reconciler.py",
        old="before is not None and after <= before",
        new="before is not None and after < 0",
        breaks="what comes late, or twice, is no gap",
        tests=("unit/core/test_reconciler.py",),
    ),
    Mutant(
        name="too much at once is refused for good",
        file="core/reconciler.py",
        old="standing = Standing.WANTED if refused.transient else Standing.REFUSED",
        new="standing = Standing.REFUSED",
        breaks="what is refused for the moment is asked for again",
        tests=("unit/core/test_reconciler.py",),
    ),
    Mutant(
        name="a nameless error answers the oldest request",
        file="core/reconciler.py",
        old="answers = named or not self._session.profile.answers_by_id",
        new="answers = True",
        breaks="where answers carry ids, an error without one answers no request",
        tests=("unit/core/test_reconciler.py",),
    ),
    Mutant(
        name="a kept promise is called broken",
        file="core/subscriptions.py",
        old="first = None if promise is None or last is not None else since.monotonic + promise",
        new="first = None if promise is None else since.monotonic + promise",
        breaks="promises: a promise of first data is kept by any message on its channel",
        tests=("unit/core/test_promises.py",),
    ),
    Mutant(
        name="a message does not put the next one's time off",
        file="core/subscriptions.py",
        old="heard = since.monotonic if last is None else max(since.monotonic, last.monotonic)",
        new="heard = since.monotonic",
        breaks="`next_data_timeout`: the next message is due after any message",
        tests=("unit/core/test_promises.py",),
    ),
    Mutant(
        name="a channel asked for again is judged by what it sent before",
        file="core/subscriptions.py",
        old="heard = since.monotonic if last is None else max(since.monotonic, last.monotonic)",
        new="heard = since.monotonic if last is None else last.monotonic",
        breaks="`next_data_timeout`: the next message is due after agreeing",
        tests=("unit/core/test_promises.py",),
    ),
    Mutant(
        name="a channel that speaks again is not looked at any more",
        file="core/promises.py",
        old="                wish.muted = False\n                self._due[channel] = due\n",
        new="                wish.muted = False\n",
        breaks="promises, law 1: what is noted is a lower bound, looked at again",
        tests=("unit/core/test_promises.py",),
    ),
    Mutant(
        name="one silence is told again and again",
        file="core/promises.py",
        old="            elif wish.muted:\n                self.recheck(wish, now)\n",
        new="",
        breaks="promises, law 2: a silence is told once",
        tests=("unit/core/test_promises.py",),
    ),
    Mutant(
        name="what was silent once is never watched again",
        file="core/promises.py",
        old="                wish.muted = False\n",
        new="",
        breaks="promises, law 2: it is told again when it has spoken in between",
        tests=("unit/core/test_promises.py",),
    ),
    Mutant(
        name="a snapshot makes a frozen channel's past forgotten",
        file="core/subscriptions.py",
        old="        return last.monotonic - since.monotonic >= timeout\n",
        new="        return True\n",
        breaks="a snapshot comes with every agreement, also on a frozen channel",
        tests=("unit/core/test_stalling.py",),
    ),
    Mutant(
        name="a stalled channel is covered while it is asked for again",
        file="core/reconciler.py",
        old='            wish.uncover(f"it had stalled: {evidence}")\n',
        new="",
        breaks="reconciler, law 3: an interval that was not covered is reported by one `Gap`",
        tests=("unit/core/test_stalling.py",),
    ),
    Mutant(
        name="what was missed before is told again",
        file="core/subscriptions.py",
        old='latest = max(known, key=attrgetter("monotonic"))',
        new='latest = min(known, key=attrgetter("monotonic"))',
        breaks="reconciler, law 3: one `Gap` for one interval, never two",
        tests=("unit/core/test_stalling.py",),
    ),
    Mutant(
        name="one frozen channel takes link after link",
        file="core/reconciler.py",
        old="            if wish.undelivered > TRIES:\n",
        new="            if wish.undelivered > TRIES * 1000:\n",
        breaks="after the second try a stalled channel is only told of",
        tests=("unit/core/test_stalling.py",),
    ),
    Mutant(
        name="every expectation is a new request",
        file="core/subscriptions.py",
        old="if wish is not None and wish.topic.asks_as(topic):",
        new="if wish is not None and wish.topic == topic:",
        breaks="`next_data_timeout` is ours: the venue is asked the same",
        tests=("unit/core/test_stalling.py",),
    ),
    Mutant(
        name="the session's own heartbeat channel is watched",
        file="core/reconciler.py",
        old=(
            "            if wish.own:\n"
            "                continue\n"
            "            self._promises.watch(wish, now)\n"
        ),
        new=(
            "            self._promises.watch(wish, now)\n"
            "            if wish.own:\n"
            "                continue\n"
        ),
        breaks="what the session keeps on its own account is not reported",
        tests=("venues/kraken_futures/test_stalling.py",),
    ),
    Mutant(
        name="a benign refusal is a refusal",
        file="core/reconciler.py",
        old=(
            "        if refused.benign:\n"
            "            self._fulfil(settled, now)\n"
            "            return\n"
        ),
        new="",
        breaks="a benign refusal says that what was asked for is so already",
        tests=("unit/core/test_reconciler.py",),
    ),
    Mutant(
        name="three tries before a link is given up",
        file="core/reconciler.py",
        old="TRIES: Final = 2",
        new="TRIES: Final = 3",
        breaks="`TRIES`: unanswered twice, the link is not believed",
        tests=("unit/core/test_reconciler.py",),
    ),
    Mutant(
        name="requests wait for ever",
        file="core/inflight.py",
        old="PATIENCE: Final = 10.0",
        new="PATIENCE: Final = 10_000.0",
        breaks="a venue has ten seconds to answer a request",
        tests=("unit/core/test_strand_links.py",),
    ),
    Mutant(
        name="any id answers the oldest request",
        file="core/inflight.py",
        old="            return self._pending.get(id) if isinstance(id, int) else None\n",
        new="            return next(iter(self._pending.values()), None)\n",
        breaks="a reply with an id answers the request with that id",
        tests=("unit/core/test_inflight.py",),
    ),
    Mutant(
        name="one symbol settles a whole request",
        file="core/inflight.py",
        old=("settled = tuple(c for c in pending.channels if not channels or c in channels)"),
        new="settled = tuple(pending.channels)",
        breaks="Kraken Spot settles a request symbol by symbol",
        tests=("unit/core/test_inflight.py",),
    ),
    Mutant(
        name="requests go out without a budget",
        file="core/reconciler.py",
        old="if self._budget is not None and not self._budget.take(now):",
        new="if self._budget is not None and self._budget.take(now) is None:",
        breaks="reconciler, law 5: requests keep to what the venue allows in a time",
        tests=("unit/core/test_reconciler.py",),
    ),
    Mutant(
        name="a budget is one too small",
        file="core/pacing.py",
        old="self._next = 0 if place == self.limit else place",
        new="self._next = 0 if place >= max(self.limit - 1, 1) else place",
        breaks="at most `limit` takes within a window, and as many",
        tests=("unit/core/test_pacing.py",),
    ),
    Mutant(
        name="a budget is free a moment late",
        file="core/pacing.py",
        old="now.monotonic < taken[place] + self.window",
        new="now.monotonic <= taken[place] + self.window",
        breaks="`free_at`: from then on `take` succeeds",
        tests=("unit/core/test_pacing.py",),
    ),
)
