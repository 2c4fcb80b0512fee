"""Undo and redo while writing a delivery: snapshots with the name of what was done. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")
STEPS_KEPT = 200


@dataclass
class Edits(Generic[T]):
    """The present state and the way to it. States are immutable values."""

    present: T
    _past: list[tuple[str, T]] = field(default_factory=list)
    _future: list[tuple[str, T]] = field(default_factory=list)

    def do(self, name: str, state: T) -> bool:
        """Go to a new state; False where nothing changed."""
        if state == self.present:
            return False
        self._past = [*self._past[-STEPS_KEPT + 1 :], (name, self.present)]
        self._future = []
        self.present = state
        return True

    @property
    def undo_name(self) -> str:
        """What undo would take back; empty where there is nothing."""
        return self._past[-1][0] if self._past else ""

    @property
    def redo_name(self) -> str:
        return self._future[-1][0] if self._future else ""

    def undo(self) -> T:
        if self._past:
            name, state = self._past.pop()
            self._future.append((name, self.present))
            self.present = state
        return self.present

    def redo(self) -> T:
        if self._future:
            name, state = self._future.pop()
            self._past.append((name, self.present))
            self.present = state
        return self.present
