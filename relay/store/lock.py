"""One process serves an embedded store: a lock beside its file, which the system frees after a crash."""

from __future__ import annotations

import os
from pathlib import Path

from relay.errors import StoreUnavailable

try:
    import fcntl
except ImportError:  # Windows, where only trials run
    fcntl = None  # type: ignore[assignment]


class StoreLock:
    """Held from `take` until `release` or the end of the process."""

    def __init__(self, database_file: Path) -> None:
        self._file = database_file.with_name(database_file.name + ".lock")
        self._handle: int | None = None

    def take(self) -> None:
        """Raises StoreUnavailable `in_use` when another process serves this store."""
        if fcntl is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise StoreUnavailable("in_use") from None
        self._handle = handle

    def release(self) -> None:
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
