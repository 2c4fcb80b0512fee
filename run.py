#!/usr/bin/env python3
"""The one command of this project. Standard library only: it makes the environment everything else runs in.

python3 run.py demo       everything on the sample town, on this machine, without an account
python3 run.py test       install what is needed and run the tests (--slow: only the long ones)
python3 run.py check      format, lint, types, imports, tests
python3 run.py bench      measure ourselves beside a peer or a limit; NAME and --json
python3 run.py relay | worker | desktop | sandbox     start one part; further words are handed on
python3 run.py manual     take the manual's pictures anew from the running program
python3 run.py package    build what is installed at a town hall
python3 run.py lock       write requirements.txt anew from pyproject.toml
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.txt"
STAMP = VENV / "installed-from"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")

QT_LIBRARIES = [
    "libglib2.0-0",
    "libgl1",
    "libegl1",
    "libxkbcommon0",
    "libfontconfig1",
    "libdbus-1-3",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-image0",
    "libxcb-keysyms1",
    "libxcb-randr0",
    "libxcb-render-util0",
    "libxcb-shape0",
    "libxcb-xinerama0",
    "libxkbcommon-x11-0",
]
BROWSER = ["chromium", "fonts-noto-color-emoji", "libatomic1"]  # the last for Playwright's own node
SCREENLESS = ["xvfb", "xauth"]
SYSTEM_PACKAGES = {
    "demo": QT_LIBRARIES + BROWSER + SCREENLESS,
    "test": QT_LIBRARIES + BROWSER + SCREENLESS,
    "check": QT_LIBRARIES + BROWSER + SCREENLESS,
    "manual": QT_LIBRARIES + BROWSER + SCREENLESS,
    "bench": [*QT_LIBRARIES, "wrk"],
    "desktop": QT_LIBRARIES,
}
MODULES = {
    "demo": "tests.stories.demo",
    "bench": "tests.bench",
    "relay": "relay",
    "desktop": "desktop",
    "sandbox": "sandbox",
    "manual": "tests.stories.manual_pictures",
}


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(__doc__)
        return 0
    command, rest = arguments[0], arguments[1:]
    if command not in {*MODULES, "test", "check", "worker", "lock"}:
        print(f"run.py does not know {command!r}.\n{__doc__}", file=sys.stderr)
        return 2
    if command == "lock":
        return write_lock()
    ensure_system_packages(SYSTEM_PACKAGES.get(command, []))
    ensure_environment()
    if command == "test":
        return run_tests(rest)
    if command == "check":
        return run_checks(rest)
    if command == "worker":
        return in_environment("-m", "relay", "worker", *rest)
    return in_environment("-m", MODULES[command], *rest)


def run_tests(rest: list[str]) -> int:
    """The default run leaves the tests marked `slow` out; `--slow` runs nothing but them."""
    selection = ["-m", "slow"] if "--slow" in rest else ["-m", "not slow"]
    rest = [word for word in rest if word != "--slow"]
    # A file stays on one worker, whose browser and store it shares; a crashed worker ends the run. The order
    # is ours: xdist would begin files with one long test last.
    side_by_side = ["-n", "2", "--dist", "loadfile", "--max-worker-restart", "0", "--no-loadscope-reorder"]
    workers = [] if any(word.startswith("-n") for word in rest) else side_by_side
    return in_environment("-m", "pytest", *workers, *selection, *rest)


def run_checks(rest: list[str]) -> int:
    """Every check runs even when an earlier one failed. `--tests-done` is for CI, which has just run them."""
    steps = {
        "format": ["-m", "ruff", "format", "--check", "."],
        "lint": ["-m", "ruff", "check", "."],
        "types": ["-m", "mypy"],
        "imports": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    }
    failed = []
    for name, words in steps.items():
        print(f"== {name}", flush=True)
        if in_environment(*words) != 0:
            failed.append(name)
    if "--tests-done" not in rest:
        print("== tests", flush=True)
        if run_tests([]) != 0:
            failed.append("tests")
    print("check failed: " + ", ".join(failed) if failed else "check passed")
    return 1 if failed else 0


def write_lock() -> int:
    """Hash-locked for Linux and Windows at once; the file carries no address (a test guards that)."""
    tools = ROOT / "build" / "lock-tools"
    subprocess.run([sys.executable, "-m", "venv", str(tools)], check=True)
    python = tools / ("Scripts/python.exe" if WINDOWS else "bin/python")
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", "uv"], check=True)
    words = "pip compile --generate-hashes --universal --python-version 3.11 --no-header --all-extras --quiet"
    return subprocess.call(
        [str(python), "-m", "uv", *words.split(), "pyproject.toml", "-o", "requirements.txt"], cwd=ROOT
    )


def in_environment(*words: str) -> int:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    return subprocess.call([str(PYTHON), *words], cwd=ROOT, env=environment)


def ensure_environment() -> None:
    """Make `.venv` and install the locked packages, once per content of requirements.txt."""
    wanted = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    if PYTHON.exists() and STAMP.exists() and STAMP.read_text() == wanted:
        return
    if importlib.util.find_spec("ensurepip") is None:  # Debian ships it in a package of its own
        ensure_system_packages(["python3-venv"])
    print("Preparing the environment (about a minute, once) ...", flush=True)
    if not PYTHON.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
        except subprocess.CalledProcessError:
            sys.exit("Python 3.11 or newer with its venv module is needed.")
    install = "install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: --no-deps -r"
    result = subprocess.run([str(PYTHON), "-m", "pip", *install.split(), str(LOCK)], cwd=ROOT)
    if result.returncode != 0:
        sys.exit("The packages could not be installed; the lines above say why. Run the command again.")
    STAMP.write_text(wanted)


def ensure_system_packages(names: list[str]) -> None:
    """Install what Debian lacks where we may; elsewhere say the one line to run and go on."""
    missing = missing_packages(names)
    if not missing:
        return
    line = f"apt-get install -y --no-install-recommends {' '.join(missing)}"
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        print(f"These system packages are missing. Please run once:\n  sudo {line}", file=sys.stderr)
        return
    print(f"Installing system packages: {' '.join(missing)}", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["apt-get", "update", "-qq"], line.replace("-y", "-y -qq", 1).split()):
        result = subprocess.run(words, env=environment, stdout=subprocess.DEVNULL)
        if result.returncode != 0:
            sys.exit(f"This did not work: {' '.join(words)}")


def missing_packages(names: list[str]) -> list[str]:
    if not names or WINDOWS or shutil.which("dpkg-query") is None:
        return []
    query = ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names]
    listed = subprocess.run(query, capture_output=True, text=True).stdout
    installed = {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}
    return [name for name in names if name not in installed]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
