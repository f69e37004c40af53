"""How SUMO's programs that fail are told: a mistake in what they were given, or a crash of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

from evac import sumo


def test_a_crash_is_told_as_one_with_a_way_round_it_on_one_line():
    crash = f"import os; os.kill(os.getpid(), {signal.SIGSEGV:d})"
    child = subprocess.run([sys.executable, "-c", crash], check=False, cwd=os.curdir)
    text = str(sumo.failure("sumo", child.returncode, "Loading done.\nWarning: No route for vehicle 'h1v0' found.\n"))
    assert "SUMO's sumo crashed (SIGSEGV)" in text
    assert "No route for vehicle 'h1v0' found" in text
    assert "another seed" in text
    assert "--fidelity micro" in text
    assert "leads nobody to an exit while it is closed" in text
    assert "\n" not in text


def test_what_sumo_itself_refuses_is_told_in_its_words():
    text = str(sumo.failure("netconvert", 1, "Loading\nError: Unknown edge 'a'.\nQuitting (on error).\n"))
    assert text == "SUMO's netconvert ended with exit code 1: Error: Unknown edge 'a'. | Quitting (on error)."
