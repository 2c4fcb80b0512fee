"""A second person is needed; and, for who may, the way without one: red, calm, with a reason that is kept."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout

from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import row_of
from desktop.ui.parts.fields import CommitLine, Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk


class SecondPersonCard(QFrame):
    """`bypass(reason)` when the person goes without. Object names: `<name>.open`, `.reason`, `.go`."""

    changed = Signal()
    bypass = Signal(str)

    def __init__(self, desk: Desk, *, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setProperty("role", "card")
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(10)
        column.addWidget(label("別の人の承認がいります", "heading"))
        column.addWidget(
            label(
                "この人数には、町の決まりで2人目の確かめがいります。「承認を頼む」を押すと、承認者の画面に出ます。",
                wrap=True,
            )
        )
        self._open = button("緊急のため承認を待てないとき", self._unfold, name=f"{name}.open", role="quiet")
        column.addLayout(row_of(self._open, 1))
        self._emergency = QFrame()
        self._emergency.setObjectName(f"{name}.emergency")
        self._emergency.setProperty("banner", "error")
        inner = QVBoxLayout(self._emergency)
        inner.setContentsMargins(18, 16, 18, 16)
        inner.setSpacing(10)
        inner.addWidget(label("緊急の配信", "subheading"))
        inner.addWidget(
            label("人の命や安全にかかわるときだけ使ってください。理由は操作記録に残ります。", wrap=True)
        )
        self.reason = CommitLine(name=f"{name}.reason", hint="例：避難指示の発令。承認者が不在のため")
        self.reason.committed.connect(lambda _: self._enable())
        inner.addWidget(Field("承認を待てない理由", self.reason, required=True))
        self._go = button(
            "承認なしで送る", lambda: self.bypass.emit(self.reason.text()), name=f"{name}.go", role="danger",
            icon="warning", theme=desk.theme,
        )  # fmt: skip
        inner.addLayout(row_of(1, self._go))
        column.addWidget(self._emergency)
        self._ready = False
        self.begin()

    def begin(self) -> None:
        """Another delivery: nothing of the last one stays."""
        self.reason.set_text("")
        self._emergency.hide()
        self._ready = False
        self.hide()

    def show_need(self, needed: bool, *, may_bypass: bool) -> None:
        self.setVisible(needed)
        self._open.setVisible(may_bypass and self._emergency.isHidden())

    def allow(self, ready: bool) -> None:
        """Whether everything else is ticked and typed."""
        self._ready = ready
        self._enable()

    def _unfold(self) -> None:
        self._emergency.show()
        self._open.hide()
        self.reason.setFocus()

    def _enable(self) -> None:
        self._go.setEnabled(self._ready and bool(self.reason.text().strip()))
