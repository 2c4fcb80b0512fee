"""Routes about the channel itself: bot info, quota, the day's numbers, the webhook address."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlsplit

from starlette.routing import Route

from sandbox.line.errors import Finding, LineRefusal, bad_body, not_found
from sandbox.line.gate import Answer, Call, api_route, check_body
from sandbox.line.quota import JST
from sandbox.line.state import Platform
from sandbox.line.webhook_sender import WebhookSender

FIRST_DAY_WITH_NUMBERS = "20180331"
LONGEST_URL = 500


async def bot_info(platform: Platform, call: Call) -> Answer:
    settings = platform.settings
    return Answer(
        {
            "userId": settings.bot_user_id,
            "basicId": settings.basic_id,
            "displayName": settings.display_name,
            "chatMode": settings.chat_mode,
            "markAsReadMode": "manual" if settings.chat_mode == "chat" else "auto",
        }
    )


async def quota(platform: Platform, call: Call) -> Answer:
    limit = platform.quota_limit()
    return Answer({"type": "none"} if limit is None else {"type": "limited", "value": limit})


async def consumption(platform: Platform, call: Call) -> Answer:
    return Answer({"totalUsage": platform.quota.used(platform.now())})


async def day_numbers(platform: Platform, call: Call) -> Answer:
    day = call.query("date") or ""
    if not re.fullmatch(r"\d{8}", day):
        raise LineRefusal(400, "The value for the 'date' parameter is invalid")
    if day < FIRST_DAY_WITH_NUMBERS:
        return Answer({"status": "out_of_service"})
    # Counting of a day ends on the next one.
    if day >= platform.now().astimezone(JST).strftime("%Y%m%d"):
        return Answer({"status": "unready"})
    endpoint = call.request.url.path.rsplit("/", 1)[-1]
    return Answer({"status": "ready", "success": platform.quota.on_day(endpoint, day)})


async def get_webhook(platform: Platform, call: Call) -> Answer:
    if not platform.settings.webhook_url:
        raise not_found()
    return Answer({"endpoint": platform.settings.webhook_url, "active": True})


def _checked_endpoint(value: object) -> str:
    good = isinstance(value, str) and len(value) <= LONGEST_URL and urlsplit(value).scheme == "https"
    if not good or not urlsplit(str(value)).hostname:
        raise bad_body([Finding("Must be a valid HTTPS URL", "endpoint")])
    return str(value)


async def put_webhook(platform: Platform, call: Call) -> Answer:
    check_body(platform, call, [])
    platform.settings = replace(platform.settings, webhook_url=_checked_endpoint(call.body.get("endpoint")))
    return Answer()


async def test_webhook(platform: Platform, call: Call) -> Answer:
    given = call.body.get("endpoint")
    url = _checked_endpoint(given) if given else platform.settings.webhook_url
    if not url:
        raise not_found()
    sender: WebhookSender = call.request.app.state.webhook_sender
    outcome = await sender.verify(url)
    return Answer(
        {
            "success": outcome.reason == "OK",
            "timestamp": platform.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "statusCode": outcome.status,
            "reason": outcome.reason,
            "detail": outcome.detail,
        }
    )


def routes() -> list[Route]:
    endpoint = "/v2/bot/channel/webhook/endpoint"
    made = [
        api_route("/v2/bot/info", "bot_info", bot_info),
        api_route("/v2/bot/message/quota", "quota", quota),
        api_route("/v2/bot/message/quota/consumption", "quota_consumption", consumption),
        api_route(endpoint, "webhook_get", get_webhook),
        api_route(endpoint, "webhook_put", put_webhook, methods=("PUT",), json_body=True),
        api_route(
            "/v2/bot/channel/webhook/test", "webhook_test", test_webhook, methods=("POST",), json_body=True
        ),
    ]
    for name in ("reply", "push", "multicast", "broadcast"):
        made.append(api_route(f"/v2/bot/message/delivery/{name}", "delivery_numbers", day_numbers))
    return made
