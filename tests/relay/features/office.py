"""An office without a network: accounts, signed changes and rounds, straight at the relay's own door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from protocol.changes import Change, ChangeResult, MemberSave, _signed_bytes, make_change
from protocol.deliveries import Delivery, DeliveryDraft, Quota
from protocol.delivery_changes import DeliverySave
from protocol.encoding import to_base64
from protocol.ids import new_id
from protocol.items import Choice, SegmentItem
from protocol.rights import Function, Level, RightsGrid
from protocol.sending_rules import SendingRules
from protocol.signin import PassphraseCost, StaffKeys, new_staff_keys
from protocol.staff import Department, MemberState, Role, StaffMember
from protocol.sync import Record
from protocol.wire import Wire
from relay.errors import LineError
from relay.features.changes import door_changes, people_changes, plain_changes, sealed_changes
from relay.features.checking import Checking
from relay.features.files import Files
from relay.features.freezing import Freezing
from relay.features.lists import ListFilling
from relay.features.moments import Moments
from relay.features.news import NewsBell
from relay.features.quota import QuotaReader
from relay.features.segments import SegmentIndex
from relay.features.sending import Sending
from relay.features.staff import member_of, publish_member
from relay.features.sync import SyncRounds
from relay.line.payloads import message_payloads
from relay.store.database import Database
from relay.store.records import find_record, put_record
from relay.store.staff import StaffAccount, add_account, find_account

AT_ONCE = SendingRules(
    second_person_from=0,
    second_person_everyone=False,
    hold_seconds=0,
    type_number_from=0,
    quiet_from="00:00",
    quiet_until="00:00",
    same_within_days=0,
    stale_after_hours=0,
)
"""The rules of a town that sends without holding, asking or being asked: for tests about something else."""


class Office:
    """The parts of a relay that staff meet, on one store. `quota`: what LINE would say; None: it is away.

    Its town saved `AT_ONCE`, if the store is new; `set_rules` saves others.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self.database = database
        self.clock = clock
        self.quota: Quota | None = Quota(limit=5000, used=0)
        self.bell = NewsBell()
        self.index = SegmentIndex(database, clock)
        self.files = Files(database, clock, public_url="https://relay.example")
        quota = QuotaReader(self._ask_quota, clock)
        self.sending = Sending(
            database,
            clock,
            self.index,
            quota,
            Freezing(database, clock, self.index, quota, self.files, message_payloads),
        )
        self.moments = Moments(database, clock, self.bell, self.index, self.sending.freezing)
        self.checking = Checking(database, clock, self.index, quota, self.sending.freezing, per_second=200)
        with database.read() as connection:
            has_rules = find_record(connection, database.cipher, "sending_rules", "town") is not None
        if not has_rules:
            self.set_rules(AT_ONCE)
        stages = {
            **plain_changes(database.cipher, clock),
            **people_changes(database.cipher, clock),
            **door_changes(database.cipher, clock),
            **sealed_changes(database, clock),
            **self.sending.changes(),
            "list.fill": ListFilling(database, clock, self.index).fill,
        }
        self.rounds = SyncRounds(database, clock, stages, self.bell, records_limit=20)
        self._keys: dict[str, StaffKeys] = {}

    def add_person(
        self,
        login_name: str = "sato",
        *,
        role: Role = "admin",
        state: MemberState = "active",
        departments: tuple[str, ...] = (),
    ) -> StaffMember:
        """Somebody with keys and an account, however it came about."""
        keys = new_staff_keys()
        account = StaffAccount(
            id=new_id(self.clock()),
            login_name=login_name,
            display_name=login_name,
            role=role,
            cost=PassphraseCost(salt="x"),
            login_key_hash=b"",
            sign_key=to_base64(keys.sign_public),
            seal_key=to_base64(keys.seal_public),
            wrapped_keys="",
            state=state,
            departments=departments,
        )
        with self.database.write() as connection:
            add_account(connection, self.database.cipher, account, now=self.clock())
            publish_member(connection, self.database.cipher, member_of(account), self.clock())
        self._keys[account.id] = keys
        return member_of(account)

    def add_department(self, id: str, name: str = "福祉課") -> None:
        """A department without anybody's change."""
        self.put("department", id, Department(id=id, name=name).as_json())

    def set_grid(self, cells: dict[Role, dict[Function, Level]]) -> None:
        """The town's grid of rights, without anybody's change."""
        self.put("rights", "town", RightsGrid(cells=cells).as_json())

    def set_rules(self, rules: SendingRules) -> None:
        """The town's rules of sending, without anybody's change."""
        self.put("sending_rules", "town", rules.as_json())

    def keys_of(self, who: StaffMember) -> StaffKeys:
        return self._keys[who.id]

    def member(self, id: str) -> StaffMember:
        """The person as the account is now."""
        with self.database.read() as connection:
            account = find_account(connection, self.database.cipher, id)
        assert account is not None
        return member_of(account)

    def change(self, who: StaffMember, kind: str, payload: Wire, based_on: int = 0, **more: Any) -> Change:
        values = {"now": self.clock(), "relay": self.database.relay_id, "key": self._keys[who.id].sign}
        return make_change(kind, payload, based_on=based_on, staff=who.id, **{**values, **more})

    def sign_again(self, change: Change) -> Change:
        """The change as its person could have signed it, whatever was altered in it."""
        signature = self._keys[change.staff].sign.sign(_signed_bytes(change))
        return change.model_copy(update={"signature": to_base64(signature)})

    def do(self, who: StaffMember, kind: str, payload: Wire, based_on: int = 0) -> ChangeResult:
        (result,) = self.rounds.apply(who, (self.change(who, kind, payload, based_on),))
        return result

    def reason(self, who: StaffMember, kind: str, payload: Wire, based_on: int = 0) -> str:
        """As `do`: why it was refused, "" when it was applied."""
        return self.do(who, kind, payload, based_on).reason

    def put(self, kind: str, id: str, body: dict[str, Any], audiences: Sequence[str] = ("town",)) -> None:
        """A record as it came about elsewhere."""
        with self.database.write() as connection:
            put_record(
                connection,
                self.database.cipher,
                kind=kind,
                id=id,
                body=body,
                now=self.clock(),
                audiences=audiences,
            )

    def seen(self, who: StaffMember, kind: str) -> dict[str, Record]:
        """As `records`, without what was removed."""
        return {id: record for id, record in self.records(who, kind).items() if not record.removed}

    def records(self, who: StaffMember, kind: str) -> dict[str, Record]:
        """All records of a kind, read in pages from the start."""
        cursor: dict[str, int] = {}
        found: dict[str, Record] = {}
        while True:
            news = self.rounds.news(who, cursor)
            cursor = news.cursor
            found |= {record.id: record for record in news.records if record.kind == kind}
            if not news.more:
                return found

    def delivery(self, who: StaffMember, id: str) -> Delivery:
        return Delivery.parse(self.records(who, "delivery")[id].body)

    def _ask_quota(self) -> Quota:
        if self.quota is None:
            raise LineError(status=None, permanent=False, reason="line_unreachable")
        return self.quota


def district_item(id: str = "item-district", labels: Sequence[str] = ("川北", "川南")) -> SegmentItem:
    choices = tuple(Choice(id=f"{id}-{number}", label=label) for number, label in enumerate(labels))
    return SegmentItem(
        id=id, kind="single", title="地区", question="お住まいの地区はどこですか。", choices=choices
    )


def new_draft(id: str) -> DeliverySave:
    return DeliverySave(draft=DeliveryDraft(id=id, title="お知らせ"))


def save_of(who: StaffMember, **more: Any) -> MemberSave:
    """What the window sends when something about this person is changed."""
    values: dict[str, Any] = {
        "login_name": who.login_name,
        "display_name": who.display_name,
        "role": who.role,
        "departments": who.departments,
    }
    return MemberSave(staff=who.id, **{**values, **more})
