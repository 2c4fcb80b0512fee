"""The sender's side of the ledger: one commit takes outcomes in, hands claims out and reports progress.

Group commits keep the ledger cheaper than the calls it guards (design "Hot paths").
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from protocol.deliveries import DeliveryNumbers
from relay.features.deliveries import find_delivery, put_delivery
from relay.features.news import NewsBell
from relay.features.notices import DELIVERY_PAUSED, raise_notice
from relay.features.results import begin_results
from relay.features.test_runs import publish_test_run
from relay.store.batches import (
    Claim,
    Outcome,
    claim_batches,
    count_open,
    give_up_waiting,
    has_due_batches,
    keep_members,
    release_claims,
    waits_for_line,
    write_outcomes,
)
from relay.store.database import Connection, Database
from relay.store.leases import drop_lease, take_lease
from relay.store.runs import (
    Run,
    Text,
    cancel_run,
    end_run,
    find_run,
    find_text,
    list_cancelled_open,
    list_stopped,
    list_unended,
    mark_reported,
    pause_run,
    sum_ledger,
)
from relay.store.tallies import add_tallies

PACING_LEASE = "pace multicast"
STOPPED = "stopped"
"""The reason of a run that people stopped."""
_REPORT_EVERY = timedelta(seconds=0.5)


@dataclass(frozen=True)
class Turn:
    """What one commit gave: claims to call LINE for, and until when this worker may call at all."""

    claims: list[Claim] = field(default_factory=list)
    may_call_until: datetime | None = None
    was_elsewhere: bool = False
    """Another worker paced the channel until now and may have used up this second."""
    ended: list[str] = field(default_factory=list)
    stopped: frozenset[str] = frozenset()
    """Runs of the claims in hand that must not be called for now: people or LINE stopped them."""


class Ledger:
    """The only one who writes batches and runs while they are sent. `owner` names this worker."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        bell: NewsBell,
        *,
        owner: str,
        claim_life: timedelta = timedelta(seconds=60),
        pacing_life: timedelta = timedelta(seconds=10),
        still_friends: Callable[[bytes], bytes] = lambda members: members,
    ) -> None:
        """`still_friends` leaves out of residents.no who blocked the account since they were frozen."""
        self._database = database
        self._clock = clock
        self._bell = bell
        self._owner = owner
        self._claim_life = claim_life
        self._pacing_life = pacing_life
        self._still_friends = still_friends
        self._unreported: set[str] = set()
        self._held_until: datetime | None = None

    def take_over(self) -> bool:
        """Call once at the start. On an embedded store whoever held claims before is dead.

        Returns whether calls may have been made a moment ago.
        """
        released = 0
        with self._database.write() as connection:
            if self._database.is_embedded:
                released = release_claims(connection)
                drop_lease(connection, PACING_LEASE)
            self._unreported |= set(list_unended(connection))
        return released > 0

    def turn(
        self, outcomes: Sequence[Outcome], want: int, *, is_busy: bool, in_hand: Collection[str] = ()
    ) -> Turn:
        """Write outcomes, claim at most `want` batches and report progress, in one transaction.

        `is_busy`: claims are in hand, so the right to call must not run out; `in_hand`: the runs they are of.
        """
        now = self._clock()
        has_news = bool(outcomes or self._unreported or self._must_renew(now, is_busy))
        if not has_news and (want <= 0 or not self._is_anything_due(now)):
            # an idle relay writes nothing
            return Turn(may_call_until=self._held_until, stopped=self._stopped(in_hand))
        with self._database.write() as connection:
            until = now + self._pacing_life
            lease = take_lease(connection, PACING_LEASE, owner=self._owner, now=now, until=until)
            self._unreported |= {outcome.run for outcome in outcomes}
            self._unreported |= set(list_cancelled_open(connection))
            # Before any batch or counter, and in one order: who stops a run locks it first, too.
            for run in sorted(self._unreported):
                find_run(connection, run, lock=True)
            write_outcomes(connection, outcomes, owner=self._owner, now=now)
            pauses = {outcome.run: outcome.pauses for outcome in outcomes if outcome.pauses}
            paused = [run for run, reason in pauses.items() if pause_run(connection, run, reason)]
            claims: list[Claim] = []
            if lease.is_mine:
                claims = claim_batches(
                    connection,
                    owner=self._owner,
                    now=now,
                    lease_until=now + self._claim_life,
                    limit=want,
                )
                claims = self._without_leavers(connection, claims)
            reported, ended = self._report(connection, now)
            self._tell(connection, paused, now)
        self._unreported -= set(reported)
        self._held_until = until if lease.is_mine else None
        if reported:
            self._bell.ring()
        return Turn(
            claims=claims,
            may_call_until=self._held_until,
            was_elsewhere=lease.is_mine and lease.was_elsewhere,
            ended=ended,
            stopped=self._stopped(in_hand),
        )

    def _tell(self, connection: Connection, paused: Sequence[str], now: datetime) -> None:
        """LINE stopped these: nobody may be watching what goes out by a rule or at night."""
        for run in paused:
            found = find_delivery(connection, self._database.cipher, run)  # a test is no delivery
            if found is not None and found[1].state == "paused":
                title = found[1].draft.title
                raise_notice(connection, self._database.cipher, DELIVERY_PAUSED, run, now, shown=title)

    def _stopped(self, in_hand: Collection[str]) -> frozenset[str]:
        if not in_hand:
            return frozenset()
        with self._database.read() as connection:
            return frozenset(list_stopped(connection, in_hand))

    def _without_leavers(self, connection: Connection, claims: list[Claim]) -> list[Claim]:
        """Leave out who blocked the account meanwhile, before the first try only: a later one must be the
        same request. Their number stays in the batch: LINE, too, accepts who blocked it and drops them.
        """
        kept = [
            replace(claim, members=self._still_friends(claim.members))
            if claim.is_first_try and claim.endpoint == "multicast"
            else claim
            for claim in claims
        ]
        pairs = zip(claims, kept, strict=True)
        keep_members(connection, [new for old, new in pairs if len(new.members) != len(old.members)])
        return kept

    def _must_renew(self, now: datetime, is_busy: bool) -> bool:
        """Whether calls are under way and the right to make them runs out soon."""
        if not is_busy or self._held_until is None:
            return is_busy
        left = self._held_until - now
        return not self._pacing_life / 2 <= left <= self._pacing_life  # more: the clock was ahead

    def _is_anything_due(self, now: datetime) -> bool:
        with self._database.read() as connection:
            return has_due_batches(connection, now) or bool(list_cancelled_open(connection))

    def text(self, run: str, no: int) -> Text:
        """What these people of the run get."""
        with self._database.read() as connection:
            return find_text(connection, self._database.cipher, run, no)

    def _report(self, connection: Connection, now: datetime) -> tuple[list[str], list[str]]:
        """Publish the numbers of runs that changed, at most twice a second each, and at their end."""
        reported, ended = [], []
        for id in sorted(self._unreported):
            run = find_run(connection, id, lock=True)
            if run is None or run.state not in ("sending", "paused", "cancelled") or run.finished_at:
                reported.append(id)
                continue
            if run.kind == "test" and run.state == "paused":
                give_up_waiting(connection, id, now)  # nobody goes on with a test: a new one is as quick
            elif run.state == "cancelled":
                give_up_waiting(connection, id, now, untouched="cancelled")
            # A paused run too: the calls under way when it was stopped may have been its last ones.
            is_done = count_open(connection, id) == 0
            is_early = run.reported_at is not None and abs(now - run.reported_at) < _REPORT_EVERY
            if is_early and not is_done and run.state == "sending":
                continue
            if run.state == "cancelled" and not is_done:
                continue  # calls are under way, or their worker died: looked at again
            if is_done:
                close_run(connection, self._database, id, now)
                ended.append(id)
            else:
                publish_progress(connection, self._database, id, now)
            reported.append(id)
        return reported, ended


