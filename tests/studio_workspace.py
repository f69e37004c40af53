"""A workspace for tests of the studio: Balzers with its plans, in a folder of the test's own."""

from __future__ import annotations

import atexit
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx2
from starlette.testclient import TestClient

import evac
from evac.studio.app import build_app
from evac.studio.sessions import Sessions
from evac.studio.workspace import Workspace

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = "http://127.0.0.1:8765"


HAS_ENDED = ("done", "failed", "cancelled")


_PREPARED = ("maps", "nets", "households")


@cache
def _prepared() -> Path:
    """Prepare Balzers once for all tests of a process, and return the cache: it is the same in every workspace."""
    folder = Path(tempfile.mkdtemp(prefix="studio-tests-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    evac.open(ROOT / "scenarios" / "balzers", workspace=folder).prepare()
    return folder / ".evac"


def prepared_balzers(folder: Path, vehicles: float | None = None) -> Path:
    """As `balzers`, with map, network and households in the cache."""
    prepare_as_balzers(folder)
    return balzers(folder, vehicles)


def prepare_as_balzers(folder: Path) -> None:
    """Put Balzers' map, network and households into a workspace's cache."""
    for part in _PREPARED:
        shutil.copytree(_prepared() / part, folder / ".evac" / part)


def balzers(folder: Path, vehicles: float | None = None) -> Path:
    """Copy Balzers and its plans into a workspace, with so many vehicles per household, and return the workspace."""
    for part in ("scenarios", "plans"):
        shutil.copytree(ROOT / part / "balzers", folder / part / "balzers")
    if vehicles is not None:
        path = folder / "scenarios" / "balzers" / "scenario.yaml"
        path.write_text(path.read_text() + f"vehicles_per_household: [{vehicles}]\n")
    return folder


def client_of(folder: Path, **headers: str) -> TestClient:
    """Return a client of a studio on a workspace, with a key unless it brings headers of its own."""
    sessions = Sessions()
    key = sessions.key_for(sessions.new_token())
    app = build_app(Workspace(folder), sessions, ["127.0.0.1:8765"])
    return TestClient(
        app, base_url=ADDRESS, headers=headers or {"Authorization": f"Bearer {key}"}, raise_server_exceptions=False
    )


def errors_of(folder: Path) -> Path:
    """Return where the studio of a workspace writes its errors."""
    return folder.parent / f"{folder.name}-errors.txt"


@contextmanager
def served(folder: Path, *options: str) -> Iterator[Served]:
    """Run `evac studio` on a workspace while the block works."""
    command = [sys.executable, "-c", "from evac.cli import main; main()", "studio", "--no-browser", "--port", "0"]
    with errors_of(folder).open("w") as errors:
        process = subprocess.Popen(
            [*command, "--workspace", str(folder), *options], stdout=subprocess.PIPE, stderr=errors, text=True
        )
    studio = None
    try:
        studio = Served(process)
        yield studio
    finally:
        if studio is not None:
            studio.client.close()
        process.terminate()
        process.wait(30)
        process.stdout.close()


class Served:
    """A studio that runs as a process of its own, and a client that has opened it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        while not (found := re.search(r"(http://\S+?)/#token=(\S+)", process.stdout.readline())):
            assert process.poll() is None
        self.url = found[0]
        self.client = httpx2.Client(base_url=found[1], timeout=60.0)
        key = self.client.post("/api/session", json={"token": found[2]}).json()["key"]
        self.client.headers["Authorization"] = f"Bearer {key}"

    def job(self, number: int) -> dict[str, Any]:
        """Return a job as it is now."""
        return next(job for job in self.client.get("/api/jobs").json() if job["id"] == number)

    def wait(self, number: int, condition: Callable[[dict[str, Any]], bool], seconds: float = 120.0) -> dict[str, Any]:
        """Wait until a job is as it should be, and return it."""
        until = time.monotonic() + seconds
        while not condition(job := self.job(number)):
            assert time.monotonic() < until, job
            time.sleep(0.1)
        return job
