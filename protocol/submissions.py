"""What residents send in (「届いたもの」), and the contact forms (「問い合わせの窓口」) they send it through.

The relay knows number, form, departments, time and state; what was written is sealed. Requirements: SEC-8,
FORM-9, ADM-1.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from protocol.counting import grapheme_count
from protocol.problems import Problem
from protocol.rights import Level
from protocol.sealed_files import SealedFile
from protocol.sealing import SealedRecord
from protocol.wire import Wire

SubmissionState = Literal["new", "working", "done"]
"""未対応, 対応中, 完了."""

FORM_TITLE_LIMIT = 40
FORM_GUIDE_LIMIT = 400
TOPIC_LIMIT = 80
TEXT_LIMIT = 2000
REPLY_LIMIT = 2000
FREE_TEXT_LIMIT = 400
PHOTO_LIMIT = 3
COPY_KEY_BYTES = 32


class ContactForm(Wire):
    """A small form of one or more departments: topic, text, photos. Record kind `contact_form`.

    `access` maps department → level (`view`, `edit`): those departments' keys open what arrives (FORM-9).
    `purpose` is shown to the resident (personal-data law, SEC-12).
    """

    id: str
    title: str
    guide: str = ""
    purpose: str = ""
    access: dict[str, Level] = Field(default_factory=dict)
    photos: bool = False
    is_open: bool = False


class Submission(Wire):
    """One thing a resident sent. Record kind `submission`, audiences: the departments it names.

    `number` is what the resident quotes, such as `2026-000123`. `object`: `contact:<form>` or `item:<item>`.
    `resident`: the random id that stands for the person. `staff_part` is what staff wrote about it, sealed by
    a desktop to the same departments. `copy_wraps`: department key id → the resident copy's key, sealed in
    the resident's browser, so that the relay never holds it. `copy_version` counts renewals of the copy.
    """

    id: str
    number: str
    object: str
    title: str = ""
    departments: tuple[str, ...]
    received_at: datetime
    state: SubmissionState = "new"
    resident: str = ""
    sealed: SealedRecord
    staff_part: SealedRecord | None = None
    copy_wraps: dict[str, str] = Field(default_factory=dict)
    copy_version: int = 0
    updated_at: datetime | None = None
    updated_by: str = ""


class SubmittedContent(Wire):
    """What lies sealed in `Submission.sealed`. A free-text answer has a `text` and no topic."""

    topic: str = ""
    text: str = ""
    files: tuple[SealedFile, ...] = ()


class StaffContent(Wire):
    """What lies sealed in `Submission.staff_part`: the note stays inside, the reply the resident reads."""

    note: str = ""
    reply: str = ""


class ResidentCopy(Wire):
    """What the resident's own page decrypts: AES-256-GCM under the copy's key, all base64.

    Associated data is `copy_bound_to(submission, version)`. The content is JSON of `CopyContent`.
    """

    version: int
    nonce: str
    body: str


class CopyContent(Wire):
    topic: str = ""
    text: str = ""
    reply: str = ""
    photos: int = 0


def copy_bound_to(submission: str, version: int) -> bytes:
    """Associated data of a resident copy; the page builds the same bytes."""
    return f"madoguchi copy 1\n{submission}\n{version}".encode()


def copy_key_info(submission: str) -> bytes:
    """HPKE info of the copy's key sealed to a department; the page builds the same bytes."""
    return f"madoguchi copy key 1\n{submission}".encode()


def find_contact_form_problems(form: ContactForm) -> tuple[Problem, ...]:
    """Why a contact form cannot be saved; empty when it can."""
    problems: list[Problem] = []
    if not form.title.strip():
        problems.append(Problem(code="text_missing", at="title"))
    limits: tuple[tuple[str, str, int], ...] = (
        ("title", form.title, FORM_TITLE_LIMIT),
        ("guide", form.guide, FORM_GUIDE_LIMIT),
        ("purpose", form.purpose, FORM_GUIDE_LIMIT),
    )
    for at, text, limit in limits:
        if grapheme_count(text) > limit:
            problems.append(Problem(code="text_too_long", at=at, limit=limit))
    if form.is_open and not form.purpose.strip():
        problems.append(Problem(code="text_missing", at="purpose"))
    if not any(level != "none" for level in form.access.values()):
        problems.append(Problem(code="department_missing", at="access"))
    return tuple(problems)


def find_content_problems(content: dict[str, Any]) -> tuple[Problem, ...]:
    """Why what a resident wrote cannot be taken; the same on the page and at the relay."""
    problems: list[Problem] = []
    text, topic = str(content.get("text", "")), str(content.get("topic", ""))
    if not text.strip():
        problems.append(Problem(code="text_missing", at="text"))
    if grapheme_count(text) > TEXT_LIMIT:
        problems.append(Problem(code="text_too_long", at="text", limit=TEXT_LIMIT))
    if grapheme_count(topic) > TOPIC_LIMIT:
        problems.append(Problem(code="text_too_long", at="topic", limit=TOPIC_LIMIT))
    return tuple(problems)
