"""The first set-up (「はじめての設定」) as steps that are told from what the relay already has.

So a set-up that was broken off goes on where it stopped, on any administrator's machine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from desktop.features.asking import Act
from desktop.keys.keyring import KeyRing
from desktop.replica.replica import Replica
from protocol.certificates import Trust
from protocol.changes import TownSave
from protocol.signin import LineChannelAnswer, LineChannelSave
from protocol.staff import Department
from protocol.sync import TownSettings

Step = Literal["town", "keys", "departments", "line"]
STEPS: tuple[Step, ...] = ("town", "keys", "departments", "line")


@dataclass(frozen=True)
class SetupState:
    """What is done. `known` is False before the first round: then nothing can be said."""

    known: bool
    done: frozenset[Step]
    town_name: str = ""
    telephone: str = ""
    account_name: str = ""
    departments: tuple[Department, ...] = ()

    @property
    def next_step(self) -> Step | None:
        return next((step for step in STEPS if step not in self.done), None)

    @property
    def finished(self) -> bool:
        return self.next_step is None


class Setup:
    def __init__(self, replica: Replica, act: Act, ring: Callable[[], KeyRing]) -> None:
        self._replica, self._act, self._ring = replica, act, ring

    def state(self) -> SetupState:
        records = self._replica.records
        settings = records.one("settings", "town", TownSettings)
        if settings is None:
            return SetupState(known=False, done=frozenset())
        town, trust = settings.body, records.one("trust", "town", Trust)
        departments = tuple(each for each in records.all("department", Department) if not each.removed)
        done: set[Step] = set()
        if town.town_name and town.telephone:
            done.add("town")
        if trust is not None and trust.body.practised_at is not None:
            done.add("keys")
        if departments:
            done.add("departments")
        if town.line_configured:
            done.add("line")
        return SetupState(
            known=True,
            done=frozenset(done),
            town_name=town.town_name,
            telephone=town.telephone,
            account_name=town.account_name,
            departments=departments,
        )

    def save_town(self, name: str, telephone: str) -> None:
        self._replica.outbox.put(
            "town.save",
            TownSave(town_name=name.strip(), telephone=telephone.strip()),
            based_on=self._replica.records.version("settings", "town"),
        )

    def save_line_channel(self, channel: LineChannelSave) -> LineChannelAnswer:
        """Store what is filled in and test the connection with LINE. Raises a `Trouble`.

        An empty `LineChannelSave` only tests what is there.
        """
        return self._act("line-channel", channel, LineChannelAnswer)
