"""The main window: doors first, then the work area. Screens do not know each other; the routes here
connect them.

Stable object names for story scripts and tests (QWidget.findChild):

| Name | What |
|---|---|
| `signin.passphrase`, `signin.go`, `signin.banner` | sign-in |
| `first.address`, `first.code`, `first.login_name`, `first.display_name`, `first.next` | first start, step 1 |
| `first.passphrase`, `first.written`, `first.repeat`, `first.create`, `first.further` | first start, further steps |
| `lock.passphrase`, `lock.go`, `lock.enrol`, `lock.banner`, `shut_out.close` | locked, or shut out |
| `rail.home`, `rail.deliveries`, `rail.items`, `rail.waiting`, `rail.manual`, `rail.settings` | left rail |
| `bar.connection`, `bar.waiting`, `bar.environment`, `bar.person`, `bar.message` | bottom bar |
| `screen.<page>` | each screen; pages: home, deliveries, delivery-edit, delivery-result, confirm, items, item-edit, … |
| `home.new_delivery`, `home.link_line`, `home.restore`, `home.number.friends` | home |
| `deliveries.table`, `deliveries.new`, `deliveries.open`, `deliveries.copy`, `deliveries.search` | list |
| `editor.title`, `bubble.<n>.text`, `bubbles.add_text`, `bubbles.add_image`, `editor.saved` | editor |
| `bubbles.add.<kind>`, `bubble.<n>.card.<m>.…`, `bubble.<n>.canvas`, `reply.<n>.…`, `languages.<tag>` | editor |
| `recipients.add`, `recipients.condition.<n>`, `recipients.sentence`, `recipients.count` | recipients |
| `condition.what`, `condition.choices`, `condition.go` | one condition |
| `recipients.joined`, `recipients.joined.<n>`, `recipients.more.<n>`, `recipients.add_bundle`, `recipients.who` | nesting |
| `recipients.excluded.choose`, `excluded.groups`, `excluded.go`, `who.total`, `who.chart.<item>` | excluded, who |
| `deliveries.tab.<page>`, `groups.new`, `groups.row.<n>`, `group.name`, `group.save`, `group.uses` | saved groups |
| `lists.new`, `lists.row.<n>`, `list.name`, `list.fill`, `fill.go`, `codes.import`, `codes.table`, `import.go` | lists |
| `item.unit`, `item.lowest`, `item.ask_month`, `item.several`, `choices.merge`, `merge.into`, `merge.go` | kinds of items |
| `editor.test`, `test.person.<login name>`, `test.go`, `test.banner` | test delivery |
| `link.code`, `link.banner`, `link.close` | tying the own LINE account |
| `editor.confirm`, `confirm.count`, `confirm.quota`, `confirm.typed`, `confirm.send` | confirmation |
| `detail.state`, `detail.bar`, `detail.number.accepted`, `detail.copy` | a delivery looked back at |
| `detail.paused.words`, `detail.resume`, `resume.words`, `resume.quota`, `resume.go` | going on with a stopped one |
| `items.new`, `items.edit.<n>`, `items.up.<n>`, `item.title`, `item.question`, `choices.table`, `item.save` | items |
| `account.passphrase`, `account.factor_on`, `account.factor_off`, `passphrase.old`, `factor_on.code` | own account |
| `second_code.code`, `second_code.go`, `adopt.passphrase`, `adopt.go` | what the relay asks at sign-in |
| `devices.table`, `devices.add`, `devices.revoke` | devices |
| `audit.table`, `audit.person`, `audit.kind`, `audit.period`, `audit.whole`, `audit.detail`, `access.table` | the logs |
| `window.alarm.words`, `window.alarm.open`, `log_alarm.sure`, `log_alarm.go`, `notice.<code>.dismiss` | alarm, notices |
| `inbox.table`, `inbox.search`, `inbox.filter.<state>`, `inbox.open`, `inbox.export`, `inbox.forms`, `inbox.count` | what arrived |
| `submission.topic`, `submission.note`, `submission.reply`, `submission.state.<state>`, `submission.save`, `submission.send` | one of it |
| `submission.conflict.rewrite`, `submission.conflict.keep`, `submission.photo.<n>`, `submission.banner` | one of it |
| `contact_forms.row.<n>`, `contact_forms.new`, `contact_form.title`, `contact_form.access.<n>`, `contact_form.save` | contact forms |
| `bar.receiving`, `bar.pause` | how far a large amount of records is |
| `people.table`, `people.search`, `people.invite`, `people.confirm`, `people.code`, `people.reset`, `people.leave` | people |
| `people.tab.<page>` | the tabs people, departments, rights, town-keys, transfers |
| `member.login_name`, `member.department.<n>`, `member.go`, `code.code`, `compare.go`, `leave.go`, `reset.go` | their dialogs |
| `home.setup.go`, `home.keys.go`, `task.<n>.go`, `keys.compare`, `keys.practise`, `keys.restore` | what to do about keys |
| `setup.town.go`, `setup.keys.begin`, `setup.sheet.written`, `setup.repeat.<n>`, `setup.line.go` | first set-up |
| `recovery.sheet.<n>`, `recovery.go`, `recovery.give.<n>`, `transfers.apply` | recovery sheets, transfers |
| `manual.list`, `manual.page`, `manual.search`, `find.words`, `find.list` | manual, Ctrl+K |
"""  # noqa: E501

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QApplication, QDialog, QMainWindow, QToolTip, QWidget

