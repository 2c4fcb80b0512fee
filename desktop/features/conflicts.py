"""Saves that a colleague's newer version refused, to be chosen about: what is there now, and what was wanted.

Deliveries, segment items and the greeting. Nothing is lost before the person has chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from desktop.features.composing import told
from desktop.features.groups import known_to
from desktop.features.wording import words_for
from desktop.replica.outbox import OutboxEntry
from desktop.replica.replica import Replica
from protocol.changes import GreetingSave, ItemSave
from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.items import SegmentItem
from protocol.moments import when_sentence

Lines = tuple[tuple[str, str], ...]
"""Name and value of what is compared."""


@dataclass(frozen=True)
class Conflict:
    """`change`: the refused change; `now` and `mine`: both sides in words; `version`: of what is there."""

    change: str
    kind: str
    record: tuple[str, str]
    payload: DeliverySave | ItemSave | GreetingSave
    version: int
    now: Lines
    mine: Lines

    def __repr__(self) -> str:
        return f"Conflict({self.kind})"


class Conflicts:
    def __init__(self, replica: Replica) -> None:
        self._replica = replica

    def at(self, record_kind: str, record_id: str) -> Conflict | None:
        """The latest refused save of one thing; None where there is nothing to choose."""
        entries = self._replica.outbox.entries(state="refused", record=(record_kind, record_id))
        found = (self.of(entry) for entry in reversed(entries))
        return next((conflict for conflict in found if conflict is not None), None)

    def of(self, entry: OutboxEntry) -> Conflict | None:
        """The choice behind a refused change; None where it was refused for another reason, or where nothing
        is there any more to be written anew.
        """
        payload = entry.payload
        if entry.state != "refused" or entry.reason != "version_conflict":
            return None
        if not isinstance(payload, DeliverySave | ItemSave | GreetingSave):
            return None
        version, now = self._now(payload)
        if not version:
            return None
        return Conflict(
            change=entry.id, kind=entry.kind, record=(entry.record_kind, entry.record_id), payload=payload,
            version=version, now=now, mine=self._mine(payload),
        )  # fmt: skip

    def rewrite(self, conflict: Conflict) -> str:
        """「わたしの内容で書き直す」: the refused save once more, on top of what the person was shown."""
        return self._replica.outbox.put(conflict.kind, conflict.payload, based_on=conflict.version)

    def let_go(self, conflict: Conflict) -> None:
        """「いまの内容にする」: also for what was saved once more before the refusal was known."""
        outbox = self._replica.outbox
        for entry in outbox.entries(state="refused", record=conflict.record):
            if (entry.kind, entry.reason) == (conflict.kind, "version_conflict"):
                outbox.dismiss(entry.id)

    def _now(self, payload: DeliverySave | ItemSave | GreetingSave) -> tuple[int, Lines]:
        """Version and content of what is there; version 0 where nothing is."""
        records = self._replica.records
        if isinstance(payload, DeliverySave):
            delivery = records.delivery(payload.draft.id)
            if delivery is None:
                return 0, ()
            state = words_for("delivery_state")[delivery.body.state]
            return delivery.version, (("状態", state), *self._draft(delivery.body.draft))
        if isinstance(payload, ItemSave):
            item = records.item(payload.item.id)
            return (item.version, _item(item.body)) if item is not None else (0, ())
        settings = records.settings()
        return (
            (settings.version, (("あいさつ", settings.body.greeting),)) if settings is not None else (0, ())
        )

    def _mine(self, payload: DeliverySave | ItemSave | GreetingSave) -> Lines:
        if isinstance(payload, DeliverySave):
            return self._draft(payload.draft)
        return _item(payload.item) if isinstance(payload, ItemSave) else (("あいさつ", payload.text),)

    def _draft(self, draft: DeliveryDraft) -> Lines:
        known = known_to(self._replica, draft.segment)
        bubbles = tuple((f"吹き出し{n}", told(one)) for n, one in enumerate(draft.messages, start=1))
        names = words_for("language")
        others = tuple(
            (names.get(variant.language, variant.language), "\n".join(told(one) for one in variant.messages))
            for variant in draft.variants
        )
        replies = "・".join(action.label for action in draft.quick_replies)
        return (
            ("配信名", draft.title),
            *bubbles,
            *others,
            *((("返信の候補", replies),) if replies else ()),
            *((("訓練", "訓練として送る"),) if draft.training else ()),
            ("宛先", known.sentence(draft.segment)),
            *((("除外する宛先", known.names(draft.excluded)),) if draft.excluded else ()),
            ("いつ", when_sentence(draft.when, known.items)),
            ("通知", "音を鳴らさない" if draft.silent else "ふつうに通知する"),
        )


def _item(item: SegmentItem) -> Lines:
    choices: Sequence[str] = [
        f"{choice.label}（出しません）" if choice.retired else choice.label for choice in item.choices
    ]
    return (
        ("種類", words_for("item_kind")[item.kind]),
        ("項目名", item.title),
        ("質問文", item.question),
        ("選択肢", "・".join(choices)),
        *_details(item),
        ("聞くか", "いまは聞いていません" if item.retired else "聞いています"),
    )


def _details(item: SegmentItem) -> Lines:
    """What only some kinds have."""
    if item.kind == "number":
        bounds = (
            f"{'' if item.lowest is None else item.lowest}～{'' if item.highest is None else item.highest}"
        )
        return (("単位", item.unit), ("範囲", bounds))
    if item.kind == "birth_year":
        month = "たずねる" if item.ask_month else "たずねない"
        return (("月", month), ("人数", "何人分でも" if item.several else "1人分"))
    return ()
