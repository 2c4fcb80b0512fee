"""How LINE says no. Knows nothing of routes or state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a request body, in LINE's words, and where."""

    message: str
    path: str

    def as_json(self) -> dict[str, str]:
        return {"message": self.message, "property": self.path}


class LineRefusal(Exception):
    """An answer other than success, in the shape LINE gives it."""

    def __init__(
        self,
        status: int,
        message: str,
        findings: list[Finding] | None = None,
        *,
        headers: dict[str, str] | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message
        self.findings = findings or []
        self.headers = headers or {}
        self.extra = extra or {}

    def body(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message}
        if self.findings:
            body["details"] = [finding.as_json() for finding in self.findings]
        body.update(self.extra)
        return body


class LoginRefusal(LineRefusal):
    """LINE Login answers in OAuth's shape."""

    def __init__(self, description: str, *, status: int = 400, error: str = "invalid_request") -> None:
        super().__init__(status, description)
        self.error = error

    def body(self) -> dict[str, Any]:
        return {"error": self.error, "error_description": self.message}


def bad_body(findings: list[Finding]) -> LineRefusal:
    return LineRefusal(400, f"The request body has {len(findings)} error(s)", findings)


def not_found() -> LineRefusal:
    return LineRefusal(404, "Not found")
