"""The bottom bar: connection, what is not sent yet, which environment this is, and who is signed in."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy

from desktop.features.wording import words_for, words_of_trouble
from desktop.sync.loop import Connection, Receiving
from desktop.ui import icons
from desktop.ui.parts.buttons import button
from desktop.ui.parts.labels import badge, label
from desktop.ui.theme import ENVIRONMENT_COLOURS, Theme


class BottomBar(QFrame):
    def __init__(
        self,
        theme: Theme,
        *,
        show_waiting: Callable[[], None],
        pause: Callable[[], None],
        go_on: Callable[[], None],
        person: str,
    ) -> None:
        super().__init__()
        self._theme = theme
        self._connection = Connection("connecting")
        self.setProperty("role", "bar")
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 4, 16, 4)
        row.setSpacing(10)
        self._icon = QLabel()
        self._words = label("", name="bar.connection")
        self._waiting = button("", show_waiting, name="bar.waiting", role="quiet")
        self._message = label("", "muted", name="bar.message")
        self._environment = label("", name="bar.environment")
        self._environment.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._received = label("", "muted", name="bar.receiving")
        self._pause = button("中止する", self._switch, name="bar.pause", role="quiet")
        self._stop, self._go_on, self._is_paused = pause, go_on, False
        for widget in (self._received, self._pause):
            widget.hide()
        for widget in (
            self._icon, self._words, self._received, self._pause, self._waiting, self._message,
        ):  # fmt: skip
            row.addWidget(widget)
        row.addStretch(1)
        self._lock = badge("", "warning")
        self._lock.setObjectName("bar.lock")
        self._lock.hide()
        row.addWidget(self._lock)
        row.addWidget(self._environment)
        self._person = label(person, name="bar.person")
        row.addWidget(self._person)
        theme.changed.connect(self._draw)
        self.show_waiting_count(0)
        self.show_environment("")
        self._draw()

    def show_connection(self, connection: Connection) -> None:
        self._connection = connection
        self._draw()

    def show_person(self, name: str) -> None:
        self._person.setText(name)

    def show_waiting_count(self, count: int) -> None:
        self._waiting.setText(f"未送信 {count} 件")
        self._waiting.setAccessibleName(f"未送信 {count} 件。押すと一覧を開きます")

    def show_environment(self, environment: str) -> None:
        colour = ENVIRONMENT_COLOURS.get(environment, "#666666")
        words = words_for("environment").get(environment, "環境を確認中")
        self._environment.setText(f"{words}環境" if environment else words)
        self._environment.setStyleSheet(
            f"background: {colour}; color: #ffffff; border-radius: 6px; padding: 4px 12px; font-weight: 700;"
        )

    def say(self, words: str) -> None:
        """A short word on what just happened."""
        self._message.setText(words)

    def warn_of_lock(self, seconds: int) -> None:
        """How long until the screen is locked; 0: it will not be."""
        self._lock.setText(f"あと{seconds}秒で画面をロックします")
        self._lock.setVisible(seconds > 0)

    def show_receiving(self, receiving: Receiving | None) -> None:
        """How far a large amount of records is; None: all is here."""
        self._received.setVisible(receiving is not None)
        self._pause.setVisible(receiving is not None)
        if receiving is None:
            self._is_paused = False
            return
        self._is_paused = receiving.paused
        whole = f" / {receiving.done + receiving.left:,}" if receiving.left else " 件"
        doing = "受け取りを止めています" if receiving.paused else "受け取っています"
        self._received.setText(f"{doing} {receiving.done:,}{whole}")
        self._pause.setText("続きを受け取る" if receiving.paused else "中止する")

    def _switch(self) -> None:
        if self._is_paused:
            self._go_on()
        else:
            self._pause.setText("止めています…")
            self._stop()

    def _draw(self) -> None:
        colours, state = self._theme.colours, self._connection.state
        colour = {"online": colours.success, "connecting": colours.muted}.get(state, colours.error)
        icon = "online" if state in ("online", "connecting") else "offline"
        self._icon.setPixmap(icons.pixmap(icon, colour, self._theme.px(20)))
        self._words.setText(words_for("connection")[state])
        trouble = self._connection.trouble
        tip = words_of_trouble(trouble).both if trouble else ""
        self._words.setToolTip(tip)
        self._words.setAccessibleDescription(tip)
