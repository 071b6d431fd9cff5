"""A deliberate breakage, and how it is put into a copy of the project.

Law: a mutant says exactly which text it replaces; text that is not there, or is there twice, is an
error, never a mutant that quietly changes nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from os import utime
from pathlib import Path

from msgspec import Struct

PACKAGE = Path("src/venuewire")


class DoesNotApply(Exception):
    """The source has moved on: the mutant must follow it, or go."""


class Mutant(Struct, frozen=True):
    name: str
    """What goes wrong, in a sentence."""
    file: str
    """Below `src/venuewire`."""
    old: str
    """Occurs there exactly once."""
    new: str
    breaks: str
    """The law, or the sentence of the documentation, that no longer holds."""
    tests: tuple[str, ...]
    """Below `tests`: at least one of these must notice."""

    @property
    def title(self) -> str:
        return f"{self.file}: {self.name}"

    def applied(self, source: str) -> str:
        """The mutated text of the file. Raises `DoesNotApply`."""
        count = source.count(self.old)
        if count != 1:
            raise DoesNotApply(f"{self.title}: its old text occurs {count} times:\n{self.old}")
        return source.replace(self.old, self.new)

    @contextmanager
    def in_place(self, root: Path) -> Iterator[None]:
        """Mutate the project at `root`, and put everything back."""
        path = root / PACKAGE / self.file
        source, was = path.read_text(), path.stat()
        path.write_text(self.applied(source))
        try:
            yield
        finally:
            path.write_text(source)
            # Its compiled form, made before, is valid again.
            utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
