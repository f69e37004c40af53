"""The scripts beside the package find what they import: none of them is run whole by the quick tests."""

import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FOLDERS = sorted({script.parent for room in ("scenarios", "benchmarks") for script in (PROJECT / room).rglob("*.py")})
NEED_A_PEER = {"uxsim_beside", "uxsim_town"}
"""Scripts that run another simulator, which their docstrings say how to install."""
IMPORT_ALL = "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(PROJECT)))
def test_the_scripts_of_a_folder_can_be_imported(folder: Path) -> None:
    scripts = [script.stem for script in sorted(folder.glob("*.py")) if script.stem not in NEED_A_PEER]
    imported = subprocess.run(
        [sys.executable, "-c", IMPORT_ALL, *scripts], cwd=folder, capture_output=True, text=True, check=False
    )
    assert imported.returncode == 0, imported.stderr
