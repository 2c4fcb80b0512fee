"""Log lines without people in them: set-up, the last guard against ids and tokens, and the access line.

Nothing of ours writes a LINE user id or a token into a log; this filter is for the day something does.
Requirement: SEC-2.
"""

from __future__ import annotations

import logging
import re
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LINE_ID = re.compile(r"[UCR][0-9a-f]{32}(?![0-9a-f])")
_BEARER = re.compile(r"(?i)\bbearer\s+[\w.~+/=-]+")
_LONG_PART = re.compile(r"[^/]{16,}")
_access = logging.getLogger("relay.access")


class DropSecrets(logging.Filter):
    """Replaces LINE ids and bearer tokens in the finished line and in the words of a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        cleaned = without_secrets(message)
        if cleaned != message:
            record.msg, record.args = cleaned, None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = without_secrets(record.exc_text)
        return True


def without_secrets(text: str) -> str:
    return _BEARER.sub("Bearer …", _LINE_ID.sub("U…", text))


def set_up_logging(level: str) -> None:
    """One handler on standard error, with the filter on it so that no logger can pass it by."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(DropSecrets())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # The traffic of a library is not our news; one INFO line a request would also hold whole addresses.
    for name in ("urllib3", "aiohttp", "uvicorn.access", "linebot"):
        logging.getLogger(name).setLevel(logging.WARNING)


class AccessLine:
    """ASGI wrapper: one line a request: method, path without query or long parts, status, time."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _access.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            spent = (time.perf_counter() - began) * 1000
            _access.info("%s %s %d %.0fms", scope["method"], shown_path(scope["path"]), status, spent)


def shown_path(path: str) -> str:
    """The path with every long part, which may be an id or a token, left out."""
    return _LONG_PART.sub("…", path)[:80]
