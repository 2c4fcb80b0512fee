"""Statistics are fetched while LINE renews them, at most 60 questions an hour, and tell no more. SEG-9."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import DeliverySave
from protocol.messages import TextMessage
from protocol.results import DeliveryResult
from protocol.staff import StaffMember
from relay.errors import LineError
from relay.features.freezing import cut_batches, new_batch
from relay.features.results import ASKED_AN_HOUR, ResultWatch, begin_results
from relay.line.client import LineClient
from relay.line.insight import Clicks, InsightClient, Interest
from relay.store.batches import Outcome, add_batches, claim_batches, write_outcomes
from relay.store.links import StoredLink, add_link, add_taps
from relay.store.results import list_watched
from relay.store.runs import add_run, begin_run, find_run
from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings
from tests.conftest import Clock
from tests.relay.features.office import Office


class Told:
    """LINE's statistics as a test sets them; every question is kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.answer: Callable[[], Interest] = Interest

    async def of_broadcast(self, request_id: str) -> Interest:
        self.asked.append((request_id,))
        return self.answer()

    async def of_unit(self, unit: str, first: date, last: date) -> Interest:
        self.asked.append((unit, first, last))
        return self.answer()


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def watch(office: Office, told: Told) -> ResultWatch:
    return ResultWatch(office.database, office.clock, office.bell, told)


def sent(
    office: Office,
    who: StaffMember,
    id: str,
    people: int = 30,
    *,
    broadcast: bool = False,
    request_id: str | None = None,
) -> str:
    """A delivery that just went out; its unit."""
    draft = DeliveryDraft(id=id, title="お知らせ", messages=(TextMessage(text="本日"),))
    office.do(who, "delivery.save", DeliverySave(draft=draft))
    now = office.clock()
    unit = "" if broadcast else f"unit_{id}"
    members = b"".join(number.to_bytes(4, "little") for number in range(1, people + 1))
    batches = [new_batch(0, "broadcast", members)] if broadcast else cut_batches(members)
    with office.database.write() as connection:
        add_run(connection, id=id, kind="segment", delivery=id, silent=False, recipients=people, now=now)
        add_batches(connection, id, batches)
        begin_run(connection, id, recipients=people, now=now, unit=unit if people >= 20 else "")
        claim_batches(connection, owner="w", now=now, lease_until=now, limit=9)
        known = f"r-{id}" if request_id is None else request_id
        outcomes = [Outcome(run=id, no=each.no, state="accepted", request_id=known) for each in batches]
        write_outcomes(connection, outcomes, owner="w", now=now)
        run = find_run(connection, id)
        assert run is not None
        begin_results(connection, office.database, run, now)
    return unit


def result(office: Office, who: StaffMember, id: str) -> DeliveryResult:
    return DeliveryResult.parse(office.records(who, "result")[id].body)


def look(watch: ResultWatch) -> None:
    asyncio.run(watch.run_once())


def test_line_is_asked_soon_then_daily_for_14_days_and_the_days_stay(
    office: Office, sato: StaffMember, watch: ResultWatch, told: Told, clock: Clock
) -> None:
    sent(office, sato, "d1")
    look(watch)
    assert (told.asked, result(office, sato, "d1").reason) == ([], "not_ready_yet")
    numbers = iter(range(20, 100))
    told.answer = lambda: Interest(opened=next(numbers))
    clock.forward(seconds=3600)
    for hours in [1] * 24 + [6] * 60:
        look(watch)
        clock.forward(seconds=3600 * hours)
    assert len(told.asked) == 16  # after 1 and 4 hours, then 14 times
    assert told.asked[0] == ("unit_d1", date(2026, 11, 20), date(2026, 11, 20))
    assert told.asked[-1][2] == date(2026, 12, 4)
    found = result(office, sato, "d1")
    assert (found.finished, found.opened, found.delivered, found.reason) == (True, 35, None, "")
    assert [day.opened for day in found.days] == [21, *range(22, 36)]
    with office.database.read() as connection:
        assert list_watched(connection) == []


def test_nothing_on_the_day_of_sending_means_that_line_has_not_counted_yet(
    office: Office, sato: StaffMember, watch: ResultWatch, told: Told, clock: Clock
) -> None:
    sent(office, sato, "d1", people=100)
    clock.forward(seconds=3601)
    look(watch)
    found = result(office, sato, "d1")
    assert (len(told.asked), found.reason, found.delivered) == (1, "not_ready_yet", None)
    clock.forward(seconds=24 * 3600)
    look(watch)
    assert (len(told.asked), result(office, sato, "d1").reason) == (2, "")  # now it means fewer than 20


def test_a_broadcast_whose_request_id_was_lost_says_so(office: Office, sato: StaffMember) -> None:
    sent(office, sato, "d1", broadcast=True, request_id="")
    assert result(office, sato, "d1").reason == "request_lost"


def test_numbers_below_20_stay_unknown(
    office: Office, sato: StaffMember, watch: ResultWatch, told: Told, clock: Clock
) -> None:
    sent(office, sato, "d1")
    told.answer = lambda: Interest(clicks=(Clicks("https://town.example/", None, None),))
    clock.forward(seconds=3601)
    look(watch)
    found = result(office, sato, "d1")
    assert (found.opened, found.clicked, found.links[0].line_clicks) == (None, None, None)
    assert found.fetched_at is not None


