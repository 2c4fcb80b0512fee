"""Coupons: made, listed in pages, shown, closed. A coupon is over when its time is."""

from __future__ import annotations

import secrets
from typing import Any

from starlette.routing import Route

from sandbox.line.errors import Finding, LineRefusal, not_found
from sandbox.line.gate import Answer, Call, api_route, check_body
from sandbox.line.state import Platform

MOST = 5000
PAGE = 100
_STATES = frozenset({"DRAFT", "RUNNING", "CLOSED"})
_TEXTS = {"title": 60, "description": 1000, "usageCondition": 100, "couponCode": 16}
_NEEDED = (
    "acquisitionCondition",
    "endTimestamp",
    "maxUseCountPerTicket",
    "startTimestamp",
    "title",
    "visibility",
    "timezone",
)


async def create(platform: Platform, call: Call) -> Answer:
    body = call.body
    found = [Finding("Must be specified", name) for name in _NEEDED if name not in body]
    for name, most in _TEXTS.items():
        if name in body and not (isinstance(body[name], str) and 1 <= len(body[name]) <= most):
            found.append(Finding(f"Length must be between 1 and {most}", name))
    start, end = body.get("startTimestamp"), body.get("endTimestamp")
    if not isinstance(start, int) or not isinstance(end, int) or end <= start:
        found.append(Finding("Must be after startTimestamp", "endTimestamp"))
    check_body(platform, call, found)
    if sum(_status(platform, each) == "RUNNING" for each in platform.coupons.values()) >= MOST:
        raise LineRefusal(400, "The maximum number of coupons has been reached")
    coupon_id = "01" + secrets.token_hex(12).upper()
    platform.coupons[coupon_id] = {
        **body,
        "couponId": coupon_id,
        "createdTimestamp": int(platform.now().timestamp()),
        "maxTicketPerUser": 1,
    }
    return Answer({"couponId": coupon_id})


async def listed(platform: Platform, call: Call) -> Answer:
    wanted = set(call.request.query_params.getlist("status")) or _STATES
    limit, start = call.query("limit") or "20", call.query("start") or "0"
    if not wanted <= _STATES or not limit.isdigit() or not 1 <= int(limit) <= PAGE or not start.isdigit():
        raise LineRefusal(400, "The value for a parameter is invalid")
    found = [each for each in reversed(platform.coupons.values()) if _status(platform, each) in wanted]
    first = int(start)
    page = found[first : first + int(limit)]
    more = {"next": str(first + len(page))} if first + len(page) < len(found) else {}
    items = [{"couponId": each["couponId"], "title": each["title"]} for each in page]
    return Answer({"items": items, **more})


async def show(platform: Platform, call: Call) -> Answer:
    coupon = _find(platform, call)
    return Answer({**coupon, "status": _status(platform, coupon)})


async def close(platform: Platform, call: Call) -> Answer:
    coupon = _find(platform, call)
    if _status(platform, coupon) == "CLOSED":
        raise LineRefusal(410, "The coupon has already been closed")
    coupon["status"] = "CLOSED"
    return Answer()


def _find(platform: Platform, call: Call) -> dict[str, Any]:
    coupon = platform.coupons.get(call.parameter("id"))
    if coupon is None:
        raise not_found()
    return coupon


def _status(platform: Platform, coupon: dict[str, Any]) -> str:
    is_over = platform.now().timestamp() >= coupon["endTimestamp"]
    return "CLOSED" if is_over else str(coupon.get("status", "RUNNING"))


def routes() -> list[Route]:
    base = "/v2/bot/coupon"
    return [
        api_route(base, "coupon_create", create, methods=("POST",), json_body=True),
        api_route(base, "coupon_list", listed),
        api_route(f"{base}/{{id}}", "coupon_show", show),
        api_route(f"{base}/{{id}}/close", "coupon_close", close, methods=("PUT",)),
    ]
