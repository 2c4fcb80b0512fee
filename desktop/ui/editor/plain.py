"""Text, picture, sticker, place and coupon: bubbles of one piece."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout

from desktop.errors import Trouble
from desktop.features.composing import degrees, read_degrees, read_position
from desktop.ui.editor.actions import titled
from desktop.ui.editor.part import Part, TextEntry, below
from desktop.ui.editor.picture import FileTaker, Thumb
from desktop.ui.parts.fields import CommitLine
from desktop.ui.parts.labels import label
from desktop.ui.screen import Desk
from protocol.message_limits import PLACE_LIMIT, TEXT_LIMIT
from protocol.messages import CouponMessage, ImageMessage, LocationMessage, StickerMessage, TextMessage
from protocol.problems import Problem
from protocol.stickers import PACKAGES
from protocol.sync import Coupon, CouponsAnswer


class TextPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.text = self.entry(
            "text", "本文", "本文の入力", limit=TEXT_LIMIT, lines=6, inserts=True, emoji=True,
            hint="住民に届く文章を入れてください。",
        )  # fmt: skip
        self.text.field.setInputMethodHints(Qt.InputMethodHint.ImhMultiLine)
        self.column.addWidget(self.text)

    def show_value(self, value: TextMessage) -> None:
        self.show_all(value)


class ImagePart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.taker = FileTaker(desk, "画像を選ぶ", f"{name}.pick", desk.office.media.image, self._took)
        self._thumb = Thumb(desk)
        self._size = label("", "small", wrap=True)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self._thumb, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(self.taker)
        words.addWidget(self.entry(
            "description", "画像の説明（住民には見えません）", "画像の説明"
        ))  # fmt: skip
        words.addWidget(self._size)
        row.addLayout(words, 1)
        self.column.addLayout(row)

    def show_value(self, value: ImageMessage) -> None:
        self.show_all(value)
        self._thumb.show_file(value.preview)
        words = f"{value.width} × {value.height} 画素。撮影場所などの情報は取り除きました。"
        self._size.setText(words if value.file else "")

    def _took(self, message: ImageMessage) -> None:
        new = message.model_copy(update={"description": self._value.description})
        self.show_value(new)
        self.tell("画像の変更", new)


class StickerPart(Part):
    """By package and number: the drawings belong to LINE and come up on phones only."""

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.package, self.sticker = QComboBox(), QComboBox()
        self.package.setObjectName(f"{name}.package")
        self.sticker.setObjectName(f"{name}.sticker")
        for package in PACKAGES:
            self.package.addItem(package.title, package.id)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addLayout(titled("スタンプの種類", self.package), 1)
        row.addLayout(titled("番号", self.sticker), 1)
        self.column.addLayout(row)
        self.column.addWidget(
            label("絵は届いた電話に出ます。テスト配信で確かめてください。", "small", wrap=True)
        )
        self.package.activated.connect(lambda _: self._another_package())
        self.sticker.activated.connect(lambda _: self._tell())

    def show_value(self, value: StickerMessage) -> None:
        self._value = value
        self.package.setCurrentIndex(self.package.findData(value.package))
        self._fill(value.package)
        self.sticker.setCurrentIndex(self.sticker.findData(value.sticker))

    def _fill(self, package_id: str) -> None:
        package = next((one for one in PACKAGES if one.id == package_id), None)
        numbers = package.stickers() if package is not None else ()
        if self.sticker.count() and self.sticker.itemData(0) == (numbers[0] if numbers else ""):
            return
        self.sticker.clear()
        for place, number in enumerate(numbers, start=1):
            self.sticker.addItem(f"{place}番（{number}）", number)

    def _another_package(self) -> None:
        self._fill(self.package.currentData())
        self.sticker.setCurrentIndex(0)
        self._tell()

    def _tell(self) -> None:
        self.update_value(
            "スタンプの変更", package=self.package.currentData(), sticker=self.sticker.currentData()
        )


class LocationPart(Part):
    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.column.addWidget(self.entry(
            "title", "場所の名前", "場所の入力", limit=PLACE_LIMIT, hint="例：川北小学校"
        ))  # fmt: skip
        self.column.addWidget(self.entry("address", "住所", "場所の入力", limit=PLACE_LIMIT))
        row = QHBoxLayout()
        row.setSpacing(10)
        self._degrees = {
            "latitude": self._degree_entry("latitude", "緯度（北緯）", "例：35.681236"),
            "longitude": self._degree_entry("longitude", "経度（東経）", "例：139.767125"),
        }
        for made in self._degrees.values():
            row.addWidget(made, 1)
        first = self._degrees["latitude"].field
        if isinstance(first, CommitLine):
            first.editingFinished.connect(self._split)
        self.column.addLayout(row)
        self.column.addWidget(label(
            "地図のページの「35.68…, 139.76…」は、緯度の欄にそのまま貼り付けられます。", "small", wrap=True
        ))  # fmt: skip

    def show_value(self, value: LocationMessage) -> None:
        self.show_all(value)
        for path, made in self._degrees.items():
            shown = read_degrees(made.text)
            if (shown or 0) != getattr(value, path):  # what is being typed is left alone
                made.set_text(degrees(getattr(value, path)))

    def show_problems(self, problems: Sequence[Problem]) -> None:
        self._degrees["latitude"].show_problems(below(problems, "latitude"))
        super().show_problems([one for one in problems if one.at != "latitude"])

    def _degree_entry(self, path: str, title: str, hint: str) -> TextEntry:
        made = TextEntry(self.desk, title, name=f"{self.name}.{path}", hint=hint, letters=True)
        made.committed.connect(lambda text: self._typed(path, text))
        return made

    def _typed(self, path: str, text: str) -> None:
        self.update_value("地図の位置", **{path: read_degrees(text) or 0})

    def _split(self) -> None:
        """Both numbers in one field, once the person is done with it: "35.6, 1" may still go on."""
        both = read_position(self._degrees["latitude"].text)
        if both is not None:
            new = self._value.model_copy(update={"latitude": both[0], "longitude": both[1]})
            self.show_value(new)
            self.tell("地図の位置", new)


class CouponPart(Part):
    """Coupons are made at LINE; here one is chosen."""

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self.choice = QComboBox()
        self.choice.setObjectName(f"{name}.coupon")
        self.choice.addItem("（選んでください）", "")
        self.choice.activated.connect(lambda _: self._tell())
        self.column.addLayout(titled("クーポン", self.choice))
        self._words = label("LINEにあるクーポンを調べています…", "small", wrap=True, name=f"{name}.words")
        self.column.addWidget(self._words)
        self._titles: dict[str, str] = {}
        desk.background.ask(desk.office.media.coupons, self._came, self._failed)

    def show_value(self, value: CouponMessage) -> None:
        self._value = value
        if value.coupon and self.choice.findData(value.coupon) < 0:
            self._offer(Coupon(id=value.coupon, title=value.title or value.coupon))
        self.choice.setCurrentIndex(self.choice.findData(value.coupon))

    def _came(self, answer: CouponsAnswer) -> None:
        for coupon in answer.coupons:
            if self.choice.findData(coupon.id) < 0:
                self._offer(coupon)
        if answer.reason:
            self._words.setText("いまはLINEに聞けません。あとでこの吹き出しを開き直してください。")
        elif not answer.coupons:
            self._words.setText(
                "LINEに使えるクーポンがまだありません。LINE公式アカウントの管理画面で作ると、ここで選べます。"
            )
        else:
            self._words.setText("期限や内容は、LINE公式アカウントの管理画面で変えられます。")
        if self._value is not None:
            self.show_value(self._value)

    def _failed(self, _: Trouble) -> None:
        self._words.setText("つながらないため、クーポンを調べられません。つながると選べます。")

    def _offer(self, coupon: Coupon) -> None:
        self._titles[coupon.id] = coupon.title
        self.choice.addItem(coupon.title, coupon.id)

    def _tell(self) -> None:
        chosen = self.choice.currentData()
        self.update_value("クーポンの変更", coupon=chosen, title=self._titles.get(chosen, ""))
