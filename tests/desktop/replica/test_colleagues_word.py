"""SEC-2, SEC-8: what a chunk told never hides what the relay tells, however high a version it claims."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from desktop.paths import ProfileFolder
from desktop.replica.replica import Replica, open_replica
from desktop.replica.submissions import Opened, Seen, Stretch
from desktop.sync.chunks import line_of, row
from protocol.submissions import ContactForm
from protocol.sync import Record

A, B = "department:a", "department:b"
CLAIMED = 2**31


@pytest.fixture
def replica(tmp_path: Path) -> Iterator[Replica]:
    made = open_replica(
        ProfileFolder(tmp_path), key=bytes(32), unsent_key=bytes(32), staff="me",
        clock=lambda: datetime.now(UTC),
    )  # fmt: skip
    yield made
    made.close()


def form(title: str, audience: str, seq: int, version: int) -> Record:
    body = ContactForm(id="form", title=title, access={"a": "edit", "b": "edit"}).as_json()
    return Record(kind="contact_form", id="form", audience=audience, seq=seq, version=version, body=body)


def letter(text: str, version: int, **more: str) -> Opened:
    made = Opened(
        id="letter", version=version, number="1", object="contact:form", title="", departments=("a", "b"),
        received_at="2026-11-20T00:00:00.000000Z", state="new", text=text,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def tell(replica: Replica, *records: Record, from_chunk: bool = False) -> str:
    with replica.store.writing() as connection:
        replica.records.apply(connection, records, from_chunk=from_chunk)
    (shown,) = replica.records.all("contact_form", ContactForm)
    return shown.title


def arrive(replica: Replica, audience: str, seq: int, opened: Opened) -> str:
    with replica.store.writing() as connection:
        replica.submissions.apply(connection, [Seen(audience, opened.id, seq, opened)])
    return shown_text(replica)


def load(replica: Replica, audience: str, seq: int, opened: Opened) -> str:
    with replica.store.writing() as connection:
        line = row(line_of(seq, opened))
        replica.submissions.load(connection, Stretch(audience, seq, seq), [line])
    return shown_text(replica)


def shown_text(replica: Replica) -> str:
    held = replica.submissions.get("letter")
    assert held is not None
    return held.text


def test_a_form_the_relay_told_is_not_hidden_by_a_chunk_of_another_audience(replica: Replica) -> None:
    assert tell(replica, form("本当", A, 1, 3)) == "本当"
    assert tell(replica, form("うそ", B, 1, CLAIMED), from_chunk=True) == "本当"
    assert tell(replica, form("新しい", A, 2, 4)) == "新しい"


def test_a_form_known_by_chunks_gives_way_when_the_relay_tells(replica: Replica) -> None:
    assert tell(replica, form("うそ", B, 1, CLAIMED), from_chunk=True) == "うそ"
    assert tell(replica, form("本当", A, 1, 3)) == "本当"
    assert tell(replica, form("本当２", B, 2, 4)) == "本当２"


def test_a_letter_the_relay_told_is_not_hidden_by_a_chunk(replica: Replica) -> None:
    assert arrive(replica, A, 1, letter("本当", 3)) == "本当"
    assert load(replica, B, 1, letter("うそ", CLAIMED)) == "本当"
    assert arrive(replica, A, 2, letter("新しい", 4)) == "新しい"


def test_a_letter_known_by_chunks_gives_way_when_the_relay_tells(replica: Replica) -> None:
    assert load(replica, A, 1, letter("うそ", CLAIMED)) == "うそ"
    assert arrive(replica, A, 2, letter("本当", 3)) == "本当"


def test_a_chunk_still_opens_what_came_closed(replica: Replica) -> None:
    assert arrive(replica, A, 1, letter("", 1, unopened="key_missing")) == ""
    assert load(replica, B, 1, letter("開いた", 1)) == "開いた"
    assert arrive(replica, A, 2, letter("", 1, unopened="key_missing")) == "開いた"
