"""The contact pages as a browser without scripts sees them: sent once, sealed, nothing left. SEC-3, SEC-8."""

from __future__ import annotations

import html
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from protocol.items import SegmentItem
from protocol.sealed_files import SealedFile, open_file
from protocol.submissions import Submission, SubmittedContent
from relay.errors import Refused
from relay.features.submissions import SUBMISSION
from relay.pages import contact
from relay.store.database import Database
from relay.store.files import find_file, read_content
from relay.store.records import list_bodies
from tests.relay.counter import Counter, Phone, running_counter, sample_items, save_items, utc_now
from tests.relay.pages.visitor import Visitor, friend_of
from tests.relay.sections import Sections, open_form

FREE = "01900000-0000-7000-8000-0000000000f1"


@pytest.fixture
def sections(database: Database) -> Sections:
    sections = Sections(database, utc_now)
    sections.add("roads", "道路課")
    sections.add("parks", "公園課")
    sections.add_form(open_form("roads", roads="edit", parks="view", photos=True))
    sections.add_form(open_form("closed", roads="edit").model_copy(update={"is_open": False, "title": "閉"}))
    return sections


@pytest.fixture
def counter(database: Database, sections: Sections, tmp_path: Path) -> Iterator[Counter]:
    save_items(database, *sample_items()[:1], free_words())
    with running_counter(database, tmp_path) as running:
        yield running


@pytest.fixture
def phone(counter: Counter) -> Phone:
    return friend_of(counter)


@pytest.fixture
def visitor(counter: Counter, phone: Phone) -> Visitor:
    return signed_in(counter, phone)


def signed_in(counter: Counter, phone: Phone) -> Visitor:
    visitor = Visitor(counter)
    assert visitor.sign_in(counter.id_token(phone)).status_code == 200
    return visitor


def free_words() -> SegmentItem:
    return SegmentItem(
        id=FREE,
        kind="text",
        title="ご要望",
        question="ご要望をお書きください。",
        access={"parks": "edit"},
        position=9,
    )


def hidden(page: str) -> dict[str, str]:
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def write(
    visitor: Visitor,
    text: str = "穴があいています。",
    *,
    form: str = "roads",
    photos: Any = None,
    **fields: str,
) -> requests.Response:
    path = f"/pages/contact/{form}"
    values = hidden(visitor.get(path).text) | {"topic": "道路", "text": text} | fields
    return visitor.http.post(visitor.counter.url + path, data=values, files=photos, timeout=30)


def submissions(database: Database) -> list[Submission]:
    with database.read() as connection:
        found = [Submission.parse(body) for body in list_bodies(connection, database.cipher, SUBMISSION)]
    return sorted(found, key=lambda submission: submission.number)


def photo(**save: Any) -> bytes:
    picture = Image.new("RGB", (320, 200), "green")
    out = io.BytesIO()
    picture.save(out, "JPEG", **save)
    return out.getvalue()


def test_a_form_is_found_written_and_sealed(counter: Counter, sections: Sections, visitor: Visitor) -> None:
    listed = visitor.get("/pages/contact").text
    assert "道路のこと" in listed and "閉" not in listed
    page = visitor.get("/pages/contact/roads").text
    assert "公園課・道路課の担当者だけが読めます" in page and "道路を直すため" in page
    answer = write(visitor)
    assert answer.history[0].status_code == 303
    assert "送りました" in answer.text
    (sent,) = submissions(counter.database)
    assert sent.number in answer.text and sent.object == "contact:roads"
    assert sections.open(sent.sealed, "parks")["text"] == "穴があいています。"
    mine = visitor.get("/pages/mine").text
    assert sent.number in mine and "受け付けました" in mine and "この端末には控えがない" in mine
    assert "穴があいています" not in mine


def test_the_same_form_sent_again_arrives_once_and_says_so(
    counter: Counter, visitor: Visitor, sections: Sections
) -> None:
    values = hidden(visitor.get("/pages/contact/roads").text) | {"text": "一度だけ"}
    for text, again in (("一度だけ", False), ("一度だけ", True), ("あとから直した文", True)):
        answer = visitor.http.post(
            f"{counter.url}/pages/contact/roads", data=values | {"text": text}, timeout=10
        )
        assert "送りました" in answer.text
        assert ("すでに受け付けていました" in answer.text) == again
    (sent,) = submissions(counter.database)
    assert sections.open(sent.sealed, "roads")["text"] == "一度だけ"


def test_what_cannot_be_taken_is_said_and_nothing_is_lost_or_kept(counter: Counter, visitor: Visitor) -> None:
    cases = {
        "": "内容を書いてください",
        "あ" * 2001: "2000文字以内",
        "わたしの番号は１２３４－５６７８－９０１８です<b>": "マイナンバー",
    }
    for text, words in cases.items():
        answer = write(visitor, text)
        assert (
            answer.status_code == 422
            and words in answer.text
            and "まだ送っていません（1か所）" in answer.text
        )
        assert html.escape(text) in answer.text and "<b>" not in answer.text
        assert 'href="#f-text"' in answer.text and 'id="f-text"' in answer.text
    assert submissions(counter.database) == []


