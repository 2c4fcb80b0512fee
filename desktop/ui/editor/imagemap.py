"""A picture with areas to tap: drawn on it with the mouse, or placed by numbers with the keyboard."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QSpinBox, QWidget

from desktop.features.areas import (
    GRID,
    GRIDS,
    Box,
    area_at,
    box_of,
    divided,
    drawn,
    moved,
    new_area,
    placed,
)
from desktop.ui.editor.actions import ActionPart, titled
from desktop.ui.editor.card import ALT_HINT, ALT_WORDS
from desktop.ui.editor.part import Part
from desktop.ui.editor.picture import PicturePart
from desktop.ui.editor.rows import Rows
from desktop.ui.parts.buttons import button
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.parts.menu_button import Entry, menu_button
from desktop.ui.screen import Desk
from protocol.card_limits import ALT_LIMIT, AREAS_LIMIT, MAP_HEIGHT_LIMIT, MAP_WIDTH
from protocol.messages import Area, ImagemapMessage, Picture

_WIDTH = 460


class Canvas(QWidget):
    """The picture with its areas. `drew(box)` for a new one, `shifted(place, box)` for one that was moved."""

    drew = Signal(object)
    shifted = Signal(int, object)

    def __init__(self, name: str, accent: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("画像マップ。ドラッグで押せる場所を描けます。下の数字の欄でも決められます。")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self._accent = QColor(accent)
        self._image = QImage()
        self._areas: tuple[Area, ...] = ()
        self._height = 0
        self._from: tuple[int, int] | None = None
        self._held: int | None = None
        self._now: Box | None = None

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, round(self._height * _WIDTH / MAP_WIDTH))

    def show_areas(self, areas: tuple[Area, ...], height: int) -> None:
        self._areas = areas
        if height != self._height:
            self._height = height
            self.setFixedSize(self.sizeHint())
        self.setVisible(height > 0)
        self.update()

    def show_picture(self, content: bytes) -> None:
        self._image = QImage.fromData(content)
        self.update()

    def at(self, x: int, y: int) -> QPointF:
        """Where a pixel of the picture lies in the widget; for scripts."""
        return QPointF(x * _WIDTH / MAP_WIDTH, y * _WIDTH / MAP_WIDTH)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._from = self._pixel(event)
        self._held = area_at(self._areas, *self._from)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._from is not None:
            self._now = self._made(self._pixel(event))
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._from is None:
            return
        box, held = self._made(self._pixel(event)), self._held
        self._from = self._held = self._now = None
        self.update()
        if box is None:
            return
        if held is None:
            self.drew.emit(box)
        elif box != box_of(self._areas[held]):
            self.shifted.emit(held, box)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if self._image.isNull():
            painter.fillRect(self.rect(), QColor("#d9dce2"))
        else:
            painter.drawImage(self.rect(), self._image)
        for place, area in enumerate(self._areas):
            if place != self._held or self._now is None:
                self._paint_box(painter, box_of(area), str(place + 1))
        if self._now is not None:
            self._paint_box(painter, self._now, "")
        painter.end()

    def _paint_box(self, painter: QPainter, box: Box, number: str) -> None:
        scale = _WIDTH / MAP_WIDTH
        area = QRectF(box.x * scale, box.y * scale, box.width * scale, box.height * scale).adjusted(
            1, 1, -1, -1
        )
        veil = QColor("#0017c1")
        veil.setAlpha(36)
        painter.fillRect(area, veil)
        painter.setPen(QPen(QColor("#ffffff"), 4))
        painter.drawRect(area)
        painter.setPen(QPen(QColor("#0017c1"), 2))
        painter.drawRect(area)
        if number:
            mark = QRectF(area.left(), area.top(), 26, 24)
            painter.fillRect(mark, QColor("#0017c1"))
            font = QFont(self.font())
            font.setPixelSize(15)
            font.setBold(True)
            painter.setFont(font)
            painter.setPen(QColor("#ffffff"))
            painter.drawText(mark, Qt.AlignmentFlag.AlignCenter, number)

    def _made(self, to: tuple[int, int]) -> Box | None:
        if self._from is None:
            return None
        others = [box_of(area) for place, area in enumerate(self._areas) if place != self._held]
        if self._held is None:
            return drawn(self._from, to, self._height, others)
        by = (to[0] - self._from[0], to[1] - self._from[1])
        held = box_of(self._areas[self._held])
        return held if by == (0, 0) else moved(held, by, self._height, others)

    def _pixel(self, event: QMouseEvent) -> tuple[int, int]:
        scale = MAP_WIDTH / _WIDTH
        return round(event.position().x() * scale), round(event.position().y() * scale)


class ImagemapPart(Part):
    areas: Rows

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        self._shown_file = ""
        self.column.addWidget(self.entry("alt", ALT_WORDS, "通知の文の入力", limit=ALT_LIMIT, hint=ALT_HINT))
        self.picture = PicturePart(desk, f"{name}.picture", desk.office.media.map_picture, optional=False)
        self.parts["picture"] = self.picture
        self.picture.changed.connect(self._another_picture)
        self.column.addWidget(self.picture)
        self._how = label(
            "画像の上をドラッグすると、押せる場所ができます。場所の中をドラッグすると動きます。",
            "small",
            wrap=True,
        )
        self.column.addWidget(self._how)
        self.canvas = Canvas(f"{name}.canvas", desk.theme.colours.primary)
        self.canvas.drew.connect(lambda box: self.areas.add(new_area(box), "押せる場所の追加"))
        self.canvas.shifted.connect(self._shifted)
        self.column.addWidget(self.canvas)
        self._adds = [
            button("場所を追加", self._add, name=f"{name}.add", icon="plus", theme=desk.theme),
            menu_button("等しく分ける", [self._grid(*each) for each in GRIDS], name=f"{name}.divide",
                        theme=desk.theme),
        ]  # fmt: skip
        self.column.addWidget(Flow(*self._adds))
        self.areas = Rows(
            desk, f"{name}.areas", lambda place, _: AreaPart(desk, f"{name}.area.{place}"), what="押せる場所"
        )
        self.column.addWidget(self.part("areas", self.areas))

    def show_value(self, value: ImagemapMessage) -> None:
        self.show_all(value)
        self.canvas.show_areas(value.areas, value.height)
        self._how.setVisible(value.height > 0)
        for made in self._adds:
            made.setVisible(value.height > 0)
            made.setEnabled(len(value.areas) < AREAS_LIMIT)
        if value.picture.file and value.picture.file != self._shown_file:
            self._shown_file = value.picture.file
            name = value.picture.file
            fetch = self.desk.office.fetch_picture
            self.desk.background.ask(lambda: fetch(name), self.canvas.show_picture, lambda _: None)

    def tell(self, step: str, value: Any) -> None:
        self.canvas.show_areas(value.areas, value.height)
        super().tell(step, value)

    def _another_picture(self, step: str, picture: Picture) -> None:
        new = self._value.model_copy(update={"picture": picture, "height": picture.height})
        self.show_value(new)
        self.tell(step, new)

    def _shifted(self, place: int, box: Box) -> None:
        new = placed(self._value.areas[place], box)
        self._value = self._value.model_copy(
            update={"areas": (*self._value.areas[:place], new, *self._value.areas[place + 1 :])}
        )
        self.show_value(self._value)
        self.tell("押せる場所の移動", self._value)

    def _add(self) -> None:
        """Without a mouse: one in the middle, to be placed by its numbers."""
        height = self._value.height
        box = Box(MAP_WIDTH // 4, height // 4, MAP_WIDTH // 2, max(1, height // 2))
        self.areas.add(new_area(box), "押せる場所の追加")

    def _grid(self, columns: int, rows: int) -> Entry:
        words = f"横{columns} × 縦{rows}" if columns * rows > 1 else "全体を1つに"

        def divide() -> None:
            new = self._value.model_copy(update={"areas": divided(columns, rows, self._value.height)})
            self.show_value(new)
            self.tell("等しく分ける", new)

        return Entry(f"{self.name}.divide.{columns}x{rows}", words, divide)


class AreaPart(Part):
    """Where the area lies in pixels of the picture, and what a tap on it does."""

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__(desk, name)
        row = Flow(spacing=10)
        self._numbers: dict[str, QSpinBox] = {}
        for path, words in (("x", "左から"), ("y", "上から"), ("width", "幅"), ("height", "高さ")):
            made = QSpinBox()
            made.setObjectName(f"{name}.{path}")
            made.setRange(0, MAP_WIDTH if path in ("x", "width") else MAP_HEIGHT_LIMIT)
            made.setSingleStep(GRID)
            made.setKeyboardTracking(False)
            made.lineEdit().setTextMargins(8, 0, 0, 0)
            made.valueChanged.connect(lambda value, path=path: self._typed(path, value))
            self._numbers[path] = made
            box = QWidget()
            box.setLayout(titled(words, made))
            row.put(box)
        self.column.addWidget(row)
        self.column.addWidget(self.part("action", ActionPart(desk, f"{name}.action", "area")))

    def show_value(self, value: Area) -> None:
        self.show_all(value)
        for path, made in self._numbers.items():
            made.blockSignals(True)
            made.setValue(getattr(value, path))
            made.blockSignals(False)

    def _typed(self, path: str, value: int) -> None:
        self.update_value("押せる場所の位置", **{path: value})
