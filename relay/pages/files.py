"""The pages' own CSS and JavaScript, under addresses that change with their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

_FOLDER = Path(__file__).parents[2] / "resources" / "pages" / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8"}
_HEADERS = {
    "cache-control": "public, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}


class StaticFiles:
    """Read once at start. `address` gives the path of a file for a page."""

    def __init__(self, folder: Path = _FOLDER) -> None:
        self._bodies: dict[str, tuple[bytes, str]] = {}
        self._names: dict[str, str] = {}
        for file in sorted(folder.iterdir()):
            body = file.read_bytes()
            name = f"{file.stem}.{hashlib.sha256(body).hexdigest()[:12]}{file.suffix}"
            self._bodies[name] = (body, _TYPES[file.suffix])
            self._names[file.name] = name

    def address(self, name: str) -> str:
        return f"/static/{self._names[name]}"

    async def serve(self, request: Request) -> Response:
        found = self._bodies.get(request.path_params["name"])
        if found is None:
            return Response("not found", status_code=404, headers=_HEADERS | {"cache-control": "no-store"})
        body, media_type = found
        return Response(body, media_type=media_type, headers=_HEADERS)
