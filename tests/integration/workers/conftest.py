"""A venue of two workers, shared by tests that leave it as it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.workers.company import Company, company


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    directory: Path = tmp_path_factory.mktemp("company")
    with company(directory) as made:
        yield made
        assert made.end() == 0
        assert made.log == ""
