"""SEG-1: the preview of an item says where residents are asked it."""

from __future__ import annotations

import pytest

from desktop.ui.driver import Driver
from desktop.ui.items.edit import ItemEditScreen
from tests.desktop.ui.conftest import Play


def test_what_the_page_asks_is_not_painted_as_a_question_of_the_talk(play: Play) -> None:
    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        screen = work.screens.by_page("item-edit")
        assert isinstance(screen, ItemEditScreen)
        seen: dict[str, tuple[str, tuple[str, ...]]] = {}

        def note(messages: tuple[object, ...], taps: tuple[str, ...] = (), **_: object) -> None:
            assert screen.item is not None
            seen[screen.item.kind] = (str(getattr(messages[0], "text", "")), taps)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(screen.preview, "show_messages", note)
            for kind in ("single", "number", "date"):
                item = work.desk.office.items.new()
                screen.edit(item.model_copy(update={"kind": kind, "question": "どちら？"}))
        assert seen["single"] == ("どちら？", ("あとで答える",))
        for kind in ("number", "date"):
            words, taps = seen[kind]
            assert words.startswith("（ページでの聞き方）") and taps == ("ページで見る・変更する",)

    play(story)
