"""What this desktop has seen of the relay's audit log: the newest head, and whether something was wrong."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Literal

from desktop.replica.database import Store
from desktop.replica.memory import Memory
from protocol.audit import TreeHead
from protocol.merkle import EMPTY_ROOT
from protocol.wire import Wire

NOTHING = TreeHead(size=0, root=EMPTY_ROOT.hex())
Fault = Literal["rewritten", "went_back", "withheld"]
_HEAD, _ALARM, _PAST = "log.head", "log.alarm", "log.alarm.past"
_REJECTED = 20
_WRITING = threading.Lock()


class LogAlarm(Wire):
    """What was seen. `rewritten`: the log now does not hold what it held before. `went_back`: it is shorter.
    `withheld`: the relay no longer shows it. `known` was seen first, `shown` last. `rejected`: heads that did
    not fit, kept for whoever looks into it.
    """

    kind: Fault
    noticed_at: datetime
    known: TreeHead
    shown: TreeHead
    rejected: tuple[TreeHead, ...] = ()


class LogHeads:
    """Two lanes write here side by side."""

    def __init__(self, store: Store) -> None:
        self._memory = Memory(store)
        self._writing = _WRITING

    def known(self) -> TreeHead:
        """The newest head that was checked; that of an empty log before the first."""
        return self._memory.get(_HEAD, TreeHead) or NOTHING

    def alarm(self) -> LogAlarm | None:
        return self._memory.get(_ALARM, LogAlarm)

    def grew(self, head: TreeHead) -> None:
        """A newer head that was proved to have grown out of an older one; an alarm stays all the same."""
        with self._writing:
            if head.size <= self.known().size:
                return
            self._memory.put(_HEAD, head)
            alarm = self.alarm()
            if alarm is not None:
                self._memory.put(_ALARM, alarm.model_copy(update={"shown": head}))

    def raise_alarm(self, fault: Fault, known: TreeHead, shown: TreeHead, now: datetime) -> bool:
        """True when it is new. The first fault and its moment are kept."""
        with self._writing:
            before = self.alarm()
            alarm = LogAlarm(kind=fault, noticed_at=now, known=known, shown=shown, rejected=(shown,))
            if before is not None:
                heads = (*before.rejected, *(() if shown in before.rejected else (shown,)))
                alarm = before.model_copy(update={"shown": shown, "rejected": heads[-_REJECTED:]})
            if alarm != before:
                self._memory.put(_ALARM, alarm)
            return before is None

    def acknowledge(self) -> None:
        """Somebody has looked into it: go on from the log as it was shown last.

        While it shows none the known head stays: a log that is hidden and comes back must have grown out of
        it. The alarm itself is kept as a record of what was seen.
        """
        with self._writing:
            alarm = self.alarm()
            if alarm is not None:
                if alarm.shown.size > 0:
                    self._memory.put(_HEAD, alarm.shown)
                self._memory.put(_PAST, alarm)
                self._memory.forget(_ALARM)

    def acknowledged(self) -> LogAlarm | None:
        """The alarm somebody looked into last, with the heads that did not fit."""
        return self._memory.get(_PAST, LogAlarm)
