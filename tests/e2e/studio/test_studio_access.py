"""Who reaches a studio that runs: from which address, and as which user of the machine."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from studio_workspace import Served, balzers, served

LOOPBACK, ANOTHER = "127.0.0.1", "127.0.0.2"
_LISTENS = "0A"


def _listened_on(studio: Served) -> set[str]:
    """Return the addresses on which a port is listened on, by the kernel's own tables."""
    port = f"{studio.client.base_url.port:04X}"
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            address, _, its_port = local.partition(":")
            if state == _LISTENS and its_port == port:
                found.add(socket.inet_ntoa(bytes.fromhex(address)[::-1]) if table == "tcp" else address)
    return found


def _reaches(address: str, port: int) -> bool:
    with socket.socket() as asking:
        asking.settimeout(5)
        return asking.connect_ex((address, port)) == 0


def _own_address() -> str:
    """Return an address of this machine that others see; where it has none, another one of its loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect(("192.0.2.1", 9))  # nothing is sent: RFC 5737 keeps it for examples
        except OSError:
            return ANOTHER
        return str(asking.getsockname()[0])


def test_only_this_machine_reaches_it(tmp_path: Path) -> None:
    with served(balzers(tmp_path)) as studio:
        port = studio.client.base_url.port
        assert _listened_on(studio) == {LOOPBACK}
        assert _reaches(LOOPBACK, port)
        assert not _reaches(ANOTHER, port)
        assert not _reaches(_own_address(), port)


def test_on_another_address_nobody_is_answered_without_the_token(tmp_path: Path) -> None:
    address = _own_address()
    with served(balzers(tmp_path), "--host", address) as studio:
        assert _listened_on(studio) == {address}
        base = studio.client.base_url
        assert studio.client.get("/api/places").status_code == 200  # by the token that the command has shown
        with httpx2.Client(base_url=base) as stranger:
            assert stranger.get("/api/places").status_code == 401
            assert stranger.post("/api/places/balzers/jobs", json={"plans": ["baseline"]}).status_code == 401
            assert stranger.post("/api/session", json={"token": "guess"}).status_code == 401
            assert stranger.get("/api/places", headers={"Host": f"example.org:{base.port}"}).status_code == 421
        assert studio.client.get("/api/jobs").json() == []


@pytest.mark.parametrize(("host", "words"), [("0.0.0.0", "every address"), ("203.0.113.77", "can't listen")])
def test_an_address_that_is_none_of_this_machine_is_told(host: str, words: str, tmp_path: Path) -> None:
    """RFC 5737 keeps the second for examples."""
    command = [sys.executable, "-c", "from evac.cli import main; main()", "studio", "--no-browser", "--host", host]
    ended = subprocess.run(
        [*command, "--workspace", str(tmp_path)], check=False, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert words in " ".join(ended.stderr.split())


_SECOND = """
import json, os, sys, urllib.error, urllib.request
base, workspace, server, door, user, group = sys.argv[1:]
def tried(work):
    try:
        return work()
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return type(error).__name__
def ask(path, content=None):
    headers = {"Content-Type": "application/json"}
    return urllib.request.urlopen(urllib.request.Request(base + path, content, headers)).status
own = os.path.join(workspace, ".evac", "studio")
ask("/")  # whatever Python needs is loaded: the other user may not be able to read where it is
os.setgroups([])
os.setgid(int(group))
os.setuid(int(user))
print(json.dumps({
    "user": os.getuid(), "page": tried(lambda: ask("/")), "workspace": tried(lambda: len(os.listdir(workspace))),
    "places": tried(lambda: ask("/api/places")),
    "run": tried(lambda: ask("/api/places/balzers/jobs", b'{"plans": ["baseline"]}')),
    "plan": tried(lambda: ask("/api/places/balzers/plans", b'{"name": "theirs"}')),
    "listed": tried(lambda: os.listdir(own)), "door": tried(lambda: open(door).read()),
    "written": tried(lambda: open(os.path.join(own, "theirs"), "w").close()),
    "memory": tried(lambda: open(f"/proc/{server}/mem", "rb").close()),
    "ended": tried(lambda: os.kill(int(server), 15)),
    "arguments": open(f"/proc/{server}/cmdline").read(),
}))
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that every user of the machine can read, which `tmp_path` is not."""
    folder = Path(tempfile.mkdtemp(prefix="studio-second-user-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_a_second_user_of_the_machine_reads_and_starts_nothing(open_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    with served(balzers(open_folder)) as studio:
        (door,) = (open_folder / ".evac" / "studio").glob("open-*.html")
        token = re.search(r"#token=([\w-]+)", studio.url)
        arguments = [studio.client.base_url, open_folder, studio.process.pid, door, nobody.pw_uid, nobody.pw_gid]
        command = [sys.executable, "-I", "-S", "-c", _SECOND, *map(str, arguments)]
        answer = subprocess.run(command, capture_output=True, check=True)
        theirs: dict[str, Any] = json.loads(answer.stdout)
        jobs = studio.client.get("/api/jobs").json()
    assert (theirs["user"], theirs["page"]) == (nobody.pw_uid, 200)  # they do reach the port
    assert theirs["workspace"] > 0  # and the folder around
    assert (theirs["places"], theirs["run"], theirs["plan"]) == (401, 401, 401)
    for what in ("listed", "door", "written", "memory", "ended"):
        assert theirs[what] == "PermissionError", what
    assert token is not None
    assert token[1] not in theirs["arguments"]
    assert jobs == []
    assert not (open_folder / "plans" / "balzers" / "theirs.yaml").exists()