def test_a_form_that_is_not_ours_or_not_open_takes_nothing(
    counter: Counter, visitor: Visitor, sections: Sections
) -> None:
    other = signed_in(counter, friend_of(counter))
    foreign = hidden(other.get("/pages/contact/roads").text)["form_token"]
    assert write(visitor, form_token=foreign).status_code == 403
    assert write(visitor, form_token="").status_code == 403
    values = hidden(visitor.get("/pages/contact/roads").text) | {"text": "x"}
    url = f"{counter.url}/pages/contact/roads"
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert visitor.http.post(url, data=values, headers=headers, timeout=10).status_code == 403
    closed = visitor.http.post(f"{counter.url}/pages/contact/closed", data=values, timeout=10)
    assert closed.status_code == 404 and "閉じています" in closed.text
    stranger = Visitor(counter)
    assert stranger.http.post(url, data=values, timeout=10).status_code == 401
    assert 'id="enter"' in stranger.get("/pages/contact/roads").text
    assert 'data-next="/pages/contact/roads"' in stranger.get("/pages/contact/roads").text
    assert submissions(counter.database) == []


def test_a_form_whose_answers_nobody_could_read_is_closed(
    counter: Counter, visitor: Visitor, sections: Sections
) -> None:
    page = visitor.get("/pages/contact/roads").text
    key = sections.shown_key("parks")
    sections.put("key", key.id, key.model_copy(update={"holders": ()}).as_json())  # the last member left
    assert "道路のこと" not in visitor.get("/pages/contact").text
    answer = visitor.get("/pages/contact/roads")
    assert answer.status_code == 404 and "閉じています" in answer.text
    values = hidden(page) | {"text": "穴があいています。"}
    sent = visitor.http.post(f"{counter.url}/pages/contact/roads", data=values, timeout=10)
    assert sent.status_code == 404 and "閉じています" in sent.text
    assert submissions(counter.database) == []
    sections.add_form(open_form("roads", new="edit"))
    assert "閉じています" in visitor.get("/pages/contact/roads").text


def test_one_resident_sees_nothing_of_another(counter: Counter, visitor: Visitor) -> None:
    write(visitor)
    (sent,) = submissions(counter.database)
    other = signed_in(counter, friend_of(counter))
    assert sent.number not in other.get("/pages/mine").text
    for path in (f"/pages/contact/sent/{sent.id}", f"/pages/mine/{sent.id}", "/pages/mine/nothing"):
        assert other.get(path).status_code == 404
    taken = write(other, submission=sent.id)
    assert taken.status_code == 400
    assert len(submissions(counter.database)) == 1


def test_copies_and_bodies_out_of_shape_are_refused(counter: Counter, visitor: Visitor) -> None:
    for copy in ("{", "[]", '{"nonce":1}', json.dumps({"nonce": "AAAA", "body": "AAAA", "wraps": {}}),
                 json.dumps({"nonce": "A" * 16, "body": "A" * 40, "wraps": {"k": "AAAA"}})):  # fmt: skip
        assert write(visitor, copy=copy).status_code == 400
    url = f"{counter.url}/pages/contact/roads"
    assert visitor.http.post(url, json={"text": "x"}, timeout=10).status_code == 400
    assert visitor.http.post(url, data={"text": "x" * 200_000}, timeout=10).status_code == 413
    broken = {"content-type": "multipart/form-data; boundary=x"}
    assert visitor.http.post(url, data=b"--y\r\n\r\n", headers=broken, timeout=10).status_code == 400
    assert visitor.http.post(url, data=b"--x", headers=broken, timeout=10).status_code in (400, 403)
    without = {"content-type": "multipart/form-data"}
    assert visitor.http.post(url, data=b"", headers=without, timeout=10).status_code == 400
    assert submissions(counter.database) == []


def test_after_ten_in_an_hour_a_calm_page_asks_to_wait(counter: Counter, visitor: Visitor) -> None:
    for _ in range(10):
        assert write(visitor).status_code == 200
    answer = write(visitor)
    assert answer.status_code == 429 and "続けて送れる数をこえました" in answer.text
    assert len(submissions(counter.database)) == 10


