"""Puts together what a process does besides answering: sending, the summary, the inbox, cleaning up.

The embedded relay does it in its own process, `python -m relay worker` for PostgreSQL.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from protocol.sync import TownSettings
from relay.config import RelaySettings
from relay.errors import LineError
from relay.features.freezing import FREEZE
from relay.features.ledger import Ledger
from relay.features.line_channel import Channel, LineChannel
from relay.features.moments import Moments
from relay.features.news import NewsBell
from relay.features.results import ResultWatch
from relay.features.segments import SegmentIndex
from relay.features.sending import Sending
from relay.features.settings import publish_settings
from relay.features.staff import set_line_linked
from relay.features.summary import RENEW_EVERY, SummaryKeeper
from relay.features.talk import Talk
from relay.features.talk_words import load_talk_words
from relay.features.waste_rule import WASTE_EVERY, WasteMessages
from relay.jobs.deliver import Deliverer
from relay.jobs.inbox import InboxJob
from relay.jobs.loop import Duty, JobQueue, Repeated, run_duties, wait_for_stop, woken_at_stop
from relay.jobs.pace import Pace
from relay.jobs.purge import Purge
from relay.jobs.tell import TellResidents
from relay.jobs.watch import WATCH_EVERY, Watch
from relay.line.answers import LineAnswer
from relay.line.client import LineClient
from relay.line.insight import InsightClient
from relay.line.multicast import MulticastClient
from relay.line.push import broadcast_prepared, push_prepared
from relay.store.database import Connection, Database
from relay.store.devices import forget_nonces
from relay.store.jobs import forget_done_jobs
from relay.store.runs import Text
from relay.store.sessions import forget_sessions
from relay.store.throttles import forget_old_tries
from relay.store.transit import TransitKeys

_SWEEP_EVERY = 600.0
_NAME_TRY_EVERY = 60.0
MOMENTS_EVERY = 0.5
"""Seconds between looks at what is due: a hold ends, and a message leaves, at its second."""
CHANNEL_EVERY = 5.0
"""Seconds until a process works with what staff saved through another one."""
_log = logging.getLogger(__name__)


@asynccontextmanager
async def on_duty(
    settings: RelaySettings,
    database: Database,
    clock: Callable[[], datetime],
    bell: NewsBell,
    index: SegmentIndex,
    sending: Sending,
    line: LineClient,
    channel: LineChannel,
    inbox: InboxJob,
    transit: TransitKeys,
) -> AsyncIterator[None]:
    """All duties run while the block does; at its end each finishes what it is at."""
    multicast = MulticastClient(
        base=settings.line_api_base,
        token=channel.now.channel_token,
        ca_file=settings.line_ca_file,
    )
    insight = InsightClient(
        base=settings.line_api_base, token=channel.now.channel_token, ca_file=settings.line_ca_file
    )
    tell = TellResidents(
        database,
        clock,
        bell,
        line,
        load_talk_words(),
        page_url=page_url(settings, channel.now, "mine"),
        owner=str(uuid.uuid4()),
    )

    def use_channel(now: Channel) -> None:
        multicast.use_token(now.channel_token)
        insight.use_token(now.channel_token)
        tell.use_page(page_url(settings, now, "mine"))

    channel.follow(use_channel)
    duties: list[Duty] = [
        *sending_duties(
            database,
            clock,
            bell,
            index,
            sending,
            multicast=multicast,
            line=line,
            per_second=settings.multicast_per_second,
        ),
        tell,
        ResultWatch(database, clock, bell, insight).run,
        Repeated("LINE channel", channel.refresh, CHANNEL_EVERY),
        Repeated("summary", SummaryKeeper(database, clock, index, bell).renew, RENEW_EVERY),
        _inbox_duty(inbox),
        Repeated("waste messages", WasteMessages(database, clock, index).run_once, WASTE_EVERY),
        Repeated("sweep of the doors", lambda: sweep_doors(database, clock()), _SWEEP_EVERY),
        Repeated(
            "sweep of the inbox",
            Purge(
                database=database,
                transit=transit,
                clock=clock,
                access_log_days=settings.access_log_days,
            ).run_once,
            _SWEEP_EVERY,
        ),
        account_name_duty(settings, database, clock, bell, line, channel),
        Repeated("watch", Watch(database, clock, bell, folder=_data_folder(settings)).run_once, WATCH_EVERY),
    ]
    stop = asyncio.Event()
    running = asyncio.create_task(run_duties(duties, stop))
    try:
        yield
    finally:
        stop.set()
        await running
        await multicast.aclose()
        await insight.aclose()


def make_inbox(
    settings: RelaySettings,
    database: Database,
    clock: Callable[[], datetime],
    bell: NewsBell,
    line: LineClient,
    channel: LineChannel,
    transit: TransitKeys,
) -> InboxJob:
    """What processes webhook events; a staff member tying an account shows on the `staff` record."""

    def on_linked(connection: Connection, staff: str) -> None:
        set_line_linked(connection, database.cipher, staff, linked=True, now=clock())

    talk = Talk(
        cipher=database.cipher,
        words=load_talk_words(),
        settings_url="",
        contact_url="",
        on_linked=on_linked,
        town_name=settings.town_name,
        telephone=settings.town_telephone,
    )
    channel.follow(
        lambda now: talk.use_pages(
            settings_url=page_url(settings, now, "settings"),
            contact_url=page_url(settings, now, "contact"),
            waste_url=page_url(settings, now, "waste"),
        )
    )
    return InboxJob(
        database=database, transit=transit, talk=talk, line=line, clock=clock, after_batch=bell.ring
    )


def _data_folder(settings: RelaySettings) -> Path:
    """Whose disk must not run full: that of the store's file, or of the keys where the store is elsewhere."""
    if settings.is_embedded:
        return Path(settings.database_url.get_secret_value().removeprefix("sqlcipher:")).absolute().parent
    return settings.key_file.absolute().parent


