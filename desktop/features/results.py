"""What became of a delivery at the residents' end, as screens and files show it. Requirement: SEG-9."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from desktop.features.exports import Cell
from desktop.features.wording import words_of_reason
from desktop.replica.replica import Replica
from protocol.deliveries import Delivery
from protocol.results import DeliveryResult

_HOURS_SHOWN = 72
RESULT_HEADER = ("項目", "内訳", "人数・回数", "備考")


class Results:
    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def get(self, delivery_id: str) -> DeliveryResult | None:
        """What is known by now; None before anything was counted."""
        found = self._replica.records.one("result", delivery_id, DeliveryResult)
        return found.body if found is not None else None


def number_words(number: int | None, result: DeliveryResult) -> str:
    """A number of people, or why there is none to show. Never 0 for what LINE does not tell."""
    if number is not None:
        return f"{number:,}"
    return why_missing(result)


def why_missing(result: DeliveryResult) -> str:
    """In one sentence. LINE tells nothing below 20 people, and then gives no reason either."""
    return words_of_reason(result.reason or "too_few_people").what.rstrip("。")


def hours_of(result: DeliveryResult) -> list[tuple[str, int]]:
    """Taps by hour in Japan, in order, hours without a tap between them included; 「11月20日 9時」."""
    if not result.taps_by_hour:
        return []
    stamps = sorted(result.taps_by_hour)
    found: list[tuple[str, int]] = []
    day, hour = stamps[0][:10], int(stamps[0][11:13])
    while (stamp := f"{day}T{hour:02}") <= stamps[-1] and len(found) < _HOURS_SHOWN:
        month, number = int(day[5:7]), int(day[8:10])
        found.append((f"{month}月{number}日 {hour}時", result.taps_by_hour.get(stamp, 0)))
        hour += 1
        if hour == 24:
            day, hour = _next_day(day), 0
    return found


def _next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def result_rows(
    delivery: Delivery, result: DeliveryResult | None, language: Callable[[str], str]
) -> list[tuple[Cell, ...]]:
    """One delivery's results as rows of a file. `language`: its name in Japanese."""
    numbers = delivery.numbers
    rows: list[tuple[Cell, ...]] = [
        ("配信", "対象", numbers.recipients, "人"),
        ("配信", "成功", numbers.accepted, "人"),
        ("配信", "失敗", numbers.refused, "人"),
        ("配信", "不明", numbers.unknown, "人"),
        ("配信", "取りやめ", numbers.cancelled, "人"),
        ("配信", "未送信", numbers.waiting, "人"),
    ]
    if result is None:
        return rows
    line = (("届いた", result.delivered), ("開封", result.opened), ("クリック", result.clicked))
    for words, number in line:
        note = "人" if number is not None else why_missing(result)
        rows.append(("反応（LINEの集計）", words, _cell(number), note))
    for link in result.links:
        rows.append(("リンク", link.label or link.url, link.taps, "回（まどぐちの集計）"))
        if link.line_clicks is not None:
            rows.append(("リンク", link.label or link.url, link.line_clicks, "回（LINEの集計）"))
    for day in result.days:
        rows.append(("日ごとの開封", day.day.isoformat(), _cell(day.opened), "人・その日の終わりまで"))
        rows.append(("日ごとのタップ", day.day.isoformat(), day.taps, "回・その日の終わりまで"))
    for hour, taps in hours_of(result):
        rows.append(("時間ごとのタップ", hour, taps, "回"))
    for variant in delivery.draft.variants:
        rows.append(("言語", language(variant.language), "", "この言語の文も用意"))
    return rows


def _cell(number: int | None) -> Cell:
    return number if number is not None else ""