def test_a_photo_arrives_as_a_fresh_picture_that_only_the_departments_open(
    counter: Counter, sections: Sections, visitor: Visitor
) -> None:
    secret_place = b"35.1815N 136.9066E"
    exif = Image.Exif()
    exif[0x010E] = secret_place.decode()
    exif[0x0112] = 6
    files = [("photos", ("IMG_0001.jpg", photo(exif=exif, comment=secret_place), "image/jpeg"))]
    assert "送りました" in write(visitor, photos=files).text
    (sent,) = submissions(counter.database)
    content = SubmittedContent.parse(sections.open(sent.sealed, "roads"))
    (manifest,) = content.files
    assert manifest.name == "" and manifest.content_type == "image/jpeg"
    opened = opened_file(counter.database, manifest)
    with Image.open(io.BytesIO(opened)) as picture:
        assert picture.size == (200, 320), "upright"
        assert not picture.getexif() and "comment" not in picture.info and "exif" not in picture.info
    assert secret_place not in opened


def test_who_sends_photos_over_and_over_waits_before_they_are_decoded(
    counter: Counter, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def broken(content: bytes) -> bytes:
        with counter.database.write():  # a connection held meanwhile would keep this one waiting for ever
            tried.append(len(content))
        raise Refused("file_damaged", status=422)

    monkeypatch.setattr(contact, "clean_photo", broken)
    files = [("photos", ("1.jpg", photo(), "image/jpeg"))]
    answers = [write(visitor, photos=files).status_code for _ in range(21)]
    assert answers == [422] * 20 + [429]
    assert len(tried) == 20
    assert write(visitor).status_code == 200, "without photos all goes on"


def opened_file(database: Database, manifest: SealedFile) -> bytes:
    with database.read() as connection:
        known = find_file(connection, manifest.sha256)
        assert known is not None and known.content_type == "application/octet-stream"
        return open_file(manifest, read_content(connection, database.cipher, manifest.sha256))


def test_pictures_that_are_none_or_too_large_are_refused_in_words(counter: Counter, visitor: Visitor) -> None:
    out = io.BytesIO()
    Image.new("1", (8000, 8000)).save(out, "PNG")
    gif = io.BytesIO()
    Image.new("P", (9, 9)).save(gif, "GIF")
    cases: list[tuple[list[bytes], str]] = [
        ([b"<svg xmlns='http://www.w3.org/2000/svg'/>"], "写真（JPEG、PNG、WebP）"),
        ([gif.getvalue()], "写真（JPEG、PNG、WebP）"),
        ([photo()[:500]], "読み取れませんでした"),
        ([out.getvalue()], "大きすぎます"),
        ([photo()] * 4, "3枚まで"),
    ]
    for contents, words in cases:
        files = [("photos", (f"{number}.jpg", content)) for number, content in enumerate(contents)]
        answer = write(visitor, photos=files)
        assert answer.status_code == 422 and words in answer.text, words
        assert "写真はもう一度選んでください" in answer.text
    many = [("photos", (f"{number}.jpg", b"x")) for number in range(9)]
    assert write(visitor, photos=many).status_code == 400
    assert submissions(counter.database) == []


def test_free_words_are_asked_on_the_page_and_sealed_and_never_shown_again(
    counter: Counter, sections: Sections, visitor: Visitor, phone: Phone
) -> None:
    phone.say("設定")
    assert "ご要望" not in phone.wait_for("受信設定")
    page = visitor.get("/pages/settings").text
    assert "ご要望" in page and "公園課の担当者だけが読めます" in page and "回答済み" not in page
    form = visitor.form() | {f"t.{FREE}": "公園に\r\n時計がほしいです。"}
    assert "保存しました" in visitor.save(form).text
    visitor.save(form)  # the same form again
    (sent,) = submissions(counter.database)
    assert (sent.object, sent.departments) == (f"item:{FREE}", ("parks",))
    assert sections.open(sent.sealed, "parks")["text"] == "公園に\n時計がほしいです。"
    again = visitor.get("/pages/settings").text
    assert "回答済み（" in again and "時計" not in again
    assert "変更はありませんでした" in visitor.save(visitor.form() | {f"t.{FREE}": "  "}).text
    wrong = visitor.save(visitor.form() | {f"t.{FREE}": "番号は123456789018", "a.x": "y"})
    assert wrong.status_code == 422 and "マイナンバー" in wrong.text and "番号は123456789018" in wrong.text
    long = visitor.save(visitor.form() | {f"t.{FREE}": "あ" * 401})
    assert "400文字以内" in long.text
    form = visitor.form() | {f"t.{FREE}": "別の人が読むことになった"}
    save_items(counter.database, free_words().model_copy(update={"access": {"roads": "edit"}}))
    changed = visitor.save(form)
    assert changed.status_code == 409 and "新しくなりました" in changed.text
    assert len(submissions(counter.database)) == 1


def test_the_talk_leads_to_the_contact_page(counter: Counter, phone: Phone, sections: Sections) -> None:
    phone.say("お問い合わせ")
    assert "専用のページ" in phone.wait_for("お問い合わせは")
    phone.say("道路に穴があいています")
    assert "「問い合わせ」と送ると" in phone.wait_for("文章でのお問い合わせ")
