"""The worker of a relay on PostgreSQL: sends, processes the inbox, renews the summary, cleans up.

Any number may run; what only one may do at a time, such as pacing the channel, is leased in the store.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from datetime import UTC, datetime

from relay.config import RelaySettings
from relay.features.files import Files
from relay.features.freezing import Freezing
from relay.features.links import LinkCounter
from relay.features.message_parts import MessageParts
from relay.features.news import NewsBell
from relay.features.quota import QuotaReader
from relay.features.segments import SegmentIndex
from relay.features.sending import Sending
from relay.jobs.duties import make_channel, make_inbox, on_duty, open_transit, page_url
from relay.line.client import LineClient
from relay.line.payloads import message_payloads
from relay.store.cipher import load_or_make_host_key
from relay.store.database import open_database


class EmbeddedStoreHasNoWorker(Exception):
    """An embedded store belongs to one process, which does the worker's part itself."""


def work(settings: RelaySettings) -> None:
    """Until told to stop by a signal. Raises EmbeddedStoreHasNoWorker, WrongKey or StoreUnavailable."""
    if settings.is_embedded:
        raise EmbeddedStoreHasNoWorker
    asyncio.run(_work(settings, _utc_now))


async def _work(settings: RelaySettings, clock: Callable[[], datetime]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    database = open_database(
        settings.database_url.get_secret_value(), load_or_make_host_key(settings.key_file)
    )
    bell = NewsBell()
    index = SegmentIndex(database, clock)
    line = LineClient(
        base=settings.line_api_base,
        token=settings.line_channel_token.get_secret_value(),
        ca_file=settings.line_ca_file,
    )
    files = Files(database, clock, public_url=settings.public_url)
    quota = QuotaReader(None, clock)
    channel = make_channel(settings, database, clock, line)
    links = LinkCounter(database, clock, public_url=settings.public_url)
    parts = MessageParts(files, links, lambda page: page_url(settings, channel.now, page))
    freezing = Freezing(database, clock, index, quota, files, message_payloads, parts)
    sending = Sending(database, clock, index, quota, freezing)
    transit = open_transit(settings)
    inbox = make_inbox(settings, database, clock, bell, line, channel, transit)
    async with on_duty(settings, database, clock, bell, index, sending, line, channel, inbox, transit):
        await stop.wait()
    await line.aclose()
    database.close()


def _utc_now() -> datetime:
    return datetime.now(UTC)
