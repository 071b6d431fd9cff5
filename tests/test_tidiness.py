"""The style of this project, as far as a machine can judge it.

Law: every rule looks at all files there are, and names each offender; none has a list of excuses.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "src/venuewire/core"
VENUES = ROOT / "src/venuewire/venues"

LONGEST_FILE = 400
LONGEST_FUNCTION = 50
VAGUE = {
    *("manager", "managers", "helper", "helpers", "handler", "handlers", "util", "utils", "common"),
    *("model", "models", "data", "info", "conn", "ws", "exchange", "impl"),
}
"""Words that say nothing in the name of a module or class."""
BRITISH = re.compile(
    r"\b((behavi|col|fav|hon|neighb)ou[r]|(normali|reali|recogni|seriali|initiali"
    r"|organi|summari|synchroni|authori|optimi)s[e]|analys[e]|centr[e]|licenc[e]|defenc[e]|gre[y]"
    r"|catalogu[e]|artefac[t]|judgemen[t]|acknowledgemen[t]|whils[t]"
    r"|(dial|label|model|signal|travel)l(ed|ing))",
    re.IGNORECASE,
)
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|HAC[K]|XX[X])\b")
LOCAL = re.compile(r"/(hom[e]|roo[t]|User[s])/")
"""Places only the authors' machines have."""
VENUE_FILES = {
    *("README.md", "__init__.py", "wire.py", "terms.py", "signing.py"),
    *("client.py", "server.py", "floor.py", "idiom.py"),
}
TEXT_KINDS = {"", ".cfg", ".json", ".md", ".py", ".toml", ".txt", ".typed", ".yml"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def sources() -> dict[str, ast.Module]:
    """Every Python file by its path from the root."""
    return {
        str(path.relative_to(ROOT)): ast.parse(path.read_text())
        for folder in ("src", "tests", "bench")
        for path in sorted((ROOT / folder).rglob("*.py"))
    }


@cache
def texts() -> dict[str, str]:
    """Every file that somebody wrote, by its path from the root."""
    folders = (ROOT, *(ROOT / name for name in ("src", "tests", "bench", "docs", "requirements")))
    paths = [path for path in folders[0].iterdir() if path.is_file()]
    paths += [ROOT / ".ci/run"]
    for folder in folders[1:]:
        paths += [path for path in folder.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(ROOT)): path.read_text()
        for path in sorted(paths)
        if path.suffix in TEXT_KINDS and "egg-info" not in str(path) and path.name != ".coverage"
    }


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {found[0]}"
        for path, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if (found := pattern.search(line))
    ]


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, FUNCTIONS))


def does_something(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """It has a statement beside its docstring and `...`."""
    return not all(
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        for statement in function.body
    )


def words(name: str) -> set[str]:
    """Of `snake_case` or `CamelCase`."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def expect_none(offenders: list[str]) -> None:
    assert not offenders, "\n".join(["", *offenders])


def test_files_are_short() -> None:
    lengths = {path: texts()[path].count("\n") for path in sources()}
    expect_none([f"{path}: {length}" for path, length in lengths.items() if length > LONGEST_FILE])


def test_functions_are_short() -> None:
    expect_none(
        [
            f"{path}:{function.lineno}: {function.name}"
            for path, tree in sources().items()
            for function in functions(tree)
            if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION
        ]
    )


def test_every_file_opens_by_saying_what_it_is() -> None:
    expect_none([path for path, tree in sources().items() if not ast.get_docstring(tree)])


def test_no_module_or_class_has_a_vague_name() -> None:
    modules = [path for path in sources() if words(Path(path).stem) & VAGUE]
    classes = [
        f"{path}:{node.lineno}: {node.name}"
        for path, tree in sources().items()
        for node in ast.walk(tree)
        # Wire structs keep the names of the venue's documentation, whatever they are.
        if isinstance(node, ast.ClassDef) and words(node.name) & VAGUE and "/wire" not in path
    ]
    expect_none(modules + classes)


def test_spelling_is_american() -> None:
    expect_none(lines_with(BRITISH))


def test_nothing_is_left_for_later() -> None:
    expect_none(lines_with(UNFINISHED))


def test_nothing_refers_to_places_a_reader_does_not_have() -> None:
    expect_none(lines_with(LOCAL))


def test_every_venue_folder_has_the_same_files() -> None:
    folders = [folder for folder in VENUES.iterdir() if (folder / "__init__.py").is_file()]
    missing = {
        folder.name: sorted(VENUE_FILES - {path.name for path in folder.iterdir()})
        for folder in sorted(folders)
    }
    expect_none([f"{name} has no {', '.join(files)}" for name, files in missing.items() if files])


def test_every_core_module_that_does_something_has_its_own_tests() -> None:
    doing = [
        Path(path).name
        for path, tree in sources().items()
        if (ROOT / path).parent == CORE and any(map(does_something, functions(tree)))
    ]
    tested = {path.name for path in (ROOT / "tests/unit/core").glob("test_*.py")}
    expect_none([name for name in doing if f"test_{name}" not in tested])


def test_layers_import_only_what_they_may() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0
