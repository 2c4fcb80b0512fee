"""A talk as JSON, for the phone page and for scripts. Reads the state, changes nothing."""

from __future__ import annotations

from typing import Any

from sandbox.line.offers import quick_replies
from sandbox.line.residents import Entry, Resident
from sandbox.line.state import Platform

_WORDS = {
    "image": "写真",
    "video": "動画",
    "audio": "音声",
    "sticker": "スタンプ",
    "imagemap": "画像",
    "unsent": "メッセージの送信を取り消しました",
}


def entry_as_json(platform: Platform, resident: Resident, entry: Entry) -> dict[str, Any]:
    media = [found.as_json() for key in entry.media if (found := platform.media.find(key))]
    view: dict[str, Any] = {
        "id": entry.id,
        "who": entry.who,
        "type": entry.message.get("type"),
        "text": text_of(entry.message),
        "message": entry.message,
        "time": entry.time.isoformat(),
        "requestId": entry.request_id,
        "quickReply": entry.message.get("quickReply"),
        "quickReplyShown": bool(quick_replies(resident, entry)),
        "media": media,
        "unsent": entry.unsent,
    }
    if entry.message.get("type") == "coupon":
        coupon = platform.coupons.get(str(entry.message.get("couponId")))
        view["coupon"] = {"title": coupon.get("title")} if coupon else None
    if entry.who == "resident":
        view["read"] = is_read(platform, resident, entry)
        content = platform.contents.get(entry.id)
        if content is not None and not content.unsent:
            view["content"] = {
                "path": f"/phone/content/{entry.id}",
                "contentType": content.content_type,
                "bytes": len(content.data),
            }
    return view


def is_read(platform: Platform, resident: Resident, entry: Entry) -> bool:
    """With chat off LINE marks everything read; with chat on only what the account marked."""
    if platform.settings.chat_mode == "bot":
        return True
    return resident.read_up_to is not None and int(entry.id) <= int(resident.read_up_to)


def text_of(message: dict[str, Any]) -> str:
    """One line that says what the bubble holds, as in a list of talks."""
    kind = message.get("type", "")
    if "text" in message:
        return str(message["text"])
    if "altText" in message:
        return str(message["altText"])
    if kind == "location":
        return str(message.get("title") or message.get("address") or "位置情報")
    if kind == "file":
        return str(message.get("fileName", "ファイル"))
    return _WORDS.get(kind, "")


def state_as_json(platform: Platform, resident: Resident) -> dict[str, Any]:
    now = platform.now()
    loading = resident.loading_until is not None and now < resident.loading_until
    return {
        "userId": resident.user_id,
        "displayName": resident.display_name,
        "friend": resident.friend,
        "blocked": resident.blocked,
        "account": platform.settings.display_name,
        "loading": loading,
        "loadingSeconds": (resident.loading_until - now).total_seconds()
        if loading and resident.loading_until
        else 0,
        "now": now.isoformat(),
    }


def talk_as_json(platform: Platform, resident: Resident, newest: int | None = None) -> dict[str, Any]:
    entries = resident.talk if newest is None else resident.talk[-newest:]
    return {
        **state_as_json(platform, resident),
        "messages": [entry_as_json(platform, resident, entry) for entry in entries],
    }
