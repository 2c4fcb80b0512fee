"""A new channel access token is used by the next call of both clients, without a restart. ADM-5."""

from __future__ import annotations

import asyncio
import uuid

import requests

from relay.errors import LineError
from relay.line.client import LineClient
from relay.line.multicast import MulticastClient, message_tail, multicast_body
from sandbox.serve import running_sandbox
from sandbox.settings import SandboxSettings


def test_both_clients_call_with_the_token_that_was_entered_last() -> None:
    with running_sandbox(SandboxSettings(webhook_url="")) as sandbox:
        made = requests.post(f"{sandbox.url}/sandbox/residents", json={"count": 1}, timeout=10).json()
        person = made["residents"][0]["userId"]
        follow = {"userIds": [person], "action": "follow"}
        assert requests.post(f"{sandbox.url}/sandbox/do", json=follow, timeout=10).ok

        async def call() -> list[object]:
            line = LineClient(base=sandbox.url, token="old")
            multicast = MulticastClient(base=sandbox.url, token="old")
            body = multicast_body(
                [person.encode()], message_tail(b'[{"type":"text","text":"x"}]', silent=False)
            )
            seen: list[object] = []
            try:
                for token in ("old", sandbox.settings.channel_token, "old"):
                    line.use_token(token)
                    multicast.use_token(token)
                    try:
                        seen.append((await line.bot_info()).display_name != "")
                    except LineError as error:
                        seen.append(error.reason)
                    seen.append((await multicast.send(body, str(uuid.uuid4()))).status)
            finally:
                await line.aclose()
                await multicast.aclose()
            return seen

        refused = ["line_not_configured", 401]
        assert asyncio.run(call()) == [*refused, True, 200, *refused]
