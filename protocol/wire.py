"""The base of everything that crosses the wire: frozen, typed, and lenient about unknown properties."""

from __future__ import annotations

import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError


class MalformedMessage(ValueError):
    """A message that does not have the agreed shape. Carries where, never what was written there."""

    def __init__(self, kind: str, places: tuple[str, ...]) -> None:
        super().__init__(f"{kind} is malformed at {', '.join(places) or 'the top'}")
        self.kind = kind
        self.places = places


class Wire(BaseModel):
    """A frozen message. Unknown properties are ignored, so that a newer partner can add some."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    @classmethod
    def parse(cls, value: Any) -> Self:
        """Build from decoded JSON (dict) or from JSON text or bytes; raises `MalformedMessage`."""
        try:
            if isinstance(value, str | bytes | bytearray):
                return cls.model_validate_json(value)
            return cls.model_validate(value)
        except ValidationError as error:
            places = tuple(".".join(str(part) for part in e["loc"]) for e in error.errors())
            raise MalformedMessage(cls.__name__, places) from None

    def as_json(self) -> dict[str, Any]:
        """The plain JSON form, ready for `canonical_bytes`."""
        return self.model_dump(mode="json", by_alias=True)


def canonical_bytes(value: Any) -> bytes:
    """The one byte form of a JSON value that gets signed: sorted keys, no spaces, UTF-8, no floats.

    Both sides sign and hash exactly these bytes, so the form must never change within a protocol version.
    """
    _refuse_floats(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def _refuse_floats(value: Any) -> None:
    # Floats print differently from one JSON library to the next; nothing we sign needs them.
    if isinstance(value, float):
        raise TypeError("a signed message holds no floating point numbers")
    if isinstance(value, dict):
        for part in value.values():
            _refuse_floats(part)
    elif isinstance(value, list | tuple):
        for part in value:
            _refuse_floats(part)
