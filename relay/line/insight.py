"""LINE's statistics through the SDK's own insight client, which has settings and errors of its own.

Every call counts against 60 an hour for all of them together; who asks when is `features/results.py`.
Source: LINE Messaging API, "Get message event", "Get statistics per unit". Requirements: SEG-9, OPS-6.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from relay.errors import LineError

_TIMEOUT = 20.0


@dataclass(frozen=True)
class Clicks:
    """Taps on one address. `people` tapped it in any bubble. None: fewer than 20, or not counted yet."""

    url: str
    clicks: int | None = None
    people: int | None = None


@dataclass(frozen=True)
class Interest:
    """What LINE counted for one delivery. None where LINE says nothing (fewer than 20 people)."""

    delivered: int | None = None
    opened: int | None = None
    clicked: int | None = None
    clicks: tuple[Clicks, ...] = field(default=())


class InsightClient:
    """Made and closed inside a running event loop, like `LineClient`; every method raises LineError."""

    def __init__(self, *, base: str | None, token: str, ca_file: Path | None = None) -> None:
        self._base = base.rstrip("/") if base else None
        self._ca_file = ca_file
        self._token = token
        self._sdk: _Sdk | None = None

    def __repr__(self) -> str:
        return "InsightClient(…)"

    def use_token(self, token: str) -> None:
        """The channel access token of every call from now on."""
        self._token = token
        if self._sdk is not None:
            self._sdk.use_token(token)

    async def aclose(self) -> None:
        if self._sdk is not None:
            await self._sdk.client.close()
            self._sdk = None

    async def of_broadcast(self, request_id: str) -> Interest:
        """What became of one broadcast (LINE takes no other kind here)."""
        sdk = self._open()
        found = await self._ask(sdk, sdk.api.get_message_event_with_http_info, request_id)
        return _interest(found)

    async def of_unit(self, unit: str, first: date, last: date) -> Interest:
        """What was sent under this name between the two days in Japan, at most 30 days apart.

        LINE does not say here how many were delivered.
        """
        sdk = self._open()
        days = (f"{first:%Y%m%d}", f"{last:%Y%m%d}")
        return _interest(await self._ask(sdk, sdk.api.get_statistics_per_unit_with_http_info, unit, *days))

    async def _ask(self, sdk: _Sdk, call: Callable[..., Awaitable[Any]], *arguments: Any) -> dict[str, Any]:
        try:
            answer = await call(*arguments, _request_timeout=_TIMEOUT)
        except Exception as error:
            raise _line_error(sdk.refusal_in(error)) from None
        try:
            return _object(json.loads(answer.raw_data or b"{}"))
        except ValueError:
            raise LineError(status=None, permanent=False, reason="line_unreachable") from None

    def _open(self) -> _Sdk:
        if self._sdk is None:
            self._sdk = _Sdk(self._base, self._token, self._ca_file)
        return self._sdk


class _Sdk:
    """`linebot.v3.insight`, imported at the first use, with the same traps shut as in `client.py`."""

    def __init__(self, base: str | None, token: str, ca_file: Path | None) -> None:
        from linebot.v3 import insight
        from linebot.v3.insight.exceptions import ApiException

        class Client(insight.AsyncApiClient):  # type: ignore[misc]
            def deserialize(self, response: Any, response_type: Any) -> None:
                """Leave answers alone: the SDK's classes refuse values that LINE adds later (OPS-6)."""

        configuration = insight.Configuration(
            host=base, access_token=token, ssl_ca_cert=str(ca_file) if ca_file else None
        )
        configuration.retries = 0
        self.client = Client(configuration)
        self.api = insight.AsyncInsight(self.client)
        self._refusal = ApiException

    def use_token(self, token: str) -> None:
        self.client.configuration.access_token = token
        self.client.default_headers["Authorization"] = f"Bearer {token}"

    def refusal_in(self, error: BaseException) -> Any | None:
        found: BaseException | None = error
        while found is not None:
            if isinstance(found, self._refusal):
                return found
            found = found.__context__
        return None


def _line_error(refusal: Any | None) -> LineError:
    status = refusal.status if refusal is not None else None
    reason = {429: "throttled", 401: "line_not_configured"}.get(status or 0, "line_unreachable")
    if status is not None and 400 <= status < 500 and status not in (401, 429):
        reason = "line_refused"
    return LineError(status=status, permanent=reason == "line_refused", reason=reason)


def _interest(found: dict[str, Any]) -> Interest:
    overview = _object(found.get("overview"))
    return Interest(
        delivered=_number(overview.get("delivered")),
        opened=_number(overview.get("uniqueImpression")),
        clicked=_number(overview.get("uniqueClick")),
        clicks=tuple(
            Clicks(
                url=str(each.get("url", "")),
                clicks=_number(each.get("click")),
                people=_number(each.get("uniqueClickOfRequest")),
            )
            for each in map(_object, _list(found.get("clicks")))
        ),
    )


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
