"""`bench send`: 2,000 multicast calls of 500 people, the ledger written, beside LINE's limit and the SDK.

The limit is arithmetic: 2,000 calls at 200 a second take 10.0 s, and one round trip more. It is counted from
the first call; how long that takes after 「送信」 is a figure of its own.
"""

from __future__ import annotations

import subprocess
import sys
import urllib.request
from functools import partial
from typing import Any

from tests.bench.harness import OUTPUT, Contender, Figures, Goal, Medians
from tests.bench.processes import free_port, serving

CALLS = 2000
PER_SECOND = 200
OURS_30 = "ours: ledger on, LINE answers after 30 ms"
OURS_150 = "ours: ledger on, LINE answers after 150 ms"
PEER_150 = "peer: SDK async with its defaults, 150 ms"


def contenders(_options: Any) -> list[Contender]:
    store = OUTPUT / "million"
    if not (store / "ready").exists():
        print("making a store with 1,000,000 friends, once ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "tests.bench.servers.million", str(store)], check=True)
    return [
        Contender(OURS_30, "ours", partial(_measure, ["tests.bench.servers.sender", str(store)], 30)),
        Contender(OURS_150, "ours", partial(_measure, ["tests.bench.servers.sender", str(store)], 150)),
        Contender(PEER_150, "peer", partial(_measure, ["tests.bench.servers.sdk_sender"], 150)),
    ]


def goals(medians: Medians) -> list[Goal]:
    found = []
    for name, delay in ((OURS_30, 0.030), (OURS_150, 0.150)):
        ours = medians[name]
        limit = CALLS / PER_SECOND + delay
        found += [
            Goal(f"{name}: share of LINE's limit", limit / ours["seconds"], 0.96),
            Goal(f"{name}: most calls in any one second", ours["most_in_a_second"], PER_SECOND, False),
            Goal(f"{name}: share of one core", ours["cpu_share"], 0.60, False),
            Goal(f"{name}: seconds from 「送信」 to the first call", ours["first_call_seconds"], 2.0, False),
            Goal(
                f"{name}: calls repeated or missing", ours["repeated"] + abs(CALLS - ours["calls"]), 0, False
            ),
        ]
    return found


def _measure(words: list[str], delay_ms: int) -> Figures:
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    with serving(["tests.bench.servers.line_stub", str(port), str(delay_ms)], port, {}):
        result = subprocess.run(
            [sys.executable, "-m", *words, base], capture_output=True, text=True, check=True
        )
        with urllib.request.urlopen(f"{base}/calls") as answer:
            calls, most, repeated, people = (float(word) for word in answer.read().split())
    line = next(line for line in result.stdout.splitlines() if line.startswith("figures "))
    seconds, share, *rest = (float(word) for word in line.split()[1:])
    figures = {
        "seconds": seconds,
        "cpu_share": share,
        "most_in_a_second": most,
        "calls": calls,
        "repeated": repeated,
        "people": people,
    }
    return figures | dict(zip(("memory_mb", "index_seconds", "first_call_seconds"), rest, strict=False))
