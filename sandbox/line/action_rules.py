"""LINE's limits for actions and quick replies. Pure: a dict in, findings out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox.line.counting import grapheme_length, utf16_length
from sandbox.line.errors import Finding

Findings = list[Finding]
Count = Callable[[str], int]

QUICK_REPLY_ITEMS = 13
LABEL = {"template": 20, "image_carousel": 12, "quick_reply": 20, "flex": 40}
_SCHEMES = ("http", "https", "line", "tel")
_ANYWHERE = {"postback", "message", "uri", "datetimepicker", "clipboard"}
_QUICK_REPLY_ONLY = {"camera", "cameraRoll", "location"}
_DATE_FORMS = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "time": re.compile(r"\d{2}:\d{2}"),
    "datetime": re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}"),
}


def check_text(
    owner: dict[str, Any],
    name: str,
    path: str,
    most: int,
    found: Findings,
    *,
    required: bool = True,
    count: Count = utf16_length,
    empty_allowed: bool = False,
) -> str | None:
    """The text when it is there and good; what is wrong goes to ``found``."""
    where = f"{path}.{name}"
    value = owner.get(name)
    if value is None:
        if required:
            found.append(Finding("May not be null" if name in owner else "Must be specified", where))
        return None
    if not isinstance(value, str):
        found.append(Finding("Must be a string", where))
        return None
    if not value and not empty_allowed:
        found.append(Finding("May not be empty", where))
        return None
    if count(value) > most:
        found.append(Finding(f"Length must be between 0 and {most}", where))
        return None
    return value


def check_url(owner: dict[str, Any], name: str, path: str, found: Findings, *, required: bool = True) -> None:
    """Addresses that LINE itself fetches: HTTPS, at most 2,000 characters."""
    value = check_text(owner, name, path, 2000, found, required=required)
    if value is not None and (not value.isascii() or urlsplit_or_none(value) != "https"):
        found.append(Finding("Must be a valid HTTPS URL", f"{path}.{name}"))


def urlsplit_or_none(value: str) -> str | None:
    """The scheme, or None when it is no address with a host."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    if parts.scheme in ("http", "https") and not parts.hostname:
        return None
    return parts.scheme.lower() or None


def check_action(action: Any, path: str, where: str, found: Findings) -> None:
    """``where`` is template, image_carousel, quick_reply, flex or touch (an area or a picture: no label)."""
    if not isinstance(action, dict):
        found.append(Finding("Must be an object", path))
        return
    kind = action.get("type")
    allowed = _ANYWHERE | (_QUICK_REPLY_ONLY if where == "quick_reply" else set())
    if kind not in allowed:
        found.append(Finding("invalid action type", f"{path}.type"))
        return
    if where in LABEL or "label" in action:
        most = LABEL.get(where, 40)
        # Flex boxes and pictures are touched as a whole: a label is then optional.
        check_text(action, "label", path, most, found, required=where in LABEL, count=grapheme_length)
    own_rule = _OWN_RULES.get(str(kind))
    if own_rule is not None:
        own_rule(action, path, found)


def _check_postback(action: dict[str, Any], path: str, found: Findings) -> None:
    check_text(action, "data", path, 300, found)
    for name in ("displayText", "fillInText", "text"):
        check_text(action, name, path, 300, found, required=False, count=grapheme_length)
    if "displayText" in action and "text" in action:
        found.append(Finding("displayText and text cannot be specified at the same time", f"{path}.text"))
    option = action.get("inputOption")
    if option is not None and option not in ("closeRichMenu", "openRichMenu", "openKeyboard", "openVoice"):
        found.append(Finding("invalid inputOption", f"{path}.inputOption"))
    if "fillInText" in action and option != "openKeyboard":
        found.append(Finding("fillInText requires inputOption openKeyboard", f"{path}.fillInText"))


def _check_message(action: dict[str, Any], path: str, found: Findings) -> None:
    check_text(action, "text", path, 300, found, count=grapheme_length)


def _check_uri(action: dict[str, Any], path: str, found: Findings) -> None:
    value = check_text(action, "uri", path, 1000, found)
    if value is not None and urlsplit_or_none(value) not in _SCHEMES:
        found.append(Finding("invalid uri scheme", f"{path}.uri"))


def _check_picker(action: dict[str, Any], path: str, found: Findings) -> None:
    check_text(action, "data", path, 300, found)
    form = _DATE_FORMS.get(str(action.get("mode")))
    if form is None:
        found.append(Finding("invalid mode", f"{path}.mode"))
        return
    for name in ("initial", "max", "min"):
        value = action.get(name)
        if value is not None and not (isinstance(value, str) and form.fullmatch(value)):
            found.append(Finding("invalid date format", f"{path}.{name}"))


def _check_clipboard(action: dict[str, Any], path: str, found: Findings) -> None:
    check_text(action, "clipboardText", path, 1000, found)


_OWN_RULES: dict[str, Callable[[dict[str, Any], str, Findings], None]] = {
    "postback": _check_postback,
    "message": _check_message,
    "uri": _check_uri,
    "datetimepicker": _check_picker,
    "clipboard": _check_clipboard,
}


def check_quick_reply(quick_reply: Any, path: str, found: Findings) -> None:
    items = quick_reply.get("items") if isinstance(quick_reply, dict) else None
    if not isinstance(items, list) or not 1 <= len(items) <= QUICK_REPLY_ITEMS:
        found.append(Finding(f"Size must be between 1 and {QUICK_REPLY_ITEMS}", f"{path}.items"))
        return
    for number, item in enumerate(items):
        here = f"{path}.items[{number}]"
        if not isinstance(item, dict):
            found.append(Finding("Must be an object", here))
            continue
        check_url(item, "imageUrl", here, found, required=False)
        check_action(item.get("action"), f"{here}.action", "quick_reply", found)
