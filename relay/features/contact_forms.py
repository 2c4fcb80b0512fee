"""Contact forms (「問い合わせの窓口」): which departments keep one, and which are open. FORM-9, ADM-1."""

from __future__ import annotations

from datetime import datetime

from protocol.changes import ContactFormRemove, ContactFormSave
from protocol.rights import ADMINS, CHANGE_NEEDS, department_audience
from protocol.staff import Department, StaffMember
from protocol.submissions import ContactForm, find_contact_form_problems
from relay.errors import Refused
from relay.features.keys import readers_for
from relay.features.rights import find_grid, require
from relay.features.versions import check_version
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.records import find_record, list_bodies, put_record

CONTACT_FORM = "contact_form"
DEPARTMENT = "department"
_ID_LIMIT = 36


def list_open_forms(connection: Connection, cipher: ColumnCipher) -> list[ContactForm]:
    """Those residents may use now, by title."""
    forms = [ContactForm.parse(body) for body in list_bodies(connection, cipher, CONTACT_FORM)]
    taking = (form for form in forms if form.is_open and _can_be_read(connection, cipher, form))
    return sorted(taking, key=lambda form: (form.title, form.id))


def find_open_form(
    connection: Connection, cipher: ColumnCipher, id: str
) -> tuple[ContactForm, dict[str, str]] | None:
    """The form with the keys to seal for; None while residents may not use it or nobody could read."""
    form = find_form(connection, cipher, id)
    if form is None or not form.is_open:
        return None
    try:
        return form, readers_for(connection, cipher, departments_of(form))
    except Refused:
        return None


def find_form(connection: Connection, cipher: ColumnCipher, id: str) -> ContactForm | None:
    """The form, open or not; None when there is none any more."""
    record = find_record(connection, cipher, CONTACT_FORM, id)
    return None if record is None or record.removed else ContactForm.parse(record.body)


def departments_of(form: ContactForm) -> tuple[str, ...]:
    """Those whose keys open what arrives through the form."""
    return tuple(sorted(id for id, level in form.access.items() if level != "none"))


def department_names(
    connection: Connection, cipher: ColumnCipher, departments: tuple[str, ...]
) -> tuple[str, ...]:
    """Their names in the order staff gave the departments; unknown ones are left out."""
    known = [Department.parse(body) for body in list_bodies(connection, cipher, DEPARTMENT)]
    ordered = sorted(known, key=lambda department: (department.position, department.id))
    return tuple(department.name for department in ordered if department.id in departments)


def check_readers(
    connection: Connection, cipher: ColumnCipher, departments: tuple[str, ...], *, need_keys: bool
) -> None:
    """Raises Refused `department_unknown`, or `no_department_key` where something could not be sealed."""
    for id in departments:
        record = find_record(connection, cipher, DEPARTMENT, id)
        if record is None or record.removed or Department.parse(record.body).removed:
            raise Refused("department_unknown")
    if need_keys:
        readers_for(connection, cipher, departments)


def save_form(
    connection: Connection,
    cipher: ColumnCipher,
    change: ContactFormSave,
    based_on: int,
    now: datetime,
    *,
    signer: StaffMember,
) -> int:
    """Write a new form or version; returns the version.

    The signer belongs to one of its departments before and after, or is an administrator.
    """
    form = change.form
    if not 0 < len(form.id) <= _ID_LIMIT or "\0" in form.id:
        raise Refused("malformed")
    record = find_record(connection, cipher, CONTACT_FORM, form.id)
    if record is not None and not record.removed:
        _require_own(connection, cipher, signer, "contact_form.save", ContactForm.parse(record.body))
    problems = find_contact_form_problems(form)
    if problems:
        raise Refused(problems[0].code)
    _require_own(connection, cipher, signer, "contact_form.save", form)
    check_version(record, based_on)  # after the rights: a stranger must not learn how often it changed
    check_readers(connection, cipher, departments_of(form), need_keys=form.is_open)
    return _put(connection, cipher, form, now)


def remove_form(
    connection: Connection,
    cipher: ColumnCipher,
    change: ContactFormRemove,
    based_on: int,
    now: datetime,
    *,
    signer: StaffMember,
) -> int:
    """Close it for good; what arrived through it stays."""
    record = find_record(connection, cipher, CONTACT_FORM, change.form)
    if record is None or record.removed:
        raise Refused("not_found")
    form = ContactForm.parse(record.body)
    _require_own(connection, cipher, signer, "contact_form.remove", form)
    check_version(record, based_on)
    return _put(connection, cipher, form, now, removed=True)


def _can_be_read(connection: Connection, cipher: ColumnCipher, form: ContactForm) -> bool:
    try:
        readers_for(connection, cipher, departments_of(form))
    except Refused:
        return False
    return True


def _put(
    connection: Connection, cipher: ColumnCipher, form: ContactForm, now: datetime, *, removed: bool = False
) -> int:
    return put_record(
        connection,
        cipher,
        kind=CONTACT_FORM,
        id=form.id,
        body={} if removed else form.as_json(),
        now=now,
        audiences=[ADMINS, *map(department_audience, departments_of(form))],
        removed=removed,
    )


def _require_own(
    connection: Connection, cipher: ColumnCipher, signer: StaffMember, kind: str, form: ContactForm
) -> None:
    departments = None if signer.role == "admin" else departments_of(form)
    require(signer, CHANGE_NEEDS[kind], find_grid(connection, cipher), departments)
