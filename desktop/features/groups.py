"""Saved groups of recipients (「保存した宛先」): write, copy, remove, count; and who uses what. SEG-4."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from desktop.features.asking import Ask
from desktop.features.recipients import Known
from desktop.replica.records import DeliveryQuery, Shown
from desktop.replica.replica import Replica
from protocol.deliveries import BEFORE_SENDING, Delivery, whole_segment
from protocol.delivery_changes import GroupRemove, GroupSave
from protocol.ids import new_id
from protocol.lists import ResidentList, SegmentGroup, find_name_problems
from protocol.problems import Problem
from protocol.segments import (
    InGroup,
    OnList,
    Received,
    Segment,
    find_segment_problems,
    iter_nodes,
)
from protocol.sync import CountAnswer, CountRequest, PeopleAnswer, PeopleRequest

_COPY = "（写し）"
_PAGE = 200
RECEIVED_SHOWN = 200
"""Of the deliveries that went out, those a condition offers."""
_WENT_OUT = ("sending", "paused", "sent", "cancelled")


class GroupInvalid(ValueError):
    """The group cannot be saved as it is. `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


@dataclass(frozen=True)
class Use:
    """What names a group or a list: a delivery that has not gone out yet, or another group. A draft holds
    nothing back: who writes on at it sees what is missing.
    """

    kind: str
    id: str
    title: str
    is_draft: bool = False


class Groups:
    def __init__(self, replica: Replica, ask: Ask, clock: Callable[[], datetime]) -> None:
        self._replica = replica
        self._ask = ask
        self._clock = clock

    def all(self) -> list[Shown[SegmentGroup]]:
        """By name."""
        return self._replica.records.shown("group", SegmentGroup)

    def get(self, group_id: str) -> Shown[SegmentGroup] | None:
        return self._replica.records.one("group", group_id, SegmentGroup)

    def known(self, *segments: Segment) -> Known:
        """Everything a condition may speak of, and whatever older deliveries these segments name."""
        return known_to(self._replica, *segments)

    def new(self, segment: Segment, name: str = "") -> SegmentGroup:
        """Not kept anywhere yet."""
        return SegmentGroup(id=new_id(self._clock()), name=name, segment=segment)

    def copy(self, group_id: str) -> SegmentGroup:
        """The same under another id and name. Raises KeyError for one that is gone."""
        shown = self.get(group_id)
        if shown is None:
            raise KeyError(group_id)
        return shown.body.model_copy(
            update={"id": new_id(self._clock()), "name": f"{shown.body.name}{_COPY}"}
        )

    def problems(self, group: SegmentGroup, known: Known) -> tuple[Problem, ...]:
        """Why it cannot be saved; empty when it can. A group that would name itself is one of the reasons."""
        groups = {**known.groups, group.id: group}
        named = Known(known.items, groups, known.lists, known.deliveries).named
        return find_name_problems(group.name) + find_segment_problems(group.segment, known.items, named)

    def save(self, group: SegmentGroup, seen: Shown[SegmentGroup] | None = None) -> str:
        """Leave the change in the outbox; returns its id. Raises GroupInvalid.

        `seen`: what the person began from; what a colleague made of it since is not written over unseen.
        """
        problems = self.problems(group, self.known(group.segment))
        if problems:
            raise GroupInvalid(problems)
        known = self.get(group.id)
        version = known.version if known is not None else 0
        if known is not None and seen is not None and known.body != seen.body:
            version = seen.version
        return self._replica.outbox.put("group.save", GroupSave(group=group), based_on=version)

    def remove(self, group_id: str) -> str:
        """The relay refuses it `in_use` while something names it; `uses` says what."""
        version = self._replica.records.version("group", group_id)
        return self._replica.outbox.put("group.remove", GroupRemove(group=group_id), based_on=version)

    def uses(self, group_id: str) -> list[Use]:
        """What names this group and has not gone out yet."""
        return uses_of(self._replica, "group", group_id)

    def count(self, segment: Segment) -> CountAnswer:
        """Asks the relay."""
        return self._ask("segment-count", CountRequest(segment=segment), CountAnswer)

    def people(self, segment: Segment) -> PeopleAnswer:
        """Who meets it, without names. Asks the relay."""
        return self._ask("segment-people", PeopleRequest(segment=segment), PeopleAnswer)


def known_to(replica: Replica, *segments: Segment) -> Known:
    """Everything a condition may speak of here, and whatever older deliveries these segments name."""
    records = replica.records
    sent = records.deliveries(DeliveryQuery(states=_WENT_OUT, limit=RECEIVED_SHOWN))
    titles = {shown.id: shown.body.draft.title for shown in sent}
    for segment in segments:
        for node in iter_nodes(segment):
            older = records.delivery(node.delivery) if isinstance(node, Received) else None
            if older is not None:
                titles.setdefault(older.id, older.body.draft.title)
    return Known(
        items={item.id: item.body for item in records.items()},
        groups={group.id: group for group in records.all("group", SegmentGroup)},
        lists={one.id: one for one in records.all("list", ResidentList)},
        deliveries=titles,
    )


def uses_of(replica: Replica, kind: str, thing: str) -> list[Use]:
    """Deliveries that have not gone out yet, and groups, that name a `group`, a `list` or a `delivery`."""
    found = [
        Use("delivery", shown.id, shown.body.draft.title, shown.body.state == "draft")
        for shown in _waiting(replica)
        if _names(whole_segment(shown.body.draft), kind, thing)
    ]
    found += [
        Use("group", group.id, group.name)
        for group in replica.records.all("group", SegmentGroup)
        if _names(group.segment, kind, thing)
    ]
    return found


def _waiting(replica: Replica) -> Iterator[Shown[Delivery]]:
    offset = 0
    while True:
        query = DeliveryQuery(states=BEFORE_SENDING, limit=_PAGE, offset=offset)
        page = replica.records.deliveries(query)
        yield from page
        if len(page) < _PAGE:
            return
        offset += _PAGE


def _names(segment: Segment, kind: str, thing: str) -> bool:
    for node in iter_nodes(segment):
        if isinstance(node, InGroup) and (kind, thing) == ("group", node.group):
            return True
        if isinstance(node, OnList) and (kind, thing) == ("list", node.list):
            return True
        if isinstance(node, Received) and (kind, thing) == ("delivery", node.delivery):
            return True
    return False
