"""Recipients as a person edits them: lines, and bundles of lines (「まとまり」) within each other.

Any expression becomes such a list and comes back without loss, up to what means the same anyway: 「ではない」
said twice says nothing, and the outermost list needs no bundle around a single thing. A `Path` leads to a
line: the places to take, from the outermost list inwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from protocol.items import SegmentItem
from protocol.lists import ResidentList, SegmentGroup
from protocol.segments import AllOf, AnyOf, Everyone, Except, Named, Segment, segment_sentence

Joined = Literal["and", "or"]
Path = tuple[int, ...]


@dataclass(frozen=True)
class Known:
    """What conditions may speak of, by id. `deliveries`: the titles of those that went out, newest first."""

    items: Mapping[str, SegmentItem] = field(default_factory=dict)
    groups: Mapping[str, SegmentGroup] = field(default_factory=dict)
    lists: Mapping[str, ResidentList] = field(default_factory=dict)
    deliveries: Mapping[str, str] = field(default_factory=dict)

    @property
    def named(self) -> Named:
        return Named(groups=self.groups, lists=self.lists, deliveries=self.deliveries)

    def sentence(self, segment: Segment) -> str:
        return segment_sentence(segment, self.items, self.named)

    def names(self, groups: Iterable[str]) -> str:
        """The names of saved groups, as they are read."""
        found = (self.groups.get(id) for id in groups)
        return "".join(f"「{group.name if group is not None else '削除された宛先'}」" for group in found)


@dataclass(frozen=True)
class Condition:
    """One line of the list: residents who meet `part`, or with `excluded` those who do not."""

    part: Segment
    excluded: bool = False

    def sentence(self, known: Known) -> str:
        words = known.sentence(self.part)
        return f"{words} を除く" if self.excluded else words

    def as_segment(self) -> Segment:
        return Except(part=self.part) if self.excluded else self.part


@dataclass(frozen=True)
class Bundle:
    """Several lines that count as one: all of them, or any, or with `excluded` whoever that does not fit."""

    members: tuple[Node, ...] = ()
    joined: Joined = "and"
    excluded: bool = False

    def as_segment(self) -> Segment:
        parts = tuple(member.as_segment() for member in self.members)
        made: Segment = AllOf(parts=parts) if self.joined == "and" else AnyOf(parts=parts)
        return Except(part=made) if self.excluded else made


Node = Condition | Bundle


@dataclass(frozen=True)
class Row:
    """A node as it stands in the list. `joined`: how it hangs together with the one before it, empty for the
    first of its list.
    """

    path: Path
    node: Node
    joined: Joined | Literal[""]

    @property
    def depth(self) -> int:
        return len(self.path) - 1


@dataclass(frozen=True)
class Recipients:
    """`conditions` empty means everyone. `joined` says whether all or any of them must hold."""

    conditions: tuple[Node, ...] = ()
    joined: Joined = "and"

    # -- there and back --------------------------------------------------------------------------------

    def as_segment(self) -> Segment:
        if not self.conditions:
            return Everyone()
        if len(self.conditions) == 1:
            return self.conditions[0].as_segment()
        return Bundle(self.conditions, self.joined).as_segment()

    def rows(self) -> list[Row]:
        """Every line from top to bottom, each bundle before what is in it."""
        return list(_rows(self.conditions, self.joined, ()))

    def at(self, path: Path) -> Node:
        return _at(self.conditions, path)

    # -- what a person does ----------------------------------------------------------------------------

    def with_condition(self, condition: Node, at: int | None = None) -> Recipients:
        """Added at the end, or put in the place of number `at`."""
        if at is None:
            return self.added(condition)
        return self.replaced((at,), condition)

    def without(self, at: int) -> Recipients:
        return self.removed((at,))

    def joined_by(self, joined: Joined) -> Recipients:
        return replace(self, joined=joined)

    def added(self, node: Node, within: Path = ()) -> Recipients:
        """At the end of the outermost list, or of the bundle at `within`."""
        if not within:
            return replace(self, conditions=(*self.conditions, node))
        bundle = self.at(within)
        assert isinstance(bundle, Bundle)
        return self.replaced(within, replace(bundle, members=(*bundle.members, node)))

    def replaced(self, path: Path, node: Node) -> Recipients:
        return replace(self, conditions=_put(self.conditions, path, (node,)))

    def removed(self, path: Path) -> Recipients:
        """Taken out; a bundle that holds nothing or one thing afterwards is no bundle any more."""
        return self._without(path)._tidied(path[:-1])

    def negated(self, path: Path) -> Recipients:
        """「ではない」 set, or taken away."""
        node = self.at(path)
        return self.replaced(path, replace(node, excluded=not node.excluded))

    def bundle_joined(self, path: Path, joined: Joined) -> Recipients:
        node = self.at(path)
        assert isinstance(node, Bundle)
        return self.replaced(path, replace(node, joined=joined))

    def moved(self, path: Path, steps: int) -> Recipients:
        """Up (negative) or down among those it stands with."""
        place = path[-1]
        target = min(max(place + steps, 0), len(self._list_at(path[:-1])) - 1)
        node = self.at(path)
        shorter = self._without(path)
        return shorter._inserted((*path[:-1], target), node)

    def can_move(self, path: Path, steps: int) -> bool:
        return 0 <= path[-1] + steps < len(self._list_at(path[:-1]))

    def indented(self, path: Path) -> Recipients:
        """Into the bundle before it; where no bundle stands before it, both become one that is joined the
        other way. Changes nothing for the first of a list.
        """
        if path[-1] == 0:
            return self
        node, before = self.at(path), (*path[:-1], path[-1] - 1)
        shorter = self._without(path)
        neighbour = self.at(before)
        if isinstance(neighbour, Bundle):
            return shorter.replaced(before, replace(neighbour, members=(*neighbour.members, node)))
        other: Joined = "or" if self._joined_at(path[:-1]) == "and" else "and"
        return shorter.replaced(before, Bundle((neighbour, node), other))

    def outdented(self, path: Path) -> Recipients:
        """Out of its bundle, behind it. Changes nothing in the outermost list."""
        if len(path) < 2:
            return self
        node, around = self.at(path), path[:-1]
        behind = (*around[:-1], around[-1] + 1)
        return self._without(path)._inserted(behind, node)._tidied(around)

    # -- within ----------------------------------------------------------------------------------------

    def _list_at(self, path: Path) -> tuple[Node, ...]:
        if not path:
            return self.conditions
        bundle = self.at(path)
        assert isinstance(bundle, Bundle)
        return bundle.members

    def _joined_at(self, path: Path) -> Joined:
        if not path:
            return self.joined
        bundle = self.at(path)
        assert isinstance(bundle, Bundle)
        return bundle.joined

    def _without(self, path: Path) -> Recipients:
        return replace(self, conditions=_put(self.conditions, path, ()))

    def _inserted(self, path: Path, node: Node) -> Recipients:
        members = list(self._list_at(path[:-1]))
        members.insert(path[-1], node)
        if len(path) == 1:
            return replace(self, conditions=tuple(members))
        bundle = self.at(path[:-1])
        assert isinstance(bundle, Bundle)
        return self.replaced(path[:-1], replace(bundle, members=tuple(members)))

    def _tidied(self, path: Path) -> Recipients:
        """Bundles around `path` that became empty go, those with one thing become that thing."""
        if not path:
            return self
        bundle = self.at(path)
        assert isinstance(bundle, Bundle)
        if not bundle.members:
            return self._without(path)._tidied(path[:-1])
        if len(bundle.members) == 1:
            only = bundle.members[0]
            return self.replaced(path, replace(only, excluded=only.excluded != bundle.excluded))
        return self


def recipients_of(segment: Segment) -> Recipients:
    """The list that gives this expression back."""
    node = _node(segment)
    if isinstance(node, Condition):
        return Recipients() if isinstance(node.part, Everyone) and not node.excluded else Recipients((node,))
    if node.excluded or not node.members:
        return Recipients((node,))
    if len(node.members) == 1:
        return recipients_of(node.members[0].as_segment())
    return Recipients(node.members, node.joined)


def normal(segment: Segment) -> Segment:
    """The form in which two expressions that mean the same by themselves look the same."""
    return recipients_of(segment).as_segment()


def _node(segment: Segment) -> Node:
    if isinstance(segment, Except):
        inner = _node(segment.part)
        return replace(inner, excluded=not inner.excluded)
    if isinstance(segment, AllOf | AnyOf):
        joined: Joined = "and" if isinstance(segment, AllOf) else "or"
        return Bundle(tuple(_node(part) for part in segment.parts), joined)
    return Condition(segment)


def _rows(nodes: tuple[Node, ...], joined: Joined, above: Path) -> Iterator[Row]:
    for place, node in enumerate(nodes):
        path = (*above, place)
        yield Row(path, node, joined if place else "")
        if isinstance(node, Bundle):
            yield from _rows(node.members, node.joined, path)


def _at(nodes: tuple[Node, ...], path: Path) -> Node:
    node = nodes[path[0]]
    if len(path) == 1:
        return node
    assert isinstance(node, Bundle)
    return _at(node.members, path[1:])


def _put(nodes: tuple[Node, ...], path: Path, instead: tuple[Node, ...]) -> tuple[Node, ...]:
    place = path[0]
    if len(path) > 1:
        bundle = nodes[place]
        assert isinstance(bundle, Bundle)
        instead = (replace(bundle, members=_put(bundle.members, path[1:], instead)),)
    return nodes[:place] + instead + nodes[place + 1 :]
