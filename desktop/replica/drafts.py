"""What is being written right now, saved every few seconds on this machine only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from desktop.replica.database import Store
from protocol.deliveries import DeliveryDraft


@dataclass(frozen=True)
class KeptDraft:
    """A draft as it was a moment ago, and the version of the delivery it was begun from."""

    draft: DeliveryDraft
    based_on: int
    saved_at: datetime


class Drafts:
    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock

    def keep(self, draft: DeliveryDraft, based_on: int) -> datetime:
        """Returns the moment it was kept."""
        now = self._clock()
        with self._store.writing() as connection:
            connection.execute(
                text(
                    "insert or replace into draft (id, body, based_on, saved_at) values (:id, :body, :based, :at)"  # noqa: E501
                ),
                {"id": draft.id, "body": draft.model_dump_json(), "based": based_on, "at": now.isoformat()},
            )
        return now

    def kept(self) -> list[KeptDraft]:
        """Latest first."""
        with self._store.reading() as connection:
            rows = connection.execute(text("select * from draft order by saved_at desc")).all()
        return [
            KeptDraft(DeliveryDraft.parse(row.body), row.based_on, datetime.fromisoformat(row.saved_at))
            for row in rows
        ]

    def drop(self, draft_id: str) -> None:
        with self._store.writing() as connection:
            connection.execute(text("delete from draft where id=:id"), {"id": draft_id})
