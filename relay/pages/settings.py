"""The settings page (「受信設定」): every answer of one resident, seen and changed.

Free words are sealed on receipt and never come back to this page. Requirements: SEG-2, SEC-3, SEC-8.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from protocol.items import BIRTHS_LIMIT, SegmentItem
from protocol.languages import DEFAULT_LANGUAGE, LANGUAGE_NAMES, LANGUAGES
from protocol.submissions import FREE_TEXT_LIMIT
from relay.errors import Refused, StoreUnavailable
from relay.features.codes import enter_code, look_at_code, takes_codes
from relay.features.contact_forms import list_open_forms
from relay.features.page_sessions import PageSession
from relay.features.questionnaire import order_items
from relay.features.residents import list_items, plain_answers
from relay.features.settings_form import (
    Decision,
    Field,
    Submitted,
    TextField,
    decide_changes,
    make_fields,
)
from relay.features.text_items import (
    GivenText,
    find_text_troubles,
    make_text_field,
    read_text,
    receive_text,
)
from relay.features.typed_fields import given_births, given_day
from relay.pages.bodies import parse_form, read_limited
from relay.pages.entry import SETTINGS_PATH, CallerAddress, Entry
from relay.pages.rendering import Renderer
from relay.pages.security import is_from_our_page, script_headers
from relay.pages.visits import Visits
from relay.store.database import Connection, Database
from relay.store.residents import Resident, find_resident_by_no, set_language, write_answers

_FORM_LIMIT = 64 * 1024
_FIELDS_LIMIT = 1000
_FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class _Filled:
    """The form as it came, and what is wrong with it."""

    items: list[SegmentItem]
    decision: Decision
    texts: Mapping[str, GivenText]
    text_troubles: Mapping[str, str]
    code_trouble: str = ""

    @property
    def troubles(self) -> set[str]:
        found = {*(self.decision.troubles or {}).values(), *self.text_troubles.values(), self.code_trouble}
        return found - {""}


@dataclass(frozen=True)
class _Further:
    """What the form brought besides answers: a code, and a language where another was chosen."""

    form: FormData
    resident: Resident | None

    @property
    def code(self) -> str:
        return str(self.form.get("code", "")).strip()

    @property
    def language(self) -> str:
        chosen = str(self.form.get("language", ""))
        return chosen if chosen in LANGUAGES and chosen != str(self.form.get("language_was", "")) else ""


class SettingsPage:
    """`GET` and `POST /pages/settings`. Without a session, `entry` asks LINE who is there first."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Callable[[], datetime],
        renderer: Renderer,
        entry: Entry,
        caller: CallerAddress,
    ) -> None:
        self._database = database
        self._clock = clock
        self._renderer = renderer
        self._entry = entry
        self._caller = caller
        self._visits = Visits(
            database=database, clock=clock, renderer=renderer, again=(SETTINGS_PATH, "受信設定を開く")
        )
        self._headers = script_headers()

    async def show(self, request: Request) -> Response:
        try:
            values = await run_in_threadpool(self._read, request)
        except StoreUnavailable:
            return self._visits.trouble("busy", 503)
        if values is None:
            return self._entry.ask_line(SETTINGS_PATH)
        return self._renderer.page("settings.html", values, headers=self._headers)

    async def save(self, request: Request) -> Response:
        if not is_from_our_page(request):
            return self._visits.trouble("not_allowed", 403)
        if request.headers.get("content-type", "").split(";")[0].strip() != _FORM_TYPE:
            return self._visits.trouble("malformed", 400)
        try:
            if not await run_in_threadpool(self._visits.is_open, request):  # nothing is read for strangers
                return self._visits.trouble("session_expired", 401)
            form = parse_form(await read_limited(request, _FORM_LIMIT), fields=_FIELDS_LIMIT)
            return await run_in_threadpool(self._save, request, form)
        except Refused as refusal:
            return self._visits.trouble(refusal.reason, refusal.status)
        except StoreUnavailable as trouble:
            return self._visits.trouble(trouble.reason, 503)

    def _read(self, request: Request) -> dict[str, Any] | None:
        with self._database.read() as connection:
            session = self._visits.find(connection, request)
            if session is None:
                return None
            items = order_items(list_items(connection, self._database.cipher))
            fields = self._fields(connection, session, items, {}, {}, {}, {})
            return self._values(connection, session, fields, saved=request.query_params.get("saved", ""))

    def _save(self, request: Request, form: FormData) -> Response:
        submitted, texts = _read_form(form)
        with self._database.write() as connection:
            session = self._visits.find_for_form(connection, request, str(form.get("form_token", "")))
            if isinstance(session, tuple):
                return self._visits.trouble(*session)
            filled = self._decide(connection, session, submitted, texts)
            more = _Further(form, find_resident_by_no(connection, session.resident_no))
            filled = replace(filled, code_trouble=self._look_at_code(connection, more))
            if filled.troubles:
                fields = self._fields(
                    connection,
                    session,
                    filled.items,
                    submitted,
                    filled.decision.troubles or {},
                    filled.texts,
                    filled.text_troubles,
                )
                values = self._values(
                    connection, session, fields, gone=filled.decision.gone, code_trouble=filled.code_trouble
                )
                values["language"] = more.language or values["language"]
                values["code_typed"] = more.code
                status = 409 if "changed" in filled.troubles else 422
                return self._renderer.page("settings.html", values, headers=self._headers, status=status)
            if filled.decision.changes:
                write_answers(connection, session.resident_no, filled.decision.changes, self._clock())
            if more.language:
                set_language(connection, session.resident_no, more.language, chosen=True)
            if more.code and more.resident is not None:
                enter_code(connection, self._database.cipher, more.resident, more.code, self._clock())
        # Each in a transaction of its own: it takes its locks in the order every submission does.
        for item in filled.items:
            if item.id in filled.texts:
                self._receive(session, item, filled.texts[item.id], self._caller(request))
        changed = bool(filled.decision.changes or filled.texts or more.language)
        said = "code" if more.code else "yes" if changed else "same"
        said = "partly" if filled.decision.gone else said
        return RedirectResponse(f"{SETTINGS_PATH}?saved={said}", status_code=303, headers=self._headers)

    def _decide(
        self,
        connection: Connection,
        session: PageSession,
        submitted: Mapping[str, Submitted],
        texts: Mapping[str, GivenText],
    ) -> _Filled:
        items = order_items(list_items(connection, self._database.cipher))
        answers = plain_answers(connection, session.resident_no)
        written = {item.id for item in items if item.kind == "text"}
        tapped = {id: given for id, given in submitted.items() if id not in written}
        decision = decide_changes(
            [item for item in items if item.id not in written], answers, tapped, self._clock()
        )
        given = {id: text for id, text in texts.items() if id in written and text.text}
        troubles = {
            item.id: trouble
            for item in items
            if item.id in given and (trouble := find_text_troubles(item, given[item.id]))
        }
        return _Filled(items=items, decision=decision, texts=given, text_troubles=troubles)

    def _look_at_code(self, connection: Connection, more: _Further) -> str:
        """Why the code cannot be taken, empty when it can or none was given. Nothing else is kept then."""
        if not more.code or more.resident is None:
            return ""
        outcome, _ = look_at_code(connection, self._database.cipher, more.resident, more.code, self._clock())
        return f"code_{outcome}" if outcome in ("refused", "throttled") else ""

    def _receive(self, session: PageSession, item: SegmentItem, given: GivenText, address: str) -> None:
        with self._database.write() as connection:
            receive_text(
                connection, self._database, item, given, session.resident_no, self._clock(), address=address
            )

    def _fields(
        self,
        connection: Connection,
        session: PageSession,
        items: Sequence[SegmentItem],
        submitted: Mapping[str, Submitted],
        troubles: Mapping[str, str],
        texts: Mapping[str, GivenText],
        text_troubles: Mapping[str, str],
    ) -> list[Field | TextField]:
        """All questions in their order; one whose readers have no key yet is not asked."""
        now = self._clock()
        answers = plain_answers(connection, session.resident_no)
        tapped = [item for item in items if item.kind != "text"]
        made: dict[str, Field | TextField | None] = {
            field.item: field
            for field in make_fields(tapped, answers, now, submitted=submitted, troubles=troubles)
        }
        for item in items:
            if item.kind == "text":
                made[item.id] = make_text_field(
                    connection,
                    self._database.cipher,
                    item,
                    session.resident_no,
                    now,
                    given=texts.get(item.id),
                    trouble=text_troubles.get(item.id, ""),
                )
        return [field for item in items if (field := made[item.id]) is not None]

    def _values(
        self,
        connection: Connection,
        session: PageSession,
        fields: list[Field | TextField],
        *,
        saved: str = "",
        gone: int = 0,
        code_trouble: str = "",
    ) -> dict[str, Any]:
        resident = find_resident_by_no(connection, session.resident_no)
        troubled = [field for field in fields if field.trouble]
        return {
            "language": resident.language if resident is not None else DEFAULT_LANGUAGE,
            "languages": LANGUAGE_NAMES,
            "takes_codes": takes_codes(connection, self._database.cipher),
            "code_trouble": code_trouble,
            "code_typed": "",
            "trouble_count": len(troubled) + bool(code_trouble),
            "births_limit": BIRTHS_LIMIT,
            "form_token": session.form_token,
            "fields": fields,
            "troubled": troubled,
            "gone": gone,
            "saved": saved if saved in ("yes", "same", "partly", "code") else "",
            "address": SETTINGS_PATH,
            "text_limit": FREE_TEXT_LIMIT,
            "has_texts": any(field.control == "text" for field in fields),
            "has_contact": bool(list_open_forms(connection, self._database.cipher)),
            "as_json": json.dumps,
        }


