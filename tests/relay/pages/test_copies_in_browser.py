"""The resident copy in a real browser: its key stays in the phone, the departments open it, staff renew it.

SEC-8, SEC-3, SEC-4; RFC 9180 by WebCrypto against the vectors and against `cryptography`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from playwright.sync_api import Page
from sqlalchemy import select

from protocol.encoding import from_base64, to_base64
from protocol.items import SegmentItem
from protocol.keys import hpke_open, point_text
from protocol.submissions import (
    CopyContent,
    ResidentCopy,
    Submission,
    copy_bound_to,
    copy_key_info,
)
from protocol.sync import RECORD_KINDS
from relay.features.submissions import SUBMISSION
from relay.store.database import Database, open_database
from relay.store.metadata import metadata
from relay.store.records import list_bodies
from relay.store.submissions import find_copy, renew_copy, set_submission_state
from tests.relay.canaries import forms_of
from tests.relay.conftest import HOST_KEY
from tests.relay.counter import Counter, running_counter, sample_items, save_items, utc_now
from tests.relay.pages.browsing import OpenPage, targets_under, violations
from tests.relay.pages.visitor import COOKIE, Visitor, friend_of
from tests.relay.pictures import png
from tests.relay.sections import Sections, open_form

FREE = "01900000-0000-7000-8000-0000000000f1"
HPKE = Path(__file__).parents[3] / "resources" / "pages" / "static" / "hpke.js"
_LOADED = """() => ["navigation", "resource"].flatMap((kind) => performance.getEntriesByType(kind))
  .reduce((sum, entry) => sum + entry.encodedBodySize, 0)"""
TEXT = "<b>穴</b>が🕳️あいています。\n葛󠄀葉橋の手前です。"


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Counter]:
    database = open_database(f"sqlcipher:{tmp_path / 'relay.db'}", HOST_KEY)
    with running_counter(database, tmp_path) as running:
        yield running
    database.close()


@pytest.fixture
def sections(embedded: Counter) -> Sections:
    sections = Sections(embedded.database, utc_now)
    sections.add("roads", "道路課")
    sections.add("parks", "公園課")
    sections.add_form(open_form("roads", roads="edit", parks="view", photos=True))
    free = SegmentItem(
        id=FREE,
        kind="text",
        title="ご要望",
        question="お書きください。",
        access={"parks": "edit"},
        position=9,
    )
    save_items(embedded.database, *sample_items()[:1], free)
    return sections


def enter(counter: Counter, page: Page, path: str) -> Any:
    """A friend opens a page from the talk."""
    phone = friend_of(counter)
    page.goto(f"{counter.sandbox_url}/liff/{counter.liff_id}/{path}?as={phone.user_id}")
    page.wait_for_selector("main:not(:has(#enter))")
    assert page.url == f"{counter.url}/pages/{path}"
    return phone


def watch(page: Page, sent: list[str], problems: list[str]) -> None:
    """Notes everything that leaves the browser, and what the browser complains about."""
    page.on("request", lambda request: sent.append(f"{request.url} {request.headers} {posted(request)}"))
    page.on("console", lambda m: problems.append(m.text) if "Content Security" in m.text else None)
    page.on("pageerror", lambda error: problems.append(str(error)))


def posted(request: Any) -> str:
    body = request.post_data_buffer
    return "" if body is None else bytes(body).decode("utf-8", "replace")


def only_submission(database: Database) -> Submission:
    with database.read() as connection:
        (body,) = list_bodies(connection, database.cipher, SUBMISSION)
    return Submission.parse(body)


def open_copy(database: Database, sent: Submission, key: bytes) -> CopyContent:
    """What staff see of the copy with the key a wrap gave them."""
    with database.read() as connection:
        copy = find_copy(connection, sent.id)
    assert copy is not None
    bound = copy_bound_to(sent.id, copy.version)
    return CopyContent.parse(AESGCM(key).decrypt(from_base64(copy.nonce), from_base64(copy.body), bound))


def everything_stored(database: Database) -> bytes:
    """Each value of each table, records opened with the relay's own key: all it could ever tell."""
    with database.read() as connection:
        rows = [row for table in metadata.sorted_tables for row in connection.execute(select(table))]
        opened = [list_bodies(connection, database.cipher, kind) for kind in RECORD_KINDS]
    values = [value for row in rows for value in row] + [json.dumps(opened)]
    return b"\n".join(value if isinstance(value, bytes) else str(value).encode() for value in values)


