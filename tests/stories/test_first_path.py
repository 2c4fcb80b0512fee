"""The whole story in one go: SEG-2, SEG-3, SEG-4, SEG-5, SEG-6, SEG-7, SEG-10, OPS-4.

Sandbox and relay as processes, the real window on a virtual screen, phones in Chromium. What the demo shows.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image


@pytest.mark.timeout(300)
def test_a_resident_registers_staff_send_to_a_segment_and_the_phone_shows_it(tmp_path: Path) -> None:
    environment = {
        key: value for key, value in os.environ.items() if key not in ("DISPLAY", "QT_QPA_PLATFORM")
    }
    words = ["tests.stories.demo", "--only", "first-path", "--residents", "300", "--output", str(tmp_path)]
    told = subprocess.run([sys.executable, "-m", *words], env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-4000:]
    story = json.loads((tmp_path / "story.json").read_text("utf-8"))
    pictures = [name for step in story for name in step["pictures"]]
    assert len(pictures) >= 15
    for name in pictures:
        with Image.open(tmp_path / name) as picture:
            # A blank screen has one colour; a screen with words on it has hundreds.
            assert len(set(picture.convert("RGB").resize((200, 200)).get_flattened_data())) > 50, name
