"""LINE's limits for message objects (reference, "Message objects"). Pure: dicts in, findings out.

Several of these stand in no OpenAPI file; they hold with and without one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.line.action_rules import Findings, check_action, check_quick_reply, check_text, check_url
from sandbox.line.counting import grapheme_length
from sandbox.line.errors import Finding
from sandbox.line.flex_rules import ALT_TEXT, check_flex

MESSAGES = 5
TEXT = 5000
EMOJIS = 20
_UNIT = re.compile(r"[A-Za-z0-9_]{1,30}")
_SUBSTITUTION = re.compile(r"\{\{|\}\}|\{([^{}]*)\}")


def check_messages(messages: Any) -> Findings:
    """Everything wrong with the ``messages`` of one request; empty when LINE would take them."""
    if not isinstance(messages, list) or not 1 <= len(messages) <= MESSAGES:
        return [Finding(f"Size must be between 1 and {MESSAGES}", "messages")]
    found: Findings = []
    for number, message in enumerate(messages):
        path = f"messages[{number}]"
        if not isinstance(message, dict):
            found.append(Finding("Must be an object", path))
            continue
        rule = _RULES.get(str(message.get("type")))
        if rule is None:
            found.append(Finding("unknown message type", f"{path}.type"))
            continue
        rule(message, path, found)
        if "quickReply" in message:
            check_quick_reply(message["quickReply"], f"{path}.quickReply", found)
        if "sender" in message:
            _check_sender(message["sender"], f"{path}.sender", found)
    return found


def check_aggregation_units(units: Any) -> Findings:
    if units is None:
        return []
    if not isinstance(units, list) or len(units) > 1:
        return [Finding("Size must be between 0 and 1", "customAggregationUnits")]
    if any(not isinstance(unit, str) or not _UNIT.fullmatch(unit) for unit in units):
        return [Finding("Must match [A-Za-z0-9_]{1,30}", "customAggregationUnits[0]")]
    return []


def _check_sender(sender: Any, path: str, found: Findings) -> None:
    if not isinstance(sender, dict):
        found.append(Finding("Must be an object", path))
        return
    name = check_text(sender, "name", path, 20, found, required=False)
    if name is not None and re.fullmatch(r"(?i)\s*line\s*", name):
        found.append(Finding("This name is not allowed", f"{path}.name"))
    check_url(sender, "iconUrl", path, found, required=False)


def _check_text_message(message: dict[str, Any], path: str, found: Findings) -> None:
    text = check_text(message, "text", path, TEXT, found)
    emojis = message.get("emojis") or []
    if len(emojis) > EMOJIS:
        found.append(Finding(f"Size must be between 0 and {EMOJIS}", f"{path}.emojis"))
    # LINE counts places in UTF-16, Python in code points.
    units = (text or "").encode("utf-16-le")
    for number, emoji in enumerate(emojis):
        index = emoji.get("index") if isinstance(emoji, dict) else None
        at = units[index * 2 : index * 2 + 2] if isinstance(index, int) and index >= 0 else b""
        if text is not None and at != "$".encode("utf-16-le"):
            found.append(Finding("index must point at a $", f"{path}.emojis[{number}].index"))


def _check_text_v2(message: dict[str, Any], path: str, found: Findings) -> None:
    text = check_text(message, "text", path, TEXT, found)
    substitution = message.get("substitution") or {}
    if len(substitution) > 100:
        found.append(Finding("Size must be between 0 and 100", f"{path}.substitution"))
    kinds = [value.get("type") for value in substitution.values() if isinstance(value, dict)]
    if kinds.count("mention") > 20 or kinds.count("emoji") > 20:
        found.append(Finding("Too many mentions or emojis", f"{path}.substitution"))
    if "mention" in kinds:
        # This sandbox knows talks with one person only, where LINE takes no mention.
        found.append(Finding("mention is allowed in group chats only", f"{path}.substitution"))
    if any(not 1 <= len(key) <= 20 for key in substitution):
        found.append(Finding("Length must be between 1 and 20", f"{path}.substitution"))
    for place in _SUBSTITUTION.finditer(text or ""):
        if place.group(1) is not None and place.group(1) not in substitution:
            found.append(Finding(f"no substitution for {{{place.group(1)}}}", f"{path}.text"))
    if text is not None and re.search(r"[{}]", _SUBSTITUTION.sub("", text)):
        found.append(Finding("unbalanced braces", f"{path}.text"))


def _check_sticker(message: dict[str, Any], path: str, found: Findings) -> None:
    check_text(message, "packageId", path, 20, found)
    check_text(message, "stickerId", path, 20, found)


def _check_image(message: dict[str, Any], path: str, found: Findings) -> None:
    check_url(message, "originalContentUrl", path, found)
    check_url(message, "previewImageUrl", path, found)


def _check_video(message: dict[str, Any], path: str, found: Findings) -> None:
    _check_image(message, path, found)
    check_text(message, "trackingId", path, 100, found, required=False)


def _check_audio(message: dict[str, Any], path: str, found: Findings) -> None:
    check_url(message, "originalContentUrl", path, found)
    duration = message.get("duration")
    if not isinstance(duration, (int, float)) or duration < 1:
        found.append(Finding("Must be 1 or more", f"{path}.duration"))


def _check_location(message: dict[str, Any], path: str, found: Findings) -> None:
    check_text(message, "title", path, 100, found)
    check_text(message, "address", path, 100, found)
    for name, most in (("latitude", 90), ("longitude", 180)):
        value = message.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > most:
            found.append(Finding(f"Must be between -{most} and {most}", f"{path}.{name}"))


def _check_imagemap(message: dict[str, Any], path: str, found: Findings) -> None:
    check_url(message, "baseUrl", path, found)
    check_text(message, "altText", path, ALT_TEXT, found)
    size = message.get("baseSize")
    if not isinstance(size, dict) or size.get("width") != 1040 or not isinstance(size.get("height"), int):
        found.append(Finding("width must be 1040 and height a number", f"{path}.baseSize"))
    actions = message.get("actions")
    if not isinstance(actions, list) or len(actions) > 50:
        found.append(Finding("Size must be between 0 and 50", f"{path}.actions"))
        return
    for number, action in enumerate(actions):
        here = f"{path}.actions[{number}]"
        if not isinstance(action, dict) or action.get("type") not in ("uri", "message", "clipboard"):
            found.append(Finding("invalid action type", f"{here}.type"))
        elif action["type"] == "message":
            check_text(action, "text", here, 400, found)
        elif action["type"] == "uri":
            check_text(action, "linkUri", here, 1000, found)
        else:
            check_text(action, "clipboardText", here, 1000, found)
        if isinstance(action, dict) and not isinstance(action.get("area"), dict):
            found.append(Finding("Must be specified", f"{here}.area"))


def _check_flex_message(message: dict[str, Any], path: str, found: Findings) -> None:
    check_text(message, "altText", path, ALT_TEXT, found)
    check_flex(message.get("contents"), f"{path}.contents", found)


def _check_coupon(message: dict[str, Any], path: str, found: Findings) -> None:
    check_text(message, "couponId", path, 100, found)


def _check_template(message: dict[str, Any], path: str, found: Findings) -> None:
    check_text(message, "altText", path, ALT_TEXT, found)
    template = message.get("template")
    rule = _TEMPLATES.get(str(template.get("type"))) if isinstance(template, dict) else None
    if rule is None or not isinstance(template, dict):
        found.append(Finding("unknown template type", f"{path}.template.type"))
        return
    rule(template, f"{path}.template", found)


def _actions(owner: dict[str, Any], path: str, least: int, most: int, found: Findings) -> int:
    actions = owner.get("actions")
    if not isinstance(actions, list) or not least <= len(actions) <= most:
        found.append(Finding(f"Size must be between {least} and {most}", f"{path}.actions"))
        return 0
    for number, action in enumerate(actions):
        check_action(action, f"{path}.actions[{number}]", "template", found)
    return len(actions)


def _picture_title_text(owner: dict[str, Any], path: str, plain: int, found: Findings) -> None:
    check_url(owner, "thumbnailImageUrl", path, found, required=False)
    check_text(owner, "title", path, 40, found, required=False, count=grapheme_length)
    short = "thumbnailImageUrl" in owner or "title" in owner
    check_text(owner, "text", path, 60 if short else plain, found, count=grapheme_length)
    if "defaultAction" in owner:
        check_action(owner["defaultAction"], f"{path}.defaultAction", "touch", found)


def _check_buttons(template: dict[str, Any], path: str, found: Findings) -> None:
    _picture_title_text(template, path, 160, found)
    _actions(template, path, 1, 4, found)


def _check_confirm(template: dict[str, Any], path: str, found: Findings) -> None:
    check_text(template, "text", path, 240, found, count=grapheme_length)
    _actions(template, path, 2, 2, found)


def _columns(template: dict[str, Any], path: str, found: Findings) -> list[tuple[dict[str, Any], str]]:
    columns = template.get("columns")
    if not isinstance(columns, list) or not 1 <= len(columns) <= 10:
        found.append(Finding("Size must be between 1 and 10", f"{path}.columns"))
        return []
    good = []
    for number, column in enumerate(columns):
        if isinstance(column, dict):
            good.append((column, f"{path}.columns[{number}]"))
        else:
            found.append(Finding("Must be an object", f"{path}.columns[{number}]"))
    return good


def _check_carousel(template: dict[str, Any], path: str, found: Findings) -> None:
    counts = set()
    for column, here in _columns(template, path, found):
        _picture_title_text(column, here, 120, found)
        counts.add(_actions(column, here, 1, 3, found))
    if len(counts) > 1:
        found.append(Finding("All columns must have the same number of actions", f"{path}.columns"))


def _check_image_carousel(template: dict[str, Any], path: str, found: Findings) -> None:
    for column, here in _columns(template, path, found):
        check_url(column, "imageUrl", here, found)
        check_action(column.get("action"), f"{here}.action", "image_carousel", found)


_Rule = Callable[[dict[str, Any], str, Findings], None]
_TEMPLATES: dict[str, _Rule] = {
    "buttons": _check_buttons,
    "confirm": _check_confirm,
    "carousel": _check_carousel,
    "image_carousel": _check_image_carousel,
}
_RULES: dict[str, _Rule] = {
    "text": _check_text_message,
    "textV2": _check_text_v2,
    "sticker": _check_sticker,
    "image": _check_image,
    "video": _check_video,
    "audio": _check_audio,
    "location": _check_location,
    "imagemap": _check_imagemap,
    "template": _check_template,
    "flex": _check_flex_message,
    "coupon": _check_coupon,
}
