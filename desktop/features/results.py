"""What became of a delivery at the residents' end, as screens and files show it. Requirement: SEG-9."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from desktop.features.composing import told
from desktop.features.exports import Cell
from desktop.features.wording import words_of_reason
from desktop.replica.replica import Replica
from protocol.deliveries import Delivery
from protocol.results import DeliveryResult

HOURS_SHOWN = 72
"""So many hours fit into a chart; files have them all."""
RESULT_HEADER = ("項目", "内訳", "人数・回数", "割合", "備考")


@dataclass(frozen=True)
class Figure:
    """A number of people as card and files show it. `name`: reached, opened or clicked; `number` None where
    LINE does not tell; `rate` in words, of those reached, empty where there is none.
    """

    name: str
    title: str
    number: int | None
    rate: str = ""
    by_line: bool = True


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


def figures_of(delivery: Delivery, result: DeliveryResult) -> list[Figure]:
    """Reached, opened, clicked. LINE tells only of a broadcast how many it was delivered to: of everything
    else we know how many LINE took it for, and that is what it is called. Clicks only where there are links.
    """
    accepted = delivery.numbers.accepted
    if result.delivered is not None:
        reached = Figure("reached", "届いた人", result.delivered)
    else:
        reached = Figure("reached", "LINEが受け付けた人", accepted, by_line=False)
    base = reached.number or 0
    found = [reached, Figure("opened", "開封", result.opened, rate_words(result.opened, base))]
    if result.links or result.clicked is not None or _has_links(delivery):
        rate = rate_words(result.clicked, base)
        found.append(Figure("clicked", "リンクを押した人", result.clicked, rate))
    return found


def rate_words(number: int | None, base: int) -> str:
    """「43%」, rounded; empty where there is no number or nobody to count it of."""
    if number is None or base <= 0:
        return ""
    if 0 < number * 100 < base:
        return "1%未満"
    return f"{(number * 200 + base) // (2 * base)}%"


def _has_links(delivery: Delivery) -> bool:
    draft = delivery.draft
    messages = (*draft.messages, *(one for variant in draft.variants for one in variant.messages))
    return any("http" in told(message) for message in messages)


def hours_of(result: DeliveryResult) -> list[tuple[str, int]]:
    """Taps by hour in Japan, in order, hours without a tap between them included; 「11月20日 9時」."""
    if not result.taps_by_hour:
        return []
    stamps = sorted(result.taps_by_hour)
    found: list[tuple[str, int]] = []
    day, hour = stamps[0][:10], int(stamps[0][11:13])
    while (stamp := f"{day}T{hour:02}") <= stamps[-1]:
        month, number = int(day[5:7]), int(day[8:10])
        found.append((f"{month}月{number}日 {hour}時", result.taps_by_hour.get(stamp, 0)))
        hour += 1
        if hour == 24:
            day, hour = _next_day(day), 0
    return found


def _next_day(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def result_rows(delivery: Delivery, result: DeliveryResult | None) -> list[tuple[Cell, ...]]:
    """One delivery's results as rows of a file."""
    numbers = delivery.numbers
    people = (
        ("対象", numbers.recipients),
        ("成功", numbers.accepted),
        ("失敗", numbers.refused),
        ("不明", numbers.unknown),
        ("取りやめ", numbers.cancelled),
        ("未送信", numbers.waiting),
    )
    rows: list[tuple[Cell, ...]] = [
        ("配信", words, number, "", "人・LINEが受け付けた人" if words == "成功" else "人")
        for words, number in people
    ]
    if result is None:
        return rows
    for figure in figures_of(delivery, result):
        if not figure.by_line:  # that is the row above of those it succeeded for
            continue
        note = "人" if figure.number is not None else why_missing(result)
        rows.append(("反応（LINEの集計）", figure.title, _cell(figure.number), figure.rate, note))
    for link in result.links:
        rows.append(("リンク", link.label or link.url, link.taps, "", "回（まどぐちの集計）"))
        if link.line_clicks is not None:
            rows.append(("リンク", link.label or link.url, link.line_clicks, "", "回（LINEの集計）"))
    for day in result.days:
        rows.append(("日ごとの開封", day.day.isoformat(), _cell(day.opened), "", "人・各日の集計時点"))
        rows.append(("日ごとのタップ", day.day.isoformat(), day.taps, "", "回・各日の集計時点"))
    for hour, taps in hours_of(result):
        rows.append(("時間ごとのタップ", hour, taps, "", "回"))
    return rows


def _cell(number: int | None) -> Cell:
    return number if number is not None else ""
