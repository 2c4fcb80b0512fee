"""The resident's own list (「送った内容」): number, date, state, and the copy this phone may hold the key of.

The relay sends ciphertext and cannot open it; the browser does. Requirement: SEC-8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from protocol.submissions import ResidentCopy, Submission
from relay.errors import Refused, StoreUnavailable
from relay.features.submissions import SUBMISSION
from relay.pages.entry import Entry
from relay.pages.rendering import Renderer
from relay.pages.security import script_headers
from relay.pages.visits import Visits
from relay.store.database import Connection, Database
from relay.store.records import find_record
from relay.store.submissions import (
    StoredSubmission,
    find_copy,
    find_submission,
    list_submissions_of,
)

MINE_PATH = "/pages/mine"
_SHOWN = 50
_COPIES_BYTES = 60 * 1024
"""How much ciphertext one list carries; what does not fit has a page of its own (first load: 100 KB)."""


@dataclass(frozen=True)
class _Sent:
    """One line of the list. `copy` None: none was made, or it is behind the link."""

    stored: StoredSubmission
    title: str
    copy: ResidentCopy | None
    link: str = ""


class MinePages:
    """`GET /pages/mine` and `GET /pages/mine/<submission>`."""

    def __init__(
        self, *, database: Database, clock: Callable[[], datetime], renderer: Renderer, entry: Entry
    ) -> None:
        self._database = database
        self._renderer = renderer
        self._entry = entry
        self._visits = Visits(
            database=database, clock=clock, renderer=renderer, again=(MINE_PATH, "送った内容を開く")
        )
        self._headers = script_headers()

    async def show(self, request: Request) -> Response:
        return await self._shown(request, lambda connection, no: self._all(connection, no))

    async def one(self, request: Request) -> Response:
        id = request.path_params["submission"]
        return await self._shown(request, lambda connection, no: [self._one(connection, no, id)])

    async def _shown(self, request: Request, read: Callable[[Connection, int], list[_Sent]]) -> Response:
        def work() -> dict[str, Any] | None:
            with self._database.read() as connection:
                session = self._visits.find(connection, request)
                return None if session is None else {"sent": read(connection, session.resident_no)}

        try:
            values = await run_in_threadpool(work)
        except Refused as refusal:
            return self._visits.trouble(refusal.reason, refusal.status)
        except StoreUnavailable:
            return self._visits.trouble("busy", 503)
        if values is None:
            return self._entry.ask_line(MINE_PATH)
        return self._renderer.page("mine.html", values, headers=self._headers)

    def _all(self, connection: Connection, resident_no: int) -> list[_Sent]:
        shown: list[_Sent] = []
        room = _COPIES_BYTES
        for stored in list_submissions_of(connection, resident_no, limit=_SHOWN):
            copy = find_copy(connection, stored.id)
            title = self._title(connection, stored.id)
            if copy is not None and len(copy.body) > room:
                shown.append(_Sent(stored, title, None, link=f"{MINE_PATH}/{stored.id}"))
                continue
            room -= len(copy.body) if copy is not None else 0
            shown.append(_Sent(stored, title, copy))
        return shown

    def _one(self, connection: Connection, resident_no: int, id: str) -> _Sent:
        stored = find_submission(connection, id)
        if stored is None or stored.resident != resident_no:
            raise Refused("not_found", status=404)
        return _Sent(stored, self._title(connection, id), find_copy(connection, id))

    def _title(self, connection: Connection, id: str) -> str:
        record = find_record(connection, self._database.cipher, SUBMISSION, id)
        return "" if record is None or record.removed else Submission.parse(record.body).title
