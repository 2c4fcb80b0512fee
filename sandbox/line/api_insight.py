"""LINE's statistics: message events, units, followers, demographics. Numbers of a day are ready the next."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from starlette.routing import Route

from sandbox.line.errors import LineRefusal, not_found
from sandbox.line.gate import Answer, Call, api_route
from sandbox.line.interest import LEAST_PEOPLE, as_statistics
from sandbox.line.people_facts import FACTS
from sandbox.line.quota import JST
from sandbox.line.state import Platform

FIRST_DAY = "20180331"
LONGEST_RANGE = timedelta(days=30)
NAMES_A_PAGE = 100


async def message_event(platform: Platform, call: Call) -> Answer:
    """Narrowcast and broadcast only, by the request's id."""
    request_id = call.query("requestId")
    if not request_id:
        raise LineRefusal(400, "The value for the 'requestId' parameter is invalid")
    counts = platform.interest.of_request(request_id)
    if counts is None:
        raise not_found()
    answer = as_statistics([counts])
    answer["overview"] |= {
        "requestId": request_id,
        "timestamp": int(counts.sent_at.timestamp()),
        "delivered": counts.delivered,
    }
    return Answer(answer)


async def unit_event(platform: Platform, call: Call) -> Answer:
    """Push and multicast, by the name they were sent under; an unknown name has no numbers."""
    unit, first, last = call.query("customAggregationUnit"), call.query("from"), call.query("to")
    if not unit or not re.fullmatch(r"[A-Za-z0-9_]{1,30}", unit):
        raise LineRefusal(400, "The value for the 'customAggregationUnit' parameter is invalid")
    start, end = _day(first, "from"), _day(last, "to")
    if end < start or end - start > LONGEST_RANGE:
        raise LineRefusal(400, "The value for the 'to' parameter is invalid")
    return Answer(as_statistics(platform.interest.of_unit(unit, str(first), str(last))))


def _day(text: str | None, name: str) -> datetime:
    try:
        if text is not None and re.fullmatch(r"\d{8}", text):
            return datetime.strptime(text, "%Y%m%d").replace(tzinfo=JST)
    except ValueError:
        pass
    raise LineRefusal(400, f"The value for the '{name}' parameter is invalid")


def _readiness(platform: Platform, call: Call) -> tuple[str, str]:
    """The day asked about and whether its numbers are there: those of a day are counted on the next."""
    today = platform.now().astimezone(JST)
    day = call.query("date") or (today - timedelta(days=1)).strftime("%Y%m%d")
    _day(day, "date")
    if day < FIRST_DAY:
        return day, "out_of_service"
    return day, "unready" if day >= today.strftime("%Y%m%d") else "ready"


async def followers(platform: Platform, call: Call) -> Answer:
    _, status = _readiness(platform, call)
    if status != "ready":
        return Answer({"status": status})
    ever = sum(1 for resident in platform.residents if resident.was_friend)
    friends = len(platform.followers)
    return Answer({"status": status, "followers": ever, "targetedReaches": friends, "blocks": ever - friends})


async def day_deliveries(platform: Platform, call: Call) -> Answer:
    day, status = _readiness(platform, call)
    if status != "ready":
        return Answer({"status": status})
    names = ("Broadcast", "Push", "Multicast", "Narrowcast", "Reply")
    found = {f"api{name}": platform.quota.on_day(name.lower(), day) for name in names}
    return Answer({"status": status, **{name: count for name, count in found.items() if count}})


async def demographic(platform: Platform, call: Call) -> Answer:
    """Shares in per cent, from 20 reachable friends on. A made-up person has made-up facts."""
    friends = list(platform.followers)
    if len(friends) < LEAST_PEOPLE:
        return Answer({"available": False})
    answer: dict[str, Any] = {"available": True}
    for name, (list_name, _, told) in FACTS.items():
        counted = Counter(told(user_id) for user_id in friends)
        answer[list_name] = [
            {name: value, "percentage": round(100 * count / len(friends), 1)}
            for value, count in counted.most_common()
        ]
    return Answer(answer)


async def unit_usage(platform: Platform, call: Call) -> Answer:
    return Answer({"numOfCustomAggregationUnits": len(_names(platform))})


async def unit_list(platform: Platform, call: Call) -> Answer:
    limit, start = call.query("limit") or str(NAMES_A_PAGE), call.query("start") or "0"
    if not limit.isdigit() or not 1 <= int(limit) <= NAMES_A_PAGE or not start.isdigit():
        raise LineRefusal(400, "The value for the 'limit' or 'start' parameter is invalid")
    names, first = _names(platform), int(start)
    page = names[first : first + int(limit)]
    more = {"next": str(first + len(page))} if first + len(page) < len(names) else {}
    return Answer({"customAggregationUnits": page, **more})


def _names(platform: Platform) -> list[str]:
    return sorted(platform.aggregation_units.get(platform.now().astimezone(JST).strftime("%Y%m"), ()))


def routes() -> list[Route]:
    base = "/v2/bot/insight"
    return [
        api_route(f"{base}/message/event", "insight_event", message_event),
        api_route(f"{base}/message/event/aggregation", "insight_unit", unit_event),
        api_route(f"{base}/message/delivery", "insight_delivery", day_deliveries),
        api_route(f"{base}/followers", "insight_followers", followers),
        api_route(f"{base}/demographic", "insight_demographic", demographic),
        api_route("/v2/bot/message/aggregation/info", "aggregation_info", unit_usage),
        api_route("/v2/bot/message/aggregation/list", "aggregation_list", unit_list),
    ]
