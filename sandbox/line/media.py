"""Fetches the pictures and films that messages point at, as LINE does, and keeps them for the phone."""

from __future__ import annotations

import asyncio
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from PIL import Image

MB = 1024 * 1024
LARGEST = {"image": 10 * MB, "preview": 1 * MB, "icon": 1 * MB, "video": 200 * MB, "audio": 200 * MB}
FETCH_TIMEOUT = 10.0
# The same address within this time is one fetch: a delivery to thousands names one picture in each request.
FRESH = timedelta(seconds=60)
KEPT = 400


@dataclass(slots=True)
class Media:
    """One fetched address. ``problem`` says why the phone shows a gap instead."""

    key: str
    url: str
    role: str
    asked_at: datetime
    state: str = "waiting"  # waiting, fetched, failed
    problem: str | None = None
    status: int | None = None
    content_type: str = ""
    size: int = 0
    width: int = 0
    height: int = 0
    data: bytes = field(default=b"", repr=False)

    def as_json(self) -> dict[str, Any]:
        return {
            "url": self.url,
            "role": self.role,
            "state": self.state,
            "problem": self.problem,
            "status": self.status,
            "contentType": self.content_type,
            "bytes": self.size,
            "width": self.width,
            "height": self.height,
            "path": f"/phone/media/{self.key}" if self.state == "fetched" else None,
        }


def media_addresses(message: dict[str, Any]) -> list[tuple[str, str]]:
    """(role, URL) of everything LINE would fetch to show this message."""
    found: list[tuple[str, str]] = []
    kind = message.get("type")
    if kind in ("image", "video", "audio"):
        found.append((kind, message.get("originalContentUrl", "")))
        if "previewImageUrl" in message:
            found.append(("preview", message["previewImageUrl"]))
    elif kind == "imagemap":
        found.append(("image", str(message.get("baseUrl", "")) + "/1040"))
    elif kind in ("flex", "template"):
        _walk(message.get("contents") or message.get("template"), found)
    if message.get("sender", {}).get("iconUrl"):
        found.append(("icon", message["sender"]["iconUrl"]))
    for item in message.get("quickReply", {}).get("items", []):
        if item.get("imageUrl"):
            found.append(("icon", item["imageUrl"]))
    return [(role, url) for role, url in found if url]


def _walk(part: Any, found: list[tuple[str, str]]) -> None:
    if isinstance(part, list):
        for each in part:
            _walk(each, found)
    elif isinstance(part, dict):
        named = {"thumbnailImageUrl", "imageUrl", "previewUrl"}
        if part.get("type") in ("image", "icon"):
            named.add("url")
        for name, value in part.items():
            if name in named and isinstance(value, str):
                found.append(("image", value))
            elif name != "action":
                _walk(value, found)


class MediaShelf:
    """Looks after fetches; at most KEPT addresses are held, the oldest leave first."""

    def __init__(self, on_change: Callable[[str], None]) -> None:
        self._by_key: dict[str, Media] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._on_change = on_change

    @staticmethod
    def key_of(url: str) -> str:
        return hashlib.sha256(url.encode()).hexdigest()[:24]

    def find(self, key: str) -> Media | None:
        return self._by_key.get(key)

    def ask(self, role: str, url: str, now: datetime, fetcher: MediaFetcher | None) -> str:
        """The key under which the fetch can be read; starts it unless it just happened."""
        key = self.key_of(url)
        held = self._by_key.get(key)
        if held is not None and held.state != "failed" and now - held.asked_at < FRESH:
            return key
        media = self._by_key[key] = Media(key, url, role, now)
        while len(self._by_key) > KEPT:
            del self._by_key[next(iter(self._by_key))]
        if fetcher is None:
            media.state, media.problem = "failed", "fetching_is_off"
            return key
        task = asyncio.get_running_loop().create_task(self._run(fetcher, media))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return key

    async def _run(self, fetcher: MediaFetcher, media: Media) -> None:
        media.problem = await fetcher.fetch(media)
        media.state = "failed" if media.problem else "fetched"
        self._on_change(media.key)

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class MediaFetcher:
    """One fetch over HTTPS with the sandbox's own trust."""

    def __init__(self, session: aiohttp.ClientSession, trust: Any, require_https: bool) -> None:
        self._session = session
        self._trust = trust
        self._require_https = require_https

    async def fetch(self, media: Media) -> str | None:
        """Fills ``media``; answers with a reason code when LINE would show nothing."""
        if self._require_https and urlsplit(media.url).scheme != "https":
            return "not_https"
        largest = LARGEST[media.role]
        timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT)
        try:
            async with self._session.get(media.url, ssl=self._trust, timeout=timeout) as answer:
                media.status = answer.status
                if answer.status != 200:
                    return "error_status"
                media.content_type = answer.content_type
                data = await _read_at_most(answer, largest)
        except aiohttp.ClientConnectorCertificateError:
            return "certificate_not_trusted"
        except TimeoutError:
            return "timeout"
        except (aiohttp.ClientError, OSError, ValueError):
            return "could_not_connect"
        if data is None:
            return "too_large"
        media.data, media.size = data, len(data)
        return _check_kind(media)


async def _read_at_most(answer: aiohttp.ClientResponse, largest: int) -> bytes | None:
    data = bytearray()
    async for chunk in answer.content.iter_chunked(65536):
        data += chunk
        if len(data) > largest:
            return None
    return bytes(data)


def _check_kind(media: Media) -> str | None:
    if media.role == "video":
        return None if media.data[4:8] == b"ftyp" else "not_mp4"
    if media.role == "audio":
        known = media.data[4:8] == b"ftyp" or media.data[:3] == b"ID3" or media.data[:1] == b"\xff"
        return None if known else "not_mp3_or_m4a"
    try:
        with Image.open(io.BytesIO(media.data)) as picture:
            media.width, media.height = picture.size
            kind = picture.format
    except (OSError, ValueError, Image.DecompressionBombError):
        return "not_a_picture"
    if kind not in ("JPEG", "PNG"):
        return "not_jpeg_or_png"
    media.content_type = f"image/{kind.lower()}"
    return None
