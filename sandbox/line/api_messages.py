"""Routes that send: reply, push, multicast, broadcast, and the validate twins of all."""

from __future__ import annotations

import re
from typing import Any

from starlette.routing import Route

from sandbox.line.errors import Finding, LineRefusal, bad_body
from sandbox.line.gate import Answer, Call, api_route, check_body
from sandbox.line.residents import Resident
from sandbox.line.retry_keys import Accepted, RetryKeys
from sandbox.line.sending import Sending, can_receive, deliver
from sandbox.line.state import Platform
from sandbox.line.validation import check_aggregation_units, check_messages

MULTICAST_PEOPLE = 500
_USER_ID = re.compile(r"U[0-9a-f]{32}")
_ANY_ID = re.compile(r"[UCR][0-9a-f]{32}")
_BAD_TO = "The property, 'to', in the request body is invalid (line: -, column: -)"


def retried(platform: Platform, call: Call, *, shows_messages: bool = False) -> None:
    """Raises 409 when this key was accepted before, 400 when it is no key."""
    key = call.retry_key
    if key is None:
        return
    if not RetryKeys.is_well_formed(key):
        raise LineRefusal(400, "The value of the X-Line-Retry-Key header is invalid")
    earlier = platform.retry_keys.find(key, platform.now())
    if earlier is None:
        return
    extra: dict[str, Any] = {}
    if shows_messages and earlier.sent_messages is not None:
        extra["sentMessages"] = earlier.sent_messages
    headers = {"x-line-accepted-request-id": earlier.request_id}
    raise LineRefusal(409, "The retry key is already accepted", headers=headers, extra=extra)


def keep_key(platform: Platform, call: Call, sent: list[dict[str, Any]] | None) -> None:
    # Only accepted requests use a key up; what a refusal does to it LINE does not say.
    if call.retry_key is not None:
        platform.retry_keys.keep(call.retry_key, Accepted(call.request_id, platform.now(), sent))


def _unit(body: dict[str, Any]) -> str | None:
    units = body.get("customAggregationUnits") or []
    return units[0] if units else None


def _sending(call: Call, endpoint: str, asked: int) -> Sending:
    return Sending(endpoint, call.request_id, call.body["messages"], asked, _unit(call.body))


async def reply(platform: Platform, call: Call) -> Answer:
    if call.retry_key is not None:
        raise LineRefusal(400, "The X-Line-Retry-Key header is not supported by this endpoint")
    check_body(platform, call, check_messages(call.body.get("messages")))
    token = call.body.get("replyToken")
    owner = platform.reply_tokens.owner(token, platform.now()) if isinstance(token, str) else None
    resident = platform.residents.find(owner) if owner else None
    if resident is None:
        raise LineRefusal(400, "Invalid reply token")
    platform.reply_tokens.use_up(str(token))
    receivers = [] if resident.blocked else [resident]
    call.recipients = len(receivers)
    return Answer({"sentMessages": deliver(platform, _sending(call, "reply", 1), receivers)})


async def push(platform: Platform, call: Call) -> Answer:
    found = check_messages(call.body.get("messages"))
    found += check_aggregation_units(call.body.get("customAggregationUnits"))
    to = call.body.get("to")
    if not isinstance(to, str) or not _ANY_ID.fullmatch(to):
        raise LineRefusal(400, _BAD_TO) if not found else bad_body([*found, Finding("Must be an id", "to")])
    check_body(platform, call, found)
    retried(platform, call, shows_messages=True)
    resident = platform.residents.find(to)
    if resident is None:
        # Well formed but nobody's: as an id of another provider.
        raise LineRefusal(400, "Failed to send messages")
    receivers = [resident] if can_receive(resident, platform.now(), by_push=True) else []
    sent = deliver(platform, _sending(call, "push", 1), receivers)
    call.recipients = len(receivers)
    keep_key(platform, call, sent)
    return Answer({"sentMessages": sent})


async def multicast(platform: Platform, call: Call) -> Answer:
    found = check_messages(call.body.get("messages"))
    found += check_aggregation_units(call.body.get("customAggregationUnits"))
    to = call.body.get("to")
    if not isinstance(to, list) or not 1 <= len(to) <= MULTICAST_PEOPLE:
        found.append(Finding(f"Size must be between 1 and {MULTICAST_PEOPLE}", "to"))
    elif any(not isinstance(each, str) or not _USER_ID.fullmatch(each) for each in to):
        raise LineRefusal(400, _BAD_TO)
    check_body(platform, call, found)
    retried(platform, call)
    receivers = _friends_among(platform, to or [])
    deliver(platform, _sending(call, "multicast", len(to or [])), receivers)
    call.recipients = len(receivers)
    keep_key(platform, call, None)
    return Answer()


def _friends_among(platform: Platform, to: list[str]) -> list[Resident]:
    receivers = []
    for user_id in dict.fromkeys(to):
        resident = platform.residents.find(user_id)
        if resident is None:
            if platform.settings.multicast_unknown_ids == "refuse":
                raise LineRefusal(400, "Failed to send messages")
        elif resident.friend and not resident.blocked:
            receivers.append(resident)
    return receivers


async def broadcast(platform: Platform, call: Call) -> Answer:
    check_body(platform, call, check_messages(call.body.get("messages")))
    retried(platform, call)
    receivers = _friends_among(platform, list(platform.followers))
    deliver(platform, _sending(call, "broadcast", len(receivers)), receivers)
    call.recipients = len(receivers)
    keep_key(platform, call, None)
    return Answer()


async def validate(platform: Platform, call: Call) -> Answer:
    check_body(platform, call, check_messages(call.body.get("messages")))
    return Answer()


def routes() -> list[Route]:
    sending = {
        "multicast": multicast,
        "push": push,
        "reply": reply,
        "broadcast": broadcast,
    }
    base = "/v2/bot/message"
    made = [
        api_route(f"{base}/{name}", name, handler, methods=("POST",), json_body=True)
        for name, handler in sending.items()
    ]
    made += [
        api_route(f"{base}/validate/{name}", "validate", validate, methods=("POST",), json_body=True)
        for name in (*sending, "narrowcast")
    ]
    return made
