"""The limit: check the signature on the raw bytes, answer 200, keep nothing."""

import base64
import hashlib
import hmac
import os
from typing import Any

SECRET = os.environ["BENCH_SECRET"].encode()
START = {"type": "http.response.start", "headers": [(b"content-length", b"0")]}


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    body = b""
    while True:
        part = await receive()
        body += part.get("body", b"")
        if not part.get("more_body"):
            break
    given = dict(scope["headers"]).get(b"x-line-signature", b"")
    right = hmac.compare_digest(given, base64.b64encode(hmac.digest(SECRET, body, hashlib.sha256)))
    await send({**START, "status": 200 if right else 401})
    await send({"type": "http.response.body"})
