"""What the desktop's tests share: a relay in memory, an enrolled person, offscreen windows. Standing
cast: 佐藤 (sato).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from desktop.app import Doors, OpenOffice, enrol_office, open_office
from desktop.config import ScreenSettings, save_screen_settings
from desktop.features.office import Office
from desktop.keys.keychain import MemoryKeychain
from desktop.paths import ProfileFolder
from desktop.sync.enrol import Enrolment
from protocol.items import Choice, SegmentItem
from protocol.signin import new_cost
from tests.desktop.fake_relay import FakeRelay

PASSPHRASE = "sakura minato tebukuro kaze hon"
CHEAP = 1024  # KiB; the real cost is 256 MiB


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[FakeRelay]:
    folder = tmp_path / "relay"
    folder.mkdir()
    made = FakeRelay(folder).start()
    made.set_town(
        town_name="みなと野市", account_name="みなと野市公式", environment="training", greeting="ようこそ"
    )
    made.set_summary(friends=4321, answered=3012, blocked=87, followed_today=6, followed_week=41)
    yield made
    made.stop()


@dataclass
class Desk:
    """One machine of the town hall."""

    relay: FakeRelay
    folder: ProfileFolder
    keychain: MemoryKeychain = field(default_factory=MemoryKeychain)
    opened: list[Office] = field(default_factory=list)

    def enrol(self, login_name: str = "sato", *, further: bool = False, code: str = "") -> Office:
        wish = Enrolment(
            relay_url=self.relay.url,
            code=code or self.relay.new_code(),
            login_name=login_name,
            passphrase=PASSPHRASE,
            display_name="総務課 佐藤",
            cost=new_cost(memory_kib=CHEAP),
        )
        return self._kept(
            enrol_office(
                self.folder.root, wish, further=further, keychain=self.keychain, clock=self.relay.clock
            )
        )

    def open(self, passphrase: str = PASSPHRASE) -> Office:
        return self._kept(
            open_office(self.folder.root, passphrase, keychain=self.keychain, clock=self.relay.clock)
        )

    def close(self) -> None:
        while self.opened:
            self.opened.pop().close()

    def doors(self) -> Doors:
        save_screen_settings(self.folder.screen, ScreenSettings(theme="light"))
        return Doors(self.folder, keychain=self.keychain, clock=self.relay.clock)

    def _kept(self, office: Office) -> Office:
        self.opened.append(office)
        return office


@pytest.fixture
def make_desk(relay: FakeRelay, tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    made: list[Desk] = []

    def make(name: str = "desk") -> Desk:
        made.append(Desk(relay, ProfileFolder(tmp_path / name)))
        return made[-1]

    yield make
    for desk in made:
        desk.close()


@pytest.fixture
def desk(make_desk: Callable[[str], Desk]) -> Desk:
    return make_desk("desk")


@pytest.fixture
def office(desk: Desk) -> Office:
    """Enrolled, synced once."""
    office = desk.enrol()
    office.sync()
    return office


def district() -> SegmentItem:
    choices = tuple(
        Choice(id=f"{area}{number}", label=f"{area}{number}丁目", group=f"{area}地域")
        for area in ("川北", "港町", "髙﨑")
        for number in range(1, 5)
    )
    return SegmentItem(
        id="item-district",
        kind="district",
        title="お住まいの地区",
        question="お住まいの地区は？",
        choices=choices,
    )


def topics() -> SegmentItem:
    choices = tuple(Choice(id=f"t{n}", label=words) for n, words in enumerate(("防災", "子育て", "ごみ")))
    return SegmentItem(
        id="item-topics",
        kind="multiple",
        title="知りたいこと",
        question="知りたいことは？",
        choices=choices,
        position=1,
    )


def birth_year() -> SegmentItem:
    return SegmentItem(
        id="item-birth", kind="birth_year", title="生まれた年", question="生まれた年は？", position=2
    )


@pytest.fixture
def town_items(relay: FakeRelay) -> tuple[SegmentItem, ...]:
    made = (district(), topics(), birth_year())
    for item in made:
        relay.put("item", item.id, item)
    return made


__all__ = ["CHEAP", "PASSPHRASE", "Desk", "OpenOffice"]
