"""`/staff/ask/coupons`: what LINE has to give away. SEG-6."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.sync import CouponsAnswer
from relay.features.coupons import CouponReader
from relay.staff_api.answers import SMALL_BODY, answer, read_body, refusing
from relay.staff_api.gate import Gate


class CouponAsk:
    """One question that has no body and that LINE answers."""

    def __init__(self, gate: Gate, coupons: CouponReader) -> None:
        self._gate = gate
        self._coupons = coupons

    def routes(self) -> list[Route]:
        return [Route("/ask/coupons", self.coupons, methods=["POST"])]

    @refusing
    async def coupons(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> CouponsAnswer:
            self._gate.check_action(request, body)
            return self._coupons.answer()

        return answer(request, await run_in_threadpool(work))
