"""The history of deliveries as rows of a file: when, what, who, how many, what came of it. SEG-7, SEG-9."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from desktop.features.composing import told
from desktop.features.deliveries import Deliveries
from desktop.features.exports import Cell, japan_time
from desktop.features.results import Results, figures_of
from desktop.features.staff import Staff
from desktop.features.wording import words_for
from desktop.replica.delivery_columns import kind_of, moment_of
from desktop.replica.records import DeliveryQuery
from protocol.deliveries import Delivery, whole_segment
from protocol.results import DeliveryResult
from protocol.segments import Segment

_PAGE = 500
HISTORY_HEADER = (
    "配信名", "種類", "状態", "配信日時", "配信した職員", "宛先", "対象（人）", "成功（人）", "失敗（人）",
    "不明（人）", "本文", "未送信（人）", "取りやめ（人）", "開封（人）", "開封（割合）",
    "リンクを押した人（人）", "リンクを押した人（割合）", "タップ（回）",
    "承認を頼んだ職員", "承認なしで送った理由",
)  # fmt: skip


@dataclass(frozen=True)
class HistoryWords:
    """What ids and codes are called. `sentence`: of a segment."""

    names: dict[str, str]
    states: dict[str, str]
    sentence: Callable[[Segment], str]


def history_rows(
    deliveries: Deliveries,
    results: Results,
    staff: Staff,
    sentence: Callable[[Segment], str],
    states: dict[str, str],
    query: DeliveryQuery,
) -> list[tuple[Cell, ...]]:
    """All deliveries the list shows, whatever page is on the screen. The days of a repeating delivery count
    each: in a file nothing is folded away. `states` are the words for the states.
    """
    words = HistoryWords({member.id: member.display_name for member in staff.all()}, states, sentence)
    rows: list[tuple[Cell, ...]] = []
    while True:
        page = deliveries.page(replace(query, grouped=False, limit=_PAGE, offset=len(rows)))
        rows += [_row(shown.body, results.get(shown.id), words) for shown in page]
        if len(page) < _PAGE:
            return rows


def who_sent(delivery: Delivery, names: Mapping[str, str]) -> str:
    """Whoever sent it, or wrote what was not sent yet; 「自動」 for what a rule of the relay made."""
    person = names.get(delivery.sent_by or delivery.written_by, "")
    return person or ("自動" if delivery.made_by_rule else "")


def _row(delivery: Delivery, result: DeliveryResult | None, words: HistoryWords) -> tuple[Cell, ...]:
    numbers = delivery.numbers
    return (
        delivery.draft.title,
        words_for("delivery_kind")[kind_of(delivery)],
        words.states[delivery.state],
        japan_time(moment_of(delivery) if delivery.state not in ("draft", "asked") else None),
        who_sent(delivery, words.names),
        words.sentence(whole_segment(delivery.draft)),
        numbers.recipients,
        numbers.accepted,
        numbers.refused,
        numbers.unknown,
        "\n".join(told(message) for message in delivery.draft.messages),
        numbers.waiting,
        numbers.cancelled,
        *_figure(delivery, result, "opened"),
        *_figure(delivery, result, "clicked"),
        sum(link.taps for link in result.links) if result is not None else "",
        words.names.get(delivery.asked_by, ""),
        delivery.bypassed,
    )


def _figure(delivery: Delivery, result: DeliveryResult | None, name: str) -> tuple[Cell, Cell]:
    """Number and rate; empty, never 0, for what LINE does not tell."""
    for one in figures_of(delivery, result) if result is not None else ():
        if one.name == name and one.number is not None:
            return one.number, one.rate
    return "", ""
