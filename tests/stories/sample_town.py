"""The sample town 「みなと野市」 at work: its items, thousands of residents, and what was sent before.

The residents' answers go into the relay's store directly, because a webhook each would take minutes;
everybody the story looks at registers the real way, through the talk.
"""

from __future__ import annotations

import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from desktop.features.pictures import fit_picture
from protocol.changes import ItemSave
from protocol.deliveries import Delivery, DeliveryDraft, DeliveryNumbers
from protocol.files import CHUNK_BYTES, file_name
from protocol.ids import new_id
from protocol.items import Answer, BirthMonth, SegmentItem
from protocol.messages import ImageMessage, Message, TextMessage
from protocol.segments import SegmentHolder
from protocol.sending_rules import SendingRules
from protocol.staff import StaffMember
from protocol.sync import TownSettings
from relay.features.deliveries import put_delivery
from relay.features.items import save_item
from relay.store.database import Database
from relay.store.files import add_chunk, add_file, complete_file
from relay.store.records import TOWN, find_record, put_record
from relay.store.residents import BLOCKED, FRIEND, add_resident, write_answers
from tests.stories.sample_waste import fill_waste

FOLDER = Path(__file__).resolve().parents[2] / "resources" / "samples" / "minatono"
JAPAN = ZoneInfo("Asia/Tokyo")
COLLEAGUE = StaffMember(
    id="01900000-0000-7000-8000-0000000005af", login_name="okabe", display_name="総務課 岡部 誠"
)


@dataclass(frozen=True)
class Story:
    """What the demo composes and sends."""

    district: str
    topic: str
    title: str
    text: str
    picture: Path
    picture_shows: str


@dataclass(frozen=True)
class SampleTown:
    """The town as its file describes it."""

    name: str
    greeting: str
    items: tuple[SegmentItem, ...]
    past: tuple[dict[str, Any], ...]
    story: Story

    def item(self, kind: str) -> SegmentItem:
        return next(item for item in self.items if item.kind == kind)


def load_sample_town() -> SampleTown:
    with (FOLDER / "town.toml").open("rb") as file:
        town = tomllib.load(file)
    items = tuple(
        SegmentItem.parse(item | {"position": position}) for position, item in enumerate(town["items"])
    )
    story = town["story"]
    return SampleTown(
        name=town["name"],
        greeting=town["greeting"].strip(),
        items=items,
        past=tuple(town["deliveries"]),
        story=Story(
            **{key: story[key] for key in ("district", "topic", "title", "picture_shows")},
            text=story["text"].strip(),
            picture=FOLDER / "pictures" / story["picture"],
        ),
    )


RULES = SendingRules(hold_seconds=5, quiet_from="00:00", quiet_until="00:00")
"""The town's rules while the story plays: a hold short enough to watch, and no quiet hours, because nobody
knows at what time of the day it is shown.
"""


def fill_relay(database: Database, town: SampleTown, user_ids: Sequence[str], now: datetime) -> None:
    """Items, greeting, residents and past deliveries, in one transaction."""
    dice = random.Random(2026)
    with database.write() as connection:
        _greet(connection, database, town, now)
        body = RULES.as_json()
        put_record(connection, database.cipher, kind="sending_rules", id=TOWN, body=body, now=now)
        for item in town.items:
            save_item(connection, database.cipher, ItemSave(item=item), 0, now)
        administrator = COLLEAGUE.model_copy(update={"role": "admin"})
        fill_waste(connection, database, town.items, now, signer=administrator)
        for user_id in user_ids:
            _add_resident(connection, database, town, user_id, now, dice)
        put_record(
            connection, database.cipher, kind="staff", id=COLLEAGUE.id, body=COLLEAGUE.as_json(), now=now
        )
        for past in reversed(town.past):
            _add_past_delivery(connection, database, past, now)


