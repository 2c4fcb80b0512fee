"""`run.py bench [NAME …] [--json] [--repeats N] [--seconds N]`: figures, side by side in one run."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from importlib import import_module

from tests.bench.harness import Goal, Medians, run_interleaved

BENCHES = ("ingest", "segments", "send", "start", "sync")


@dataclass(frozen=True)
class Options:
    """`seconds` is how long each load lasts where a load lasts."""

    seconds: int


def main() -> int:
    parser = argparse.ArgumentParser(prog="run.py bench", description=__doc__)
    parser.add_argument("names", nargs="*", choices=BENCHES, default=())
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    chosen = parser.parse_args()
    report = {}
    for name in chosen.names or BENCHES:
        bench = import_module(f"tests.bench.{name}")
        medians = run_interleaved(name, bench.contenders(Options(chosen.seconds)), chosen.repeats)
        goals = bench.goals(medians)
        report[name] = {
            "medians": medians,
            "goals": [{"text": g.text, "value": g.value, "bound": g.bound, "met": g.met} for g in goals],
        }
        if not chosen.json:
            print_table(name, medians, goals)
    if chosen.json:
        print(json.dumps(report, indent=1, ensure_ascii=False))
    return 0


def print_table(name: str, medians: Medians, goals: list[Goal]) -> None:
    print(f"\n== {name}")
    for contender, figures in medians.items():
        shown = "  ".join(f"{key} {value:,.4g}" for key, value in figures.items())
        print(f"  {contender:<44} {shown}")
    for goal in goals:
        sign = ">=" if goal.at_least else "<="
        print(
            f"  [{'met' if goal.met else 'MISSED'}] {goal.text}: {goal.value:,.4g} ({sign} {goal.bound:,.4g})"
        )


if __name__ == "__main__":
    sys.exit(main())
