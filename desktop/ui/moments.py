"""Times as people read them, in Japan."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

_JAPAN = ZoneInfo("Asia/Tokyo")
_DAYS = "月火水木金土日"


def day_and_time(moment: datetime | None) -> str:
    """「11月20日（金）13:05」"""
    if moment is None:
        return ""
    local = moment.astimezone(_JAPAN)
    return f"{local.month}月{local.day}日（{_DAYS[local.weekday()]}）{local:%H:%M}"


def full_day(moment: datetime) -> str:
    """「2026年11月20日（金）」"""
    local = moment.astimezone(_JAPAN)
    return f"{local.year}年{local.month}月{local.day}日（{_DAYS[local.weekday()]}）"


def short(moment: datetime | None, now: datetime) -> str:
    """With the year only where it is another one."""
    if moment is None:
        return ""
    local = moment.astimezone(_JAPAN)
    if local.year != now.astimezone(_JAPAN).year:
        return f"{local.year}年{local.month}月{local.day}日 {local:%H:%M}"
    return day_and_time(moment)


def with_weekday(moment: datetime, now: datetime) -> str:
    """As `short`, but with the weekday in every year: 「2027年1月4日（月）07:30」."""
    local = moment.astimezone(_JAPAN)
    year = "" if local.year == now.astimezone(_JAPAN).year else f"{local.year}年"
    return f"{year}{day_and_time(moment)}"


def short_day(moment: datetime) -> str:
    """「2026年11月20日」"""
    local = moment.astimezone(_JAPAN)
    return f"{local.year}年{local.month}月{local.day}日"


WIDEST_DAY = "2026年12月28日"
WIDEST_MOMENT = "2026年12月28日 20:58"
WIDEST_NAME = "福祉課 長谷川 さくら"
"""As wide as `short_day` and `short` become: for columns."""


def clock_time(moment: datetime) -> str:
    return f"{moment.astimezone(_JAPAN):%H:%M}"
