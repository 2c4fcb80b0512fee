"""What the pages behind the door share: whose session it is, and words for what cannot be done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response

from relay.features.page_sessions import PageSession, find_session, is_own_form
from relay.pages.rendering import Renderer
from relay.pages.security import COOKIE, page_headers
from relay.store.database import Connection, Database


class Visits:
    """Looks sessions up. `again`: path and name of the page a person should open again after trouble."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Callable[[], datetime],
        renderer: Renderer,
        again: tuple[str, str],
    ) -> None:
        self._database = database
        self._clock = clock
        self._renderer = renderer
        self._again = again
        self._headers = page_headers()

    def is_open(self, request: Request) -> bool:
        with self._database.read() as connection:
            return self.find(connection, request) is not None

    def find(self, connection: Connection, request: Request) -> PageSession | None:
        token = request.cookies.get(COOKIE, "")
        return find_session(connection, self._database.cipher, token, self._clock())

    def find_for_form(
        self, connection: Connection, request: Request, form_token: str
    ) -> PageSession | tuple[str, int]:
        """The session a form was made for, or why it is none: reason and status."""
        session = self.find(connection, request)
        if session is None:
            return "session_expired", 401
        return session if is_own_form(session, form_token) else ("not_allowed", 403)

    def trouble(self, reason: str, status: int) -> Response:
        path, name = self._again
        values = {"reason": reason, "again": path, "again_name": name}
        return self._renderer.page("trouble.html", values, headers=self._headers, status=status)
