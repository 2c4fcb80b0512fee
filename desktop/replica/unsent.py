"""The side file: an append-only, encrypted copy of the outbox, so that a damaged local file loses no
one's work.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from desktop.errors import DiskFull
from protocol.encoding import from_base64, to_base64

_NONCE_BYTES = 12


class UnsentLog:
    """One line per fact: a change was made, or a change is settled. Lines that do not open are passed
    over.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._box = AESGCM(key)

    def put(self, entry: dict[str, Any]) -> None:
        """On disk before it returns. Raises DiskFull."""
        self._append({"put": entry})

    def signed(self, entry_id: str, change: str) -> None:
        """The bytes that go out, so that a repeat after a repair is still recognised by the relay."""
        self._append({"signed": entry_id, "change": change})

    def done(self, entry_id: str) -> None:
        self._append({"done": entry_id})

    def unsettled(self) -> list[dict[str, Any]]:
        """What was put and never settled, in the order it was put."""
        waiting: dict[str, dict[str, Any]] = {}
        for fact in self._facts():
            if "put" in fact:
                waiting[fact["put"]["id"]] = {"signed": "", **fact["put"]}
            elif fact.get("signed") in waiting:
                waiting[fact["signed"]]["signed"] = fact["change"]
            else:
                waiting.pop(fact.get("done", ""), None)
        return list(waiting.values())

    def compact(self) -> None:
        """Leave only what is unsettled. Done at start, when nobody else writes."""
        left = self.unsettled()
        beside = self._path.with_suffix(".new")
        beside.write_text("".join(self._line({"put": entry}) for entry in left), encoding="ascii")
        beside.replace(self._path)

    def _append(self, fact: dict[str, Any]) -> None:
        try:
            with self._path.open("a", encoding="ascii") as file:
                file.write(self._line(fact))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise DiskFull from error

    def _line(self, fact: dict[str, Any]) -> str:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = json.dumps(fact, ensure_ascii=False).encode("utf-8")
        return to_base64(nonce + self._box.encrypt(nonce, plain, b"unsent")) + "\n"

    def _facts(self) -> list[dict[str, Any]]:
        try:
            lines = self._path.read_text(encoding="ascii", errors="replace").splitlines()
        except FileNotFoundError:
            return []
        facts = []
        for line in lines:
            try:
                blob = from_base64(line)
                plain = self._box.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], b"unsent")
                facts.append(json.loads(plain))
            except (ValueError, InvalidTag):
                continue  # a line cut by a power failure, at the end as a rule
        return facts
