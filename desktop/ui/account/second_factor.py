"""The second factor (「確認コード」): on with a picture for the telephone and a code, off with a code."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.account import SecondFactor
from desktop.features.wording import words_of_trouble
from desktop.ui.account.asking import code_line
from desktop.ui.parts.buttons import button, default_of
from desktop.ui.parts.cards import Banner
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.fields import Field
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk

_MODULE, _QUIET = 5, 4  # pixels a module, modules of white around (ISO/IEC 18004)


class SwitchOnSheet(Sheet):
    def __init__(self, parent: QWidget, desk: Desk, factor: SecondFactor) -> None:
        super().__init__(parent, "確認コードを使い始める", name="factor_on", width=640)
        self._desk, self._factor = desk, factor
        self.column.addWidget(label(
            "スマートフォンの認証アプリで、この四角い模様を読み取ってください。読み取れないときは、右の文字を打ち込んでください。",
            wrap=True,
        ))  # fmt: skip
        row = QHBoxLayout()
        row.setSpacing(20)
        picture = QLabel()
        picture.setObjectName("factor_on.picture")
        picture.setAccessibleName("認証アプリで読み取る模様。右の文字と同じ内容です")
        image = qr_image(factor.matrix)
        picture.setPixmap(QPixmap.fromImage(image))
        picture.setFixedSize(image.size())
        row.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(10)
        words.addWidget(label("打ち込むときの文字", "subheading"))
        secret = label(factor.shown, wrap=True, name="factor_on.secret")
        secret.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(secret)
        words.addWidget(
            label("この模様と文字は、いまだけ出ます。ほかの人に見せないでください。", "muted", wrap=True)
        )
        self.code = code_line("factor_on.code")
        words.addWidget(Field("アプリに出た6桁の数字", self.code, required=True))
        words.addStretch(1)
        row.addLayout(words, 1)
        self.column.addLayout(row)
        self.banner = Banner(desk.theme, name="factor_on.banner")
        self.column.addWidget(self.banner)
        self._go = button("使い始める", self._switch, name="factor_on.go", role="primary")
        default_of(self, self._go)
        self.end_with(1, button("やめる", self.reject, name="factor_on.cancel"), self._go)
        self.code.setFocus()

    def _switch(self) -> None:
        code, factor = self.code.text(), self._factor
        self._go.setEnabled(False)
        switch = self._desk.office.account.switch_on_second_factor
        self._desk.background.ask(lambda: switch(factor, code), lambda _: self.accept(), self._failed)

    def _failed(self, trouble: Trouble) -> None:
        self._go.setEnabled(True)
        self.banner.tell("error", words_of_trouble(trouble).both)
        self.code.selectAll()


class SwitchOffSheet(Sheet):
    def __init__(self, parent: QWidget, desk: Desk) -> None:
        super().__init__(parent, "確認コードをやめる", name="factor_off", width=460)
        self._desk = desk
        self.column.addWidget(label("やめると、合言葉だけでサインインできるようになります。", wrap=True))
        self.code = code_line("factor_off.code")
        self.column.addWidget(Field("いまの確認コード", self.code, required=True))
        self.banner = Banner(desk.theme, name="factor_off.banner")
        self.column.addWidget(self.banner)
        self._go = button("確認コードをやめる", self._switch, name="factor_off.go", role="danger")
        self.end_with(1, button("使い続ける", self.reject, name="factor_off.cancel"), self._go)
        self.code.setFocus()

    def _switch(self) -> None:
        code = self.code.text()
        self._go.setEnabled(False)
        switch = self._desk.office.account.switch_off_second_factor
        self._desk.background.ask(lambda: switch(code), lambda _: self.accept(), self._failed)

    def _failed(self, trouble: Trouble) -> None:
        self._go.setEnabled(True)
        self.banner.tell("error", words_of_trouble(trouble).both)


def qr_image(matrix: tuple[tuple[bool, ...], ...]) -> QImage:
    """Black on white whatever the colours of the window: telephones read it only so."""
    size = (len(matrix) + 2 * _QUIET) * _MODULE
    image = QImage(size, size, QImage.Format.Format_RGB32)
    image.fill(QColor("#ffffff"))
    black = QColor("#000000").rgb()
    for row, modules in enumerate(matrix):
        for column, dark in enumerate(modules):
            if dark:
                _fill(image, (column + _QUIET) * _MODULE, (row + _QUIET) * _MODULE, black)
    return image


def _fill(image: QImage, left: int, top: int, colour: int) -> None:
    for y in range(top, top + _MODULE):
        for x in range(left, left + _MODULE):
            image.setPixel(x, y, colour)