def test_taps_on_our_links_stand_beside_lines_clicks(
    office: Office, sato: StaffMember, watch: ResultWatch, told: Told, clock: Clock
) -> None:
    sent(office, sato, "d1")
    with office.database.write() as connection:
        for no, token in enumerate(("a" * 22, "b" * 22)):
            link = StoredLink(token=token, url=f"https://town.example/{no}", label=f"詳しく{no}")
            add_link(connection, office.database.cipher, link, delivery="d1", no=no, now=office.clock())
        add_taps(connection, {("a" * 22, "2026-11-20T09"): 3, ("a" * 22, "2026-11-20T10"): 4})
    clock.forward(seconds=301)
    look(watch)  # our own count needs no answer of LINE
    found = result(office, sato, "d1")
    assert [(link.url, link.taps, link.line_clicks) for link in found.links] == [
        ("https://town.example/0", 7, None),
        ("https://town.example/1", 0, None),
    ]
    assert found.taps_by_hour == {"2026-11-20T09": 3, "2026-11-20T10": 4}
    told.answer = lambda: Interest(
        opened=28,
        clicked=25,
        clicks=(
            Clicks("https://relay.example/go/" + "a" * 22, 40, 25),
            Clicks("https://elsewhere.example/", 30, 22),
        ),
    )
    clock.forward(seconds=3600)
    look(watch)
    found = result(office, sato, "d1")
    assert [(link.label, link.taps, link.line_clicks, link.line_people) for link in found.links] == [
        ("詳しく0", 7, 40, 25),
        ("詳しく1", 0, None, None),
        ("", 0, 30, 22),
    ]
    assert (found.opened, found.clicked, found.days[-1].taps) == (28, 25, 7)


def test_no_more_than_the_hours_share_is_asked_and_the_rest_follows(
    office: Office, sato: StaffMember, watch: ResultWatch, told: Told, clock: Clock
) -> None:
    for number in range(ASKED_AN_HOUR + 5):
        sent(office, sato, f"d{number}")
    clock.forward(seconds=3601)
    look(watch)
    look(watch)
    assert len(told.asked) == ASKED_AN_HOUR
    clock.forward(seconds=3600)
    look(watch)
    assert len({asked[0] for asked in told.asked}) == ASKED_AN_HOUR + 5


def test_line_away_is_told_and_asked_again_within_the_hour(
    office: Office, sato: StaffMember, watch: ResultWatch, told: Told, clock: Clock
) -> None:
    def away() -> Interest:
        raise LineError(status=None, permanent=False, reason="line_unreachable")

    sent(office, sato, "d1")
    told.answer = away
    clock.forward(seconds=3601)
    look(watch)
    assert result(office, sato, "d1").reason == "line_unreachable"
    told.answer = lambda: Interest(opened=21)
    clock.forward(seconds=3601)
    look(watch)
    assert (result(office, sato, "d1").opened, result(office, sato, "d1").reason) == (21, "")


def test_a_small_delivery_is_never_asked_about(
    office: Office, sato: StaffMember, watch: ResultWatch, told: Told, clock: Clock
) -> None:
    sent(office, sato, "d1", people=19)
    clock.forward(seconds=15 * 24 * 3600)
    look(watch)
    found = result(office, sato, "d1")
    assert (told.asked, found.reason, found.finished) == ([], "too_few_people", True)


def test_a_broadcast_is_asked_about_by_its_request(
    office: Office, sato: StaffMember, watch: ResultWatch, told: Told, clock: Clock
) -> None:
    sent(office, sato, "d1", broadcast=True)
    told.answer = lambda: Interest(delivered=29, opened=25)
    clock.forward(seconds=3601)
    look(watch)
    assert told.asked == [("r-d1",)]
    assert (result(office, sato, "d1").delivered, result(office, sato, "d1").opened) == (29, 25)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(SandboxSettings()) as running:
        yield running


def test_the_official_client_reads_the_sandboxs_numbers(sandbox: RunningSandbox) -> None:
    platform = sandbox.platform
    people = platform.residents.make(30)
    for resident in people:
        resident.friend = resident.was_friend = True
        platform.followers[resident.user_id] = None

    async def story() -> tuple[Interest, Interest, Interest]:
        base, token = sandbox.url, sandbox.settings.channel_token
        line = LineClient(base=base, token=token)
        insight = InsightClient(base=base, token="old")
        insight.use_token(token)
        hello = [{"type": "text", "text": "本日"}]
        try:
            done = await line.broadcast(hello, str(uuid.uuid4()), silent=True)
            await line.push(people[0].user_id, hello, str(uuid.uuid4()), unit="u1")
            counts = platform.interest.of_request(done.request_id)
            assert counts is not None
            platform.interest.add_crowd(counts, 25, {"https://town.example/": 21})
            today = platform.now().astimezone().date()
            broadcast = await insight.of_broadcast(done.request_id)
            unit = await insight.of_unit("u1", today - timedelta(days=2), today + timedelta(days=2))
            nothing = await insight.of_unit("other", today, today)
            with pytest.raises(LineError, match="404"):
                await insight.of_broadcast("unknown")
            return broadcast, unit, nothing
        finally:
            await line.aclose()
            await insight.aclose()

    broadcast, unit, nothing = asyncio.run(story())
    assert (broadcast.delivered, broadcast.opened, broadcast.clicked) == (30, 25, 21)
    assert broadcast.clicks == (Clicks("https://town.example/", 21, 21),)
    assert (unit.opened, unit.clicks, nothing) == (None, (), Interest())
