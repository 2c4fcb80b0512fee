"""Delivery in one town, in one go: SEG-2, SEG-5, SEG-6, SEG-7, SEG-8, SEG-9, SEG-11, SEG-12, OPS-4.

Last year's message goes to parents and its results to Excel; a storm message to three districts is approved,
stopped halfway, resumed and corrected; the waste message shifts over a holiday.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from PIL import Image

from tests.stories.delivery_story import shifted_collection
from tests.stories.sample_town import load_sample_town
from tests.stories.sample_waste import load_calendar


@pytest.mark.timeout(300)
def test_a_town_sends_again_stops_halfway_corrects_and_shifts_the_waste_over_a_holiday(
    tmp_path: Path,
) -> None:
    environment = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "QT_QPA_PLATFORM")
    }
    words = ["tests.stories.demo", "--only", "delivery", "--residents", "300", "--output", str(tmp_path)]
    told = subprocess.run([sys.executable, "-m", *words], env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-4000:]
    story = json.loads((tmp_path / "story.json").read_text("utf-8"))
    pictures = [name for step in story for name in step["pictures"]]
    assert len(pictures) >= 30
    for name in pictures:
        with Image.open(tmp_path / name) as picture:
            # A blank screen has one colour; a screen with words on it has hundreds.
            assert len(set(picture.convert("RGB").resize((200, 200)).get_flattened_data())) > 50, name


@pytest.mark.parametrize("weeks", range(0, 104, 13))
def test_the_story_finds_its_holiday_in_any_season(weeks: int) -> None:
    town = load_sample_town()
    today = date(2026, 11, 21) + timedelta(weeks=weeks)
    districts = [choice.id for choice in town.item("district").choices[::10]]
    district, found = shifted_collection(load_calendar(town.items), districts, today)
    assert district in districts
    assert found.moved_from is not None and today < found.moved_from < found.day