def renew(database: Database, sent: Submission, key: bytes, content: CopyContent, version: int) -> None:
    """As a desktop renews it: the relay takes only ciphertext."""
    nonce = os.urandom(12)
    body = AESGCM(key).encrypt(nonce, json.dumps(content.as_json()).encode(), copy_bound_to(sent.id, version))
    copy = ResidentCopy(version=version, nonce=to_base64(nonce), body=to_base64(body))
    with database.write() as connection:
        renew_copy(connection, sent.id, copy)
        set_submission_state(connection, sent.id, "done")


def test_a_copy_made_on_the_phone_is_read_there_and_renewed_by_staff(
    embedded: Counter, sections: Sections, open_page: OpenPage
) -> None:
    sent_out: list[str] = []
    problems: list[str] = []
    page = open_page(viewport={"width": 375, "height": 700})
    watch(page, sent_out, problems)
    phone = enter(embedded, page, "contact")
    assert violations(page) == [] and targets_under(page, 44) == []
    picture(page, "contact")
    page.get_by_role("link", name="道路のこと").click()
    page.wait_for_selector("form")
    assert violations(page) == [] and targets_under(page, 44) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_label("件名").fill("道路")
    page.locator("#f-text").fill(TEXT)
    page.set_input_files("#f-photos", {"name": "a.png", "mimeType": "image/png", "buffer": png(60, 40)})
    picture(page, "contact_form")
    page.get_by_role("button", name="送る").click()
    page.wait_for_selector("h1:has-text('送りました')")
    assert violations(page) == [] and targets_under(page, 44) == []
    picture(page, "contact_sent")

    sent = only_submission(embedded.database)
    assert sections.open(sent.sealed, "roads")["text"] == TEXT
    kept = str(page.evaluate("id => localStorage.getItem('madoguchi.copy.' + id)", sent.id))
    key = from_base64(kept)
    assert len(key) == 32
    # The key left the phone only inside the wraps, which each department opens with its own private key.
    for form in forms_of(key).values():
        assert not any(form in text.encode() for text in sent_out)
        assert form not in everything_stored(embedded.database)
        assert form not in json.dumps(phone.talk()).encode()
    assert sent.copy_wraps.keys() == set(sections.key_of.values())
    for department, id in sections.key_of.items():
        sealed = from_base64(sent.copy_wraps[id])
        assert hpke_open(sealed, sections.secret(department).private, copy_key_info(sent.id)) == key
    content = open_copy(embedded.database, sent, key)
    assert content == CopyContent(topic="道路", text=TEXT, photos=1)

    page.get_by_role("link", name="送った内容を見る").click()
    page.wait_for_selector("[data-kept]:not([hidden])")
    shown = page.locator(".copy")
    assert TEXT in shown.inner_text() and "1枚" in shown.inner_text()
    assert page.locator(".copy b").count() == 0, "what was written is text and nothing else"
    assert not page.get_by_text("お返事").is_visible()
    renew(embedded.database, sent, key, content.model_copy(update={"reply": "あす直します。"}), 2)
    page.reload()
    page.wait_for_selector("text=あす直します。")
    assert page.get_by_text("対応が終わりました").is_visible()
    assert violations(page) == [] and targets_under(page, 44) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    picture(page, "mine")
    assert problems == []

    other = open_page()
    other.goto(f"{embedded.sandbox_url}/liff/{embedded.liff_id}/mine?as={phone.user_id}")
    other.wait_for_selector("text=この端末には控えがない")
    assert sent.number in other.content() and "あす直します" not in other.inner_text("main")
    assert violations(other) == []


