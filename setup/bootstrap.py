"""Set up all that the toolkit needs, from a bare machine on: system libraries, a virtual environment, locked packages.

`make` runs this before every other target; when nothing has changed it ends at once. It needs Python's standard
library only. Everything it makes stays in the checkout (`.venv/`, `.tools/`), except the system packages of
`packages.debian.txt`, which are installed when it runs as root and named when it doesn't.

Packages come from the index that pip or uv is configured to use; no index is named here, so mirrors work. The lock
files hold a hash of every file: whatever index serves it, a package is the one that was locked.
"""

from __future__ import annotations

import ast
import ctypes
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
LOCK = ROOT / "requirements.lock"
UV_LOCK = ROOT / "setup" / "requirements-uv.lock"
SYSTEM_PACKAGES = ROOT / "packages.debian.txt"
STAMP = VENV / "set-up-complete"  # written last: an interrupted set-up is done again
OLDEST_PYTHON = (3, 11)
Command = Sequence["str | Path"]

# What pip's settings are called for uv, which doesn't read pip's configuration.
UV_NAMES = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "no-index": "UV_NO_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}
PIP_WHEEL_PACKAGE = "python3-pip-whl"


class SetupError(Exception):
    """The set-up can't go on; the message says what to do."""

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def say(text: str) -> None:
    """Print a line of progress."""
    print(f"setup: {text}", flush=True)


