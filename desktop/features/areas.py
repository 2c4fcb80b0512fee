"""Areas on a picture that can be tapped: drawn, moved, snapped. Pure; in pixels of a picture 1040 wide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from protocol.card_limits import MAP_WIDTH
from protocol.messages import Area, OpenLink

GRID = 10
REACH = 16  # so near to an edge is meant to be at it
SMALLEST = 40  # anything less cannot be hit with a thumb
GRIDS: tuple[tuple[int, int], ...] = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 1), (3, 2), (2, 3))
"""Columns and rows offered for dividing a picture evenly."""


@dataclass(frozen=True)
class Box:
    x: int
    y: int
    width: int
    height: int


def drawn(start: tuple[int, int], end: tuple[int, int], height: int, others: Iterable[Box]) -> Box | None:
    """The box between two points, its edges snapped; None for one too small to be meant."""
    across, down = _edges(others, height)
    left, right = sorted(snap(value, across, MAP_WIDTH) for value in (start[0], end[0]))
    top, bottom = sorted(snap(value, down, height) for value in (start[1], end[1]))
    if right - left < SMALLEST or bottom - top < SMALLEST:
        return None
    return Box(left, top, right - left, bottom - top)


def moved(box: Box, by: tuple[int, int], height: int, others: Iterable[Box]) -> Box:
    """The box moved, kept on the picture; its left and upper edge snap."""
    across, down = _edges(others, height)
    x = snap(box.x + by[0], across, MAP_WIDTH - box.width)
    y = snap(box.y + by[1], down, height - box.height)
    return Box(x, y, box.width, box.height)


def snap(value: int, edges: Iterable[int], limit: int) -> int:
    """To the nearest edge within reach, else to the grid; between 0 and `limit`."""
    near = [edge for edge in edges if abs(edge - value) <= REACH]
    to = min(near, key=lambda edge: abs(edge - value)) if near else round(value / GRID) * GRID
    return max(0, min(to, limit))


def divided(columns: int, rows: int, height: int) -> tuple[Area, ...]:
    """The whole picture in equal areas, row by row; together they cover every pixel."""
    areas = []
    for row in range(rows):
        top, bottom = height * row // rows, height * (row + 1) // rows
        for column in range(columns):
            left, right = MAP_WIDTH * column // columns, MAP_WIDTH * (column + 1) // columns
            areas.append(new_area(Box(left, top, right - left, bottom - top)))
    return tuple(areas)


def new_area(box: Box) -> Area:
    return Area(x=box.x, y=box.y, width=box.width, height=box.height, action=OpenLink(label="", url=""))


def box_of(area: Area) -> Box:
    return Box(area.x, area.y, area.width, area.height)


def placed(area: Area, box: Box) -> Area:
    return area.model_copy(update={"x": box.x, "y": box.y, "width": box.width, "height": box.height})


def area_at(areas: tuple[Area, ...], x: int, y: int) -> int | None:
    """The uppermost area under a point."""
    for number in reversed(range(len(areas))):
        area = areas[number]
        if area.x <= x < area.x + area.width and area.y <= y < area.y + area.height:
            return number
    return None


def _edges(others: Iterable[Box], height: int) -> tuple[list[int], list[int]]:
    across, down = [0, MAP_WIDTH], [0, height]
    for box in others:
        across += [box.x, box.x + box.width]
        down += [box.y, box.y + box.height]
    return across, down
