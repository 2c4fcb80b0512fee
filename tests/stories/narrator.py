"""Tells a story: what happened, how long each step took, and a numbered screenshot where one was taken."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Step:
    """One sentence of the story."""

    what: str
    seconds: float
    pictures: tuple[str, ...]


class Narrator:
    """Prints as it goes; `finish` leaves the steps as JSON for the test of the story."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps: list[Step] = []
        self._pictures: list[str] = []
        self._number = 0
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("[0-9][0-9]*-*.png"):
            old.unlink()

    @contextmanager
    def step(self, what: str) -> Iterator[None]:
        started = time.monotonic()
        self._pictures = []
        yield
        step = Step(what, round(time.monotonic() - started, 2), tuple(self._pictures))
        self.steps.append(step)
        pictures = f"   [{', '.join(step.pictures)}]" if step.pictures else ""
        print(f"{step.seconds:7.2f} s  {what}{pictures}", flush=True)

    def new_picture(self, name: str) -> Path:
        """The file for the next screenshot."""
        self._number += 1
        file = self.folder / f"{self._number:02d}-{name}.png"
        self._pictures.append(file.name)
        return file

    def finish(self) -> None:
        total = sum(step.seconds for step in self.steps)
        (self.folder / "story.json").write_text(
            json.dumps([asdict(step) for step in self.steps], ensure_ascii=False, indent=1), "utf-8"
        )
        print(f"{total:7.2f} s  in all. The screenshots are in {self.folder}", flush=True)