def test_a_form_sent_again_leaves_the_first_copy_readable_and_says_so(
    embedded: Counter, sections: Sections, open_page: OpenPage
) -> None:
    page = open_page()
    enter(embedded, page, "contact")
    id = ""
    for text in (TEXT, "あとから直した文"):
        page.goto(f"{embedded.url}/pages/contact/roads")
        if id:  # as a browser shows it that kept the page
            page.evaluate(
                """id => { document.querySelector("input[name=submission]").value = id;
                document.querySelector("[data-submission]").dataset.submission = id; }""",
                id,
            )
        page.locator("#f-text").fill(text)
        page.get_by_role("button", name="送る").click()
        page.wait_for_selector("h1:has-text('送りました')")
        id = only_submission(embedded.database).id
    assert page.get_by_text("すでに受け付けていました").is_visible()
    page.goto(f"{embedded.url}/pages/mine")
    page.wait_for_selector("[data-kept]:visible")
    kept = str(page.evaluate("id => localStorage.getItem('madoguchi.copy.' + id)", id))
    assert open_copy(embedded.database, only_submission(embedded.database), from_base64(kept)).text == TEXT


def test_a_copy_that_was_altered_moved_or_put_back_shows_nothing(
    embedded: Counter, sections: Sections, open_page: OpenPage
) -> None:
    page = open_page()
    enter(embedded, page, "contact/roads")
    page.locator("#f-text").fill("元の文")
    page.get_by_role("button", name="送る").click()
    page.wait_for_selector("h1:has-text('送りました')")
    sent = only_submission(embedded.database)
    key = from_base64(str(page.evaluate("id => localStorage.getItem('madoguchi.copy.' + id)", sent.id)))
    moved = sent.model_copy(update={"id": "another"})
    renew(embedded.database, moved, key, CopyContent(text="よその控え"), 1)
    bound = copy_bound_to("another", 2)
    nonce = os.urandom(12)
    body = AESGCM(key).encrypt(nonce, b'{"text":"\xe5\x81\xbd\xe7\x89\xa9"}', bound)
    with embedded.database.write() as connection:
        copy = ResidentCopy(version=2, nonce=to_base64(nonce), body=to_base64(body))
        renew_copy(connection, sent.id, copy)
    page.goto(f"{embedded.url}/pages/mine")
    page.wait_for_selector("text=この端末には控えがない")
    page.wait_for_load_state("networkidle")
    assert "偽物" not in page.inner_text("main") and not page.locator("[data-kept]").is_visible()


@pytest.mark.parametrize(
    "broken",
    [
        "Object.defineProperty(globalThis, 'crypto', {value: undefined})",
        "Object.defineProperty(globalThis, 'localStorage', {get() { throw new Error('shut off') }})",
    ],
)
def test_a_browser_that_cannot_make_a_copy_sends_all_the_same(
    embedded: Counter, sections: Sections, open_page: OpenPage, broken: str
) -> None:
    page = open_page()
    page.add_init_script(broken)
    enter(embedded, page, "contact/roads")
    page.locator("#f-text").fill("控えなし")
    page.get_by_role("button", name="送る").click()
    page.wait_for_selector("h1:has-text('送りました')")
    sent = only_submission(embedded.database)
    assert (sent.copy_version, sent.copy_wraps) == (0, {})
    assert sections.open(sent.sealed, "parks")["text"] == "控えなし"


def test_without_javascript_a_form_is_sent_and_an_error_leads_back_to_its_field(
    embedded: Counter, sections: Sections, open_page: OpenPage
) -> None:
    visitor = Visitor(embedded)
    visitor.sign_in(embedded.id_token(friend_of(embedded)))
    page = open_page(java_script_enabled=False)
    cookie = {"name": COOKIE, "value": str(visitor.http.cookies.get(COOKIE)), "url": embedded.url}
    page.context.add_cookies([cookie])  # type: ignore[list-item]
    page.goto(f"{embedded.url}/pages/contact/roads")
    page.get_by_role("button", name="送る").click()
    page.get_by_role("link", name="内容").click()
    page.locator("#f-text").fill("控えなし")
    page.get_by_role("button", name="送る").click()
    page.wait_for_selector("h1:has-text('送りました')")
    assert only_submission(embedded.database).copy_version == 0


