"""Deliveries (「配信」): write, copy, test, confirm, look back. Requirements: SEG-5, SEG-6, SEG-7, SEG-10."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from desktop.config import CONFIRM_BY_TYPING_FROM
from desktop.errors import RelayRefused, Trouble
from desktop.features.asking import Ask
from desktop.features.pictures import FittedPicture, fit_picture
from desktop.features.test_outcomes import TestOutcome
from desktop.replica.drafts import KeptDraft
from desktop.replica.records import DeliveryQuery, Shown
from desktop.replica.replica import Replica
from protocol.deliveries import (
    DELIVERY_TITLE_LIMIT,
    Delivery,
    DeliveryDraft,
    Quota,
    find_draft_problems,
    find_sending_problems,
)
from protocol.delivery_changes import DeliveryRemove, DeliveryResume, DeliverySave, DeliverySend, DeliveryTest
from protocol.ids import new_id
from protocol.message_limits import find_message_problems
from protocol.messages import ImageMessage
from protocol.problems import Problem
from protocol.segments import Segment
from protocol.sync import CountAnswer, CountRequest, QuotaAnswer

_COPY = "（写し）"


class DeliveryRefused(ValueError):
    """It cannot be tested or sent as it is. `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Confirmation:
    """Everything a person sees before sending, and whether it may be sent. `version` 0: not at the relay
    yet.
    """

    draft: DeliveryDraft
    version: int
    count: CountAnswer | None
    quota: Quota | None
    problems: tuple[Problem, ...]

    @property
    def may_send(self) -> bool:
        return not self.problems

    @property
    def must_type_number(self) -> bool:
        return self.count is not None and self.count.count >= CONFIRM_BY_TYPING_FROM


@dataclass(frozen=True)
class Continuation:
    """What a person sees before a stopped delivery goes on. `waiting`: people it was not sent to yet."""

    delivery: str
    version: int
    waiting: int
    quota: Quota | None
    problems: tuple[Problem, ...]

    @property
    def may_go_on(self) -> bool:
        return not self.problems


class Deliveries:
    """What goes, went, or may go to residents."""

    def __init__(self, replica: Replica, ask: Ask, clock: Callable[[], datetime]) -> None:
        self._replica = replica
        self._ask = ask
        self._clock = clock

    def page(self, query: DeliveryQuery) -> list[Shown[Delivery]]:
        return self._replica.records.deliveries(query)

    def count(self, query: DeliveryQuery) -> int:
        return self._replica.records.count_deliveries(query)

    def get(self, delivery_id: str) -> Shown[Delivery] | None:
        return self._replica.records.delivery(delivery_id)

    def new(self, title: str = "") -> DeliveryDraft:
        return DeliveryDraft(id=new_id(self._clock()), title=title)

    def copy(self, delivery_id: str) -> DeliveryDraft:
        """A new draft with the content of another delivery, sent or not."""
        source = self.get(delivery_id)
        if source is None:
            raise KeyError(delivery_id)
        draft = source.body.draft
        title = draft.title[: DELIVERY_TITLE_LIMIT - len(_COPY)] + _COPY
        new = {"id": new_id(self._clock()), "title": title, "copied_from": draft.id}
        return draft.model_copy(update=new)

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

    def add_picture(self, content: bytes, description: str = "") -> ImageMessage:
        """Fit a picture to LINE's sizes and keep it for sending. Raises PictureRefused."""
        fitted: FittedPicture = fit_picture(content)
        return ImageMessage(
            file=self._replica.files.add(fitted.original),
            preview=self._replica.files.add(fitted.preview),
            description=description,
            width=fitted.width,
            height=fitted.height,
        )

    def count_recipients(self, segment: Segment) -> CountAnswer:
        """How many friends meet the segment now. Asks the relay."""
        return self._ask("segment-count", CountRequest(segment=segment), CountAnswer)

    def quota(self) -> QuotaAnswer:
        """What is left of LINE's monthly allowance. Asks the relay."""
        return self._ask("quota", None, QuotaAnswer)

    def problems(self, draft: DeliveryDraft) -> tuple[Problem, ...]:
        items = {item.id: item.body for item in self._replica.records.items()}
        return find_draft_problems(draft, items)

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

    def prepare(self, draft: DeliveryDraft) -> Confirmation:
        """Everything for the confirmation screen. Asks the relay; what cannot be learned becomes a
        problem.
        """
        known = self.get(draft.id)
        count: CountAnswer | None = None
        quota: Quota | None = None
        problems = self.problems(draft)
        if known is not None and known.body.state != "draft":
            problems += (Problem(code="not_a_draft", at="state"),)
        elif known is not None and known.refused == "version_conflict":
            problems += (Problem(code="version_conflict", at="state"),)  # first the person chooses
        try:
            count = self.count_recipients(draft.segment)
            answer = self.quota()
            quota = answer.quota
            if quota is None and answer.reason:
                problems += (Problem(code=answer.reason, at="quota"),)
        except Trouble:
            pass  # count or quota stay unknown, which is itself a problem below
        problems += find_sending_problems(count.count if count else None, quota)
        return Confirmation(
            draft=draft, version=known.version if known else 0, count=count, quota=quota, problems=problems
        )

    def send(self, confirmation: Confirmation) -> str:
        """Save the draft as it was shown and confirm it. Raises DeliveryRefused where it may not be sent, and
        RelayRefused where the relay has just refused the draft for a colleague's newer one.
        """
        if confirmation.problems or confirmation.count is None:
            raise DeliveryRefused(confirmation.problems)
        draft = confirmation.draft
        known, seen = self.get(draft.id), confirmation.version
        if known is not None and known.refused == "version_conflict":
            raise RelayRefused("version_conflict")
        if known is None or known.body.draft != draft or known.waiting:
            self.save(draft, seen)
        return self._replica.outbox.put(
            "delivery.send",
            DeliverySend(delivery=draft.id, recipients_seen=confirmation.count.count),
            based_on=seen,
        )

    def prepare_resume(self, delivery_id: str) -> Continuation:
        """Everything to see before a stopped delivery goes on. Asks the relay what LINE still allows."""
        known = self.get(delivery_id)
        if known is None or known.body.state != "paused":
            code = "not_paused" if known else "not_found"
            return Continuation(delivery_id, 0, 0, None, (Problem(code=code, at="state"),))
        waiting = known.body.numbers.waiting
        quota, problems = self._ask_quota()
        if not problems:
            problems = find_sending_problems(waiting, quota)
        return Continuation(delivery_id, known.version, waiting, quota, problems)

    def resume(self, continuation: Continuation) -> str:
        """Go on with a stopped delivery as it was shown. Raises DeliveryRefused where it cannot."""
        if continuation.problems:
            raise DeliveryRefused(continuation.problems)
        return self._replica.outbox.put(
            "delivery.resume",
            DeliveryResume(delivery=continuation.delivery),
            based_on=continuation.version,
        )

    def _ask_quota(self) -> tuple[Quota | None, tuple[Problem, ...]]:
        """The quota, or the problem for which it is not known."""
        try:
            answer = self.quota()
        except Trouble:
            return None, (Problem(code="quota_unknown", at="quota"),)
        if answer.quota is None:
            return None, (Problem(code=answer.reason or "quota_unknown", at="quota"),)
        return answer.quota, ()
