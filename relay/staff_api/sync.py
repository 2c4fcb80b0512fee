"""`/staff/sync`: one round, and the wait for news in a long poll."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol import PROTOCOL_VERSION
from protocol.staff import StaffMember
from protocol.sync import CHANGES_LIMIT, LONG_POLL_LIMIT, SyncRequest, SyncResponse
from protocol.wire import Wire
from relay.errors import Refused
from relay.features.audit import AuditLog
from relay.features.news import NewsBell
from relay.features.sign_in import SignedIn, SignIn
from relay.features.sync import SyncRounds
from relay.staff_api.answers import LargeBodies, answer, refusing
from relay.staff_api.gate import Gate

_BODY_LIMIT = 8 * 1024 * 1024
_LOOK_EVERY = 0.5
"""Seconds between two looks at the counters, for what another process wrote."""


class _Version(Wire):
    """The one property every version of a round has."""

    protocol: int


class SyncEndpoint:
    """Rounds over HTTP."""

    def __init__(
        self,
        gate: Gate,
        sign_in: SignIn,
        rounds: SyncRounds,
        log: AuditLog,
        bell: NewsBell,
        clock: Callable[[], datetime],
        *,
        relay_id: str,
    ) -> None:
        self._gate = gate
        self._sign_in = sign_in
        self._rounds = rounds
        self._log = log
        self._bell = bell
        self._clock = clock
        self._relay_id = relay_id
        self._bodies = LargeBodies(gate.check_headers)

    def routes(self) -> list[Route]:
        return [Route("/sync", self.sync, methods=["POST"])]

    @refusing
    async def sync(self, request: Request) -> Response:
        self._gate.address(request)
        body = await self._bodies.read(request, _BODY_LIMIT)
        message, signed_in = await run_in_threadpool(self._enter, request, body)
        member = signed_in.member
        results = await run_in_threadpool(
            self._rounds.apply, member, message.changes, device=signed_in.device
        )
        if message.wait_seconds > 0 and not results:
            await self._wait(request, member, message)
            member = (await run_in_threadpool(self._gate.check_again, request)).member
        news = await run_in_threadpool(self._rounds.news, member, message.cursor)
        head, proof = await run_in_threadpool(self._log.growth, message.log_size)
        response = SyncResponse(
            results=results,
            records=tuple(news.records),
            cursor=news.cursor,
            lost=tuple(news.lost),
            more=news.more,
            left=news.left,
            relay=self._relay_id,
            relay_time=self._clock(),
            log=head,
            log_proof=proof,
        )
        return answer(request, response)

    def _enter(self, request: Request, body: bytes) -> tuple[SyncRequest, SignedIn]:
        signed_in = self._gate.check_session(request, body)
        spoken = _Version.parse(body).protocol
        if spoken != PROTOCOL_VERSION:
            raise Refused("protocol_too_old" if spoken < PROTOCOL_VERSION else "protocol_too_new")
        message = SyncRequest.parse(body)
        if len(message.changes) > CHANGES_LIMIT:
            raise Refused("too_large", status=413)
        if message.changes:  # a round that only asks for news is a poll and keeps no session awake
            self._sign_in.keep_awake(signed_in)
        return message, signed_in

    async def _wait(self, request: Request, member: StaffMember, message: SyncRequest) -> None:
        """Until there is news, the wait is over, or the desktop is gone."""
        ends = time.monotonic() + min(message.wait_seconds, LONG_POLL_LIMIT)
        while (left := ends - time.monotonic()) > 0:
            event = self._bell.hand_out()
            try:
                if await run_in_threadpool(self._rounds.has_news, member, message.cursor):
                    return
                async with asyncio.timeout(min(left, _LOOK_EVERY)):
                    await event.wait()
            except TimeoutError:
                if await request.is_disconnected():
                    return
            finally:
                self._bell.take_back(event)
