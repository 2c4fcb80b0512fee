"""The three stories of delivery in one town: last year's message again, a storm, the waste over a holiday.

Windows, relay, sandbox and phones are the real ones; relay, sandbox and windows share a clock that is moved.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from desktop.ui.driver import Driver
from protocol.holidays import holiday_name
from protocol.moments import japan_day
from protocol.schedules import Holidays
from protocol.waste import WasteCalendar
from protocol.waste_days import Collection, collections, on_day
from tests.stories.delivery_cast import Cast
from tests.stories.festival_story import FestivalStory
from tests.stories.narrator import Narrator
from tests.stories.phone import Phones
from tests.stories.sample_town import load_sample_town
from tests.stories.sample_waste import load_calendar
from tests.stories.storm_story import StormStory
from tests.stories.story_clock import StoryClock
from tests.stories.town_hall import town_hall
from tests.stories.town_windows import MEMORY_KIB, Windows
from tests.stories.waste_story import WasteStory

STORIES_TAKE = 3
"""Days on the clock until the story of the waste begins."""
AHEAD = timedelta(days=200)
"""Between May and July no Monday is a holiday for ten weeks; the longest way to the next one."""


def shifted_collection(calendar: WasteCalendar, districts: list[str], today: date) -> tuple[str, Collection]:
    """The next collection that a national holiday moves to a later day, where the holiday itself is free."""
    nobody, begin = Holidays(), today + timedelta(days=STORIES_TAKE)
    by_rules = calendar.model_copy(update={"exceptions": ()})
    found = [
        (each, district)
        for district in districts
        for each in collections(by_rules, district, begin, begin + AHEAD, nobody)
        if each.moved_from is not None
        and begin <= each.moved_from < each.day
        and holiday_name(each.moved_from, nobody)
        and not on_day(calendar, district, each.moved_from, nobody)
        and each in on_day(calendar, district, each.day, nobody)
    ]
    first, district = min(found, key=lambda pair: pair[0].day)
    return district, first


@contextmanager
def delivery_town(folder: Path, phones: Phones, narrator: Narrator, residents: int) -> Iterator[Cast]:
    """The sample town with a clock, and the two residents whose phones are looked at."""
    town = load_sample_town()
    clock = StoryClock(folder / "clock")
    item = town.item("district")
    # The first district of an area is the largest.
    areas = {choice.group: choice for choice in reversed(item.choices)}
    calendar = load_calendar(town.items)
    id, shifted = shifted_collection(calendar, [each.id for each in areas.values()], japan_day(clock()))
    district = item.choice(id)
    assert district is not None
    elsewhere = next(each for each in item.choices if each.group != district.group)
    hall = town_hall(folder / "town", residents=residents, least_memory_kib=MEMORY_KIB, clock=clock)
    with narrator.step(f"Sandbox and relay start with the sample town: {residents:,} residents"):
        started = hall.__enter__()
    try:
        windows = Windows(started, folder, narrator)
        cast = Cast(started, clock, town, windows, narrator, phones, district, elsewhere, shifted)
        with narrator.step("Two residents follow and answer in the talk"):
            cast.register()
        yield cast
    finally:
        hall.__exit__(None, None, None)


@dataclass
class DeliveryStory:
    """`play` tells all three. Two people, a window each."""

    cast: Cast

    def play(self) -> None:
        cast = self.cast
        festival, storm, waste = FestivalStory(cast), StormStory(cast), WasteStory(cast)

        async def nothing_yet(desk: Driver) -> None:
            """A town with one person needs no second one's yes: there is nobody to give it."""

        async def at_the_writers(desk: Driver) -> None:
            await festival.play(desk)
            await storm.write(desk)

        async def at_the_approvers(desk: Driver) -> None:
            await storm.approve(desk)
            await waste.play(desk)

        windows, code = cast.windows, cast.hall.administrator_code()
        windows.first_start(cast.approver, cast.hall.code, nothing_yet, display_name=cast.approver.name)
        windows.first_start(cast.writer, code, at_the_writers, display_name=cast.writer.name)
        windows.sign_in(cast.approver, at_the_approvers)
