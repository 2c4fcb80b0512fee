"""LINE Login's server side: token checks, keys, profile, friendship, deauthorize."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.line.api_tokens import form_of
from sandbox.line.errors import LineRefusal, LoginRefusal
from sandbox.line.gate import Answer, Call, api_route, bearer
from sandbox.line.id_tokens import ISSUER, LIFETIME_SECONDS, InvalidToken
from sandbox.line.login_tokens import UserToken
from sandbox.line.residents import Resident
from sandbox.line.state import Platform


def make_id_token(
    platform: Platform,
    resident: Resident,
    *,
    audience: str | None = None,
    nonce: str | None = None,
    issued_at: datetime | None = None,
    issuer: str = ISSUER,
) -> str:
    issued = int((issued_at or platform.now()).timestamp())
    claims: dict[str, Any] = {
        "iss": issuer,
        "sub": resident.user_id,
        "aud": audience or platform.settings.login_channel_id,
        "exp": issued + LIFETIME_SECONDS,
        "iat": issued,
        "amr": ["linesso"],
        "name": resident.display_name,
    }
    if nonce is not None:
        claims["nonce"] = nonce
    return platform.id_token_key.sign(claims)


async def verify_id_token(platform: Platform, call: Call) -> Answer:
    form = form_of(call)
    try:
        claims = platform.id_token_key.claims_of(form.get("id_token", ""))
    except InvalidToken as error:
        raise LoginRefusal("Invalid IdToken.") from error
    if claims.get("iss") != ISSUER:
        raise LoginRefusal("Invalid IdToken Issuer.")
    if claims.get("exp", 0) < platform.now().timestamp():
        raise LoginRefusal("IdToken expired.")
    if not form.get("client_id"):
        raise LoginRefusal("client_id is required.")
    if claims.get("aud") != form["client_id"]:
        raise LoginRefusal("Invalid IdToken Audience.")
    if "nonce" in form and claims.get("nonce") != form["nonce"]:
        raise LoginRefusal("Invalid IdToken Nonce.")
    if "user_id" in form and claims.get("sub") != form["user_id"]:
        raise LoginRefusal("Invalid IdToken Subject Identifier.")
    return Answer(claims)


async def verify_access_token(platform: Platform, call: Call) -> Answer:
    """Of a user's token, or of a channel token v2.1: LINE uses one path for both."""
    text = call.query("access_token") or ""
    now = platform.now()
    held = platform.login_tokens.find(text, now)
    if held is not None:
        left = int((held.expires_at - now).total_seconds())
        client = platform.settings.login_channel_id
        return Answer({"scope": held.scope, "client_id": client, "expires_in": left})
    issued = platform.channel_tokens.find(text, now)
    if issued is None:
        raise LoginRefusal("access token expired")
    left = int((issued.expires_at - now).total_seconds())
    return Answer({"client_id": platform.settings.channel_id, "expires_in": left, "scope": "profile"})


async def certs(platform: Platform, call: Call) -> Answer:
    return Answer({"keys": [platform.id_token_key.jwk()]})


def token_holder(platform: Platform, request: Request) -> tuple[UserToken, Resident]:
    held = platform.login_tokens.find(bearer(request), platform.now())
    resident = platform.residents.find(held.user_id) if held else None
    if held is None or resident is None:
        raise LineRefusal(401, "The access token revoked or expired")
    return held, resident


async def user_profile(platform: Platform, call: Call) -> Answer:
    _, resident = token_holder(platform, call.request)
    return Answer({"userId": resident.user_id, "displayName": resident.display_name})


async def userinfo(platform: Platform, call: Call) -> Answer:
    _, resident = token_holder(platform, call.request)
    return Answer({"sub": resident.user_id, "name": resident.display_name})


async def friendship(platform: Platform, call: Call) -> Answer:
    _, resident = token_holder(platform, call.request)
    return Answer({"friendFlag": resident.friend and not resident.blocked})


async def deauthorize(platform: Platform, call: Call) -> Answer:
    held = platform.login_tokens.find(str(call.body.get("userAccessToken")), platform.now())
    if held is None:
        raise LineRefusal(400, "invalid userAccessToken")
    resident = platform.residents.find(held.user_id)
    if resident is not None:
        resident.withdrawn = True
    platform.login_tokens.withdraw(held.user_id)
    return Answer(status=204)


def routes() -> list[Route]:
    return [
        api_route(
            "/oauth2/v2.1/verify", "login_verify", verify_id_token, methods=("POST",), channel_token=False
        ),
        api_route("/oauth2/v2.1/verify", "login_verify", verify_access_token, channel_token=False),
        api_route("/oauth2/v2.1/certs", "login_certs", certs, channel_token=False),
        api_route(
            "/oauth2/v2.1/userinfo",
            "login_userinfo",
            userinfo,
            methods=("GET", "POST"),
            channel_token=False,
            browsers=True,
        ),
        api_route("/v2/profile", "login_profile", user_profile, channel_token=False, browsers=True),
        api_route("/friendship/v1/status", "friendship", friendship, channel_token=False, browsers=True),
        api_route("/user/v1/deauthorize", "deauthorize", deauthorize, methods=("POST",), json_body=True),
    ]
