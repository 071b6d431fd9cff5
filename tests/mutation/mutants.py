"""All deliberate breakages: every mutant of the kernel, the dialects and the transport.

Law: a mutant is a mistake somebody could make, and each is caught by a test in the files it names.
One that survives is a missing test; it is written, and the mutant stays.
"""

from typing import Final

from mutation import (
    on_applications,
    on_control,
    on_delivery,
    on_framing,
    on_kraken_futures,
    on_kraken_prime,
    on_kraken_spot,
    on_kucoin,
    on_limits,
    on_liveness,
    on_rotation,
    on_sessions,
    on_state,
    on_subscriptions,
    on_venue_sessions,
    on_workers,
)
from mutation.mutant import Mutant

MUTANTS: Final[tuple[Mutant, ...]] = (
    *on_liveness.MUTANTS,
    *on_sessions.MUTANTS,
    *on_rotation.MUTANTS,
    *on_subscriptions.MUTANTS,
    *on_venue_sessions.MUTANTS,
    *on_kraken_futures.MUTANTS,
    *on_kraken_prime.MUTANTS,
    *on_kraken_spot.MUTANTS,
    *on_kucoin.MUTANTS,
    *on_framing.MUTANTS,
    *on_state.MUTANTS,
    *on_applications.MUTANTS,
    *on_delivery.MUTANTS,
    *on_control.MUTANTS,
    *on_limits.MUTANTS,
    *on_workers.MUTANTS,
)
"""By area; the order is that of the trials."""
