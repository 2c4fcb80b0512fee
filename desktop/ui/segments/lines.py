"""The conditions as lines: each a sentence to click, bundles indented, moved and nested by buttons and keys.

Not a tree: screen readers pass over tree views in silence (ux 3).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut, QWheelEvent
from PySide6.QtWidgets import QComboBox, QFrame, QMenu, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from desktop.features.recipients import Bundle, Condition, Joined, Known, Node, Path, Recipients
from desktop.ui.parts.buttons import button, icon_button
from desktop.ui.parts.cards import clear, row_of
from desktop.ui.parts.flow import Flow
from desktop.ui.parts.labels import label
from desktop.ui.parts.sentence_button import SentenceButton
from desktop.ui.screen import Desk
from desktop.ui.segments.condition import ConditionSheet
from protocol.moments import japan_day
from protocol.segments import find_segment_problems

_BETWEEN: dict[str, str] = {"and": "かつ", "or": "または", "": ""}


class JoinedBox(QComboBox):
    """Whether all or any of what follows must hold. `chosen(joined)` when the person chose."""

    chosen = Signal(str)

    def __init__(self, *, name: str, excluded: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName("条件の当てはめ方")
        ending = "人を除く" if excluded else "人"
        self.addItem(f"次のすべてに当てはまる{ending}（かつ）", "and")
        self.addItem(f"次のどれかに当てはまる{ending}（または）", "or")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(10)
        self.activated.connect(lambda _: self.chosen.emit(self.currentData()))

    def show_joined(self, joined: Joined) -> None:
        """From the program: nothing is told."""
        self.setCurrentIndex(self.findData(joined))

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()  # the wheel moves the page, never a condition


class ConditionLines(QWidget):
    """`edited(step, recipients)` when the person did something. Object names begin with `name`."""

    edited = Signal(str, object)

    def __init__(self, desk: Desk, *, name: str) -> None:
        super().__init__()
        self._desk, self._name = desk, name
        self._known = Known()
        self._recipients = Recipients()
        self._group = ""
        self._wanted: Node | None = None
        self._buttons: dict[int, QWidget] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)

    def show_recipients(self, recipients: Recipients, known: Known, *, group: str = "") -> None:
        """`group`: the saved group being written, which cannot name itself."""
        if (recipients, known, group) == (self._recipients, self._known, self._group):
            return
        self._recipients, self._known, self._group = recipients, known, group
        self._draw()

    def add(self, within: Path = ()) -> None:
        """Ask for one more condition, at the end or in the bundle at `within`."""
        self._sheet(None, lambda condition: self._tell(
            "条件の追加", self._recipients.added(condition, within), condition
        ))  # fmt: skip

    def add_bundle(self) -> None:
        """A new bundle at the end that is joined the other way; its first condition is asked for."""
        other: Joined = "or" if self._recipients.joined == "and" else "and"
        self._sheet(None, lambda condition: self._tell(
            "まとまりの追加", self._recipients.added(Bundle((condition,), other)), condition
        ))  # fmt: skip

    # -- drawing ---------------------------------------------------------------------------------------

    def _draw(self) -> None:
        places = {row.path: number for number, row in enumerate(self._recipients.rows())}
        self._buttons = {}
        clear(self._column)
        root = self._recipients
        for place, node in enumerate(root.conditions):
            self._column.addWidget(self._line(node, (place,), root.joined if place else "", places))
        self._focus_wanted()

    def _line(self, node: Node, path: Path, between: str, places: dict[Path, int]) -> QWidget:
        number = places[path]
        line = QWidget()
        if isinstance(node, Bundle):
            inner: QWidget = self._bundle(node, path, places)
        else:
            inner = self._sentence(node, path, number)
        column = QVBoxLayout(line)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        if between:  # above the line, so that large letters leave it its width
            column.addWidget(label(_BETWEEN[between], "small"))
        column.addWidget(inner)
        return line

    def _sentence(self, condition: Condition, path: Path, number: int) -> QWidget:
        words = condition.sentence(self._known)
        made = SentenceButton(words)
        made.setObjectName(f"{self._name}.condition.{number}")
        made.setToolTip("押すと、この条件を変えられます。Alt+↑↓で順番、Alt+→←でまとまりの出し入れ")
        made.clicked.connect(lambda: self._edit(path))
        self._with_keys(made, path)
        self._buttons[number] = made
        holder = QWidget()
        row = row_of(made, self._more(path, number, words), self._remove(path, number, words), spacing=4)
        row.setStretch(0, 1)
        holder.setLayout(row)
        return holder

    def _bundle(self, bundle: Bundle, path: Path, places: dict[Path, int]) -> QWidget:
        number = places[path]
        frame = QFrame()
        frame.setProperty("role", "bundle")
        column = QVBoxLayout(frame)
        column.setContentsMargins(12, 2, 0, 4)
        column.setSpacing(4)
        choice = self._joined(bundle, path, number)
        more, remove = self._more(path, number, "まとまり"), self._remove(path, number, "まとまり")
        head = row_of(choice, more, remove, spacing=4)
        head.setStretch(0, 1)
        column.addLayout(head)
        for place, member in enumerate(bundle.members):
            between = bundle.joined if place else ""
            column.addWidget(self._line(member, (*path, place), between, places))
        add = button(
            "このまとまりに条件を追加する", partial(self.add, path), name=f"{self._name}.add_in.{number}",
            role="quiet", icon="plus", theme=self._desk.theme,
        )  # fmt: skip
        column.addWidget(Flow(add))
        return frame

    def _joined(self, bundle: Bundle, path: Path, number: int) -> QWidget:
        made = JoinedBox(name=f"{self._name}.joined.{number}", excluded=bundle.excluded)
        made.show_joined(bundle.joined)
        made.chosen.connect(partial(self._join, path))
        self._with_keys(made, path)
        self._buttons[number] = made
        return made

    def _more(self, path: Path, number: int, words: str) -> QToolButton:
        made = icon_button(
            "more", f"「{words}」でできること", lambda: None, name=f"{self._name}.more.{number}",
            theme=self._desk.theme,
        )  # fmt: skip
        menu = QMenu(made)
        menu.setObjectName(f"{self._name}.menu.{number}")
        for verb, done, can in self._verbs(path):
            action = menu.addAction(verb, done)
            action.setEnabled(can)
        made.setMenu(menu)
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return made

    def _remove(self, path: Path, number: int, words: str) -> QToolButton:
        return icon_button(
            "close", f"条件「{words}」を削除", partial(self._take_out, path),
            name=f"{self._name}.remove.{number}", theme=self._desk.theme,
        )  # fmt: skip

    # -- what a person does ----------------------------------------------------------------------------

    def _verbs(self, path: Path) -> list[tuple[str, Callable[[], None], bool]]:
        recipients, node = self._recipients, self._recipients.at(path)
        found: list[tuple[str, Callable[[], None], bool]] = []
        if isinstance(node, Condition):
            found.append(("条件を変える…", partial(self._edit, path), True))
        negate = "「ではない」をやめる" if node.excluded else "「ではない」にする（除く）"
        found += [
            (negate, partial(self._negate, path), True),
            ("上へ\tAlt+↑", partial(self._move, path, -1), recipients.can_move(path, -1)),
            ("下へ\tAlt+↓", partial(self._move, path, 1), recipients.can_move(path, 1)),
            ("前の条件とまとめる\tAlt+→", partial(self._indent, path), path[-1] > 0),
            ("まとまりから出す\tAlt+←", partial(self._outdent, path), len(path) > 1),
            ("削除する\tDel", partial(self._take_out, path), True),
        ]
        return found

    def _with_keys(self, made: QWidget, path: Path) -> None:
        for keys, done in (
            ("Alt+Up", partial(self._move, path, -1)),
            ("Alt+Down", partial(self._move, path, 1)),
            ("Alt+Right", partial(self._indent, path)),
            ("Alt+Left", partial(self._outdent, path)),
            ("Del", partial(self._take_out, path)),
        ):
            shortcut = QShortcut(QKeySequence(keys), made)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(done)

    def _edit(self, path: Path) -> None:
        node = self._recipients.at(path)
        assert isinstance(node, Condition)
        self._sheet(node, lambda condition: self._tell(
            "条件の変更", self._recipients.replaced(path, condition), condition
        ))  # fmt: skip

    def _sheet(self, condition: Condition | None, chosen: Callable[[Condition], None]) -> None:
        sheet = ConditionSheet(
            self, self._desk.theme, self._known, condition, group=self._group,
            today=japan_day(self._desk.office.clock()),
        )  # fmt: skip
        sheet.chosen.connect(chosen)
        sheet.finished.connect(sheet.deleteLater)
        sheet.open()

    def _join(self, path: Path, joined: Joined) -> None:
        self._tell("かつ・または", self._recipients.bundle_joined(path, joined))

    def _negate(self, path: Path) -> None:
        self._tell("ではない", self._recipients.negated(path))

    def _move(self, path: Path, steps: int) -> None:
        if self._recipients.can_move(path, steps):
            node = self._recipients.at(path)
            self._tell("条件の移動", self._recipients.moved(path, steps), node)

    def _indent(self, path: Path) -> None:
        if path[-1] > 0:
            node = self._recipients.at(path)
            self._tell("条件をまとめる", self._recipients.indented(path), node)

    def _outdent(self, path: Path) -> None:
        if len(path) > 1:
            node = self._recipients.at(path)
            self._tell("まとまりから出す", self._recipients.outdented(path), node)

    def _take_out(self, path: Path) -> None:
        self._tell("条件の削除", self._recipients.removed(path))

    def _tell(self, step: str, recipients: Recipients, focus: Node | None = None) -> None:
        """What is nested too deep, or too much of it, is not done at all and the reason said."""
        problems = find_segment_problems(recipients.as_segment(), self._known.items, self._known.named)
        if any(problem.code == "segment_too_deep" for problem in problems):
            self._desk.routes.say("まとまりは、これ以上深くできません。")
            return
        self._wanted = focus
        self.edited.emit(step, recipients)

    def _focus_wanted(self) -> None:
        """After a step the moved line keeps the keyboard."""
        wanted, self._wanted = self._wanted, None
        if wanted is None:
            return
        for number, row in enumerate(self._recipients.rows()):
            if row.node == wanted and number in self._buttons:
                self._buttons[number].setFocus(Qt.FocusReason.OtherFocusReason)
                return
