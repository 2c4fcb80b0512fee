"""What became of deliveries: LINE's statistics fetched for 14 days, joined with our own count of taps.

LINE answers 60 such questions an hour. Below 20 people it says nothing, and neither do we: None stays None.
Source: LINE "Unit-based statistics aggregation", "Get message event". Requirement: SEG-9.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Protocol

from protocol.moments import japan_day
from protocol.results import LINE_MINIMUM, RESULT_DAYS, DayResult, DeliveryResult, LinkResult
from protocol.rights import DELIVERIES
from protocol.schedules import JAPAN
from relay.errors import LineError, StoreUnavailable
from relay.features.news import NewsBell
from relay.line.insight import Clicks, Interest
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection, Database
from relay.store.records import find_record, put_record
from relay.store.results import (
    TappedLink,
    Watched,
    add_watch,
    claim_watch,
    end_watch,
    find_request_id,
    is_broadcast,
    list_links,
    list_watched,
    take_unit,
)
from relay.store.runs import Run

RESULT = "result"
ASKED_AN_HOUR = 50
"""Of LINE's 60: somebody may look at the statistics elsewhere, too."""
LOOK_EVERY = 60.0
_TAPS_EVERY = timedelta(minutes=5)
_AFTER_TROUBLE = timedelta(hours=1)
_LOOKS = (timedelta(hours=1), timedelta(hours=4), *(timedelta(days=day) for day in range(1, RESULT_DAYS + 1)))
"""How long after sending LINE is asked: soon twice, then daily until its numbers stand still."""
_log = logging.getLogger(__name__)


class Insight(Protocol):
    """`relay.line.insight.InsightClient`; raises LineError."""

    async def of_broadcast(self, request_id: str, /) -> Interest: ...

    async def of_unit(self, unit: str, first: date, last: date, /) -> Interest: ...


def choose_unit(connection: Connection, run: str, recipients: int, now: datetime) -> str:
    """The name LINE shall count this run by; empty where that would tell nothing, or none is left."""
    if recipients < LINE_MINIMUM:
        return ""
    return take_unit(connection, run, f"{now.astimezone(JAPAN):%Y-%m}")


def begin_results(connection: Connection, database: Database, run: Run, now: datetime) -> None:
    """The run is over and somebody got it: its numbers are watched from now on."""
    broadcast = is_broadcast(connection, run.id)
    request_id = find_request_id(connection, run.id) if broadcast else ""
    reason = ""
    if run.recipients < LINE_MINIMUM:
        reason = "too_few_people"
    elif broadcast:
        reason = "not_ready_yet" if request_id else "request_lost"
    else:
        reason = "not_ready_yet" if run.unit else "no_unit_left"
    sent_at = run.started_at or now
    add_watch(
        connection,
        Watched(run.delivery, run.unit, request_id, sent_at, next_at=sent_at + _LOOKS[0]),
    )
    put_result(
        connection,
        database.cipher,
        DeliveryResult(delivery=run.delivery, unit=run.unit, reason=reason),
        now,
    )


def find_result(connection: Connection, cipher: ColumnCipher, delivery: str) -> DeliveryResult | None:
    record = find_record(connection, cipher, RESULT, delivery)
    return None if record is None or record.removed else DeliveryResult.parse(record.body)


def put_result(connection: Connection, cipher: ColumnCipher, result: DeliveryResult, now: datetime) -> None:
    put_record(
        connection,
        cipher,
        kind=RESULT,
        id=result.delivery,
        body=result.as_json(),
        now=now,
        audiences=(DELIVERIES,),
    )


class ResultWatch:
    """Asks LINE when it is time and keeps the `result` records. A duty: `run` until told to stop."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], bell: NewsBell, insight: Insight
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._insight = insight
        self._asked: deque[datetime] = deque()
        self._taps_at: dict[str, datetime] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Look once a minute; no trouble with LINE or the store ends it."""
        while not stop.is_set():
            try:
                await self.run_once()
            except StoreUnavailable as trouble:
                _log.warning("results wait for the store: %s", trouble.reason)
            except Exception:
                _log.exception("results could not be renewed")
            try:
                async with asyncio.timeout(LOOK_EVERY):
                    await stop.wait()
            except TimeoutError:
                pass

    async def run_once(self) -> None:
        """Ask LINE about what is due, as far as the hour allows, and renew our own counts."""
        watched = await asyncio.to_thread(self._list)
        may_ask = True
        for each in watched:
            now = self._clock()
            if each.next_at <= now and (may_ask and self._is_within_the_hour(now)):
                may_ask = await self._look(each, now)
            elif now - self._taps_at.get(each.delivery, each.sent_at) >= _TAPS_EVERY:
                await asyncio.to_thread(self._renew, each, None, "", now)

    def _list(self) -> list[Watched]:
        with self._database.read() as connection:
            return list_watched(connection)

    def _is_within_the_hour(self, now: datetime) -> bool:
        while self._asked and now - self._asked[0] >= timedelta(hours=1):
            self._asked.popleft()
        return len(self._asked) < ASKED_AN_HOUR

    async def _look(self, watched: Watched, now: datetime) -> bool:
        """One due delivery; False when LINE must not be asked more for now."""
        if not await asyncio.to_thread(self._claim, watched, now):
            return True  # another worker has it
        interest, reason = None, ""
        if watched.unit or watched.request_id:
            self._asked.append(now)
            try:
                interest = await self._ask(watched, now)
            except LineError as error:
                reason = error.reason
                await asyncio.to_thread(self._put_off, watched, now)
        await asyncio.to_thread(self._renew, watched, interest, reason, now)
        return reason != "throttled"

    async def _ask(self, watched: Watched, now: datetime) -> Interest:
        if watched.request_id:
            return await self._insight.of_broadcast(watched.request_id)
        first = watched.sent_at.astimezone(JAPAN).date()
        last = min(now.astimezone(JAPAN).date(), first + timedelta(days=30))
        return await self._insight.of_unit(watched.unit, first, last)

    def _claim(self, watched: Watched, now: datetime) -> bool:
        with self._database.write() as connection:
            return claim_watch(connection, watched, _next_look(watched.sent_at, now))

    def _put_off(self, watched: Watched, now: datetime) -> None:
        claimed = _moved(watched, _next_look(watched.sent_at, now))
        with self._database.write() as connection:
            claim_watch(connection, claimed, min(claimed.next_at, now + _AFTER_TROUBLE))

    def _renew(self, watched: Watched, interest: Interest | None, reason: str, now: datetime) -> None:
        self._taps_at[watched.delivery] = now
        with self._database.write() as connection:
            known = find_result(connection, self._database.cipher, watched.delivery)
            if known is None:
                end_watch(connection, watched.delivery)
                return
            taps = [(link, self._open(link)) for link in list_links(connection, watched.delivery)]
            result = _renewed(known, interest, reason, taps, sent_at=watched.sent_at, now=now)
            if _is_over(watched.sent_at, now) and not reason:
                result = result.model_copy(update={"finished": True})
                end_watch(connection, watched.delivery)
            if result != known:
                put_result(connection, self._database.cipher, result, now)
                self._bell.ring()

    def _open(self, link: TappedLink) -> str:
        return self._database.cipher.open_text("links.url", link.token, link.url_sealed)


