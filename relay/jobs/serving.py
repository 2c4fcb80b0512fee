"""What every process that answers requests does besides, on either engine; `duties.py` has the rest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from relay.errors import StoreUnavailable
from relay.features.access_log import AccessLog
from relay.features.notices import NoticeBoard
from relay.jobs.loop import Duty, Repeated, run_duties

FLUSH_EVERY = 1.0
_log = logging.getLogger(__name__)


@asynccontextmanager
async def while_serving(
    accesses: AccessLog, notices: NoticeBoard, more: Sequence[Duty] = ()
) -> AsyncIterator[None]:
    """Write what requests left behind while the block runs, and the rest of it at its end."""

    def flush() -> None:
        accesses.flush()
        notices.flush()

    stop = asyncio.Event()
    running = asyncio.create_task(run_duties([Repeated("access log", flush, FLUSH_EVERY), *more], stop))
    try:
        yield
    finally:
        stop.set()
        await running
        await asyncio.to_thread(_flush_last, accesses, notices)


def _flush_last(accesses: AccessLog, notices: NoticeBoard) -> None:
    try:
        accesses.flush()
        notices.flush(everything=True)
    except StoreUnavailable as trouble:
        _log.error("the last requests are missing from the access log: %s", trouble.reason)
