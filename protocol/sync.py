"""One sync round: changes up, results and records down. See `docs/architecture.md`, "One sync round"."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from protocol.audit import TreeHead
from protocol.changes import Change, ChangeResult
from protocol.deliveries import DeliveryDraft, Quota
from protocol.problems import Problem
from protocol.segments import Segment
from protocol.wire import Wire

CHANGES_LIMIT = 100
RECORDS_LIMIT = 1000
LONG_POLL_LIMIT = 25  # seconds; below the 30 s after which town proxies tend to cut a quiet connection

RECORD_KINDS = (
    "item",
    "delivery",
    "staff",
    "summary",
    "settings",
    "test_run",
    "department",
    "rights",
    "trust",
    "key",
    "wrap",
    "device",
    "notice",
    "contact_form",
    "submission",
    "group",
    "list",
    "code",
    "sending_rules",
    "holidays",
    "result",
    "waste",
    "waste_word",
)
"""A desktop keeps no record of a kind it does not know: a newer relay may have more."""

Environment = Literal["production", "test", "training"]


class Record(Wire):
    """The latest state of one fact, as one audience may see it.

    `seq` is its number in the stream of `audience`; a newer state of the same (kind, id) has a higher one.
    `body` is the JSON of: item → SegmentItem, delivery → Delivery, staff → StaffMember,
    summary → TownSummary, settings → TownSettings, test_run → TestRun; empty when `removed`.
    """

    kind: str
    id: str
    audience: str
    seq: int
    version: int
    removed: bool = False
    body: dict[str, Any] = Field(default_factory=dict)


class SyncRequest(Wire):
    """`cursor` holds the last `seq` seen per audience; an audience not named is sent from the start.

    `log_size`: size of the newest head of the audit log this desktop has checked.
    """

    protocol: int
    changes: tuple[Change, ...] = ()
    cursor: dict[str, int] = Field(default_factory=dict)
    wait_seconds: int = 0
    log_size: int = 0


class SyncResponse(Wire):
    """`cursor` replaces the desktop's, `lost` names audiences whose records must be forgotten.

    `more` asks for another round at once. `relay_time` lets the desktop notice a wrong clock.
    `left` is about how many records follow, for progress. `log` and `log_proof` (hex): the audit log now,
    and the proof that it grew out of `log_size`; a smaller size means that the relay went back in time.
    """

    results: tuple[ChangeResult, ...] = ()
    records: tuple[Record, ...] = ()
    cursor: dict[str, int] = Field(default_factory=dict)
    lost: tuple[str, ...] = ()
    more: bool = False
    left: int = 0
    relay: str
    relay_time: datetime
    log: TreeHead | None = None
    log_proof: tuple[str, ...] = ()


class TownSettings(Wire):
    """What every desktop shows about the relay it is on. Record kind `settings`, id `town`."""

    town_name: str = ""
    telephone: str = ""
    account_name: str = ""
    environment: Environment = "test"
    greeting: str = ""
    line_configured: bool = False


class Device(Wire):
    """One enrolled machine. Record kind `device`; seen by its owner and by administrators."""

    id: str
    staff: str
    name: str = ""
    added_at: datetime
    last_seen_at: datetime | None = None
    revoked: bool = False


class TownSummary(Wire):
    """What the home screen counts. Record kind `summary`, id `town`. Renewed at most every few seconds."""

    friends: int = 0
    blocked: int = 0
    answered: int = 0
    """Friends who answered at least one item."""
    followed_today: int = 0
    followed_week: int = 0
    as_of: datetime


class TestRun(Wire):
    """What became of a test delivery. Record kind `test_run`, id = that of the `delivery.test` change.

    Only `asked_by` sees it. People, not requests; nothing is a success before `finished`.
    """

    __test__ = False  # not a test, whatever a collector thinks of its name

    asked_by: str
    recipients: int
    accepted: int = 0
    refused: int = 0
    unknown: int = 0
    finished: bool = False
    reason: str = ""
    """A reason code: why somebody was not reached, or, before the end, what LINE is waited for."""


class CountRequest(Wire):
    """Ask `segment-count`: how many friends meet this segment now."""

    segment: Segment


class CountAnswer(Wire):
    """`few`: fewer than five or nobody, not told how many, and `count` is 0: lists with further conditions
    would tell what single people answered (decision 044).
    """

    count: int
    friends: int
    few: bool = False
    as_of: datetime


class PeopleRequest(Wire):
    """Ask `segment-people`: who meets this segment, without names."""

    segment: Segment


class PeopleAnswer(Wire):
    """Counts of friends who meet a segment. `choices`: item → choice → people; `ages`: item → first year of a
    band of ten → people; `languages`; `followed`: month YYYY-MM → people. Counts from 1 to 4 come as 0 with
    the key in `few`, so that nobody is found by narrowing down; of fewer than five people there is nothing
    but the count, and `few` holds `count` where that is as in `CountAnswer.few`.
    """

    count: int
    choices: dict[str, dict[str, int]] = Field(default_factory=dict)
    ages: dict[str, dict[str, int]] = Field(default_factory=dict)
    languages: dict[str, int] = Field(default_factory=dict)
    followed: dict[str, int] = Field(default_factory=dict)
    few: tuple[str, ...] = ()
    as_of: datetime


class CheckRequest(Wire):
    """Ask `delivery-check`: the dry run of a draft (SEG-12)."""

    draft: DeliveryDraft


class SimilarDelivery(Wire):
    """One that said the same not long ago, and how many of the recipients got it; 0: fewer than five."""

    delivery: str
    title: str
    sent_at: datetime
    people: int


class CheckAnswer(Wire):
    """What would happen now. `route`: reply never; `multicast`, `push` or `broadcast`. `languages`: people by
    the language they will read. `seconds`: about how long LINE's pace makes it. `moments`: the next ten.
    `needs_second`: by the town's rules somebody else must approve; `nobody_to_approve`: they would want that,
    but nobody else may, and so one person is enough. `warnings`: codes to be ticked.
    `few`: as in `CountAnswer`; what would tell more of them is left out. A language read by fewer than five
    counts 0.
    """

    count: int
    friends: int
    few: bool = False
    route: str
    calls: int
    seconds: int
    languages: dict[str, int] = Field(default_factory=dict)
    texts: int = 1
    """Different texts that placeholders and languages make of it."""
    quota: Quota | None = None
    quota_reason: str = ""
    moments: tuple[datetime, ...] = ()
    needs_second: bool = False
    nobody_to_approve: bool = False
    must_type_number: bool = False
    hold_seconds: int = 0
    warnings: tuple[str, ...] = ()
    similar: tuple[SimilarDelivery, ...] = ()
    problems: tuple[Problem, ...] = ()
    as_of: datetime


class Coupon(Wire):
    """A coupon that exists at LINE and is valid."""

    id: str
    title: str
    ends_at: datetime | None = None


class CouponsAnswer(Wire):
    """Ask `coupons` (no body). `reason`: why LINE could not be asked."""

    coupons: tuple[Coupon, ...] = ()
    reason: str = ""


class QuotaAnswer(Wire):
    """Ask `quota` (no body). `quota` None: LINE could not be asked, `reason` says why."""

    quota: Quota | None = None
    reason: str = ""


class ItemUseRequest(Wire):
    """Ask `item-use`: what would be lost if this item were deleted (SEG-1)."""

    item: str


class ItemUseAnswer(Wire):
    """`choices` maps choice id to the number of residents who chose it."""

    answers: int
    deliveries: int
    choices: dict[str, int] = Field(default_factory=dict)


class Refusal(Wire):
    """The body of every answer other than 2xx of the staff API. `reason` is a code both sides know."""

    reason: str
    retry_after: int | None = None
