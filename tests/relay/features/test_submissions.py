"""What residents send: sealed on receipt, numbered, once, opened by its departments alone. SEC-8, FORM-9."""

from __future__ import annotations

import secrets
import threading
from datetime import timedelta
from typing import Any

import pytest

from protocol.changes import SubmissionsOpened, SubmissionUpdate
from protocol.encoding import to_base64
from protocol.ids import new_id
from protocol.sealing import CannotOpen, copy_keys_hash
from protocol.staff import StaffMember
from protocol.submissions import ResidentCopy, Submission
from relay.errors import Refused
from relay.features.copies import GivenCopy
from relay.features.submissions import TELL_RESIDENT, find_word_troubles
from relay.store.database import Database
from relay.store.jobs import claim_job
from relay.store.submissions import find_copy, find_submission
from tests.conftest import Clock
from tests.relay.features.office import Office
from tests.relay.sections import Sections, open_form
from tests.relay.town import add_friends


@pytest.fixture
def sections(office: Office, database: Database, clock: Clock) -> Sections:
    sections = Sections(database, clock)
    for id in ("roads", "parks", "tax"):
        sections.add(id)
    return sections


@pytest.fixture
def resident(database: Database, clock: Clock) -> str:
    (user,) = add_friends(database, 1, clock())
    return user


@pytest.fixture
def ito(office: Office, sections: Sections) -> StaffMember:
    return office.add_person("ito", role="editor", departments=("roads",))


@pytest.fixture
def mori(office: Office, sections: Sections) -> StaffMember:
    return office.add_person("mori", role="editor", departments=("tax",))


def a_copy(*keys: str) -> GivenCopy:
    """As a page would make one, as far as the relay can see."""
    return GivenCopy(
        nonce=to_base64(secrets.token_bytes(12)),
        body=to_base64(secrets.token_bytes(1040)),
        wraps={key: to_base64(secrets.token_bytes(113)) for key in keys},
    )


def update(office: Office, who: StaffMember, submission: Submission, based_on: int, **values: object) -> str:
    payload = SubmissionUpdate.parse({"submission": submission.id, "state": "working", **values})
    return office.do(who, "submission.update", payload, based_on).reason


def test_only_the_departments_named_see_and_open_what_arrived(
    office: Office, sections: Sections, resident: str, ito: StaffMember, mori: StaffMember, sato: StaffMember
) -> None:
    sent = sections.arrive(resident, ("parks", "roads"), "道路に穴があいています。")
    body = office.records(ito, "submission")[sent.id].body
    seen = Submission.parse(body)
    assert (seen.number, seen.state, seen.object) == ("2026-000001", "new", "contact:roads")
    for department in ("roads", "parks"):
        assert sections.open(seen.sealed, department)["text"] == "道路に穴があいています。"
    with pytest.raises(CannotOpen):
        sections.open(seen.sealed, "tax")
    assert office.records(mori, "submission") == {}
    assert office.records(sato, "submission") == {}, "an administrator without the department sees none"
    assert "道路に穴" not in str(body)


def test_numbers_follow_each_other_and_begin_anew_with_the_year_in_japan(
    sections: Sections, resident: str, clock: Clock
) -> None:
    assert [sections.arrive(resident, ("roads",)).number for _ in range(2)] == ["2026-000001", "2026-000002"]
    clock.now = clock.now.replace(month=12, day=31, hour=14, minute=59)
    assert sections.arrive(resident, ("roads",)).number == "2026-000003"
    clock.forward(minutes=2)
    assert sections.arrive(resident, ("roads",)).number == "2027-000001"


def test_the_same_form_sent_twice_arrives_once(
    office: Office, sections: Sections, resident: str, ito: StaffMember, clock: Clock
) -> None:
    id = new_id(clock())
    first = sections.arrive(resident, ("roads",), id=id)
    again = sections.arrive(resident, ("roads",), "ほかの文", id=id)
    assert again == first
    (stranger,) = add_friends(sections.database, 1, clock(), start=5)
    with pytest.raises(Refused):
        sections.arrive(stranger, ("roads",), id=id)
    with pytest.raises(Refused):
        sections.arrive(resident, ("roads",), id="../x")
    assert len(office.records(ito, "submission")) == 1


