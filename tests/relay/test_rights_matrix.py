"""Role × department × route × kind of change, against a table written here by hand. ADM-1, FORM-9, SEC-1.

The routes come from the relay itself and the kinds from `PAYLOADS`: a new one without a row here fails.
Nothing in this file asks `protocol.rights.may`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import Route

from protocol.changes import (
    PAYLOADS,
    ContactFormRemove,
    ContactFormSave,
    DeviceRevoke,
    LineLinkRemove,
    SubmissionsOpened,
    SubmissionUpdate,
)
from protocol.chunks import ChunkQuery, OriginalsQuery
from protocol.rights import ACTION_NEEDS, ASK_NEEDS, CHANGE_NEEDS
from protocol.signin import CodeWish
from protocol.submissions import ContactForm
from protocol.wire import Wire
from tests.conftest import Clock
from tests.relay.desk import reason, relay_settings
from tests.relay.rights_changes import NOBODY, payloads
from tests.relay.rights_world import INSIDE, OUTSIDE, Person, World, a_submission, running_world

EVERYBODY = "everybody signed in, confirmed or not"
ALL = {"admin", "section_admin", "approver", "editor", "viewer", "shelter"}
WRITERS = {"admin", "section_admin", "editor"}

CHANGES: dict[str, set[str] | str] = {
    "item.save": {"admin", "section_admin"},
    "item.remove": {"admin", "section_admin"},
    "items.reorder": {"admin", "section_admin"},
    "item.merge": {"admin", "section_admin"},
    "greeting.save": {"admin", "section_admin"},
    "group.save": {"admin", "section_admin", "approver", "editor"},
    "group.remove": {"admin", "section_admin", "approver", "editor"},
    "list.save": {"admin", "section_admin", "approver", "editor"},
    "list.remove": {"admin", "section_admin", "approver", "editor"},
    "list.fill": {"admin", "section_admin", "approver", "editor"},
    "list.change": {"admin", "section_admin", "approver", "editor"},
    "codes.add": {"admin", "section_admin", "approver", "editor"},
    "codes.revoke": {"admin", "section_admin", "approver", "editor"},
    "delivery.save": {"admin", "section_admin", "approver", "editor"},
    "delivery.remove": {"admin", "section_admin", "approver", "editor"},
    "delivery.test": {"admin", "section_admin", "approver", "editor"},
    "delivery.send": {"admin", "section_admin", "approver"},
    "delivery.ask": {"admin", "section_admin", "approver", "editor"},
    "delivery.return": {"admin", "section_admin", "approver"},
    "delivery.stop": {"admin", "section_admin", "approver", "editor"},
    "delivery.cancel": {"admin", "section_admin", "approver"},
    "delivery.archive": {"admin", "section_admin", "approver", "editor"},
    "delivery.resume": {"admin", "section_admin", "approver"},
    "sending_rules.save": {"admin"},
    "holidays.save": {"admin"},
    "waste.save": WRITERS,
    "waste_words.put": WRITERS,
    "line_link.start": EVERYBODY,
    "line_link.remove": EVERYBODY,
    "town.save": {"admin"},
    "department.save": {"admin"},
    "department.remove": {"admin"},
    "member.save": {"admin"},
    "member.confirm": {"admin"},
    "member.leave": {"admin"},
    "rights.save": {"admin"},
    "trust.publish": {"admin"},
    "trust.practised": {"admin"},
    "key.publish": {"admin"},
    "wrap.add": EVERYBODY,
    "device.revoke": EVERYBODY,
    "contact_form.save": WRITERS,
    "contact_form.remove": WRITERS,
    "submission.update": WRITERS,
    "submissions.opened": ALL - {"shelter"},
    "export.made": EVERYBODY,
    "notice.dismiss": {"admin", "section_admin"},
}
MEMBERS_ONLY = {"submission.update", "submissions.opened"}
MEMBERS_AND_ADMINS = {"contact_form.save", "contact_form.remove"}
BY_THE_DIRECTORY_KEY = {"member.confirm", "key.publish"}
"""An administrator whose new keys nobody compared yet may send these: their own signature decides."""

ROUTES: dict[tuple[str, str], set[str] | str] = {
    ("POST", "/sign-out"): EVERYBODY,
    ("POST", "/sync"): EVERYBODY,
    ("POST", "/passphrase"): EVERYBODY,
    ("POST", "/second-factor"): EVERYBODY,
    ("POST", "/codes"): EVERYBODY,
    ("POST", "/line-channel"): {"admin"},
    ("GET", "/files/{sha256}/state"): EVERYBODY,
    ("PUT", "/files/{sha256}"): EVERYBODY,
    ("GET", "/files/{sha256}"): EVERYBODY,
    ("PUT", "/chunks/{id}"): EVERYBODY,
    ("GET", "/chunks/{id}"): EVERYBODY,
    ("POST", "/ask/segment-count"): ALL - {"shelter"},
    ("POST", "/ask/segment-people"): ALL - {"shelter"},
    ("POST", "/ask/delivery-check"): ALL - {"shelter"},
    ("POST", "/ask/quota"): ALL - {"shelter"},
    ("POST", "/ask/coupons"): ALL - {"shelter"},
    ("POST", "/ask/item-use"): ALL - {"shelter"},
    ("POST", "/ask/audit-search"): {"admin", "viewer"},
    ("POST", "/ask/audit-entry"): {"admin", "viewer"},
    ("POST", "/ask/audit-leaves"): EVERYBODY,
    ("POST", "/ask/access-log"): {"admin", "viewer"},
    ("POST", "/ask/chunks"): EVERYBODY,
    ("POST", "/ask/originals"): ALL - {"shelter"},
}
OPEN_DOORS = {("POST", "/enrol"), ("POST", "/sign-in/start"), ("POST", "/sign-in")}


@pytest.fixture
def world(tmp_path: Path, database_url: str, clock: Clock) -> Iterator[World]:
    with running_world(relay_settings(tmp_path, database_url), clock) as world:
        yield world


def is_allowed(row: set[str] | str, person: Person) -> bool:
    """What the tables above say about somebody, wherever the object belongs."""
    return row == EVERYBODY or (person.state == "active" and person.role in row)


def may_send(kind: str, person: Person) -> bool:
    if person.state == "unconfirmed" and person.role == "admin" and kind in BY_THE_DIRECTORY_KEY:
        return True
    if kind in MEMBERS_ONLY and not person.inside:
        return False
    if kind in MEMBERS_AND_ADMINS and not person.inside and person.role != "admin":
        return False
    return is_allowed(CHANGES[kind], person)


def send_everything(world: World, person: Person) -> dict[str, str]:
    """Kind → the reason it was refused with, "" when it was applied."""
    sent = {
        kind: person.desk.change(kind, payload, based_on)
        for kind, (payload, based_on) in payloads(world, person).items()
    }
    results = {result.id: result for result in person.desk.sync(*sent.values()).results}
    return {kind: results[change.id].reason for kind, change in sent.items()}


def test_every_role_sends_exactly_the_changes_the_table_gives_it(world: World) -> None:
    assert set(CHANGES) == set(PAYLOADS)
    wrong: dict[tuple[str, str], str] = {}
    for label, person in world.people.items():
        for kind, why in send_everything(world, person).items():
            if may_send(kind, person) != (why != "not_allowed") or why in ("unknown_change", "bad_signature"):
                wrong[label, kind] = why
    assert wrong == {}


@pytest.mark.parametrize(
    ("level", "kept"),
    [("none", {kind for kind, row in CHANGES.items() if row == EVERYBODY}), ("highest", set(CHANGES))],
)
def test_the_grid_takes_and_gives_and_never_touches_administrators(
    world: World, level: str, kept: set[str]
) -> None:
    highest = {"deliveries": "approve", "audit": "view"}
    functions = ("deliveries", "items", "forms", "inbox", "waste", "staff", "settings", "audit")
    cells = {name: "none" if level == "none" else highest.get(name, "edit") for name in functions}
    world.put("rights", "town", {"cells": {"editor": cells, "admin": dict.fromkeys(functions, "none")}})
    got = send_everything(world, world.people["editor inside"])
    # With every right of the grid the doors to all rights stay shut: the grid, and the top of all keys.
    shut = {"rights.save", "trust.publish"} if level == "highest" else set()
    assert {kind for kind, why in got.items() if why != "not_allowed"} == kept - shut
    unmoved = send_everything(world, world.people["admin inside"])
    assert "not_allowed" not in unmoved.values()
    others = send_everything(world, world.people["viewer inside"])
    allowed = {kind for kind in CHANGES if may_send(kind, world.people["viewer inside"])}
    assert {kind for kind, why in others.items() if why != "not_allowed"} == allowed


def staff_routes(world: World) -> set[tuple[str, str]]:
    """Every (method, path) below `/staff`, from the relay itself."""
    routes = [route for route in world.relay.relay.staff_routes if isinstance(route, Route)]
    assert len(routes) == len(world.relay.relay.staff_routes)
    return {(method, route.path) for route in routes for method in (route.methods or ()) if method != "HEAD"}


def call(person: Person, method: str, path: str) -> str:
    """The refusal's reason, "" when there is none. Bodies are empty: rights are looked at first."""
    path = path.replace("{sha256}", "0" * 64).replace("{id}", NOBODY)
    if path == "/files/" + "0" * 64 and method == "PUT":
        path += "?offset=0&size=1"
    answer = person.desk.call("/staff" + path, method=method, body=b"{}" if method == "POST" else b"")
    return reason(answer) if answer.status_code >= 400 else ""


