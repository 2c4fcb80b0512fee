"""Files on their way to the relay: named by their SHA-256, cut into chunks, resumable.

`PUT /staff/files/<sha256>?offset=N&size=TOTAL` appends one chunk;
`GET /staff/files/<sha256>/state` says how far it is.
"""

from __future__ import annotations

import hashlib
import re

from protocol.wire import Wire

CHUNK_BYTES = 256 * 1024
FILE_BYTES_LIMIT = 200 * 1000 * 1000
"""Of the largest kind, a film; smaller kinds have limits of their own (`message_limits.py`)."""
_NAME = re.compile(r"[0-9a-f]{64}")


class FileState(Wire):
    """How much of a file the relay holds. `received` bytes from the start; complete when it equals `size`."""

    sha256: str
    received: int = 0
    size: int | None = None
    complete: bool = False


def file_name(content: bytes) -> str:
    """The content's name everywhere: SHA-256 in lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def is_file_name(text: str) -> bool:
    return _NAME.fullmatch(text) is not None