def _next_look(sent_at: datetime, now: datetime) -> datetime:
    looks = (sent_at + after for after in _LOOKS)
    return next((look for look in looks if look > now), now + timedelta(days=1))


def _is_over(sent_at: datetime, now: datetime) -> bool:
    return now >= sent_at + _LOOKS[-1]


def _moved(watched: Watched, next_at: datetime) -> Watched:
    return Watched(watched.delivery, watched.unit, watched.request_id, watched.sent_at, next_at)


def _renewed(
    known: DeliveryResult,
    interest: Interest | None,
    reason: str,
    taps: list[tuple[TappedLink, str]],
    *,
    sent_at: datetime,
    now: datetime,
) -> DeliveryResult:
    """The result with what is known now. What LINE said before stays where it says nothing new."""
    update: dict[str, object] = {
        "links": _links(known, interest, taps),
        "taps_by_hour": _by_hour([link for link, _ in taps]),
    }
    if interest is not None:
        update |= {
            "delivered": known.delivered if interest.delivered is None else interest.delivered,
            "opened": interest.opened,
            "clicked": interest.clicked,
            "reason": "not_ready_yet" if _is_too_early(known, interest, sent_at, now) else "",
            "fetched_at": now,
        }
    elif reason and known.fetched_at is None:
        update["reason"] = reason
    result = known.model_copy(update=update)
    if interest is None:
        return result
    today = now.astimezone(JAPAN).date()
    day = DayResult(
        day=today,
        delivered=result.delivered,
        opened=result.opened,
        clicked=result.clicked,
        taps=sum(link.taps for link in result.links),
    )
    days = (*(old for old in known.days if old.day != today), day)
    return result.model_copy(update={"days": days})


def _is_too_early(known: DeliveryResult, interest: Interest, sent_at: datetime, now: datetime) -> bool:
    """Whether nothing means that LINE has not counted yet: on the day of sending it does not mean few."""
    told = (interest.opened, interest.clicked, *(each.clicks for each in interest.clicks), known.opened)
    return japan_day(now) == japan_day(sent_at) and all(number is None for number in told)


def _links(
    known: DeliveryResult, interest: Interest | None, taps: list[tuple[TappedLink, str]]
) -> tuple[LinkResult, ...]:
    """Our own links first, each with LINE's count of the same; then addresses that only LINE counts."""
    told = list(interest.clicks) if interest is not None else []
    found = []
    for link, url in taps:
        before = next((old for old in known.links if (old.url, old.label) == (url, link.label)), None)
        same = [each for each in told if each.url.partition("?")[0].endswith(f"/{link.token}")]
        told = [each for each in told if each not in same]
        counted = (
            (before.line_clicks, before.line_people)
            if interest is None and before is not None
            else (_sum(each.clicks for each in same), _most(same))
        )
        found.append(
            LinkResult(
                url=url,
                label=link.label,
                taps=sum(link.taps.values()),
                line_clicks=counted[0],
                line_people=counted[1],
            )
        )
    if interest is None:
        ours = {(link.url, link.label) for link in found}
        return (*found, *(old for old in known.links if (old.url, old.label) not in ours))
    return (*found, *_only_line(told))


def _only_line(told: list[Clicks]) -> list[LinkResult]:
    urls = dict.fromkeys(each.url for each in told if each.url)
    same = {url: [each for each in told if each.url == url] for url in urls}
    return [
        LinkResult(url=url, line_clicks=_sum(each.clicks for each in found), line_people=_most(found))
        for url, found in same.items()
    ]


def _sum(numbers: object) -> int | None:
    known = [number for number in numbers if number is not None]  # type: ignore[attr-defined]
    return sum(known) if known else None


def _most(clicks: list[Clicks]) -> int | None:
    return max((each.people for each in clicks if each.people is not None), default=None)


def _by_hour(links: list[TappedLink]) -> dict[str, int]:
    hours: dict[str, int] = {}
    for link in links:
        for hour, count in link.taps.items():
            hours[hour] = hours.get(hour, 0) + count
    return dict(sorted(hours.items()))
