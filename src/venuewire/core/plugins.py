"""What other distributions add by entry point, and what of it is left out.

Law: an entry point that is wrong is left out as a whole, and named; it takes nothing else down,
     and replaces nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final, Generic, TypeVar

from msgspec import Struct

from venuewire.core.errors import ConfigurationError

T = TypeVar("T")

LONGEST_COMPLAINT: Final = 200
"""Characters of what went wrong in somebody else's module."""


class LeftOut(Struct, frozen=True):
    entry_point: str
    """`name = module:attribute`, and its distribution."""
    why: str

    def __str__(self) -> str:
        return f"entry point {self.entry_point} is left out: {self.why}"


class Plugged(Struct, Generic[T], frozen=True):
    """What there is: our own first, then what was added."""

    by_name: Mapping[str, T]
    left_out: tuple[LeftOut, ...] = ()

    def named(self, name: str, kind: str) -> T:
        """Raises `ConfigurationError`, which lists the names there are, and what was left out."""
        try:
            return self.by_name[name]
        except KeyError:
            known = ", ".join(sorted(self.by_name))
            told = "; ".join([f"no {kind} is called {name[:40]!r}; there are {known}", *self._out])
            raise ConfigurationError(told) from None

    @property
    def _out(self) -> Iterable[str]:
        return map(str, self.left_out)


def plugged(
    group: str,
    own: Mapping[str, T],
    admit: Callable[[object], tuple[str, T]],
    reserved: Iterable[str] = (),
) -> Plugged[T]:
    """`admit` gives a thing's name and the thing, or raises `ConfigurationError`; `reserved` are
    names of others that stand in the same places."""
    found, left_out, taken = dict(own), list[LeftOut](), set(reserved)
    for entry in sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value)):
        try:
            found |= _loaded(entry, admit, taken | found.keys())
        except Exception as error:  # noqa: BLE001 - somebody else's module: it may raise anything
            left_out.append(LeftOut(_shown(entry), _complaint(error)))
    return Plugged(found, tuple(left_out))


def _loaded(
    entry: EntryPoint, admit: Callable[[object], tuple[str, T]], taken: Iterable[str]
) -> dict[str, T]:
    loaded, found = entry.load(), dict[str, T]()
    for thing in loaded if isinstance(loaded, tuple | list) else (loaded,):
        name, admitted = admit(thing)
        if name in taken or name in found:
            raise ConfigurationError(f"the name {name!r} is taken")
        found[name] = admitted
    return found


def _shown(entry: EntryPoint) -> str:
    whose = f" of {entry.dist.name} {entry.dist.version}" if entry.dist else ""
    return f"{entry.name} = {entry.value}{whose}"


def _complaint(error: Exception) -> str:
    told = " ".join(str(error).split())[:LONGEST_COMPLAINT]
    return told if isinstance(error, ConfigurationError) else f"{type(error).__name__}: {told}"
