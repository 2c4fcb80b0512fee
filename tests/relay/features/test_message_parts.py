"""A confirmed delivery freezes its messages with public files, our pages and counted links. SEG-6, SEG-9."""

from __future__ import annotations

import json
from typing import Any

import pytest

from protocol.deliveries import DeliveryDraft, find_content_problems
from protocol.messages import CardMessage, Message, OpenPage
from protocol.segments import Everyone
from relay.errors import Refused
from relay.features.files import Files
from relay.features.freezing import Freezing, count_readers
from relay.features.links import LinkCounter
from relay.features.message_parts import MessageParts
from relay.features.quota import QuotaReader
from relay.features.segments import SegmentIndex
from relay.features.texts import PlannedText
from relay.line.payloads import message_payloads
from relay.store.database import Database
from relay.store.links import list_delivery_links
from relay.store.runs import find_text
from sandbox.line.validation import check_messages
from tests.conftest import Clock
from tests.make import every_message
from tests.relay.films import film, keep, mp3
from tests.relay.pictures import png

RELAY = "https://relay.example"


def freeze(database: Database, clock: Clock, draft: DeliveryDraft, people: int = 20) -> list[dict[str, Any]]:
    """What would be sent to so many friends."""
    files = Files(database, clock, public_url=RELAY)
    links = LinkCounter(database, clock, public_url=RELAY)
    parts = MessageParts(files, links, lambda page: f"https://liff.line.me/1/{page}")
    index = SegmentIndex(database, clock)
    quota = QuotaReader(None, clock)
    freezing = Freezing(database, clock, index, quota, files, message_payloads, parts)
    with database.write() as connection:
        members = b"".join(number.to_bytes(4, "little") for number in range(1, people + 1))
        freezing.queue(connection, draft, recipients=people, now=clock(), members=members)
        text = find_text(connection, database.cipher, draft.id)
    return list(json.loads(text.messages))


def of_files(database: Database, clock: Clock, *wanted: int) -> tuple[Message, ...]:
    """Those of `every_message`, with files that are there."""
    files = Files(database, clock, public_url=RELAY)
    kept = {"a": keep(files, png()), "b": keep(files, png(20, 20)), "c": keep(files, film())}
    kept["d"] = keep(files, mp3())
    chosen = json.dumps([every_message()[number].as_json() for number in wanted])
    for letter, name in kept.items():
        chosen = chosen.replace(f'"{letter * 64}"', f'"{name}"')
    return tuple(
        type(every_message()[number]).parse(part)
        for number, part in zip(wanted, json.loads(chosen), strict=True)
    )


def draft(messages: tuple[Message, ...], **more: Any) -> DeliveryDraft:
    quick = (OpenPage(label="受信設定", page="settings"),)
    made = DeliveryDraft(id="d1", title="x", messages=messages, segment=Everyone(), quick_replies=quick)
    return made.model_copy(update=more)


@pytest.mark.parametrize("wanted", [(0, 2, 3, 7, 8), (1, 4, 5, 10, 12)])
def test_what_was_written_is_what_line_would_take(
    database: Database, clock: Clock, wanted: tuple[int, ...]
) -> None:
    made = draft(of_files(database, clock, *wanted))
    assert find_content_problems(made) == ()
    sent = freeze(database, clock, made)
    assert check_messages(sent) == []
    words = json.dumps(sent)
    assert f"{RELAY}/media/" in words and f"{RELAY}/go/" in words and "town.example" not in words
    assert sent[-1]["quickReply"]["items"][0]["action"]["uri"] == "https://liff.line.me/1/settings"
    with database.read() as connection:
        links = list_delivery_links(connection, database.cipher, "d1")
    assert {(link.url, link.label) for link in links} == {
        ("https://www.town.example.lg.jp/%E3%81%8F%E3%82%89%E3%81%97?%E6%97%A5=%E6%9C%88", "案内を見る")
    }


def test_links_stay_as_written_where_nobody_counts(database: Database, clock: Clock) -> None:
    sent = freeze(database, clock, draft(of_files(database, clock, 8), count_links=False))
    assert "www.town.example.lg.jp" in json.dumps(sent) and f"{RELAY}/go/" not in json.dumps(sent)


@pytest.mark.parametrize(("people", "is_counted"), [(1, False), (19, False), (20, True)])
def test_of_a_few_people_nobody_counts_who_taps(
    database: Database, clock: Clock, people: int, is_counted: bool
) -> None:
    sent = freeze(database, clock, draft(of_files(database, clock, 8)), people)
    assert (f"{RELAY}/go/" in json.dumps(sent)) is is_counted


def test_a_language_few_people_read_has_links_nobody_counts(database: Database, clock: Clock) -> None:
    texts = [
        PlannedText("ja", "", bytes(4 * 25)),
        PlannedText("vi", "", bytes(4)),
        PlannedText("vi", "", bytes(8)),
    ]
    assert count_readers(texts) == {"ja": 25, "vi": 3}


def test_a_file_that_is_not_there_stops_the_delivery_before_the_first_call(
    database: Database, clock: Clock
) -> None:
    card = every_message()[8]
    assert isinstance(card, CardMessage)
    with pytest.raises(Refused, match="file_unknown"):
        freeze(database, clock, draft((card,)))
