"""Adding a venue is adding a folder, or an entry point: nothing else has to know."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

import venuewire
from distribution import install
from toy_venue import TOY
from venuewire import venues
from venuewire.core.errors import ConfigurationError

FOLDER = '''
"""A venue that came later."""

from toy_venue import TOY

VENUES = (TOY,)
'''


@pytest.fixture(autouse=True)
def forgetful() -> Iterator[None]:
    """What was found is looked for again, before and after."""
    venues._plugged.cache_clear()
    yield
    venues._plugged.cache_clear()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "toy_exchange"
    place.mkdir()
    (place / "__init__.py").write_text(FOLDER)
    monkeypatch.setattr(venues, "__path__", [*venues.__path__, str(tmp_path)])


@pytest.mark.usefixtures("folder")
async def test_a_folder_is_a_venue_on_both_sides() -> None:
    async with (
        venuewire.LocalVenue("toy") as venue,
        venuewire.connect("toy", url=venue.url, credentials=venue.credentials) as session,
    ):
        await session.subscribe("news")
        await venue.publish("news", {"price": 1})
        async with asyncio.timeout(5):
            message = await anext(u async for u in session if isinstance(u, venuewire.Message))
        assert message.data == {"price": 1}


def test_an_entry_point_is_a_venue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, {venues.GROUP: {"toy": "toy_venue:VENUES"}}, {})
    monkeypatch.syspath_prepend(tmp_path)
    assert venues.venue("toy") is TOY
    assert list(venues.venues()) == sorted(venues.venues())


def test_one_that_is_wrong_takes_no_other_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = {"a": "toy_venue:TOY.name", "b": "no_such_module:VENUES"}
    install(tmp_path, {venues.GROUP: {"toy": "toy_venue:TOY", **wrong}}, {})
    monkeypatch.syspath_prepend(tmp_path)
    assert venues.venue("toy") is TOY
    with pytest.raises(
        ConfigurationError, match=r"a = toy_venue:TOY.name .*: str is no Venue; .*b = no_such"
    ):
        venues.venue("nasdaq")


def test_an_unknown_venue_is_answered_with_the_names_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"'nasdaq'; there are kraken-futures, .*kucoin"):
        venues.venue("nasdaq")
