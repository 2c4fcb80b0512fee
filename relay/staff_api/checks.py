"""`/staff/ask/delivery-check`: the dry run of a delivery. SEG-12."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.sync import CheckAnswer, CheckRequest
from relay.features.checking import Checking
from relay.staff_api.answers import answer, read_body, refusing
from relay.staff_api.gate import Gate

_BODY_LIMIT = 512 * 1024
"""A draft with variants in every language and cards of every kind is far smaller."""


class CheckEndpoint:
    """What would happen if this draft were confirmed now."""

    def __init__(self, gate: Gate, checking: Checking) -> None:
        self._gate = gate
        self._checking = checking

    def routes(self) -> list[Route]:
        return [Route("/ask/delivery-check", self.check, methods=["POST"])]

    @refusing
    async def check(self, request: Request) -> Response:
        body = await read_body(request, _BODY_LIMIT)

        def work() -> CheckAnswer:
            member = self._gate.check_action(request, body).member
            return self._checking.check(CheckRequest.parse(body).draft, member.id)

        return answer(request, await run_in_threadpool(work))
