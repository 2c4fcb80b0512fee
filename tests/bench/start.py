"""`bench start`: from starting the process to the first usable window, and the memory it then holds.

Ours shows the first start; the peer is an empty PySide6 window. Both run offscreen in the same run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from tests.bench.harness import Contender, Figures, Goal, Medians

OURS = "ours: first window"
PEER = "peer: empty PySide6 window"


def contenders(_options: Any) -> list[Contender]:
    return [
        Contender(OURS, "ours", _measure_ours),
        Contender(PEER, "peer", lambda: _time_to_window(["tests.bench.servers.empty_window"])),
    ]


def goals(medians: Medians) -> list[Goal]:
    ours, peer = medians[OURS], medians[PEER]
    return [
        Goal(
            "seconds to the first usable window, against 1.5 x empty + 1 s",
            ours["seconds"],
            1.5 * peer["seconds"] + 1,
            False,
        ),
        Goal("memory in MB", ours["memory_mb"], 250, False),
    ]


def _measure_ours() -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        return _time_to_window(["tests.bench.servers.our_window", str(Path(folder) / "profile")])


def _time_to_window(words: list[str]) -> Figures:
    """The program prints `ready` once its window was painted and takes input."""
    environment = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    started = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-m", *words], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "ready":
                break
        else:
            raise RuntimeError("the window never came")
        seconds = time.monotonic() - started
        memory = psutil.Process(process.pid).memory_info().rss / 1e6
        process.terminate()
    return {"seconds": seconds, "memory_mb": memory}
