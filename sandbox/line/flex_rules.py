"""LINE's limits for Flex messages. Pure: a dict in, findings out."""

from __future__ import annotations

from typing import Any

import orjson

from sandbox.line.action_rules import Findings, check_action, check_url
from sandbox.line.errors import Finding

BUBBLE_BYTES = 30 * 1024
CAROUSEL_BYTES = 50 * 1024
CAROUSEL_BUBBLES = 12
ALT_TEXT = 1500
_SIZES = {"nano", "micro", "deca", "hecto", "kilo", "mega", "giga"}
_LAYOUTS = {"horizontal", "vertical", "baseline"}
_IN_BASELINE = {"text", "icon", "filler", "span"}
_IN_BOX = {"box", "button", "image", "text", "separator", "filler", "spacer", "video"}


def check_flex(contents: Any, path: str, found: Findings) -> None:
    if not isinstance(contents, dict):
        found.append(Finding("Must be specified", path))
        return
    kind = contents.get("type")
    if kind == "bubble":
        _check_bubble(contents, path, found)
        _check_bytes(contents, BUBBLE_BYTES, path, found)
    elif kind == "carousel":
        _check_carousel(contents, path, found)
        _check_bytes(contents, CAROUSEL_BYTES, path, found)
    else:
        found.append(Finding("unknown container type", f"{path}.type"))


def _check_bytes(contents: dict[str, Any], most: int, path: str, found: Findings) -> None:
    if len(orjson.dumps(contents)) > most:
        found.append(Finding(f"The size of the container must be {most // 1024} KB or less", path))


def _check_carousel(carousel: dict[str, Any], path: str, found: Findings) -> None:
    bubbles = carousel.get("contents")
    if not isinstance(bubbles, list) or not 1 <= len(bubbles) <= CAROUSEL_BUBBLES:
        found.append(Finding(f"Size must be between 1 and {CAROUSEL_BUBBLES}", f"{path}.contents"))
        return
    sizes = set()
    for number, bubble in enumerate(bubbles):
        here = f"{path}.contents[{number}]"
        if not isinstance(bubble, dict) or bubble.get("type") != "bubble":
            found.append(Finding("Must be a bubble", here))
            continue
        sizes.add(bubble.get("size", "mega"))
        _check_bubble(bubble, here, found)
    if len(sizes) > 1:
        found.append(Finding("All bubbles must have the same size", f"{path}.contents"))


def _check_bubble(bubble: dict[str, Any], path: str, found: Findings) -> None:
    if bubble.get("size", "mega") not in _SIZES:
        found.append(Finding("invalid size", f"{path}.size"))
    if bubble.get("direction", "ltr") not in ("ltr", "rtl"):
        found.append(Finding("invalid direction", f"{path}.direction"))
    blocks = [name for name in ("header", "hero", "body", "footer") if name in bubble]
    if not blocks:
        found.append(Finding("At least one block must be specified", path))
    for name in blocks:
        here = f"{path}.{name}"
        block = bubble[name]
        if name == "hero" and isinstance(block, dict) and block.get("type") in ("image", "video"):
            _check_part(block, here, None, found)
        elif not isinstance(block, dict) or block.get("type") != "box":
            found.append(Finding("Must be a box", here))
        else:
            _check_part(block, here, None, found)
    if "action" in bubble:
        check_action(bubble["action"], f"{path}.action", "touch", found)


def _check_part(part: Any, path: str, layout: str | None, found: Findings) -> None:
    if not isinstance(part, dict):
        found.append(Finding("Must be an object", path))
        return
    kind = part.get("type")
    if layout is not None and kind not in (_IN_BASELINE if layout == "baseline" else _IN_BOX):
        found.append(Finding(f"unknown or misplaced component: {kind}", f"{path}.type"))
        return
    if kind == "box":
        _check_box(part, path, found)
    elif kind == "text":
        _check_text(part, path, found)
    elif kind == "button":
        check_action(part.get("action"), f"{path}.action", "flex", found)
        return
    elif kind in ("image", "icon"):
        check_url(part, "url", path, found)
    elif kind == "video":
        check_url(part, "url", path, found)
        check_url(part, "previewUrl", path, found)
        _check_part(part.get("altContent"), f"{path}.altContent", None, found)
    if "action" in part:
        check_action(part["action"], f"{path}.action", "touch", found)


def _check_box(box: dict[str, Any], path: str, found: Findings) -> None:
    layout = box.get("layout")
    if layout not in _LAYOUTS:
        found.append(Finding("invalid layout", f"{path}.layout"))
        return
    contents = box.get("contents")
    if not isinstance(contents, list):
        found.append(Finding("Must be specified", f"{path}.contents"))
        return
    for number, part in enumerate(contents):
        _check_part(part, f"{path}.contents[{number}]", layout, found)


def _check_text(part: dict[str, Any], path: str, found: Findings) -> None:
    spans = part.get("contents")
    if spans:
        for number, span in enumerate(spans):
            if not isinstance(span, dict) or span.get("type") != "span":
                found.append(Finding("Must be a span", f"{path}.contents[{number}]"))
        return
    text = part.get("text")
    if not isinstance(text, str):
        found.append(Finding("Must be specified", f"{path}.text"))
    elif not text:
        found.append(Finding("May not be empty", f"{path}.text"))
