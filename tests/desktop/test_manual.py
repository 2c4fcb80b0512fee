"""DOC-1: a screen without a page in the manual fails here, and so does a page without a way to it."""

from __future__ import annotations

import re
from pathlib import Path

from desktop import paths
from desktop.features.manual import Manual
from desktop.ui import pictures, window
from desktop.ui.door.already import AlreadyScreen
from desktop.ui.door.first_start import FirstStart
from desktop.ui.door.sign_in import SignIn
from desktop.ui.lock.screen import LockScreen
from desktop.ui.screen import Screen

PARTS = {"cards", "imagemap"}  # of the editor, too long for its own page
DIALOGS = {
    "recipients",
    "schedule",
    "test-delivery",
    "line-link",
    "greeting",
    "find",
    "second-factor",
    "notices",
}


def all_screens() -> set[str]:
    assert window.MainWindow  # every screen is imported with it
    doors = {FirstStart.page, SignIn.page, AlreadyScreen.page, LockScreen.page}
    return {screen.page for screen in Screen.__subclasses__()} | doors


def test_every_screen_and_dialog_has_a_page() -> None:
    names = {page.name for page in Manual().pages()}
    assert all_screens() | DIALOGS | PARTS == names


def test_the_contents_name_every_file_once() -> None:
    listed = (paths.manual() / "contents.txt").read_text(encoding="utf-8").split()
    assert sorted(listed) == sorted(path.stem for path in paths.manual().glob("*.md"))


def test_every_picture_in_a_page_is_one_the_program_takes() -> None:
    wanted = {
        name
        for page in Manual().pages()
        for name in re.findall(r"\(pictures/([a-z-]+)\.png\)", page.markdown)
    }
    assert wanted == set(pictures.PAGES)


def test_links_lead_to_pages() -> None:
    names = {page.name for page in Manual().pages()}
    for page in Manual().pages():
        assert set(re.findall(r"\(([a-z-]+)\.md\)", page.markdown)) <= names


def test_the_manual_is_searched_by_words() -> None:
    assert Manual().search("合言葉 登録コード")[0].page.name in ("first-start", "sign-in")
    assert Manual().search("") == []


def test_a_page_that_does_not_exist_is_none(tmp_path: Path) -> None:
    assert Manual(tmp_path).page("nothing") is None
