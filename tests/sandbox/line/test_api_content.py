"""Photos and films that residents send can be fetched, wait while prepared, and go when unsent (OPS-4)."""

from __future__ import annotations

import io

from linebot.v3.messaging import ApiClient, Configuration, MessagingApiBlob
from PIL import Image

from sandbox.serve import RunningSandbox
from tests.sandbox.conftest import HandClock, Script


def _send(script: Script, user_id: str, data: bytes, kind: str) -> str:
    path = f"{script.url}/sandbox/residents/{user_id}/photo"
    answer = script.http.post(path, data=data, headers={"content-type": kind}, timeout=10)
    message_id: str = answer.json()["messageId"]
    return message_id


def test_a_photo_comes_back_byte_by_byte_through_the_official_client(
    sandbox: RunningSandbox, script: Script
) -> None:
    (user_id,) = script.residents("佐藤 花")
    message_id = _send(script, user_id, b"\xff\xd8 not really a photo", "image/jpeg")
    configuration = Configuration(host=sandbox.url, access_token=sandbox.settings.channel_token)
    with ApiClient(configuration) as client:
        answer = MessagingApiBlob(client).get_message_content_with_http_info(message_id, _request_timeout=5)
        client.rest_client.pool_manager.clear()
    assert bytes(answer.data) == b"\xff\xd8 not really a photo"
    assert answer.headers["content-type"] == "image/jpeg"


def test_a_generated_photo_is_a_picture_with_a_preview(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    message_id = script.act(user_id, "photo")["messageId"]
    for path, width in (("content", 960), ("content/preview", 240)):
        answer = script.line("GET", f"/v2/bot/message/{message_id}/{path}")
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).width == width


def test_a_film_is_202_until_it_is_ready(script: Script, clock: HandClock) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.settings(content_preparation=30.0)
    base = f"/v2/bot/message/{_send(script, user_id, b'film', 'video/mp4')}/content"
    assert script.line("GET", base).status_code == 202
    assert script.line("GET", base + "/transcoding").json() == {"status": "processing"}
    clock.forward(seconds=30)
    assert script.line("GET", base).content == b"film"
    assert script.line("GET", base + "/transcoding").json() == {"status": "succeeded"}
    assert script.line("GET", base + "/preview").headers["content-type"] == "image/jpeg"


def test_unsent_is_410_and_unknown_404(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    message_id = script.act(user_id, "photo")["messageId"]
    script.act(user_id, "unsend", messageId=message_id)
    assert script.line("GET", f"/v2/bot/message/{message_id}/content").status_code == 410
    assert script.line("GET", "/v2/bot/message/1/content").status_code == 404
    assert script.talk(user_id)[0]["unsent"] is True


def test_only_films_and_sounds_are_transcoded(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    message_id = script.act(user_id, "photo")["messageId"]
    assert script.line("GET", f"/v2/bot/message/{message_id}/content/transcoding").status_code == 400
