"""What `pip install evac` gives: a wheel that is small, whole, and runs its example without the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
_LARGEST_MB = 3.0
_TOLD_S = 120.0
"""The smallest difference that a report tells with one simulation of each plan."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    [found] = folder.glob("evac-*.whl")
    return found


@pytest.mark.slow
def test_the_wheel_is_small_and_has_the_example_as_it_stands_in_the_repository(wheel: Path) -> None:
    assert wheel.stat().st_size < _LARGEST_MB * 1e6
    with zipfile.ZipFile(wheel) as packed:
        names = [name for name in packed.namelist() if name.startswith("evac/example/")]
        assert {name.split("/")[2] for name in names} == {"scenarios", "plans"}
        for name in names:
            assert packed.read(name) == (ROOT / name.removeprefix("evac/example/")).read_bytes()


@pytest.mark.slow
def test_the_demo_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    """Dependencies are those of the lock; the environment knows nothing of the checkout."""
    [uv] = [path for path in (ROOT / ".tools" / "uv").rglob("uv") if path.is_file() and os.access(path, os.X_OK)]
    clean = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    clean |= {key: value for key, value in os.environ.items() if key.startswith(("UV_", "PIP_", "SSL_"))}
    venv = tmp_path / "venv"
    locked = tmp_path / "locked.txt"
    locked.write_text((ROOT / "requirements.lock").read_text())
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True, env=clean)
    install = [
        str(uv),
        "pip",
        "install",
        "--python",
        str(venv / "bin" / "python"),
        "--constraint",
        str(locked),
        str(wheel),
    ]
    done = subprocess.run(install, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    evac = [str(venv / "bin" / "evac"), "demo", "here"]
    done = subprocess.run(evac, cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    results = pd.read_csv(tmp_path / "here" / "reports" / "balzers" / "results.csv").set_index("plan")
    assert set(results.index) == {"baseline", "bridge-closed", "flood"}
    assert (results["evacuated"] == results["planned"]).all()
    # A bridge less costs time, and the answer gives it back: more of each than one seed may say by chance.
    assert results.loc["bridge-closed", "t90_s"] - results.loc["baseline", "t90_s"] >= _TOLD_S
    assert results.loc["bridge-closed", "t90_s"] - results.loc["flood", "t90_s"] >= _TOLD_S
