"""Options that several commands have, each with one name and one meaning."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="One JSON object per line.")]
Base = Annotated[str, typer.Option("--url", metavar="BASE", help="Where the local venue listens.")]
