"""Channel access tokens of each kind are issued, work, expire and can be revoked (OPS-4)."""

from __future__ import annotations

import base64
import json
from typing import Any

import requests

from sandbox.serve import RunningSandbox
from tests.sandbox.conftest import HandClock, Script

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def _form(script: Script, path: str, **fields: str) -> requests.Response:
    return script.http.post(script.url + path, data=fields, timeout=5)


def _client(sandbox: RunningSandbox) -> dict[str, str]:
    settings = sandbox.settings
    return {
        "grant_type": "client_credentials",
        "client_id": settings.channel_id,
        "client_secret": settings.channel_secret,
    }


def _assertion(channel_id: str, **more: Any) -> str:
    claims = json.dumps({"iss": channel_id, "sub": channel_id, "aud": "https://api.line.me/", **more})
    return "e30." + base64.urlsafe_b64encode(claims.encode()).decode().rstrip("=") + ".x"


def _works(script: Script, token: str) -> bool:
    return script.line("GET", "/v2/bot/info", token=token).status_code == 200


def test_a_short_lived_token_works_for_30_days(
    sandbox: RunningSandbox, script: Script, clock: HandClock
) -> None:
    issued = _form(script, "/v2/oauth/accessToken", **_client(sandbox)).json()
    assert issued["expires_in"] == 2_592_000 and issued["token_type"] == "Bearer"
    assert _works(script, issued["access_token"])
    clock.forward(days=30)
    assert not _works(script, issued["access_token"])


def test_the_31st_short_lived_token_ends_the_first(
    sandbox: RunningSandbox, script: Script, clock: HandClock
) -> None:
    tokens = []
    for _ in range(31):
        clock.forward(seconds=1)
        tokens.append(_form(script, "/v2/oauth/accessToken", **_client(sandbox)).json()["access_token"])
    assert [_works(script, token) for token in (tokens[0], tokens[1], tokens[30])] == [False, True, True]


def test_a_stateless_token_lasts_15_minutes(
    sandbox: RunningSandbox, script: Script, clock: HandClock
) -> None:
    token = _form(script, "/oauth2/v3/token", **_client(sandbox)).json()["access_token"]
    clock.forward(minutes=14, seconds=59)
    assert _works(script, token)
    clock.forward(seconds=1)
    assert not _works(script, token)


def test_a_v21_token_lives_as_long_as_asked_and_can_be_revoked(
    sandbox: RunningSandbox, script: Script
) -> None:
    signed = _assertion(sandbox.settings.channel_id, token_exp=3600)
    wanted = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTION,
        "client_assertion": signed,
    }
    issued = _form(script, "/oauth2/v2.1/token", **wanted).json()
    assert issued["expires_in"] == 3600 and issued["key_id"]
    assert script.line("GET", "/oauth2/v2.1/tokens/kid").json() == {"kids": [issued["key_id"]]}
    checked = script.line("GET", f"/oauth2/v2.1/verify?access_token={issued['access_token']}").json()
    assert checked["client_id"] == sandbox.settings.channel_id
    revoked = _form(script, "/oauth2/v2.1/revoke", **_client(sandbox), access_token=issued["access_token"])
    assert revoked.status_code == 200 and not _works(script, issued["access_token"])


def test_wrong_clients_get_no_token(sandbox: RunningSandbox, script: Script) -> None:
    wrong = {**_client(sandbox), "client_secret": "x"}
    for path in ("/v2/oauth/accessToken", "/oauth2/v3/token"):
        answer = _form(script, path, **wrong)
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_client"
    other = {"client_assertion_type": ASSERTION, "client_assertion": _assertion("1", token_exp=60)}
    refused = _form(script, "/oauth2/v2.1/token", grant_type="client_credentials", **other)
    assert refused.status_code == 400
