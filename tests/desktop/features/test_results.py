"""SEG-9: numbers with their rates, and nothing said that LINE does not tell."""

from __future__ import annotations

import pytest

from desktop.features.results import figures_of, hours_of, rate_words
from protocol.deliveries import Delivery, DeliveryDraft, DeliveryNumbers
from protocol.messages import TextMessage
from protocol.results import DeliveryResult

NUMBERS = DeliveryNumbers(recipients=10_049, accepted=10_049)


def sent(text: str = "断水します", **draft: object) -> Delivery:
    written = DeliveryDraft(id="d", title="断水", messages=(TextMessage(text=text),))
    return Delivery(draft=written.model_copy(update=draft), state="sent", numbers=NUMBERS)


def test_only_what_line_counted_itself_is_called_delivered() -> None:
    result = DeliveryResult(delivery="d", opened=4321)
    of_multicast = figures_of(sent(), result)
    of_broadcast = figures_of(sent(route="broadcast"), result.model_copy(update={"delivered": 10_000}))
    assert (of_multicast[0].title, of_multicast[0].number) == ("LINEが受け付けた人", 10_049)
    assert (of_broadcast[0].title, of_broadcast[0].number) == ("届いた人", 10_000)
    assert (of_multicast[1].number, of_multicast[1].rate) == (4321, "43%")
    early = figures_of(sent(route="broadcast"), DeliveryResult(delivery="d"))
    assert early[0].title == "LINEが受け付けた人" and early[1].rate == ""


def test_clicks_are_left_out_where_there_is_nothing_to_click() -> None:
    result = DeliveryResult(delivery="d", opened=30)
    assert [one.name for one in figures_of(sent(), result)] == ["reached", "opened"]
    linked = figures_of(sent("https://example.jp をご覧ください"), result)
    assert [one.name for one in linked] == ["reached", "opened", "clicked"]


@pytest.mark.parametrize(
    ("number", "base", "words"),
    [(None, 10, ""), (3, 0, ""), (0, 10, "0%"), (1, 200, "1%未満"), (1, 3, "33%"), (199, 200, "100%")],
)
def test_a_rate_is_rounded_and_never_made_up(number: int | None, base: int, words: str) -> None:
    assert rate_words(number, base) == words


def test_no_hour_is_left_out_of_a_file() -> None:
    result = DeliveryResult(delivery="d", taps_by_hour={"2026-11-20T09": 1, "2026-12-03T09": 2})
    hours = hours_of(result)
    assert len(hours) == 13 * 24 + 1 and hours[-1] == ("12月3日 9時", 2)
