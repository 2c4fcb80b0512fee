"""LIFF: the redirect from a LIFF address to the page, the SDK's shim, and what the shim asks for."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlencode

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from sandbox.line.acts import Acts, CannotDo
from sandbox.line.errors import LineRefusal, bad_body
from sandbox.line.gate import Answer, Call, api_route
from sandbox.line.login import make_id_token, token_holder
from sandbox.line.login_tokens import LIFETIME, SCOPES
from sandbox.line.residents import Resident
from sandbox.line.state import Platform
from sandbox.line.validation import check_messages

COOKIE = "sandbox_resident"
SHIM = Path(__file__).parents[2] / "resources" / "sandbox" / "liff-sdk.js"
_OURS = ("as", "context")


def _holder(platform: Platform, request: Request) -> Resident | None:
    user_id = request.query_params.get("as") or request.cookies.get(COOKIE)
    return platform.residents.find(user_id) if user_id else None


async def open_liff(request: Request) -> Response:
    """The primary redirect: endpoint URL, liff.state with the extra path, tokens in the fragment."""
    platform: Platform = request.app.state.platform
    settings = platform.settings
    if request.path_params["liff_id"] != settings.liff_id:
        return PlainTextResponse("このLIFFアプリはありません。", 404)
    if not settings.liff_endpoint_url:
        return PlainTextResponse("LIFFアプリの開く先(liff_endpoint_url)がまだ設定されていません。", 503)
    resident = _holder(platform, request)
    if resident is None:
        # The phone page asks who is holding the phone, then comes back here.
        target = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return RedirectResponse(f"/phone?next={quote(target, safe='')}", 303)
    resident.withdrawn = False
    location = _with_state(settings.liff_endpoint_url, _extra_path(request))
    return RedirectResponse(f"{location}#{_fragment(platform, request, resident)}", 302)


def _extra_path(request: Request) -> str:
    rest = request.path_params.get("rest", "")
    kept = [(name, value) for name, value in request.query_params.multi_items() if name not in _OURS]
    return (f"/{quote(rest)}" if rest else "") + (f"?{urlencode(kept)}" if kept else "")


def _with_state(endpoint: str, extra: str) -> str:
    if not extra:
        return endpoint
    return endpoint + ("&" if "?" in endpoint else "?") + "liff.state=" + quote(extra, safe="")


def _fragment(platform: Platform, request: Request, resident: Resident) -> str:
    token = platform.login_tokens.issue(resident.user_id, platform.now())
    return urlencode(
        {
            "access_token": token.token,
            "id_token": make_id_token(platform, resident),
            "client_id": platform.settings.login_channel_id,
            "expires_in": int(LIFETIME.total_seconds()),
            "token_type": "Bearer",
            "scope": SCOPES,
            "liff_id": platform.settings.liff_id,
            "context_type": request.query_params.get("context", "utou"),
        }
    )


async def sdk(request: Request) -> Response:
    return FileResponse(
        SHIM,
        media_type="text/javascript; charset=utf-8",
        headers={"cache-control": "no-cache", "access-control-allow-origin": "*"},
    )


async def send_messages(platform: Platform, call: Call) -> Answer:
    """liff.sendMessages: shown as the resident's own bubbles."""
    _, resident = token_holder(platform, call.request)
    messages = call.body.get("messages")
    found = check_messages(messages)
    if found:
        raise bad_body(found)
    acts: Acts = call.request.app.state.acts
    try:
        for message in messages:
            acts.send_from_liff(resident, message)
    except CannotDo as error:
        raise LineRefusal(403, error.reason) from error
    return Answer()


def routes() -> list[Route]:
    return [
        Route("/liff/sdk.js", sdk),
        api_route(
            "/liff/api/messages",
            "liff_send",
            send_messages,
            methods=("POST",),
            json_body=True,
            channel_token=False,
            browsers=True,
        ),
        Route("/liff/{liff_id}", open_liff),
        Route("/liff/{liff_id}/{rest:path}", open_liff),
    ]
