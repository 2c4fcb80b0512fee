"""Routes that issue, check and revoke channel access tokens (short-lived, v2.1, stateless)."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import parse_qs

from starlette.routing import Route

from sandbox.line.channel_tokens import MOST_ALIVE, SHORT_LIVED, STATELESS
from sandbox.line.errors import LoginRefusal
from sandbox.line.gate import Answer, Call, api_route
from sandbox.line.id_tokens import from_base64url
from sandbox.line.state import Platform

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def form_of(call: Call) -> dict[str, str]:
    fields = parse_qs(call.raw.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[-1] for name, values in fields.items()}


def _check_client(platform: Platform, form: dict[str, str]) -> None:
    if form.get("grant_type") != "client_credentials":
        raise LoginRefusal("invalid grant_type", error="unsupported_grant_type")
    settings = platform.settings
    if (form.get("client_id"), form.get("client_secret")) != (settings.channel_id, settings.channel_secret):
        raise LoginRefusal("invalid client_id or client_secret", error="invalid_client")


def _check_assertion(platform: Platform, form: dict[str, str]) -> timedelta:
    """The lifetime asked for. The signature is not checked: no key of ours is registered here."""
    if form.get("client_assertion_type") != _ASSERTION:
        raise LoginRefusal("invalid client_assertion_type")
    try:
        claims = json.loads(from_base64url(form.get("client_assertion", "").split(".")[1]))
        lifetime = timedelta(seconds=int(claims.get("token_exp", 0)))
    except (ValueError, IndexError, TypeError) as error:
        raise LoginRefusal("invalid client_assertion", error="invalid_client") from error
    issued_to = platform.settings.channel_id
    if claims.get("iss") != issued_to or claims.get("sub") != issued_to:
        raise LoginRefusal("invalid client_assertion", error="invalid_client")
    if not timedelta() <= lifetime <= SHORT_LIVED:
        raise LoginRefusal("invalid token_exp")
    return lifetime


async def issue_short(platform: Platform, call: Call) -> Answer:
    _check_client(platform, form_of(call))
    alive = platform.channel_tokens.alive("short", platform.now())
    if len(alive) >= MOST_ALIVE:
        platform.channel_tokens.revoke(min(alive, key=lambda token: token.issued_at).token)
    token = platform.channel_tokens.issue("short", SHORT_LIVED, platform.now())
    return Answer({"access_token": token.token, "expires_in": 2_592_000, "token_type": "Bearer"})


async def issue_stateless(platform: Platform, call: Call) -> Answer:
    form = form_of(call)
    if "client_assertion" in form:
        _check_assertion(platform, form)
    else:
        _check_client(platform, form)
    token = platform.channel_tokens.issue("stateless", STATELESS, platform.now())
    return Answer({"access_token": token.token, "expires_in": 900, "token_type": "Bearer"})


async def issue_v21(platform: Platform, call: Call) -> Answer:
    form = form_of(call)
    if form.get("grant_type") != "client_credentials":
        raise LoginRefusal("invalid grant_type", error="unsupported_grant_type")
    lifetime = _check_assertion(platform, form) or SHORT_LIVED
    if len(platform.channel_tokens.alive("v2.1", platform.now())) >= MOST_ALIVE:
        raise LoginRefusal("the maximum number of tokens has been issued")
    token = platform.channel_tokens.issue("v2.1", lifetime, platform.now())
    return Answer(
        {
            "access_token": token.token,
            "expires_in": int(lifetime.total_seconds()),
            "token_type": "Bearer",
            "key_id": token.key_id,
        }
    )


async def revoke(platform: Platform, call: Call) -> Answer:
    platform.channel_tokens.revoke(form_of(call).get("access_token", ""))
    return Answer(b"")


async def revoke_v21(platform: Platform, call: Call) -> Answer:
    form = form_of(call)
    _check_client(platform, {**form, "grant_type": "client_credentials"})
    platform.channel_tokens.revoke(form.get("access_token", ""))
    return Answer(b"")


async def key_ids(platform: Platform, call: Call) -> Answer:
    alive = platform.channel_tokens.alive("v2.1", platform.now())
    return Answer({"kids": [token.key_id for token in alive]})


def routes() -> list[Route]:
    posts = [
        ("/v2/oauth/accessToken", "token_short", issue_short),
        ("/v2/oauth/revoke", "token_revoke", revoke),
        ("/oauth2/v2.1/token", "token_v21", issue_v21),
        ("/oauth2/v2.1/revoke", "token_revoke", revoke_v21),
        ("/oauth2/v3/token", "token_stateless", issue_stateless),
    ]
    made = [
        api_route(path, name, handler, methods=("POST",), channel_token=False)
        for path, name, handler in posts
    ]
    made.append(api_route("/oauth2/v2.1/tokens/kid", "token_key_ids", key_ids, channel_token=False))
    return made
