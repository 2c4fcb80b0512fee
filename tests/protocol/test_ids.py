"""Ids sort by time for what staff do, and say nothing for people."""

import uuid
from datetime import UTC, datetime, timedelta

from protocol.ids import is_id, new_id, new_resident_id

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_an_action_id_is_a_version_seven_uuid_that_sorts_by_time() -> None:
    ids = [new_id(NOW + timedelta(milliseconds=step)) for step in range(50)]
    assert ids == sorted(ids)
    assert all(uuid.UUID(text).version == 7 and is_id(text) for text in ids)


def test_a_resident_id_is_random() -> None:
    assert uuid.UUID(new_resident_id()).version == 4
    assert len({new_resident_id() for _ in range(100)}) == 100


def test_other_texts_are_no_ids() -> None:
    assert not is_id("X")
    assert not is_id(new_id(NOW).upper())
