"""One change of every kind for the matrix of rights, each such that it leaves the world as it is."""

from __future__ import annotations

from datetime import timedelta

from protocol.certificates import DepartmentKey, DirectoryCertificate, StaffCertificate, Trust
from protocol.changes import (
    ContactFormRemove,
    ContactFormSave,
    DepartmentRemove,
    DepartmentSave,
    DeviceRevoke,
    ExportMade,
    GreetingSave,
    ItemMerge,
    ItemRemove,
    ItemSave,
    ItemsReorder,
    KeyPublish,
    LineLinkRemove,
    LineLinkStart,
    MemberConfirm,
    MemberLeave,
    MemberSave,
    NoticeDismiss,
    RightsSave,
    SubmissionsOpened,
    SubmissionUpdate,
    TownSave,
    TrustPractised,
    TrustPublish,
    WrapAdd,
)
from protocol.deliveries import DeliveryDraft
from protocol.delivery_changes import (
    CodesAdd,
    CodesRevoke,
    DeliveryArchive,
    DeliveryAsk,
    DeliveryCancel,
    DeliveryRemove,
    DeliveryResume,
    DeliveryReturn,
    DeliverySave,
    DeliverySend,
    DeliveryStop,
    DeliveryTest,
    GroupRemove,
    GroupSave,
    HolidaysSave,
    ListChange,
    ListFill,
    ListRemove,
    ListSave,
    SendingRulesSave,
    WasteSave,
    WasteWordsPut,
)
from protocol.lists import ResidentList, SegmentGroup
from protocol.rights import RightsGrid
from protocol.schedules import Holidays
from protocol.segments import Everyone
from protocol.sending_rules import SendingRules
from protocol.staff import Department
from protocol.submissions import ContactForm
from protocol.waste import WasteCalendar
from protocol.wire import Wire
from tests.relay.features.office import district_item
from tests.relay.rights_world import INSIDE, Person, World

NOBODY = "0192f0c0-0000-7000-8000-00000000dead"


def payloads(world: World, person: Person) -> dict[str, tuple[Wire, int]]:
    """One change of every kind, refused for its content where that leaves the world as it is."""
    now, things = world.clock(), person.things
    draft = DeliveryDraft(id=NOBODY, title="x")
    form = ContactForm(id=things["form to save"], title="新しい題", access={INSIDE: "edit"})
    certificate = StaffCertificate(staff=NOBODY, sign_key="", seal_key="", issued_at=now, directory="")
    directory = DirectoryCertificate(key="", recovery="", issued_at=now)
    trust = Trust(root="", directory=directory, recovery="", recovery_box="", directory_recovery="")
    key = DepartmentKey(
        id=NOBODY, department=INSIDE, year=2026, public="", recovery_wrap="", issued_at=now, directory=""
    )
    member = MemberSave(staff=NOBODY, login_name="x", display_name="x", role="viewer")
    return {
        "item.save": (ItemSave(item=district_item()), 9),
        "item.remove": (ItemRemove(item="x"), 9),
        "items.reorder": (ItemsReorder(items=()), 0),
        "item.merge": (ItemMerge(item="x", choice="x", into="y"), 9),
        "group.save": (GroupSave(group=SegmentGroup(id="x", name="x", segment=Everyone())), 9),
        "group.remove": (GroupRemove(group="x"), 9),
        "list.save": (ListSave(list=ResidentList(id="x", name="x", kind="tag")), 9),
        "list.remove": (ListRemove(list="x"), 9),
        "list.fill": (ListFill(list="x", segment=Everyone()), 0),
        "list.change": (ListChange(list="x"), 0),
        "codes.add": (CodesAdd(codes=()), 0),
        "codes.revoke": (CodesRevoke(list="x", codes=()), 0),
        "greeting.save": (GreetingSave(text="x"), 99),
        "delivery.save": (DeliverySave(draft=draft), 9),
        "delivery.remove": (DeliveryRemove(delivery="x"), 9),
        "delivery.test": (DeliveryTest(draft=draft, staff=()), 0),
        "delivery.send": (DeliverySend(delivery="x", recipients_seen=1), 9),
        "delivery.ask": (DeliveryAsk(delivery="x"), 9),
        "delivery.return": (DeliveryReturn(delivery="x", reason="x"), 9),
        "delivery.stop": (DeliveryStop(delivery="x"), 9),
        "delivery.cancel": (DeliveryCancel(delivery="x"), 9),
        "delivery.archive": (DeliveryArchive(delivery="x"), 9),
        "delivery.resume": (DeliveryResume(delivery="x"), 9),
        "sending_rules.save": (SendingRulesSave(rules=SendingRules()), 99),
        "holidays.save": (HolidaysSave(holidays=Holidays()), 99),
        "waste.save": (WasteSave(calendar=WasteCalendar()), 99),
        "waste_words.put": (WasteWordsPut(), 0),
        "line_link.start": (LineLinkStart(code_hash="0" * 64, expires_at=now - timedelta(hours=1)), 0),
        "line_link.remove": (LineLinkRemove(), 0),
        "town.save": (TownSave(town_name="x"), 99),
        "department.save": (DepartmentSave(department=Department(id="x", name="x")), 9),
        "department.remove": (DepartmentRemove(department="x"), 9),
        "member.save": (member, 9),
        "member.confirm": (MemberConfirm(certificate=certificate), 0),
        "member.leave": (MemberLeave(staff=NOBODY), 0),
        "rights.save": (RightsSave(grid=RightsGrid()), 99),
        "trust.publish": (TrustPublish(trust=trust), 0),
        "trust.practised": (TrustPractised(), 0),
        "key.publish": (KeyPublish(key=key, wraps=()), 0),
        "wrap.add": (WrapAdd(wraps=()), 0),
        "device.revoke": (DeviceRevoke(device="nowhere"), 0),
        "contact_form.save": (ContactFormSave(form=form), 1),
        "contact_form.remove": (ContactFormRemove(form=things["form to remove"]), 1),
        "submission.update": (
            SubmissionUpdate(submission=things["submission to update"], state="working"),
            1,
        ),
        "submissions.opened": (SubmissionsOpened(submissions=(things["submission to open"],)), 0),
        "export.made": (ExportMade(what="submissions", count=1), 0),
        "notice.dismiss": (NoticeDismiss(notice="x"), 0),
    }
