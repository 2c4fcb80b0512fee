"""Composing messages: what a new bubble begins with, languages, and the example a preview shows. Pure.

Requirement: SEG-6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import get_args
from unicodedata import normalize

from desktop.features.wording import words_for
from protocol.deliveries import DeliveryDraft
from protocol.languages import DEFAULT_LANGUAGE, LANGUAGES
from protocol.messages import (
    TRAINING_MARK,
    Action,
    AudioMessage,
    ButtonsMessage,
    Call,
    Card,
    CardMessage,
    CarouselMessage,
    Column,
    ConfirmMessage,
    Copy,
    CouponMessage,
    HeadingBlock,
    ImagemapMessage,
    ImageMessage,
    LocationMessage,
    Message,
    OpenLink,
    OpenPage,
    Page,
    Picture,
    Say,
    StickerMessage,
    TextBlock,
    TextMessage,
    Variant,
    VideoMessage,
    with_mark,
)
from protocol.placeholders import filled, filled_actions, town_values
from protocol.schedules import JAPAN, At
from protocol.stickers import PACKAGES
from protocol.sync import TownSettings
from protocol.wire import Wire

Messages = tuple[Message, ...]

EXAMPLES: Mapping[str, str] = {
    "地区": "川北",
    "町名": "みなとの町",
    "アカウント名": "みなとの町",
    "電話": "0120-000-000",
    "配信日": "4月1日",
    "ごみの種類": "燃えるごみ",
    "収集日": "4月2日（木）",
}
"""What stands in the preview for a placeholder that nothing is known for. Made up: nobody's."""

PAGES: Mapping[Page, str] = {
    "settings": "受信設定",
    "contact": "お問い合わせ",
    "mine": "送った内容",
    "waste": "ごみの収集",
}
NOTICE_CHARACTERS = 42


def _new_sticker() -> StickerMessage:
    package = PACKAGES[0]
    return StickerMessage(package=package.id, sticker=package.stickers()[0])


_NEW: Mapping[str, Callable[[], Message]] = {
    "text": lambda: TextMessage(text=""),
    "image": lambda: ImageMessage(file="", preview=""),
    "video": lambda: VideoMessage(file="", preview=""),
    "audio": lambda: AudioMessage(file="", milliseconds=0),
    "sticker": _new_sticker,
    "location": lambda: LocationMessage(title="", address="", latitude=0, longitude=0),
    "card": lambda: CardMessage(alt="", cards=(new_card(),)),
    "imagemap": lambda: ImagemapMessage(picture=Picture(file=""), alt="", height=0),
    "buttons": lambda: ButtonsMessage(alt="", text="", buttons=(OpenLink(label="", url=""),)),
    "confirm": lambda: ConfirmMessage(
        alt="", text="", buttons=(Say(label="はい", text="はい"), Say(label="いいえ", text="いいえ"))
    ),
    "carousel": lambda: CarouselMessage(alt="", columns=(new_column(),)),
    "coupon": lambda: CouponMessage(coupon=""),
}
KINDS: tuple[str, ...] = tuple(_NEW)
"""Every type of message, in the order staff choose from."""


def new_message(kind: str) -> Message:
    """An empty bubble of one of `KINDS`."""
    return _NEW[kind]()


def new_card() -> Card:
    return Card(blocks=(HeadingBlock(text=""), TextBlock(text="")))


def new_column(like: Column | None = None) -> Column:
    """`like`: its neighbour; LINE wants as many buttons in every column."""
    count = len(like.buttons) if like is not None else 1
    return Column(text="", buttons=tuple(OpenLink(label="", url="") for _ in range(count)))


ACTIONS: Mapping[str, str] = {
    "link": "リンクを開く",
    "page": "町のページを開く",
    "call": "電話をかける",
    "say": "文を送る",
    "copy": "コピーする",
}
"""What a tap can do."""


def as_action(do: str, before: Action) -> Action:
    """Another kind of action with the same label; what was typed stays where it fits."""
    value = action_value(before)
    label = before.label
    match do:
        case "link":
            return OpenLink(label=label, url=value if value.startswith("http") else "")
        case "page":
            return OpenPage(label=label, page="settings")
        case "call":
            return Call(label=label, telephone="")
        case "say":
            return Say(label=label, text="" if value.startswith("http") else value)
        case _:
            return Copy(label=label, text=value)


def action_value(action: Action) -> str:
    """Address, page, number or text."""
    match action:
        case OpenLink():
            return action.url
        case OpenPage():
            return action.page
        case Call():
            return action.telephone
    return action.text


def with_action_value(action: Action, value: str) -> Action:
    match action:
        case OpenLink():
            return action.model_copy(update={"url": value})
        case OpenPage():
            return action.model_copy(update={"page": value if value in get_args(Page) else "settings"})
        case Call():
            return action.model_copy(update={"telephone": value})
    return action.model_copy(update={"text": value})


# --- languages ---


def languages_of(draft: DeliveryDraft) -> tuple[str, ...]:
    """Japanese first, then the others in the order of `protocol.languages`."""
    written = {variant.language for variant in draft.variants}
    return (DEFAULT_LANGUAGE, *(one for one in LANGUAGES if one in written and one != DEFAULT_LANGUAGE))


