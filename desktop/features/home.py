"""「今日」: what a person should see first."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.replica.drafts import KeptDraft
from desktop.replica.outbox import OutboxEntry as Unsettled
from desktop.replica.records import DeliveryQuery, Shown
from desktop.replica.replica import Replica
from protocol.deliveries import Delivery
from protocol.sync import TownSettings, TownSummary

__all__ = ["Home", "Today", "Unsettled"]
LAST_SHOWN = 5


@dataclass(frozen=True)
class Today:
    """One consistent look at everything the home screen shows."""

    summary: TownSummary | None
    settings: TownSettings | None
    sending: list[Shown[Delivery]]
    drafts: list[Shown[Delivery]]
    drafts_in_all: int
    last: list[Shown[Delivery]]
    kept: list[KeptDraft]
    refused: list[Unsettled]
    waiting: int


class Home:
    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def today(self) -> Today:
        records = self._replica.records
        settings = records.settings()
        drafts = DeliveryQuery(states=("draft",), limit=LAST_SHOWN)
        last = DeliveryQuery(states=("sent", "failed"), limit=LAST_SHOWN)
        return Today(
            summary=records.summary(),
            settings=settings.body if settings else None,
            sending=records.deliveries(DeliveryQuery(states=("queued", "sending", "paused"), limit=20)),
            drafts=records.deliveries(drafts),
            drafts_in_all=records.count_deliveries(drafts),
            last=records.deliveries(last),
            kept=self._replica.drafts.kept(),
            refused=self._replica.outbox.entries(state="refused"),
            waiting=self._replica.outbox.count_waiting(),
        )

    def account_name(self) -> str:
        """The LINE account's name as residents see it; empty before the first round."""
        settings = self._replica.records.settings()
        return settings.body.account_name if settings else ""

    def waiting(self) -> list[Unsettled]:
        """Changes on their way, oldest first."""
        entries = self._replica.outbox.entries()
        return [entry for entry in entries if entry.state in ("waiting", "signed")]

    def refused(self) -> list[Unsettled]:
        return self._replica.outbox.entries(state="refused")

    def refused_at(self, record_kind: str, record_id: str) -> list[Unsettled]:
        """The refused changes of one thing, so that its screen can say what became of them."""
        return self._replica.outbox.entries(state="refused", record=(record_kind, record_id))

    def dismiss(self, entry_id: str) -> None:
        """Let a refused change go."""
        self._replica.outbox.dismiss(entry_id)
