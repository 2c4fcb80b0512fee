"""The settings page (「受信設定」): every answer of one resident, seen and changed.

Requirements: SEG-2, SEC-3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from relay.errors import Refused, StoreUnavailable
from relay.features.page_sessions import PageSession, find_session, is_own_form
from relay.features.questionnaire import order_items
from relay.features.residents import list_items, plain_answers
from relay.features.settings_form import Decision, Submitted, decide_changes, make_fields
from relay.pages.bodies import read_limited
from relay.pages.entry import SETTINGS_PATH, Entry
from relay.pages.rendering import Renderer
from relay.pages.security import COOKIE, is_from_our_page, page_headers
from relay.store.database import Database
from relay.store.residents import write_answers

_FORM_LIMIT = 64 * 1024
_FIELDS_LIMIT = 1000
_FORM_TYPE = "application/x-www-form-urlencoded"


class SettingsPage:
    """`GET` and `POST /pages/settings`. Without a session, `entry` asks LINE who is there first."""

    def __init__(
        self, *, database: Database, clock: Callable[[], datetime], renderer: Renderer, entry: Entry
    ) -> None:
        self._database = database
        self._clock = clock
        self._renderer = renderer
        self._entry = entry
        self._headers = page_headers()

    async def show(self, request: Request) -> Response:
        saved = request.query_params.get("saved", "")
        try:
            values = await run_in_threadpool(self._read, request.cookies.get(COOKIE, ""), saved)
        except StoreUnavailable:
            return self._trouble("busy", 503)
        if values is None:
            return self._entry.ask_line(SETTINGS_PATH)
        return self._renderer.page("settings.html", values, headers=self._headers)

    async def save(self, request: Request) -> Response:
        if not is_from_our_page(request):
            return self._trouble("not_allowed", 403)
        if request.headers.get("content-type", "").split(";")[0].strip() != _FORM_TYPE:
            return self._trouble("malformed", 400)
        token = request.cookies.get(COOKIE, "")
        try:
            if not await run_in_threadpool(self._is_open, token):  # nothing is read for strangers
                return self._trouble("session_expired", 401)
            form = _parse_form(await read_limited(request, _FORM_LIMIT))
            return await run_in_threadpool(self._save, token, form)
        except Refused as refusal:
            return self._trouble(refusal.reason, refusal.status)
        except StoreUnavailable as trouble:
            return self._trouble(trouble.reason, 503)

    def _is_open(self, token: str) -> bool:
        with self._database.read() as connection:
            return find_session(connection, self._database.cipher, token, self._clock()) is not None

    def _read(self, token: str, saved: str) -> dict[str, Any] | None:
        now = self._clock()
        with self._database.read() as connection:
            session = find_session(connection, self._database.cipher, token, now)
            if session is None:
                return None
            items = order_items(list_items(connection, self._database.cipher))
            answers = plain_answers(connection, session.resident_no)
        return _values(session, make_fields(items, answers, now), saved=saved)

    def _save(self, token: str, form: FormData) -> Response:
        now = self._clock()
        with self._database.write() as connection:
            session = find_session(connection, self._database.cipher, token, now)
            if session is None:
                return self._trouble("session_expired", 401)
            if not is_own_form(session, str(form.get("form_token", ""))):
                return self._trouble("not_allowed", 403)
            items = order_items(list_items(connection, self._database.cipher))
            answers = plain_answers(connection, session.resident_no)
            submitted = _read_form(form)
            decision = decide_changes(items, answers, submitted, now)
            if decision.changes:
                write_answers(connection, session.resident_no, decision.changes, now)
        if decision.troubles:
            fields = make_fields(items, answers, now, submitted=submitted, troubles=decision.troubles)
            values = _values(session, fields, decision=decision)
            status = 409 if "changed" in decision.troubles.values() else 422
            return self._renderer.page("settings.html", values, headers=self._headers, status=status)
        said = "partly" if decision.gone else "yes" if decision.changes else "same"
        return RedirectResponse(f"{SETTINGS_PATH}?saved={said}", status_code=303, headers=self._headers)

    def _trouble(self, reason: str, status: int) -> Response:
        values = {"reason": reason, "again": SETTINGS_PATH}
        return self._renderer.page("trouble.html", values, headers=self._headers, status=status)


def _values(
    session: PageSession, fields: list[Any], *, saved: str = "", decision: Decision | None = None
) -> dict[str, Any]:
    return {
        "form_token": session.form_token,
        "fields": fields,
        "troubled": [field for field in fields if field.trouble],
        "gone": decision.gone if decision else 0,
        "saved": saved if saved in ("yes", "same", "partly") else "",
        "address": SETTINGS_PATH,
    }


def _parse_form(body: bytes) -> FormData:
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=_FIELDS_LIMIT)
    except ValueError:
        raise Refused("malformed", status=400) from None
    return FormData([*pairs])


def _read_form(form: FormData) -> Mapping[str, Submitted]:
    """What the form brought, by item. Items are named by their hidden version field."""
    submitted = {}
    for name in form:
        item = name.removeprefix("v.")
        if name == item:
            continue
        values = tuple(str(value) for value in form.getlist(f"a.{item}"))
        submitted[item] = Submitted(
            values=values, version=str(form[name]), was=str(form.get(f"was.{item}", ""))
        )
    return submitted
