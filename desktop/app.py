"""Puts the parts together: profile, keys, replica, sync and features become an `Office`. Imports no Qt by
itself.

Scripts call `open_office`; the window gets `Doors`, through which it lets a person in.
"""

from __future__ import annotations

import contextlib
import platform
import secrets
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from desktop.config import DesktopConfig, ScreenSettings, read_config, save_screen_settings
from desktop.errors import AlreadyRunning, Trouble
from desktop.features.account import Account
from desktop.features.asking import W
from desktop.features.audit import Audit
from desktop.features.confirming import Confirming
from desktop.features.conflicts import Conflicts
from desktop.features.contact_forms import ContactForms
from desktop.features.deliveries import Deliveries
from desktop.features.devices import Devices
from desktop.features.groups import Groups
from desktop.features.half_written import HalfWrittenAnswers
from desktop.features.home import Home
from desktop.features.items import Items
from desktop.features.lists import Lists
from desktop.features.manual import Manual
from desktop.features.media import Media
from desktop.features.notices import Notices
from desktop.features.office import Office
from desktop.features.people import People
from desktop.features.planning import Planning
from desktop.features.results import Results
from desktop.features.rights import Rights
from desktop.features.sending_rules import TownRules
from desktop.features.setup import Setup
from desktop.features.staff import Staff
from desktop.features.submissions import Submissions
from desktop.features.town_keys import OwnKeys, TownKeys
from desktop.features.waste import Waste
from desktop.keys.keychain import Keychain, SystemKeychain
from desktop.keys.keyring import KeyRing, open_ring
from desktop.keys.passphrase import Passphrase, load_words, new_passphrase
from desktop.keys.profile import (
    Profile,
    forget_pending,
    keep_root,
    load_pending,
    load_profile,
    save_profile,
)
from desktop.keys.renewal import Renewal
from desktop.keys.unlock import OpenKeys, unlock, unlock_either
from desktop.log import start_log
from desktop.paths import ProfileFolder, default_profile, resources
from desktop.replica.memory import Memory
from desktop.replica.replica import Replica, open_replica
from desktop.sync.chunks import ColdStart
from desktop.sync.client import RelayClient, pin_fits
from desktop.sync.compaction import Compaction
from desktop.sync.enrol import Enrolment, add_device, create_account
from desktop.sync.files import fetch
from desktop.sync.opening import Opening
from desktop.sync.remembering import known_marks
from desktop.sync.round import Rounds
from desktop.sync.session import Session
from protocol.certificates import DepartmentKey, KeyWrap, Trust
from protocol.changes import Change, make_change
from protocol.wire import Wire


def now_utc() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class OpenOffice:
    """An office with the rounds behind it, for whoever runs them in the background."""

    office: Office
    rounds: Rounds


@dataclass
class Doors:
    """The ways in: enrol this machine, or open what is here. Everything here blocks; call it off the
    screen's thread.
    """

    folder: ProfileFolder
    config: DesktopConfig = field(default_factory=read_config)
    keychain: Keychain = field(default_factory=SystemKeychain)
    clock: Callable[[], datetime] = now_utc
    _lock: FileLock | None = None

    def is_enrolled(self) -> bool:
        return self.folder.profile.exists()

    def profile(self) -> Profile:
        """Raises ProfileMissing, ProfileDamaged."""
        return load_profile(self.folder.profile)

    def new_passphrase(self) -> Passphrase:
        return new_passphrase(load_words(resources() / "wording" / "passphrase-words.tsv"))

    def create_account(self, wish: Enrolment) -> OpenOffice:
        """First account with a one-time code. Raises the troubles of the client, CodeDamaged,
        RelayRefused.
        """
        return self._enrolled(
            create_account(self._completed(wish), self.keychain, self.clock), wish.passphrase
        )

    def add_device(self, wish: Enrolment) -> OpenOffice:
        """This machine joins an account that exists."""
        return self._enrolled(add_device(self._completed(wish), self.keychain, self.clock), wish.passphrase)

    def open(self, passphrase: str) -> OpenOffice:
        """Sign in on this machine; works with the relay away. Raises WrongPassphrase, DeviceKeyLost,
        Replica…
        """
        self.take_lock()
        pending = load_pending(self.folder.pending)
        profile, keys = unlock_either(self.profile(), pending, passphrase, self.keychain)
        return _build(
            self.folder, profile, Renewal(self.folder, self.keychain, keys, profile.seal, pending), self.clock
        )

    def take_lock(self) -> None:
        """One program per profile. Raises AlreadyRunning."""
        self.folder.make()
        if self._lock is None:
            self._lock = FileLock(str(self.folder.lock), thread_local=False)
        try:
            if not self._lock.is_locked:
                self._lock.acquire(timeout=0)
        except Timeout:
            raise AlreadyRunning from None
        start_log(self.folder.log)

    def release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _completed(self, wish: Enrolment) -> Enrolment:
        ca_file = wish.ca_file or (str(self.config.ca_file) if self.config.ca_file else "")
        return replace(wish, ca_file=ca_file, device_name=wish.device_name or platform.node())

    def _enrolled(self, profile: Profile, passphrase: str) -> OpenOffice:
        self.take_lock()
        self._set_old_replica_aside()
        forget_pending(self.folder.pending)
        save_profile(self.folder.profile, profile)
        keys = unlock(profile, passphrase, self.keychain)
        return _build(
            self.folder, profile, Renewal(self.folder, self.keychain, keys, profile.seal), self.clock
        )

    def _set_old_replica_aside(self) -> None:
        # Another account or an older device's key wrote it; nobody can open it any more, but nothing is
        # deleted.
        stamp = f"{self.clock():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        for old in (self.folder.replica, self.folder.unsent):
            if old.exists():
                old.replace(old.with_name(f"old-{stamp}-{old.name}"))
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                self.folder.replica.with_name(self.folder.replica.name + suffix).unlink()


