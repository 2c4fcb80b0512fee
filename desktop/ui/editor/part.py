"""What every editor within a bubble is: it shows a value, tells a new one with the name of the step, and
shows what is wrong with it at the place where it is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from desktop.features.wording import words_of_problem
from desktop.ui.parts.fields import CommitLine, CommitText
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label, restyle
from desktop.ui.parts.menu_button import Entry, menu_button
from desktop.ui.screen import Desk
from protocol.counting import grapheme_count, utf16_length
from protocol.placeholders import EMOJI_IDS, PLACEHOLDERS, emoji_token, longest, token
from protocol.problems import Problem

NOT_YET = frozenset(
    {
        "text_missing", "alt_missing", "file_missing", "coupon_missing", "position_missing", "area_missing",
        "card_empty", "too_few_buttons", "duration_missing",
    }
)  # fmt: skip
"""What is only unfinished: told calmly, because everybody begins with an empty field."""
_EMPTY = "まだ入っていません。"


def below(problems: Sequence[Problem], place: str) -> list[Problem]:
    """The problems at a place or within it, with paths as seen from there."""
    inner = [each for each in problems if each.at == place or each.at.startswith(place + ".")]
    return [each.model_copy(update={"at": each.at[len(place) + 1 :]}) for each in inner]


class Part(QWidget):
    """`changed(name of the step, value)`. Subclasses fill `column`, name their fields and inner parts in
    `fields` and `parts` by the path problems use, and say in `show_value` how a value looks.
    """

    changed = Signal(str, object)

    def __init__(self, desk: Desk, name: str) -> None:
        super().__init__()
        self.desk, self.name = desk, name
        self.fields: dict[str, TextEntry] = {}
        self.parts: dict[str, Part] = {}
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(10)
        self.trouble = label("", "error", wrap=True, name=f"{name}.problem")
        self.column.addWidget(self.trouble)
        self.trouble.hide()
        self._value: Any = None

    def show_value(self, value: Any) -> None:
        self._value = value

    def tell(self, step: str, value: Any) -> None:
        self._value = value
        self.changed.emit(step, value)

    def update_value(self, step: str, **update: object) -> None:
        self.tell(step, self._value.model_copy(update=update))

    def entry(self, path: str, title: str, step: str, **options: Any) -> TextEntry:
        """A text field for the attribute of this name."""
        made = TextEntry(self.desk, title, name=f"{self.name}.{path}", **options)
        made.committed.connect(lambda text: self.update_value(step, **{path: text}))
        self.fields[path] = made
        return made

    def part(self, path: str, made: Part) -> Part:
        """An inner part for the attribute of this name."""
        made.changed.connect(lambda step, value: self.update_value(step, **{path: value}))
        self.parts[path] = made
        return made

    def show_all(self, value: Any) -> None:
        """Every field and inner part shows its attribute."""
        self._value = value
        for path, made in self.fields.items():
            made.set_text(getattr(value, path))
        for path, part in self.parts.items():
            part.show_value(getattr(value, path))

    def show_problems(self, problems: Sequence[Problem]) -> None:
        left = list(problems)
        for path, made in self.fields.items():
            left = _take(left, path, made.show_problems)
        for path, part in self.parts.items():
            left = _take(left, path, part.show_problems)
        tell_at(self.trouble, left)


def _take(problems: list[Problem], path: str, show: Callable[[Sequence[Problem]], None]) -> list[Problem]:
    show(below(problems, path))
    return [each for each in problems if each.at != path and not each.at.startswith(path + ".")]


def calmer(problems: Sequence[Problem], whole: Any) -> list[Problem]:
    """What is wrong only because nothing was typed yet counts as unfinished. Paths begin at `whole`."""
    calm = []
    for one in problems:
        empty = one.code in ("link_malformed", "telephone_malformed") and not _at(whole, one.at)
        calm.append(one.model_copy(update={"code": "text_missing"}) if empty else one)
    return calm


def _at(whole: Any, path: str) -> Any:
    for step in path.split("."):
        whole = whole[int(step)] if step.isdigit() else getattr(whole, step)
    return whole


def tell_at(trouble: QLabel, problems: Sequence[Problem]) -> None:
    """Put the first problem into words; hide the line where there is none."""
    first = next((one for one in problems if one.code not in NOT_YET), problems[0] if problems else None)
    words = words_of_problem(first).both if first is not None else ""
    if first is not None and first.code in ("text_missing", "alt_missing"):
        words = _EMPTY  # shorter: a new card has many empty fields
    role = "small" if first is not None and first.code in NOT_YET else "error"
    if trouble.property("role") != role:
        trouble.setProperty("role", role)
        restyle(trouble)
    if trouble.text() != words:
        trouble.setText(words)
    if trouble.isHidden() == bool(words):
        trouble.setVisible(bool(words))


class TextEntry(QWidget):
    """Label, counter, field, and below it what is wrong. `units`: how LINE counts here."""

    committed = Signal(str)

    def __init__(
        self,
        desk: Desk,
        title: str,
        *,
        name: str,
        limit: int = 0,
        units: str = "utf16",
        lines: int = 1,
        hint: str = "",
        letters: bool = False,
        inserts: bool = False,
        emoji: bool = False,
    ) -> None:
        super().__init__()
        self._limit, self._count = limit, grapheme_count if units == "graphemes" else utf16_length
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.field: CommitLine | CommitText
        if lines > 1:
            self.field = CommitText(name=name, hint=hint)
            self.field.setMinimumHeight(desk.theme.px(26 * lines))
            self.field.setMaximumHeight(desk.theme.px(26 * lines + 24))
        else:
            self.field = CommitLine(name=name, hint=hint, letters=letters)
        self.field.setAccessibleName(title)
        heading = label(title, "small")
        heading.setBuddy(self.field)
        self._counter = label("", "small", name=f"{name}.count")
        how = "絵文字や一部の漢字は2文字に数えます" if units == "utf16" else "見た目の1文字を1文字に数えます"
        self._counter.setToolTip(how)
        words = Flow(heading)
        if inserts or emoji:
            self._offer_inserts(desk, words, name, emoji)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(words, 1)
        head.addWidget(self._counter)
        column.addLayout(head)
        column.addWidget(self.field)
        self._trouble = label("", "error", wrap=True, name=f"{name}.problem")
        self._trouble.hide()
        column.addWidget(self._trouble)
        self.field.committed.connect(self._typed)
        self._recount("")

    def set_text(self, text: str) -> None:
        self.field.set_text(text)
        self._recount(text)

    def set_limit(self, limit: int) -> None:
        """Where the room depends on what stands beside it."""
        self._limit = limit
        self._recount(self.text)

    def show_problems(self, problems: Sequence[Problem]) -> None:
        tell_at(self._trouble, problems)
        wrong = any(one.code not in NOT_YET for one in problems)
        if (self.field.property("wrong") == "true") != wrong:
            self.field.setProperty("wrong", "true" if wrong else "false")
            restyle(self.field)

    def insert(self, words: str) -> None:
        """At the cursor, as if typed."""
        if isinstance(self.field, QLineEdit):
            self.field.insert(words)
        else:
            self.field.insertPlainText(words)
        self.field.setFocus()

    def _offer_inserts(self, desk: Desk, row: Flow, name: str, emoji: bool) -> None:
        names = [one for one, where in PLACEHOLDERS.items() if where != "waste"]
        row.put(menu_button(
            "差し込み", [Entry(f"{name}.insert.{one}", one, _call(self.insert, token(one))) for one in names],
            name=f"{name}.insert", theme=desk.theme, role="quiet", icon="plus",
        ))  # fmt: skip
        if emoji:
            row.put(menu_button(
                "LINEの絵文字",
                [
                    Entry(f"{name}.emoji.{one}", f"{int(one)}番（絵は届いた電話に出ます）",
                          _call(self.insert, emoji_token(one)))
                    for one in EMOJI_IDS
                ],
                name=f"{name}.emoji", theme=desk.theme, role="quiet", icon="plus",
            ))  # fmt: skip

    @property
    def text(self) -> str:
        field = self.field
        return field.toPlainText() if isinstance(field, QPlainTextEdit) else field.text()

    def _typed(self, text: str) -> None:
        self._recount(text)
        self.committed.emit(text)

    def _recount(self, text: str) -> None:
        if not self._limit:
            return
        used = self._count(longest(text))
        self._counter.setText(f"{used:,} / {self._limit:,} 文字")
        role = "error" if used > self._limit else "small"
        if self._counter.property("role") != role:
            self._counter.setProperty("role", role)
            restyle(self._counter)


def _call(do: Callable[[str], None], words: str) -> Callable[[], None]:
    return lambda: do(words)
