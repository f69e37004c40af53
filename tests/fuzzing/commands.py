"""Commands with wrong arguments, run in this process as far as the first simulation, which is left out."""

from __future__ import annotations

import contextlib
import io
import os
import random
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from unittest import mock

from evac import study, verify
from evac.cli import run_guarded
from evac.errors import Problem, UserError
from evac.new import request
from evac.search import finding
from fuzzing.values import NUMBERS, WORDS

TOWN = Path(__file__).parents[1] / "fixtures" / "town"
_PLACES = [
    *["town"] * 8,
    "town/scenario.yaml",
    "town/town.osm",
    "town/plans",
    "town/zones.geojson",
    "none",
    "link",
    "pipe",
]
_PLANS = ["baseline", "empty", "waves", "town/plans/waves.yaml", "wave"]
_BOXES = [
    "9.5,47.06,9.52,47.07",
    "9.52,47.06,9.5,47.07",
    "9.5,47.06",
    "0,0,0,0",
    "nan,0,1,1",
    "-inf,0,inf,1",
    "1e400,1,2,3",
]
_NUMBERS = ["1", "2", "7", "0", "300", *map(str, NUMBERS)]
_FILES = ["town/town.osm", "town/zones.geojson", "town/scenario.yaml", "town", "pipe", "none"]
_SHARES = ["5%", "0.05", "0%", "-5%", "200%", "nan%", "1/2", "0/0", "3/2", "-1/3", "1e999%", f"1/{10**40}"]
_TIMES = ["30min", "2h", "0s", "-5min", "1h30", "9" * 400 + "h", "nan s", "1e3s"]
_ENGINES = ["serial", "dask-nowhere", "dask://", "tcp://", "tcp://127.0.0.1:1", "Local"]
_RUNS = {"--vehicles": ["1", "1.5", "2"], "--departure": ["90 % within 60 min", "fast"], "--seed": _NUMBERS}
_STUDY = {
    **_RUNS,
    "--engine": _ENGINES[:2],
    "--jobs": ["1", "0", "x"],
    "--workspace": ["work", "pipe", "town/town.osm"],
}
_ROADS = {
    "--households": ["300", *_FILES, *_NUMBERS],
    "--count": ["households", "name", "none"],
    "--name": ["name", "households", "none"],
    "--people-per-household": _NUMBERS,
    "--households-per-dwelling": _NUMBERS,
    "--roads-beyond": _NUMBERS,
    "--country": ["LI", "li", "XX", "Liechtenstein"],
    "--as": ["My town", "town", ".."],
    "--force": [""],
    "--workspace": _STUDY["--workspace"],
}
_COMMANDS: dict[str, tuple[list[list[str]], dict[str, list[str]]]] = {
    "new": (
        [],
        {
            **_ROADS,
            "--polygon": _FILES,
            "--bbox": _BOXES,
            "--zones": _FILES,
            "--zone-name": ["name", "households", "none"],
            "--exits": _FILES,
            "--exits-at-least": ["tertiary", "motorway", "path"],
            "--acs-year": _NUMBERS,
        },
    ),
    "estimate": ([_FILES], _ROADS),
    "run": (
        [_PLACES],
        {
            **_STUDY,
            "--plan": _PLANS,
            "--until": _SHARES,
            "--max-seeds": _NUMBERS,
            "--fidelity": ["meso", "mixed", "Micro"],
            "--part": _SHARES,
        },
    ),
    "check": ([_PLACES], {"--workspace": _STUDY["--workspace"]}),
    "report": ([_PLACES], {"--plan": _PLANS, "--seed": _NUMBERS, "--workspace": _STUDY["--workspace"]}),
    "watch": ([_PLACES], {**_RUNS, "--plan": _PLANS}),
    "export": ([_PLACES, _FILES], {**_RUNS, "--plan": _PLANS}),
    "plan show": ([_PLACES, _PLANS], {"--map": ["map.png", "map.xyz", "town", "none/map.png"]}),
    "plan list": ([_PLACES], {}),
    "ablate": ([_PLACES, _PLANS], _STUDY),
    "stress": ([_PLACES, _PLANS], _STUDY),
    "search": (
        [_PLACES],
        {
            **{name: _STUDY[name] for name in ("--engine", "--jobs", "--workspace", "--seed", "--vehicles")},
            "--officers": _NUMBERS,
            "--cones": _NUMBERS,
            "--barricades": _NUMBERS,
            "--within": _TIMES,
            "--plan": _PLANS,
            "--city": ["city.yaml", *_FILES],
            "--screen": ["meso", "Micro"],
            "--seeds": _NUMBERS,
        },
    ),
    "status": ([_PLACES], {"--plan": _PLANS}),
    "clean": ([], {"--older-than": _NUMBERS, "--study": ["town", "none"], "--yes": [""]}),
    "verify": ([["queue", "none"]], {"--folder": ["town", "pipe", "none"], "--jobs": _NUMBERS}),
    "schema": ([["scenario", "plan", "net"]], {}),
}


