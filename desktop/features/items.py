"""Segment items (「受信設定の項目」): list, write, order, retire, remove; and the greeting. Requirements:
SEG-1, SEG-3.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from desktop.features.asking import Ask
from desktop.replica.records import Shown
from desktop.replica.replica import Replica
from protocol.changes import GreetingSave, ItemMerge, ItemRemove, ItemSave, ItemsReorder
from protocol.ids import new_id
from protocol.items import Choice, ItemKind, SegmentItem, find_item_problems
from protocol.problems import Problem
from protocol.sync import ItemUseAnswer, ItemUseRequest

GREETING_LIMIT = 500  # UTF-16 units: it shares one talk bubble with nothing else and must be read in one look


class ItemInvalid(ValueError):
    """The item cannot be saved as it is. `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(", ".join(problem.code for problem in problems))
        self.problems = problems


def is_asked_on_page(item: SegmentItem) -> bool:
    """Whether the page asks it and the talk does not: what is written, or takes several steps."""
    return item.kind in ("text", "number", "date") or (item.kind == "birth_year" and item.several)


@dataclass(frozen=True)
class Greeting:
    """The first words a new friend gets, and the version of the town's settings they stand in."""

    text: str
    version: int


class Items:
    """What residents are asked."""

    def __init__(self, replica: Replica, ask: Ask, clock: Callable[[], datetime]) -> None:
        self._replica = replica
        self._ask = ask
        self._clock = clock

    def all(self) -> list[Shown[SegmentItem]]:
        """In the order of asking, retired ones included."""
        return self._replica.records.items()

    def by_id(self) -> dict[str, SegmentItem]:
        return {item.id: item.body for item in self.all()}

    def get(self, item_id: str) -> Shown[SegmentItem] | None:
        return self._replica.records.item(item_id)

    def new(self, kind: ItemKind = "single") -> SegmentItem:
        """An empty item at the end of the list, not kept anywhere yet."""
        last = max((item.place for item in self.all()), default=-1)
        return SegmentItem(id=new_id(self._clock()), kind=kind, title="", question="", position=last + 1)

    def new_choice(self, label: str = "", group: str = "") -> Choice:
        return Choice(id=new_id(self._clock()), label=label, group=group)

    def save(self, item: SegmentItem, seen: Shown[SegmentItem] | None = None) -> str:
        """Leave the change in the outbox; returns its id. Raises ItemInvalid.

        `seen`: what the person began from. What a colleague made of it since is not written over unseen;
        another place in the order is no such change.
        """
        problems = find_item_problems(item)
        if problems:
            raise ItemInvalid(problems)
        known = self.get(item.id)
        version = known.version if known else 0
        if known is not None and seen is not None and not _is_same(known.body, seen.body):
            version = seen.version
        return self._replica.outbox.put("item.save", ItemSave(item=item), based_on=version)

    def retire(self, item_id: str, *, retired: bool = True) -> str:
        """Stop asking, or ask again. Answers stay."""
        known = self.get(item_id)
        if known is None:
            raise KeyError(item_id)
        return self.save(known.body.model_copy(update={"retired": retired}))

    def move(self, item_id: str, steps: int) -> None:
        """Up (negative) or down in the order of asking."""
        order = [item.id for item in self.all()]
        start = order.index(item_id)
        target = min(max(start + steps, 0), len(order) - 1)
        if target != start:
            order.insert(target, order.pop(start))
            self._replica.outbox.put("items.reorder", ItemsReorder(items=tuple(order)), based_on=0)

    def use(self, item_id: str) -> ItemUseAnswer:
        """How many answers and deliveries would lose this item. Asks the relay."""
        return self._ask("item-use", ItemUseRequest(item=item_id), ItemUseAnswer)

    def merge(self, item_id: str, choice: str, into: str, answers_seen: int) -> str:
        """Answers with `choice` count as `into`; `answers_seen` is the number the person was shown."""
        known = self.get(item_id)
        payload = ItemMerge(item=item_id, choice=choice, into=into, answers_seen=answers_seen)
        return self._replica.outbox.put("item.merge", payload, based_on=known.version if known else 0)

    def remove(self, item_id: str, answers_seen: int) -> str:
        """Delete the item and its answers; `answers_seen` is the number the person was shown."""
        known = self.get(item_id)
        payload = ItemRemove(item=item_id, answers_seen=answers_seen)
        return self._replica.outbox.put("item.remove", payload, based_on=known.version if known else 0)

    def greeting(self) -> Greeting:
        settings = self._replica.records.settings()
        return Greeting(settings.body.greeting, settings.version) if settings else Greeting("", 0)

    def save_greeting(self, text: str, seen: Greeting | None = None) -> str:
        """`seen`: what the person began from, as for `save`."""
        now = self.greeting()
        version = seen.version if seen is not None and seen.text != now.text else now.version
        return self._replica.outbox.put("greeting.save", GreetingSave(text=text), based_on=version)


def _is_same(one: SegmentItem, other: SegmentItem) -> bool:
    return one.model_copy(update={"position": 0}) == other.model_copy(update={"position": 0})


def parse_choice_lines(pasted: str) -> list[tuple[str, str]]:
    """Choices pasted from a sheet or typed one a line: (label, group). Two columns are group, then label.

    Quoted cells, blank lines and doubled labels are taken as a spreadsheet leaves them on the clipboard.
    """
    pairs: list[tuple[str, str]] = []
    for cells in csv.reader(io.StringIO(pasted.replace("\r\n", "\n").replace("\r", "\n")), delimiter="\t"):
        filled = [" ".join(cell.split()) for cell in cells if cell.strip()]
        if not filled:
            continue
        pair = (filled[1], filled[0]) if len(filled) > 1 else (filled[0], "")
        if pair not in pairs:
            pairs.append(pair)
    return pairs
