"""The phone beside the editor: frame, push notice, text size and dark switch around the painted talk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from desktop.features.composing import (
    TownWords,
    as_example,
    example_labels,
    languages_of,
    notice_text,
)
from desktop.features.office import Office
from desktop.features.wording import words_for
from desktop.ui.background import Background
from desktop.ui.parts.cards import scrolling
from desktop.ui.parts.labels import label
from desktop.ui.phone.talk import Talk
from protocol.deliveries import DeliveryDraft, messages_in, quick_replies_in
from protocol.messages import Message

WIDTH = 312
_FRAME = "#1a1a1a"
_TRAINING_FRAME = "#e25100"


class PhonePreview(QWidget):
    """Call `show_messages` whenever the draft changes; pictures come from this machine or the relay."""

    def __init__(self, office: Office, background: Background, *, notice: bool = True) -> None:
        super().__init__()
        self._office, self._background = office, background
        self._asked: set[str] = set()
        self._pictures: dict[str, bytes] = {}
        self._shown: tuple[tuple[Message, ...], tuple[str, ...]] = ((), ())
        self._account = ""
        self._size = "normal"
        self.setFixedWidth(WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        self._training = False
        self._heading = label("見え方の目安", "subheading", name="preview.heading")
        column.addWidget(self._heading)
        column.addWidget(self._switches())
        self._draft: DeliveryDraft | None = None
        self._written: tuple[DeliveryDraft, str] | None = None
        self._went_out: datetime | None = None
        self._town = TownWords(office.clock())
        self._languages = QComboBox()
        self._languages.setObjectName("preview.language")
        self._languages.setAccessibleName("見る言語")
        self._languages.hide()
        self._languages.activated.connect(lambda _: self._show_language())
        column.addWidget(self._languages)
        self._notice = _Notice()
        column.addWidget(self._notice)
        self._notice.setVisible(notice)
        self.talk = Talk(self._picture_of)
        column.addWidget(self._frame(), 1)
        column.addWidget(label("実際の折り返しは機種や文字の大きさで変わります。", "small", wrap=True))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        office = self._office
        self._background.local(lambda: office.home.town_words(office.clock()), self._know)

    def _know(self, town: TownWords) -> None:
        self.show_account(town.town.account_name if town.town is not None else "")
        if town != self._town and self._written is not None:
            self._town = town
            self.show_written(*self._written)
        self._town = town

    def show_account(self, name: str) -> None:
        self._account = name
        self.talk.show_account(name)
        self._show_notice()

    def show_messages(
        self, messages: tuple[Message, ...], taps: tuple[str, ...] = (), *, training: bool = False
    ) -> None:
        """`training`: an exercise, framed in orange so that nobody takes it for the real thing."""
        self._written = None
        self._shown = (messages, taps)
        self.talk.show_messages(messages, taps)
        self._colour_frame(training)
        self._show_notice()

    def show_draft(self, draft: DeliveryDraft, went_out: datetime | None = None) -> None:
        """A whole delivery as residents get it; in another language where there is one and it is chosen.
        `went_out`: when, of one looked back at.
        """
        self._draft, self._went_out = draft, went_out
        written = languages_of(draft)
        if [self._languages.itemData(place) for place in range(self._languages.count())] != list(written):
            self._languages.clear()
            for one in written:
                self._languages.addItem(words_for("language")[one], one)
        self._languages.setVisible(len(written) > 1)
        self._show_language()

    def _show_language(self) -> None:
        if self._draft is not None:
            self.show_written(self._draft, self._languages.currentData())

    def show_written(self, draft: DeliveryDraft, language: str) -> None:
        """A delivery in one language, with the town's own words where placeholders stand."""
        town = replace(self._town, now=self._went_out) if self._went_out else self._town
        values = town.values(draft, language)
        self.show_messages(
            as_example(messages_in(draft, language), training=draft.training, values=values),
            example_labels(quick_replies_in(draft, language), values),
            training=draft.training,
        )
        self._written = (draft, language)

    def look_at_card(self, bubble: int, card: int) -> None:
        """Which of several cards side by side is edited."""
        self.talk.look_at_card(bubble, card)

    def look_at_bubble(self, bubble: int) -> None:
        """Scroll so that this one is seen."""
        self._area.verticalScrollBar().setValue(max(0, self.talk.top_of(bubble) - 24))

    def _show_notice(self) -> None:
        self._notice.show_text(self._account, notice_text(self._shown[0]))

    def _colour_frame(self, training: bool) -> None:
        if training == self._training:
            return
        self._training = training
        colour = _TRAINING_FRAME if training else _FRAME
        self._phone.setStyleSheet(f"#phone {{ background: {colour}; border-radius: 24px; }}")
        self._heading.setText("見え方の目安【訓練】" if training else "見え方の目安")

    def _switches(self) -> QWidget:
        made = QWidget()
        row = QHBoxLayout(made)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self._sizes = QButtonGroup(self)
        for name, words in (("small", "小"), ("normal", "標準"), ("large", "特大")):
            choice = QPushButton(words)
            choice.setObjectName(f"preview.size.{name}")
            choice.setAccessibleName(f"文字の大きさ {words}")
            choice.setProperty("role", "segment")
            choice.setCheckable(True)
            choice.setAutoDefault(False)
            choice.setChecked(name == "normal")
            choice.clicked.connect(lambda _=False, name=name: self._restyle(name))
            self._sizes.addButton(choice)
            row.addWidget(choice)
        row.addStretch(1)
        self._dark = QCheckBox("暗い")
        self._dark.setObjectName("preview.dark")
        self._dark.setAccessibleName("暗い画面で見る")
        self._dark.setToolTip("暗い画面で見る")
        self._dark.toggled.connect(lambda: self._restyle(self._size))
        row.addWidget(self._dark)
        return made

    def _restyle(self, size: str) -> None:
        self._size = size
        self.talk.show_as(size, dark=self._dark.isChecked())

    def _frame(self) -> QWidget:
        frame = self._phone = QFrame()
        frame.setObjectName("phone")
        frame.setStyleSheet(f"#phone {{ background: {_FRAME}; border-radius: 24px; }}")
        column = QVBoxLayout(frame)
        column.setContentsMargins(8, 14, 8, 14)
        area = self._area = scrolling(self.talk)
        area.setMinimumHeight(220)
        area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        area.viewport().setStyleSheet("background: #8fabcd;")
        column.addWidget(area)
        return frame

    def _picture_of(self, name: str) -> bytes | None:
        if name and name not in self._pictures and name not in self._asked:
            self._asked.add(name)
            self._background.ask(lambda: self._office.fetch_picture(name), _keep(self, name), lambda _: None)
        return self._pictures.get(name)

    def picture_came(self, name: str, content: bytes) -> None:
        self._pictures[name] = content
        self.talk.update()


def _keep(preview: PhonePreview, name: str) -> Callable[[bytes], None]:
    return lambda content: preview.picture_came(name, content)


class _Notice(QFrame):
    """How the message announces itself on a locked phone."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "sunken")
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(2)
        self._from = label("", "small")
        self._text = label("", "", wrap=True)
        column.addWidget(self._from)
        column.addWidget(self._text)

    def show_text(self, account: str, text: str) -> None:
        self._from.setText(f"通知  ・  {account or '公式アカウント'}")
        self._text.setText(text or "（本文の先頭が出ます）")
