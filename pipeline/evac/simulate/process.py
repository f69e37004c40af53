"""Child processes that never outlive us: SUMO is started in its own session and dies with the run's thread.

The kernel kills a child when the *thread* that started it ends, so a child belongs to a block (`running`) of the
thread that waits for it. An interrupt, an error and the block's end all end it: SIGTERM, then SIGKILL.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_LAUNCHER = Path(__file__).with_name("launcher.py")
_GRACE_S = 0.5
"""How long a child may take to end after SIGTERM (s); SUMO under traci's control takes note of it and goes on."""

Child = subprocess.Popen[bytes]

_children: set[Child] = set()
_lock = threading.Lock()
_stopped = threading.Event()
"""Set while no child may start: `end_all` has been called, and nothing has begun anew since."""


@contextmanager
def running(command: Sequence[str | Path], *, env: Mapping[str, str], cwd: Path, output: Path) -> Iterator[Child]:
    """Start a program; it has ended, one way or another, when the block ends.

    Parameters
    ----------
    command
        Path of the program, and its arguments.
    env
        The child's whole environment.
    cwd
        The child's working folder.
    output
        File that takes what the child prints, both streams.

    Raises
    ------
    KeyboardInterrupt
        `end_all` has been called: the child isn't started.
    """
    bare_python = [sys.executable, "-I", "-S", str(_LAUNCHER), str(os.getpid())]
    with output.open("wb") as log, _lock:  # so that `end_all` either finds the child or keeps it from starting
        if _stopped.is_set():
            raise KeyboardInterrupt
        child = subprocess.Popen(
            [*bare_python, *map(str, command)],
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        _children.add(child)
    try:
        yield child
    finally:
        with _lock:
            _children.discard(child)
        end(child)


def end(child: Child) -> None:
    """End a child and what it started: politely, then by force."""
    _signal(child, signal.SIGTERM)
    try:
        child.wait(_GRACE_S)
    except subprocess.TimeoutExpired:
        _signal(child, signal.SIGKILL)
        child.wait()


def end_all() -> None:
    """End every child of this process at once, and let none start until `begin_anew`.

    The threads that talk to them see their connections close; one that was about to start a child is interrupted.
    """
    with _lock:
        _stopped.set()
        children = list(_children)
    for child in children:
        _signal(child, signal.SIGKILL)


def begin_anew() -> None:
    """Let children start again after `end_all`."""
    _stopped.clear()


def _signal(child: Child, number: signal.Signals) -> None:
    if child.poll() is None:  # its pid, and with it its group's, is still its own
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, number)
