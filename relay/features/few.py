"""Which counts are not told: those by which a staff member could ask about one person.

With a list of one person every further condition would be a question about that person, answered by 0 or 1.
Why exactly these: docs/decisions/044-counts-of-few.md. Requirements: SEG-4, SEG-12.
"""

from __future__ import annotations

from protocol.segments import AllOf, AnyOf, Everyone, Except, OnList, Received, Segment, iter_nodes

SMALLEST_TOLD = 5


def is_withheld(segment: Segment, count: int) -> bool:
    """Whether this count is told as fewer than five. `segment`: with its saved groups written out.

    None and four are told alike, or the difference would be the answer. One list by itself, or everybody who
    is not on it, is counted: how many are on it is known to whoever made it.
    """
    asked = {node for node in iter_nodes(segment) if not isinstance(node, AllOf | AnyOf | Except | Everyone)}
    return count < SMALLEST_TOLD and len(asked) > 1 and any(isinstance(n, OnList | Received) for n in asked)
