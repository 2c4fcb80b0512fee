"""Trouble on demand: each fault is used a given number of times, then gone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

_KNOWN = {
    "endpoint": str,
    "times": int,
    "status": int,
    "body": dict,
    "headers": dict,
    "delay_ms": int,
    "drop_answer": bool,
    "drop_request": bool,
    "after_accepting": bool,
    "duplicate_webhook": int,
    "unknown_event": bool,
    "unknown_message": bool,
    "extra_properties": bool,
}
_ON_WEBHOOKS = ("duplicate_webhook", "unknown_event", "unknown_message", "extra_properties")


class BadFault(ValueError):
    """The description of a fault holds something unknown."""


@dataclass(slots=True)
class Fault:
    """``times`` None means until the faults are deleted."""

    endpoint: str
    times: int | None
    what: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"endpoint": self.endpoint, "times": self.times, **self.what}


class Faults:
    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def add(self, described: dict[str, Any]) -> Fault:
        for name, value in described.items():
            kind = _KNOWN.get(name)
            if kind is None:
                raise BadFault(f"unknown fault property: {name}")
            if name == "times" and value is None:
                continue
            if name == "duplicate_webhook" and value is True:
                continue
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise BadFault(f"{name} must be of type {kind.__name__}")
        what = {name: value for name, value in described.items() if name not in ("endpoint", "times")}
        if not what:
            raise BadFault("a fault must say what goes wrong")
        on_webhook = any(name in what for name in _ON_WEBHOOKS)
        endpoint = described.get("endpoint", "webhook" if on_webhook else "*")
        fault = Fault(endpoint, described.get("times", 1), what)
        self.waiting.append(fault)
        return fault

    def take(self, endpoint: str) -> dict[str, Any] | None:
        """The next fault for this endpoint, used up by one; '*' fits every API endpoint."""
        for fault in self.waiting:
            fits = fault.endpoint == endpoint or (fault.endpoint == "*" and endpoint != "webhook")
            if not fits:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
            return fault.what
        return None

    def clear(self) -> None:
        self.waiting.clear()
