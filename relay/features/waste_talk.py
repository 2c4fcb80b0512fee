"""What the talk answers about waste: 「今日のごみ」, 「今週のごみ」, 「○○の捨て方」. Nothing typed is kept.

Requirement: SEG-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from protocol.items import Answer
from protocol.moments import japan_day
from protocol.waste_days import Collection, collections, day_words, kind_named, kind_words
from protocol.waste_search import Hit, asked_word, folded
from relay.features.talk_words import TalkWords
from relay.features.waste import WasteBook, WasteTown
from relay.line.cards import Button, Payload, facts_message, shorten_label, text_message
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection

_PREFIX = "waste|1|"
_WEEK = timedelta(days=6)
_SEARCHED_AHEAD = timedelta(days=45)
"""How far the next collection is looked for: one that comes once a month is found."""


@dataclass(frozen=True)
class WasteAnswer:
    """What to say. `ask_district`: the talk should ask this item first, after these words."""

    counted: str
    messages: Sequence[Payload] = ()
    ask_district: str = ""
    lead: str = ""


class WasteTalk:
    """Answers what residents ask about waste; `page_url`: the calendar's page inside LINE, or empty."""

    def __init__(self, cipher: ColumnCipher, words: TalkWords) -> None:
        self._book = WasteBook(cipher)
        self._words = words
        self._asked = {folded(typed): name for name, list in words.waste_words.items() for typed in list}

    def hear(
        self,
        connection: Connection,
        typed: str,
        answers: Mapping[str, Answer],
        now: datetime,
        *,
        page_url: str,
        telephone: str,
    ) -> WasteAnswer | None:
        """The answer to typed words; None when they are about something else."""
        span = self._asked.get(folded(typed))
        if span is not None:
            return self._days(self._book.town(connection), span, answers, now, page_url)
        thing = asked_word(typed)
        if thing is None:
            return None
        search = self._book.search(connection)
        if not len(search):
            return None
        town = self._book.town(connection)
        return self._word(town, search.find(thing), answers, now, telephone)

    def tapped(
        self,
        connection: Connection,
        data: str,
        answers: Mapping[str, Answer],
        now: datetime,
        *,
        page_url: str,
        telephone: str,
    ) -> WasteAnswer | None:
        """The answer to a button of ours; None for another's."""
        if not data.startswith(_PREFIX):
            return None
        what, _, value = data.removeprefix(_PREFIX).partition("|")
        town = self._book.town(connection)
        if what == "word":
            found = self._book.search(connection).with_id(value)
            hits = [] if found is None else [Hit(found, 100.0, "exact")]
            return self._word(town, hits, answers, now, telephone)
        return self._days(town, what, answers, now, page_url)

    # --- days ---

    def _days(
        self, town: WasteTown, span: str, answers: Mapping[str, Answer], now: datetime, page_url: str
    ) -> WasteAnswer | None:
        if not town.is_kept:
            return None
        district = _district_of(town, answers)
        if not district:
            item = town.calendar.district_item
            return WasteAnswer("waste.district", ask_district=item, lead=self._words.say("waste_district"))
        today = japan_day(now)
        if span == "week":
            return WasteAnswer("waste.week", [self._week(town, district, today, page_url)])
        day = today + timedelta(days=1) if span == "tomorrow" else today
        text = self._day_text(town, district, day, self._words.card(f"waste_{_named(span)}"))
        if span == "both":
            tomorrow = today + timedelta(days=1)
            text += "\n\n" + self._day_text(
                town, district, tomorrow, self._words.card("waste_tomorrow"), short=True
            )
        return WasteAnswer(f"waste.{_named(span)}", [text_message(text, self._ways(span))])

    def _day_text(self, town: WasteTown, district: str, day: date, name: str, *, short: bool = False) -> str:
        found = collections(town.calendar, district, day, day, town.holidays)
        date_words, label = day_words(day), town.label(district)
        if not found:
            text = self._words.say("waste_none", when=name, day=date_words, district=label)
            following = [] if short else self._next(town, district, day)
            if following:
                kinds = "・".join(kind_words(town.calendar, item) for item in following)
                text += self._words.say("waste_next", kinds=kinds, day=day_words(following[0].day))
            return text
        lines = [self._words.say("waste_day", when=name, day=date_words, district=label)]
        for item in found:
            note = f"（{item.note}）" if item.note else ""
            lines.append(f"・{kind_words(town.calendar, item)}{note}")
        if town.calendar.put_out_by and not short:
            lines.append(self._words.say("waste_by", time=town.calendar.put_out_by))
        return "\n".join(lines)

    def _next(self, town: WasteTown, district: str, day: date) -> list[Collection]:
        ahead = collections(
            town.calendar, district, day + timedelta(days=1), day + _SEARCHED_AHEAD, town.holidays
        )
        return [item for item in ahead if item.day == ahead[0].day]

    def _week(self, town: WasteTown, district: str, today: date, page_url: str) -> Payload:
        found = collections(town.calendar, district, today, today + _WEEK, town.holidays)
        rows = []
        for offset in range(7):
            day = today + timedelta(days=offset)
            kinds = "・".join(kind_words(town.calendar, item) for item in found if item.day == day)
            rows.append((day_words(day), kinds or self._words.card("waste_nothing")))
        title = self._words.card("waste_week", district=town.label(district))
        page = (self._words.buttons["open_waste"], page_url) if page_url else None
        note = self._words.say("waste_by", time=town.calendar.put_out_by) if town.calendar.put_out_by else ""
        return facts_message(alt=title, title=title, note=note, rows=rows, page=page, name_width=3)

    def _ways(self, span: str) -> list[Button]:
        ways = [name for name in ("today", "tomorrow", "week") if name != span]
        if span == "both":
            ways = ["week"]
        return [
            Button(
                self._words.buttons[f"waste_{way}"], f"{_PREFIX}{way}", self._words.buttons[f"waste_{way}"]
            )
            for way in ways
        ]

    # --- words ---

    def _word(
        self,
        town: WasteTown,
        hits: Sequence[Hit],
        answers: Mapping[str, Answer],
        now: datetime,
        telephone: str,
    ) -> WasteAnswer:
        if not hits:
            text = self._words.say("waste_word_unknown")
            if telephone:
                text += self._words.say("telephone", telephone=telephone)
            return WasteAnswer("waste.word.unknown", [text_message(text)])
        best, others = hits[0], hits[1:]
        note = self._words.say("waste_word_near") if best.how == "similar" else ""
        if others:
            note = (note + "\n" if note else "") + self._words.say("waste_word_others")
        quick = [
            Button(shorten_label(hit.word.name), f"{_PREFIX}word|{hit.word.id}", hit.word.name)
            for hit in others
        ]
        card = facts_message(
            alt=self._words.card("waste_word", word=best.word.name),
            title=best.word.name,
            note=note,
            rows=self._word_rows(town, best, answers, now),
            page=next(iter(best.word.links.items()), None),
            quick=quick,
        )
        return WasteAnswer(f"waste.word.{best.how}", [card])

    def _word_rows(
        self, town: WasteTown, hit: Hit, answers: Mapping[str, Answer], now: datetime
    ) -> list[tuple[str, str]]:
        word = hit.word
        kind = kind_named(town.calendar, word.kind)
        rows = [(self._words.card("waste_kind"), kind.name if kind else self._words.card("waste_no_kind"))]
        how = word.how or (kind.how if kind else "")
        if how:
            rows.append((self._words.card("waste_how"), how))
        if word.fee:
            rows.append((self._words.card("waste_fee"), word.fee))
        district = _district_of(town, answers)
        if kind and district:
            today = japan_day(now)
            ahead = collections(town.calendar, district, today, today + _SEARCHED_AHEAD, town.holidays)
            day = next((item.day for item in ahead if item.kind == kind.id), None)
            if day is not None:
                rows.append((self._words.card("waste_next_day"), day_words(day)))
        return rows


def _named(span: str) -> str:
    return "tomorrow" if span == "tomorrow" else "today"


def _district_of(town: WasteTown, answers: Mapping[str, Answer]) -> str:
    """The resident's district as it is called now; empty when it is not known."""
    answer = answers.get(town.calendar.district_item)
    if answer is None or not answer.choices or town.item is None:
        return ""
    district = town.item.living_choice(answer.choices[0])
    return district if town.label(district) else ""
