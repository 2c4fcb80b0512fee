"""「今日」: what a person should see first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from desktop.features.composing import TownWords
from desktop.features.key_tasks import is_made_up_for, refused_replacement
from desktop.features.who import FEW
from desktop.keys.keyring import KeyRing
from desktop.replica.drafts import KeptDraft
from desktop.replica.outbox import OutboxEntry as Unsettled
from desktop.replica.records import DeliveryQuery, Shown
from desktop.replica.replica import Replica
from protocol.changes import (
    ContactFormSave,
    DepartmentRemove,
    DepartmentSave,
    ItemSave,
    KeyPublish,
    MemberConfirm,
    MemberLeave,
    MemberSave,
    SubmissionUpdate,
    WrapAdd,
)
from protocol.deliveries import Delivery
from protocol.delivery_changes import (
    DeliveryArchive,
    DeliveryAsk,
    DeliveryCancel,
    DeliveryResume,
    DeliveryReturn,
    DeliverySave,
    DeliverySend,
    DeliveryStop,
    DeliveryTest,
)
from protocol.staff import Department, StaffMember
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
    held: list[Shown[Delivery]]
    """Confirmed, and still to be stopped."""
    asked: list[Shown[Delivery]]
    """What waits for this person's yes."""
    returned: list[Shown[Delivery]]
    """Drafts of this person that an approver gave back."""
    planned: list[Shown[Delivery]]
    """The next ones that go out by themselves."""


class Home:
    def __init__(self, replica: Replica, ring: Callable[[], KeyRing], me: Callable[[], StaffMember]) -> None:
        self._replica, self._ring, self._me = replica, ring, me

    def today(self) -> Today:
        records = self._replica.records
        settings = records.settings()
        drafts = DeliveryQuery(states=("draft",), archived=False, limit=LAST_SHOWN)
        ended = ("sent", "cancelled", "skipped", "failed")
        last = DeliveryQuery(states=ended, archived=False, limit=LAST_SHOWN)
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
            held=records.deliveries(DeliveryQuery(states=("held",), limit=5)),
            asked=records.deliveries(
                DeliveryQuery(states=("asked",), asked_by_others=self._me().id, limit=LAST_SHOWN)
            ),
            returned=records.deliveries(
                DeliveryQuery(states=("draft",), returned_to=self._me().id, limit=LAST_SHOWN)
            ),
            planned=records.deliveries(
                DeliveryQuery(states=("scheduled", "repeating"), descending=False, limit=LAST_SHOWN)
            ),
        )

    def account_name(self) -> str:
        """The LINE account's name as residents see it; empty before the first round."""
        settings = self._replica.records.settings()
        return settings.body.account_name if settings else ""

    def town_words(self, now: datetime) -> TownWords:
        """What a preview fills in; the first district that can be chosen stands for any."""
        settings = self._replica.records.settings()
        asked = [shown.body for shown in self._replica.records.items() if not shown.body.retired]
        districts = [one.label for item in asked if item.kind == "district" for one in item.offered_choices]
        return TownWords(now, settings.body if settings else None, next(iter(districts), ""))

    def waiting(self) -> list[Unsettled]:
        """Changes on their way, oldest first."""
        entries = self._replica.outbox.entries()
        return [entry for entry in entries if entry.state in ("waiting", "signed")]

    def refused(self) -> list[Unsettled]:
        return self._replica.outbox.entries(state="refused")

    def refused_at(self, record_kind: str, record_id: str) -> list[Unsettled]:
        """The refused changes of one thing, so that its screen can say what became of them."""
        return self._replica.outbox.entries(state="refused", record=(record_kind, record_id))

    def may_let_go(self, entry: Unsettled) -> bool:
        """Whether a refused change may go: not a new key for a department, before there is a newer one."""
        key = refused_replacement(entry)
        return key is None or is_made_up_for(self._ring(), key)

    def about(self, entry: Unsettled) -> str:
        """What or whom a change is about, by the name people know; empty where it is about nothing named."""
        match entry.payload:
            case DeliverySave(draft=draft) | DeliveryTest(draft=draft):
                return f"「{draft.title or '（配信名なし）'}」"
            case DeliverySend(recipients_seen=many):
                return f"{many:,}人へ" if many else f"{FEW}へ"
            case (
                DeliveryAsk(delivery=id)
                | DeliveryReturn(delivery=id)
                | DeliveryStop(delivery=id)
                | DeliveryCancel(delivery=id)
                | DeliveryResume(delivery=id)
                | DeliveryArchive(delivery=id)
            ):
                return f"「{self._replica.records.title_of(id) or '（配信名なし）'}」"
            case ItemSave(item=item):
                return f"「{item.title}」"
            case ContactFormSave(form=form):
                return f"「{form.title}」"
            case DepartmentSave(department=department):
                return department.name
            case DepartmentRemove(department=id):
                return self._department(id)
            case KeyPublish(key=key):
                return self._department(key.department)
            case MemberSave(display_name=name):
                return name
            case MemberConfirm() as change:
                return self._person(change.certificate.staff)
            case MemberLeave(staff=id):
                return self._person(id)
            case WrapAdd(wraps=wraps):
                return "、".join(dict.fromkeys(self._person(wrap.staff) for wrap in wraps))
            case SubmissionUpdate(submission=id):
                held = self._replica.submissions.get(id)
                return held.number if held is not None else ""
        return ""

    def dismiss(self, entry_id: str) -> None:
        """Let a refused change go. Does nothing where it may not go."""
        entry = next((one for one in self.refused() if one.id == entry_id), None)
        if entry is not None and self.may_let_go(entry):
            self._replica.outbox.dismiss(entry_id)

    def _department(self, id: str) -> str:
        found = self._replica.records.one("department", id, Department)
        return found.body.name if found is not None else ""

    def _person(self, id: str) -> str:
        return next((one.display_name for one in self._replica.records.staff() if one.id == id), "")
