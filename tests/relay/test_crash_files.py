"""A relay that crashes leaves no picture of its memory on the disk. SEC-2."""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

from tests.relay.counter import free_port
from tests.relay.jobs.worker import wait_until


def test_a_started_relay_writes_no_core_file(tmp_path: Path, database_url: str) -> None:
    """Whoever starts it may allow core files; relay and worker forbid them to themselves, and for good."""
    command = "serve" if database_url.startswith("sqlcipher") else "worker"
    environment = {
        **os.environ,
        "MADOGUCHI_DATABASE_URL": database_url,
        "MADOGUCHI_KEY_FILE": str(tmp_path / "relay.key"),
        "MADOGUCHI_LISTEN_PORT": str(free_port()),
        "MADOGUCHI_LINE_API_BASE": "http://127.0.0.1:9",
    }
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    process = subprocess.Popen(
        [sys.executable, "-m", "relay", command],
        env=environment,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (hard, hard)),
    )
    try:
        limits = Path(f"/proc/{process.pid}/limits")
        said = re.compile(r"^Max core file size +(\w+) +(\w+)", re.MULTILINE)

        def found() -> tuple[str, ...]:
            assert process.poll() is None
            match = said.search(limits.read_text())
            return (match[1], match[2]) if match else ()

        wait_until(lambda: found() == ("0", "0"))
    finally:
        process.kill()
        process.wait(20)
