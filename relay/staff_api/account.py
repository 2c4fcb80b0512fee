"""`/staff/passphrase` and `/staff/second-factor`: what people change about their own account."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.signin import PassphraseChange, SecondFactorChange
from relay.features.news import NewsBell
from relay.features.passphrase import Passphrases
from relay.features.second_factor import SecondFactors
from relay.staff_api.answers import SMALL_BODY, read_body, refusing
from relay.staff_api.gate import Gate


class AccountEndpoints:
    """Answers 204. Every session but the one that asks ends with a new passphrase."""

    def __init__(
        self, gate: Gate, passphrases: Passphrases, second_factors: SecondFactors, bell: NewsBell
    ) -> None:
        self._gate = gate
        self._passphrases = passphrases
        self._second_factors = second_factors
        self._bell = bell

    def routes(self) -> list[Route]:
        return [
            Route("/passphrase", self.passphrase, methods=["POST"]),
            Route("/second-factor", self.second_factor, methods=["POST"]),
        ]

    @refusing
    async def passphrase(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> None:
            signed_in = self._gate.check_action(request, body)
            self._passphrases.change(signed_in, PassphraseChange.parse(body))

        await run_in_threadpool(work)
        return Response(status_code=204)

    @refusing
    async def second_factor(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> None:
            signed_in = self._gate.check_action(request, body)
            message = SecondFactorChange.parse(body)
            self._second_factors.change(signed_in.member, signed_in.device, message)
            self._bell.ring()

        await run_in_threadpool(work)
        return Response(status_code=204)