def _greet(connection: Connection, database: Database, town: SampleTown, now: datetime) -> None:
    record = find_record(connection, database.cipher, "settings", TOWN)
    known = TownSettings() if record is None else TownSettings.parse(record.body)
    body = known.model_copy(update={"greeting": town.greeting}).as_json()
    put_record(connection, database.cipher, kind="settings", id=TOWN, body=body, now=now)


def _add_resident(
    connection: Connection,
    database: Database,
    town: SampleTown,
    user_id: str,
    now: datetime,
    dice: random.Random,
) -> None:
    followed = now - timedelta(days=min(900, dice.expovariate(1 / 200)), minutes=dice.random() * 600)
    state = BLOCKED if dice.random() < 0.06 else FRIEND
    resident = add_resident(connection, database.cipher, user_id, state=state, at=followed)
    if dice.random() < 0.17:  # followed and answered nothing
        return
    answers = [_answer(item, dice) for item in town.items if dice.random() < _share(item)]
    write_answers(connection, resident.no, [answer for answer in answers if answer], followed)


def _share(item: SegmentItem) -> float:
    """How many answer it: nearly all, and of children those who have some."""
    return 0.3 if item.several else 0.92


def _answer(item: SegmentItem, dice: random.Random) -> Answer | None:
    if item.several:
        births = [BirthMonth(year=dice.randint(2004, 2026)) for _ in range(dice.randint(1, 3))]
        return Answer(item=item.id, births=tuple(sorted(births, key=lambda birth: birth.year)))
    if item.kind == "birth_year":
        return Answer(
            item=item.id, births=(BirthMonth(year=min(2016, max(1930, round(dice.gauss(1976, 17))))),)
        )
    if item.kind == "multiple":
        wanted = [choice.id for choice in item.choices if dice.random() < 0.42]
        return Answer(item=item.id, choices=tuple(wanted)) if wanted else None
    # A few districts are large, most are small.
    weights = [1 / (1 + index % 10) for index in range(len(item.choices))]
    return Answer(item=item.id, choices=(dice.choices(item.choices, weights)[0].id,))


def _add_past_delivery(
    connection: Connection, database: Database, past: dict[str, Any], now: datetime
) -> None:
    day = (now.astimezone(JAPAN) - timedelta(days=past["days_ago"])).date()
    sent = datetime.combine(day, time(past["hour"], 0, 12), JAPAN).astimezone(now.tzinfo)
    messages: list[Message] = [TextMessage(text=past["text"].strip())]
    if past["picture"]:
        messages.insert(0, _add_picture(connection, database, past, now))
    draft = DeliveryDraft(
        id=new_id(sent),
        title=past["title"],
        messages=tuple(messages),
        segment=SegmentHolder.parse({"segment": past["segment"]}).segment,
    )
    people = past["recipients"]
    delivery = Delivery(
        draft=draft,
        state="sent",
        numbers=DeliveryNumbers(recipients=people, accepted=people),
        written_by=COLLEAGUE.id,
        written_at=sent - timedelta(hours=1),
        sent_by=COLLEAGUE.id,
        confirmed_at=sent,
        started_at=sent + timedelta(seconds=1),
        finished_at=sent + timedelta(seconds=2 + people / 90_000),
    )
    put_delivery(connection, database.cipher, delivery, now)


def _add_picture(
    connection: Connection, database: Database, past: dict[str, Any], now: datetime
) -> ImageMessage:
    fitted = fit_picture((FOLDER / "pictures" / past["picture"]).read_bytes())
    names = []
    for content in (fitted.original, fitted.preview):
        names.append(file_name(content))
        add_file(connection, names[-1], len(content), now)
        for offset in range(0, len(content), CHUNK_BYTES):
            add_chunk(connection, database.cipher, names[-1], offset, content[offset : offset + CHUNK_BYTES])
        complete_file(connection, names[-1], "image/jpeg")
    return ImageMessage(
        file=names[0],
        preview=names[1],
        description=past["picture_shows"],
        width=fitted.width,
        height=fitted.height,
    )
