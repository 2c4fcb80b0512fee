"""Every type of message composed in the window, without JSON: SEG-6."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea, QWidget

from desktop.ui.driver import Driver
from desktop.ui.editor.imagemap import ImagemapPart
from protocol.messages import CardMessage, CarouselMessage, ImagemapMessage, TableBlock
from tests.desktop.fake_relay import FakeRelay
from tests.desktop.pictures_for_tests import encoded
from tests.desktop.ui.conftest import Play


def choose(driver: Driver, name: str) -> None:
    """An entry of an add menu, as a click on it."""
    driver.window.findChildren(QAction, name)[-1].trigger()


def test_staff_compose_cards_pictures_with_areas_and_languages_without_json(
    play: Play, relay: FakeRelay, tmp_path: Path
) -> None:
    poster = tmp_path / "ちらし.jpg"
    poster.write_bytes(encoded(Image.new("RGB", (800, 600), "#88aa66"), "JPEG"))

    async def story(driver: Driver) -> None:
        work = driver.window.work
        assert work is not None
        editor = work.screens.editor
        driver.click("home.new_delivery")
        await driver.until_page("delivery-edit")
        driver.type("editor.title", "秋まつり")
        driver.type("bubble.0.text", "😊")
        assert driver.text("bubble.0.text.count") == "2 / 5,000 文字"  # UTF-16 units
        choose(driver, "bubble.0.text.insert.地区")
        assert driver.text("bubble.0.text") == "😊｛地区｝"

        # a card with a table and two buttons
        choose(driver, "bubbles.add.card")
        await driver.until_seen("bubble.1.alt")
        driver.type("bubble.1.alt", "秋まつりのお知らせ")
        driver.type("bubble.1.card.0.block.0.text", "秋まつり")
        driver.type("bubble.1.card.0.block.1.text", "みんなで来てください。")
        driver.click("bubble.1.card.0.add.table")
        await driver.until_seen("bubble.1.card.0.block.2.row.0.name")
        driver.type("bubble.1.card.0.block.2.row.0.name", "日時")
        driver.type("bubble.1.card.0.block.2.row.0.value", "11月3日 10時")
        driver.click("bubble.1.card.0.buttons.add")
        driver.click("bubble.1.card.0.buttons.add")
        await driver.until_seen("bubble.1.card.0.buttons.1.url")
        driver.type("bubble.1.card.0.buttons.0.label", "くわしく👨‍👩‍👧")
        assert driver.text("bubble.1.card.0.buttons.0.label.count") == "5 / 40 文字"  # graphemes
        driver.type("bubble.1.card.0.buttons.0.url", "ftp://example.jp")
        assert "https://" in driver.text("bubble.1.card.0.buttons.0.url.problem")
        assert driver.sees("bubble.1.badge")
        driver.type("bubble.1.card.0.buttons.0.url", "https://example.jp/matsuri")
        assert not driver.sees("bubble.1.card.0.buttons.0.url.problem")
        driver.choose("bubble.1.card.0.buttons.1.do", "電話をかける")
        driver.find("bubble.1.card.0.buttons.1.do").activated.emit(2)  # type: ignore[attr-defined]
        await driver.until_seen("bubble.1.card.0.buttons.1.telephone")
        driver.type("bubble.1.card.0.buttons.1.label", "電話で聞く")
        driver.type("bubble.1.card.0.buttons.1.telephone", "0120-000-000")
        assert not driver.sees("bubble.1.badge")
        assert driver.find("editor.undo").toolTip() == "元に戻す：ボタンの変更"

        # a carousel whose columns differ
        choose(driver, "bubbles.add.carousel")
        await driver.until_seen("bubble.2.column.0.title")
        driver.type("bubble.2.alt", "会場")
        driver.type("bubble.2.column.0.title", "会場A")
        driver.type("bubble.2.column.0.text", "川北小学校")
        driver.click("bubble.2.columns.add")
        await driver.until_seen("bubble.2.column.1.text")
        driver.type("bubble.2.column.1.text", "港公園")
        assert "そろえて" in driver.text("bubble.2.columns.problem")
        driver.type("bubble.2.column.1.title", "会場B")

        # areas on a picture, with the mouse and with numbers
        choose(driver, "bubbles.add.imagemap")
        await driver.until_seen("bubble.3.alt")
        driver.type("bubble.3.alt", "会場の地図")
        part = editor.bubbles.part_at(3)
        assert isinstance(part, ImagemapPart)
        part.picture.taker.take_file(poster)
        await driver.until_seen("bubble.3.canvas")
        await driver.settle()
        canvas = driver.find("bubble.3.canvas")
        drag(canvas, part.canvas.at(7, 4).toPoint(), part.canvas.at(512, 392).toPoint())
        await driver.until_seen("bubble.3.area.0.x")
        draft = editor.draft
        assert draft is not None
        image = draft.messages[3]
        assert isinstance(image, ImagemapMessage) and image.height == 780
        assert (image.areas[0].x, image.areas[0].y) == (0, 0)  # snapped to the corner
        driver.find("bubble.3.area.0.width").setValue(520)  # type: ignore[attr-defined]
        driver.type("bubble.3.area.0.action.url", "https://example.jp/a")

        # a place as maps copy it, and coupons that LINE does not have
        choose(driver, "bubbles.add.coupon")
        await driver.until_text("bubble.4.words", "まだありません")
        driver.click("bubble.4.remove")
        choose(driver, "bubbles.add.location")
        await driver.until_seen("bubble.4.latitude")
        driver.type("bubble.4.latitude", "35.681236, 139.767125")
        driver.press(Qt.Key.Key_Tab)
        assert driver.text("bubble.4.longitude") == "139.767125"

        # quick replies, an exercise, another language
        driver.click("reply.add")
        await driver.until_seen("reply.0.label")
        driver.type("reply.0.label", "今日のごみ")
        driver.click("editor.training")
        assert "【訓練】" in driver.text("preview.heading")
        choose(driver, "languages.add.en")
        await driver.until_seen("languages.en")
        driver.type("bubble.0.text", "Autumn festival")
        assert driver.find("editor.undo").toolTip() == "元に戻す：本文の入力（English）"
        driver.click("languages.ja")
        assert driver.text("bubble.0.text") == "😊｛地区｝"

        # large letters: nothing stands beyond the edge
        theme = work.desk.theme
        theme.apply(replace(theme.settings, text_size=150))
        await driver.settle()
        area = next(one for one in editor.findChildren(QScrollArea) if one.isAncestorOf(editor.message))
        assert area.widget().width() <= area.viewport().width()
        theme.apply(replace(theme.settings, text_size=100))

        # what was written comes back from the relay
        written = editor.draft
        assert written is not None
        driver.click("rail.home")
        await driver.until(lambda: ("delivery", written.id) in relay.records, "the draft at the relay")
        await driver.until_text("bar.waiting", "未送信 0 件")
        shown = work.desk.office.deliveries.get(written.id)
        assert shown is not None and shown.body.draft == written
        card, carousel = written.messages[1], written.messages[2]
        assert isinstance(card, CardMessage) and isinstance(carousel, CarouselMessage)
        assert TableBlock(rows=(("日時", "11月3日 10時"),)) in card.cards[0].blocks
        assert [type(one).__name__ for one in card.cards[0].buttons] == ["OpenLink", "Call"]
        assert written.variants[0].language == "en" and written.training
        copied = work.desk.office.deliveries.copy(written.id)
        kept = ("messages", "variants", "quick_replies", "training", "count_links")
        assert all(getattr(copied, one) == getattr(written, one) for one in kept)

    play(story)


def drag(widget: QWidget, start: object, end: object) -> None:
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(widget, left, pos=start)  # type: ignore[call-overload]
    QTest.mouseMove(widget, end)  # type: ignore[call-overload]
    QTest.mouseRelease(widget, left, pos=end)  # type: ignore[call-overload]
