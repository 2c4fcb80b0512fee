"""Routes that hand out what residents sent. On LINE they live on another host; here on the same."""

from __future__ import annotations

from starlette.routing import Route

from sandbox.line.content import Content, preview_of
from sandbox.line.errors import LineRefusal, not_found
from sandbox.line.gate import Answer, Call, api_route
from sandbox.line.state import Platform


def _find(platform: Platform, call: Call) -> Content:
    content = platform.contents.get(call.parameter("messageId"))
    if content is None:
        raise not_found()
    if content.unsent:
        raise LineRefusal(410, "Gone")
    return content


async def content(platform: Platform, call: Call) -> Answer:
    held = _find(platform, call)
    if platform.now() < held.ready_at:
        return Answer(b"", 202)
    return Answer(held.data, content_type=held.content_type)


async def preview(platform: Platform, call: Call) -> Answer:
    held = _find(platform, call)
    if held.kind not in ("image", "video"):
        raise LineRefusal(400, "This message has no preview")
    if platform.now() < held.ready_at:
        return Answer(b"", 202)
    return Answer(preview_of(held), content_type="image/jpeg")


async def transcoding(platform: Platform, call: Call) -> Answer:
    held = _find(platform, call)
    if held.kind not in ("video", "audio"):
        raise LineRefusal(400, "This message is neither video nor audio")
    return Answer({"status": "succeeded" if platform.now() >= held.ready_at else "processing"})


def routes() -> list[Route]:
    base = "/v2/bot/message/{messageId}/content"
    return [
        api_route(base, "content", content),
        api_route(base + "/preview", "content_preview", preview),
        api_route(base + "/transcoding", "content_transcoding", transcoding),
    ]
