"""Puts messages into talks and counts people. The rules for who receives stand here, not the routes."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.line.errors import LineRefusal
from sandbox.line.ledger import DeliveryRecord
from sandbox.line.media import media_addresses
from sandbox.line.quota import JST
from sandbox.line.residents import Entry, Resident
from sandbox.line.state import Platform

# After somebody wrote, push reaches them for a week although they are no friend.
REPLY_WINDOW = timedelta(days=7)
_QUOTABLE = frozenset({"text", "textV2", "sticker", "image", "video", "template", "flex"})
NAMES_PER_MONTH = 1000


@dataclass(frozen=True, slots=True)
class Sending:
    """One accepted request that shall reach somebody."""

    endpoint: str
    request_id: str
    messages: list[dict[str, Any]]
    asked: int
    unit: str | None = None


def can_receive(resident: Resident, now: datetime, *, by_push: bool = False) -> bool:
    if resident.blocked:
        return False
    if resident.friend:
        return True
    return by_push and resident.wrote_at is not None and now - resident.wrote_at < REPLY_WINDOW


def deliver(platform: Platform, sending: Sending, recipients: list[Resident]) -> list[dict[str, Any]]:
    """Delivers to all or raises 429 and delivers to none. Answers with ``sentMessages``."""
    now = platform.now()
    if sending.endpoint != "reply" and not platform.quota.has_room(
        len(recipients), now, platform.quota_limit()
    ):
        raise LineRefusal(429, "You have reached your monthly limit.")
    entries = [_entry(platform, sending, message, now) for message in sending.messages]
    for resident in recipients:
        for entry in entries:
            platform.add_entry(resident, entry)
    platform.quota.count(sending.endpoint, len(recipients), now)
    is_counted = _count_unit(platform, sending.unit, now)
    platform.interest.sent(
        endpoint=sending.endpoint,
        request_id=sending.request_id,
        unit=sending.unit if is_counted else None,
        entry_ids=[entry.id for entry in entries],
        people=len(recipients),
        now=now,
    )
    _record(platform, sending, recipients, entries, now)
    return [
        {"id": entry.id, **({"quoteToken": entry.quote_token} if entry.quote_token else {})}
        for entry in entries
    ]


def _entry(platform: Platform, sending: Sending, message: dict[str, Any], now: datetime) -> Entry:
    entry = Entry(platform.new_message_id(), "account", message, now, sending.request_id)
    if message.get("type") in _QUOTABLE:
        entry.quote_token = secrets.token_urlsafe(24)
        platform.quote_tokens[entry.quote_token] = entry.id
    entry.media = platform.fetch_media(media_addresses(message))
    return entry


def _count_unit(platform: Platform, unit: str | None, now: datetime) -> bool:
    """Whether what is sent under this name is counted."""
    if unit is None:
        return False
    names = platform.aggregation_units.setdefault(now.astimezone(JST).strftime("%Y%m"), set())
    # The 1,001st name of a month is sent but silently not tracked.
    if len(names) < NAMES_PER_MONTH:
        names.add(unit)
    return unit in names


def _record(
    platform: Platform, sending: Sending, recipients: list[Resident], entries: Iterable[Entry], now: datetime
) -> None:
    platform.ledger.deliveries.append(
        DeliveryRecord(
            platform.ledger.next_number(),
            now,
            sending.endpoint,
            sending.request_id,
            tuple(resident.user_id for resident in recipients),
            sending.asked,
            tuple(entry.id for entry in entries),
        )
    )
