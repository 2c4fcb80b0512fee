"""The bubbles of a delivery: text and pictures, in order, one to five."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from desktop.errors import Trouble
from desktop.features.wording import words_of_trouble
from desktop.ui.parts.buttons import button, icon_button
from desktop.ui.parts.cards import Banner, card, clear, row_of
from desktop.ui.parts.fields import CommitLine, CommitText
from desktop.ui.parts.labels import label, restyle
from desktop.ui.screen import Desk
from protocol.counting import utf16_length
from protocol.message_limits import MESSAGES_LIMIT, TEXT_LIMIT
from protocol.messages import ImageMessage, Message, TextMessage

Messages = tuple[Message, ...]


class Bubbles(QWidget):
    """`changed(name of the step, messages)` when the person did something."""

    changed = Signal(str, object)

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._messages: Messages = ()
        self._kinds: tuple[str, ...] = ()
        self._pictures: dict[str, bytes] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(12)
        column.addLayout(self._rows)
        self.banner = Banner(desk.theme, name="bubbles.banner")
        column.addWidget(self.banner)
        self._add_text = button(
            "本文を追加する", self._new_text, name="bubbles.add_text", icon="text", theme=desk.theme
        )
        self._add_image = button(
            "画像を追加する", self._pick, name="bubbles.add_image", icon="image", theme=desk.theme
        )
        self._room = label("", "small")
        column.addLayout(row_of(self._add_text, self._add_image, self._room, 1))
        self._cards: list[_TextCard | _ImageCard] = []

    def show_messages(self, messages: Messages) -> None:
        kinds = tuple(message.type for message in messages)
        same = kinds == self._kinds and all(
            not isinstance(message, ImageMessage) or message.file == getattr(old, "file", "")
            for message, old in zip(messages, self._messages, strict=True)
        )
        self._messages, self._kinds = messages, kinds
        if same:
            for made, message in zip(self._cards, messages, strict=True):
                made.show_message(message)
        else:
            self._rebuild()
        self._add_text.setEnabled(len(messages) < MESSAGES_LIMIT)
        self._add_image.setEnabled(len(messages) < MESSAGES_LIMIT)
        self._room.setText(f"吹き出し {len(messages)} / {MESSAGES_LIMIT}")

    def add_picture_file(self, path: Path) -> None:
        """Fit and add a picture; also the door for scripts."""
        deliveries = self._desk.office.deliveries

        def read() -> ImageMessage:
            return deliveries.add_picture(path.read_bytes(), path.stem)

        self.banner.tell("info", "画像をLINEの大きさに合わせています…")
        self._desk.background.local(read, self._picture_ready, self._picture_failed)

    def _rebuild(self) -> None:
        clear(self._rows)
        self._cards = []
        for place, message in enumerate(self._messages):
            count = len(self._messages)
            made: _TextCard | _ImageCard
            if isinstance(message, TextMessage):
                made = _TextCard(self, self._desk, place, count, message)
            elif isinstance(message, ImageMessage):
                made = _ImageCard(self, self._desk, place, count, message)
            else:
                continue
            self._cards.append(made)
            self._rows.addWidget(made)

    def replace_at(self, place: int, message: Message, step: str) -> None:
        self._tell(step, (*self._messages[:place], message, *self._messages[place + 1 :]))

    def move_bubble(self, place: int, steps: int) -> None:
        order = list(self._messages)
        order.insert(place + steps, order.pop(place))
        self._tell("並べ替え", tuple(order))

    def remove(self, place: int) -> None:
        self._tell("吹き出しの削除", self._messages[:place] + self._messages[place + 1 :])

    def _new_text(self) -> None:
        self._tell("本文の追加", (*self._messages, TextMessage(text="")))
        last = self._cards[-1]
        if isinstance(last, _TextCard):
            last.text.setFocus()

    def _pick(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "画像を選ぶ", "", "画像 (*.jpg *.jpeg *.png *.webp *.gif *.bmp *.tif *.tiff)"
        )
        if path:
            self.add_picture_file(Path(path))

    def _picture_ready(self, message: ImageMessage) -> None:
        self.banner.hide()
        self._tell("画像の追加", (*self._messages, message))
        self._desk.routes.wake_sync()

    def _picture_failed(self, trouble: Trouble) -> None:
        self.banner.tell("error", words_of_trouble(trouble).both)

    def _tell(self, step: str, messages: Messages) -> None:
        self.changed.emit(step, messages)


class _Card(QWidget):
    """Head with number, order and delete buttons; the content below."""

    def __init__(self, bubbles: Bubbles, desk: Desk, place: int, count: int, title: str) -> None:
        super().__init__()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        frame, self.column = card(margin=14, spacing=8)
        outer.addWidget(frame)
        theme = desk.theme
        number = place + 1
        up = icon_button(
            "up",
            f"{number}番目の吹き出しを上へ",
            lambda: bubbles.move_bubble(place, -1),
            name=f"bubble.{place}.up",
            theme=theme,
        )
        down = icon_button(
            "down",
            f"{number}番目の吹き出しを下へ",
            lambda: bubbles.move_bubble(place, 1),
            name=f"bubble.{place}.down",
            theme=theme,
        )
        remove = icon_button(
            "trash",
            f"{number}番目の吹き出しを削除",
            lambda: bubbles.remove(place),
            name=f"bubble.{place}.remove",
            theme=theme,
        )
        up.setEnabled(place > 0)
        down.setEnabled(place < count - 1)
        self.counter = label("", "small")
        head = row_of(label(f"{number}. {title}", "subheading"), 1, self.counter, up, down, remove, spacing=4)
        self.column.addLayout(head)


class _TextCard(_Card):
    def __init__(self, bubbles: Bubbles, desk: Desk, place: int, count: int, message: TextMessage) -> None:
        super().__init__(bubbles, desk, place, count, "本文")
        self.text = CommitText(
            message.text, name=f"bubble.{place}.text", hint="住民に届く文章を入れてください。"
        )
        self.text.setAccessibleName(f"{place + 1}番目の吹き出しの本文")
        self.text.setMinimumHeight(desk.theme.px(130))
        self.text.setInputMethodHints(Qt.InputMethodHint.ImhMultiLine)
        self.text.committed.connect(
            lambda text: bubbles.replace_at(place, TextMessage(text=text), "本文の入力")
        )
        self.column.addWidget(self.text)
        self._count(message.text)

    def show_message(self, message: Message) -> None:
        if isinstance(message, TextMessage):
            self.text.set_text(message.text)
            self._count(message.text)

    def _count(self, text: str) -> None:
        used = utf16_length(text)
        self.counter.setText(f"{used:,} / {TEXT_LIMIT:,} 文字")
        self.counter.setProperty("role", "error" if used > TEXT_LIMIT else "small")
        restyle(self.counter)


class _ImageCard(_Card):
    def __init__(self, bubbles: Bubbles, desk: Desk, place: int, count: int, message: ImageMessage) -> None:
        super().__init__(bubbles, desk, place, count, "画像")
        row = QHBoxLayout()
        row.setSpacing(14)
        self._thumb = QLabel("…")
        self._thumb.setFixedSize(112, 84)
        self._thumb.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._thumb.setAccessibleName("画像の縮小表示")
        row.addWidget(self._thumb)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(label("画像の説明（一覧と読み上げのため。住民には見えません）", "small", wrap=True))
        self.description = CommitLine(message.description, name=f"bubble.{place}.description")
        self.description.setAccessibleName("画像の説明")
        self._message = message
        self.description.committed.connect(
            lambda text: bubbles.replace_at(
                place, self._message.model_copy(update={"description": text}), "画像の説明"
            )
        )
        words.addWidget(self.description)
        words.addWidget(
            label(
                f"{message.width} × {message.height} 画素。撮影場所などの情報は取り除きました。",
                "small",
                wrap=True,
            )
        )
        row.addLayout(words, 1)
        self.column.addLayout(row)
        desk.background.ask(
            lambda: desk.office.fetch_picture(message.preview), self._show_picture, lambda _: None
        )

    def show_message(self, message: Message) -> None:
        if isinstance(message, ImageMessage):
            self._message = message
            self.description.set_text(message.description)

    def _show_picture(self, content: bytes) -> None:
        picture = QPixmap()
        picture.loadFromData(content)
        self._thumb.setPixmap(picture.scaled(
            self._thumb.size(), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        ))  # fmt: skip
