"""A distribution that is really installed: modules and metadata in a folder, as pip leaves them."""

from collections.abc import Mapping
from pathlib import Path

METADATA = "Metadata-Version: 2.1\nName: my-plugins\nVersion: 1.0\n"


def install(
    folder: Path, entry_points: Mapping[str, Mapping[str, str]], modules: Mapping[str, str]
) -> None:
    """`entry_points` by group and name; `modules` are sources by module name. Who puts `folder` on
    the path finds `my-plugins 1.0`."""
    described = folder / "my_plugins-1.0.dist-info"
    described.mkdir()
    (described / "METADATA").write_text(METADATA)
    lines: list[str] = []
    for group, named in entry_points.items():
        lines += [f"[{group}]", *(f"{name} = {value}" for name, value in named.items())]
    (described / "entry_points.txt").write_text("\n".join([*lines, ""]))
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(source)
