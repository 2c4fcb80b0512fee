"""What became of a delivery at the residents' end, as LINE's statistics and our link counter say (SEG-9).

Source: LINE "Get message event", unit-based statistics: fewer than 20 people read None, renewed for 14 days.
"""

from __future__ import annotations

from datetime import date, datetime

from pydantic import Field

from protocol.wire import Wire

LINE_MINIMUM = 20
RESULT_DAYS = 14
UNITS_A_MONTH = 1000


class LinkResult(Wire):
    """One link of a delivery. `taps`: our own count; `line_*`: LINE's, None below 20 people."""

    url: str
    label: str = ""
    taps: int = 0
    line_clicks: int | None = None
    line_people: int | None = None


class DayResult(Wire):
    """What was known at the end of a day: over time. `opened` None below 20 people."""

    day: date
    delivered: int | None = None
    opened: int | None = None
    clicked: int | None = None
    taps: int = 0


class DeliveryResult(Wire):
    """Record kind `result`, id of the delivery. People."""

    delivery: str
    unit: str = ""
    """The name under which LINE counts it; empty when the month's 1,000 names were used up."""
    reason: str = ""
    """Why LINE's numbers are missing: `no_unit_left`, `too_few_people`, `not_ready_yet` (also while LINE says
    nothing on the day of sending), `request_lost`, `line_unreachable`.
    """
    delivered: int | None = None
    """As LINE counted it, of a broadcast alone. How many LINE took is in the delivery's own numbers."""
    opened: int | None = None
    clicked: int | None = None
    links: tuple[LinkResult, ...] = ()
    taps_by_hour: dict[str, int] = Field(default_factory=dict)
    """Taps on links by hour, `YYYY-MM-DDTHH` in Japan."""
    days: tuple[DayResult, ...] = ()
    fetched_at: datetime | None = None
    finished: bool = False
