"""A town and a question to it, in one go: ADM-1, ADM-2, ADM-5, SEC-2, SEC-3, SEC-8, FORM-9.

Set up, departments, people in and out, lost passphrases; then a letter with a photo comes, is read by its
department alone, and the answer opens on the phone it came from.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image


@pytest.mark.timeout(400)
def test_a_town_is_set_up_people_come_and_go_and_a_residents_question_is_answered(tmp_path: Path) -> None:
    environment = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "QT_QPA_PLATFORM")
    }
    words = ["tests.stories.demo", "--only", "town", "contact", "--output", str(tmp_path)]
    told = subprocess.run([sys.executable, "-m", *words], env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-4000:]
    story = json.loads((tmp_path / "story.json").read_text("utf-8"))
    pictures = [name for step in story for name in step["pictures"]]
    assert len(pictures) >= 65
    for name in pictures:
        with Image.open(tmp_path / name) as picture:
            # A blank screen has one colour; a screen with words on it has hundreds.
            assert len(set(picture.convert("RGB").resize((200, 200)).get_flattened_data())) > 50, name
