"""The command `evac`: parse, call one stage, show progress, explain errors in a line. A module a group of commands.

The stages are imported when a command needs them: with pandas, matplotlib and the rest they take seconds, and a mistake
in a scenario file should be told at once.
"""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import sys
import traceback
import unicodedata
from collections.abc import Sequence
from typing import Annotated

import typer

from evac import __version__, sumo
from evac.cli import (
    bounding,
    caching,
    checking,
    creating,
    demonstrating,
    egressing,
    ordering,
    planning,
    running,
    schemas,
    searching,
    showing,
    varying,
    verifying,
)
from evac.cli import studio as studio_command
from evac.cli.common import console
from evac.errors import EvacError, Problem, UserError, readable

_INTERRUPTED = 128 + signal.SIGINT
_NOBODY_READS = 128 + signal.SIGPIPE
_YOUNG_OBJECTS = 10_000
"""How many objects more than were given back Python makes before it looks for cycles among them. Its own 700 cost an
eighth of `evac new`'s CPU time, in imports and tables that stay; the peak of memory is the same."""
_LONGEST_ARGUMENT = 1_500  # characters: typer repeats an argument whole, over twenty lines of a terminal
_OF_THE_DISK = {
    errno.ENOSPC: "free some space, or give another folder with --workspace",
    errno.EDQUOT: "free some space, or give another folder with --workspace",
    errno.EFBIG: "give a folder with --workspace where files may be larger",
    errno.EROFS: "give a folder that may be written with --workspace",
    errno.EACCES: "look at its permissions, or give another folder with --workspace",
    errno.EPERM: "look at its permissions, or give another folder with --workspace",
    errno.ENOENT: "look whether it has been moved or removed, or give another folder with --workspace",
    errno.ENOTDIR: "there is a file where a folder is expected: move it away",
    errno.EISDIR: "there is a folder where a file is expected: move it away",
    errno.EEXIST: "there is something else in its place: move it away",
    errno.ENAMETOOLONG: "take a shorter name",
    errno.EMFILE: "allow more open files (ulimit -n), or use fewer --jobs",
}
"""What whoever sits at the machine can mend, and how."""

app = typer.Typer(
    name="evac",
    help="How long until everyone is out, which lane holds the city up, and how sure are you?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.command()(demonstrating.demo)
app.command()(creating.new)
app.command()(running.run)
app.command()(checking.check)
app.command()(creating.estimate)
app.command()(studio_command.studio)
app.command()(showing.report)
app.command()(showing.watch)
app.command()(showing.export)
app.add_typer(planning.app, name="plan")
app.command()(bounding.bound)
app.command()(varying.ablate)
app.command()(varying.stress)
app.command()(searching.search)
app.command()(ordering.safe_order)
app.command()(egressing.egress)
app.command()(caching.status)
app.command()(caching.clean)
app.command()(verifying.verify)
app.command()(schemas.schema)


def main() -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(_YOUNG_OBJECTS)
    sys.exit(run_guarded(sys.argv[1:]))


def run_guarded(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code: 0, 2 for a mistake in the input, 1 for a failure of ours.

    An error is one readable message on standard error; `--debug` adds Python's traceback. A disk that is full and a
    folder that may not be written are the user's to mend.
    """
    debug = "--debug" in arguments
    rest = [argument for argument in arguments if argument != "--debug"]
    logging.basicConfig(force=True, format=logging.BASIC_FORMAT if debug else "evac: %(message)s")
    logging.getLogger("evac").setLevel(logging.DEBUG if debug else logging.ERROR)
    try:
        _refuse_untyped(rest)
        app(rest)
    except SystemExit as ended:  # how typer ends
        code = ended.code if isinstance(ended.code, int) else 0
        return _interrupted() if code == _INTERRUPTED else code
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:  # whoever read the output has had enough of it
        return _end_of_output()
    except Exception as error:  # noqa: BLE001 - what is no error of ours is one that nobody has foreseen
        if debug:
            traceback.print_exc()
        told = _told(error)
        sys.stderr.write(f"evac: {told}\n")
        return told.exit_code
    return 0


def _refuse_untyped(arguments: Sequence[str]) -> None:
    """Refuse what nobody types: it would steer the terminal, or fill it, when a message repeats it."""
    for argument in arguments:
        if len(argument) > _LONGEST_ARGUMENT:
            many = f"{len(argument):,} characters, more than {_LONGEST_ARGUMENT:,}"
            what = f"the argument '{readable(argument)}' has {many}"
            raise UserError(Problem("evac", what, "put it into a file, or give a shorter path"))
        if any(unicodedata.category(char) in ("Cc", "Cs") for char in argument):
            what = f"the argument '{readable(argument)}' has control characters, or isn't UTF-8"
            raise UserError(Problem("evac", what, "type it again; rename the file if it is one"))


def _told(error: Exception) -> EvacError:
    """Return an error as people are told of it."""
    if isinstance(error, EvacError):
        return error
    if number := _number_of(error):
        where = str(getattr(error, "filename", None) or "the disk")
        what = f"can't be read or written ({os.strerror(number)})"
        return UserError(Problem(where, what, _OF_THE_DISK[number]))
    return EvacError(_unforeseen(error))


def _interrupted() -> int:
    sys.stderr.write("evac: interrupted; finished runs are kept, and the next start goes on from there\n")
    return _INTERRUPTED


def _end_of_output() -> int:
    """Let Python close its output without a word, though nobody reads it any more."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _NOBODY_READS


def _number_of(error: Exception) -> int:
    """Return the system's number of what the disk refused, 0 for other errors; libraries in C++ only give its words."""
    if isinstance(error, OSError) and error.errno in _OF_THE_DISK:
        return error.errno
    if isinstance(error, OSError | RuntimeError):
        return next((number for number in _OF_THE_DISK if str(error).endswith(os.strerror(number))), 0)
    return 0


def _unforeseen(error: Exception) -> str:
    words = readable(error) or "no words"
    return (
        f"an error that nobody has foreseen, in evac itself: {type(error).__name__}: {words}\n"
        "    try: the same command with --debug shows where; please report it with the scenario"
    )


@app.callback(invoke_without_command=True)
def _options(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the versions of evac and SUMO.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show Python's traceback when something fails.")] = False,  # noqa: ARG001 - read in run_guarded
) -> None:
    if version:
        console.print(f"evac {__version__} · SUMO {sumo.version()}", highlight=False)
        raise typer.Exit
