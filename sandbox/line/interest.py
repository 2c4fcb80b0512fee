"""Who saw which bubble and followed which link: what LINE's statistics are made of. Counts distinct people.

Anonymous people can be added by the dozen, so that a demo has numbers. Nothing of this leaves as a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sandbox.line.quota import JST

LEAST_PEOPLE = 20
COUNTED_FOR = timedelta(days=14)
"""LINE renews the numbers of a message for so long after it was sent."""

Link = tuple[int, str]
"""A bubble's number and the address in it."""


@dataclass
class Counts:
    """One request, or what one unit name sent on one day. `crowd`: people without a name."""

    sent_at: datetime
    request_id: str
    bubbles: int = 0
    delivered: int = 0
    shown: Counter[int] = field(default_factory=Counter)
    viewers: dict[int, set[str]] = field(default_factory=dict)
    clicks: Counter[Link] = field(default_factory=Counter)
    clickers: dict[Link, set[str]] = field(default_factory=dict)
    crowd: int = 0

    def see(self, bubble: int, person: str) -> None:
        self.shown[bubble] += 1
        self.viewers.setdefault(bubble, set()).add(person)

    def click(self, link: Link, person: str) -> None:
        self.clicks[link] += 1
        self.clickers.setdefault(link, set()).add(person)


class Interest:
    def __init__(self) -> None:
        self._requests: dict[str, Counts] = {}
        self._units: dict[tuple[str, str], Counts] = {}
        self._places: dict[str, tuple[Counts, int]] = {}

    def sent(
        self,
        *,
        endpoint: str,
        request_id: str,
        unit: str | None,
        entry_ids: Iterable[str],
        people: int,
        now: datetime,
    ) -> None:
        """Begin counting where LINE does: narrowcast and broadcast by request, push and multicast by unit."""
        ids = list(entry_ids)
        if endpoint in ("broadcast", "narrowcast"):
            counts = self._requests.setdefault(request_id, Counts(now, request_id))
        elif unit is not None:
            day = now.astimezone(JST).strftime("%Y%m%d")
            counts = self._units.setdefault((unit, day), Counts(now, request_id))
        else:
            return
        counts.delivered += people
        counts.bubbles = max(counts.bubbles, len(ids))
        for number, entry_id in enumerate(ids, start=1):
            self._places[entry_id] = (counts, number)

    def see(self, entry_id: str, person: str, now: datetime) -> None:
        """The bubble was on a screen. Seeing it again is one impression more, by the same person."""
        counts, bubble = self._places.get(entry_id, (None, 0))
        if counts is not None and now - counts.sent_at < COUNTED_FOR:
            counts.see(bubble, person)

    def click(self, entry_id: str, url: str, person: str, now: datetime) -> None:
        counts, bubble = self._places.get(entry_id, (None, 0))
        if counts is not None and now - counts.sent_at < COUNTED_FOR:
            counts.click((bubble, url), person)

    def add_crowd(self, counts: Counts, openings: int, clicks: dict[str, int]) -> None:
        """So many people more who saw everything, and so many who followed each address."""
        crowd = [f"crowd {counts.crowd + number}" for number in range(max(openings, *clicks.values(), 0))]
        counts.crowd += len(crowd)
        for person in crowd[:openings]:
            for bubble in range(1, counts.bubbles + 1):
                counts.see(bubble, person)
        for url, number in clicks.items():
            for person in crowd[:number]:
                counts.click((1, url), person)

    def of_request(self, request_id: str) -> Counts | None:
        return self._requests.get(request_id)

    def newest_of_unit(self, unit: str) -> Counts | None:
        days = [counts for (name, _), counts in self._units.items() if name == unit]
        return max(days, key=lambda counts: counts.sent_at, default=None)

    def of_unit(self, unit: str, first: str, last: str) -> list[Counts]:
        """What was sent under this name on the days (yyyyMMdd, Japan) between the two, both included."""
        return [
            counts
            for (name, day), counts in sorted(self._units.items())
            if name == unit and first <= day <= last
        ]


def as_statistics(parts: list[Counts]) -> dict[str, Any]:
    """LINE's answer without its overview's own fields. Fewer than 20 people read null."""
    bubbles = max((counts.bubbles for counts in parts), default=0)
    return {
        "overview": {
            "uniqueImpression": _people(viewer for part in parts for viewer in part.viewers.values()),
            "uniqueClick": _people(clicker for part in parts for clicker in part.clickers.values()),
            "uniqueMediaPlayed": None,
            "uniqueMediaPlayed100Percent": None,
        },
        "messages": [_bubble(parts, number) for number in range(1, bubbles + 1)],
        "clicks": [_link(parts, link) for link in sorted({link for part in parts for link in part.clicks})],
    }


def _bubble(parts: list[Counts], number: int) -> dict[str, Any]:
    unique = _people(part.viewers.get(number, set()) for part in parts)
    times = sum(part.shown[number] for part in parts)
    return {
        "seq": number,
        "impression": None if unique is None else times,
        "uniqueImpression": unique,
        "mediaPlayed": None,
        "mediaPlayed100Percent": None,
        "uniqueMediaPlayed": None,
        "uniqueMediaPlayed100Percent": None,
    }


def _link(parts: list[Counts], link: Link) -> dict[str, Any]:
    unique = _people(part.clickers.get(link, set()) for part in parts)
    anywhere = _people(
        clickers for part in parts for (_, url), clickers in part.clickers.items() if url == link[1]
    )
    return {
        "seq": link[0],
        "url": link[1],
        "click": None if unique is None else sum(part.clicks[link] for part in parts),
        "uniqueClick": unique,
        "uniqueClickOfRequest": anywhere,
    }


def _people(groups: Iterable[set[str]]) -> int | None:
    count = len(set().union(*groups))
    return count if count >= LEAST_PEOPLE else None
