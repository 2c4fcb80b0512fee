"""What became of a test delivery, in words a person can act on. Requirement: SEG-10.

Nothing is called a success before LINE took it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from desktop.features.wording import words_of_reason
from protocol.sync import TestRun

Tone = Literal["info", "warning", "error", "success"]


@dataclass(frozen=True)
class TestOutcome:
    """What is known of one test. `run`: what the relay said; `refused`: why it did not take the change;
    `is_waiting`: the relay has not settled the change yet. None of them: nobody knows any more.
    """

    __test__ = False  # not a test, whatever a collector thinks of its name

    run: TestRun | None = None
    is_waiting: bool = False
    refused: str = ""

    @property
    def is_final(self) -> bool:
        """Whether nothing more will be known."""
        if self.run is not None:
            return self.run.finished
        return not self.is_waiting

    @property
    def tone(self) -> Tone:
        if self.run is not None:
            return _tone_of(self.run)
        if self.is_waiting:
            return "info"
        return "error" if self.refused else "warning"

    @property
    def words(self) -> str:
        if self.run is not None:
            return _result(self.run) if self.run.finished else _progress(self.run)
        if self.is_waiting:
            return "送っています…　中継サーバにつながりしだい送ります。"
        if self.refused:
            return f"テスト配信は受け付けられませんでした。{words_of_reason(self.refused).both}"
        return "テスト配信の結果が分かりません。スマートフォンに届いたかどうかをお確かめください。"


def _tone_of(run: TestRun) -> Tone:
    if not run.finished:
        return "warning" if run.reason else "info"
    if run.accepted == run.recipients:
        return "success"
    return "error" if run.refused else "warning"


def _progress(run: TestRun) -> str:
    if not run.reason:
        return "送っています…"
    return f"まだ送れていません。{_why(run.reason)}"


def _result(run: TestRun) -> str:
    if run.accepted == run.recipients:
        return f"{run.accepted}人に送りました。スマートフォンで確かめてください。"
    said = [f"{run.accepted}人に送りました。"] if run.accepted else []
    if run.refused:
        said.append(f"{run.refused}人には送れませんでした。{_why(run.reason)}")
    if run.unknown:
        said.append(
            f"{run.unknown}人に届いたかどうかは分かりません。LINEから答えが来ませんでした。"
            "スマートフォンでお確かめください。"
        )
    return "".join(said)


def _why(reason: str) -> str:
    words = words_of_reason(reason)
    if reason == "line_unreachable":
        return f"{words.what}つながると自動で送ります。"
    if reason == "over_quota":  # nobody chose too many people here
        return f"{words.what}LINEの料金プランをご確認ください。"
    return words.both
