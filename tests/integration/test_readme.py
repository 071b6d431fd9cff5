"""What README shows runs as it stands."""

import asyncio
import re
import sys
from pathlib import Path
from subprocess import run

import pytest

README = Path(__file__, "../../../README.md").resolve().read_text()


def snippets(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_readme_shows_one_client_and_one_test() -> None:
    assert len(snippets("python")) == 2


def test_the_client_runs_and_hears_a_message(tmp_path: Path) -> None:
    program = tmp_path / "client.py"
    program.write_text(snippets("python")[0])
    done = run([sys.executable, program], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert "Message(channel='ticker:PI_XBTUSD'" in done.stdout


async def test_the_test_passes() -> None:
    namespace: dict[str, object] = {}
    exec(snippets("python")[1], namespace)  # noqa: S102 - our own README
    test = namespace["test_a_price_arrives"]
    assert callable(test)
    async with asyncio.timeout(10):
        await test()


@pytest.mark.parametrize("target", ["run", "test"])
def test_the_commands_readme_opens_with_exist(target: str) -> None:
    assert f"make {target} " in snippets("console")[0]
    makefile = Path(__file__, "../../../Makefile").resolve().read_text()
    assert f"\n{target}:" in makefile
