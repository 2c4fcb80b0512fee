"""The clock of desktop tests: it goes on, but it is always morning in Japan in the week of the sample town's
story, so that no test depends on the hour it is run at (quiet hours, months, school years).
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

_MORNING = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)
_BEGUN = time.monotonic()


def morning() -> datetime:
    return _MORNING + timedelta(seconds=time.monotonic() - _BEGUN)
