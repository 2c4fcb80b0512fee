"""The talk: what an event of a resident changes, and the one reply it gets.

All in the caller's transaction; nothing is sent here. Nothing a resident types is kept.
Requirements: SEG-2, SEG-10, SEC-6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from protocol.items import Answer, BirthMonth, SegmentItem, find_answer_problems
from protocol.lists import looks_like_code
from relay.features.codes import enter_code
from relay.features.contact_forms import list_open_forms
from relay.features.line_links import read_link_code, redeem_link_code
from relay.features.page_questions import count_left, items_for_page
from relay.features.questionnaire import (
    Asking,
    Tap,
    Verb,
    answer_words,
    ask,
    decide_next,
    decide_previous,
    items_for_taps,
    offered_decades,
    parse_tap,
    settings_button,
    show_answers,
)
from relay.features.residents import (
    list_items,
    note_follow,
    note_presence,
    note_unfollow,
    plain_answers,
)
from relay.features.settings import find_settings
from relay.features.talk_words import TalkWords, normalise
from relay.features.waste_talk import WasteAnswer, WasteTalk
from relay.line.cards import Payload, link_message, text_message
from relay.line.events import Event, Follow, MediaSent, Other, Tapped, TextSaid, Unfollow, Unsend
from relay.store.cipher import ColumnCipher
from relay.store.counters import current_number
from relay.store.database import Connection
from relay.store.records import TOWN
from relay.store.residents import Resident, read_answers, set_choice, write_answers
from relay.store.talk import TalkPlace, find_place, set_place

_YEAR = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True)
class Answered:
    """What to send back, and what to count (a code for the tallies)."""

    counted: str
    messages: tuple[Payload, ...] = ()
    reply_token: str = ""
    new_friend: str = ""
    """LINE user id of who just came, so that LINE can be asked which language they read."""


@dataclass(frozen=True)
class _Turn:
    """One event of one resident while it is being answered."""

    connection: Connection
    resident: Resident
    items: Sequence[SegmentItem]
    """Those that are asked, in order."""
    page_items: Sequence[SegmentItem]
    """Those that only the page asks, in order."""
    at: datetime
    now: datetime

    def item(self, item_id: str) -> SegmentItem | None:
        return next((item for item in self.items if item.id == item_id), None)

    def answers(self) -> dict[str, Answer]:
        return plain_answers(self.connection, self.resident.no)


class Talk:
    """Answers events.

    `settings_url`, `contact_url`: addresses of the pages inside LINE, empty where there is none.
    `on_linked`: called with the staff id when a staff member tied the own LINE account.
    `telephone`: of the town hall, shown where the talk cannot help; may be empty.
    """

    def __init__(
        self,
        *,
        cipher: ColumnCipher,
        words: TalkWords,
        settings_url: str,
        on_linked: Callable[[Connection, str], object],
        contact_url: str = "",
        town_name: str = "",
        telephone: str = "",
    ) -> None:
        self._cipher = cipher
        self._words = words
        self._settings_url = settings_url
        self._contact_url = contact_url
        self._on_linked = on_linked
        self._town_name = town_name
        self._telephone = telephone
        self._waste = WasteTalk(cipher, words)
        self._waste_url = ""
        self._known_items: tuple[int, Sequence[SegmentItem], Sequence[SegmentItem]] | None = None

    def answer(self, connection: Connection, event: Event, now: datetime) -> Answered:
        """Change what the event changes and say what to reply. `now` is the time of processing."""
        match event:
            case Other():
                return Answered(f"event.ignored.{event.name}")
            case Unsend():
                return Answered("event.unsend")  # nothing of a message was kept
            case Unfollow():
                note_unfollow(connection, self._cipher, event.header.user_id, event.header.at)
                return Answered("event.unfollow")
            case Follow():
                resident, is_news = note_follow(
                    connection, self._cipher, event.header.user_id, event.header.at
                )
                if not is_news:
                    return Answered("event.outdated")
            case _:
                resident = note_presence(connection, self._cipher, event.header.user_id, event.header.at)
        if event.header.standby:
            return Answered("event.standby")
        turn = _Turn(connection, resident, *self._asked_items(connection), event.header.at, now)
        match event:
            case Follow():
                counted, messages = "event.follow", self._greet(turn)
            case TextSaid():
                counted, messages = self._hear(turn, event.text)
            case Tapped():
                counted, messages = self._tapped(turn, event.data)
            case MediaSent():
                counted, messages = "event.media", [self._point(turn, "media")]
        came = event.header.user_id if isinstance(event, Follow) else ""
        return Answered(counted, tuple(messages), event.header.reply_token, came)

    def _asked_items(self, connection: Connection) -> tuple[Sequence[SegmentItem], Sequence[SegmentItem]]:
        """Those the talk asks, and those it leaves to the page."""
        # Opening sixty districts for every tap would cost more than the tap; any news renews them.
        number = current_number(connection, TOWN)
        known = self._known_items
        if known is None or known[0] != number:
            items = list(list_items(connection, self._cipher))
            known = self._known_items = (number, items_for_taps(items), items_for_page(items))
        return known[1], known[2]

    # --- a new friend ---

    def _greet(self, turn: _Turn) -> list[Payload]:
        answers = turn.answers()
        greeting = text_message(self._greeting(turn.connection))
        if {item.id for item in (*turn.items, *turn.page_items)} & set(answers):
            return [greeting, text_message(self._words.say("welcome_back")), self._card(turn, answers)]
        if not turn.items:
            return [greeting, *self._ask_on_page(turn)]
        lead = self._words.say("before_questions", count=len(turn.items))
        return [greeting, *self._ask(turn, turn.items[0], lead=lead)]

    def _greeting(self, connection: Connection) -> str:
        settings = find_settings(connection, self._cipher)
        if settings is not None and settings.greeting.strip():
            return settings.greeting.strip()
        town = (settings.town_name if settings else "") or self._town_name
        return self._words.say("greeting", town=town) if town else self._words.say("greeting_no_town")

    # --- typed words ---

    def _hear(self, turn: _Turn, text: str) -> tuple[str, list[Payload]]:
        said = normalise(text)
        if said in self._words.settings_words:
            return "event.text.settings", [self._card(turn, turn.answers())]
        if said in self._words.start_words and (turn.items or turn.page_items):
            first = decide_next(turn.items, turn.answers(), None)
            if first is not None:
                return "event.text.start", self._ask(turn, first)
            return "event.text.start", self._card_and_rest(turn, turn.answers())
        if said in self._words.contact_words:
            return "event.text.contact", [self._contact(turn)]
        code = read_link_code(text)
        if code is not None:
            outcome = redeem_link_code(
                turn.connection, self._cipher, turn.resident, code, turn.now, self._on_linked
            )
            return f"event.text.link.{outcome}", [text_message(self._words.say(f"link_{outcome}"))]
        if looks_like_code(text):
            entered = enter_code(turn.connection, self._cipher, turn.resident, text, turn.now)
            return f"event.text.code.{entered}", [text_message(self._words.say(f"code_{entered}"))]
        tap = self._typed_choice(turn, said)
        if tap is not None:
            return "event.text.choice", self._take(turn, tap)
        waste = self._waste.hear(turn.connection, text, turn.answers(), turn.now, **self._waste_help(turn))
        if waste is not None:
            return f"event.text.{waste.counted}", self._show_waste(turn, waste)
        return "event.text.other", [self._point(turn, "free_text")]

    def _typed_choice(self, turn: _Turn, said: str) -> Tap | None:
        """The choice a resident typed out instead of tapping; on a PC the talk shows no quick replies."""
        place = find_place(turn.connection, turn.resident.no)
        item = turn.item(place.item) if place else None
        if place is None or item is None:
            return None
        for choice in item.offered_choices:
            if normalise(choice.label) == said:
                verb: Verb = "add" if item.kind == "multiple" else "set"
                return Tap(verb, item.id, choice.id, place.single)
        if said == normalise(self._words.buttons["decide"]) and item.kind == "multiple":
            return Tap("decide", item.id, alone=place.single)
        if said == normalise(self._words.buttons["skip"]):
            return Tap("skip", item.id)
        if item.kind == "birth_year" and _YEAR.fullmatch(said.removesuffix("年")):
            return Tap("year", item.id, said.removesuffix("年"), place.single)
        return None

    def _waste_help(self, turn: _Turn) -> dict[str, str]:
        return {"page_url": self._waste_url, "telephone": self._phone(turn)}

    def _show_waste(self, turn: _Turn, answer: WasteAnswer) -> list[Payload]:
        item = turn.item(answer.ask_district)
        if item is not None:
            return self._ask(turn, item, alone=True, lead=answer.lead)
        return list(answer.messages) or [self._point(turn, "free_text")]

    # --- taps ---

    def _tapped(self, turn: _Turn, data: str) -> tuple[str, list[Payload]]:
        tap = parse_tap(data)
        if tap is None:
            waste = self._waste.tapped(
                turn.connection, data, turn.answers(), turn.now, **self._waste_help(turn)
            )
            if waste is not None:
                return f"event.tap.{waste.counted}", self._show_waste(turn, waste)
            return "event.tap.unknown", [self._point(turn, "button_unknown")]
        return f"event.tap.{tap.verb}", self._take(turn, tap)

    def _take(self, turn: _Turn, tap: Tap) -> list[Payload]:
        if tap.verb == "settings":
            set_place(turn.connection, turn.resident.no, None, turn.now)
            return [self._card(turn, turn.answers())]
        item = turn.item(tap.item)
        if item is None:
            return [self._point(turn, "question_gone")]
        match tap.verb:
            case "set" | "year" | "clear":
                return self._set(turn, item, tap)
            case "add" | "drop":
                return self._toggle(turn, item, tap)
            case "decade":
                decade = int(tap.value) if _YEAR.fullmatch(tap.value) else 0
                if decade in offered_decades(turn.now):
                    return self._ask(turn, item, alone=tap.alone, decade=decade)
                return self._ask(turn, item, alone=tap.alone, lead=self._words.say("choice_gone"))
            case "decide" | "skip":
                return self._go_on(turn, item, tap)
            case "back":
                previous = decide_previous(turn.items, item.id)
                return self._ask(turn, previous or item)
            case _:
                return self._ask(turn, item, alone=tap.alone)

    def _set(self, turn: _Turn, item: SegmentItem, tap: Tap) -> list[Payload]:
        answer = _answer_of(item, tap)
        if answer is None or find_answer_problems(item, answer, turn.now):
            return self._ask(turn, item, alone=tap.alone, lead=self._words.say("choice_gone"))
        stored = read_answers(turn.connection, turn.resident.no).get(item.id)
        if stored is not None and stored.answered_at > turn.at:
            return [self._point(turn, "older_tap")]
        if stored is not None and tap.verb == "year" and stored.answer.births[:1]:
            known = stored.answer.births[0]  # the month is told on the page alone; the same year keeps it
            answer = (
                answer.model_copy(update={"births": (known,)}) if known.year == int(tap.value) else answer
            )
        # Also when it says the same again: the newer time keeps a late, older tap from winning.
        write_answers(turn.connection, turn.resident.no, [answer], turn.at)
        return self._go_on(turn, item, tap)

    def _toggle(self, turn: _Turn, item: SegmentItem, tap: Tap) -> list[Payload]:
        chosen = tap.verb == "add"
        offered = {choice.id for choice in item.offered_choices}
        if item.kind != "multiple" or (chosen and tap.value not in offered):
            return self._ask(turn, item, alone=tap.alone, lead=self._words.say("choice_gone"))
        set_choice(turn.connection, turn.resident.no, item.id, tap.value, chosen=chosen, at=turn.at)
        return self._ask(turn, item, alone=tap.alone)

    def _go_on(self, turn: _Turn, item: SegmentItem, tap: Tap) -> list[Payload]:
        answers = turn.answers()
        if tap.alone:
            set_place(turn.connection, turn.resident.no, None, turn.now)
            answer = answers.get(item.id)
            if answer is None:
                said = self._words.say("removed", title=item.title)
            else:
                words = answer_words(item, answer, self._words)
                said = self._words.say("saved", title=item.title, answer=words)
            return [text_message(said), self._card(turn, answers)]
        following = decide_next(turn.items, answers, item.id)
        if following is not None:
            return self._ask(turn, following)
        set_place(turn.connection, turn.resident.no, None, turn.now)
        said = self._words.say("finished" if answers else "finished_without")
        return [text_message(said), *self._card_and_rest(turn, answers)]

    # --- what is shown ---

    def _ask(
        self,
        turn: _Turn,
        item: SegmentItem,
        *,
        alone: bool = False,
        decade: int | None = None,
        lead: str = "",
    ) -> list[Payload]:
        set_place(turn.connection, turn.resident.no, TalkPlace(item.id, alone), turn.now)
        asking = Asking(
            item=item,
            answer=turn.answers().get(item.id),
            alone=alone,
            has_previous=decide_previous(turn.items, item.id) is not None,
            decade=decade,
            lead=lead,
        )
        return ask(asking, self._words, turn.now)

    def _ask_on_page(self, turn: _Turn) -> list[Payload]:
        """The way to the questions that take more than taps; nothing once they are answered."""
        left = count_left(turn.connection, self._cipher, turn.page_items, turn.answers(), turn.resident.no)
        if not left or not self._settings_url:
            return []
        text, label = self._words.say("page_questions", count=left), self._words.buttons["open_questions"]
        return [link_message(alt=text, text=text, label=label, url=self._settings_url)]

    def use_pages(self, *, settings_url: str, contact_url: str, waste_url: str = "") -> None:
        """Addresses of the pages from now on, when a LIFF app was entered while we run."""
        self._settings_url, self._contact_url, self._waste_url = settings_url, contact_url, waste_url

    def _phone(self, turn: _Turn) -> str:
        settings = find_settings(turn.connection, self._cipher)
        return (settings.telephone if settings else "") or self._telephone

    def _card(self, turn: _Turn, answers: Mapping[str, Answer]) -> Payload:
        if turn.page_items and not turn.items and self._settings_url:
            text, label = self._words.say("page_settings"), self._words.buttons["open_page"]
            return link_message(alt=text, text=text, label=label, url=self._settings_url)
        return show_answers(turn.items, answers, self._words, self._settings_url)

    def _card_and_rest(self, turn: _Turn, answers: Mapping[str, Answer]) -> list[Payload]:
        rest = self._ask_on_page(turn)
        return rest if rest and not turn.items else [self._card(turn, answers), *rest]

    def _contact(self, turn: _Turn) -> Payload:
        if not self._offers_contact(turn):
            text = self._words.say("no_contact")
            telephone = self._phone(turn)
            if telephone:
                text += self._words.say("telephone", telephone=telephone)
            return text_message(text)
        text, label = self._words.say("contact"), self._words.buttons["open_contact"]
        return link_message(alt=label, text=text, label=label, url=self._contact_url)

    def _offers_contact(self, turn: _Turn) -> bool:
        return bool(self._contact_url) and bool(list_open_forms(turn.connection, self._cipher))

    def _point(self, turn: _Turn, name: str) -> Payload:
        """A short text and the way to the settings."""
        text = self._words.say(name)
        if name == "free_text" and self._offers_contact(turn):
            text += self._words.say("contact_hint")
        telephone = self._phone(turn) if name in ("free_text", "media") else ""
        if telephone:
            text += self._words.say("telephone", telephone=telephone)
        return text_message(text, [settings_button(self._words)] if turn.items else [])


def _answer_of(item: SegmentItem, tap: Tap) -> Answer | None:
    if tap.verb == "clear":
        return Answer(item=item.id)
    if tap.verb == "year":
        if not _YEAR.fullmatch(tap.value):
            return None
        return Answer(item=item.id, births=(BirthMonth(year=int(tap.value)),))
    return Answer(item=item.id, choices=(tap.value,))
