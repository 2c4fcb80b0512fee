"""A clock that a story moves: relay, sandbox and windows of the story see the same moment.

`python -m tests.stories.story_clock relay` is the relay with this clock; STORY_CLOCK_FILE names its file.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

CLOCK_FILE = "STORY_CLOCK_FILE"


class StoryClock:
    """Goes on as the real one does, so many seconds ahead. Only forwards: certificates begin today."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._sandbox: Callable[[float], object] = lambda seconds: None
        if not file.exists():
            self._write(0.0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.ahead)

    @property
    def ahead(self) -> float:
        """Seconds; read anew each time, because another process moves it."""
        return float(self.file.read_text("ascii"))

    def follow(self, sandbox: Callable[[float], object]) -> None:
        """Tell the sandbox, too, by how many seconds it is ahead."""
        self._sandbox = sandbox

    def move_to(self, moment: datetime) -> None:
        ahead = (moment - datetime.now(UTC)).total_seconds()
        assert ahead >= self.ahead, "a story's clock goes forwards"
        self._sandbox(ahead)
        self._write(ahead)

    def _write(self, ahead: float) -> None:
        begun = self.file.with_suffix(".new")
        begun.write_text(f"{ahead:.3f}", "ascii")
        begun.replace(self.file)  # whoever reads meanwhile sees the old one or the new one, never half


def serve_relay() -> None:
    """The relay of a story. What looks at the clock once a minute looks oftener: the clock jumps."""
    from relay.config import load_settings
    from relay.features import results
    from relay.jobs import duties
    from relay.log import set_up_logging
    from relay.serve import serve

    results.LOOK_EVERY = 0.3
    vars(duties).update(WASTE_EVERY=0.3)
    settings = load_settings(None)
    set_up_logging(settings.log_level)
    serve(settings, clock=StoryClock(Path(os.environ[CLOCK_FILE])))


if __name__ == "__main__":
    assert sys.argv[1:] == ["relay"]
    serve_relay()
