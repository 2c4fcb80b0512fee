"""Starts a server for one measurement and ends it; only processes started here are ever ended."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.harness import OUTPUT

START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serving(words: list[str], port: int, environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m …words` until the block ends; the block starts when the port answers."""
    with (OUTPUT / "server.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words], env=os.environ | environment, stdout=log, stderr=log
        )
    try:
        _wait_for(port, process)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def slow_flush(milliseconds: int) -> dict[str, str]:
    """The environment that makes every flush to disk take longer; empty where no C compiler is at hand."""
    compiler = shutil.which("cc")
    if milliseconds == 0 or compiler is None:
        return {}
    library = OUTPUT / "slow_flush.so"
    if not library.exists():
        source = Path(__file__).with_name("slow_flush.c")
        subprocess.run(
            [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True
        )
    return {"LD_PRELOAD": str(library), "BENCH_FLUSH_MS": str(milliseconds)}


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended at once; see {OUTPUT / 'server.log'}")
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the server did not start")
