"""A town hall for tests: the real relay over real TLS, and as many people with machines as wanted.

Everybody signs in with the same passphrase; the clock is one for all and stands still until told otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desktop.app import Doors, enrol_office, open_office
from desktop.config import ScreenSettings, save_screen_settings
from desktop.features.office import Office
from desktop.features.people import MemberWish
from desktop.features.town_root import NewTown
from desktop.keys.keychain import MemoryKeychain
from desktop.paths import ProfileFolder
from desktop.sync.enrol import Enrolment
from protocol.signin import new_cost
from protocol.staff import Role
from relay.serve import RunningRelay, running_relay
from tests.conftest import Clock
from tests.desktop.conftest import CHEAP, PASSPHRASE
from tests.relay.desk import relay_settings


@dataclass
class Machine:
    """One profile on one machine, and the office that is open on it."""

    folder: ProfileFolder
    login_name: str
    clock: Clock
    keychain: MemoryKeychain = field(default_factory=MemoryKeychain)
    opened: Office | None = None

    @property
    def office(self) -> Office:
        assert self.opened is not None, "closed"
        return self.opened

    def enrol(self, url: str, code: str, *, name: str = "", further: bool = False) -> Office:
        wish = Enrolment(
            relay_url=url,
            code=code,
            login_name=self.login_name,
            passphrase=PASSPHRASE,
            display_name=name or self.login_name,
            cost=new_cost(memory_kib=CHEAP),
        )
        self.close()
        self.opened = enrol_office(
            self.folder.root, wish, further=further, keychain=self.keychain, clock=self.clock
        )
        self.opened.sync()
        return self.opened

    def open(self) -> Office:
        self.close()
        self.opened = open_office(self.folder.root, PASSPHRASE, keychain=self.keychain, clock=self.clock)
        return self.opened

    def close(self) -> None:
        if self.opened is not None:
            opened, self.opened = self.opened, None
            opened.close()

    def doors(self) -> Doors:
        """For a window on this machine; close the office first."""
        save_screen_settings(self.folder.screen, ScreenSettings(theme="light"))
        return Doors(self.folder, keychain=self.keychain, clock=self.clock)


@dataclass
class Town:
    """`admin` is 佐藤; `keys` what set-up made, with the sheets."""

    relay: RunningRelay
    folder: Path
    clock: Clock
    machines: list[Machine] = field(default_factory=list)
    keys: NewTown | None = None

    def machine(self, login_name: str) -> Machine:
        made = Machine(ProfileFolder(self.folder / f"m{len(self.machines)}"), login_name, self.clock)
        self.machines.append(made)
        return made

    def begin(self, login_name: str = "sato") -> Machine:
        """The first administrator's machine; no town keys yet."""
        machine = self.machine(login_name)
        machine.enrol(self.relay.url, self.relay.new_code(), name="情報課 佐藤")
        return machine

    def make_keys(self, admin: Machine) -> NewTown:
        town_keys = admin.office.town_keys
        self.keys = town_keys.prepare_town()
        town_keys.make_town(self.keys, self.keys.sheets[:2])
        admin.office.sync()
        return self.keys

    def department(self, admin: Machine, name: str) -> str:
        id = admin.office.people.save_department(name)
        admin.office.sync()
        return id

    def invite(self, admin: Machine, login_name: str, *departments: str, role: Role = "editor") -> Machine:
        """Invited by the administrator and enrolled with the code; nobody has compared anything yet."""
        people = admin.office.people
        wish = MemberWish(login_name, f"{login_name}さん", role, departments)
        assert people.find_problems(wish) == []
        id = people.save(wish)
        admin.office.sync()
        machine = self.machine(login_name)
        machine.enrol(self.relay.url, people.code(id, "enrol").code)
        return machine

    def confirm(self, admin: Machine, member: Machine) -> None:
        """The words are the same on both screens; the member compares the root too."""
        admin.office.sync()
        keys, id = admin.office.town_keys, member.office.me.id
        shown = admin.office.people.find(id)
        assert shown is not None
        assert keys.words_of(shown) == member.office.town_keys.own_words()
        assert member.office.town_keys.root_words() == keys.root_words()
        member.office.town_keys.accept_root(keys.root_words())
        self.clock.forward(seconds=1)
        keys.confirm(shown)
        self.sync(admin, member)

    def sync(self, *machines: Machine) -> None:
        """Everybody named, twice, so that the first sees what the last did."""
        for machine in (*machines, *machines):
            machine.office.sync()

    def reset(self, admin: Machine, member: Machine) -> Machine:
        """A passphrase is lost: the administrator makes a code, the person begins anew on a fresh machine."""
        code = admin.office.people.code(member.office.me.id, "reset").code
        member.close()
        machine = self.machine(member.login_name)
        machine.enrol(self.relay.url, code)
        return machine


@contextmanager
def running_town(folder: Path, clock: Clock, **more: Any) -> Iterator[Town]:
    """`more`: settings of the relay, such as where LINE is."""
    (folder / "relay").mkdir(parents=True)
    settings = relay_settings(folder / "relay", f"sqlcipher:{folder / 'relay' / 'relay.db'}", **more)
    with running_relay(settings, clock=clock) as running:
        town = Town(running, folder, clock)
        try:
            yield town
        finally:
            for machine in town.machines:
                machine.close()