def test_two_copies_of_a_form_at_the_same_moment_arrive_once(
    office: Office, sections: Sections, resident: str, ito: StaffMember, clock: Clock
) -> None:
    id = new_id(clock())
    threads = [
        threading.Thread(target=lambda: sections.arrive(resident, ("parks", "roads"), id=id))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert office.records(ito, "submission")[id].version == 1
    assert sections.arrive(resident, ("roads",)).number == "2026-000002"


def test_whoever_sends_too_much_is_stopped_for_an_hour_and_a_repeat_does_not_count(
    sections: Sections, resident: str, clock: Clock
) -> None:
    first = sections.arrive(resident, ("roads",))
    for _ in range(9):
        sections.arrive(resident, ("roads",))
    with pytest.raises(Refused) as refused:
        sections.arrive(resident, ("roads",))
    assert refused.value.reason == "throttled"
    assert sections.arrive(resident, ("roads",), id=first.id) == first
    (other,) = add_friends(sections.database, 1, clock(), start=7)
    sections.arrive(other, ("roads",))
    clock.forward(minutes=61)
    sections.arrive(resident, ("roads",))


def test_a_department_without_a_key_receives_nothing_in_the_clear(sections: Sections, resident: str) -> None:
    sections.add("new", with_key=False)
    with pytest.raises(Refused) as refused:
        sections.arrive(resident, ("new", "roads"))
    assert refused.value.reason == "no_department_key"


def test_the_copy_keeps_only_wraps_to_keys_in_use(
    office: Office, sections: Sections, resident: str, ito: StaffMember
) -> None:
    old = sections.key_of["roads"]
    new = sections.renew_key("roads")
    sent = sections.arrive(resident, ("roads",), copy=a_copy(old, new))
    assert sent.copy_wraps.keys() == {new} and sent.copy_version == 1
    assert sections.arrive(resident, ("roads",)).copy_version == 0


def test_the_seal_says_for_whom_it_is_and_which_copy_keys_came_with_it(
    sections: Sections, resident: str
) -> None:
    old, new = sections.key_of["roads"], sections.renew_key("roads")
    sent = sections.arrive(resident, ("roads", "parks"), copy=a_copy(old, new))
    assert sent.departments == sent.sealed.header.departments == ("parks", "roads")
    assert sent.sealed.header.copy_keys == copy_keys_hash(sent.copy_wraps) != ""
    assert sections.open(sent.sealed, "roads")["topic"] == "道路"
    assert sections.arrive(resident, ("roads",)).sealed.header.copy_keys == ""


def test_staff_write_back_and_the_copy_is_renewed_in_order(
    office: Office, sections: Sections, resident: str, ito: StaffMember
) -> None:
    sent = sections.arrive(resident, ("parks", "roads"), copy=a_copy(sections.key_of["roads"]))
    part = sections.staff_part(sent, note="現地を見た", reply="直します。")
    copy = a_copy()
    renewed = ResidentCopy(version=2, nonce=copy.nonce, body=copy.body)
    assert update(office, ito, sent, 1, staff_part=part, renewed_copy=renewed, state="done") == ""
    now = sections.submission(sent.id)
    assert (now.state, now.updated_by, now.copy_version) == ("done", ito.id, 2)
    assert now.staff_part is not None
    assert sections.open(now.staff_part, "parks") == {"note": "現地を見た", "reply": "直します。"}
    assert now.sealed == sent.sealed
    with office.database.read() as connection:
        stored, kept = find_submission(connection, sent.id), find_copy(connection, sent.id)
    assert stored is not None and (stored.state, kept) == ("done", renewed)
    assert update(office, ito, sent, 1) == "version_conflict"
    again = renewed.model_copy(update={"version": 2})
    assert update(office, ito, sent, 2, renewed_copy=again) == "version_conflict"
    assert update(office, ito, sent, 2, state="working") == ""
    assert sections.submission(sent.id).staff_part == part, "what was written stays"


def test_a_copy_that_never_was_cannot_be_renewed(
    office: Office, sections: Sections, resident: str, ito: StaffMember
) -> None:
    sent = sections.arrive(resident, ("roads",))
    copy = a_copy()
    renewed = ResidentCopy(version=1, nonce=copy.nonce, body=copy.body)
    assert update(office, ito, sent, 1, renewed_copy=renewed) == "not_found"
    broken = renewed.model_copy(update={"nonce": "x", "version": 2})
    with_copy = sections.arrive(resident, ("roads",), copy=a_copy())
    assert (
        update(office, ito, with_copy, 1, renewed_copy=broken.model_copy(update={"version": 2}))
        == "malformed"
    )


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"town": "another"}, "other_town"),
        ({"part": "answer"}, "malformed"),
        ({"id": "another"}, "malformed"),
        ({"object": "contact:tax"}, "malformed"),
        ({"suite": "none"}, "other_suite"),
        ({"departments": ()}, "malformed"),
        ({"departments": ("roads", "tax")}, "malformed"),
    ],
)
def test_a_staff_part_of_another_place_is_refused(
    office: Office,
    sections: Sections,
    resident: str,
    ito: StaffMember,
    header: dict[str, Any],
    reason: str,
) -> None:
    sent = sections.arrive(resident, ("roads",))
    assert update(office, ito, sent, 1, staff_part=sections.staff_part(sent, **header)) == reason


