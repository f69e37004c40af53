"""The command `evac`: parse, call one stage, show progress, explain errors in a line. A module a group of commands.

The stages are imported when a command needs them: with pandas, matplotlib and the rest they take seconds, and a mistake
in a scenario file should be told at once.
"""

from __future__ import annotations

import logging
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated

import typer

from evac import __version__, sumo
from evac.cli import caching, checking, creating, planning, running, schemas, showing, varying, verifying
from evac.cli.common import console
from evac.errors import EvacError

_INTERRUPTED = 128 + signal.SIGINT

app = typer.Typer(
    name="evac",
    help="How long until everyone is out, which lane holds the city up, and how sure are you?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(creating.new)
app.command()(running.run)
app.command()(checking.check)
app.command()(creating.estimate)
app.command()(showing.report)
app.command()(showing.watch)
app.command()(showing.export)
app.add_typer(planning.app, name="plan")
app.command()(varying.ablate)
app.command()(varying.stress)
app.command()(caching.status)
app.command()(caching.clean)
app.command()(verifying.verify)
app.command()(schemas.schema)


def main() -> None:
    """Run the command line and exit with its code."""
    sys.exit(run_guarded(sys.argv[1:]))


def run_guarded(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code: 0, 2 for a mistake in the input, 1 for a failure of ours.

    An error is one readable message on standard error; `--debug` adds Python's traceback.
    """
    debug = "--debug" in arguments
    rest = [argument for argument in arguments if argument != "--debug"]
    logging.basicConfig(force=True)
    logging.getLogger("evac").setLevel(logging.DEBUG if debug else logging.ERROR)
    try:
        app(rest)
    except EvacError as error:
        if debug:
            traceback.print_exc()
        sys.stderr.write(f"evac: {error}\n")
        return error.exit_code
    except SystemExit as ended:  # how typer ends
        if ended.code == _INTERRUPTED:
            sys.stderr.write("evac: interrupted; finished runs are kept, and the next start goes on from there\n")
        return ended.code if isinstance(ended.code, int) else 0
    return 0


@app.callback(invoke_without_command=True)
def _options(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the versions of evac and SUMO.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show Python's traceback when something fails.")] = False,  # noqa: ARG001 - read in run_guarded
) -> None:
    if version:
        console.print(f"evac {__version__} · SUMO {sumo.version()}", highlight=False)
        raise typer.Exit
