"""Questions only the relay can answer, as features see them: a callable handed in by `app`."""

from __future__ import annotations

from typing import Protocol, TypeVar

from protocol.wire import Wire

W = TypeVar("W", bound=Wire)


class Ask(Protocol):
    """Ask the relay `question` (the part of the route after `/staff/ask/`); blocks; raises a `Trouble`."""

    def __call__(self, question: str, body: Wire | None, answer: type[W], /) -> W: ...