def test_free_words_on_the_settings_page_make_a_copy_too(
    embedded: Counter, sections: Sections, open_page: OpenPage
) -> None:
    problems: list[str] = []
    page = open_page(viewport={"width": 375, "height": 700})
    watch(page, [], problems)
    enter(embedded, page, "settings")
    assert violations(page) == [] and targets_under(page, 44) == []
    assert page.evaluate(_LOADED) <= 100_000
    page.get_by_label("ご要望").fill("公園に時計がほしいです。")
    picture(page, "settings_text")
    page.get_by_role("button", name="保存する").click()
    page.wait_for_selector("text=回答済み（")
    assert violations(page) == []
    sent = only_submission(embedded.database)
    key = from_base64(str(page.evaluate("id => localStorage.getItem('madoguchi.copy.' + id)", sent.id)))
    assert open_copy(embedded.database, sent, key).text == "公園に時計がほしいです。"
    page.goto(f"{embedded.url}/pages/mine")
    page.wait_for_selector("text=公園に時計がほしいです。")
    assert problems == []


# --- the cryptography itself ---

# The CFRG's test vector of RFC 9180 for this suite: base mode, DHKEM(P-256), HKDF-SHA256, AES-256-GCM.
VECTOR = {
    "info": "4f6465206f6e2061204772656369616e2055726e",
    "skEm": "90345e3a1d116c1dd39ae76d95ab858c142223a63e44f8f85318cfa91a84858e",
    "pkRm": "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f"
    "853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c",
    "skRm": "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2",
    "enc": "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e"
    "0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
    "pt": "4265617574792069732074727574682c20747275746820626561757479",
    "aad": "436f756e742d30",
    "ct": "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f",
}
_SEAL = """async ({info, pkRm, pt, aad, x, y, d}) => {
  const bytes = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));
  const hex = (raw) => [...raw].map((one) => one.toString(16).padStart(2, "0")).join("");
  const curve = {name: "ECDH", namedCurve: "P-256"};
  const kind = {kty: "EC", crv: "P-256"};
  const key = async (jwk, uses) => crypto.subtle.importKey("jwk", {...kind, ...jwk}, curve, true, uses);
  const ephemeral = d && {privateKey: await key({x, y, d}, ["deriveBits"]), publicKey: await key({x, y}, [])};
  const more = ephemeral ? {ephemeral, bound: bytes(aad)} : {};
  return hex(await madoguchiHpke.seal(bytes(pkRm), bytes(info), bytes(pt), more));
}"""


@pytest.fixture
def bench(open_page: OpenPage, embedded: Counter) -> Page:
    page = open_page()
    page.goto(f"{embedded.url}/pages")  # a secure page, as WebCrypto asks for
    page.evaluate(HPKE.read_text("utf-8"))
    return page


def test_the_vector_of_the_rfc_is_met(bench: Page) -> None:
    ephemeral = bytes.fromhex(VECTOR["enc"])
    secret = bytes.fromhex(VECTOR["skEm"])
    point = {"x": to_base64(ephemeral[1:33]), "y": to_base64(ephemeral[33:]), "d": to_base64(secret)}
    sealed = bench.evaluate(_SEAL, VECTOR | point)
    assert sealed == VECTOR["enc"] + VECTOR["ct"]


@pytest.mark.parametrize("size", [0, 1, 32, 5000])
def test_what_the_page_seals_the_desktops_open(bench: Page, size: int) -> None:
    private = derive_private_key(int(VECTOR["skRm"], 16), SECP256R1())
    public = from_base64(point_text(private.public_key())).hex()
    assert public == VECTOR["pkRm"]
    content, info = os.urandom(size), copy_key_info("01900000-0000-7000-8000-00000000000a")
    first, second = (
        bytes.fromhex(bench.evaluate(_SEAL, {"info": info.hex(), "pkRm": public, "pt": content.hex()}))
        for _ in range(2)
    )
    assert first[:65] != second[:65], "a new ephemeral key each time"
    assert hpke_open(first, private, info) == hpke_open(second, private, info) == content


def picture(page: Page, name: str) -> None:
    """A picture to look at, where a folder for it is named."""
    folder = os.environ.get("MADOGUCHI_TEST_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
