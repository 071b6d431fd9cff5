"""`python -m venuewire.faults`: prints docs/reference/faults.md, and what entry points add."""

import sys

from venuewire.faults.catalog import CATALOG, faults
from venuewire.faults.reference import reference
from venuewire.faults.scenario import scenarios
from venuewire.faults.timetables import SCENARIOS

sys.stdout.write(
    reference(
        {name: kind for name, kind in faults().by_name.items() if name not in CATALOG},
        {name: each for name, each in scenarios().by_name.items() if name not in SCENARIOS},
    )
)
