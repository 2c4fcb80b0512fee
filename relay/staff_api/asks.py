"""`/staff/ask/…`: read-only questions that need the relay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.items import SegmentItem
from protocol.segments import Segment, expanded, find_segment_problems
from protocol.sync import (
    CountAnswer,
    CountRequest,
    ItemUseAnswer,
    ItemUseRequest,
    PeopleAnswer,
    PeopleRequest,
    QuotaAnswer,
)
from relay.errors import Refused
from relay.features.few import is_withheld
from relay.features.items import item_use, list_items
from relay.features.quota import QuotaReader
from relay.features.segment_names import read_named
from relay.features.segments import SegmentIndex
from relay.features.who import people_of
from relay.staff_api.answers import SMALL_BODY, answer, read_body, refusing
from relay.staff_api.gate import Gate
from relay.store.database import Database


class Asks:
    """Questions about residents in numbers, never in names."""

    def __init__(
        self,
        gate: Gate,
        database: Database,
        clock: Callable[[], datetime],
        index: SegmentIndex,
        quota: QuotaReader,
    ) -> None:
        self._gate = gate
        self._database = database
        self._clock = clock
        self._index = index
        self._quota = quota

    def routes(self) -> list[Route]:
        return [
            Route("/ask/segment-count", self.segment_count, methods=["POST"]),
            Route("/ask/segment-people", self.segment_people, methods=["POST"]),
            Route("/ask/quota", self.quota, methods=["POST"]),
            Route("/ask/item-use", self.item_use, methods=["POST"]),
        ]

    @refusing
    async def segment_count(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> CountAnswer:
            self._gate.check_action(request, body)
            segment = CountRequest.parse(body).segment
            _, written_out = self._check(segment)
            count, friends = self._index.count(segment), self._index.friends()
            few = is_withheld(written_out, count)
            return CountAnswer(count=0 if few else count, friends=friends, few=few, as_of=self._clock())

        return answer(request, await run_in_threadpool(work))

    @refusing
    async def segment_people(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> PeopleAnswer:
            self._gate.check_action(request, body)
            segment = PeopleRequest.parse(body).segment
            items, written_out = self._check(segment)
            return people_of(self._index, written_out, items, self._clock())

        return answer(request, await run_in_threadpool(work))

    @refusing
    async def quota(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> QuotaAnswer:
            self._gate.check_action(request, body)
            return self._quota.answer()

        return answer(request, await run_in_threadpool(work))

    @refusing
    async def item_use(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> ItemUseAnswer:
            self._gate.check_action(request, body)
            with self._database.read() as connection:
                return item_use(connection, self._database.cipher, ItemUseRequest.parse(body).item)

        return answer(request, await run_in_threadpool(work))

    def _check(self, segment: Segment) -> tuple[dict[str, SegmentItem], Segment]:
        """The items there are, and the segment with its saved groups written out. Raises Refused where it
        cannot be asked for.
        """
        with self._database.read() as connection:
            items = list_items(connection, self._database.cipher)
            named = read_named(connection, self._database.cipher, segment)
        problems = find_segment_problems(segment, items, named)
        if problems:
            raise Refused(problems[0].code)
        return items, expanded(segment, named.groups)
