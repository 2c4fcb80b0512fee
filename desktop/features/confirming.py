"""What keeps a delivery safe: the dry run, the second person, the stop, and going on. Requirement: SEG-12."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from desktop.errors import RelayRefused, Trouble
from desktop.features.asking import Ask
from desktop.features.deliveries import Deliveries, DeliveryRefused
from desktop.replica.delivery_columns import moment_of
from desktop.replica.records import Shown
from desktop.replica.replica import Replica
from protocol.deliveries import Delivery, DeliveryDraft, DeliveryState, Quota, find_sending_problems
from protocol.delivery_changes import (
    DeliveryAsk,
    DeliveryCancel,
    DeliveryResume,
    DeliveryReturn,
    DeliverySend,
    DeliveryStop,
)
from protocol.problems import Problem
from protocol.sending_rules import SendingRules
from protocol.staff import StaffMember
from protocol.sync import CheckAnswer, CheckRequest

OLD_COPY = timedelta(days=30)
"""A copy of something older is asked about like any other old text, however new the copy is."""


@dataclass(frozen=True)
class Confirmation:
    """Everything a person sees before sending, and whether it may be sent. `version` 0: not at the relay
    yet. `check` None: the relay could not be asked. `warnings`: codes the person has to tick.
    """

    draft: DeliveryDraft
    version: int
    state: DeliveryState
    check: CheckAnswer | None
    problems: tuple[Problem, ...]
    warnings: tuple[str, ...] = ()
    may_bypass: bool = False
    """Whether this person may go without the second one in an emergency."""
    own_request: bool = False
    """Whether this person asked for the approval and so cannot give it."""

    @property
    def may_send(self) -> bool:
        return not self.problems and self.check is not None

    @property
    def must_type_number(self) -> bool:
        return self.check is not None and self.check.must_type_number

    @property
    def needs_second(self) -> bool:
        """Whether somebody else has to say yes first; what was asked for has come to that person."""
        return self.check is not None and self.check.needs_second and self.state != "asked"


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


class Confirming:
    """Everything after the writing. Nothing here sends by itself: it leaves changes in the outbox."""

    def __init__(
        self,
        replica: Replica,
        ask: Ask,
        clock: Callable[[], datetime],
        deliveries: Deliveries,
        me: Callable[[], StaffMember],
    ) -> None:
        self._replica, self._ask, self._clock = replica, ask, clock
        self._deliveries, self._me = deliveries, me

    def prepare(self, draft: DeliveryDraft) -> Confirmation:
        """Everything for the confirmation screen. Asks the relay; what cannot be learned becomes a
        problem.
        """
        known = self._deliveries.get(draft.id)
        problems = self._deliveries.problems(draft) + _state_problems(known)
        check: CheckAnswer | None = None
        try:
            check = self._ask("delivery-check", CheckRequest(draft=draft), CheckAnswer)
        except Trouble:
            problems += (Problem(code="count_unknown", at="segment"),)
        if check is not None:
            problems += tuple(_in_full(problem, check) for problem in check.problems)
        me = self._me()
        return Confirmation(
            draft=draft,
            version=known.version if known else 0,
            state=known.body.state if known else "draft",
            check=check,
            problems=_each_once(problems),
            warnings=self._warnings(draft, check),
            may_bypass=me.role in self._rules().emergency_roles,
            own_request=known is not None and known.body.asked_by == me.id,
        )

    def send(self, confirmation: Confirmation, accepted: tuple[str, ...] = (), emergency: str = "") -> str:
        """Confirm a draft as it was shown, or approve an asked one. `accepted`: the warnings somebody looked
        at and ticked; all there are have to be. `emergency`: why it goes without the second person.

        Raises DeliveryRefused where it may not be sent, and RelayRefused where the relay has just refused
        the draft for a colleague's newer one.
        """
        check = confirmation.check
        if confirmation.problems or check is None:
            raise DeliveryRefused(confirmation.problems)
        missing = tuple(Problem(code=code) for code in confirmation.warnings if code not in accepted)
        if missing:
            raise DeliveryRefused(missing)
        if confirmation.needs_second and not emergency.strip():
            raise DeliveryRefused((Problem(code="second_person_needed"),))
        if confirmation.state == "draft":
            self._save_as_shown(confirmation)
        payload = DeliverySend(
            delivery=confirmation.draft.id,
            recipients_seen=check.count,
            accepted=accepted,
            emergency=emergency.strip(),
        )
        return self._replica.outbox.put("delivery.send", payload, based_on=confirmation.version)

    def ask_approval(self, confirmation: Confirmation) -> str:
        """Leave the draft as it was shown to a second person. Raises as `send`."""
        if confirmation.problems:
            raise DeliveryRefused(confirmation.problems)
        self._save_as_shown(confirmation)
        return self._replica.outbox.put(
            "delivery.ask", DeliveryAsk(delivery=confirmation.draft.id), based_on=confirmation.version
        )

    def give_back(self, delivery_id: str, reason: str) -> str:
        """Return what was asked for, with the reason in words."""
        payload = DeliveryReturn(delivery=delivery_id, reason=reason.strip())
        return self._replica.outbox.put("delivery.return", payload, based_on=self._version(delivery_id))

    def stop(self, delivery_id: str) -> str:
        """The big stop."""
        payload = DeliveryStop(delivery=delivery_id)
        return self._replica.outbox.put("delivery.stop", payload, based_on=self._version(delivery_id))

    def cancel(self, delivery_id: str) -> str:
        """Those who still wait for a stopped delivery never get it."""
        payload = DeliveryCancel(delivery=delivery_id)
        return self._replica.outbox.put("delivery.cancel", payload, based_on=self._version(delivery_id))

    def prepare_resume(self, delivery_id: str) -> Continuation:
        """Everything to see before a stopped delivery goes on. Asks the relay what LINE still allows."""
        known = self._deliveries.get(delivery_id)
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

    def before(self, draft: DeliveryDraft) -> DeliveryDraft | None:
        """What this draft was copied from, to show what changed; None where it is not here."""
        known = self._deliveries.get(draft.copied_from) if draft.copied_from else None
        return known.body.draft if known is not None else None

    def _save_as_shown(self, confirmation: Confirmation) -> None:
        draft = confirmation.draft
        known = self._deliveries.get(draft.id)
        if known is not None and known.refused == "version_conflict":
            raise RelayRefused("version_conflict")
        if known is None or known.body.draft != draft or known.waiting:
            self._deliveries.save(draft, confirmation.version)

    def _warnings(self, draft: DeliveryDraft, check: CheckAnswer | None) -> tuple[str, ...]:
        warnings = check.warnings if check is not None else ()
        if "stale_content" not in warnings and draft.copied_from and not draft.corrects:
            source = self._deliveries.get(draft.copied_from)
            moment = moment_of(source.body) if source is not None else None
            if moment is not None and self._clock() - moment > OLD_COPY:
                warnings += ("stale_content",)
        return warnings

    def _rules(self) -> SendingRules:
        stored = self._replica.records.one("sending_rules", "town", SendingRules)
        return stored.body if stored is not None else SendingRules()

    def _version(self, delivery_id: str) -> int:
        return self._replica.records.version("delivery", delivery_id)

    def _ask_quota(self) -> tuple[Quota | None, tuple[Problem, ...]]:
        """The quota, or the problem for which it is not known."""
        try:
            answer = self._deliveries.quota()
        except Trouble:
            return None, (Problem(code="quota_unknown", at="quota"),)
        if answer.quota is None:
            return None, (Problem(code=answer.reason or "quota_unknown", at="quota"),)
        return answer.quota, ()


def _state_problems(known: Shown[Delivery] | None) -> tuple[Problem, ...]:
    if known is None:
        return ()
    if known.body.state not in ("draft", "asked"):
        return (Problem(code="not_a_draft", at="state"),)
    if known.refused == "version_conflict":  # first the person chooses
        return (Problem(code="version_conflict", at="state"),)
    return ()


def _in_full(problem: Problem, check: CheckAnswer) -> Problem:
    """Why the quota is not known, where the relay says so."""
    if problem.code == "quota_unknown" and check.quota_reason:
        return Problem(code=check.quota_reason, at="quota")
    return problem


def _each_once(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Both sides know the same rules; a person reads each sentence once."""
    return tuple({(problem.code, problem.at): problem for problem in problems}.values())
