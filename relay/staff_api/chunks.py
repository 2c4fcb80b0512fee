"""`/staff/chunks/…`, `/staff/ask/chunks`, `/staff/ask/originals`: what cold starts read."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.chunks import (
    ORIGINALS_LIMIT,
    ChunkList,
    ChunkQuery,
    Originals,
    OriginalsQuery,
    chunk_bytes,
    read_chunk_bytes,
)
from protocol.rights import ASK_NEEDS
from relay.errors import Refused
from relay.features.chunks import BODY_LIMIT, Chunks
from relay.features.rights import find_grid, require
from relay.features.submissions import list_originals
from relay.staff_api.answers import SMALL_BODY, LargeBodies, answer, read_body, refusing
from relay.staff_api.gate import Gate
from relay.store.database import Database

_HEADER_ROOM = 32 * 1024


class ChunkEndpoints:
    """Chunks up and down in one piece (`protocol.chunks.chunk_bytes`), and the questions about them."""

    def __init__(self, gate: Gate, database: Database, chunks: Chunks) -> None:
        self._gate = gate
        self._database = database
        self._chunks = chunks
        self._bodies = LargeBodies(gate.check_headers, at_once=2)

    def routes(self) -> list[Route]:
        return [
            Route("/chunks/{id}", self.put, methods=["PUT"]),
            Route("/chunks/{id}", self.get, methods=["GET"]),
            Route("/ask/chunks", self.list, methods=["POST"]),
            Route("/ask/originals", self.originals, methods=["POST"]),
        ]

    @refusing
    async def put(self, request: Request) -> Response:
        self._gate.address(request)
        body = await self._bodies.read(request, BODY_LIMIT + _HEADER_ROOM)

        def work() -> None:
            signed_in = self._gate.check_session(request, body)  # made in the background: keeps nobody awake
            header, sealed = read_chunk_bytes(body)
            if header.id != request.path_params["id"]:
                raise Refused("malformed", status=400)
            self._chunks.take(signed_in.member, header, sealed)

        await run_in_threadpool(work)
        return Response(status_code=204, headers={"cache-control": "no-store"})

    @refusing
    async def get(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> bytes:
            signed_in = self._gate.check_session(request, body)
            return chunk_bytes(*self._chunks.read(signed_in.member, request.path_params["id"]))

        sent = await run_in_threadpool(work)
        return Response(sent, media_type="application/octet-stream", headers={"cache-control": "no-store"})

    @refusing
    async def list(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> ChunkList:
            signed_in = self._gate.check_session(request, body)
            return self._chunks.list(signed_in.member, ChunkQuery.parse(body).audience)

        return answer(request, await run_in_threadpool(work))

    @refusing
    async def originals(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> Originals:
            member = self._gate.check_session(request, body).member
            ids = OriginalsQuery.parse(body).ids
            if len(ids) > ORIGINALS_LIMIT:
                raise Refused("too_large", status=413)
            with self._database.read() as connection:
                grid = find_grid(connection, self._database.cipher)
                require(member, ASK_NEEDS["originals"], grid, member.departments)
                found = list_originals(connection, self._database.cipher, ids, member=member)
            return Originals(records=tuple(found))

        return answer(request, await run_in_threadpool(work))
