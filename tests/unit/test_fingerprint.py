"""What makes runs old: another behaviour of what makes them, not another comment, docstring or report."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import pytest

import evac
from evac import fingerprint as module
from evac.fingerprint import digest_stages, fingerprint

SKIPPED = shutil.ignore_patterns("__pycache__", "suite", "templates")


@pytest.fixture(scope="module", autouse=True)
def _files_are_parsed_once():
    """Parse each text of a file once: fifteen digests of nearly the same package take as long as one."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "_read", cache(module._read))
        yield


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    package = tmp_path_factory.mktemp("code") / "evac"
    return shutil.copytree(Path(evac.__file__).parent, package, ignore=SKIPPED)


@pytest.fixture(scope="module")
def before(copied: Path) -> str:
    return digest_stages(copied)


@pytest.fixture
def package(copied: Path):
    """The package's copy, as it was again after the test."""
    yield copied
    shutil.copytree(
        Path(evac.__file__).parent, copied, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__")
    )


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_comments_docstrings_and_layout_make_no_run_old(package: Path, before: str) -> None:
    file = package / "demand" / "departures.py"
    edit(file, "_STEP_MIN = 0.05", "_STEP_MIN = (\n    0.05  # another reason\n)\n\n")
    edit(file, '"""When households leave', '"""At what time households leave')
    edit(file, '"""Return the share that has left by then."""', '"""Say how many have left."""')
    assert digest_stages(package) == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("demand/departures.py", "_STEP_MIN = 0.05", "_STEP_MIN = 0.1"),
        ("measure/queues.py", "_FULL_VEH_PER_H = 1200", "_FULL_VEH_PER_H = 1201"),
        ("simulate/launcher.py", "import ", "import this\nimport "),
        ("osm/speeds.csv", "50", "51"),
        ("__init__.py", "__version__", "_other = 1\n__version__"),
    ],
)
def test_what_a_run_depends_on_makes_it_old(package: Path, before: str, file: str, old: str, new: str) -> None:
    edit(package / file, old, new)
    assert digest_stages(package) != before


@pytest.mark.parametrize("folder", ["report", "cli", "audit", "archive", "new", "search", "sources"])
def test_what_shows_results_or_finds_inputs_makes_no_run_old(package: Path, before: str, folder: str) -> None:
    for file in (package / folder).rglob("*.py"):
        file.write_text("other = 1\n")
    assert digest_stages(package) == before


def test_every_stage_is_reached() -> None:
    package = Path(evac.__file__).parent
    modules = {module._name(path, package): path for path in package.rglob("*.py")}
    reached = {name.split(".")[1] for name, _ in module._reached(modules) if name != "evac"}
    stages = {"osm", "network", "households", "demand", "overlay", "plans", "simulate", "measure", "study", "schema"}
    assert stages <= reached
    assert not {"report", "cli", "new", "search", "verify"} & reached
    assert {*module._MAKES_RUNS, *module._MAKES_NO_RUNS} <= modules.keys()


def test_it_is_worked_out_once_for_the_same_code(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = module._remembered(package)
    with monkeypatch.context() as patched:
        patched.setattr(module, "digest_stages", lambda _: pytest.fail("worked out again"))
        assert module._remembered(package) == first
    edit(package / "demand" / "departures.py", "_STEP_MIN = 0.05", "_STEP_MIN = 0.1")
    assert module._remembered(package) != first
    assert fingerprint().startswith(f"{evac.__version__}+")