def close_run(connection: Connection, database: Database, id: str, now: datetime) -> None:
    """Every batch has its outcome: the run is sent, or failed when nobody can have got it."""
    numbers = sum_ledger(connection, id)
    reached = numbers.accepted + numbers.unknown > 0
    run = find_run(connection, id, lock=True)
    assert run is not None
    kept = "" if run.reason == STOPPED else run.reason  # it came too late, or went on
    reason = kept or ("line_refused" if numbers.refused else "")
    if numbers.recipients == 0:
        reason = "no_recipients"
    state = "cancelled" if run.state == "cancelled" else "sent" if reached else "failed"
    end_run(connection, id, state=state, reason=reason, now=now)
    publish_progress(connection, database, id, now)
    if reached and run.kind != "test":
        begin_results(connection, database, run, now)
    if run.kind == "test":
        counts = {f"test.{state}": getattr(numbers, state) for state in ("accepted", "refused", "unknown")}
        add_tallies(connection, now, counts)


def cancel_rest(connection: Connection, database: Database, id: str, now: datetime) -> bool:
    """Those who still wait for a paused run never get it; whether it was paused.

    What was tried without a clear answer is `unknown`. Calls still under way are awaited: the worker closes
    the run with what came of them.
    """
    if not cancel_run(connection, id):
        return False
    give_up_waiting(connection, id, now, untouched="cancelled")
    if count_open(connection, id) == 0:
        close_run(connection, database, id, now)
    else:
        publish_progress(connection, database, id, now)
    return True


def publish_progress(connection: Connection, database: Database, id: str, now: datetime) -> None:
    """Show the run on its record: `test_run` for a test, else `delivery`."""
    run = find_run(connection, id, lock=True)
    assert run is not None
    mark_reported(connection, id, now)
    numbers = sum_ledger(connection, id)
    if run.kind == "test":
        publish_test_run(
            connection,
            database.cipher,
            id,
            numbers,
            finished=run.finished_at is not None,
            reason=run.reason or _reason_to_wait(connection, run),
            now=now,
        )
        return
    found = find_delivery(connection, database.cipher, run.delivery)
    if found is None:
        return
    _, delivery = found
    facts = {
        "state": run.state,
        "reason": run.reason,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "numbers": numbers if run.state != "queued" else DeliveryNumbers(),
    }
    changed = delivery.model_copy(update=facts)
    if changed != delivery:
        put_delivery(connection, database.cipher, changed, now)


def _reason_to_wait(connection: Connection, run: Run) -> str:
    """Why a run under way is not further; empty when nothing is in its way."""
    is_waiting = run.state == "sending" and waits_for_line(connection, run.id)
    return "line_unreachable" if is_waiting else ""
