"""Python's garbage collector, kept on the screen's thread.

It runs in whichever thread happens to allocate. A window it ends outside the screen's thread crashes Qt, now
and then and without a word, so automatic collection is off while the program lives and a timer does it here.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QTimer

_EVERY_MS = 500


@contextmanager
def collecting_on_this_thread() -> Iterator[None]:
    """Needs a QApplication. At the end everything is collected here, and the collector is as it was."""
    was_enabled = gc.isenabled()
    gc.disable()
    timer = QTimer()
    timer.timeout.connect(collect_what_is_due)
    timer.start(_EVERY_MS)
    try:
        yield
    finally:
        timer.stop()
        gc.collect()
        if was_enabled:
            gc.enable()


def collect_what_is_due() -> None:
    """What the collector would have done by itself: the oldest generation that has filled up."""
    counts, limits = gc.get_count(), gc.get_threshold()
    for generation in (2, 1, 0):
        if counts[generation] > limits[generation]:
            gc.collect(generation)
            return