def open_office(
    profile_folder: Path | str | None = None,
    passphrase: str = "",
    *,
    keychain: Keychain | None = None,
    clock: Callable[[], datetime] = now_utc,
) -> Office:
    """Sign in on this machine without any window. Close the office when done, or use it with `with`."""
    folder = ProfileFolder(Path(profile_folder)) if profile_folder else default_profile()
    doors = Doors(folder, keychain=keychain or SystemKeychain(), clock=clock)
    try:
        opened = doors.open(passphrase).office
    except BaseException:
        doors.release()
        raise
    return _also_on_close(opened, doors.release)


def enrol_office(
    profile_folder: Path | str,
    wish: Enrolment,
    *,
    further: bool = False,
    keychain: Keychain | None = None,
    clock: Callable[[], datetime] = now_utc,
) -> Office:
    """Enrol this machine without any window; `further` joins an account that exists."""
    doors = Doors(ProfileFolder(Path(profile_folder)), keychain=keychain or SystemKeychain(), clock=clock)
    opened = doors.add_device(wish) if further else doors.create_account(wish)
    return _also_on_close(opened.office, doors.release)


def _also_on_close(office: Office, release: Callable[[], None]) -> Office:
    close = office.close

    def close_all() -> None:
        close()
        release()

    return replace(office, close=close_all)


def _build(
    folder: ProfileFolder, profile: Profile, renewal: Renewal, clock: Callable[[], datetime]
) -> OpenOffice:
    keys = renewal.keys
    replica = open_replica(
        folder, key=keys.replica, unsent_key=keys.unsent, staff=profile.staff.id, clock=clock
    )
    session = Session(
        lambda: _client(profile, keys, clock),
        profile.login_name,
        keys.login,
        accepted=lambda _: renewal.relay_accepted(),
    )

    def sign(id: str, kind: str, payload: Wire, based_on: int) -> Change:
        return make_change(
            kind,
            payload,
            id=id,
            based_on=based_on,
            now=clock(),
            staff=profile.staff.id,
            relay=profile.relay,
            key=keys.staff.sign,
        )

    def ring() -> KeyRing:
        trust = replica.records.one("trust", "town", Trust)
        return open_ring(
            profile.staff.id,
            keys.staff,
            root=load_profile(folder.profile).root,
            trust=trust.body if trust else None,
            department_keys=replica.records.all("key", DepartmentKey),
            wraps=replica.records.all("wrap", KeyWrap),
            marks=known_marks(replica),
        )

    opening = Opening(ring, profile.relay)
    rounds = Rounds(
        replica=replica,
        session=session,
        sign=sign,
        clock=clock,
        opening=opening,
        cold_start=ColdStart(replica, session, opening),
        compaction=Compaction(replica, session, opening, profile.staff.id, keys.staff.sign, clock),
    )
    return OpenOffice(_office(profile, replica, session, rounds, clock, ring, renewal), rounds)


