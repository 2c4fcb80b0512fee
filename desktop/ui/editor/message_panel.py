"""「メッセージ」 of a delivery: languages, bubbles, quick replies, links counted, exercises marked."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from desktop.features.composing import (
    languages_of,
    place_of,
    with_messages_in,
    without_language,
)
from desktop.features.wording import words_for
from desktop.ui.editor.actions import ButtonRows
from desktop.ui.editor.bubbles import Bubbles, Messages
from desktop.ui.editor.languages import Languages
from desktop.ui.editor.part import below, calmer, tell_at
from desktop.ui.parts.cards import card
from desktop.ui.parts.labels import label
from desktop.ui.phone.preview import PhonePreview
from desktop.ui.screen import Desk
from protocol.action_limits import QUICK_REPLIES_LIMIT
from protocol.deliveries import DeliveryDraft, find_content_problems, messages_in
from protocol.languages import DEFAULT_LANGUAGE
from protocol.messages import TextMessage


class MessagePanel(QWidget):
    """`changed(name of the step, fields of the draft)`. It paints the preview, which follows the language."""

    changed = Signal(str, object)

    def __init__(self, desk: Desk, preview: PhonePreview) -> None:
        super().__init__()
        self._preview = preview
        self._draft: DeliveryDraft | None = None
        self.language = DEFAULT_LANGUAGE
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(label("メッセージ", "heading"))
        self.languages = Languages(desk)
        column.addWidget(self.languages)
        self._trouble = label("", "error", wrap=True, name="messages.problem")
        self._trouble.hide()
        column.addWidget(self._trouble)
        self.bubbles = Bubbles(desk)
        column.addWidget(self.bubbles)
        column.addWidget(self._quick_replies(desk))
        column.addWidget(self._switches())
        self.languages.chosen.connect(self._choose)
        self.languages.added.connect(self._add_language)
        self.languages.removed.connect(self._remove_language)
        self.bubbles.changed.connect(self._bubbles_changed)
        self.bubbles.looked.connect(preview.look_at_card)

    def show_draft(self, draft: DeliveryDraft) -> None:
        before, self._draft = self._draft, draft
        if self.language not in languages_of(draft):
            self.language = DEFAULT_LANGUAGE
        self.bubbles.show_messages(messages_in(draft, self.language))
        self.replies.show_value(draft.quick_replies)
        for made, on in ((self.count_links, draft.count_links), (self.training, draft.training)):
            made.setChecked(on)
        self._show_problems(draft)
        self._preview.show_written(draft, self.language)
        self._follow(before, draft)

    def begin(self) -> None:
        """Another delivery: again in Japanese."""
        self.language = DEFAULT_LANGUAGE
        self._draft = None
        self.bubbles.forget()

    def _follow(self, before: DeliveryDraft | None, draft: DeliveryDraft) -> None:
        """The phone shows the bubble that was just changed."""
        if before is None or before.id != draft.id:
            return
        old, new = messages_in(before, self.language), messages_in(draft, self.language)
        changed = [place for place, one in enumerate(new) if place >= len(old) or old[place] != one]
        if changed:
            marked = draft.training and not isinstance(new[0], TextMessage)
            QTimer.singleShot(0, self, lambda: self._preview.look_at_bubble(changed[0] + marked))

    def _show_problems(self, draft: DeliveryDraft) -> None:
        problems = calmer(find_content_problems(draft), draft)
        here = place_of(draft, self.language)
        own = below(problems, here)
        self.bubbles.show_problems(own)
        tell_at(self._trouble, [one for one in own if not one.at.partition(".")[0].isdigit()])
        self.replies.show_problems(below(problems, "quick_replies"))
        unfinished = frozenset(
            language for language in languages_of(draft) if below(problems, place_of(draft, language))
        )
        self.languages.show_draft(
            draft, self.language, unfinished if len(languages_of(draft)) > 1 else frozenset()
        )

    def _quick_replies(self, desk: Desk) -> QWidget:
        frame, inner = card(name="quick_replies", margin=14, spacing=8)
        inner.addWidget(label("返信の候補", "subheading"))
        inner.addWidget(label(
            "最後の吹き出しの下に並ぶ小さなボタンです。1つ押すと消えます。", "small", wrap=True
        ))  # fmt: skip
        self.replies = ButtonRows(desk, "reply", "quick_reply", limit=QUICK_REPLIES_LIMIT, what="候補")
        self.replies.changed.connect(
            lambda step, value: self.changed.emit(f"返信の候補：{step}", {"quick_replies": value})
        )
        inner.addWidget(self.replies)
        return frame

    def _switches(self) -> QWidget:
        frame, inner = card(margin=14, spacing=4)
        self.count_links = QCheckBox("リンクが押された数を数える")
        self.count_links.setObjectName("editor.count_links")
        self.training = QCheckBox("訓練として送る")
        self.training.setObjectName("editor.training")
        inner.addWidget(self.count_links)
        inner.addWidget(label(
            "押された回数だけを数えます。だれが押したかは記録しません。", "small", wrap=True
        ))  # fmt: skip
        inner.addWidget(self.training)
        inner.addWidget(label("先頭に【訓練】が付き、本物のお知らせと見分けられます。", "small", wrap=True))
        self.count_links.clicked.connect(
            lambda on: self.changed.emit("リンクの数え方の変更", {"count_links": on})
        )
        self.training.clicked.connect(lambda on: self.changed.emit("訓練の変更", {"training": on}))
        return frame

    def _choose(self, language: str) -> None:
        self.language = language
        if self._draft is not None:
            self.show_draft(self._draft)

    def _add_language(self, language: str) -> None:
        if self._draft is None:
            return
        self.language = language
        new = with_messages_in(self._draft, language, self._draft.messages)
        self.changed.emit(f"{words_for('language')[language]}の追加", {"variants": new.variants})

    def _remove_language(self, language: str) -> None:
        if self._draft is None:
            return
        self.language = DEFAULT_LANGUAGE
        new = without_language(self._draft, language)
        self.changed.emit(f"{words_for('language')[language]}の削除", {"variants": new.variants})

    def _bubbles_changed(self, step: str, messages: Messages) -> None:
        if self._draft is None:
            return
        new = with_messages_in(self._draft, self.language, messages)
        if self.language == DEFAULT_LANGUAGE:
            self.changed.emit(step, {"messages": new.messages})
        else:
            name = words_for("language")[self.language]
            self.changed.emit(f"{step}（{name}）", {"variants": new.variants})
