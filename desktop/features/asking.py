"""Questions and actions only the relay can settle, as features see them: callables handed in by `app`."""

from __future__ import annotations

from typing import Protocol, TypeVar

from protocol.wire import Wire

W = TypeVar("W", bound=Wire)


class Ask(Protocol):
    """Ask the relay `question` (the part of the route after `/staff/ask/`); blocks; raises a `Trouble`."""

    def __call__(self, question: str, body: Wire | None, answer: type[W], /) -> W: ...


class Act(Protocol):
    """Post to `/staff/<name>`, for what must be settled at once and cannot wait in the outbox; blocks;
    raises a `Trouble`.
    """

    def __call__(self, name: str, body: Wire | None, answer: type[W], /) -> W: ...
