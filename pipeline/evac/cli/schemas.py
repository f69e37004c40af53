"""`evac schema`: the JSON schemas of the files that people write."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer


def schema(
    of: Annotated[Literal["scenario", "plan"], typer.Argument(help="Of which files.", metavar="FILES")] = "scenario",
) -> None:
    """Print the JSON schema of scenario files, or of plan files, for editors."""
    from evac.reference import SCHEMAS, json_schema_text  # noqa: PLC0415

    sys.stdout.write(json_schema_text(SCHEMAS[of]))
