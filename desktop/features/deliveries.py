"""Deliveries (「配信」): write, copy, correct, test, put away. Requirements: SEG-6, SEG-7, SEG-10."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from desktop.features.asking import Ask
from desktop.features.recipients import Known
from desktop.features.test_outcomes import TestOutcome
from desktop.replica.drafts import KeptDraft
from desktop.replica.records import DeliveryQuery, Shown
from desktop.replica.replica import Replica
from protocol.counting import utf16_length
from protocol.deliveries import DELIVERY_TITLE_LIMIT, Delivery, DeliveryDraft, find_draft_problems
from protocol.delivery_changes import DeliveryArchive, DeliveryRemove, DeliverySave, DeliveryTest
from protocol.ids import new_id
from protocol.message_limits import TEXT_LIMIT, find_message_problems
from protocol.messages import TextMessage
from protocol.problems import Problem
from protocol.schedules import Now
from protocol.segments import Everyone, Received
from protocol.sync import QuotaAnswer

_COPY = "（写し）"
CORRECTION_MARK = "【訂正】"
CORRECTION = (
    f"{CORRECTION_MARK}\n"
    "先ほどお送りしたお知らせに誤りがありました。おわびして訂正します。\n\n"
    "誤：\n正：\n\n"
    "（訂正後のお知らせ）\n{before}"
)
"""「訂正とおわび」, with the text it corrects at its end."""


class DeliveryRefused(ValueError):
    """It cannot be tested or sent as it is. `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


class Deliveries:
    """What goes, went, or may go to residents."""

    def __init__(
        self, replica: Replica, ask: Ask, clock: Callable[[], datetime], known: Callable[..., Known]
    ) -> None:
        """`known`: what the conditions of these segments may speak of."""
        self._replica = replica
        self._ask = ask
        self._clock = clock
        self._known = known

    def page(self, query: DeliveryQuery) -> list[Shown[Delivery]]:
        return self._replica.records.deliveries(query)

    def count(self, query: DeliveryQuery) -> int:
        return self._replica.records.count_deliveries(query)

    def get(self, delivery_id: str) -> Shown[Delivery] | None:
        return self._replica.records.delivery(delivery_id)

    def new(self, title: str = "") -> DeliveryDraft:
        return DeliveryDraft(id=new_id(self._clock()), title=title)

    def copy(self, delivery_id: str) -> DeliveryDraft:
        """A new draft with content and recipients of another delivery, sent or not. When it goes out, and
        whether as a broadcast, is decided anew, and it corrects nothing.
        """
        draft = self._draft_of(delivery_id)
        title = draft.title[: DELIVERY_TITLE_LIMIT - len(_COPY)] + _COPY
        new = {
            "id": new_id(self._clock()), "title": title, "copied_from": draft.id, "when": Now(),
            "corrects": "", "route": "auto",
        }  # fmt: skip
        if draft.corrects:  # those it went to are those of the first one, not of this
            new["segment"] = Everyone()
        return draft.model_copy(update=new)

    def correct(self, delivery_id: str) -> DeliveryDraft:
        """A new draft to exactly those who got, or may have got, another delivery: an apology to complete."""
        draft = self._draft_of(delivery_id)
        head, _, tail = CORRECTION.partition("{before}")
        first = next((one.text for one in draft.messages if isinstance(one, TextMessage)), "")
        room = TEXT_LIMIT - utf16_length(head + tail)
        return DeliveryDraft(
            id=new_id(self._clock()),
            title=(CORRECTION_MARK + draft.title)[:DELIVERY_TITLE_LIMIT],
            messages=(TextMessage(text=head + _cut(first, room) + tail),),
            segment=Received(delivery=draft.id),
            copied_from=draft.id,
            corrects=draft.id,
            training=draft.training,
        )

    def archive(self, delivery_id: str, archived: bool = True) -> str:
        """Put a delivery away from the list, or back into it."""
        known = self.get(delivery_id)
        return self._replica.outbox.put(
            "delivery.archive",
            DeliveryArchive(delivery=delivery_id, archived=archived),
            based_on=known.version if known else 0,
        )

    def _draft_of(self, delivery_id: str) -> DeliveryDraft:
        source = self.get(delivery_id)
        if source is None:
            raise KeyError(delivery_id)
        return source.body.draft

    def save(self, draft: DeliveryDraft, seen: int | None = None) -> str:
        """Leave the draft in the outbox, problems and all; returns the id of the change.

        `seen`: the version the person began from, so that a colleague's newer one is not written over unseen.
        Without it, the draft follows what is there now.
        """
        change = self._replica.outbox.put(
            "delivery.save", DeliverySave(draft=draft), based_on=self._base(draft, seen)
        )
        self._replica.drafts.drop(draft.id)
        return change

    def keep(self, draft: DeliveryDraft, seen: int | None = None) -> datetime:
        """Autosave on this machine only; returns when. `seen` as for `save`."""
        return self._replica.drafts.keep(draft, self._base(draft, seen))

    def begun_from(self, draft: DeliveryDraft) -> int:
        """The version a draft follows that a person begins to write on: that of the day it was kept on this
        machine, or what is there now.
        """
        kept = (one for one in self.kept() if one.draft == draft)
        return next((one.based_on for one in kept), self._base(draft, None))

    def _base(self, draft: DeliveryDraft, seen: int | None) -> int:
        if seen is not None:
            return seen
        known = self.get(draft.id)
        return known.version if known else 0

    def kept(self) -> list[KeptDraft]:
        """What was being written when the program ended."""
        return self._replica.drafts.kept()

    def remove(self, delivery_id: str) -> None:
        """Throw a draft away."""
        known = self.get(delivery_id)
        self._replica.drafts.drop(delivery_id)
        if known is not None:
            self._replica.outbox.put(
                "delivery.remove", DeliveryRemove(delivery=delivery_id), based_on=known.version
            )

    def quota(self) -> QuotaAnswer:
        """What is left of LINE's monthly allowance. Asks the relay."""
        return self._ask("quota", None, QuotaAnswer)

    def problems(self, draft: DeliveryDraft) -> tuple[Problem, ...]:
        """Why it cannot be sent as written, by what is known on this machine."""
        known = self._known(draft.segment)
        return find_draft_problems(draft, known.items, known.named, now=self._clock())

    def test(self, draft: DeliveryDraft, staff: Sequence[str]) -> str:
        """Send the draft as a test to these staff members; returns the id to ask `test_outcome` about.

        Raises DeliveryRefused.
        """
        problems = find_message_problems(draft.messages, as_test=True)
        tied = {member.id for member in self._replica.records.staff() if member.line_linked}
        if not staff or not set(staff) <= tied:
            problems += (Problem(code="no_test_account", at="staff"),)
        if problems:
            raise DeliveryRefused(problems)
        return self._replica.outbox.put(
            "delivery.test", DeliveryTest(draft=draft, staff=tuple(staff)), based_on=0
        )

    def test_outcome(self, change_id: str) -> TestOutcome:
        """What is known by now of a test delivery; see there for how sure it is."""
        # The outbox first: it forgets a change in the transaction that brings its record, never before.
        entry = next((entry for entry in self._replica.outbox.entries() if entry.id == change_id), None)
        return TestOutcome(
            run=self._replica.records.test_run(change_id),
            is_waiting=entry is not None and entry.state != "refused",
            refused=entry.reason if entry is not None and entry.state == "refused" else "",
        )


def _cut(text: str, room: int) -> str:
    """As much of the text as fits, in LINE's units."""
    while utf16_length(text) > room:
        text = text[:-1]
    return text
