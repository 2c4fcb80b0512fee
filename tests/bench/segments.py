"""`bench segments`: 1,000,000 residents with 12 attributes, five typical expressions.

Beside it the same data in PostgreSQL with JSONB attributes, counted the way listmonk counts its subscribers:
the join of a list, attributes by `->>`, no index on them. Both must come to the same numbers.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from typing import Any

from tests.bench.harness import OUTPUT, Contender, Figures, Goal, Medians

OURS = "ours: bitmaps, the tables the truth (SQLCipher)"
PEER = "peer: PostgreSQL, JSONB, listmonk's way"
EXPRESSIONS = ("e1", "e2", "e3", "e4", "e5")


def contenders(_options: Any) -> list[Contender]:
    store = OUTPUT / "attributes"
    if not (store / "ready").exists():
        print("making a store with 1,000,000 residents x 12 attributes, once ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "tests.bench.servers.attributes", str(store)], check=True)
    return [
        Contender(OURS, "ours", partial(_measure, "tests.bench.servers.segments_ours", str(store))),
        Contender(PEER, "peer", partial(_measure, "tests.bench.servers.segments_jsonb", str(store))),
    ]


def goals(medians: Medians) -> list[Goal]:
    ours, peer = medians[OURS], medians[PEER]
    found = [
        Goal(f"{name}: times faster to count", peer[f"{name}_ms"] / ours[f"{name}_ms"], 1000)
        for name in EXPRESSIONS
    ]
    differing = sum(ours[f"{name}_count"] != peer[f"{name}_count"] for name in EXPRESSIONS)
    return [
        *found,
        Goal("expressions on which the two differ", differing, 0, False),
        Goal("times faster to have all user ids of e4", peer["ids_ms"] / ours["ids_ms"], 10),
        Goal("ms to the first body of 500", ours["first_body_ms"], 10, False),
        Goal("ms until one resident's change is counted", ours["change_ms"], 1, False),
        Goal("seconds to rebuild from the encrypted store", ours["rebuild_seconds"], 10, False),
        Goal("MB the index adds to the process", ours["memory_mb"], 200, False),
    ]


def _measure(module: str, store: str) -> Figures:
    result = subprocess.run([sys.executable, "-m", module, store], capture_output=True, text=True, check=True)
    line = next(line for line in result.stdout.splitlines() if line.startswith("figures "))
    return {name: float(value) for name, value in json.loads(line.removeprefix("figures ")).items()}
