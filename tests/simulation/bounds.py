"""The table of ARCHITECTURE.md, "Liveness", as bounds on how long a dead link may be believed.

Law: the numbers are the table's, and not read from the kernel or the dialects: who changes one of
them changes the table too.
"""

from msgspec import Struct


class Bound(Struct, frozen=True, kw_only=True):
    """Seconds from the last frame that arrived to the verdict `dead`."""

    deaf: float
    """Our frames do not arrive: ping when nothing else is sent, its pong overdue, the probe's too.
    """
    silent: float | None = None
    """Nothing arrives while a channel is active; None where only an overdue pong tells."""
    beats: float | None = None
    """The same in heartbeats, where their rhythm is learned: so many of them; `grace` follows."""
    grace: float = 0.0


BOUNDS = {
    "kraken-spot": Bound(deaf=30 + 3 + 3 + 3, silent=3 + 3),
    "kraken-futures": Bound(deaf=20 + 5 + 5 + 5, beats=3, grace=5),
    "kraken-prime": Bound(deaf=10 + 5 + 5),
    "kucoin": Bound(deaf=9 + 9 + 9),
    "kucoin-futures": Bound(deaf=9 + 9 + 9),
}
"""KuCoin's pong is overdue when the next ping is due, which comes before `pingTimeout`. Where
silence makes a link suspect too, that probe gets the whole time for its pong, though an earlier
ping was outstanding (decision 0002): once, because then it is the pong that is waited for."""

ATTEMPT = 40.0
"""Seconds from the beginning of an attempt to `Ready` or `Down`: the token, the handshake, the
welcome and the challenge may each take ten."""
CONVERGES = 120.0
"""Seconds from the end of all faults until every wanted channel is active. The longest way there:
a dead link found (36), a wait (30), and a request asked twice (20), with some to spare."""
