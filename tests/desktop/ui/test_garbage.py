"""A window is only ever ended on the screen's thread, whichever thread makes garbage. OPS-4."""

from __future__ import annotations

import gc
import threading
import weakref

from PySide6.QtWidgets import QApplication, QWidget

from desktop.ui.garbage import collect_what_is_due, collecting_on_this_thread


class Knot(QWidget):
    """A widget only the collector can free, because it holds itself."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self


def test_garbage_made_in_another_thread_is_collected_on_this_one(qapp: QApplication) -> None:
    ended_in: list[int] = []
    with collecting_on_this_thread():
        knot = Knot()
        weakref.finalize(knot, lambda: ended_in.append(threading.get_ident()))
        del knot
        kept: list[list[None]] = []

        def allocate() -> None:
            kept.extend([] for _ in range(200_000))  # far over every threshold

        worker = threading.Thread(target=allocate)
        worker.start()
        worker.join()
        assert ended_in == []
        collect_what_is_due()
    assert ended_in == [threading.get_ident()]
    assert gc.isenabled()