def _read_form(form: FormData) -> tuple[dict[str, Submitted], dict[str, GivenText]]:
    """What the form brought, by item: taps and free words. Items are named by their hidden version field."""
    submitted: dict[str, Submitted] = {}
    texts: dict[str, GivenText] = {}
    for name in form:
        item = name.removeprefix("v.")
        if name == item:
            continue
        version = str(form[name])
        if f"t.{item}" in form:
            texts[item] = read_text(
                text=str(form[f"t.{item}"]),
                version=version,
                submission=str(form.get(f"s.{item}", "")),
                copy=str(form.get(f"c.{item}", "")),
            )
        else:
            values = _read_values(form, item)
            submitted[item] = Submitted(values=values, version=version, was=str(form.get(f"was.{item}", "")))
    return submitted, texts


def _read_values(form: FormData, item: str) -> tuple[str, ...]:
    """Years have their months beside them, a day comes in three fields; everything else is what it is."""
    values = tuple(str(value) for value in form.getlist(f"a.{item}"))
    if f"m.{item}" in form:
        return given_births(values, [str(value) for value in form.getlist(f"m.{item}")])
    if f"d.{item}" in form:
        year = values[0] if values else ""
        return given_day(year, str(form.get(f"n.{item}", "")), str(form[f"d.{item}"]))
    return values