def test_a_staff_part_must_be_sealed_to_every_department_and_to_nobody_else(
    office: Office, sections: Sections, resident: str, ito: StaffMember
) -> None:
    sent = sections.arrive(resident, ("parks", "roads"))
    part = sections.staff_part(sent)
    to_all = part.model_copy(update={"wraps": {**part.wraps, sections.key_of["tax"]: "AAAA"}})
    assert update(office, ito, sent, 1, staff_part=to_all) == "key_unknown"
    one = {sections.key_of["roads"]: part.wraps[sections.key_of["roads"]]}
    assert update(office, ito, sent, 1, staff_part=part.model_copy(update={"wraps": one})) == "key_missing"
    sections.renew_key("parks")
    assert update(office, ito, sent, 1, staff_part=part) == "key_unknown", "its key was replaced meanwhile"
    assert update(office, ito, sent, 1, staff_part=sections.staff_part(sent)) == ""


def test_another_department_a_viewer_and_one_that_may_only_look_change_nothing(
    office: Office, sections: Sections, resident: str, ito: StaffMember, mori: StaffMember, sato: StaffMember
) -> None:
    viewer = office.add_person("ono", role="viewer", departments=("roads",))
    looker = office.add_person("abe", role="editor", departments=("parks",))
    sections.add_form(open_form(roads="edit", parks="view"))
    sent = sections.arrive(resident, ("parks", "roads"))
    for who in (mori, viewer, looker, sato):
        assert update(office, who, sent, 1) == "not_allowed"
    assert update(office, ito, sent, 1) == ""
    unknown = sent.model_copy(update={"id": new_id(office.clock())})
    assert update(office, ito, unknown, 1) == "not_found"


def test_only_own_submissions_can_be_said_to_have_been_opened(
    office: Office, sections: Sections, resident: str, ito: StaffMember, mori: StaffMember
) -> None:
    sent = sections.arrive(resident, ("roads",))

    def opened(who: StaffMember, *ids: str) -> str:
        return office.do(who, "submissions.opened", SubmissionsOpened(submissions=ids)).reason

    assert opened(ito, sent.id) == ""
    assert opened(mori, sent.id) == "not_allowed"
    assert opened(ito, sent.id, new_id(office.clock())) == "not_allowed"
    assert opened(ito) == "malformed"


def test_telling_the_resident_leaves_one_job_with_its_retry_key(
    office: Office, sections: Sections, resident: str, ito: StaffMember, clock: Clock
) -> None:
    sent = sections.arrive(resident, ("roads",))
    payload = SubmissionUpdate(submission=sent.id, state="working", notify=True)
    change = office.change(ito, "submission.update", payload, 1)
    for _ in range(3):  # the answer got lost twice
        office.rounds.apply(ito, (change,))
    with office.database.write() as connection:
        claim = {"owner": "w", "now": clock(), "lease_until": clock() + timedelta(minutes=2)}
        job = claim_job(connection, [TELL_RESIDENT], **claim)  # type: ignore[arg-type]
        assert job is not None and job.subject.startswith(f"{sent.id}/")
        assert claim_job(connection, [TELL_RESIDENT], **claim) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("topic", "text", "troubles"),
    [
        ("", "道路に穴があいています。", {}),
        ("", " \n", {"text": "text_missing"}),
        ("あ" * 81, "あ", {"topic": "text_too_long"}),
        ("", "あ" * 2001, {"text": "text_too_long"}),
        ("", "あ" + "\u3099" * 9000, {"text": "text_too_long"}),
        ("", "番号は 1234 5678 9018 です", {"text": "my_number"}),
        ("１２３４５６７８９０１８", "あ", {"topic": "my_number"}),
    ],
)
def test_words_that_cannot_be_taken_are_named(topic: str, text: str, troubles: dict[str, str]) -> None:
    assert find_word_troubles(topic, text) == troubles
