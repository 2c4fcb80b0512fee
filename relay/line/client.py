"""Every LINE call but multicast, through the official SDK; its traps are dealt with here and nowhere else.

What the SDK does that a caller would not expect (line-bot-sdk 3.27, each guarded here and tested):
no short timeout, a pool of ten connections, its own retries, raw dicts sent empty, unknown keys dropped
silently, network errors passed on as they are, 409 raised as an error, and a `ValidationError` after a send
that did go through when LINE's answer holds something new. Requirement: OPS-6.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from protocol.deliveries import Quota
from relay.errors import LineError

POOL_SIZE = 100  # the SDK's default of 5 per CPU halves the pace of sending
SEND_TIMEOUT = 10.0  # seconds
CONTENT_TIMEOUT = 60.0
COUPONS_A_PAGE = 100
COUPON_DETAILS = 50
COUPON_PAGES = 5
"""LINE allows 5,000 coupons; nobody picks from a longer list than this."""

_FOR_GOOD = frozenset({400, 403, 404, 405, 410, 413, 415})


@dataclass(frozen=True)
class Sent:
    """LINE took the message. `request_id` and `message_ids` are empty where the answer could not be read."""

    request_id: str = ""
    message_ids: tuple[str, ...] = ()
    already_accepted: bool = False
    """A repeated retry key: the first try had been accepted."""


@dataclass(frozen=True)
class Profile:
    """What LINE tells about a friend. Never stored."""

    display_name: str
    language: str = ""


@dataclass(frozen=True)
class Bot:
    """The official account itself."""

    user_id: str
    basic_id: str
    display_name: str


@dataclass(frozen=True)
class Content:
    """A photo, video or file. `ready` is False while LINE still prepares it."""

    ready: bool
    body: bytes = b""
    content_type: str = ""


class MessageRefused(ValueError):
    """A message dict of ours that the SDK would not send as written: a bug, found before anything is sent."""


class LineClient:
    """Calls LINE. Made and closed inside a running event loop.

    `base`: address of all calls, None for LINE's own hosts. `ca_file`: PEM of the CA when it is not a public
    one. Every method raises `LineError`; an error without status may have been accepted all the same.
    """

    def __init__(
        self,
        *,
        base: str | None,
        token: str,
        ca_file: Path | None = None,
        timeout: float = SEND_TIMEOUT,
    ) -> None:
        self._base = base.rstrip("/") if base else None
        self._ca_file = ca_file
        self._timeout = timeout
        self._token = token
        self._sdk: _Sdk | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        return "LineClient(…)"

    def use_token(self, token: str) -> None:
        """The channel access token of every call from now on; calls on their way keep theirs."""
        self._token = token
        if self._sdk is not None:
            self._sdk.use_token(token)

    async def aclose(self) -> None:
        """Calls on their way fail as unreachable; later ones are not made."""
        self._is_closed = True
        if self._sdk is not None:
            await self._sdk.client.close()
            self._sdk = None

    async def reply(self, reply_token: str, messages: Sequence[Mapping[str, Any]]) -> Sent:
        """Answer an event, once, within a minute of its receipt. Takes no retry key: never call it twice."""
        sdk = self._open()
        request = sdk.messaging.ReplyMessageRequest(
            replyToken=reply_token, messages=[sdk.typed_message(message) for message in messages]
        )
        return await self._send(sdk, sdk.api.reply_message_with_http_info, request)

    async def push(
        self,
        user_id: str,
        messages: Sequence[Mapping[str, Any]],
        retry_key: str,
        *,
        silent: bool = False,
        unit: str = "",
    ) -> Sent:
        """Send to one person. The key must be stored before the first call and be the same for all tries.

        `silent`: phones stay quiet; `unit`: the name under which LINE counts it.
        """
        sdk = self._open()
        request = sdk.messaging.PushMessageRequest(
            to=user_id,
            messages=[sdk.typed_message(message) for message in messages],
            notificationDisabled=silent,
            customAggregationUnits=[unit] if unit else None,
        )
        return await self._send(sdk, sdk.api.push_message_with_http_info, request, x_line_retry_key=retry_key)

    async def broadcast(
        self, messages: Sequence[Mapping[str, Any]], retry_key: str, *, silent: bool = False
    ) -> Sent:
        """Send to every friend, once called beyond anybody's reach. The key as for `push`."""
        sdk = self._open()
        request = sdk.messaging.BroadcastRequest(
            messages=[sdk.typed_message(message) for message in messages], notificationDisabled=silent
        )
        return await self._send(sdk, sdk.api.broadcast_with_http_info, request, x_line_retry_key=retry_key)

    async def coupons(self) -> list[dict[str, Any]]:
        """The coupons that can be sent now, as LINE tells of them: couponId, title, and the seconds of
        startTimestamp and endTimestamp for the first of them.
        """
        sdk = self._open()
        found: list[dict[str, Any]] = []
        start: str | None = None
        for _ in range(COUPON_PAGES):
            page = await self._ask(
                sdk, sdk.api.list_coupon_with_http_info, ["RUNNING"], start, COUPONS_A_PAGE
            )
            found += [each for each in page.get("items", []) if isinstance(each, dict)]
            start = page.get("next") or None
            if start is None:
                break
        ids = [str(each.get("couponId", "")) for each in found[:COUPON_DETAILS]]
        details = await asyncio.gather(
            *(self._ask(sdk, sdk.api.get_coupon_detail_with_http_info, id) for id in ids)
        )
        return [*details, *found[COUPON_DETAILS:]]

    async def profile(self, user_id: str) -> Profile | None:
        """None for someone who blocked the account or whom LINE does not know."""
        try:
            sdk = self._open()
            found = await self._ask(sdk, sdk.api.get_profile_with_http_info, user_id)
        except LineError as error:
            if error.status == 404:
                return None
            raise
        return Profile(display_name=found.get("displayName", ""), language=found.get("language", ""))

    async def quota(self) -> Quota:
        """The allowance of this month and what was used of it, in people."""
        sdk = self._open()
        allowed, used = await asyncio.gather(
            self._ask(sdk, sdk.api.get_message_quota_with_http_info),
            self._ask(sdk, sdk.api.get_message_quota_consumption_with_http_info),
        )
        limit = allowed.get("value") if allowed.get("type") == "limited" else None
        return Quota(limit=limit, used=int(used.get("totalUsage", 0)))

    async def bot_info(self) -> Bot:
        sdk = self._open()
        found = await self._ask(sdk, sdk.api.get_bot_info_with_http_info)
        return Bot(
            user_id=found.get("userId", ""),
            basic_id=found.get("basicId", ""),
            display_name=found.get("displayName", ""),
        )

    async def loading(self, user_id: str, seconds: int = 5) -> None:
        """Show that an answer is coming. `seconds`: 5 to 60 in steps of 5."""
        sdk = self._open()
        request = sdk.messaging.ShowLoadingAnimationRequest(chatId=user_id, loadingSeconds=seconds)
        await self._ask(sdk, sdk.api.show_loading_animation_with_http_info, request)

    async def message_content(self, message_id: str) -> Content:
        """A file a resident sent. LINE answers 202 while it prepares a long one; the SDK hides that."""
        sdk = self._open()
        try:
            answer = await sdk.blob.get_message_content_with_http_info(
                message_id, _request_timeout=CONTENT_TIMEOUT
            )
        except Exception as error:
            raise _line_error(error, sdk.refusal_in(error)) from None
        if answer.status_code != 200:
            return Content(ready=False)
        kind = answer.headers.get("content-type", "application/octet-stream")
        return Content(ready=True, body=bytes(answer.data or b""), content_type=kind)

    async def _send(self, sdk: _Sdk, call: Callable[..., Awaitable[Any]], request: Any, **key: str) -> Sent:
        try:
            answer = await call(request, _request_timeout=self._timeout, **key)
        except Exception as error:
            refusal = sdk.refusal_in(error)
            if refusal is None and isinstance(error, ValueError | LookupError):
                return Sent()  # LINE answered 2xx in a form the SDK cannot read
            if refusal is not None and refusal.status == 409:
                return _accepted_before(refusal)
            raise _line_error(error, refusal) from None
        ids = _message_ids(answer.raw_data)
        return Sent(request_id=answer.headers.get("x-line-request-id", ""), message_ids=ids)

    async def _ask(self, sdk: _Sdk, call: Callable[..., Awaitable[Any]], *arguments: Any) -> dict[str, Any]:
        try:
            answer = await call(*arguments, _request_timeout=self._timeout)
        except Exception as error:
            raise _line_error(error, sdk.refusal_in(error)) from None
        return _json_object(answer.raw_data)

    def _open(self) -> _Sdk:
        if self._is_closed:  # opened again, its connections would never be closed
            raise LineError(status=None, permanent=False, reason="line_unreachable")
        if self._sdk is None:
            self._sdk = _Sdk(self._base, self._token, self._ca_file)
        return self._sdk


