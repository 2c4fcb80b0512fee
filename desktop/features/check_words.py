"""The dry run of a delivery in words. Pure. Requirement: SEG-12."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from desktop.features.who import FEW
from protocol.deliveries import DeliveryDraft, can_be_broadcast, goes_to_everyone
from protocol.items import SegmentItem
from protocol.moments import moment_words, when_sentence
from protocol.schedules import REPEATING_KINDS
from protocol.sync import CheckAnswer

NOBODY_TO_APPROVE = "ほかに承認できる人がいないため、承認なしで送れます。"


def count_words(check: CheckAnswer) -> str:
    """Of lists with further conditions, nobody is few too."""
    return FEW if check.few else f"{check.count:,} 人"


def share_words(check: CheckAnswer) -> str:
    """「友だち 4,321人のうち 7%」; what rounds to nothing is said to be below one."""
    if not check.friends or check.few:
        return ""
    share = check.count * 100 / check.friends
    words = "1%未満" if 0 < share < 1 else f"{share:.0f}%"
    return f"友だち {check.friends:,}人のうち {words}"


def route_words(check: CheckAnswer) -> str:
    if not check.calls:
        return "–"
    if check.route == "broadcast":
        return "友だち全員への一斉配信（始めると止められません）"
    texts = f"、文は{check.texts:,}通り" if check.texts > 1 else ""
    if check.route == "push":
        return f"1人ずつ送ります{texts}"
    return f"500人ずつまとめて送ります（{check.calls:,}回{texts}）"


def why_no_broadcast(draft: DeliveryDraft) -> str:
    """Why one call cannot reach the same people with the same text; empty where it can."""
    if can_be_broadcast(draft):
        return ""
    if not goes_to_everyone(draft):
        return "宛先が友だち全員のときだけ使えます。宛先を直すか、印を外してください。"
    if draft.variants:
        return "ほかの言語の文があるときは使えません。全員に同じ文が届く送り方です。"
    return "人によって変わる差し込みがあるときは使えません。全員に同じ文が届く送り方です。"


def duration_words(seconds: int) -> str:
    """About how long; nobody needs seconds of an hour."""
    if seconds <= 2:
        return "数秒"
    if seconds < 60:
        return f"約{seconds}秒"
    minutes = round(seconds / 60)
    return f"約{minutes}分" if minutes < 60 else f"約{minutes // 60}時間{minutes % 60:02}分"


def languages_words(check: CheckAnswer, names: Mapping[str, str]) -> str:
    """「日本語 300人、English 12人」, the most read first."""
    ordered = sorted(check.languages.items(), key=lambda pair: (-pair[1], pair[0]))
    return "、".join(
        f"{names.get(code, code)} {f'{people:,}人' if people else FEW}" for code, people in ordered
    )


def quota_words(check: CheckAnswer | None) -> str:
    """What is left of LINE's month, and what will be left."""
    quota = check.quota if check is not None else None
    if check is None or quota is None:
        return "確かめられません"
    if quota.remaining is None:
        return f"上限なし（今月 {quota.used:,}通 使用）"
    if check.few:
        return f"{quota.remaining:,}通"
    return f"{quota.remaining:,}通（この配信のあと {max(0, quota.remaining - check.count):,}通）"


def when_words(draft: DeliveryDraft, items: Mapping[str, SegmentItem], hold_seconds: int) -> str:
    """When it goes out, after which hold, and what becomes of it when that moment is missed."""
    if draft.when.kind == "now":
        return f"確認してから{hold_seconds}秒後" if hold_seconds else "確認したらすぐ"
    return f"{when_sentence(draft.when, items)}（{late_words(draft)}）"


def late_words(draft: DeliveryDraft) -> str:
    if draft.late == "skip":
        return "遅れたときは見送り"
    minutes = draft.late_minutes
    room = f"{minutes // 60}時間" if minutes % 60 == 0 and minutes else f"{minutes}分"
    return f"遅れたときも{room}までは送信"


def verb_of(draft: DeliveryDraft) -> str:
    """What the button that confirms it says."""
    if draft.when.kind == "now":
        return "配信する"
    if draft.when.kind == "at":
        return "この日時に予約する"
    return "くり返しを始める" if draft.when.kind == "repeating" else "自動の配信を始める"


def people_words(draft: DeliveryDraft) -> str:
    """What stands behind the number of people."""
    return (
        "いま当てはまる人数です。送る日に、もう一度数えます。" if draft.when.kind in REPEATING_KINDS else ""
    )


def similar_words(title: str, sent_at: datetime, people: int) -> str:
    same = f"{people:,}人" if people else FEW
    return f"「{title or '（配信名なし）'}」{moment_words(sent_at)}　同じ人 {same}"
