"""LINE for `bench send`: answers multicast after a delay and keeps the moment of every call.

`line_stub PORT DELAY_MS`; GET /calls tells how many calls came, the most in a second, and repeated keys.
"""

import asyncio
import sys
import time
from collections import deque
from typing import Any

import uvicorn

DELAY = int(sys.argv[2]) / 1000
stamps: list[float] = []
keys: set[str] = set()
repeated = 0
people = 0


async def app(scope: Any, receive: Any, send: Any) -> None:
    global repeated, people
    if scope["path"] == "/calls":
        await answer(send, f"{len(stamps)} {most_in_a_second()} {repeated} {people}".encode())
        return
    stamps.append(time.monotonic())
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    key = dict(scope["headers"]).get(b"x-line-retry-key", b"").decode()
    repeated += bool(key) and key in keys
    keys.add(key)
    people += body.count(b'"U')
    await asyncio.sleep(DELAY)
    await answer(send, b"{}")


async def answer(send: Any, body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def most_in_a_second() -> int:
    window: deque[float] = deque()
    most = 0
    for stamp in sorted(stamps):
        window.append(stamp)
        while window[0] <= stamp - 1.0:
            window.popleft()
        most = max(most, len(window))
    return most


uvicorn.run(
    app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning", lifespan="off"
)
