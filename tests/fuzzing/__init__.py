"""A fuzzer of inputs: valid files are made wrong in ways that people and programs do, and more, and then read.

Each try has a number, and the same number makes the same file. What it is read by may succeed, or end in a `UserError`
that people can read: anything else is a fault, with the kind and number that make it again:
`fuzzing.again("zones.shp", 17)`.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import random
import signal
import tempfile
import traceback
import unicodedata
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from evac.errors import UserError
from fuzzing import commands, maps, places, texts, zones

LONGEST_S = 30  # on a busy machine; a try takes some milliseconds
MOST_LINES = 30
MOST_CHARACTERS = 20_000
_OF_THE_INSIDE = ("Traceback", "pydantic", "^[", "<class '", "instance of", "discriminator", "tuple")

Try = Callable[[random.Random, Path], None]
KINDS: dict[str, Try] = {**texts.KINDS, **zones.KINDS, **maps.KINDS, **places.KINDS, **commands.KINDS}
SHARES = {"scenario": 30, "plan": 20, "report": 10, "curve": 8, "prepared": 3, "laid": 3, "command": 4}
"""Tries of each kind of every 100; the others share the rest. Text files are quick, whole towns take longest."""


class Fault(Exception):  # noqa: N818
    """What a try must not end in."""


def attempt(kind: str, number: int, folder: Path) -> str:
    """Make one try in an empty folder, and return what was said (nothing when the file was read)."""
    rng = random.Random(f"{kind} {number}")
    shown = io.StringIO()
    try:
        with (
            _no_longer_than(LONGEST_S),
            contextlib.redirect_stderr(shown),
            contextlib.redirect_stdout(shown),
            warnings.catch_warnings(action="error"),
        ):
            KINDS[kind](rng, folder)
    except UserError as error:
        said = str(error)
        if bad := _unreadable(said):
            raise Fault(f"{bad}: {said[:2_000]!r}") from error
        return said
    except Exception as error:
        raise Fault(traceback.format_exc(limit=-6)) from error
    return ""


def again(kind: str, number: int) -> str:
    """Make a try again, in a folder that stays for a look at the file."""
    return attempt(kind, number, Path(tempfile.mkdtemp()))


def tries(number: int) -> list[tuple[str, int]]:
    """Return the kinds and numbers of so many tries, each kind with its share."""
    others = [kind for kind in KINDS if kind not in SHARES]
    rest = (100 - sum(SHARES.values())) / len(others)
    wanted = {kind: SHARES.get(kind, rest) for kind in KINDS}
    return [(kind, index) for kind, share in wanted.items() for index in range(math.ceil(number * share / 100))]


_CONTROL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's categories of characters that a terminal obeys or can't show."""


def _unreadable(said: str) -> str:
    if len(said.splitlines()) > MOST_LINES:
        return "more than 30 lines"
    if len(said) > MOST_CHARACTERS:
        return "too long"
    if any(unicodedata.category(char) in _CONTROL and char != "\n" for char in said):  # times have a no-break space
        return "a control character"
    if any(word in said for word in _OF_THE_INSIDE):
        return "words of the inside"
    return "" if said.strip() else "nothing said"


@contextlib.contextmanager
def _no_longer_than(seconds: int) -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def spoil(rng: random.Random, path: Path) -> None:
    """Put something else in a file's place, now and then: nothing, a folder, a pipe, a dead link, other bytes."""
    if rng.random() > 0.08 or not path.is_file():
        return
    content = path.read_bytes()
    path.unlink()
    match rng.randrange(7):
        case 0:
            path.write_bytes(b"")
        case 1:
            path.mkdir()
        case 2:
            os.mkfifo(path)
        case 3:
            path.symlink_to(path)
        case 4:
            path.write_bytes(rng.randbytes(200))
        case 5:
            path.write_bytes(content[: rng.randrange(len(content) + 1)])
        case _:
            pass
