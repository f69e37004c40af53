"""SUMO's own programs: found, given the environment they need, and their failures explained.

The real binaries are used, not the Python wrappers of the same names that pip puts on the path: killing a wrapper
leaves its simulator running. `SUMO_HOME` and `PROJ_DATA` are set for the child only, because SUMO's proj.db is not
the one that pyproj and rasterio need.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import traci
from traci.connection import Connection
from traci.exceptions import FatalTraCIError

from evac import process
from evac.errors import InstallationError, Problem, SimulationError

# The Debian 12 package of each library that SUMO's binaries need beyond a bare system.
_DEBIAN_PACKAGES = {
    "libX11.so": "libx11-6",
    "libXext.so": "libxext6",
    "libXrender.so": "libxrender1",
    "libGL.so": "libgl1",
    "libexpat.so": "libexpat1",
    "libatomic.so": "libatomic1",
}
_CONNECT_EVERY_S = 0.05
_LAST_WORDS_S = 5.0  # for SUMO to say why it closed the connection
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


def child_environment() -> dict[str, str]:
    """Return the environment for a child that is one of SUMO's programs."""
    return {**os.environ, "SUMO_HOME": str(home()), "PROJ_DATA": str(home() / "data" / "proj")}


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


@contextmanager
def controlled(arguments: Sequence[str], cwd: Path, console: Path) -> Iterator[Connection]:
    """Run a simulation that the block steps through; when the block ends, the simulation is asked to end as well.

    Parameters
    ----------
    arguments
        Options of `sumo`, among them `--configuration-file`.
    cwd
        Folder that relative paths in `arguments` start from.
    console
        File that takes what SUMO prints.

    Raises
    ------
    SimulationError
        SUMO ended before the block, or not well; the message has its last words.
    InstallationError
        A system library that SUMO needs is missing.
    """
    with _reserved_port() as port:
        command = [str(binary("sumo")), *arguments, "--remote-port", str(port)]
        with process.running(command, env=child_environment(), cwd=cwd, output=console) as child:
            try:
                connection = _connect(port, child)
                yield connection
                connection.close()
            except (FatalTraCIError, ConnectionError) as error:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(_LAST_WORDS_S)
                process.end(child)
                raise failure("sumo", child.returncode, console.read_text(errors="replace")) from error
            if child.wait() != 0:
                raise failure("sumo", child.returncode, console.read_text(errors="replace"))


@contextmanager
def _reserved_port() -> Iterator[int]:
    """Give a free port that nobody else is given while the block lasts.

    The port stays bound, without listening, with SO_REUSEADDR set afterwards: SUMO, which sets it too, can listen on
    it, and the system gives it to no one who asks for any free port.
    """
    with socket.socket() as holder:
        holder.bind(("", 0))
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        yield holder.getsockname()[1]


def _connect(port: int, child: process.Child) -> Connection:
    """Connect to a simulation as soon as it listens, which it does when its net is loaded."""
    while True:
        try:
            return traci.connect(port, numRetries=0, host="127.0.0.1", proc=None)
        except FatalTraCIError:
            if child.poll() is not None:
                raise
            time.sleep(_CONNECT_EVERY_S)


def failure(name: str, code: int, output: str) -> InstallationError | SimulationError:
    """Return the error that explains why one of SUMO's programs ended with `code` after printing `output`."""
    missing = _MISSING_LIBRARY.search(output)
    if missing:
        return InstallationError(_missing_library(missing.group(1)))
    errors = [line for line in output.splitlines() if line.startswith(("Error", "Quitting"))]
    tail = errors or output.splitlines()[-5:]
    return SimulationError(f"SUMO's {name} ended with exit code {code}: " + " | ".join(tail[:5]))


def _missing_library(library: str) -> Problem:
    package = next((name for prefix, name in _DEBIAN_PACKAGES.items() if library.startswith(prefix)), None)
    remedy = f"apt-get install {package}" if package else f"install the system package that has {library}"
    return Problem("SUMO", f"the system library {library} is missing on this machine ({sys.platform})", remedy)
