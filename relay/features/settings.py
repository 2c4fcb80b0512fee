"""What every desktop shows about the relay it is on: the `settings` record, and the greeting staff write."""

from __future__ import annotations

from datetime import datetime

from protocol.changes import GreetingSave
from protocol.counting import utf16_length
from protocol.messages import TEXT_LIMIT
from protocol.sync import TownSettings
from relay.errors import Refused
from relay.features.versions import check_version
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import TOWN, find_record, put_record

SETTINGS = "settings"


def find_settings(connection: Connection, cipher: ColumnCipher) -> TownSettings | None:
    record = find_record(connection, cipher, SETTINGS, TOWN)
    return None if record is None else TownSettings.parse(record.body)


def publish_settings(
    connection: Connection, cipher: ColumnCipher, settings: TownSettings, now: datetime
) -> bool:
    """Write what the relay was configured with, if anything changed. The greeting staff wrote stays."""
    known = find_settings(connection, cipher)
    if known is not None:
        settings = settings.model_copy(
            update={
                "greeting": known.greeting,
                # LINE may be away at this start; the name learnt earlier is still right.
                "account_name": settings.account_name or known.account_name,
            }
        )
    if settings == known:
        return False
    put_record(connection, cipher, kind=SETTINGS, id=TOWN, body=settings.as_json(), now=now)
    return True


def save_greeting(
    connection: Connection, cipher: ColumnCipher, change: GreetingSave, based_on: int, now: datetime
) -> int:
    """A new greeting; returns the version of the settings."""
    record = find_record(connection, cipher, SETTINGS, TOWN)
    check_version(record, based_on)
    if not change.text.strip():
        raise Refused("text_missing")
    if utf16_length(change.text) > TEXT_LIMIT:
        raise Refused("text_too_long")
    known = TownSettings() if record is None else TownSettings.parse(record.body)
    body = known.model_copy(update={"greeting": change.text}).as_json()
    return put_record(connection, cipher, kind=SETTINGS, id=TOWN, body=body, now=now)