class _Sdk:
    """The SDK, imported at the first use (1.1 s) and set up the way section "traps" above asks for."""

    def __init__(self, base: str | None, token: str, ca_file: Path | None) -> None:
        from linebot.v3 import messaging
        from linebot.v3.messaging.exceptions import ApiException

        class Client(messaging.AsyncApiClient):  # type: ignore[misc]
            def deserialize(self, response: Any, response_type: Any) -> None:
                """Leave answers alone: the SDK's classes refuse values that LINE adds later (OPS-6)."""

        configuration = messaging.Configuration(
            host=base, access_token=token, ssl_ca_cert=str(ca_file) if ca_file else None
        )
        configuration.connection_pool_maxsize = POOL_SIZE
        configuration.retries = 0  # retry keys and pauses are ours to decide
        self.messaging = messaging
        self.client = Client(configuration)
        self.api = messaging.AsyncMessagingApi(self.client)
        self.blob = messaging.AsyncMessagingApiBlob(self.client)
        self._refusal = ApiException

    def use_token(self, token: str) -> None:
        # The SDK keeps it twice; the configuration's goes out last, over the header made at the start.
        self.client.configuration.access_token = token
        self.client.default_headers["Authorization"] = f"Bearer {token}"

    def typed_message(self, message: Mapping[str, Any]) -> Any:
        """The SDK's class of a message dict. Raises MessageRefused where it would drop a part of it."""
        try:
            typed = self.messaging.Message.from_dict(dict(message))
        except (ValueError, TypeError, AttributeError, KeyError):
            raise MessageRefused(f"a message of type {message.get('type')} is malformed") from None
        lost = _find_lost(message, typed.to_dict(), at=str(message.get("type")))
        if lost:
            raise MessageRefused(f"the SDK would drop {lost}")
        return typed

    def refusal_in(self, error: BaseException) -> Any | None:
        """The HTTP refusal this error is or was raised while reading, or None."""
        found: BaseException | None = error
        while found is not None:
            if isinstance(found, self._refusal):
                return found
            found = found.__context__
        return None


