"""Audiences: lists of people that narrowcasts go to. Filled at once, told READY after a while, as at LINE."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

LIVES_FOR = timedelta(days=180)
MOST = 1000
LEAST_PEOPLE = 20


@dataclass
class Job:
    """One upload into an audience."""

    id: int
    description: str
    people: int
    made_at: datetime
    ready_at: datetime
    failed: str = ""

    def status(self, now: datetime) -> str:
        if now < self.ready_at:
            return "WORKING"
        return "FAILED" if self.failed else "FINISHED"


@dataclass
class Audience:
    """`kind`: UPLOAD, CLICK or IMP. `failed` is LINE's code when an upload held something that is no id."""

    id: int
    kind: str
    description: str
    made_at: datetime
    members: set[str] = field(default_factory=set)
    jobs: list[Job] = field(default_factory=list)
    request_id: str = ""
    url: str = ""

    def status(self, now: datetime) -> str:
        if now >= self.made_at + LIVES_FOR:
            return "EXPIRED"
        if any(now < job.ready_at for job in self.jobs):
            return "IN_PROGRESS"
        return "FAILED" if self.failed else "READY"

    @property
    def failed(self) -> str:
        return next((job.failed for job in self.jobs if job.failed), "")

    def as_json(self, now: datetime) -> dict[str, Any]:
        status = self.status(now)
        told = len(self.members)
        if self.kind != "UPLOAD" and told < LEAST_PEOPLE:
            told = 0  # LINE hides small groups of people it chose itself
        shown: dict[str, Any] = {
            "audienceGroupId": self.id,
            "type": self.kind,
            "description": self.description,
            "status": status,
            "audienceCount": told if status == "READY" else 0,
            "created": int(self.made_at.timestamp()),
            "permission": "READ_WRITE",
            "isIfaAudience": False,
            "expireTimestamp": int((self.made_at + LIVES_FOR).timestamp()),
            "createRoute": "MESSAGING_API",
        }
        if status == "FAILED":
            shown["failedType"] = self.failed
        if self.request_id:
            shown["requestId"] = self.request_id
        if self.url:
            shown["clickUrl"] = self.url
        return shown


class Audiences:
    """All audiences of the channel by id."""

    def __init__(self) -> None:
        self.by_id: dict[int, Audience] = {}
        self._next = 1_000_000_000_001
        self._next_job = 1

    def add(self, kind: str, description: str, now: datetime) -> Audience:
        audience = Audience(self._next, kind, description, now)
        self.by_id[audience.id] = audience
        self._next += 1
        return audience

    def fill(
        self,
        audience: Audience,
        people: list[str],
        description: str,
        now: datetime,
        ready_at: datetime,
        failed: str,
    ) -> None:
        """One upload; with `failed` nobody of it is added, as one bad id spoils all."""
        audience.jobs.append(Job(self._next_job, description, len(people), now, ready_at, failed))
        self._next_job += 1
        if not failed:
            audience.members |= set(people)
