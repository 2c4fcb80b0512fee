"""Pending changes of people, departments, rights and keys, before the relay has settled them. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from protocol.certificates import DepartmentKey, Trust
from protocol.changes import (
    DepartmentSave,
    KeyPublish,
    MemberConfirm,
    MemberSave,
    RightsSave,
    TownSave,
    TrustPublish,
    WrapAdd,
)
from protocol.staff import Department, StaffMember
from protocol.sync import TownSettings

KINDS = frozenset(
    {
        "department.save", "department.remove", "member.save", "member.confirm", "member.leave",
        "rights.save", "trust.publish", "trust.practised", "key.publish", "wrap.add", "town.save",
    }
)  # fmt: skip


def people_body(
    body: dict[str, Any] | None, change: str, payload: dict[str, Any], made_at: datetime
) -> dict[str, Any] | None:
    """The record after this change of `KINDS`. Something that is not there is made only by what makes it."""
    match change:
        case "department.save":
            return DepartmentSave.parse(payload).department.as_json()
        case "department.remove" if body is not None:
            return Department.parse(body).model_copy(update={"removed": True}).as_json()
        case "member.save":
            return _saved_member(body, MemberSave.parse(payload)).as_json()
        case "member.confirm" if body is not None:
            confirmed = {"state": "active", "certificate": MemberConfirm.parse(payload).certificate}
            return StaffMember.parse(body).model_copy(update=confirmed).as_json()
        case "member.leave" if body is not None:
            gone = {"state": "left", "departments": ()}
            return StaffMember.parse(body).model_copy(update=gone).as_json()
        case "rights.save":
            return RightsSave.parse(payload).grid.as_json()
        case "trust.publish":
            published = TrustPublish.parse(payload)
            holders = tuple(wrap.staff for wrap in published.wraps)
            return published.trust.model_copy(update={"directory_holders": holders}).as_json()
        case "trust.practised" if body is not None:
            return Trust.parse(body).model_copy(update={"practised_at": made_at}).as_json()
        case "key.publish":
            new = KeyPublish.parse(payload)
            return new.key.model_copy(update={"holders": tuple(wrap.staff for wrap in new.wraps)}).as_json()
        case "wrap.add" if body is not None:
            return _handed_on(DepartmentKey.parse(body), WrapAdd.parse(payload)).as_json()
        case "town.save":
            town = TownSave.parse(payload)
            named = {"town_name": town.town_name, "telephone": town.telephone}
            return TownSettings.parse(body or {}).model_copy(update=named).as_json()
    return body


def _saved_member(body: dict[str, Any] | None, saved: MemberSave) -> StaffMember:
    facts = {"display_name": saved.display_name, "role": saved.role, "departments": saved.departments}
    if body is not None:
        return StaffMember.parse(body).model_copy(update=facts)
    return StaffMember(id=saved.staff, login_name=saved.login_name, state="invited", **facts)


def _handed_on(key: DepartmentKey, added: WrapAdd) -> DepartmentKey:
    new = tuple(wrap.staff for wrap in added.wraps if wrap.key == key.id and wrap.staff not in key.holders)
    return key.model_copy(update={"holders": key.holders + new})