def _office(
    profile: Profile,
    replica: Replica,
    session: Session,
    rounds: Rounds,
    clock: Callable[[], datetime],
    ring: Callable[[], KeyRing],
    renewal: Renewal,
) -> Office:
    staff = Staff(replica, profile.staff, clock)

    def ask(question: str, body: Wire | None, answer: type[W], /) -> W:
        return session.ask(f"/staff/ask/{question}", body, answer)

    def act(name: str, body: Wire | None, answer: type[W], /) -> W:
        return session.ask(f"/staff/{name}", body, answer)

    town_keys = TownKeys(
        replica,
        me=profile.staff.id,
        own=OwnKeys.of(renewal.keys.staff),
        ring=ring,
        keep_root=lambda root: keep_root(renewal.folder.profile, root),
        clock=clock,
    )

    def close() -> None:
        with contextlib.suppress(Trouble):
            session.sign_out()
        session.close()
        replica.close()

    groups = Groups(replica, ask, clock)
    deliveries = Deliveries(replica, ask, clock, groups.known)
    return Office(
        items=Items(replica, ask, clock),
        groups=groups,
        lists=Lists(replica, ring, clock, profile.relay),
        deliveries=deliveries,
        media=Media(replica.files, ask),
        confirming=Confirming(replica, ask, clock, deliveries, staff.me),
        planning=Planning(replica, clock),
        results=Results(replica),
        town_rules=TownRules(replica),
        waste=Waste(replica, ask, clock),
        staff=staff,
        home=Home(replica, ring, staff.me),
        conflicts=Conflicts(replica),
        half_written=HalfWrittenAnswers(Memory(replica.store)),
        submissions=Submissions(
            replica,
            ring,
            clock,
            profile.relay,
            lambda name: fetch(session, replica.files, name),
            profile.staff.id,
        ),
        contact_forms=ContactForms(replica, clock),
        manual=Manual(),
        rights=Rights(replica, staff),
        account=Account(renewal, session, act, staff),
        devices=Devices(replica, staff, profile.device),
        audit=Audit(replica, ask, staff, ring),
        notices=Notices(replica),
        people=People(replica, town_keys, act, me=profile.staff.id, ring=ring, clock=clock),
        town_keys=town_keys,
        setup=Setup(replica, act, ring),
        ring=ring,
        act=act,
        me=profile.staff,
        relay_url=profile.relay_url,
        rebuilt=replica.rebuilt,
        clock=clock,
        sync=rounds.run_all,
        fetch_picture=lambda name: fetch(session, replica.files, name),
        close=close,
    )


def _client(profile: Profile, keys: OpenKeys, clock: Callable[[], datetime]) -> RelayClient:
    return RelayClient(
        profile.relay_url,
        fits=pin_fits(profile.pin),
        ca_file=profile.ca_file,
        device=profile.device,
        key=keys.device,
        clock=clock,
    )


def start_window(
    folder: ProfileFolder,
    *,
    relay_url: str = "",
    code: str = "",
    measure_from: float | None = None,
) -> int:
    """The program with its window. Returns the exit code; with `measure_from` prints the start time and
    ends.
    """
    from desktop.ui.main import StartWish, measure_first_window, start  # Qt only where a window is wanted

    doors = Doors(folder)
    wish = StartWish(screen_file=folder.screen, relay_url=relay_url, code=code)
    if measure_from is None:
        return start(doors, wish)
    seconds = measure_first_window(doors, wish, begun=measure_from)
    sys.stdout.write(f"first window after {seconds:.2f} s\n")
    return 0


def take_manual_pictures(folder: ProfileFolder, passphrase: str, pictures: Path) -> list[Path]:
    """Save the manual's pictures of an enrolled profile, in light colours at 100 %; returns the files."""
    from desktop.ui.main import StartWish  # Qt only where a window is wanted
    from desktop.ui.pictures import take_pictures

    with tempfile.TemporaryDirectory() as empty:
        elsewhere = ProfileFolder(Path(empty))
        save_screen_settings(elsewhere.screen, ScreenSettings(theme="light"))
        return take_pictures(
            Doors(folder),
            StartWish(screen_file=elsewhere.screen),
            pictures,
            passphrase=passphrase,
            first_start=Doors(elsewhere),
        )
