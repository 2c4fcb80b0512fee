"""`bench ingest`: webhook events a second stored durably, beside servers that store nothing.

Every server is one process behind the same load. Ours runs on both engines, and on a disk made slow.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.harness import OUTPUT, Contender, Figures, Goal, Medians
from tests.bench.load import SECRET, drive, write_bodies
from tests.bench.parser import parser_contenders, parser_goals
from tests.bench.processes import free_port, serving, slow_flush

BODIES = 120_000
UVICORN = "--host 127.0.0.1 --no-access-log --log-level warning --backlog 4096"
LIMIT = "limit: signature only, stores nothing"
GRANIAN = "limit on granian: signature only"
PEER = "peer: Flask + SDK, gunicorn, stores nothing"
SQLCIPHER = "ours: SQLCipher, FULL"
POSTGRES = "ours: PostgreSQL"
SLOW = "ours: SQLCipher, +10 ms a flush, 1000 connections"
SLOW_2 = "ours: SQLCipher, +2 ms a flush"
SLOW_SINGLE = "peer: a commit per request, +10 ms a flush"


def contenders(options: Any) -> list[Contender]:
    OUTPUT.mkdir(exist_ok=True)
    bodies = OUTPUT / "bodies.tsv"
    if not bodies.exists():
        write_bodies(bodies, BODIES)
    load = partial(drive, bodies=bodies, seconds=options.seconds)
    return [
        Contender(LIMIT, "limit", partial(_limit, load)),
        Contender(GRANIAN, "limit", partial(_granian, load)),
        Contender(PEER, "peer", partial(_peer, load)),
        Contender(SQLCIPHER, "ours", partial(_ours, load, "sqlcipher", 0, 64)),
        Contender(POSTGRES, "ours", partial(_ours, load, "postgresql", 0, 64)),
        Contender(SLOW_2, "ours", partial(_ours, load, "sqlcipher", 2, 64)),
        Contender(SLOW, "ours", partial(_ours, load, "sqlcipher", 10, 1000)),
        Contender(SLOW_SINGLE, "peer", partial(_ours, load, "single", 10, 64)),
        *parser_contenders(bodies),
    ]


def goals(medians: Medians) -> list[Goal]:
    def rate(name: str) -> float:
        return medians[name]["per_second"]

    return [
        Goal("SQLCipher, durable, against Flask + SDK that stores nothing", rate(SQLCIPHER) / rate(PEER), 4),
        Goal("p99 in ms at 64 connections", medians[SQLCIPHER]["p99_ms"], 20, at_least=False),
        Goal("PostgreSQL against the limit", rate(POSTGRES) / rate(LIMIT), 0.55),
        Goal("+10 ms a flush: against a commit per request", rate(SLOW) / rate(SLOW_SINGLE), 50),
        Goal("answers other than 200", sum(medians[n]["errors"] for n in (SQLCIPHER, POSTGRES)), 0, False),
        Goal("acknowledged but not stored", sum(medians[n]["lost"] for n in (SQLCIPHER, POSTGRES)), 0, False),
        *parser_goals(medians),
    ]


def _limit(load: Callable[..., Figures]) -> Figures:
    port = free_port()
    words = ["uvicorn", "tests.bench.servers.hmac_only:app", "--port", str(port), *UVICORN.split()]
    with serving(words, port, {"BENCH_SECRET": SECRET}):
        return load(port, connections=64)


def _granian(load: Callable[..., Figures]) -> Figures:
    """The other server that could carry the relay (decision 005)."""
    port = free_port()
    words = ["granian", "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
    with serving([*words, "tests.bench.servers.hmac_only:app"], port, {"BENCH_SECRET": SECRET}):
        return load(port, connections=64)


def _peer(load: Callable[..., Figures]) -> Figures:
    port = free_port()
    words = ["gunicorn", "tests.bench.servers.flask_sdk:app", "-w", "1", "-b", f"127.0.0.1:{port}"]
    with serving(words, port, {"BENCH_SECRET": SECRET}):
        return load(port, connections=64)


def _ours(load: Callable[..., Figures], engine: str, flush_ms: int, connections: int) -> Figures:
    """A fresh store each time; afterwards the rows are counted against the answers given."""
    port = free_port()
    with tempfile.TemporaryDirectory(dir=OUTPUT, ignore_cleanup_errors=True) as folder:
        words = ["tests.bench.servers.ours", engine, folder, str(port)]
        with serving(words, port, {"BENCH_SECRET": SECRET} | slow_flush(flush_ms)) as process:
            figures = load(port, connections=connections)
            process.terminate()
            process.wait(30)
        stored = float((Path(folder) / "stored").read_text())
        answered = float((Path(folder) / "answered").read_text())
    return figures | {"lost": max(0.0, answered - stored)}
