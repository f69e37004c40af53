"""Start a program that dies with its parent: `python -I -S launcher.py <parent's pid> <program> <arguments> ...`.

It runs by itself in a bare interpreter, because code between fork and exec of a threaded process may deadlock
(`preexec_fn`). The kernel's parent-death signal outlives exec; a parent that died before it was set is noticed
by the new parent's pid.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _main(parent: int, command: list[str]) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the parent has ended")
    os.execv(command[0], command)  # noqa: S606


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2:])
