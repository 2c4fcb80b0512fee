"""`/staff/enrol`, `/staff/sign-in`, `/staff/sign-out`."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.rights import OWN
from protocol.signin import (
    CodeAnswer,
    CodeWish,
    EnrolAnswer,
    EnrolRequest,
    PassphraseCost,
    SignInAnswer,
    SignInRequest,
    SignInStart,
)
from relay.errors import Refused
from relay.features.enrolment import Enrolment
from relay.features.sign_in import SignIn
from relay.staff_api.answers import SMALL_BODY, answer, read_body, refusing
from relay.staff_api.gate import Gate

_NAME_LIMIT = 60


class Doors:
    """Everything one may call without a session."""

    def __init__(self, gate: Gate, enrolment: Enrolment, sign_in: SignIn) -> None:
        self._gate = gate
        self._enrolment = enrolment
        self._sign_in = sign_in

    def routes(self) -> list[Route]:
        return [
            Route("/enrol", self.enrol, methods=["POST"]),
            Route("/sign-in/start", self.start, methods=["POST"]),
            Route("/sign-in", self.sign_in, methods=["POST"]),
            Route("/sign-out", self.sign_out, methods=["POST"]),
            Route("/codes", self.codes, methods=["POST"]),
        ]

    @refusing
    async def enrol(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> EnrolAnswer:
            address = self._gate.address(request)
            message = EnrolRequest.parse(body)
            self._enrolment.check(message, address)  # before the nonce is written down
            self._gate.check_new_device(request, body, message.device_key)
            return self._enrolment.enrol(message, address)

        return answer(request, await run_in_threadpool(work))

    @refusing
    async def start(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> PassphraseCost:
            # A device about to be enrolled asks too; its key is not known yet, so nothing can be checked.
            if self._gate.is_new_device(request):
                address = self._gate.address(request)
            else:
                address = self._gate.check_device(request, body).address
            return self._sign_in.start(_checked_name(SignInStart.parse(body).login_name), address)

        return answer(request, await run_in_threadpool(work))

    @refusing
    async def sign_in(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> SignInAnswer:
            caller = self._gate.check_device(request, body)
            message = SignInRequest.parse(body)
            _checked_name(message.login_name)
            return self._sign_in.sign_in(caller.device, message, caller.address)

        return answer(request, await run_in_threadpool(work))

    @refusing
    async def codes(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> CodeAnswer:
            # Everyone may add a machine of their own; who may do more is decided where the code is made.
            signed_in = self._gate.check_action(request, body, need=OWN)
            wish = CodeWish.parse(body)
            return self._enrolment.new_code_for(wish, signed_in.member, device=signed_in.device)

        return answer(request, await run_in_threadpool(work))

    @refusing
    async def sign_out(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> None:
            self._sign_in.sign_out(self._gate.check_session(request, body))

        await run_in_threadpool(work)
        return Response(status_code=204)


def _checked_name(name: str) -> str:
    if not 0 < len(name) <= _NAME_LIMIT:
        raise Refused("malformed", status=400)
    return name
