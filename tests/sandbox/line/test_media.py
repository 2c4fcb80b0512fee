"""Pictures are fetched as LINE fetches them, over trusted HTTPS, and shown by the sandbox (OPS-4)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.line.media import media_addresses
from tests.sandbox.conftest import Script, served, wait_until


def _picture(kind: str, size: int = 8) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), "#336699").save(out, kind)
    return out.getvalue()


FILES = {
    "a.jpg": (200, _picture("JPEG")),
    "a.png": (200, _picture("PNG")),
    "a.gif": (200, _picture("GIF")),
    "a.txt": (200, b"words"),
    "big.jpg": (200, _picture("JPEG") + b"\0" * (1024 * 1024)),
    "gone.jpg": (404, b""),
    "film.mp4": (200, b"\0\0\0\x18ftypmp42"),
}


@pytest.fixture
def store(tmp_path: Path, script: Script) -> Iterator[str]:
    """An HTTPS server with a certificate that only the given authority vouches for."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")

    async def give(request: Request) -> Response:
        status, data = FILES[request.path_params["name"]]
        return Response(data, status)

    app = Starlette(routes=[Route("/{name}", give)])
    with served(app, ssl_certfile=str(tmp_path / "server.pem")) as port:
        script.settings(webhook_ca_file=str(tmp_path / "ca.pem"))
        yield f"https://127.0.0.1:{port}"


def _fetched(script: Script, original: str, preview: str) -> list[dict[str, Any]]:
    (user_id,) = script.residents("佐藤 花")
    image = {"type": "image", "originalContentUrl": original, "previewImageUrl": preview}
    assert script.push(user_id, image).status_code == 200

    def done() -> list[dict[str, Any]] | None:
        media: list[dict[str, Any]] = script.talk(user_id)[0]["media"]
        return media if all(each["state"] != "waiting" for each in media) else None

    result: list[dict[str, Any]] = wait_until(done)
    return result


def test_a_picture_is_fetched_and_shown_from_the_sandbox(script: Script, store: str) -> None:
    original, preview = _fetched(script, f"{store}/a.jpg", f"{store}/a.png")
    assert (original["state"], original["contentType"], original["width"]) == ("fetched", "image/jpeg", 8)
    assert preview["contentType"] == "image/png"
    shown = script.http.get(script.url + original["path"], timeout=5)
    assert shown.content == FILES["a.jpg"][1] and shown.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("big.jpg", "too_large"),
        ("a.gif", "not_jpeg_or_png"),
        ("a.txt", "not_a_picture"),
        ("gone.jpg", "error_status"),
    ],
)
def test_what_line_would_not_show_is_told_with_its_reason(
    script: Script, store: str, name: str, problem: str
) -> None:
    _, preview = _fetched(script, f"{store}/a.jpg", f"{store}/{name}")
    assert (preview["state"], preview["problem"], preview["path"]) == ("failed", problem, None)


def test_a_certificate_of_nobody_known_is_not_trusted(script: Script, store: str) -> None:
    script.settings(webhook_ca_file=None)
    original, _ = _fetched(script, f"{store}/a.jpg", f"{store}/a.jpg")
    assert original["problem"] == "certificate_not_trusted"


def test_fetching_can_be_switched_off(script: Script, store: str) -> None:
    script.settings(fetch_media=False)
    original, _ = _fetched(script, f"{store}/a.jpg", f"{store}/a.png")
    assert original["problem"] == "fetching_is_off"


def test_addresses_are_found_in_every_kind_of_message() -> None:
    url = "https://example.lg.jp/"
    box = {"type": "box", "layout": "vertical", "contents": [{"type": "image", "url": url + "2"}]}
    bubble = {"type": "bubble", "hero": {"type": "image", "url": url + "1"}, "body": box}
    columns = [{"thumbnailImageUrl": url + "3"}, {"imageUrl": url + "4"}]
    sender = {"sender": {"iconUrl": url + "5"}}
    messages: list[dict[str, Any]] = [
        {"type": "flex", "contents": {"type": "carousel", "contents": [bubble]}},
        {"type": "template", "template": {"type": "carousel", "columns": columns}},
        {"type": "text", "text": url + "not", **sender},
        {"type": "imagemap", "baseUrl": url + "map"},
        {"type": "video", "originalContentUrl": url + "v", "previewImageUrl": url + "p"},
    ]
    found = [address for message in messages for _, address in media_addresses(message)]
    assert found == [url + name for name in ("1", "2", "3", "4", "5", "map/1040", "v", "p")]
