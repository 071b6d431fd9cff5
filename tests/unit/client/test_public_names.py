"""What `import venuewire` offers, and what it costs."""

import subprocess
import sys
from pathlib import Path

import pytest

import venuewire
from venuewire import demo
from venuewire.venues import venues

SRC = str(Path(venuewire.__file__).parent.parent)


def test_every_public_name_is_there() -> None:
    assert set(venuewire.__all__) <= set(dir(venuewire))
    assert [name for name in venuewire.__all__ if not hasattr(venuewire, name)] == []
    assert list(venuewire.__all__) == sorted(venuewire.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        venuewire.nothing  # noqa: B018


def said_by(code: str) -> str:
    """What a fresh interpreter prints."""
    run = [sys.executable, "-c", code]
    found = subprocess.run(run, capture_output=True, text=True, check=True, env={"PYTHONPATH": SRC})
    return found.stdout


def test_the_words_can_be_had_without_what_needs_sockets() -> None:
    code = "import sys, venuewire; print({'asyncio', 'picows', 'aiohttp'} & set(sys.modules))"
    assert said_by(code) == "set()\n"


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("starlette", "venuewire.LocalVenue needs starlette: pip install 'venuewire[server]'"),
        ("uvicorn", "venuewire.LocalVenue needs uvicorn: pip install 'venuewire[server]'"),
        ("picows", "import of picows halted; None in sys.modules"),
    ],
)
def test_a_local_venue_says_what_it_needs(missing: str, said: str) -> None:
    code = f"""
import sys, venuewire
sys.modules[{missing!r}] = None
try:
    venuewire.LocalVenue
except ModuleNotFoundError as error:
    print(error)
"""
    assert said_by(code) == f"{said}\n"


def test_the_demo_accounts_are_the_venues_own() -> None:
    assert {name: venue.demo for name, venue in venues().items()} == demo.CREDENTIALS
    assert "api_key" not in repr(demo.CREDENTIALS)
