"""The door of the pages: LINE says who is there, then an own session begins. Requirements: SEC-3, SEC-4."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from relay.errors import LineError, Refused, StoreUnavailable
from relay.features.page_sessions import SESSION_LIFE, begin_page_session
from relay.features.residents import note_visitor
from relay.features.throttles import Throttle
from relay.pages.bodies import read_limited
from relay.pages.rendering import Renderer
from relay.pages.security import COOKIE, entry_headers, is_from_our_page, page_headers
from relay.store.database import Database
from relay.store.residents import find_resident

SETTINGS_PATH = "/pages/settings"
WASTE_PATH = "/pages/waste"
_WITHOUT_LINE = {WASTE_PATH: f"{WASTE_PATH}?district="}
"""Pages that are of use to everybody, and the address that opens them without asking LINE."""
_BODY_LIMIT = 8 * 1024
_STATE = re.compile(r"(/[a-z0-9-]+)+")

VerifyToken = Callable[[str], Awaitable[str]]
IsFriend = Callable[[str], Awaitable[bool]]
CallerAddress = Callable[[Request], str]
_BY_ADDRESS = Throttle("page session address", limit=30, window=timedelta(minutes=1))
"""Failures only: a phone company puts thousands of residents behind one address."""


class Entry:
    """`GET /pages` opens inside LINE and signs in by itself; `POST /pages/session` takes the raw ID token.

    `verify`: gives the user id of an ID token. `is_friend`: asked for people no event ever came from.
    `caller`: the address a request comes from, for the throttle.
    """

    def __init__(
        self,
        *,
        database: Database,
        verify: VerifyToken,
        is_friend: IsFriend,
        caller: CallerAddress,
        clock: Callable[[], datetime],
        renderer: Renderer,
        liff_id: str,
        liff_url_base: str,
        liff_sdk_url: str,
    ) -> None:
        self._database = database
        self._verify = verify
        self._is_friend = is_friend
        self._caller = caller
        self._clock = clock
        self._renderer = renderer
        self._liff_url_base = liff_url_base.rstrip("/")
        self.use_liff(liff_id)
        self._sdk_url = liff_sdk_url
        self._headers = entry_headers(liff_sdk_url)

    def use_liff(self, liff_id: str) -> None:
        """The LIFF app that opens the pages from now on."""
        self._liff_id = liff_id
        self._liff_url = f"{self._liff_url_base}/{liff_id}" if liff_id else ""

    async def show(self, request: Request) -> Response:
        """LIFF's primary address: never a redirect, because the SDK must see its own parameters first."""
        return self.ask_line(safe_next(request.query_params.get("liff.state", "")))

    def ask_line(self, next_path: str, *, status: int = 200) -> Response:
        """The page that lets LINE say who is there and then goes on to `next_path`."""
        values = {
            "liff_id": self._liff_id,
            "sdk_url": self._sdk_url,
            "next_path": next_path,
            "open_path": _WITHOUT_LINE.get(next_path, ""),
            "liff_link": self._liff_url + next_path.removeprefix("/pages") if self._liff_url else "",
        }
        return self._renderer.page("enter.html", values, headers=self._headers, status=status)

    async def sign_in(self, request: Request) -> Response:
        if not is_from_our_page(request):
            return _refuse("not_allowed", 403)
        address = self._caller(request)
        try:
            await run_in_threadpool(self._check_throttle, address)
            user_id = await self._verify_counted(await _read_token(request), address)
            token = await self._begin(user_id, request.cookies.get(COOKIE, ""))
        except Refused as refusal:
            return _refuse(refusal.reason, refusal.status)
        except LineError as error:
            return _refuse(error.reason, 503)
        except StoreUnavailable as trouble:
            return _refuse(trouble.reason, 503)
        answer = JSONResponse({"ok": True}, headers=page_headers())
        answer.set_cookie(
            COOKIE,
            token,
            max_age=int(SESSION_LIFE.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="lax",
        )
        return answer

    def _check_throttle(self, address: str) -> None:
        with self._database.read() as connection:
            _BY_ADDRESS.check(connection, self._database.cipher, address, self._clock())

    async def _verify_counted(self, id_token: str, address: str) -> str:
        """Every wrong token costs a question to LINE, so whoever brings many is stopped."""

        def count() -> None:
            with self._database.write() as connection:
                _BY_ADDRESS.count_failure(connection, self._database.cipher, address, self._clock())

        try:
            return await self._verify(id_token)
        except Refused:
            await run_in_threadpool(count)
            raise

    async def _begin(self, user_id: str, old_token: str) -> str:
        if not await run_in_threadpool(self._is_known, user_id) and not await self._is_friend(user_id):
            raise Refused("not_a_friend", status=403)

        def begin() -> str:
            with self._database.write() as connection:
                resident = note_visitor(connection, self._database.cipher, user_id)
                return begin_page_session(connection, resident.no, self._clock(), replaces=old_token)

        return await run_in_threadpool(begin)

    def _is_known(self, user_id: str) -> bool:
        with self._database.read() as connection:
            return find_resident(connection, self._database.cipher, user_id) is not None


def safe_next(state: str) -> str:
    """Where `liff.state` leads: a page of ours, whatever it says."""
    path = state.split("?", 1)[0].split("#", 1)[0]
    if len(path) <= 100 and _STATE.fullmatch(path):
        return "/pages" + path
    return SETTINGS_PATH


async def _read_token(request: Request) -> str:
    if request.headers.get("content-type", "").split(";")[0].strip() != "application/json":
        raise Refused("malformed", status=400)
    body = await read_limited(request, _BODY_LIMIT)
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused("malformed", status=400) from None
    token = parsed.get("idToken") if isinstance(parsed, dict) else None
    if not isinstance(token, str):
        raise Refused("malformed", status=400)
    return token


def _refuse(reason: str, status: int) -> Response:
    return JSONResponse({"reason": reason}, status_code=status, headers=page_headers())