def _line_error(error: Exception, refusal: Any | None) -> LineError:
    # Network errors reach us unwrapped (aiohttp, TimeoutError, OSError): LINE may have got the request.
    if refusal is None or not refusal.status or refusal.status >= 500:
        status = refusal.status if refusal is not None else None
        return LineError(
            status=status, permanent=False, request_id=_request_id(refusal), reason="line_unreachable"
        )
    status = int(refusal.status)
    reason = "line_refused"
    if status == 401:
        reason = "line_not_configured"
    elif status == 429:
        # The status alone does not tell a spent month from a hurried second; only the text does.
        reason = "over_quota" if "monthly limit" in str(refusal.body) else "throttled"
    return LineError(
        status=status, permanent=status in _FOR_GOOD, request_id=_request_id(refusal), reason=reason
    )


def _accepted_before(refusal: Any) -> Sent:
    return Sent(
        request_id=(refusal.headers or {}).get("x-line-accepted-request-id", ""),
        message_ids=_message_ids(refusal.body),
        already_accepted=True,
    )


def _request_id(refusal: Any | None) -> str:
    headers = getattr(refusal, "headers", None) or {}
    return str(headers.get("x-line-request-id", ""))


def _message_ids(body: Any) -> tuple[str, ...]:
    sent = _json_object(body).get("sentMessages")
    if not isinstance(sent, list):
        return ()
    return tuple(str(message["id"]) for message in sent if isinstance(message, dict) and "id" in message)


def _json_object(body: Any) -> dict[str, Any]:
    try:
        parsed = json.loads(body or "{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _find_lost(wanted: Any, kept: Any, *, at: str) -> str:
    """Where a value of `wanted` is missing from `kept`, or an empty text."""
    if isinstance(wanted, Mapping):
        if not isinstance(kept, Mapping):
            return at
        places = (
            _find_lost(value, kept.get(name), at=f"{at}.{name}")
            for name, value in wanted.items()
            if value is not None
        )
        return next((place for place in places if place), "")
    if isinstance(wanted, list | tuple):
        if not isinstance(kept, list | tuple) or len(kept) != len(wanted):
            return at
        pairs = enumerate(zip(wanted, kept, strict=True))
        places = (_find_lost(one, other, at=f"{at}[{index}]") for index, (one, other) in pairs)
        return next((place for place in places if place), "")
    return "" if wanted == kept else at
