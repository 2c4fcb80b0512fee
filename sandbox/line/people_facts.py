"""What LINE guesses about people, made up from their ids so that runs repeat. For filters and shares."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

_GENDERS = ("male", "female")
_AGES = (15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65, 70)
_AREAS = ("京都", "大阪", "兵庫", "滋賀")
_AREA_CODES = dict(zip(("jp_26", "jp_27", "jp_28", "jp_25"), _AREAS, strict=True))
_APPS = ("ios", "android")
_PERIODS = ("within7days", "within30days", "within90days", "within180days", "within365days", "over365days")
_PERIOD_CODES = ("day_7", "day_30", "day_90", "day_180", "day_365")


def _pick(user_id: str, what: str, among: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{what}:{user_id}".encode()).digest()[:4], "big") % among


def gender(user_id: str) -> str:
    return _GENDERS[_pick(user_id, "gender", len(_GENDERS))]


def age(user_id: str) -> int:
    """The first year of the band LINE puts the person in."""
    return _AGES[_pick(user_id, "age", len(_AGES))]


def age_words(user_id: str) -> str:
    first = age(user_id)
    return "from70" if first == 70 else f"from{first}to{first + 4}"


def area(user_id: str) -> str:
    return _AREAS[_pick(user_id, "area", len(_AREAS))]


def app(user_id: str) -> str:
    return _APPS[_pick(user_id, "app", len(_APPS))]


def period(user_id: str) -> str:
    return _PERIODS[_pick(user_id, "period", len(_PERIODS))]


FACTS: dict[str, tuple[str, tuple[str, ...], Callable[[str], str]]] = {
    "gender": ("genders", _GENDERS, gender),
    "age": ("ages", (), age_words),
    "area": ("areas", _AREAS, area),
    "appType": ("appTypes", _APPS, app),
    "subscriptionPeriod": ("subscriptionPeriods", _PERIODS, period),
}


class BadFilter(ValueError):
    """A demographic filter LINE would not understand."""


def fits(condition: Any, user_id: str) -> bool:
    """Whether LINE would count the person into `filter.demographic`. Raises BadFilter."""
    if not isinstance(condition, dict):
        raise BadFilter
    kind = condition.get("type")
    if kind == "operator":
        return _fits_all(condition, user_id)
    if kind == "gender":
        return gender(user_id) in _one_of(condition)
    if kind == "appType":
        return app(user_id) in _one_of(condition)
    if kind == "area":
        return area(user_id) in {_AREA_CODES.get(code) for code in _one_of(condition)}
    if kind == "age":
        return _between(condition, age(user_id), lambda code: int(code.removeprefix("age_")))
    if kind == "subscriptionPeriod":
        place = _PERIODS.index(period(user_id))
        return _between(condition, place, lambda code: _PERIOD_CODES.index(code) + 1)
    raise BadFilter


def _fits_all(condition: dict[str, Any], user_id: str) -> bool:
    if "and" in condition:
        return all(fits(part, user_id) for part in condition["and"])
    if "or" in condition:
        return any(fits(part, user_id) for part in condition["or"])
    if "not" in condition:
        return not fits(condition["not"], user_id)
    raise BadFilter


def _one_of(condition: dict[str, Any]) -> list[str]:
    found = condition.get("oneOf")
    if not isinstance(found, list) or not found:
        raise BadFilter
    return found


def _between(condition: dict[str, Any], value: int, read: Callable[[str], int]) -> bool:
    try:
        lowest = read(condition["gte"]) if "gte" in condition else None
        below = read(condition["lt"]) if "lt" in condition else None
    except (ValueError, AttributeError) as error:
        raise BadFilter from error
    if lowest is None and below is None:
        raise BadFilter
    return (lowest is None or value >= lowest) and (below is None or value < below)
