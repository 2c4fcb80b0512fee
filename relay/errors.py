"""Trouble a person can act on. Everything else that is raised is a bug of ours and ends in a 500."""

from __future__ import annotations


class Refused(Exception):
    """A request or change that is not carried out; `reason` is a code of `protocol.problems.REASONS`."""

    def __init__(self, reason: str, *, status: int = 409, retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status
        self.retry_after = retry_after


class WrongKey(Exception):
    """The key file does not open this database, or a stored value was altered."""


class StoreUnavailable(Exception):
    """The database cannot be reached or written: locked, full, gone. `reason` says which in a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Deadlocked(StoreUnavailable):
    """PostgreSQL made this transaction give way to another: nothing of it is done; it can be tried again."""

    def __init__(self) -> None:
        super().__init__("busy")


class LineError(Exception):
    """LINE refused or did not answer. `permanent`: the same request can never succeed.

    `reason`: `line_unreachable` (no answer or 5xx, maybe accepted all the same), `throttled` (429, too fast),
    `over_quota` (429, monthly limit), `line_not_configured` (401, token), `line_refused` (every other 4xx).
    """

    def __init__(
        self, *, status: int | None, permanent: bool, request_id: str = "", reason: str = "line_refused"
    ) -> None:
        super().__init__(f"LINE answered {status}" if status else "LINE did not answer")
        self.status = status
        self.permanent = permanent
        self.request_id = request_id
        self.reason = reason