from desktop.config import ScreenSettings
from desktop.errors import Trouble
from desktop.features.office import Office
from desktop.features.wording import words_of_trouble
from desktop.log import LOGGER
from desktop.sync.round import Rounds
from desktop.ui.background import Background
from desktop.ui.menus import build_menus, clear_menus
from desktop.ui.theme import Theme
from desktop.ui.work_area import WorkArea

_TITLE = "まどぐち"


class MainWindow(QMainWindow):
    """`enter` puts the work area in place of the door. `closed` is called once, when the window goes."""

    def __init__(
        self,
        theme: Theme,
        *,
        change_settings: Callable[[ScreenSettings], None],
        closed: Callable[[], None],
        lock: Callable[[], None],
        shut_out: Callable[[str], None],
    ) -> None:
        """`lock` covers the screen at once; `shut_out` ends the work with these words."""
        super().__init__()
        self.theme = theme
        self._change_settings, self._closed = change_settings, closed
        self.lock, self.shut_out = lock, shut_out
        self._door_background = self._new_background()
        self.work: WorkArea | None = None
        self.setWindowTitle(_TITLE)
        self.resize(1280, 800)
        self.setMinimumSize(960, 620)

    @property
    def background(self) -> Background:
        """That of the work area, or of the door before it. Each ends with what it worked for."""
        return self.work.desk.background if self.work is not None else self._door_background

    def show_door(self, door: QWidget) -> None:
        self.setCentralWidget(door)
        door.show()  # now, not when Qt has time: it may have to cover something

    def enter(self, office: Office, rounds: Rounds) -> None:
        """Signed in: show the work area and start to sync."""
        self.work = WorkArea(self, office, rounds, self._change_settings, self._new_background())
        self.setCentralWidget(self.work)
        build_menus(self, self.work.menu_actions())
        self.work.start()

    def take_work(self) -> WorkArea | None:
        """Out of sight with everything of the person signed in. Whoever takes the work area stops it."""
        work = self.work
        if work is None:
            return None
        work.leave()
        _close_dialogs()
        self.takeCentralWidget()
        work.hide()
        clear_menus(self)
        self.setWindowTitle(_TITLE)
        self.work = None
        return work

    def tell_trouble(self, trouble: Trouble) -> None:
        if self.work is not None:
            self.work.tell("error", words_of_trouble(trouble).both)

    def tell_bug(self, error: BaseException) -> None:
        """Ours to mend: the log gets the kind of error, the person gets a calm word."""

        LOGGER.error("bug: %s", type(error).__name__, exc_info=error)
        self.tell_trouble(Trouble())

    def closeEvent(self, event: QCloseEvent) -> None:
        if self.work is not None:
            self.work.leave()
        super().closeEvent(event)
        self._closed()

    async def stop(self) -> None:
        """End the rounds and close the office; what is unsent stays in the outbox."""
        if self.work is not None:
            await self.work.stop()
        self._door_background.stop()

    def _new_background(self) -> Background:
        return Background(self.tell_trouble, self.tell_bug)


def _close_dialogs() -> None:
    popup = QApplication.activePopupWidget()
    if popup is not None:
        popup.close()
    QToolTip.hideText()
    for widget in QApplication.topLevelWidgets():
        if isinstance(widget, QDialog) and widget.isVisible():
            widget.reject()
