"""An ID token is judged with LINE's words; keys, profile and friendship can be asked (SEC-3, OPS-4)."""

from __future__ import annotations

from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.line.id_tokens import from_base64url
from sandbox.serve import RunningSandbox
from tests.sandbox.conftest import HandClock, Script


def _verify(script: Script, token: str, **fields: str) -> requests.Response:
    return script.http.post(f"{script.url}/oauth2/v2.1/verify", data={"id_token": token, **fields}, timeout=5)


def _token(script: Script, user_id: str, **wanted: Any) -> str:
    token: str = script.post("/sandbox/id-token", {"userId": user_id, **wanted})["idToken"]
    return token


def test_a_good_token_yields_its_claims(sandbox: RunningSandbox, script: Script, clock: HandClock) -> None:
    (user_id,) = script.residents("髙橋 﨑子")
    client = sandbox.settings.login_channel_id
    answer = _verify(script, _token(script, user_id, nonce="n"), client_id=client, nonce="n", user_id=user_id)
    assert answer.status_code == 200
    now = int(clock.now.timestamp())
    claims = answer.json()
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("https://access.line.me", user_id, client)
    assert (claims["iat"], claims["exp"], claims["name"]) == (now, now + 3600, "髙橋 﨑子")


@pytest.mark.parametrize(
    ("made", "asked", "words"),
    [
        ({"tampered": True}, {}, "Invalid IdToken."),
        ({"issuer": "https://example.com"}, {}, "Invalid IdToken Issuer."),
        ({"expired": True}, {}, "IdToken expired."),
        ({"audience": "1"}, {}, "Invalid IdToken Audience."),
        ({"nonce": "a"}, {"nonce": "b"}, "Invalid IdToken Nonce."),
        ({}, {"nonce": "b"}, "Invalid IdToken Nonce."),
        ({}, {"user_id": "U" + "0" * 32}, "Invalid IdToken Subject Identifier."),
    ],
)
def test_each_fault_of_a_token_has_lines_words(
    sandbox: RunningSandbox, script: Script, made: dict[str, Any], asked: dict[str, str], words: str
) -> None:
    (user_id,) = script.residents("佐藤 花")
    answer = _verify(
        script, _token(script, user_id, **made), client_id=sandbox.settings.login_channel_id, **asked
    )
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_request", "error_description": words}


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.AAAA", "[].e30."])
def test_nonsense_is_an_invalid_token_not_an_error(script: Script, token: str) -> None:
    assert _verify(script, token, client_id="1").json()["error_description"] == "Invalid IdToken."


def test_a_token_can_be_checked_with_the_published_key(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    head, body, signature = _token(script, user_id).split(".")
    (key,) = script.get("/oauth2/v2.1/certs")["keys"]
    assert (key["alg"], key["crv"]) == ("ES256", "P-256")
    x, y = (int.from_bytes(from_base64url(key[name]), "big") for name in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    raw = from_base64url(signature)
    der = utils.encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public.verify(der, f"{head}.{body}".encode(), ec.ECDSA(SHA256()))


def _as(script: Script, token: str, path: str) -> requests.Response:
    return script.line("GET", path, token=token)


def test_an_access_token_opens_profile_and_friendship_for_12_hours(
    sandbox: RunningSandbox, script: Script, clock: HandClock
) -> None:
    (user_id,) = script.residents("佐藤 花")
    token = script.post("/sandbox/id-token", {"userId": user_id})["accessToken"]
    checked = script.get(f"/oauth2/v2.1/verify?access_token={token}")
    assert (checked["client_id"], checked["expires_in"]) == (sandbox.settings.login_channel_id, 43_200)
    assert _as(script, token, "/v2/profile").json() == {"userId": user_id, "displayName": "佐藤 花"}
    assert _as(script, token, "/oauth2/v2.1/userinfo").json()["sub"] == user_id
    assert _as(script, token, "/friendship/v1/status").json() == {"friendFlag": True}
    script.act(user_id, "block")
    assert _as(script, token, "/friendship/v1/status").json() == {"friendFlag": False}
    clock.forward(hours=12)
    assert _as(script, token, "/v2/profile").status_code == 401
    expired = script.http.get(f"{script.url}/oauth2/v2.1/verify?access_token={token}", timeout=5)
    assert expired.status_code == 400


def test_withdrawal_ends_every_token_of_that_person(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    token = script.post("/sandbox/id-token", {"userId": user_id})["accessToken"]
    answer = script.line("POST", "/user/v1/deauthorize", {"userAccessToken": token})
    assert (answer.status_code, answer.content) == (204, b"")
    assert _as(script, token, "/v2/profile").status_code == 401
    assert script.line("POST", "/user/v1/deauthorize", {"userAccessToken": token}).status_code == 400
