"""What the resident wrote: topic, text and photos, to be read calmly and copied where needed."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QPixmap
from PySide6.QtWidgets import QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.pictures import fit_picture
from desktop.features.wording import words_for, words_of_trouble
from desktop.replica.submissions import Held
from desktop.ui.moments import short
from desktop.ui.parts.buttons import button
from desktop.ui.parts.cards import card, clear
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label, line
from desktop.ui.screen import Desk

_PHOTO_SIDE = 200
_LARGE_SIDE = 760
_A_ROW = 3


class ContentCard(QWidget):
    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._shown: tuple[str, int, str] = ("", 0, "")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, self._column = card(spacing=12)
        outer.addWidget(frame)
        self._facts = QGridLayout()
        self._facts.setHorizontalSpacing(20)
        self._facts.setVerticalSpacing(6)
        self._facts.setColumnStretch(1, 1)
        self._column.addLayout(self._facts)
        self._column.addWidget(line())
        self.topic = label("", "heading", wrap=True, name="submission.topic")
        self.text = label("", "lead", wrap=True, name="submission.text")
        self._column.addWidget(self.topic)
        self._column.addWidget(self.text)
        self._photos = QGridLayout()
        self._photos.setSpacing(10)
        self._photos.setColumnStretch(_A_ROW, 1)
        self._column.addLayout(self._photos)
        self._copy = button(
            "文章を写し取る", self._copy_text, name="submission.copy", role="quiet", icon="copy",
            theme=desk.theme,
        )  # fmt: skip
        self._column.addWidget(self._copy, 0, Qt.AlignmentFlag.AlignLeft)

    def show_content(self, held: Held, departments: dict[str, str]) -> None:
        wanted = (held.id, held.version, held.unopened)
        if wanted == self._shown:
            return
        self._shown = wanted
        clear(self._facts)
        clear(self._photos)
        names = "、".join(departments.get(id, "（廃止した課）") for id in held.departments)
        received = short(held.received_at, self._desk.office.clock())
        facts = (("窓口", held.title), ("受付", received), ("宛先の課", names))
        for place, (what, words) in enumerate(facts):
            self._facts.addWidget(label(what, "muted"), place, 0)
            self._facts.addWidget(label(words, wrap=True), place, 1)
        self.topic.setText(held.topic)
        self.topic.setVisible(bool(held.topic))
        self.text.setText(held.text if not held.unopened else words_for("unopened")[held.unopened])
        self._copy.setVisible(bool(held.text))
        for place in range(len(held.files)):
            self._photos.addWidget(self._photo(held, place), place // _A_ROW, place % _A_ROW)

    def _photo(self, held: Held, place: int) -> QPushButton:
        made = QPushButton("写真を読み込んでいます…")
        made.setObjectName(f"submission.photo.{place}")
        made.setAccessibleName(f"写真 {place + 1}")
        made.setProperty("role", "photo")
        made.setAutoDefault(False)
        side = self._desk.theme.px(_PHOTO_SIDE)
        made.setFixedSize(side, side)
        photo = self._desk.office.submissions.photo

        def show(content: bytes) -> None:
            picture = QPixmap()
            if not picture.loadFromData(content):
                made.setText("写真を表示できません")
                return
            made.setText("")
            made.setIcon(picture)
            made.setIconSize(made.size() * 0.94)
            made.clicked.connect(lambda: _PhotoSheet(self, picture, place + 1).open())

        def failed(trouble: Trouble) -> None:
            made.setText("開けません")
            made.setToolTip(words_of_trouble(trouble).both)

        # A stranger's picture reaches Qt only as one that was read and written anew by us.
        self._desk.background.ask(lambda: fit_picture(photo(held, place)).original, show, failed)
        return made

    def _copy_text(self) -> None:
        words = "\n".join(part for part in (self.topic.text(), self.text.text()) if part)
        QGuiApplication.clipboard().setText(words)
        self._desk.routes.say("文章を写し取りました。")


class _PhotoSheet(Sheet):
    def __init__(self, parent: QWidget, picture: QPixmap, number: int) -> None:
        super().__init__(parent, f"写真 {number}", name="submission.photo_sheet", width=_LARGE_SIDE)
        large = QLabel()
        large.setAlignment(Qt.AlignmentFlag.AlignCenter)
        large.setPixmap(
            picture.scaled(
                _LARGE_SIDE - 60, 560, Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )  # fmt: skip
        self.column.addWidget(large)
        self.end_with(1, button("閉じる", self.accept, name="submission.photo_sheet.close"))