def run(command: Command, environment: Mapping[str, str] | None = None) -> None:
    """Run a command to its end; raise `SetupError` with its last words when it fails."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            close_fds=False,
            check=False,
        )
    except OSError as error:
        raise SetupError(f"{words[0]} can't be run: {error}") from error
    if done.returncode != 0:
        last_words = "\n".join(f"    {line}" for line in done.stdout.splitlines()[-20:])
        raise SetupError(f"this ended with exit code {done.returncode}: {' '.join(words)}\n{last_words}")


def answer(command: Command, environment: Mapping[str, str] | None = None) -> str | None:
    """Return what a command prints, or None when it fails or isn't there."""
    words = [str(word) for word in command]
    try:
        done = subprocess.run(
            words, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None


# --- system packages ---------------------------------------------------------------------------------------------


def system_packages() -> dict[str, str]:
    """Return Debian's package for each shared library that SUMO's programs load."""
    lines = (line.partition("#")[0].split() for line in SYSTEM_PACKAGES.read_text().splitlines())
    return {library: package for package, library in filter(None, lines)}


def is_loadable(library: str) -> bool:
    """Tell whether the system's loader finds a shared library, wherever it comes from."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def provide_libraries() -> None:
    """Install the packages of missing system libraries, or say which are missing when this isn't root."""
    missing = {library: package for library, package in system_packages().items() if not is_loadable(library)}
    if not missing:
        return
    packages = list(missing.values())
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(missing_libraries_message(missing), exit_code=2)
    say(f"installing system packages: {' '.join(packages)}")
    install_debian(packages)


def missing_libraries_message(missing: Mapping[str, str]) -> str:
    """Return what to tell somebody who may not install the missing libraries."""
    return (
        f"SUMO and the PDF need system libraries that this machine doesn't have: {', '.join(missing)}\n"
        "  Have them installed once, as root, then run make again:\n"
        f"    apt-get update && apt-get install --no-install-recommends {' '.join(missing.values())}\n"
        "  (Those are Debian's and Ubuntu's names; elsewhere, install the packages that hold these libraries.)"
    )


def install_debian(packages: Sequence[str]) -> None:
    """Install Debian packages as root, with fresh package lists only when those at hand don't do."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    settings = ["-q", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=300"]
    install = ["apt-get", *settings, "install", "-y", "--no-install-recommends", *packages]
    if answer(install, environment) is None:
        run(["apt-get", *settings, "update"], environment)
        run(install, environment)


# --- pip and uv --------------------------------------------------------------------------------------------------


def pip_at_hand() -> list[str] | None:
    """Return the command that runs pip: installed, or the wheel that Python brings for new virtual environments."""
    installed = [sys.executable, "-m", "pip"]
    if answer([*installed, "--version"]) is not None:
        return installed
    spec = importlib.util.find_spec("ensurepip")
    bundled = Path(spec.origin).parent / "_bundled" if spec and spec.origin else TOOLS / "pip"
    folders = (bundled, Path("/usr/share/python-wheels"), TOOLS / "pip")
    wheel = next((wheel for folder in folders for wheel in folder.glob("pip-*.whl")), None)
    return run_pip_in(wheel) if wheel else None


def run_pip_in(wheel: Path) -> list[str]:
    """Return the command that runs pip from its wheel: Python can run a package inside a zip file."""
    return [sys.executable, str(wheel / "pip")]


def debian_pip() -> Path:
    """Fetch pip's wheel from Debian's archive into `.tools/pip`; apt checks its signature; root isn't needed."""
    if shutil.which("apt-get") is None:
        raise SetupError("this Python has no pip: install pip for it, or uv, and run make again", exit_code=2)
    say("this Python has no pip: fetching it from Debian's archive")
    with tempfile.TemporaryDirectory(dir=TOOLS) as folder:
        state, unpacked = Path(folder, "apt"), Path(folder, "unpacked")
        for needed in (state / "lists/partial", state / "cache/archives/partial", unpacked):
            needed.mkdir(parents=True)
        # apt takes a list of settings from a file; its own command line can't quote a path with spaces.
        settings = state / "apt.conf"
        settings.write_text(
            f'Dir::State::lists "{state}/lists";\nDir::Cache "{state}/cache";\nAPT::Sandbox::User "";\n'
            'Acquire::Retries "3";\nAcquire::Languages "none";\n'
        )
        environment = {**os.environ, "APT_CONFIG": str(settings)}
        run(["apt-get", "-q", "update"], environment)
        run(["sh", "-c", 'cd "$1" && apt-get -q download "$2"', "sh", state, PIP_WHEEL_PACKAGE], environment)
        run(["dpkg-deb", "--extract", next(state.glob("*.deb")), unpacked])
        wheel = next(unpacked.rglob("pip-*.whl"))
        (TOOLS / "pip").mkdir(exist_ok=True)
        return wheel.replace(TOOLS / "pip" / wheel.name)


def find_pip() -> list[str]:
    """Return the command that runs pip, fetched first when there is none."""
    return pip_at_hand() or run_pip_in(debian_pip())


def locked_uv_version() -> str:
    """Return the version of uv that is locked."""
    return UV_LOCK.read_text().partition("uv==")[2].split()[0]


def find_uv() -> Path | None:
    """Return a uv of the locked series: from `.tools`, else from the path; None when there is none."""
    series = locked_uv_version().rpartition(".")[0]
    for candidate in (str(TOOLS / "uv" / "bin" / "uv"), shutil.which("uv")):
        version = answer([candidate, "--version"]) if candidate else None
        if candidate and version and version.startswith(f"uv {series}."):
            return Path(candidate)
    return None


def install_uv(pip: Sequence[str]) -> Path | None:
    """Put the locked uv into `.tools/uv`; return None when no index has it for this machine."""
    say(f"fetching uv {locked_uv_version()}")
    target = TOOLS / "uv"
    shutil.rmtree(target, ignore_errors=True)
    options: Command = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--target", target, "-r", UV_LOCK]
    try:
        run([*pip, "install", "--quiet", *options], pip_environment())
    except SetupError as error:
        say(f"uv can't be had, so pip does its work, slower: {error}")
        return None
    return find_uv()


def pip_environment() -> dict[str, str]:
    """Return the environment for pip: its cache in the checkout, and no setting that puts packages elsewhere."""
    settings = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {"PIP_CACHE_DIR": str(TOOLS / "pip-cache"), **os.environ, **settings, "PIP_ROOT_USER_ACTION": "ignore"}


def uv_environment() -> dict[str, str]:
    """Return the environment for uv: its cache in the checkout, the system's certificates and pip's index settings.

    Settings that are already in the environment win.
    """
    pip = pip_at_hand()
    configuration = (answer([*pip, "config", "list"]) if pip else None) or ""
    defaults = {"UV_CACHE_DIR": str(TOOLS / "uv-cache"), "UV_SYSTEM_CERTS": "1", "UV_HTTP_TIMEOUT": "120"}
    defaults.update(from_pip(configuration))
    if "UV_INDEX" in defaults:
        # As pip does, the locked version is taken from whichever index has it: the hash says that it's the right one.
        defaults["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {**defaults, **os.environ, "UV_PYTHON_DOWNLOADS": "never"}


def from_pip(configuration: str) -> dict[str, str]:
    """Return uv's environment variables for the settings that `pip config list` prints, such as `global.cert='…'`."""
    found = dict(line.partition("=")[::2] for line in configuration.splitlines() if "=" in line)
    order = ("global.", "install.", ":env:.")  # later ones win
    values = {
        name: str(ast.literal_eval(found[prefix + setting])).split()
        for prefix in order
        for setting, name in UV_NAMES.items()
        if prefix + setting in found
    }
    return {name: ("," if name == "UV_FIND_LINKS" else " ").join(words) for name, words in values.items()}


# --- the environment ---------------------------------------------------------------------------------------------


def fingerprint() -> str:
    """Return a hash of all that the virtual environment depends on.

    Of Python it takes what an activated environment shares with the Python that made it: else `make` would build
    everything anew for whoever has activated it.
    """
    digest = hashlib.sha256(repr((sys.version, sys.base_prefix, str(ROOT))).encode())
    for path in (LOCK, UV_LOCK, ROOT / "pyproject.toml", SYSTEM_PACKAGES, Path(__file__)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def is_complete() -> bool:
    """Tell whether the environment stands as the checkout now asks for it."""
    return STAMP.is_file() and STAMP.read_text() == fingerprint() and (VENV / "bin" / "python").exists()


def build_environment() -> None:
    """Make the virtual environment anew with exactly the locked packages and this project, editable."""
    uv = find_uv() or install_uv(find_pip())
    STAMP.unlink(missing_ok=True)
    # An activated environment can't make itself anew: the Python that it stands on does.
    outside = Path(sys.executable)
    if outside.is_relative_to(VENV):
        outside = outside.resolve()
    run([outside, "-m", "venv", "--clear", "--without-pip", VENV])
    say(f"installing the packages of {LOCK.name}")
    python = VENV / "bin" / "python"
    if uv:
        environment = uv_environment()
        install: Command = [uv, "pip", "install", "--python", python]
        # As pip does. Where Python may not write bytecode, each start would compile its imports: 4 s more.
        compiled = ["--compile-bytecode"]
    else:
        environment = pip_environment()
        install = [*find_pip(), "--python", python, "install"]
        compiled = []
    run([*install, "--quiet", "--no-deps", "--require-hashes", *compiled, "--requirement", LOCK], environment)
    run([*install, "--quiet", "--no-deps", "--no-build-isolation", "--editable", ROOT], environment)
    STAMP.write_text(fingerprint())


def set_up() -> None:
    """Bring the checkout to where every target of the Makefile works."""
    if is_complete():
        return
    provide_libraries()
    build_environment()
    say("done")


def write_locks() -> None:
    """Lock the packages of pyproject.toml, and uv: pinned versions that still fit stay as they are.

    Run it on a full index: one that has only some files of a version gives a lock for some machines only.
    """
    uv = find_uv() or install_uv(find_pip())
    if uv is None:
        raise SetupError("locking needs uv")
    environment = uv_environment()
    options = ["--universal", "--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--quiet"]
    command: Command = [uv, "pip", "compile", *options, "--custom-compile-command", "make lock"]
    oldest = ".".join(map(str, OLDEST_PYTHON))
    packages = ["--all-extras", "--group", "dev", "pyproject.toml"]
    run([*command, "--python-version", oldest, *packages, "--output-file", LOCK], environment)
    wanted, locked = TOOLS / "uv.in", TOOLS / "requirements-uv.lock"
    wanted.write_text(f"uv=={locked_uv_version()}\n")
    locked.unlink(missing_ok=True)  # a new file, else uv keeps the hashes that it finds there
    run([*command, "--no-annotate", wanted, "--output-file", locked], environment)
    shutil.copyfile(locked, UV_LOCK)


def main(arguments: Sequence[str]) -> int:
    """Run the set-up, or with `lock` write the lock files; return the exit code."""
    if sys.version_info < OLDEST_PYTHON:
        say(f"Python {'.'.join(map(str, OLDEST_PYTHON))} or newer is needed, and this is {sys.version.split()[0]}")
        return 2
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two makes at once: the second waits, and finds the work done
        # When this is killed, an installer that lives on still holds the lock.
        os.set_inheritable(lock.fileno(), True)  # noqa: FBT003 - it has no keyword
        try:
            write_locks() if list(arguments) == ["lock"] else set_up()
        except SetupError as error:
            print(f"setup: {error}", file=sys.stderr)
            return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
