"""One sync round: the outbox up, results and records down. See `docs/architecture.md`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from desktop.replica.outbox import Sign
from desktop.replica.replica import Replica
from desktop.sync.apply import apply_response
from desktop.sync.files import upload_waiting
from desktop.sync.history import check_growth, known_head
from desktop.sync.opening import Opening
from desktop.sync.session import Session
from protocol import PROTOCOL_VERSION
from protocol.sync import CHANGES_LIMIT, SyncRequest, SyncResponse


@dataclass(frozen=True)
class RoundOutcome:
    """`changed` counts what screens should draw anew; `clock_off` is how wrong this machine's clock is."""

    changed: int = 0
    more: bool = False
    clock_off: timedelta = timedelta()


@dataclass(frozen=True)
class Rounds:
    """What a round needs. `listen` and `deliver` may run side by side, each on a thread of its own."""

    replica: Replica
    session: Session
    sign: Sign
    clock: Callable[[], datetime]
    opening: Opening

    def run_all(self) -> int:
        """Rounds until nothing is left to send or take; returns how many things changed."""
        changed = 0
        while True:
            outcome = self.deliver()
            changed += outcome.changed
            if not outcome.more:
                return changed

    def deliver(self) -> RoundOutcome:
        """Send pictures and changes, take the news, do not wait."""
        upload_waiting(self.session, self.replica.files)
        changes = tuple(self.replica.outbox.take(CHANGES_LIMIT, self.sign))
        outcome = self._round(SyncRequest(
            protocol=PROTOCOL_VERSION, changes=changes, cursor=self.replica.records.cursor()
        ))  # fmt: skip
        followers = bool(changes) and self.replica.outbox.count_waiting() > 0
        return RoundOutcome(outcome.changed, outcome.more or followers, outcome.clock_off)

    def listen(self, wait_seconds: int) -> RoundOutcome:
        """Take the news; where there is none, let the relay answer only when there is some."""
        return self._round(SyncRequest(
            protocol=PROTOCOL_VERSION, cursor=self.replica.records.cursor(), wait_seconds=wait_seconds
        ))  # fmt: skip

    def _round(self, request: SyncRequest) -> RoundOutcome:
        head = known_head(self.replica)
        request = request.model_copy(update={"log_size": head.size})
        response = self.session.ask("/staff/sync", request, SyncResponse, wait_seconds=request.wait_seconds)
        changed = apply_response(self.replica, response, self.opening)
        changed += check_growth(self.replica, head, response, self.clock())
        return RoundOutcome(changed, response.more, self.clock() - response.relay_time)
