"""Answers half written: kept in the encrypted local file, so that no lock and no power cut costs words."""

from __future__ import annotations

from dataclasses import dataclass

from desktop.replica.memory import Memory
from protocol.submissions import SubmissionState
from protocol.wire import Wire


class HalfWritten(Wire):
    """What stands in the fields and was not saved; `version` of the submission it was begun from."""

    version: int
    state: SubmissionState
    note: str = ""
    reply: str = ""


@dataclass(frozen=True)
class HalfWrittenAnswers:
    """One per submission, on this machine only."""

    memory: Memory

    def keep(self, submission: str, written: HalfWritten) -> None:
        self.memory.put(_name(submission), written)

    def get(self, submission: str) -> HalfWritten | None:
        return self.memory.get(_name(submission), HalfWritten)

    def forget(self, submission: str) -> None:
        self.memory.forget(_name(submission))


def _name(submission: str) -> str:
    return f"half_written.{submission}"
