"""The set-up: its lock files fit the project and name no index, and a machine that lacks something is told what."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from evac import sumo

ROOT = Path(__file__).parents[2]
LOCK_FILES = ["requirements.lock", "setup/requirements-uv.lock"]


@pytest.fixture
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "setup" / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def locked() -> dict[str, list[Requirement]]:
    """Return the locked requirements by their normalised name."""
    found: dict[str, list[Requirement]] = {}
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if re.match(r"[a-z]", line):
            requirement = Requirement(line.rstrip(" \\"))
            found.setdefault(requirement.name, []).append(requirement)
    return found


def wanted() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [Requirement(text) for text in project["project"]["dependencies"] + project["dependency-groups"]["dev"]]


@pytest.mark.parametrize("requirement", wanted(), ids=str)
def test_lock_satisfies_what_the_project_asks_for(requirement):
    pins = locked().get(re.sub(r"[-_.]+", "-", requirement.name).lower())
    assert pins, f"{requirement.name} isn't locked: make lock"
    for pin in pins:
        (version,) = (specifier.version for specifier in pin.specifier)
        assert requirement.specifier.contains(version), f"{pin} doesn't fit {requirement}: make lock"


@pytest.mark.parametrize("name", LOCK_FILES)
def test_lock_files_hash_everything_and_name_no_index(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    for entry in re.split(r"\n(?=[a-z])", text)[1:]:
        assert "--hash=sha256:" in entry, entry


@pytest.mark.skipif(sys.platform != "linux", reason="ldd reads Linux programs")
@pytest.mark.parametrize("program", ["sumo", "netconvert", "duarouter"])
def test_the_packages_listed_bring_every_library_that_sumo_needs(program, bootstrap):
    needed = subprocess.run(["ldd", sumo.binary(program)], capture_output=True, text=True, check=True).stdout
    wheel = sumo.home().parent
    outside = {line.split()[0] for line in needed.splitlines() if "=>" in line and str(wheel) not in line}
    drawn_in = re.compile(r"lib(GLdispatch|GLX|xcb|Xau|Xdmcp|bsd|md)\.so")  # by the listed packages' dependencies
    # Debian's C and C++ runtimes and zlib belong to every system that has apt.
    base = re.compile(r"linux-vdso|lib(c|m|dl|rt|pthread|resolv|stdc\+\+|gcc_s|z)\.so")
    left = {name for name in outside if not base.match(name) and not drawn_in.match(name)}
    assert left
    assert left <= set(bootstrap.system_packages())


def test_the_error_for_a_missing_library_names_the_listed_package(bootstrap):
    of_the_pdf = re.compile(r"lib(pango|harfbuzz)")
    for library, package in bootstrap.system_packages().items():
        if of_the_pdf.match(library):
            continue  # SUMO doesn't need it
        error = sumo.failure("sumo", 127, f"sumo: error while loading shared libraries: {library}: cannot open")
        assert f"apt-get install {package}" in str(error)


def test_somebody_who_is_not_root_is_told_the_packages(bootstrap, monkeypatch, tmp_path):
    listing = tmp_path / "packages.debian.txt"
    listing.write_text("# a comment\nlibnowhere1  libnowhere.so.1\nlibc6  libc.so.6  # is there\n")
    monkeypatch.setattr(bootstrap, "SYSTEM_PACKAGES", listing)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    with pytest.raises(bootstrap.SetupError, match=r"libnowhere\.so\.1") as caught:
        bootstrap.provide_libraries()
    assert caught.value.exit_code == 2
    assert "apt-get install --no-install-recommends libnowhere1\n" in str(caught.value)


def test_uv_is_given_the_indexes_that_pip_is_configured_for(bootstrap):
    configuration = (
        "global.cert='/certificates.pem'\n"
        "global.index-url='https://mirror.example/simple'\n"
        "global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'\n"
        "global.find-links='/wheels /more'\n"
        "global.timeout='60'\n"
        ":env:.index-url='https://nearer.example/simple'\n"
    )
    assert bootstrap.from_pip(configuration) == {
        "UV_DEFAULT_INDEX": "https://nearer.example/simple",
        "UV_INDEX": "https://one.example/simple https://two.example/simple",
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/certificates.pem",
    }


def test_an_interrupted_or_outdated_set_up_is_not_complete(bootstrap, monkeypatch, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").touch()
    monkeypatch.setattr(bootstrap, "VENV", tmp_path)
    monkeypatch.setattr(bootstrap, "STAMP", tmp_path / "set-up-complete")
    assert not bootstrap.is_complete()
    bootstrap.STAMP.write_text(bootstrap.fingerprint())
    assert bootstrap.is_complete()
    changed = tmp_path / "requirements.lock"
    changed.write_text("another lock")
    monkeypatch.setattr(bootstrap, "LOCK", changed)
    assert not bootstrap.is_complete()


def test_an_activated_environment_is_not_built_anew(tmp_path):
    outside = Path(sys.executable).resolve()
    subprocess.run([outside, "-m", "venv", "--without-pip", tmp_path / "activated"], check=True)
    program = "import runpy; print(runpy.run_path('setup/bootstrap.py')['fingerprint']())"
    answers = {
        subprocess.run([python, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for python in (outside, tmp_path / "activated" / "bin" / "python")
    }
    assert len(answers) == 1


def test_make_lists_every_target_that_it_declares():
    makefile = (ROOT / "Makefile").read_text()
    (declared,) = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)
    listed = subprocess.run(["make", "-C", ROOT, "--silent"], capture_output=True, text=True, check=True).stdout
    assert re.findall(r"^  make (\S+)", listed, re.MULTILINE) == declared.split()


def test_no_index_is_named_in_the_set_up():
    assert "://" not in (ROOT / "setup" / "bootstrap.py").read_text()
