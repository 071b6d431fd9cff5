"""docs/explanation/performance.md: what the measurements have shown, in figures.

Law 1: every figure in it was measured by one run of all tables that anybody can repeat; the
       command stands beside it, and a promise that is not kept stands there as one.
Law 2: what a table is about is said by the module that measures it, in its docstring.
"""

import platform
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from bench.report import Finding
from bench.tables import TABLES

FOLDER = Path(__file__).resolve().parent.parent / "docs/explanation"
_PACKAGES = (
    *("picows", "aiofastnet", "msgspec", "uvloop", "aiohttp", "uvicorn"),
    *("websockets", "socketify", "orjson"),
)
_TOP = """\
# Performance

What things cost, and what is promised of it. `make bench` measures all of it and writes this page;
`make bench TABLE=name` measures one part. What is measured is a process of its own, alone on one
core; its load has another. The figure is CPU time of all its threads, user and system. Candidates
take turns, round after round, and medians are compared: only ratios within one table mean
anything on another machine.

Measured on {machine}, with {packages}.
"""


def write(findings: Mapping[str, list[Finding]]) -> Iterator[Path]:
    """The page and its plots; each path as it is written."""
    parts = [_TOP.format(machine=_machine(), packages=_packages())]
    for name, found in findings.items():
        parts.append(_part(name, found))
        for plot in (finding.plot for finding in found if finding.plot is not None):
            (FOLDER / f"{name}.svg").write_text(plot)
            yield FOLDER / f"{name}.svg"
    (FOLDER / "performance.md").write_text("\n".join(parts))
    yield FOLDER / "performance.md"


def _part(name: str, found: list[Finding]) -> str:
    table = TABLES[name]
    pieces = [f"## {table.heading}", f"    make bench TABLE={name}", table.about]
    for finding in found:
        pieces += _described(name, finding)
    return "\n\n".join(pieces) + "\n"


def _described(name: str, finding: Finding) -> Iterator[str]:
    yield f"**{finding.title}**"
    if finding.plot is not None:
        yield f"![{finding.title}]({name}.svg)"
    heads = ("", *finding.headings)
    rows = (heads, ("---", *("---:" for _ in finding.headings)), *finding.rows)
    yield "\n".join(f"| {' | '.join(row)} |" for row in rows)
    yield from finding.notes
    lines = (
        f"- {'kept' if verdict.holds else '**not kept**'}: {verdict.says}: {verdict.found}"
        for verdict in finding.verdicts
    )
    yield "\n".join(lines)


def _machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{_processor()}, {platform.system()} {platform.release()}, {python}"


def _processor() -> str:
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(": ")[2]
    return platform.machine()


def _packages() -> str:
    return ", ".join(f"{name} {had}" for name in _PACKAGES if (had := _version(name)) is not None)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
