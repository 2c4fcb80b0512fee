"""No second ever holds more calls than LINE allows, stalls included; the average is kept. SEG-7."""

from __future__ import annotations

import asyncio

import pytest

from relay.jobs import pace as pace_module
from relay.jobs.pace import Pace


class Machine:
    """Time of a machine that stalls: a sleep may end much too late."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, stalls: dict[int, float]) -> None:
        self.now = 100.0
        self._stalls = stalls
        self._sleeps = 0
        monkeypatch.setattr(pace_module.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(pace_module.asyncio, "sleep", self._sleep)

    async def _sleep(self, seconds: float) -> None:
        self._sleeps += 1
        self.now += seconds + 0.0002 + self._stalls.get(self._sleeps, 0.0)

    def stamps(self, pace: Pace, calls: int) -> list[float]:
        async def call() -> list[float]:
            found = []
            for _ in range(calls):
                await pace.wait()
                found.append(self.now)
            return found

        return asyncio.run(call())


def most_in_a_second(stamps: list[float]) -> int:
    return max(sum(stamp - 1.0 < other <= stamp for other in stamps) for stamp in stamps)


@pytest.mark.parametrize(
    "stalls",
    [{}, {100: 0.08}, {n: 0.05 for n in range(50, 1000, 100)}, {300: 2.0}, {10: 0.5, 11: 0.5}],
    ids=["none", "one", "many", "long", "twice"],
)
def test_no_second_holds_more_than_200_calls(
    monkeypatch: pytest.MonkeyPatch, stalls: dict[int, float]
) -> None:
    stamps = Machine(monkeypatch, stalls).stamps(Pace(195), 1500)
    assert most_in_a_second(stamps) <= 199


def test_the_pace_is_kept_to_96_percent_of_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    stamps = Machine(monkeypatch, {n: 0.01 for n in range(20, 2000, 40)}).stamps(Pace(195), 2000)
    assert stamps[-1] - stamps[0] <= 10.0 / 0.96


def test_holding_stops_every_call_for_that_long(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(monkeypatch, {})
    pace = Pace(195)
    machine.stamps(pace, 3)
    began = machine.now
    pace.hold(1.1)
    assert machine.stamps(pace, 1)[0] >= began + 1.1
