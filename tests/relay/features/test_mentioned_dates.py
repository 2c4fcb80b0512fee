"""A date that has passed is noticed before it goes out, however Japanese writes it. SEG-12."""

from __future__ import annotations

from datetime import date

import pytest

from protocol.messages import Card, CardMessage, Message, OpenLink, TableBlock, TextMessage
from relay.features.mentioned_dates import past_dates

TODAY = date(2026, 7, 2)


def past(text: str, today: date = TODAY) -> list[str]:
    return [day.isoformat() for day in past_dates((TextMessage(text=text),), today)]


@pytest.mark.parametrize(
    "text",
    [
        "7月1日に行います。",
        "７月１日（水）に行います。",
        "2026年7月1日に行います。",
        "令和8年7月1日に行います。",
        "令和８年 ７月 １日に行います。",
        "R8.7.1 実施",
        "2026/7/1 実施",
        "2026-07-01 実施",
        "受付は7/1です。",
        "7/1(水) 10:00",
        "受付は6月1日〜7月1日です。",
    ],
)
def test_yesterday_is_found_in_every_form(text: str) -> None:
    assert past(text) == ["2026-07-01"]


@pytest.mark.parametrize(
    "text",
    [
        "7月2日に行います。",
        "7/3（金）に行います。",
        "受付は6月1日〜7月31日です。",
        "6月20日（土）から受け付けています。",
        "6/20 9時〜",
        "https://town.example/2024/7/1/news.html",
        "24/7 の電話相談",
        "13月45日",
        "1月10日に成人式を行います。",
        "電話 0123-45-6789",
        "令和9年4月1日から",
        "第3回（全7回）",
    ],
)
def test_what_is_to_come_lasts_or_is_no_date_is_let_alone(text: str) -> None:
    today = date(2026, 12, 20) if "成人式" in text else TODAY
    assert past(text, today) == []


def test_last_years_notice_is_noticed() -> None:
    assert past("令和7年7月5日（土）に夏祭りを行います。") == ["2025-07-05"]
    assert past("平成31年4月30日") == ["2019-04-30"]
    assert past("令和元年5月1日") == ["2019-05-01"]


def test_dates_on_cards_count_and_addresses_of_links_do_not() -> None:
    button = OpenLink(label="くわしく", url="https://town.example/?day=2024-07-01")
    card = Card(blocks=(TableBlock(rows=(("日時", "6月30日"),)),), buttons=(button,))
    messages: tuple[Message, ...] = (CardMessage(alt="お知らせ", cards=(card,)),)
    assert past_dates(messages, TODAY) == (date(2026, 6, 30),)
