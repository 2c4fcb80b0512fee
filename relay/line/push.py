"""Push to one person through the SDK, with its outcome in the form the sender decides on."""

from __future__ import annotations

import json

from relay.errors import LineError
from relay.line.answers import LineAnswer
from relay.line.client import LineClient

_QUOTA_WORDS = "monthly limit"


async def push_prepared(client: LineClient, user_id: str, messages: bytes, retry_key: str) -> LineAnswer:
    """`messages`: the frozen message objects as JSON. Never raises for what the network or LINE does."""
    try:
        sent = await client.push(user_id, json.loads(messages), retry_key)
    except LineError as error:
        message = _QUOTA_WORDS if error.reason == "over_quota" else ""
        return LineAnswer(status=error.status, message=message, request_id=error.request_id)
    return LineAnswer(status=409 if sent.already_accepted else 200, request_id=sent.request_id)
