"""What goes wrong in the field: the failures that public issue trackers of trading clients report
again and again, ordered by frequency times damage. Faults say which of them they reproduce."""

from collections.abc import Mapping
from typing import Final

PAINS: Final[Mapping[int, str]] = {
    1: "a link that is open and dead: no data, no error",
    2: "a subscription that was acknowledged and never delivers",
    3: "a token that has expired, used again for ever",
    4: "reconnected, and not resubscribed",
    5: "a program that is not told of a disconnect, or of a gap",
    6: "fills lost in a gap",
    7: "the wrong kind of ping",
    8: "authentication that fails after a reconnect",
    9: "a storm of reconnects, and the ban that follows",
    10: "a client that gives up for good",
    11: "quiet channels taken for dead ones",
    12: "a keepalive starved by a late loop",
    13: "queues that grow or drop without a word",
    14: "no sandbox to test in",
    15: "a rotation that doubles or loses",
    16: "subscriptions or tasks that multiply with each reconnect",
    17: "a dead socket that takes a quarter of an hour to notice",
    18: "subscription limits that are met in silence",
    19: "a nonce or a clock that the venue does not accept",
    20: "one error that poisons the whole session",
    21: "refusals of a key treated like an outage",
    22: "sleep, wake, and a change of network",
    23: "maintenance and restarts treated as faults",
    24: "secrets in logs",
    25: "a backoff slower or faster than configured",
}
