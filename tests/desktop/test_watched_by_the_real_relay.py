"""ADM-2, ADM-5, SEC-1, SEC-5, SEC-9 against the real relay over TLS: what the fake one answers in the
window's stories is what the real one answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyotp
import pytest

from desktop.app import open_office
from desktop.errors import PassphraseChanged, RelayRefused, WrongPassphrase
from desktop.features.office import Office
from protocol.audit import AccessLogQuery, AuditQuery
from tests.conftest import Clock
from tests.desktop.conftest import PASSPHRASE
from tests.desktop.town import Machine, Town, running_town

NEW = "umi yama kawa sora tori"


@pytest.fixture
def town(tmp_path: Path, clock: Clock) -> Iterator[Town]:
    with running_town(tmp_path, clock) as made:
        yield made


@pytest.fixture
def admin(town: Town) -> Machine:
    return town.begin()


def open_with(machine: Machine, passphrase: str) -> Office:
    machine.close()
    machine.opened = open_office(
        machine.folder.root, passphrase, keychain=machine.keychain, clock=machine.clock
    )
    return machine.opened


def second_machine(town: Town, admin: Machine) -> Machine:
    code = admin.office.people.code(admin.office.me.id, "device").code
    machine = town.machine("sato")
    machine.enrol(town.relay.url, code, further=True)
    return machine


def test_the_passphrase_changes_and_the_other_machine_takes_it_over(town: Town, admin: Machine) -> None:
    other = second_machine(town, admin)
    other.close()
    admin.office.account.change_passphrase(PASSPHRASE, NEW)
    admin.office.sync()
    with pytest.raises(WrongPassphrase):
        open_with(admin, PASSPHRASE)
    open_with(admin, NEW).sync()
    office = open_with(other, PASSPHRASE)
    with pytest.raises(PassphraseChanged):
        office.sync()
    assert office.account.adopt_passphrase(NEW) is False
    office.sync()
    open_with(other, NEW).sync()


def test_the_second_factor_guards_sign_in_and_goes_with_a_code(admin: Machine, clock: Clock) -> None:
    office = admin.office
    factor = office.account.new_second_factor()
    totp = pyotp.TOTP(factor.secret)
    with pytest.raises(RelayRefused):
        office.account.switch_on_second_factor(factor, "000000")
    office.account.switch_on_second_factor(factor, totp.at(clock.now))
    office.sync()
    assert office.account.has_second_factor()
    clock.forward(seconds=60)
    office = open_with(admin, PASSPHRASE)
    with pytest.raises(RelayRefused) as refused:
        office.sync()
    assert refused.value.reason == "second_code_needed"
    with pytest.raises(RelayRefused) as refused:
        office.account.give_second_code("000000")
    assert refused.value.reason == "second_code_wrong"
    office.account.give_second_code(totp.at(clock.now))
    office.sync()
    clock.forward(seconds=60)
    office.account.switch_off_second_factor(totp.at(clock.now))
    office.sync()
    assert not office.account.has_second_factor()


def test_a_revoked_machine_gets_no_answer_any_more(town: Town, admin: Machine) -> None:
    other = second_machine(town, admin)
    admin.office.sync()
    rows = admin.office.devices.all()
    assert [row.here for row in rows] == [True, False] and all(row.mine for row in rows)
    assert {row.person for row in rows} == {"情報課 佐藤"}
    admin.office.devices.revoke(rows[1].device.id)
    admin.office.sync()
    admin.office.sync()
    assert [row.device.revoked for row in admin.office.devices.all()] == [False, True]
    with pytest.raises(RelayRefused) as refused:
        other.office.sync()
    assert refused.value.reason == "device_revoked"


def test_the_log_holds_what_was_done_signed_and_whole(town: Town, admin: Machine, tmp_path: Path) -> None:
    office = admin.office
    town.make_keys(admin)
    for number in range(5):
        office.deliveries.save(office.deliveries.new(f"配信 {number}"))
        office.sync()
    page = office.audit.page(AuditQuery())
    kinds = [entry.kind for entry in page.entries]
    assert kinds.count("delivery.save") == 5 and "device_enrolled" in kinds
    newest = next(entry for entry in page.entries if entry.kind == "delivery.save")
    assert office.audit.entry(newest.no).signature == "signed"
    assert page.objects_of(newest) == "配信 4"
    whole = office.audit.check_whole()
    assert whole.state == "whole" and whole.lines >= len(page.entries)
    assert office.audit.alarm() is None
    only = office.audit.page(AuditQuery(kinds=("device_enrolled",), staff=office.me.id))
    assert {entry.kind for entry in only.entries} == {"device_enrolled"}
    lines = office.audit.export_entries(tmp_path / "log.xlsx", AuditQuery())
    office.sync()
    assert lines >= 6
    assert "export.made" in [entry.kind for entry in office.audit.page(AuditQuery()).entries]


def test_the_access_log_knows_the_requests_and_how_long_it_is_kept(admin: Machine, tmp_path: Path) -> None:
    office = admin.office

    def seen() -> bool:
        page = office.audit.access(AccessLogQuery())
        assert page.kept_days >= 180
        return "/staff/sync" in {entry.route for entry in page.entries}

    for _ in range(200):  # written behind the answers, within a second or so
        if seen():
            break
    assert seen()
    assert office.audit.export_access(tmp_path / "access.csv", AccessLogQuery()) > 0
