"""Part of `bench ingest`: verifying and parsing one event, ours beside the SDK's parser, in one process."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from tests.bench.harness import Contender, Figures, Goal, Medians
from tests.bench.load import SECRET

OURS = "ours: verify and parse one event"
PEER = "peer: SDK WebhookParser, one event"
EVENTS = 4000


def parser_contenders(bodies: Path) -> list[Contender]:
    with bodies.open() as file:
        lines = [line.rstrip("\n").split("\t", 1) for line in islice(file, EVENTS)]
    return [
        Contender(OURS, "ours", lambda: _time(_parse_ours(), lines)),
        Contender(PEER, "peer", lambda: _time(_parse_with_sdk(), lines)),
    ]


def parser_goals(medians: Medians) -> list[Goal]:
    ratio = medians[PEER]["microseconds"] / medians[OURS]["microseconds"]
    return [Goal("verify and parse, against the SDK's parser", ratio, 8)]


def _parse_ours() -> Callable[[str, str], object]:
    from relay.webhook import _parse_events as parse_events

    key = SECRET.encode()

    def parse(signature: str, body: str) -> object:
        raw = body.encode()
        if not hmac.compare_digest(
            base64.b64encode(hmac.digest(key, raw, hashlib.sha256)), signature.encode()
        ):
            raise AssertionError("the bench signs rightly")
        return parse_events(raw)

    return parse


def _parse_with_sdk() -> Callable[[str, str], object]:
    from linebot.v3 import WebhookParser

    parser = WebhookParser(SECRET)
    return lambda signature, body: parser.parse(body, signature)


def _time(parse: Callable[[str, str], object], lines: list[list[str]]) -> Figures:
    started = time.perf_counter()
    for signature, body in lines:
        parse(signature, body)
    return {"microseconds": (time.perf_counter() - started) / len(lines) * 1e6}