def test_every_role_reaches_exactly_the_routes_the_table_gives_it(world: World) -> None:
    assert staff_routes(world) == set(ROUTES) | OPEN_DOORS
    wrong: dict[tuple[str, str, str], str] = {}
    for label, person in world.people.items():
        for (method, path), row in ROUTES.items():
            why = call(person, method, path)
            if is_allowed(row, person) != (why != "not_allowed") or why in ("not_signed_in", "bad_signature"):
                wrong[label, method, path] = why
            if path == "/sign-out":
                world.sign_in(person)
    assert wrong == {}


def test_no_route_but_the_three_doors_opens_without_a_session(world: World) -> None:
    person = world.people["admin inside"]
    person.desk.token = ""
    for method, path in ROUTES:
        assert call(person, method, path) == "not_signed_in", path


def test_a_route_or_change_that_is_not_in_the_tables_is_refused_even_to_administrators(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin = world.people["admin inside"]
    for table, name, (method, path) in (
        (ASK_NEEDS, "quota", ("POST", "/ask/quota")),
        (ACTION_NEEDS, "files", ("GET", "/files/{sha256}")),
        (ACTION_NEEDS, "codes", ("POST", "/codes")),
    ):
        assert call(admin, method, path) != "not_allowed"
        monkeypatch.delitem(table, name)
        assert call(admin, method, path) == "not_allowed"
    for kind in ("item.save", "export.made", "member.confirm"):
        monkeypatch.delitem(CHANGE_NEEDS, kind)
    got = send_everything(world, admin)
    assert {kind for kind, why in got.items() if why == "not_allowed"} == {
        "item.save",
        "export.made",
        "member.confirm",
    }


def test_the_tables_of_the_protocol_name_what_there_is_and_nothing_else(world: World) -> None:
    assert set(CHANGE_NEEDS) == set(PAYLOADS)
    paths = {path for _, path in staff_routes(world) - OPEN_DOORS}
    asks = {path.removeprefix("/ask/") for path in paths if path.startswith("/ask/")}
    assert set(ASK_NEEDS) == asks
    assert set(ACTION_NEEDS) == {path.split("/")[1] for path in paths if not path.startswith("/ask/")}


# --- which records come down ---


def sees_department(person: Person) -> bool:
    return person.state == "active" and person.inside and person.role != "shelter"


SEEN: dict[str, Callable[[Person], bool]] = {
    "to everybody": lambda person: True,
    "to who sees deliveries": lambda person: person.state == "active" and person.role != "shelter",
    "to administrators": lambda person: person.state == "active" and person.role == "admin",
    "to the department": sees_department,
    "to who reads what it received": sees_department,
    "to somebody else": lambda person: False,
}


def test_every_role_gets_exactly_the_records_of_its_audiences(world: World) -> None:
    named = ("town", "deliveries", "admins", "department:welfare", "inbox:welfare", "staff:x")
    for id, audience in zip(SEEN, named, strict=True):
        world.put("test_run", id, {}, audience)
    wrong: dict[tuple[str, str], bool] = {}
    for label, person in world.people.items():
        world.put("test_run", "own", {}, f"staff:{person.desk.staff}")
        got = {id for kind, id in person.desk.records() if kind == "test_run"}
        for id, expected in SEEN.items():
            if (id in got) != expected(person):
                wrong[label, id] = id in got
        assert "own" in got
    assert wrong == {}


def test_a_forged_cursor_brings_nothing_of_an_audience_one_does_not_belong_to(world: World) -> None:
    world.put("test_run", "secret", {}, "admins")
    desk = world.people["editor outside"].desk
    desk.cursor = {"admins": 0, "department:welfare": 0, "staff:x": 0, "changes": 0, "residents": 0}
    answer = desk.sync()
    assert set(answer.lost) == {"admins", "department:welfare", "staff:x", "changes", "residents"}
    own = {"town", "deliveries", "department:tax", "inbox:tax", f"staff:{desk.staff}"}
    assert {record.audience for record in answer.records} <= own


# --- the neighbour's id ---


def changed(person: Person, kind: str, payload: Wire, based_on: int = 0) -> str:
    (result,) = person.desk.sync(person.desk.change(kind, payload, based_on)).results
    return result.reason


def asked(person: Person, path: str, message: Wire) -> tuple[int, Any]:
    answer = person.desk.call(path, message)
    return answer.status_code, answer.json()


def test_the_ids_of_another_department_open_nothing(world: World) -> None:
    outside, inside = world.people["editor outside"], world.people["editor inside"]
    mine = a_submission(world.database.relay_id, "x", world.clock(), OUTSIDE)
    world.put("submission", mine.id, mine.as_json(), "inbox:tax")
    theirs = inside.things["submission to open"]
    assert asked(outside, "/staff/ask/originals", OriginalsQuery(ids=(mine.id,)))[0] == 200
    # Not even beside one of the own, and an id nobody has looks the same.
    for ids in ((theirs,), (mine.id, theirs), (NOBODY,)):
        status, body = asked(outside, "/staff/ask/originals", OriginalsQuery(ids=ids))
        assert (status, body) == (403, {"reason": "not_allowed", "retry_after": None})
        assert changed(outside, "submissions.opened", SubmissionsOpened(submissions=ids)) == "not_allowed"
    update = SubmissionUpdate(submission=theirs, state="done")
    assert changed(outside, "submission.update", update, 1) == "not_allowed"
    assert asked(outside, "/staff/ask/chunks", ChunkQuery(audience="inbox:welfare"))[0] == 403
    assert asked(inside, "/staff/ask/chunks", ChunkQuery(audience="inbox:welfare"))[0] == 200
    assert not {id for kind, id in outside.desk.records() if kind == "submission"} - {mine.id}


def test_a_form_of_another_department_is_neither_taken_over_nor_closed(world: World) -> None:
    outside, inside = world.people["editor outside"], world.people["editor inside"]
    id = inside.things["form to save"]
    taken = ContactForm(id=id, title="乗っ取り", access={OUTSIDE: "edit"})
    assert changed(outside, "contact_form.save", ContactFormSave(form=taken), 1) == "not_allowed"
    assert changed(outside, "contact_form.remove", ContactFormRemove(form=id), 1) == "not_allowed"
    foreign = ContactForm(id=NOBODY, title="よその窓口", access={INSIDE: "edit"})
    assert changed(outside, "contact_form.save", ContactFormSave(form=foreign)) == "not_allowed"


def test_the_device_and_the_account_of_a_colleague_are_out_of_reach(world: World) -> None:
    editor, viewer = world.people["editor inside"], world.people["viewer inside"]
    revoke = DeviceRevoke(device=viewer.desk.device)
    assert changed(editor, "device.revoke", revoke) == "not_allowed"
    for kind in ("device", "reset", "enrol"):
        status, body = asked(editor, "/staff/codes", CodeWish(staff=viewer.desk.staff, kind=kind))
        assert (status, body["reason"]) == (403, "not_allowed")
    stolen = editor.desk.change("line_link.remove", LineLinkRemove())
    assert viewer.desk.sync(stolen).results[0].reason == "not_allowed"
    assert changed(world.people["admin outside"], "device.revoke", revoke) == ""
    assert call(viewer, "POST", "/sync") == "device_revoked"
