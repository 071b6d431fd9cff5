"""What the how-to pages show runs as it stands, and prints what they say."""

import re
import sys
from pathlib import Path
from subprocess import run

import pytest

import venuewire

PAGES = Path(__file__, "../../../docs/how-to").resolve()


def snippets(page: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (PAGES / page).read_text(), re.DOTALL)


@pytest.mark.parametrize("page", ["backpressure.md", "backfill.md", "rotate.md"])
def test_the_program_prints_what_the_page_says(page: str, tmp_path: Path) -> None:
    [source] = snippets(page, "python")
    program = tmp_path / "program.py"
    program.write_text(source)
    done = run([sys.executable, program], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == snippets(page, "text")[-1]


def test_the_defaults_are_those_the_page_names() -> None:
    text = (PAGES / "backpressure.md").read_text()
    assert f"`DropOldest(limit={venuewire.DropOldest().limit})`" in text
    assert f"`Conflate(by=None, limit={venuewire.Conflate().limit})`" in text
    assert f"`Fail(limit={venuewire.Fail().limit})`" in text
    block = venuewire.Block()
    assert f"`Block(limit={block.limit}, patience={block.patience})`" in text
