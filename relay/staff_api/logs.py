"""`/staff/ask/audit-…` and `/staff/ask/access-log`: what was done, and who called from where. SEC-5."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.audit import AccessLogQuery, AuditEntryQuery, AuditLeavesQuery, AuditQuery
from protocol.wire import Wire
from relay.features.access_log import AccessLog
from relay.features.audit import AuditLog
from relay.staff_api.answers import SMALL_BODY, Endpoint, answer, read_body, refusing
from relay.staff_api.gate import Gate

Q = TypeVar("Q", bound=Wire)


class LogEndpoints:
    """Read-only questions. Who may ask what stands in `protocol.rights.ASK_NEEDS`."""

    def __init__(self, gate: Gate, audit: AuditLog, accesses: AccessLog) -> None:
        self._gate = gate
        self._audit = audit
        self._accesses = accesses

    def routes(self) -> list[Route]:
        audit, accesses = self._audit, self._accesses
        return [
            self._route("audit-search", AuditQuery, audit.search),
            self._route("audit-entry", AuditEntryQuery, audit.entry),
            self._route("audit-leaves", AuditLeavesQuery, audit.leaves),
            self._route("access-log", AccessLogQuery, accesses.search),
        ]

    def _route(self, name: str, query: type[Q], find: Callable[[Q], Wire]) -> Route:
        async def ask(self: LogEndpoints, request: Request) -> Response:
            body = await read_body(request, SMALL_BODY)

            def work() -> Wire:
                self._gate.check_action(request, body)
                return find(query.parse(body))

            return answer(request, await run_in_threadpool(work))

        safe: Endpoint = refusing(ask)

        async def endpoint(request: Request) -> Response:
            return await safe(self, request)

        return Route(f"/ask/{name}", endpoint, methods=["POST"])
