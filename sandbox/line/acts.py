"""What a resident does with the phone. Each act changes the talk and posts LINE's webhook for it."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sandbox.line import events
from sandbox.line.content import Content
from sandbox.line.offers import fits, offered
from sandbox.line.residents import Entry, Resident
from sandbox.line.state import Platform
from sandbox.line.webhook_sender import Outcome, WebhookSender

LONGEST_TEXT = 5000
_STICKER_WORDS = {"type": "sticker", "stickerResourceType": "STATIC"}


class CannotDo(Exception):
    """The phone does not offer this now. ``reason`` is a code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Act:
    """What came of it. ``opens`` is what the phone shows next: an address, camera, a keyboard text."""

    message_id: str | None = None
    event_ids: list[str] = field(default_factory=list)
    answered: list[asyncio.Future[Outcome]] = field(default_factory=list)
    opens: dict[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        return {"messageId": self.message_id, "webhookEventIds": self.event_ids, "opens": self.opens}


class Acts:
    def __init__(self, platform: Platform, sender: WebhookSender) -> None:
        self._platform = platform
        self._sender = sender

    def _post(self, act: Act, event: dict[str, Any], resident: Resident) -> Act:
        act.event_ids.append(event["webhookEventId"])
        act.answered.append(self._sender.post(event, resident.user_id))
        return act

    def follow(self, resident: Resident) -> Act:
        if resident.friend:
            raise CannotDo("already_friend")
        unblocked = resident.blocked or resident.was_friend
        resident.friend, resident.blocked, resident.was_friend = True, False, True
        self._platform.followers[resident.user_id] = None
        self._platform.tell(resident.user_id, "redraw")
        return self._post(
            Act(), events.follow(self._platform, resident.user_id, unblocked=unblocked), resident
        )

    def look(self, resident: Resident) -> Act:
        """Opens the talk: what stands in it was on the screen. Nothing is posted, LINE counts in silence."""
        now = self._platform.now()
        for entry in resident.talk:
            if entry.who == "account":
                self._platform.interest.see(entry.id, resident.user_id, now)
        return Act()

    def block(self, resident: Resident) -> Act:
        if not resident.friend:
            raise CannotDo("not_a_friend")
        resident.friend, resident.blocked = False, True
        self._platform.followers.pop(resident.user_id, None)
        self._platform.tell(resident.user_id, "redraw")
        return self._post(Act(), events.unfollow(self._platform, resident.user_id), resident)

    def unblock(self, resident: Resident) -> Act:
        if not resident.blocked:
            raise CannotDo("not_blocked")
        return self.follow(resident)

    def say(self, resident: Resident, text: str) -> Act:
        if not text:
            raise CannotDo("empty_text")
        if len(text) > LONGEST_TEXT:
            raise CannotDo("text_too_long")
        return self._write(resident, {"type": "text", "text": text})

    def position(self, resident: Resident, lat: float, lon: float, title: str, address: str) -> Act:
        content: dict[str, Any] = {"type": "location", "latitude": lat, "longitude": lon}
        if title:
            content["title"] = title
        if address:
            content["address"] = address
        return self._write(resident, content)

    def sticker(self, resident: Resident, package_id: str, sticker_id: str, keywords: list[str]) -> Act:
        content = {**_STICKER_WORDS, "packageId": package_id, "stickerId": sticker_id}
        return self._write(resident, {**content, "keywords": keywords} if keywords else content)

    def send_file(self, resident: Resident, data: bytes, content_type: str, name: str) -> Act:
        """A photo, film, sound or file by its content type; the bytes wait for the content API."""
        kind = content_type.partition("/")[0]
        if kind not in ("image", "video", "audio"):
            kind = "file"
        content: dict[str, Any] = {"type": kind}
        if kind == "file":
            content.update(fileName=name or "document", fileSize=len(data))
        else:
            content["contentProvider"] = {"type": "line"}
            if kind != "image":
                content["duration"] = 1000
        self._check_can_write(resident)
        ready = self._platform.now()
        if kind in ("video", "audio"):
            ready += timedelta(seconds=self._platform.settings.content_preparation)
        message_id = self._platform.new_message_id()
        self._platform.contents[message_id] = Content(data, content_type, kind, ready)
        return self._write(resident, content, message_id)

    def unsend(self, resident: Resident, message_id: str | None) -> Act:
        """Takes back the given message, or the newest that can be."""
        for entry in reversed(resident.talk):
            if entry.who == "resident" and not entry.unsent and message_id in (None, entry.id):
                break
        else:
            raise CannotDo("nothing_to_unsend")
        entry.unsent = True
        entry.message = {"type": "unsent"}
        if entry.id in self._platform.contents:
            self._platform.contents[entry.id].unsent = True
        self._platform.tell(resident.user_id, "redraw")
        return self._post(Act(entry.id), events.unsend(self._platform, resident.user_id, entry.id), resident)

    def send_from_liff(self, resident: Resident, message: dict[str, Any]) -> Act:
        """Shown in the talk; LINE makes no webhook of template and Flex messages sent by a page."""
        if message["type"] in ("template", "flex"):
            self._check_can_write(resident)
            return Act(self._add_own(resident, message).id)
        content = {
            key: value for key, value in message.items() if key not in ("quickReply", "sender", "emojis")
        }
        if message["type"] in ("image", "video", "audio"):
            provider = {"type": "external", "originalContentUrl": message["originalContentUrl"]}
            if "previewImageUrl" in message:
                provider["previewImageUrl"] = message["previewImageUrl"]
            content = {"type": message["type"], "contentProvider": provider}
            if "duration" in message:
                content["duration"] = message["duration"]
        elif message["type"] == "sticker":
            content = {**_STICKER_WORDS, **content}
        return self._write(resident, content, shown=message)

    def tap(self, resident: Resident, wanted: dict[str, Any]) -> Act:
        """Taps the newest action that fits ``wanted``: label, data, text, uri, messageId; value is a date."""
        self._check_can_write(resident)
        for entry, action, quick in offered(resident):
            if wanted.get("messageId") not in (None, entry.id):
                continue
            if fits(action, wanted):
                act = self._do_action(resident, action, wanted.get("value"))
                if action["type"] == "uri":
                    self._platform.interest.click(
                        entry.id, action["uri"], resident.user_id, self._platform.now()
                    )
                if quick:
                    resident.quick_reply_gone = entry.id
                    self._platform.tell(resident.user_id, "redraw")
                return act
        raise CannotDo("not_offered")

    def _do_action(self, resident: Resident, action: dict[str, Any], value: str | None) -> Act:
        kind = action["type"]
        if kind == "message":
            return self._write(resident, {"type": "text", "text": action["text"]})
        if kind == "postback":
            return self._postback(resident, action, None)
        if kind == "datetimepicker":
            return self._postback(resident, action, _picked(action, value))
        if kind == "uri":
            return Act(opens={"uri": action["uri"]})
        if kind == "clipboard":
            return Act(opens={"clipboard": action["clipboardText"]})
        return Act(opens={"tool": kind})

    def _postback(self, resident: Resident, action: dict[str, Any], params: dict[str, str] | None) -> Act:
        act = Act()
        words = action.get("displayText") or action.get("text")
        if words:
            act.message_id = self._add_own(resident, {"type": "text", "text": words}).id
        if action.get("fillInText"):
            act.opens = {"keyboard": action["fillInText"]}
        resident.wrote_at = self._platform.now()
        event = events.postback(self._platform, resident.user_id, action["data"], params)
        return self._post(act, event, resident)

    def _check_can_write(self, resident: Resident) -> None:
        if resident.blocked:
            raise CannotDo("blocked")

    def _write(
        self,
        resident: Resident,
        content: dict[str, Any],
        message_id: str | None = None,
        shown: dict[str, Any] | None = None,
    ) -> Act:
        self._check_can_write(resident)
        entry = self._add_own(resident, shown or content, message_id)
        event = events.message(self._platform, resident.user_id, entry.id, content)
        return self._post(Act(entry.id), event, resident)

    def _add_own(self, resident: Resident, message: dict[str, Any], message_id: str | None = None) -> Entry:
        now = self._platform.now()
        entry = Entry(message_id or self._platform.new_message_id(), "resident", message, now)
        resident.wrote_at = now
        self._platform.add_entry(resident, entry)
        return entry


_PICKED = {
    "date": re.compile(r"\d{4}-\d{2}-\d{2}"),
    "time": re.compile(r"\d{2}:\d{2}"),
    "datetime": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}"),
}


def _picked(action: dict[str, Any], value: str | None) -> dict[str, str]:
    chosen = value or action.get("initial") or ""
    if not _PICKED[action["mode"]].fullmatch(chosen):
        raise CannotDo("value_needed")
    if action.get("min", chosen) > chosen or chosen > action.get("max", chosen):
        raise CannotDo("value_out_of_range")
    return {action["mode"]: chosen}
