"""Builds the relay from its settings: every part is made here once and handed down by constructor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import anyio.from_thread
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from relay.access import AccessNotes
from relay.config import RelaySettings
from relay.features.access_log import AccessLog
from relay.features.audit import AuditLog
from relay.features.changes import (
    door_changes,
    people_changes,
    plain_changes,
    sealed_changes,
    town_changes,
)
from relay.features.checking import Checking
from relay.features.chunks import Chunks
from relay.features.coupons import CouponReader
from relay.features.enrolment import Enrolment
from relay.features.files import Files
from relay.features.freezing import Freezing
from relay.features.line_channel import Channel
from relay.features.links import LinkCounter
from relay.features.lists import ListFilling
from relay.features.message_parts import MessageParts
from relay.features.news import NewsBell
from relay.features.notices import ADDRESS_REFUSED, NoticeBoard
from relay.features.passphrase import Passphrases
from relay.features.quota import QuotaReader
from relay.features.second_factor import SecondFactors
from relay.features.segments import SegmentIndex
from relay.features.sending import Sending
from relay.features.settings import find_settings, publish_settings
from relay.features.sign_in import SignIn
from relay.features.sync import SyncRounds
from relay.jobs.duties import (
    CHANNEL_EVERY,
    configured_settings,
    make_channel,
    make_inbox,
    on_duty,
    open_transit,
    page_url,
    publish_channel,
)
from relay.jobs.loop import Repeated
from relay.jobs.serving import FLUSH_EVERY, while_serving
from relay.jobs.watch import WATCH_EVERY, CertificateWatch
from relay.line.client import LineClient
from relay.line.payloads import message_payloads
from relay.log import AccessLine
from relay.pages.links import LinkPage
from relay.pages.media import MediaPages
from relay.pages.routes import make_pages
from relay.pages.security import ProtectedAnswers
from relay.providers.certificate import LiveCertificate, ensure_certificate, public_key_hash
from relay.providers.line_login import LineLogin
from relay.staff_api.account import AccountEndpoints
from relay.staff_api.addresses import make_address_rules, one_caller
from relay.staff_api.asks import Asks
from relay.staff_api.checks import CheckEndpoint
from relay.staff_api.chunks import ChunkEndpoints
from relay.staff_api.coupons import CouponAsk
from relay.staff_api.doors import Doors
from relay.staff_api.files import FileEndpoints
from relay.staff_api.gate import Gate, caller_address
from relay.staff_api.line_channel import LineChannelEndpoint
from relay.staff_api.logs import LogEndpoints
from relay.staff_api.sync import SyncEndpoint
from relay.store.cipher import load_or_make_host_key
from relay.store.database import Database, open_database
from relay.store.lock import StoreLock
from relay.webhook import Webhook

WEBHOOK_PATH = "/line/webhook"
Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Relay:
    """A built relay, for the entry points: what to serve, and what to print when nobody has an account.

    `staff_routes`: every route below `/staff`, for whoever checks what each of them needs.
    """

    app: ASGIApp
    database: Database
    enrolment: Enrolment
    certificate: LiveCertificate
    staff_routes: tuple[BaseRoute, ...] = ()


def build_app(settings: RelaySettings, *, clock: Clock = utc_now) -> ASGIApp:
    """The ASGI application, for servers that want nothing else."""
    return build_relay(settings, clock=clock).app


def build_relay(settings: RelaySettings, *, clock: Clock = utc_now) -> Relay:
    """Open the store and build every part. Raises WrongKey or StoreUnavailable.

    On the embedded store the application also sends, processes the inbox and cleans up; on PostgreSQL
    `python -m relay worker` does.
    """
    lock = _lock_embedded(settings)
    database = open_store(settings)
    cipher = database.cipher
    bell = NewsBell()
    index = SegmentIndex(database, clock)
    line = LineClient(
        base=settings.line_api_base,
        token=settings.line_channel_token.get_secret_value(),
        ca_file=settings.line_ca_file,
    )
    channel = make_channel(settings, database, clock, line)
    quota = QuotaReader(
        # From a worker thread into the server's event loop, where the client lives.
        lambda: anyio.from_thread.run(line.quota),
        clock,
        has_channel=lambda: bool(channel.now.channel_token),
    )
    files = Files(database, clock, public_url=settings.public_url)
    links = LinkCounter(database, clock, public_url=settings.public_url)
    parts = MessageParts(files, links, lambda page: page_url(settings, channel.now, page))
    freezing = Freezing(database, clock, index, quota, files, message_payloads, parts)
    sending = Sending(database, clock, index, quota, freezing)
    transit = open_transit(settings)
    inbox = make_inbox(settings, database, clock, bell, line, channel, transit)
    webhook = Webhook(
        database=database,
        transit=transit,
        secrets=[channel.now.channel_secret],
        clock=clock,
        wake=inbox.wake.set,
        on_refused=lambda scope, status: notes.note(scope, WEBHOOK_PATH, status, clock()),
    )
    login = LineLogin(
        base=settings.line_login_base,
        channel_id=channel.now.login_channel_id,
        ca_file=settings.line_ca_file,
        clock=clock,
    )
    enrolment = make_enrolment(settings, database, clock)
    sign_in = SignIn(
        database,
        clock,
        idle=timedelta(minutes=settings.session_idle_minutes),
        usual_memory_kib=settings.min_passphrase_memory_kib,
    )
    rules = make_address_rules(settings.staff_allowed_addresses, settings.trusted_proxies)
    notices = NoticeBoard(database, clock, bell)
    accesses = AccessLog(database, clock, kept_days=settings.access_log_days)
    gate = Gate(
        database,
        clock,
        sign_in,
        rules,
        on_stranger=lambda address: notices.note(ADDRESS_REFUSED, address),
    )
    stages = {
        **plain_changes(cipher, clock),
        **sealed_changes(database, clock),
        **door_changes(cipher, clock),
        **town_changes(cipher, clock, fixed=_fixed_town(settings)),
        **people_changes(cipher, clock),
        **sending.changes(),
        "list.fill": ListFilling(database, clock, index).fill,
    }
    rounds = SyncRounds(database, clock, stages, bell)
    log = AuditLog(database)
    file_endpoints = FileEndpoints(gate, files)
    staff_routes: list[BaseRoute] = [
        *Doors(gate, enrolment, sign_in).routes(),
        *SyncEndpoint(gate, sign_in, rounds, log, bell, clock, relay_id=database.relay_id).routes(),
        *Asks(gate, database, clock, index, quota).routes(),
        *CheckEndpoint(
            gate,
            Checking(database, clock, index, quota, freezing, per_second=settings.multicast_per_second),
        ).routes(),
        *CouponAsk(
            gate,
            CouponReader(
                lambda: anyio.from_thread.run(line.coupons),
                clock,
                has_channel=lambda: bool(channel.now.channel_token),
            ),
        ).routes(),
        *AccountEndpoints(
            gate,
            Passphrases(database, clock, least_memory_kib=settings.min_passphrase_memory_kib),
            SecondFactors(database, clock),
            bell,
        ).routes(),
        *LineChannelEndpoint(
            gate,
            channel,
            line.bot_info,
            lambda name: publish_channel(settings, database, clock, bell, channel, name),
        ).routes(),
        *LogEndpoints(gate, log, accesses).routes(),
        *file_endpoints.routes(),
        *ChunkEndpoints(gate, database, Chunks(database, clock)).routes(),
    ]
    with database.write() as connection:
        publish_settings(connection, cipher, configured_settings(settings, channel), clock())
    pages = make_pages(
        database=database,
        verify=login.verify_id_token,
        is_friend=lambda user_id: _is_friend(line, user_id),
        caller=lambda request: one_caller(caller_address(request, rules)),
        clock=clock,
        liff_id=channel.now.liff_id,
        liff_url_base=settings.liff_url_base,
        liff_sdk_url=settings.liff_sdk_url,
    )

    def use_channel(now: Channel) -> None:
        webhook.use_secrets([now.channel_secret])
        login.use_channel(now.login_channel_id)
        pages.entry.use_liff(now.liff_id)

    def look_at_what_staff_saved() -> None:
        channel.refresh()
        with database.read() as connection:
            town = find_settings(connection, cipher)
        if town is not None:
            pages.renderer.show_town(town.town_name, town.telephone)

    channel.follow(use_channel)
    look_at_what_staff_saved()
    certificate = LiveCertificate(lambda now: tls_files(settings, now), clock())
    while_running = [
        Repeated("what staff saved", look_at_what_staff_saved, CHANNEL_EVERY),
        Repeated("taps on links", links.flush, FLUSH_EVERY),
        Repeated("certificate", CertificateWatch(database, clock, bell, certificate).run_once, WATCH_EVERY),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            async with while_serving(accesses, notices, while_running):
                if settings.is_embedded:
                    async with on_duty(
                        settings, database, clock, bell, index, sending, line, channel, inbox, transit
                    ):
                        yield
                else:
                    yield
        finally:
            await webhook.aclose()
            await asyncio.to_thread(links.close)
            await login.aclose()
            await line.aclose()
            database.close()
            lock.release()

    framed = Starlette(
        routes=[
            Route("/health", _health, methods=["GET"]),
            *MediaPages(files).routes(),
            *LinkPage(links, pages.renderer).routes(),
            Mount("/staff", routes=staff_routes),
            *pages.routes,
        ],
        lifespan=lifespan,
    )
    protected = ProtectedAnswers(framed)
    notes = AccessNotes(
        protected, framed.routes, accesses, lambda request: caller_address(request, rules), clock
    )
    return Relay(
        app=_front(webhook, notes),
        database=database,
        enrolment=enrolment,
        staff_routes=tuple(staff_routes),
        certificate=certificate,
    )


def open_store(settings: RelaySettings) -> Database:
    """The store and the host key the settings name. Raises WrongKey or StoreUnavailable."""
    return open_database(settings.database_url.get_secret_value(), load_or_make_host_key(settings.key_file))


def _lock_embedded(settings: RelaySettings) -> StoreLock:
    """Raises StoreUnavailable `in_use` when another relay serves the same file."""
    url = settings.database_url.get_secret_value()
    lock = StoreLock(Path(url.removeprefix("sqlcipher:")).absolute())
    if settings.is_embedded:
        lock.take()
    return lock


def make_enrolment(settings: RelaySettings, database: Database, clock: Clock) -> Enrolment:
    """Codes that carry the pin of the certificate desktops will meet."""
    certificate, _ = tls_files(settings, clock())
    return Enrolment(
        database,
        clock,
        pin_hash=public_key_hash(certificate),
        least_memory_kib=settings.min_passphrase_memory_kib,
    )


def tls_files(settings: RelaySettings, now: datetime) -> tuple[Path, Path]:
    """The certificate and key to serve with: those configured, or a self-signed pair beside the key file."""
    if settings.tls_certificate is not None and settings.tls_private_key is not None:
        return settings.tls_certificate, settings.tls_private_key
    host = urlsplit(settings.public_url).hostname or "localhost"
    return ensure_certificate(settings.key_file.absolute().parent, host, now)


def _fixed_town(settings: RelaySettings) -> tuple[str, ...]:
    """Which fields of the `settings` record the environment sets, so that staff cannot."""
    fixed = {"town_name": settings.town_name.strip(), "telephone": settings.town_telephone.strip()}
    return tuple(name for name, value in fixed.items() if value)


def _front(webhook: ASGIApp, framed: ASGIApp) -> ASGIApp:
    """What the server calls: the webhook bare and before everything else, because its time is counted."""
    logged = AccessLine(framed)

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == WEBHOOK_PATH:
            await webhook(scope, receive, send)
        else:
            await logged(scope, receive, send)

    return front


async def _is_friend(line: LineClient, user_id: str) -> bool:
    return await line.profile(user_id) is not None


async def _health(_: Request) -> Response:
    return JSONResponse({"alive": True}, headers={"cache-control": "no-store"})
