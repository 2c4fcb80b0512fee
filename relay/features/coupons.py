"""The coupons staff may put into a message: those that exist at LINE and can be used now. SEG-6."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from protocol.sync import Coupon, CouponsAnswer
from relay.errors import LineError


class CouponReader:
    """`ask` calls LINE and raises LineError; it gives coupons in the words of LINE's own answers."""

    def __init__(
        self,
        ask: Callable[[], Sequence[Mapping[str, Any]]],
        clock: Callable[[], datetime],
        *,
        has_channel: Callable[[], bool],
    ) -> None:
        self._ask = ask
        self._clock = clock
        self._has_channel = has_channel

    def answer(self) -> CouponsAnswer:
        """In LINE's order, without those that are over or not begun; or the reason why LINE could not say."""
        if not self._has_channel():
            return CouponsAnswer(reason="line_not_configured")
        try:
            told = self._ask()
        except LineError as error:
            return CouponsAnswer(reason=error.reason)
        now = self._clock()
        found = [
            Coupon(id=str(each["couponId"]), title=str(each.get("title", "")), ends_at=_moment(each, "end"))
            for each in told
            if each.get("couponId") and (_moment(each, "start") or now) <= now
        ]
        return CouponsAnswer(
            coupons=tuple(coupon for coupon in found if coupon.ends_at is None or coupon.ends_at > now)
        )


def _moment(told: Mapping[str, Any], which: str) -> datetime | None:
    """LINE tells seconds; a list without the details has none."""
    seconds = told.get(f"{which}Timestamp")
    return datetime.fromtimestamp(seconds, UTC) if isinstance(seconds, int) else None