_WORDS = [word for word in WORDS if "\x00" not in word and word != "--debug"]  # it asks for a traceback


def _one(rng: random.Random, usual: list[str]) -> str:
    return rng.choice(usual if rng.random() < 0.85 else _WORDS)


def arguments(rng: random.Random) -> list[str]:
    """Return a command line: a command with one to three of its options, or what is none at all."""
    command = rng.choice([*_COMMANDS])
    wanted, options = _COMMANDS[command]
    line = [*command.split(), *(_one(rng, usual) for usual in wanted)]
    for name in rng.sample(sorted(options), min(len(options), rng.choice([0, 1, 1, 2, 3]))):
        value = _one(rng, options[name])
        line += [name] if options[name] == [""] else [name, value] if rng.random() < 0.5 else [f"{name}={value}"]
    if command in ("new", "estimate"):
        line += ["--osm", "town/town.osm"]  # nothing is fetched
    if command == "search" and "--officers" not in " ".join(line):
        line += ["--officers", "2"]
    if command == "new" and rng.random() < 0.8:
        line += rng.choice([["--polygon", "town/zones.geojson"], ["--bbox", _BOXES[0]]])
    if rng.random() < 0.1:
        line.insert(rng.randrange(len(line) + 1), rng.choice(["--none", "-x", "", "--", "--help", "\udc80"]))
    if rng.random() < 0.05 and len(line) > 1:
        del line[rng.randrange(len(line))]
    return line


@cache
def _work() -> Path:
    """Return the cache that all tries share."""
    return Path(mkdtemp())


@contextlib.contextmanager
def _beside_a_town(folder: Path) -> Iterator[None]:
    """Work in a folder with a town, a link to nowhere and a pipe; the folders above it are its own, too."""
    here = folder / "a" / "b" / "c"
    shutil.copytree(TOWN, here / "town")
    (here / "link").symlink_to("nowhere")
    os.mkfifo(here / "pipe")
    (here / "city.yaml").write_text("never: turn ban\n")
    (here / ".evac").symlink_to(_work())
    with contextlib.chdir(here):
        yield


class Told(UserError):  # noqa: N818
    """What a command said on standard error."""

    def __init__(self, said: str) -> None:
        super().__init__([])
        self.args = (said,)


def _stop(*_: Any, **__: Any) -> None:
    raise UserError(Problem("the fuzzer", "simulates nothing", "that was all"))


_SIMULATING = ((study, "run_study"), (finding, "find"), (verify, "run_test"), (request, "find_area"))
"""What takes long, or asks somebody on the internet."""


def command(rng: random.Random, folder: Path) -> None:
    """Run a command line; what it says on standard error is what is wrong."""
    with _beside_a_town(folder), contextlib.ExitStack() as stack:
        for module, name in _SIMULATING:
            stack.enter_context(mock.patch.object(module, name, _stop))
        line, said = arguments(rng), io.StringIO()
        with contextlib.redirect_stderr(said):
            code = run_guarded(line)
        words = said.getvalue()
    if code not in (0, 2) or "nobody has foreseen" in words:
        raise RuntimeError(f"exit code {code} of {line}: {words}")
    if code == 2:
        raise Told(words)


KINDS = {"command": command}
