"""A conversation with a running simulation: sumo as our child, stepped and asked through traci.

Each simulation has a connection object of its own, so that several run side by side in the threads of one process.
"""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import traci
from traci.connection import Connection
from traci.exceptions import FatalTraCIError

from evac import sumo
from evac.simulate import process

_CONNECT_EVERY_S = 0.05
_LAST_WORDS_S = 5.0  # for SUMO to say why it closed the connection


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
        command = [str(sumo.binary("sumo")), *arguments, "--remote-port", str(port)]
        with process.running(command, env=sumo.child_environment(), cwd=cwd, output=console) as child:
            try:
                with closing(_connect(port, child)) as connection:
                    yield connection
            except (FatalTraCIError, ConnectionError) as error:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(_LAST_WORDS_S)
                process.end(child)
                raise sumo.failure("sumo", child.returncode, console.read_text(errors="replace")) from error
            if child.wait() != 0:
                raise sumo.failure("sumo", child.returncode, console.read_text(errors="replace"))


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
