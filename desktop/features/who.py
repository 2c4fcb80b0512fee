"""Who meets a segment, made ready to be drawn: by district, choices, age, language, month of following."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from desktop.features.recipients import Known
from desktop.features.wording import words_for
from protocol.items import SegmentItem
from protocol.languages import LANGUAGES
from protocol.sync import PeopleAnswer

FEW = "5人未満"
MONTHS_SHOWN = 24
BARS_SHOWN = 30


@dataclass(frozen=True)
class Bar:
    """`few`: one to four people, who are not counted out loud."""

    words: str
    people: int
    few: bool = False

    @property
    def number(self) -> str:
        return FEW if self.few else f"{self.people:,}人"


@dataclass(frozen=True)
class Chart:
    name: str
    title: str
    bars: tuple[Bar, ...]
    note: str = ""


def charts_of(answer: PeopleAnswer, known: Known) -> list[Chart]:
    """Districts first, then other choices in their order, ages, languages, months; empty ones left out."""
    items = sorted(known.items.values(), key=lambda item: (item.kind != "district", item.position))
    charts = [_choices(item, answer) for item in items if item.id in answer.choices]
    charts += [_ages(item, answer) for item in items if item.id in answer.ages]
    charts += [_languages(answer), _months(answer)]
    return [chart for chart in charts if chart.bars]


def _choices(item: SegmentItem, answer: PeopleAnswer) -> Chart:
    counts = answer.choices[item.id]
    named = [(choice.label, choice.id) for choice in item.choices if choice.id in counts]
    bars = _bars(named, counts, answer, f"choices.{item.id}")
    if item.kind in ("district", "multiple"):
        bars = tuple(sorted(bars, key=lambda bar: -bar.people))
    hidden = len(bars) - BARS_SHOWN
    note = f"ほかに{hidden}個の選択肢があります。" if hidden > 0 else ""
    return Chart(item.id, item.title, bars[:BARS_SHOWN], note)


def _ages(item: SegmentItem, answer: PeopleAnswer) -> Chart:
    counts = answer.ages[item.id]
    named = [(_band(first), first) for first in sorted(counts, key=int)]
    note = "1人が何人分か答えていることがあります。" if item.several else ""
    return Chart(item.id, f"{item.title}（年齢）", _bars(named, counts, answer, f"ages.{item.id}"), note)


def _languages(answer: PeopleAnswer) -> Chart:
    words = words_for("language")
    named = [(words[language], language) for language in LANGUAGES if language in answer.languages]
    return Chart("languages", "言語", _bars(named, answer.languages, answer, "languages"))


def _months(answer: PeopleAnswer) -> Chart:
    months = sorted(answer.followed)[-MONTHS_SHOWN:]
    named = [(f"{int(month[:4])}年{int(month[5:7])}月", month) for month in months]
    return Chart("followed", "友だちになった月", _bars(named, answer.followed, answer, "followed"))


def _bars(
    named: Iterable[tuple[str, str]], counts: Mapping[str, int], answer: PeopleAnswer, at: str
) -> tuple[Bar, ...]:
    few = set(answer.few)
    return tuple(Bar(words, counts[key], f"{at}.{key}" in few) for words, key in named)


def _band(first: str) -> str:
    """「30代」; the first and the last band read as people say them."""
    age = int(first)
    return "10歳未満" if age < 10 else f"{age}代"
