"""What every desktop shows about the relay it is on: the `settings` record, and the greeting staff write."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from protocol.changes import GreetingSave, TownSave
from protocol.counting import utf16_length
from protocol.message_limits import TEXT_LIMIT
from protocol.sync import TownSettings
from relay.errors import Refused
from relay.features.versions import check_version
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import TOWN, find_record, put_record

SETTINGS = "settings"
TOWN_NAME_LIMIT = 40
TELEPHONE_LIMIT = 40


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
                # What the environment does not set is what staff wrote.
                "town_name": settings.town_name or known.town_name,
                "telephone": settings.telephone or known.telephone,
            }
        )
    if settings == known:
        return False
    put_record(connection, cipher, kind=SETTINGS, id=TOWN, body=settings.as_json(), now=now)
    return True


def save_town(
    connection: Connection,
    cipher: ColumnCipher,
    change: TownSave,
    based_on: int,
    now: datetime,
    *,
    fixed: Collection[str],
) -> int:
    """Name and telephone; returns the version of the settings. `fixed`: what the environment sets."""
    record = find_record(connection, cipher, SETTINGS, TOWN)
    check_version(record, based_on)
    known = TownSettings() if record is None else TownSettings.parse(record.body)
    name, telephone = change.town_name.strip(), change.telephone.strip()
    if not name:
        raise Refused("text_missing")
    if len(name) > TOWN_NAME_LIMIT or len(telephone) > TELEPHONE_LIMIT:
        raise Refused("text_too_long")
    wanted = {"town_name": name, "telephone": telephone}
    if any(wanted[field] != getattr(known, field) for field in fixed):
        raise Refused("set_by_environment")
    body = known.model_copy(update=wanted).as_json()
    return put_record(connection, cipher, kind=SETTINGS, id=TOWN, body=body, now=now)


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
