"""`/staff/files/…` for desktops; where LINE fetches the files of a delivery is in `pages/media.py`."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from protocol.files import CHUNK_BYTES, FileState
from relay.errors import Refused
from relay.features.files import Files, PublicMedia
from relay.staff_api.answers import SMALL_BODY, LargeBodies, answer, read_body, refusing
from relay.staff_api.gate import Gate

_SAFE = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "content-disposition": "inline",
}


class FileEndpoints:
    """Chunks up, whole files down."""

    def __init__(self, gate: Gate, files: Files) -> None:
        self._gate = gate
        self._files = files
        self._bodies = LargeBodies(gate.check_headers)

    def routes(self) -> list[Route]:
        return [
            Route("/files/{sha256}/state", self.state, methods=["GET"]),
            Route("/files/{sha256}", self.put, methods=["PUT"]),
            Route("/files/{sha256}", self.get, methods=["GET"]),
        ]

    @refusing
    async def put(self, request: Request) -> Response:
        self._gate.address(request)
        body = await self._bodies.read(request, CHUNK_BYTES)

        def work() -> FileState:
            self._gate.check_action(request, body)
            return self._files.take_chunk(
                request.path_params["sha256"],
                offset=_number(request, "offset"),
                size=_number(request, "size"),
                body=body,
            )

        return answer(request, await run_in_threadpool(work))

    @refusing
    async def state(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> FileState:
            self._gate.check_action(request, body)
            return self._files.state(request.path_params["sha256"])

        return answer(request, await run_in_threadpool(work))

    @refusing
    async def get(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> PublicMedia:
            self._gate.check_session(request, body)
            return self._files.find(request.path_params["sha256"])

        file = await run_in_threadpool(work)
        headers = {
            **_SAFE,
            "cache-control": "no-store",
            "content-type": file.content_type,
            "content-length": str(file.size),
        }
        return StreamingResponse(self._files.pieces(file, 0, file.size - 1), headers=headers)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not text.isdecimal() or len(text) > 12 or not text.isascii():
        raise Refused("malformed", status=400)
    return int(text)
