"""Only coupons that can be used now are offered, or the reason why LINE could not say. SEG-6."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests

from relay.errors import LineError
from relay.features.coupons import CouponReader
from relay.line.client import LineClient
from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.conftest import Clock


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[RunningSandbox]:
    with running_sandbox(SandboxSettings(channel_token="token", clock=clock)) as running:
        yield running


def make_coupon(sandbox: RunningSandbox, title: str, *, starts: float, ends: float) -> None:
    now = sandbox.platform.now().timestamp()
    coupon = {
        "title": title,
        "startTimestamp": int(now + starts),
        "endTimestamp": int(now + ends),
        "maxUseCountPerTicket": 1,
        "visibility": "UNLISTED",
        "timezone": "ASIA_TOKYO",
        "acquisitionCondition": {"type": "normal"},
    }
    headers = {"authorization": "Bearer token"}
    made = requests.post(f"{sandbox.url}/v2/bot/coupon", json=coupon, headers=headers, timeout=10)
    assert made.status_code == 200, made.text


def ask(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    async def asking() -> list[dict[str, Any]]:
        line = LineClient(base=sandbox.url, token="token")
        try:
            return await line.coupons()
        finally:
            await line.aclose()

    return asyncio.run(asking())


def test_what_is_over_or_not_begun_is_not_offered(sandbox: RunningSandbox, clock: Clock) -> None:
    for number in range(105):  # more than one page of LINE's
        make_coupon(sandbox, f"券{number}", starts=-60, ends=86400)
    make_coupon(sandbox, "あす", starts=3600, ends=86400)
    make_coupon(sandbox, "きょうまで", starts=-60, ends=60)
    reader = CouponReader(lambda: ask(sandbox), clock, has_channel=lambda: True)
    titles = [coupon.title for coupon in reader.answer().coupons]
    assert (len(titles), titles[0], "あす" in titles) == (106, "きょうまで", False)
    first = reader.answer().coupons[0]
    assert first.ends_at == clock() + timedelta(seconds=60)
    clock.forward(seconds=61)
    assert "きょうまで" not in [coupon.title for coupon in reader.answer().coupons]


def test_without_a_channel_or_an_answer_the_reason_is_told(clock: Clock) -> None:
    def away() -> list[dict[str, Any]]:
        raise LineError(status=None, permanent=False, reason="line_unreachable")

    assert CouponReader(away, clock, has_channel=lambda: False).answer().reason == "line_not_configured"
    assert CouponReader(away, clock, has_channel=lambda: True).answer().reason == "line_unreachable"
