"""Which actions the bubbles of a talk still offer. Pure: entries in, actions out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.line.residents import Entry, Resident


def offered(resident: Resident) -> Iterator[tuple[Entry, dict[str, Any], bool]]:
    """(entry, action, is a quick reply), newest bubble first."""
    for entry in reversed(resident.talk):
        if entry.who != "account":
            continue
        for action in quick_replies(resident, entry):
            yield entry, action, True
        for action in in_message(entry.message):
            yield entry, action, False


def quick_replies(resident: Resident, entry: Entry) -> list[dict[str, Any]]:
    """The chips hang on the last bubble only, and leave once one is used."""
    if resident.last_entry() is not entry or resident.quick_reply_gone == entry.id:
        return []
    return [item["action"] for item in entry.message.get("quickReply", {}).get("items", [])]


def in_message(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind = message.get("type")
    if kind == "imagemap":
        for action in message.get("actions", []):
            # Imagemaps name the address differently.
            yield {**action, "uri": action["linkUri"]} if "linkUri" in action else action
    elif kind in ("template", "flex"):
        yield from _walk(message.get("template") or message.get("contents"))


def _walk(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, list):
        for each in part:
            yield from _walk(each)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name in ("action", "defaultAction") and isinstance(value, dict):
                yield value
            elif name == "actions" and isinstance(value, list):
                yield from value
            else:
                yield from _walk(value)


def fits(action: dict[str, Any], wanted: dict[str, Any]) -> bool:
    """True when every one of the properties that is wanted is the action's."""
    names = ("label", "data", "text", "uri", "clipboardText", "type")
    return all(action.get(name) == wanted[name] for name in names if wanted.get(name) is not None)
