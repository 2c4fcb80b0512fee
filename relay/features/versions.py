"""The one rule against lost edits: a change names the version it was made from."""

from __future__ import annotations

from relay.errors import Refused
from relay.store.records import StoredRecord


def check_version(record: StoredRecord | None, based_on: int) -> None:
    """Raises Refused `not_found` or `version_conflict`; `based_on` 0 means it must not exist yet."""
    if record is None and based_on == 0:
        return
    if record is None or record.removed:
        raise Refused("not_found")
    if record.version != based_on:
        raise Refused("version_conflict")
