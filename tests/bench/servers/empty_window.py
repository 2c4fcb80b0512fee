"""The peer of `start`: a PySide6 window with nothing in it. Says so once it has been painted."""

import sys

from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget


class Window(QWidget):
    def paintEvent(self, event: QPaintEvent) -> None:
        QTimer.singleShot(0, lambda: print("ready", flush=True))


app = QApplication(sys.argv)
window = Window()
window.resize(1200, 800)
window.show()
app.exec()
