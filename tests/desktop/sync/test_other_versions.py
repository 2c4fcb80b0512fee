"""Old client and new relay, new client and old relay, and a machine whose clock is wrong: words, and no loss.
OPS-4. Against the real relay.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from desktop.errors import RelayRefused
from desktop.features.office import Office
from desktop.features.wording import words_of_reason
from protocol import PROTOCOL_VERSION
from protocol.deliveries import DeliveryDraft
from protocol.messages import TextMessage
from protocol.rights import TOWN
from relay.store.records import find_record, put_record
from tests.conftest import Clock
from tests.desktop.town import Machine, Town, running_town


@pytest.fixture
def town(tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_town(tmp_path, clock) as made:
        yield made


@pytest.fixture
def admin(town: Town) -> Machine:
    return town.begin()


def write(office: Office, title: str) -> DeliveryDraft:
    draft = office.deliveries.new(title).model_copy(update={"messages": (TextMessage(text="訓練です"),)})
    office.deliveries.save(draft)
    return draft


def version_at_relay(town: Town, id: str) -> int:
    database = town.relay.relay.database
    with database.read() as connection:
        found = find_record(connection, database.cipher, "delivery", id)
    return found.version if found else 0


def put(town: Town, kind: str, id: str, body: dict[str, Any]) -> None:
    """As a newer relay would keep it."""
    database = town.relay.relay.database
    with database.write() as connection:
        put_record(
            connection, database.cipher, kind=kind, id=id, body=body, now=town.clock(), audiences=(TOWN,)
        )


@pytest.mark.parametrize(
    ("spoken", "reason", "words"),
    [
        (PROTOCOL_VERSION - 1, "protocol_too_old", "この「まどぐち」は古い版です。"),
        (PROTOCOL_VERSION + 1, "protocol_too_new", "中継サーバが古い版です。"),
    ],
)
def test_another_version_is_said_and_what_is_unsent_waits_for_the_right_one(
    town: Town, admin: Machine, monkeypatch: pytest.MonkeyPatch, spoken: int, reason: str, words: str
) -> None:
    draft = write(admin.office, "避難訓練")
    with monkeypatch.context() as older:
        older.setattr("desktop.sync.round.PROTOCOL_VERSION", spoken)
        for _ in range(2):
            with pytest.raises(RelayRefused) as refused:
                admin.office.sync()
            assert refused.value.reason == reason
    assert words_of_reason(reason).both.startswith(words)
    assert version_at_relay(town, draft.id) == 0
    assert admin.office.home.today().waiting == 1
    admin.open()  # the right version is installed: the program begins anew
    admin.office.sync()
    admin.office.sync()
    assert version_at_relay(town, draft.id) == 1, "sent, and once"
    assert admin.office.home.today().waiting == 0


def test_what_a_newer_relay_says_more_is_passed_over(town: Town, admin: Machine) -> None:
    """A kind of record and properties nobody here knows yet; what comes after them arrives all the same."""
    known = write(admin.office, "断水のお知らせ")
    admin.office.sync()
    database = town.relay.relay.database
    with database.read() as connection:
        found = find_record(connection, database.cipher, "delivery", known.id)
    assert found is not None
    put(town, "hologram", "h1", {"depth": 3, "parts": [{"id": "x"}]})
    newer = {**found.body["draft"], "title": "断水（新）", "mood": 7}
    more = {**found.body, "draft": newer, "aura": {"colour": "青"}}
    put(town, "delivery", known.id, more)
    admin.office.sync()
    shown = admin.office.deliveries.get(known.id)
    assert shown is not None and shown.body.draft.title == "断水（新）" and shown.version == 2
    after = write(admin.office, "ごみの日")
    admin.office.sync()
    assert version_at_relay(town, after.id) == 1
    admin.open()
    admin.office.sync()
    kept = admin.office.deliveries.get(known.id)
    assert kept is not None and kept.body.draft.title == "断水（新）"


def test_a_clock_beyond_five_minutes_is_refused_in_words_and_loses_nothing(
    town: Town, admin: Machine
) -> None:
    """Up to there it works: the window has warned from two minutes on."""
    own = Clock(town.clock() + timedelta(minutes=4))
    admin.clock = own
    admin.open().sync()
    own.forward(minutes=2)
    draft = write(admin.office, "防災訓練")
    with pytest.raises(RelayRefused) as refused:
        admin.office.sync()
    assert refused.value.reason == "clock_skew"
    assert "時計が5分以上ずれています" in words_of_reason("clock_skew").both
    assert (version_at_relay(town, draft.id), admin.office.home.today().waiting) == (0, 1)
    town.clock.forward(minutes=2)  # until somebody has set it right
    own.now = town.clock()
    admin.office.sync()
    assert version_at_relay(town, draft.id) == 1
