"""The programs in C and Go that measurements need: compiled once into a folder git ignores.

Law: a C compiler is needed; without Go, or without its gorilla package, that yardstick is left
out, and the tables say so.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent
_BUILT = _HERE.parent / "build/bench"
_DEBIAN_GO = Path("/usr/share/gocode")
"""Where Debian's packages put the sources of Go libraries."""


@cache
def program(name: str) -> str:
    """Of `loads/ping`: the path of what `loads/ping.c` was compiled to."""
    source, target = _HERE / f"{name}.c", _BUILT / name
    if _newer(target):
        return str(target)
    compiler = shutil.which("cc")
    if compiler is None:
        sys.exit("bench: a C compiler is needed, and there is no `cc`")
    target.parent.mkdir(parents=True, exist_ok=True)
    # The headers are for several programs, each of which needs only some of it.
    flags = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Wno-unused-function")
    built = subprocess.run(
        [compiler, *flags, "-o", str(target), str(source)],
        check=False,
        text=True,
        stderr=subprocess.PIPE,
    )
    if built.returncode:
        sys.exit(f"bench: {source.name} does not compile:\n{built.stderr}")
    return str(target)


@cache
def gorilla() -> str | None:
    """The path of the server in Go; None where it cannot be built."""
    source, target = _HERE / "yardsticks/gorilla.go", _BUILT / "yardsticks/gorilla"
    compiler = shutil.which("go")
    if _newer(target):
        return str(target)
    if compiler is None:
        return None
    target.parent.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": str(_DEBIAN_GO),
        "GOCACHE": str(_BUILT / "go"),
        "GOFLAGS": "",
    }
    built = subprocess.run(
        [compiler, "build", "-o", str(target), str(source)],
        check=False,
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    return None if built.returncode else str(target)


def _newer(target: Path) -> bool:
    """Than all sources: there are few of them."""
    sources = [*_HERE.rglob("*.c"), *_HERE.rglob("*.h"), *_HERE.rglob("*.go")]
    built = target.stat().st_mtime if target.exists() else 0.0
    return built > max(source.stat().st_mtime for source in sources)
