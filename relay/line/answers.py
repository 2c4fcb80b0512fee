"""What came back from LINE for one sending call."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class LineAnswer:
    """`status` None: nothing came back, so it may have been accepted. `retry_after` in seconds."""

    status: int | None
    message: str = ""
    request_id: str = ""
    retry_after: float | None = None
