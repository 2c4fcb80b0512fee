"""The waste page (「ごみの収集」): the next two weeks, a month as a table, the dictionary. No sign-in needed.

Works in any browser with `?district=`; inside LINE it knows the resident's district. Requirement: SEG-11.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from protocol.moments import japan_day
from protocol.waste import WasteKind
from protocol.waste_days import (
    Collection,
    collections,
    day_words,
    kind_marks,
    kind_named,
    ordered_kinds,
    readable_on,
)
from protocol.waste_search import TYPED_LIMIT, Hit, asked_word
from relay.errors import StoreUnavailable
from relay.features.page_sessions import PageSession
from relay.features.residents import plain_answers
from relay.features.waste import WasteBook, WasteTown
from relay.pages.entry import WASTE_PATH, Entry
from relay.pages.rendering import Renderer
from relay.pages.security import page_headers
from relay.pages.visits import Visits
from relay.store.database import Connection, Database

_OPEN = ("district", "month", "q")
_FORTNIGHT = timedelta(days=13)
_MONTHS_AHEAD = 15
_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class _Mark:
    """How a kind shows where there is little room: a coloured square with its sign, and its name."""

    name: str
    sign: str
    colour: str
    ink: str
    note: str = ""


@dataclass(frozen=True)
class _Day:
    number: int
    is_today: bool
    marks: Sequence[_Mark]


class WastePage:
    """`GET /pages/waste` with `district`, `month` (YYYY-MM) and `q`, all optional and none believed.

    With any of them it is open to everybody; with none, LINE is asked who is there, for the own district.
    """

    def __init__(
        self, *, database: Database, clock: Callable[[], datetime], renderer: Renderer, entry: Entry
    ) -> None:
        self._entry = entry
        self._database = database
        self._clock = clock
        self._renderer = renderer
        self._book = WasteBook(database.cipher)
        self._visits = Visits(
            database=database, clock=clock, renderer=renderer, again=(WASTE_PATH, "ごみの収集を開く")
        )
        self._headers = page_headers()

    async def show(self, request: Request) -> Response:
        try:
            values = await run_in_threadpool(self._read, request)
        except StoreUnavailable:
            return self._visits.trouble("busy", 503)
        if values is None:
            return self._entry.ask_line(WASTE_PATH)
        return self._renderer.page("waste.html", values, headers=self._headers)

    def _read(self, request: Request) -> dict[str, Any] | None:
        today = japan_day(self._clock())
        with self._database.read() as connection:
            session = self._visits.find(connection, request)
            if session is None and not any(name in request.query_params for name in _OPEN):
                return None
            town = self._book.town(connection)
            own = self._own_district(connection, session, town)
            asked = request.query_params.get("district", "")[:40]
            district = asked if town.label(asked) else own
            typed = request.query_params.get("q", "").strip()[:TYPED_LIMIT]
            search = self._book.search(connection)
        hits = search.find(asked_word(typed) or typed) if typed else []
        month = _month_of(request.query_params.get("month", ""), today)
        has_days = bool(district) and town.is_kept
        return {
            "kept": town.is_kept,
            "groups": _groups(town),
            "district": district,
            "label": town.label(district),
            "is_own": bool(own) and district == own,
            "put_out_by": town.calendar.put_out_by,
            "coming": self._coming(town, district, today) if has_days else [],
            "month": f"{month.year}年{month.month}月",
            "weeks": self._weeks(town, district, month, today) if has_days else [],
            "kinds": [_mark(town, kind) for kind in ordered_kinds(town.calendar)],
            "earlier": _link(district, _month_before(month)) if month > today.replace(day=1) else "",
            "later": _link(district, _month_after(month)) if _is_near(month, today) else "",
            "has_words": bool(len(search)),
            "typed": typed,
            "hits": [self._hit(town, hit) for hit in hits],
            "typed_limit": TYPED_LIMIT,
        }

    def _own_district(self, connection: Connection, session: PageSession | None, town: WasteTown) -> str:
        """That of the resident who is signed in; empty for everybody else."""
        item = town.item
        if session is None or item is None:
            return ""
        answer = plain_answers(connection, session.resident_no).get(item.id)
        district = item.living_choice(answer.choices[0]) if answer and answer.choices else ""
        return district if town.label(district) else ""

    def _coming(self, town: WasteTown, district: str, today: date) -> list[dict[str, Any]]:
        found = collections(town.calendar, district, today, today + _FORTNIGHT, town.holidays)
        days: dict[date, list[_Mark]] = {}
        for item in found:
            days.setdefault(item.day, []).append(_mark_of(town, item))
        names = {today: "今日", today + timedelta(days=1): "明日"}
        return [
            {"name": names.get(day, ""), "day": day_words(day), "marks": marks} for day, marks in days.items()
        ]

    def _weeks(self, town: WasteTown, district: str, month: date, today: date) -> list[list[_Day | None]]:
        """The month in weeks from Sunday, as calendars on walls are; None outside of it."""
        length = monthrange(month.year, month.month)[1]
        found = collections(town.calendar, district, month, month.replace(day=length), town.holidays)
        days: list[_Day | None] = [None] * ((month.weekday() + 1) % 7)
        for number in range(1, length + 1):
            day = month.replace(day=number)
            marks = [_mark_of(town, item) for item in found if item.day == day]
            days.append(_Day(number=number, is_today=day == today, marks=marks))
        days += [None] * (-len(days) % 7)
        return [days[start : start + 7] for start in range(0, len(days), 7)]

    def _hit(self, town: WasteTown, hit: Hit) -> dict[str, Any]:
        kind = kind_named(town.calendar, hit.word.kind)
        return {
            "name": hit.word.name,
            "kind": kind.name if kind else "町では収集していません",
            "how": hit.word.how or (kind.how if kind else ""),
            "fee": hit.word.fee,
            "links": hit.word.links,
        }


def _groups(town: WasteTown) -> dict[str, list[tuple[str, str]]]:
    """The districts by area, in their order."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for choice in town.item.offered_choices if town.item else ():
        groups.setdefault(choice.group, []).append((choice.id, choice.label))
    return groups


def _mark_of(town: WasteTown, item: Collection) -> _Mark:
    kind = kind_named(town.calendar, item.kind)
    assert kind is not None, "only known kinds are collected"
    return _mark(town, kind, item.note)


def _mark(town: WasteTown, kind: WasteKind, note: str = "") -> _Mark:
    sign = kind_marks(town.calendar)[kind.id]
    return _Mark(kind.name, sign, kind.colour, readable_on(kind.colour), note)


def _month_of(asked: str, today: date) -> date:
    """The first day of the asked month; this month for anything that is none, or too far."""
    this = today.replace(day=1)
    found = _MONTH.fullmatch(asked)
    month = date(int(found[1]), int(found[2]), 1) if found else this
    return month if this <= month <= this + timedelta(days=31 * _MONTHS_AHEAD) else this


def _is_near(month: date, today: date) -> bool:
    return (month.year - today.year) * 12 + month.month - today.month < _MONTHS_AHEAD - 1


def _month_after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _month_before(month: date) -> date:
    return (month - timedelta(days=1)).replace(day=1)


def _link(district: str, month: date) -> str:
    return f"{WASTE_PATH}?{urlencode({'district': district, 'month': f'{month:%Y-%m}'})}#month"
