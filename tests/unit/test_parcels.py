"""What travels to workers and back: the same bytes for the same content, and nothing published that isn't the job's."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
from hashlib import sha256

import pyarrow as pa
import pytest

from evac.errors import SimulationError
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
    assert [path.name for path in (there / "nets" / "n").iterdir()] == ["net.net.xml"]
    (there / "nets" / "n" / "net.net.xml").write_text("kept")
    unpack_folder("nets/n", content, there)
    assert (there / "nets" / "n" / "net.net.xml").read_text() == "kept"


def test_a_run_is_published_whole_with_its_times_or_not_at_all(tmp_path):
    run = tmp_path / "run"
    (run / "sumo").mkdir(parents=True)
    (run / "job.json").write_text("{}")
    (run / "sumo" / "log").write_text("said")
    os.utime(run / "job.json", (1_000_000, 1_000_000))
    target = tmp_path / "runs" / "job"
    with pytest.raises(SimulationError, match="another job"):
        publish_run(pack_run(run), target, "0" * 64)
    assert list(target.parent.iterdir()) == []
    publish_run(pack_run(run), target, sha256(b"{}").hexdigest())
    assert (target / "sumo" / "log").read_text() == "said"
    assert (target / "job.json").stat().st_mtime == 1_000_000


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
