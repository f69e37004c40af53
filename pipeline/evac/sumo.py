"""SUMO's own programs: found, given the environment they need, and their failures explained.

The real binaries are used, not the Python wrappers of the same names that pip puts on the path: killing a wrapper
leaves its simulator running. `SUMO_HOME` and `PROJ_DATA` are set for the child only, because SUMO's proj.db is not
the one that pyproj and rasterio need.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from evac.errors import InstallationError, Problem, SimulationError, UserError

CAR_CLASS = "passenger"
"""SUMO's class of the vehicles."""
RESIDENT_CLASS = "custom1"
"""SUMO's class of residents' vehicles where a plan closes roads to through traffic: one without a meaning of its own,
which drives like a passenger car."""

_CRASHES = {-number: number.name for number in (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE)}
"""Exit codes of a program that the system has ended because of a fault in it."""
# The Debian 12 package of each library that SUMO's binaries need beyond a bare system.
_DEBIAN_PACKAGES = {
    "libX11.so": "libx11-6",
    "libXext.so": "libxext6",
    "libXrender.so": "libxrender1",
    "libGL.so": "libgl1",
    "libexpat.so": "libexpat1",
    "libatomic.so": "libatomic1",
}
# What SUMO 1.28 takes for something else in the path of a file: a list, a host's port, a variable of the environment.
_NOT_IN_PATHS = (",", ":", "${")
_MISSING_LIBRARY = re.compile(r"error while loading shared libraries: (\S+?):")


@cache
def home() -> Path:
    """Return SUMO's home folder: that of the installed `eclipse-sumo` package.

    Raises
    ------
    InstallationError
        The package isn't installed.
    """
    spec = find_spec("sumo")  # importing it would set SUMO_HOME for this process and its libraries
    if spec is None or spec.origin is None:
        raise InstallationError(
            Problem(
                "SUMO", "the Python package 'eclipse-sumo' isn't installed", "make setup, or pip install eclipse-sumo"
            )
        )
    return Path(spec.origin).parent


def binary(name: str) -> Path:
    """Return the path of one of SUMO's programs (`sumo`, `netconvert`, `duarouter`, `sumo-gui` …)."""
    path = home() / "bin" / name
    if not path.is_file():
        raise InstallationError(
            Problem(
                "SUMO", f"{path} isn't there", "install the package 'eclipse-sumo' again: it brings SUMO's programs"
            )
        )
    return path


def cache_in(workspace: Path) -> Path:
    """Return the folder of a workspace in which SUMO's programs read and write: `.evac`.

    Raises
    ------
    UserError
        They can't work in a folder of that name.
    """
    place = workspace.resolve()
    names = "/".join(place.parts[1:])  # without a drive's letter and colon
    if met := [text for text in _NOT_IN_PATHS if text in names]:
        what = f"SUMO can't work in a folder whose path has {' or '.join(map(repr, met))}"
        raise UserError(Problem(str(place), what, "take another folder for the workspace: --workspace, or rename it"))
    return workspace / ".evac"


def child_environment() -> dict[str, str]:
    """Return the environment for a child that is one of SUMO's programs."""
    proj = str(home() / "data" / "proj")  # PROJ_LIB is what older versions of PROJ ask for
    return {**os.environ, "SUMO_HOME": str(home()), "PROJ_DATA": proj, "PROJ_LIB": proj}


@cache
def version() -> str:
    """Return SUMO's version, such as `1.28.0`, as its binary tells it."""
    first = run("sumo", ["--version"]).splitlines()[0]
    found = re.search(r"\d+\.\d+\.\d+\S*", first)
    return found.group() if found else first


def run(name: str, arguments: Sequence[str | Path], cwd: Path | None = None) -> str:
    """Run one of SUMO's tools to its end and return what it printed (both streams).

    Raises
    ------
    InstallationError
        A system library that SUMO needs is missing; the message names the package.
    SimulationError
        The tool ended with another exit code than 0; the message has its last words.
    """
    done = subprocess.run(
        [str(binary(name)), *map(str, arguments)],
        cwd=cwd,
        env=child_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        raise failure(name, done.returncode, done.stdout)
    return done.stdout


def failure(name: str, code: int, output: str) -> InstallationError | SimulationError:
    """Return the error that explains why one of SUMO's programs ended with `code` after printing `output`."""
    missing = _MISSING_LIBRARY.search(output)
    if missing:
        return InstallationError(_missing_library(missing.group(1)))
    errors = [line for line in output.splitlines() if line.startswith(("Error", "Quitting"))]
    tail = " | ".join((errors or output.splitlines()[-5:])[:5])
    if code in _CRASHES:
        said = f" after saying: {tail}" if tail else ""
        return SimulationError(
            f"SUMO's {name} crashed ({_CRASHES[code]}){said}. That is a fault of SUMO, not of the scenario or plan: "
            "another seed or another `router` may get past it, --fidelity micro where the run is coarse, and a plan "
            "that leads nobody to an exit while it is closed"
        )
    return SimulationError(f"SUMO's {name} ended with exit code {code}: {tail}")


def _missing_library(library: str) -> Problem:
    package = next((name for prefix, name in _DEBIAN_PACKAGES.items() if library.startswith(prefix)), None)
    remedy = f"apt-get install {package}" if package else f"install the system package that has {library}"
    return Problem("SUMO", f"the system library {library} is missing on this machine ({sys.platform})", remedy)
