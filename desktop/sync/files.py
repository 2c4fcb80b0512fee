"""Pictures up and down: in chunks, from where the relay says it is, so that a cut line costs one chunk."""

from __future__ import annotations

from collections.abc import Callable

from desktop.replica.files import Files
from desktop.sync.session import Session
from protocol.files import CHUNK_BYTES, FileState

Progress = Callable[[int, int], None]
"""Called with bytes sent and bytes in all."""


def upload_waiting(session: Session, files: Files, progress: Progress = lambda sent, size: None) -> int:
    """Send every picture that waits; returns how many. Raises the troubles of the client."""
    names = files.waiting()
    for name in names:
        content = files.content(name)
        if content is not None:
            _upload(session, name, content, progress)
        files.mark_uploaded(name)
    return len(names)


def fetch(session: Session, files: Files, name: str) -> bytes:
    """A picture's bytes, from this machine or from the relay."""
    kept = files.content(name)
    if kept is not None:
        return kept
    content = session.run(lambda client: client.get_bytes(f"/staff/files/{name}"))
    files.keep_fetched(name, content)
    return content


def _upload(session: Session, name: str, content: bytes, progress: Progress) -> None:
    state = session.run(lambda client: client.get(f"/staff/files/{name}/state", FileState))
    while not state.complete:
        start = state.received
        chunk = content[start : start + CHUNK_BYTES]
        path = f"/staff/files/{name}?offset={start}&size={len(content)}"
        state = session.run(lambda client, path=path, chunk=chunk: client.put(path, chunk, FileState))  # type: ignore[misc]
        progress(state.received, len(content))
        if not state.complete and state.received <= start:
            raise RuntimeError("the relay takes no more of the file")
