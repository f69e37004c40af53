"""What travels to workers and back: the same bytes for the same content, and nothing published that isn't the job's."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tarfile
from hashlib import sha256

import pyarrow as pa
import pytest

from evac.errors import SimulationError
from evac.seals import SEAL, seal
from evac.study.parcels import pack_folder, pack_run, publish_run, unpack_folder


def make_net(cache, text="<net/>", time_s=0):
    folder = cache / "nets" / "n"
    folder.mkdir(parents=True)
    (folder / "net.net.xml").write_text(text)
    (folder / "netconvert.log").write_text("what a run doesn't read")
    os.utime(folder / "net.net.xml", (time_s, time_s))
    return cache


def test_equal_content_is_packed_to_equal_bytes(tmp_path):
    one, two = make_net(tmp_path / "one"), make_net(tmp_path / "two", time_s=1_000_000)
    other = make_net(tmp_path / "other", "<net></net>")
    assert pack_folder("nets/n", one) == pack_folder("nets/n", two) != pack_folder("nets/n", other)


def test_a_folder_arrives_with_what_a_run_reads(tmp_path):
    content = pack_folder("nets/n", make_net(tmp_path / "here"))
    there = tmp_path / "there"
    unpack_folder("nets/n", content, there)
    folder = there / "nets" / "n"
    assert {path.name for path in folder.iterdir()} == {"net.net.xml", SEAL}
    begun_ns = folder.stat().st_ctime_ns
    unpack_folder("nets/n", content, there)
    assert folder.stat().st_ctime_ns == begun_ns
    (folder / "net.net.xml").write_text("another")
    unpack_folder("nets/n", content, there)
    assert (folder / "net.net.xml").read_text() == "<net/>"


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "run"
    (folder / "sumo").mkdir(parents=True)
    for name in ("ending.json", "sumo/tripinfo.xml", "sumo/sumo.log"):
        (folder / name).write_text("said")
    (folder / "job.json").write_text("{}")
    (folder / "curve.parquet").write_text("a table")
    tables = {"curve.parquet": sha256(b"a table").hexdigest()}
    (folder / "manifest.json").write_text(json.dumps({"tables": tables}))
    seal(folder)
    os.utime(folder / "job.json", (1_000_000, 1_000_000))
    return folder


JOB = sha256(b"{}").hexdigest()


def test_a_run_is_published_whole_with_its_times_or_not_at_all(run, tmp_path):
    target = tmp_path / "runs" / "job"
    with pytest.raises(SimulationError, match="another job"):
        publish_run(pack_run(run), target, "0" * 64)
    assert list(target.parent.iterdir()) == []
    publish_run(pack_run(run), target, JOB)
    assert (target / "sumo" / "sumo.log").read_text() == "said"
    assert (target / "job.json").stat().st_mtime == 1_000_000


@pytest.mark.parametrize("name", ["ending.json", "sumo/tripinfo.xml", "manifest.json", "curve.parquet"])
def test_a_run_that_lacks_a_file_is_refused(run, tmp_path, name):
    (run / name).unlink()
    with pytest.raises(SimulationError, match=f"damaged: {name} is gone"):
        publish_run(pack_run(run), tmp_path / "runs" / "job", JOB)
    assert list((tmp_path / "runs").iterdir()) == []


def test_a_run_with_another_table_than_was_measured_is_refused(run, tmp_path):
    (run / "curve.parquet").write_text("half a tab")
    with pytest.raises(SimulationError, match=r"damaged: curve\.parquet isn't what was written"):
        publish_run(pack_run(run), tmp_path / "runs" / "job", JOB)


def test_a_file_outside_of_the_folder_is_refused(tmp_path):
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("../escaped"), io.BytesIO())
    plain = sink.getvalue()
    hostile = len(plain).to_bytes(8) + pa.compress(plain, codec="zstd", asbytes=True)
    with pytest.raises(SimulationError, match="no file inside its folder"):
        publish_run(hostile, tmp_path / "runs" / "job", "0" * 64)
    assert not (tmp_path / "runs" / "escaped").exists()


def test_the_scheduler_imports_no_stage():
    code = "import evac.remote, sys; print([m for m in sys.modules if m.startswith(('evac.', 'pandas', 'numpy'))])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['evac.remote']"