def languages_left(draft: DeliveryDraft) -> tuple[str, ...]:
    return tuple(one for one in LANGUAGES if one not in languages_of(draft))


def with_messages_in(draft: DeliveryDraft, language: str, messages: Messages) -> DeliveryDraft:
    """The draft with these messages in a language; the language is added where it was not written yet."""
    if language == DEFAULT_LANGUAGE:
        return draft.model_copy(update={"messages": messages})
    if language in languages_of(draft):
        variants = tuple(
            one.model_copy(update={"messages": messages}) if one.language == language else one
            for one in draft.variants
        )
    else:
        variants = (*draft.variants, Variant(language=language, messages=messages))
    return draft.model_copy(update={"variants": variants})


def without_language(draft: DeliveryDraft, language: str) -> DeliveryDraft:
    kept = tuple(one for one in draft.variants if one.language != language)
    return draft.model_copy(update={"variants": kept})


def place_of(draft: DeliveryDraft, language: str) -> str:
    """Where the messages of a language lie, as problems name them: `messages` or `variants.1.messages`."""
    for number, variant in enumerate(draft.variants):
        if variant.language == language:
            return f"variants.{number}.messages"
    return "messages"


# --- what the preview shows ---


@dataclass(frozen=True)
class TownWords:
    """What is known for placeholders. `district`: one that residents can choose. `now`: of the office."""

    now: datetime
    town: TownSettings | None = None
    district: str = ""

    def values(self, draft: DeliveryDraft, language: str) -> dict[str, str]:
        """As the relay will fill them in, were it sent today or at its moment; else an example."""
        moment = draft.when.at if isinstance(draft.when, At) and draft.when.at > self.now else self.now
        town = self.town or TownSettings()
        known = town_values(
            town_name=town.town_name,
            account_name=town.account_name,
            telephone=town.telephone,
            day=moment.astimezone(JAPAN).date(),
            language=language,
        ) | {"地区": self.district}
        return {**EXAMPLES, **{name: words for name, words in known.items() if words}}


def as_example(
    messages: Messages, *, training: bool = False, values: Mapping[str, str] = EXAMPLES
) -> Messages:
    """The messages as somebody would get them: values for placeholders, and the mark of an exercise."""
    shown = filled(messages, values)
    return with_mark(shown, TRAINING_MARK) if training else shown


def example_labels(actions: tuple[Action, ...], values: Mapping[str, str] = EXAMPLES) -> tuple[str, ...]:
    return tuple(action.label or "（候補）" for action in filled_actions(actions, values))


def notice_text(messages: Messages) -> str:
    """What a locked phone shows: a beginning of the last bubble's text, or what LINE says for its type."""
    if not messages:
        return ""
    last = messages[-1]
    match last:
        case TextMessage():
            text = last.text
        case ImagemapMessage() | CardMessage() | ButtonsMessage() | ConfirmMessage() | CarouselMessage():
            text = last.alt
        case ImageMessage():
            text = "写真を送信しました"
        case VideoMessage():
            text = "動画を送信しました"
        case AudioMessage():
            text = "ボイスメッセージを送信しました"
        case StickerMessage():
            text = "スタンプを送信しました"
        case LocationMessage():
            text = "位置情報を送信しました"
        case CouponMessage():
            text = "クーポンを送信しました"
    return " ".join(text.split())[:NOTICE_CHARACTERS]


def told(message: Message) -> str:
    """A whole bubble in words, line by line: what tells two versions of a card apart."""
    if isinstance(message, TextMessage):
        return message.text
    return "\n".join((f"（{kind_words(message)}）", *_said(message)))


_SAID = frozenset(
    {"alt", "title", "text", "description", "address", "label", "url", "telephone", "rows", "sticker"}
)


def _said(value: object, field: str = "") -> Iterator[str]:
    if isinstance(value, Wire):
        for name in type(value).model_fields:
            yield from _said(getattr(value, name), name)
    elif isinstance(value, tuple) and field == "rows":
        yield from ("：".join(row) for row in value)
    elif isinstance(value, tuple):
        for one in value:
            yield from _said(one, field)
    elif isinstance(value, str) and field in _SAID and value:
        yield value


def kind_words(message: Message) -> str:
    return words_for("message_kind")[message.type]


# --- places on the map ---

_MILLION = 1_000_000


def read_degrees(text: str) -> int | None:
    """Degrees as written (「35.681236」, also full width) in millionths; None where it is no number."""
    plain = normalize("NFKC", text).strip().rstrip("°度")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return None
    if not value.is_finite() or abs(value) > 180:
        return None
    return int((value * _MILLION).to_integral_value())


def degrees(millionths: int) -> str:
    """As people write it; empty for zero, which is nowhere in Japan."""
    if millionths == 0:
        return ""
    sign = "-" if millionths < 0 else ""
    whole, part = divmod(abs(millionths), _MILLION)
    return f"{sign}{whole}.{part:06d}".rstrip("0").rstrip(".")


def read_position(text: str) -> tuple[int, int] | None:
    """Both numbers as maps copy them: 「35.681236, 139.767125」."""
    parts = text.replace("、", ",").replace("，", ",").split(",")
    if len(parts) != 2:
        return None
    latitude, longitude = (read_degrees(part) for part in parts)
    if latitude is None or longitude is None or abs(latitude) > 90 * _MILLION:
        return None
    return latitude, longitude
