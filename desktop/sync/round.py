"""One sync round: the outbox up, results and records down. See `docs/architecture.md`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from desktop.replica.outbox import Sign
from desktop.replica.replica import Replica
from desktop.sync.apply import apply_response
from desktop.sync.chunks import ColdStart
from desktop.sync.compaction import Compaction
from desktop.sync.files import upload_waiting
from desktop.sync.history import check_growth, known_head
from desktop.sync.opening import Opening
from desktop.sync.session import Session
from protocol import PROTOCOL_VERSION
from protocol.sync import CHANGES_LIMIT, SyncRequest, SyncResponse


@dataclass(frozen=True)
class RoundOutcome:
    """`changed` counts what screens should draw anew; `clock_off` is how wrong this machine's clock is,
    None where the relay told no time.

    `received` counts records taken, `left` those that follow, as far as the relay can tell. `unsent`: the
    outbox holds changes that can go now.
    """

    changed: int = 0
    more: bool = False
    clock_off: timedelta | None = None
    received: int = 0
    left: int = 0
    unsent: bool = False


@dataclass(frozen=True)
class Rounds:
    """What a round needs. `listen` and `deliver` may run side by side, each on a thread of its own."""

    replica: Replica
    session: Session
    sign: Sign
    clock: Callable[[], datetime]
    opening: Opening
    cold_start: ColdStart
    compaction: Compaction

    def run_all(self) -> int:
        """Rounds until nothing is left to send or take; returns how many things changed."""
        changed = 0
        while True:
            outcome = self.deliver()
            changed += outcome.changed
            if not outcome.more and not outcome.unsent:
                return changed

    def deliver(self) -> RoundOutcome:
        """Send pictures and changes, take the news, do not wait."""
        upload_waiting(self.session, self.replica.files)
        changes = tuple(self.replica.outbox.take(CHANGES_LIMIT, self.sign))
        if self.cold_start.left and not changes:
            return self._load_chunks()
        outcome = self._round(SyncRequest(
            protocol=PROTOCOL_VERSION, changes=changes, cursor=self.replica.records.cursor()
        ))  # fmt: skip
        followers = bool(changes) and self.replica.outbox.count_waiting() > 0
        return replace(outcome, unsent=followers)

    def listen(self, wait_seconds: int) -> RoundOutcome:
        """Take the news; where there is none, let the relay answer only when there is some.

        A desktop that is far behind reads chunks first; one that has nothing to do makes some.
        """
        if self.cold_start.left:
            return self._load_chunks()
        if not self.cold_start.is_behind and self.compaction.step():
            return RoundOutcome(more=True)
        wait_seconds = 0 if self.opening.is_opening else wait_seconds
        return self._round(SyncRequest(
            protocol=PROTOCOL_VERSION, cursor=self.replica.records.cursor(), wait_seconds=wait_seconds
        ))  # fmt: skip

    def _round(self, request: SyncRequest) -> RoundOutcome:
        head = known_head(self.replica)
        request = request.model_copy(update={"log_size": head.size})
        response = self.session.ask("/staff/sync", request, SyncResponse, wait_seconds=request.wait_seconds)
        changed = apply_response(self.replica, response, self.opening)
        changed += check_growth(self.replica, head, response, self.clock())
        if response.more:
            self.cold_start.look()
        else:
            self.cold_start.rest()
        return RoundOutcome(
            changed,
            response.more or self.opening.is_opening,
            self.clock() - response.relay_time,
            received=len(response.records),
            left=response.left,
        )

    def _load_chunks(self) -> RoundOutcome:
        before = self.cold_start.left
        changed = self.cold_start.load()
        left = self.cold_start.left
        return RoundOutcome(changed, more=True, received=max(0, before - left), left=left)
