"""The door every API request passes: faults, size, token, rate, record. No endpoint lives here."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.line.errors import Finding, LineRefusal, bad_body
from sandbox.line.ledger import CallRecord
from sandbox.line.state import Platform
from sandbox.serve_cut import ConnectionCut, cut_connection

LARGEST_BODY = 2 * 1024 * 1024
CORS = {
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-allow-methods": "GET, POST, OPTIONS",
    "access-control-max-age": "600",
}


@dataclass(slots=True)
class Call:
    """One request as an endpoint sees it. ``body`` is the parsed JSON, or None."""

    request: Request
    request_id: str
    path: str  # the template, as LINE's files write it
    raw: bytes = b""
    body: Any = None
    token: str = ""
    recipients: int = 0

    @property
    def retry_key(self) -> str | None:
        return self.request.headers.get("x-line-retry-key")

    def parameter(self, name: str) -> str:
        return str(self.request.path_params[name])

    def query(self, name: str) -> str | None:
        return self.request.query_params.get(name)


@dataclass(slots=True)
class Answer:
    body: Any = field(default_factory=dict)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"


Handler = Callable[[Platform, Call], Awaitable[Answer]]


def api_route(
    path: str,
    name: str,
    handler: Handler,
    *,
    methods: tuple[str, ...] = ("GET",),
    json_body: bool = False,
    channel_token: bool = True,
    browsers: bool = False,
) -> Route:
    """``name`` is what rate limits, faults and the record call this endpoint."""
    gate = _Gate(path, name, handler, json_body, channel_token, browsers)
    allowed = (*methods, "OPTIONS") if browsers else methods
    return Route(path, gate.answer, methods=list(allowed), name=name)


class _Gate:
    def __init__(
        self, path: str, name: str, handler: Handler, json_body: bool, channel_token: bool, browsers: bool
    ) -> None:
        self.path = path
        self.name = name
        self.handler = handler
        self.json_body = json_body
        self.channel_token = channel_token
        self.browsers = browsers

    async def answer(self, request: Request) -> Response:
        if request.method == "OPTIONS" and self.browsers:
            return Response(status_code=204, headers=CORS)
        platform: Platform = request.app.state.platform
        call = Call(request, str(uuid.uuid4()), self.path)
        fault = platform.faults.take(self.name) or {}
        status = 0
        try:
            response = await self._through_faults(platform, call, fault)
            status = response.status_code
            return response
        except ConnectionCut:
            return await cut_connection(request)
        finally:
            self._record(platform, call, status, ",".join(fault) or None)

    async def _through_faults(self, platform: Platform, call: Call, fault: dict[str, Any]) -> Response:
        if "delay_ms" in fault:
            await asyncio.sleep(fault["delay_ms"] / 1000)
        if fault.get("drop_request"):
            raise ConnectionCut
        if "status" in fault and not fault.get("after_accepting"):
            return self._injected(call, fault)
        answer = await self._refuse_or_handle(platform, call)
        if fault.get("drop_answer"):
            raise ConnectionCut
        if "status" in fault:
            return self._injected(call, fault)
        return self._respond(call, answer)

    def _injected(self, call: Call, fault: dict[str, Any]) -> Response:
        body = fault.get("body", {"message": _WORDS.get(fault["status"], "Injected fault")})
        return self._respond(call, Answer(body, fault["status"], dict(fault.get("headers", {}))))

    async def _refuse_or_handle(self, platform: Platform, call: Call) -> Answer:
        try:
            await self._read(call)
            if self.channel_token:
                call.token = check_channel_token(platform, call.request)
            self._check_rate(platform)
            if self.json_body:
                self._parse(call)
            return await self.handler(platform, call)
        except LineRefusal as refusal:
            return Answer(refusal.body(), refusal.status, refusal.headers)

    async def _read(self, call: Call) -> None:
        length = call.request.headers.get("content-length", "0")
        if length.isdigit() and int(length) > LARGEST_BODY:
            raise LineRefusal(413, "Payload Too Large")
        data = bytearray()
        async for chunk in call.request.stream():
            data += chunk
            if len(data) > LARGEST_BODY:
                raise LineRefusal(413, "Payload Too Large")
        call.raw = bytes(data)

    def _check_rate(self, platform: Platform) -> None:
        settings = platform.settings
        if not settings.rate_limits:
            return
        if not platform.rate_limits.take(self.name, platform.now(), settings.rate_scale):
            raise LineRefusal(429, "The API rate limit has been exceeded. Try again later.")

    def _parse(self, call: Call) -> None:
        try:
            call.body = orjson.loads(call.raw or b"null")
        except orjson.JSONDecodeError as error:
            raise LineRefusal(400, "The request body could not be parsed as JSON") from error
        if not isinstance(call.body, dict):
            raise LineRefusal(400, "The request body must be a JSON object")

    def _respond(self, call: Call, answer: Answer) -> Response:
        headers = {"x-line-request-id": call.request_id, **answer.headers}
        if self.browsers:
            headers.update(CORS)
        if isinstance(answer.body, bytes):
            return Response(answer.body, answer.status, headers, answer.content_type)
        if answer.status == 204:
            return Response(status_code=204, headers=headers)
        return Response(orjson.dumps(answer.body), answer.status, headers, answer.content_type)

    def _record(self, platform: Platform, call: Call, status: int, fault: str | None) -> None:
        ledger = platform.ledger
        ledger.calls.append(
            CallRecord(
                ledger.next_number(),
                platform.now(),
                self.name,
                call.request.method,
                status,
                call.request_id,
                call.retry_key,
                call.recipients,
                fault,
            )
        )


_WORDS = {
    429: "The API rate limit has been exceeded. Try again later.",
    500: "Internal Server Error",
    401: "Authentication failed due to the following reason: invalid token.",
}


def bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def check_channel_token(platform: Platform, request: Request) -> str:
    token = bearer(request)
    if not token:
        raise LineRefusal(401, "Authentication failed due to the following reason: missing access token.")
    if token == platform.settings.channel_token:
        return token
    if platform.channel_tokens.find(token, platform.now()) is None:
        raise LineRefusal(
            401,
            "Authentication failed due to the following reason: invalid token. "
            "Confirm that the access token in the authorization header is valid.",
        )
    return token


def check_body(platform: Platform, call: Call, own: list[Finding]) -> None:
    """Our own findings first; LINE's files add what they know besides. Raises when anything is wrong."""
    found = list(own)
    if platform.openapi is not None:
        seen = {finding.path for finding in own}
        found += [
            f
            for f in platform.openapi.check_request(call.request.method, call.path, call.body)
            if f.path not in seen
        ]
    if found:
        raise bad_body(found)
