"""How every bench runs: contenders interleaved in shuffled order, medians of one run, raw lines kept.

A bench module has `contenders(options)` and `goals(medians)`; nothing here knows what is measured.
"""

from __future__ import annotations

import json
import random
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

OUTPUT = Path(__file__).resolve().parents[2] / "bench-output"

Figures = dict[str, float]
Medians = dict[str, Figures]


@dataclass(frozen=True)
class Contender:
    """Something to be measured. `role` is ours, peer or limit."""

    name: str
    role: str
    measure: Callable[[], Figures]


@dataclass(frozen=True)
class Goal:
    """A goal of the figures page: `value` must reach `bound` (`at_least`) or stay under it."""

    text: str
    value: float
    bound: float
    at_least: bool = True

    @property
    def met(self) -> bool:
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def run_interleaved(name: str, contenders: list[Contender], repeats: int) -> Medians:
    """Measure each contender `repeats` times; returns the median of every figure."""
    OUTPUT.mkdir(exist_ok=True)
    order = [contender for contender in contenders for _ in range(repeats)]
    random.shuffle(order)
    seen: dict[str, list[Figures]] = {contender.name: [] for contender in contenders}
    with (OUTPUT / f"{name}.jsonl").open("w") as raw:
        for contender in order:
            figures = contender.measure()
            seen[contender.name].append(figures)
            raw.write(json.dumps({"name": contender.name, "role": contender.role, **figures}) + "\n")
            raw.flush()
    return {
        name: {key: statistics.median(line[key] for line in lines) for key in lines[0]}
        for name, lines in seen.items()
    }