def page_url(settings: RelaySettings, channel: Channel, page: str) -> str:
    """The address under which LINE opens one of our pages; empty where there is no LIFF app."""
    if not channel.liff_id:
        return ""
    return f"{settings.liff_url_base.rstrip('/')}/{channel.liff_id}/{page}"


def make_channel(
    settings: RelaySettings, database: Database, clock: Callable[[], datetime], line: LineClient
) -> LineChannel:
    """The LINE channel of the environment or the store; `line` follows it."""
    environment = Channel(
        channel_secret=settings.line_channel_secret.get_secret_value(),
        channel_token=settings.line_channel_token.get_secret_value(),
        login_channel_id=settings.line_login_channel_id,
        liff_id=settings.liff_id,
    )
    channel = LineChannel(database, clock, environment)
    channel.follow(lambda now: line.use_token(now.channel_token))
    return channel


def open_transit(settings: RelaySettings) -> TransitKeys:
    """The folder of daily keys beside the host key."""
    return TransitKeys(settings.key_file.absolute().parent / "transit")


def _inbox_duty(inbox: InboxJob) -> Duty:
    async def run(stop: asyncio.Event) -> None:
        async with woken_at_stop(stop, inbox.wake.set):
            await inbox.run(stop)

    return run


def sending_duties(
    database: Database,
    clock: Callable[[], datetime],
    bell: NewsBell,
    index: SegmentIndex,
    sending: Sending,
    *,
    multicast: MulticastClient,
    line: LineClient,
    per_second: int,
) -> list[Duty]:
    """Freezing and sending, under a name of this process's own; the clients stay the caller's to close."""
    owner = str(uuid.uuid4())

    async def push(user_id: str, text: Text, retry_key: str) -> LineAnswer:
        return await push_prepared(
            line, user_id, text.messages, retry_key, silent=text.silent, unit=text.unit
        )

    async def broadcast(text: Text, retry_key: str) -> LineAnswer:
        return await broadcast_prepared(line, text.messages, retry_key, silent=text.silent)

    deliverer = Deliverer(
        Ledger(database, clock, bell, owner=owner, still_friends=index.still_friends),
        index,
        clock,
        multicast=multicast.send,
        push=push,
        broadcast=broadcast,
        pace=Pace(per_second),
    )
    queue = JobQueue(
        database,
        clock,
        bell,
        {FREEZE: sending.freezing.freeze},
        owner=owner,
        after_job=deliverer.wake,
        given_up=sending.freezing.give_up,
    )
    moments = Moments(database, clock, bell, index, sending.freezing)
    return [deliverer.run, queue, Repeated("moments", moments.run_due, MOMENTS_EVERY)]


def configured_settings(
    settings: RelaySettings, channel: LineChannel, account_name: str = ""
) -> TownSettings:
    """The `settings` record as the configuration gives it; the account's name is learnt from LINE."""
    return TownSettings(
        town_name=settings.town_name.strip(),
        telephone=settings.town_telephone.strip(),
        environment=settings.environment,
        account_name=account_name,
        line_configured=bool(channel.now.channel_token),
    )


def account_name_duty(
    settings: RelaySettings,
    database: Database,
    clock: Callable[[], datetime],
    bell: NewsBell,
    line: LineClient,
    channel: LineChannel,
) -> Duty:
    """Ask LINE what the account is called, as soon as LINE answers, once for every token there is."""

    async def learn(stop: asyncio.Event) -> None:
        asked_with = ""
        while not stop.is_set():
            token = channel.now.channel_token
            pause = CHANNEL_EVERY
            if token != asked_with:
                try:
                    bot = await line.bot_info()
                except LineError as error:
                    _log.info("the account's name is not known yet: %s", error)
                    pause = _NAME_TRY_EVERY
                else:
                    await asyncio.to_thread(
                        publish_channel, settings, database, clock, bell, channel, bot.display_name
                    )
                    asked_with = token
            await wait_for_stop(stop, pause)

    return learn


def publish_channel(
    settings: RelaySettings,
    database: Database,
    clock: Callable[[], datetime],
    bell: NewsBell,
    channel: LineChannel,
    account_name: str,
) -> None:
    """Show on the `settings` record whether there is a channel, and what the account is called."""
    with database.write() as connection:
        town = configured_settings(settings, channel, account_name)
        publish_settings(connection, database.cipher, town, clock())
    bell.ring()


def sweep_doors(database: Database, now: datetime) -> None:
    """Forget what no door looks at any more: nonces, old sessions, windows of failures, finished jobs."""
    with database.write() as connection:
        # Twice the tolerance on either side of the clock: an older request is refused for its time alone.
        forget_nonces(connection, before=now - timedelta(minutes=20))
        forget_sessions(connection, before=now - timedelta(days=30))
        forget_old_tries(connection, before=now - timedelta(days=1))
        forget_done_jobs(connection, before=now - timedelta(days=30))
