"""The peer of `bench send`: the official SDK's async client with its defaults, 2,000 multicast calls.

`sdk_sender LINE_BASE`; sixty-four tasks share the calls, as fast as the client lets them.
"""

import asyncio
import os
import sys
import time
import uuid

from linebot.v3.messaging import (
    AsyncApiClient,
    AsyncMessagingApi,
    Configuration,
    MulticastRequest,
    TextMessage,
)

CALLS = 2000
TEXT = "あすの夜、大雨になる見込みです。川の近くに行かないでください。"


async def main() -> None:
    configuration = Configuration(host=sys.argv[1], access_token="bench")
    async with AsyncApiClient(configuration) as client:
        api = AsyncMessagingApi(client)
        numbers = iter(range(CALLS))

        async def work() -> None:
            for number in numbers:
                to = [f"U{number * 500 + member:032x}" for member in range(500)]
                request = MulticastRequest(to=to, messages=[TextMessage(text=TEXT)])
                await api.multicast(request, x_line_retry_key=str(uuid.uuid4()))

        started, used = time.monotonic(), sum(os.times()[:2])
        await asyncio.gather(*(work() for _ in range(64)))
        seconds = time.monotonic() - started
        print(f"figures {seconds} {(sum(os.times()[:2]) - used) / seconds}")


asyncio.run(main())
