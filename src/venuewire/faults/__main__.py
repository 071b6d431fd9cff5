"""`python -m venuewire.faults`: prints docs/reference/faults.md."""

import sys

from venuewire.faults.reference import reference

sys.stdout.write(reference())
