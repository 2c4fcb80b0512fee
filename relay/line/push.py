"""Push to one person, or broadcast to all, through the SDK, with the outcome as the sender decides on it."""

from __future__ import annotations

import json
from collections.abc import Awaitable

from relay.errors import LineError
from relay.line.answers import LineAnswer
from relay.line.client import LineClient, Sent

_QUOTA_WORDS = "monthly limit"


async def push_prepared(
    client: LineClient, user_id: str, messages: bytes, retry_key: str, *, silent: bool = False, unit: str = ""
) -> LineAnswer:
    """`messages`: the frozen message objects as JSON. Never raises for what the network or LINE does."""
    return await _answer(client.push(user_id, json.loads(messages), retry_key, silent=silent, unit=unit))


async def broadcast_prepared(
    client: LineClient, messages: bytes, retry_key: str, *, silent: bool
) -> LineAnswer:
    """To every friend. LINE allows 60 an hour and takes no name to count it by: its request id does that."""
    return await _answer(client.broadcast(json.loads(messages), retry_key, silent=silent))


async def _answer(sending: Awaitable[Sent]) -> LineAnswer:
    try:
        sent = await sending
    except LineError as error:
        message = _QUOTA_WORDS if error.reason == "over_quota" else ""
        return LineAnswer(status=error.status, message=message, request_id=error.request_id)
    return LineAnswer(status=409 if sent.already_accepted else 200, request_id=sent.request_id)
