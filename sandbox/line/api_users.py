"""Routes about residents: profile, followers, loading animation, read marks."""

from __future__ import annotations

import secrets
from datetime import timedelta

from starlette.routing import Route

from sandbox.line.errors import Finding, LineRefusal, not_found
from sandbox.line.gate import Answer, Call, api_route, check_body
from sandbox.line.state import Platform

PAGE = 300
LARGEST_PAGE = 1000
CURSOR_LIFETIME = timedelta(hours=24)


async def profile(platform: Platform, call: Call) -> Answer:
    resident = platform.residents.find(call.parameter("userId"))
    if resident is None or resident.blocked:
        raise not_found()
    return Answer({"userId": resident.user_id, "displayName": resident.display_name, "language": "ja"})


async def followers(platform: Platform, call: Call) -> Answer:
    if not platform.settings.verified_account:
        raise LineRefusal(403, "Access to this API is not available for your account")
    limit = _limit(call.query("limit"))
    start = call.query("start")
    if start is None:
        everyone, offset = list(platform.followers), 0
    else:
        held = platform.follower_cursors.get(start)
        if held is None or platform.now() >= held[2]:
            raise LineRefusal(400, "Invalid start")
        everyone, offset, _ = held
    # Those who blocked since the first page are left out, so a page may hold fewer than asked.
    page = [user_id for user_id in everyone[offset : offset + limit] if user_id in platform.followers]
    body: dict[str, object] = {"userIds": page}
    if offset + limit < len(everyone):
        cursor = secrets.token_urlsafe(24)
        platform.follower_cursors[cursor] = (everyone, offset + limit, platform.now() + CURSOR_LIFETIME)
        body["next"] = cursor
    return Answer(body)


def _limit(text: str | None) -> int:
    if text is None:
        return PAGE
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise LineRefusal(400, f"The value for the 'limit' parameter must be between 1 and {LARGEST_PAGE}")
    return int(text)


async def start_loading(platform: Platform, call: Call) -> Answer:
    found = []
    seconds = call.body.get("loadingSeconds", 20)
    if not isinstance(seconds, int) or not 5 <= seconds <= 60 or seconds % 5:
        found.append(Finding("Must be between 5 and 60 in steps of 5", "loadingSeconds"))
    check_body(platform, call, found)
    resident = platform.residents.find(str(call.body.get("chatId")))
    if resident is None:
        raise LineRefusal(400, "The property, 'chatId', in the request body is invalid (line: -, column: -)")
    resident.loading_until = platform.now() + timedelta(seconds=seconds)
    platform.tell(resident.user_id, "redraw")
    return Answer(status=202)


async def mark_as_read(platform: Platform, call: Call) -> Answer:
    check_body(platform, call, [])
    held = platform.mark_as_read_tokens.get(str(call.body.get("markAsReadToken")))
    resident = platform.residents.find(held[0]) if held else None
    if held is None or resident is None:
        raise LineRefusal(400, "Invalid mark as read token")
    resident.read_up_to = held[1]
    platform.tell(resident.user_id, "redraw")
    return Answer()


def routes() -> list[Route]:
    return [
        api_route("/v2/bot/profile/{userId}", "profile", profile),
        api_route("/v2/bot/followers/ids", "followers", followers),
        api_route("/v2/bot/chat/loading/start", "loading", start_loading, methods=("POST",), json_body=True),
        api_route("/v2/bot/chat/markAsRead", "mark_as_read", mark_as_read, methods=("POST",), json_body=True),
    ]
