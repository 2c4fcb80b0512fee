"""Who takes part in the stories of delivery, and what they all do: look at phones, have a last look, send."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import requests
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QListWidget, QScrollArea

from desktop.ui.driver import Driver, NotSeen
from protocol.items import Choice
from protocol.waste_days import Collection
from relay.features.segments import SegmentIndex
from relay.store.cipher import load_or_make_host_key
from relay.store.database import Database, open_database
from sandbox.line.ledger import Ledger
from tests.relay.replay import Replayed, replay
from tests.stories.narrator import Narrator
from tests.stories.phone import Phone, Phones
from tests.stories.sample_town import SampleTown
from tests.stories.story_clock import StoryClock
from tests.stories.town_hall import TownHall
from tests.stories.town_windows import Person, Windows

PARENT, NEIGHBOUR = "髙﨑 さくら", "𠮷田 健🍀"
SECONDS = 20.0


@dataclass
class Cast:
    """The parent lives in `district`, has children and wants the waste message in the morning; `shifted` is
    a collection there that a holiday moves. The neighbour lives `elsewhere`.
    """

    hall: TownHall
    clock: StoryClock
    town: SampleTown
    windows: Windows
    narrator: Narrator
    phones: Phones
    district: Choice
    elsewhere: Choice
    shifted: Collection
    writer: Person = field(default_factory=lambda: Person("mizusawa-y", "広報課 水沢 結"))
    approver: Person = field(default_factory=lambda: Person("mori-a", "危機管理課 森 葵"))
    ids: dict[str, str] = field(default_factory=dict)

    # -- residents -------------------------------------------------------------------------------------

    def register(self) -> None:
        """Both follow and answer in the talk by taps, the real way, without a browser to look at."""
        people = self.hall.sandbox("POST", "residents", {"names": [PARENT, NEIGHBOUR]})["residents"]
        self.ids = {each["displayName"]: each["userId"] for each in people}
        for name, district, waste in (
            (PARENT, self.district, "朝に受け取る"),
            (NEIGHBOUR, self.elsewhere, "受け取らない"),
        ):
            self.hall.sandbox("POST", f"residents/{self.ids[name]}/follow", {"wait": True})
            for label in (
                district.label, "ごみ・リサイクル", "これで決定", "1980年代", "1984年", "答えない", waste,
            ):  # fmt: skip
                self._tap(self.ids[name], label)

    def _tap(self, user_id: str, label: str) -> None:
        """Once the talk offers it."""
        url = f"{self.hall.sandbox_url}/sandbox/residents/{user_id}/tap"
        ends = time.monotonic() + SECONDS
        while (answer := requests.post(url, json={"label": label}, timeout=60)).status_code == 409:
            assert time.monotonic() < ends, f"the talk does not offer {label}"
            time.sleep(0.02)
        answer.raise_for_status()

    async def with_phone(self, desk: Driver, name: str, act: Callable[[Phone], None]) -> None:
        """Somebody's phone in hand; the window goes on living meanwhile."""
        url, user_id = self.hall.sandbox_url, self.ids[name]

        def with_phone(browser: Any) -> None:
            phone = Phone(browser, url, user_id)
            try:
                act(phone)
            finally:
                phone.close()

        done: Future[None] = self.phones.do(with_phone)
        await desk.until(done.done, f"{name} is ready", seconds=120)
        done.result()
        await asyncio.sleep(0)

    def shot(self, phone: Phone, name: str) -> None:
        phone.picture(self.narrator.new_picture(name))

    def words_in_talk(self, name: str) -> str:
        """Everything the account wrote to somebody, as one text."""
        talk = self.hall.talk(self.ids[name])
        return "\n".join(str(each.get("message")) for each in talk if each["who"] == "account")

    # -- at the desk -----------------------------------------------------------------------------------

    async def picture(self, desk: Driver, name: str) -> None:
        await self.windows.picture(desk, name)

    async def add_condition(self, desk: Driver, what: str, labels: tuple[str, ...] = ()) -> None:
        """Open the sheet and tick these; the caller presses the verb."""
        desk.click("recipients.add")
        await desk.until_seen("condition.what")
        desk.choose("condition.what", what)
        if labels:
            listed = desk.find_as("condition.choices", QListWidget)
            for row in range(listed.count()):
                item = listed.item(row)
                if item.text().rpartition("　")[2] in labels:
                    listed.scrollToItem(item)
                    item.setCheckState(Qt.CheckState.Checked)

    def do_in_menu(self, desk: Driver, name: str) -> None:
        """A line of a menu, as if chosen there."""
        action = desk.window.findChild(QAction, name)
        if action is None:
            raise NotSeen(name)
        action.trigger()

    async def read_and_tick(self, desk: Driver, screen: str, verb: str) -> None:
        """The last look: tick every warning, type the number where it is asked for."""
        await desk.until(lambda: "人" in desk.text(f"{screen}.count"), "a count")
        await desk.settle()
        for box in desk.window.findChildren(QCheckBox):
            if box.objectName().startswith(f"{screen}.tick.") and box.isVisible():
                desk.click(box.objectName())
        if desk.sees(f"{screen}.typed"):
            number = "".join(sign for sign in desk.text(f"{screen}.count") if sign.isdigit())
            desk.type(f"{screen}.typed", number)
        await desk.until_enabled(verb)

    async def scroll_to(self, desk: Driver, name: str) -> None:
        """So that a picture shows it whole."""
        await desk.settle()  # what was unfolded has its place by now
        widget = desk.find(name)
        parent = widget.parentWidget()
        while parent is not None:
            if isinstance(parent, QScrollArea):
                parent.ensureWidgetVisible(widget, 0, 24)
            parent = parent.parentWidget()
        await desk.settle()

    async def wait_out_hold(self, desk: Driver) -> None:
        """Nobody presses the big stop, and the clock goes on."""
        await desk.until_seen("detail.hold.stop")
        self.later(
            seconds=int("".join(sign for sign in desk.text("detail.hold.seconds") if sign.isdigit())) + 1
        )

    # -- the record ------------------------------------------------------------------------------------

    @contextmanager
    def store(self) -> Iterator[Database]:
        """The relay's store, read beside the running relay."""
        folder = Path(self.hall.folder)
        database = open_database(
            f"sqlcipher:{folder / 'relay.db'}", load_or_make_host_key(folder / "relay.key")
        )
        try:
            yield database
        finally:
            database.close()

    def replay(self, delivery: str) -> Replayed:
        """The checker of exactly-once sending, over the sandbox's own record."""
        ledger = SimpleNamespace(
            calls=[
                SimpleNamespace(
                    endpoint=each["endpoint"], retry_key=each["retryKey"], request_id=each["requestId"]
                )
                for each in self.hall.sandbox("GET", "calls")["calls"]
            ],
            deliveries=[
                SimpleNamespace(request_id=each["requestId"], recipients=each["recipients"])
                for each in self.hall.sandbox("GET", "deliveries")["deliveries"]
            ],
        )
        with self.store() as database:
            index = SegmentIndex(database, self.clock)
            index.refresh()
            return replay(database, index, cast(Ledger, ledger), delivery)

    def received_since(self, number: int) -> list[str]:
        """Everybody who received something by multicast or push after this record, as often as they did."""
        found = self.hall.sandbox("GET", f"deliveries?since={number}")["deliveries"]
        return [
            person
            for each in found
            if each["endpoint"] in ("multicast", "push")
            for person in each["recipients"]
        ]

    def last_record(self) -> int:
        found = self.hall.sandbox("GET", "deliveries")["deliveries"]
        return max((each["number"] for each in found), default=0)

    def later(self, **span: float) -> datetime:
        """Move the clock on by so much."""
        moment = self.clock() + timedelta(**span)
        self.clock.move_to(moment)
        return moment
