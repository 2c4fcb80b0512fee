"""Signed webhook bodies and the load that posts them, with `wrk` on one thread."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
from pathlib import Path

SECRET = "0123456789abcdef0123456789abcdef"
LOAD_SCRIPT = Path(__file__).with_name("post.lua")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def write_bodies(file: Path, count: int) -> None:
    """`count` text-message events of about 620 bytes, one a body, each with its own event id."""
    with file.open("w") as out:
        for number in range(count):
            body = json.dumps(_body(number), ensure_ascii=False, separators=(",", ":"))
            digest = hmac.digest(SECRET.encode(), body.encode(), hashlib.sha256)
            out.write(f"{base64.b64encode(digest).decode()}\t{body}\n")


def drive(port: int, bodies: Path, *, connections: int, seconds: int) -> dict[str, float]:
    """Requests per second, p50 and p99 in milliseconds, and how many were refused or failed."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(LOAD_SCRIPT)]
    result = subprocess.run(
        [*words, f"http://127.0.0.1:{port}/webhook"],
        env=os.environ | {"BENCH_BODIES": str(bodies)},
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in result.stdout.splitlines() if line.startswith("figures "))
    rate, p50, p99, errors, requests = (float(word) for word in line.split()[1:])
    return {"per_second": rate, "p50_ms": p50, "p99_ms": p99, "errors": errors, "requests": requests}


def _body(number: int) -> dict[str, object]:
    event_id = "01" + "".join(_CROCKFORD[number >> shift & 31] for shift in range(115, -1, -5))
    return {
        "destination": "U" + "0" * 32,
        "events": [
            {
                "type": "message",
                "message": {
                    "type": "text",
                    "id": str(400000000000000000 + number),
                    "quoteToken": "q3Plxr4AgKd" * 4,
                    "markAsReadToken": "30yhdy232" * 8,
                    "text": "ごみの日を教えてください",
                },
                "webhookEventId": event_id[:26],
                "deliveryContext": {"isRedelivery": False},
                "timestamp": 1790000000000 + number,
                "source": {"type": "user", "userId": f"U{number % 5000:032x}"},
                "replyToken": f"{number:032x}",
                "mode": "active",
            }
        ],
    }
