"""The headers every answer carries, and which requests are believed to come from our own pages.

Requirement: SEC-3 (cross-site scripting, request forgery, clickjacking).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "__Host-madoguchi"
"""The prefix makes browsers insist on Secure, path / and no Domain."""

# Where LINE's own LIFF SDK loads from and talks to (seen in its 2.31; LINE does not publish a list).
_LIFF_HOSTS = (
    "https://static.line-scdn.net",
    "https://liffsdk.line-scdn.net",
    "https://liff-subwindow.line.me",
    "https://uts-front.line-apps.com",
    "https://api.line.me",
    "https://access.line.me",
    "https://liff.line.me",
)


_EVERYWHERE = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}


class ProtectedAnswers:
    """ASGI wrapper: whatever answers, also an error, has these headers; what an answer says itself stays."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def protect(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _EVERYWHERE.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, protect)


def page_headers() -> dict[str, str]:
    """For pages that need nothing but our own files."""
    return _headers({"form-action": "'self'", "style-src": "'self'", "img-src": "'self'"})


def script_headers() -> dict[str, str]:
    """For pages that besides run our own scripts, which talk to nobody."""
    own = "'self'"
    return _headers({"form-action": own, "style-src": own, "img-src": own, "script-src": own})


def entry_headers(liff_sdk_url: str) -> dict[str, str]:
    """For the page that loads the LIFF SDK, which talks to LINE's hosts (or to the sandbox)."""
    parts = urlsplit(liff_sdk_url)
    hosts = " ".join(dict.fromkeys((f"{parts.scheme}://{parts.netloc}", *_LIFF_HOSTS)))
    return _headers(
        {
            "script-src": f"'self' {hosts}",
            "connect-src": f"'self' {hosts}",
            "frame-src": hosts,
            "style-src": "'self'",
            "img-src": "'self'",
            "form-action": "'self'",
        }
    )


def is_from_our_page(request: Request) -> bool:
    """Whether the browser says that one of our own pages sent this. Old browsers say nothing and pass."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host", "")


def _headers(policy: Mapping[str, str]) -> dict[str, str]:
    rules = {"default-src": "'none'", "base-uri": "'none'", "frame-ancestors": "'none'", **policy}
    return {
        **_EVERYWHERE,
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in rules.items()),
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "no-store",
    }
