"""The manual's pictures, taken from the running program: every screen once, named by its manual page."""

from __future__ import annotations

import asyncio
from pathlib import Path

from PySide6.QtWidgets import QApplication, QDialog, QScrollArea

from desktop.features.areas import divided
from desktop.features.recipients import Condition, Recipients
from desktop.ui.allowed import may_see
from desktop.ui.driver import Driver, run_story
from desktop.ui.main import Doors, StartWish
from desktop.ui.picture_examples import example_card, example_tiles
from desktop.ui.segments.groups import GroupsScreen
from protocol.deliveries import DeliveryDraft
from protocol.items import SegmentItem
from protocol.messages import ImagemapMessage, TextMessage
from protocol.segments import ChoiceIs

WALKED = (
    "first-start", "sign-in", "home", "deliveries", "delivery-edit", "cards", "imagemap", "recipients",
    "groups", "lists", "test-delivery", "line-link",
    "schedule", "confirm", "delivery-result", "delivery-calendar", "waste", "waste-words",
    "items", "item-edit", "greeting", "waiting", "settings", "sending-rules", "holidays", "manual", "find",
)  # fmt: skip
"""Pages this walk takes a picture of. `first-start` and `sign-in` show the doors."""
TOLD = (
    "setup", "people", "departments", "rights", "town-keys", "transfers", "inbox", "inbox-item",
    "contact-forms", "account", "second-factor", "devices", "audit", "access-log", "lock",
    "approval", "delivery-hold", "delivery-stop",
)  # fmt: skip
"""Pictures that need a town with keys, colleagues, letters and deliveries: taken while one is played."""
PAGES = WALKED + TOLD


def take_pictures(
    doors: Doors, wish: StartWish, folder: Path, *, passphrase: str, first_start: Doors | None = None
) -> list[Path]:
    """Walk an enrolled profile through all screens; returns the files. The relay must answer for full
    pictures.

    `first_start` is a second, empty profile whose door shows the first start. Nothing is sent to residents.
    """
    if first_start is not None:
        run_story(first_start, StartWish(wish.screen_file), _first_start, pictures=folder)

    async def story(driver: Driver) -> None:
        await driver.until_seen("signin.passphrase")
        await driver.picture("sign-in")
        driver.type("signin.passphrase", passphrase)
        driver.click("signin.go")
        await driver.until(lambda: driver.page == "home", "home")
        await driver.until(lambda: "つながっています" in driver.text("bar.connection"), "connection")
        await driver.until_seen("home.number.friends")
        await _walk(driver)

    run_story(doors, wish, story, pictures=folder)
    return sorted(folder.glob("*.png"))


async def _first_start(driver: Driver) -> None:
    await driver.until_seen("first.address")
    driver.type("first.address", "https://madoguchi.example.jp")
    driver.type("first.login_name", "sato")
    driver.type("first.display_name", "総務課 佐藤")
    await driver.picture("first-start")


async def _walk(driver: Driver) -> None:
    await driver.picture("home")
    await _rail(driver, "deliveries")
    await _compose(driver)
    await _circles(driver)
    await _rail(driver, "items")
    driver.click("items.edit_greeting")
    await driver.until_seen("greeting.text")
    await driver.picture("greeting")
    await _close_dialog(driver)
    if driver.sees("items.edit.0"):
        driver.click("items.edit.0")
        await driver.until_page("item-edit")
        await driver.picture("item-edit")
        driver.click("item.back")
    await _rail(driver, "waste")
    driver.click("waste.words")
    await driver.until_page("waste-words")
    await driver.picture("waste-words")
    for page in ("waiting", "settings", "manual"):
        await _rail(driver, page)
    work = driver.window.work
    assert work is not None
    for page in ("delivery-calendar", "sending-rules", "holidays"):
        if may_see(work.desk.office, page):
            work.go(page)
            await driver.picture(page)
    work.find_anything()
    driver.type("find.words", "配信")
    await driver.picture("find")
    await _close_dialog(driver)


async def _circles(driver: Driver) -> None:
    """Saved groups and lists, each with one that is begun and not kept."""
    work = driver.window.work
    assert work is not None
    office = work.desk.office
    items = await asyncio.get_running_loop().run_in_executor(None, office.items.by_id)
    await _rail(driver, "deliveries", picture=False)
    driver.click("deliveries.tab.groups")
    await driver.until_page("groups")
    screen = work.screens.by_page("groups")
    assert isinstance(screen, GroupsScreen)
    screen.new(_example(office.deliveries.new(), items).segment)
    driver.type("group.name", "川北地区の防災")
    await driver.until(lambda: "数えています" not in driver.text("group.count"), "count")
    await driver.picture("groups")
    driver.click("deliveries.tab.lists")
    await driver.until_page("lists")
    driver.click("lists.new")
    driver.type("new_list.name", "区長")
    await driver.picture("lists")
    await _close_dialog(driver)


async def _compose(driver: Driver) -> None:
    work = driver.window.work
    assert work is not None
    office = work.desk.office
    loop = asyncio.get_running_loop()
    items = await loop.run_in_executor(None, office.items.by_id)
    draft = await loop.run_in_executor(None, lambda: _example(office.deliveries.new(), items))
    work.desk.routes.edit_delivery(draft)
    await driver.until_page("delivery-edit")
    await driver.until(lambda: "数えています" not in driver.text("recipients.count"), "count")
    await driver.picture("delivery-edit")
    await _bubbles(driver, draft)
    await _schedule(driver)
    driver.click("recipients.add")
    await driver.until_seen("condition.what")
    await driver.picture("recipients")
    await _close_dialog(driver)
    driver.click("editor.test")
    await driver.until_seen("test.go")
    await driver.picture("test-delivery")
    await _close_dialog(driver)
    work.desk.routes.link_line()
    # Someone whose account is tied already sees that it is, in place of a code.
    await driver.until(lambda: driver.text("link.code") or driver.sees("link.banner"), "code or tied")
    await driver.picture("line-link")
    await _close_dialog(driver)
    driver.click("editor.confirm")
    await driver.until_page("confirm")
    await driver.until(lambda: "確かめています" not in driver.text("confirm.quota"), "quota")
    await driver.picture("confirm")
    await _rail(driver, "deliveries", picture=False)
    driver.click("deliveries.filter.sent")
    await driver.settle()
    driver.click("deliveries.open")
    await driver.settle()
    await driver.picture("delivery-result")


async def _schedule(driver: Driver) -> None:
    """A rule with its next dates; afterwards it goes out at once again."""
    work = driver.window.work
    assert work is not None
    driver.choose("when.kind", "くり返す")
    await driver.until_seen("when.moments")
    await driver.settle()
    area = work.screens.editor.findChild(QScrollArea)
    if area is not None:
        area.ensureWidgetVisible(work.screens.editor.when, 0, 40)
    await driver.picture("schedule")
    work.screens.editor.undo()
    await driver.settle()


async def _bubbles(driver: Driver, draft: DeliveryDraft) -> None:
    """A card and a picture with areas; afterwards the first draft is there again."""
    work = driver.window.work
    assert work is not None
    office, edit = work.desk.office, work.desk.routes.edit_delivery
    loop = asyncio.get_running_loop()
    edit(draft.model_copy(update={"messages": (example_card(),)}))
    await driver.until_seen("bubble.0.cards.tab.0")
    await driver.settle()
    driver.click("bubble.0.card.0.block.2.row.0.name")
    await driver.picture("cards")
    content = example_tiles()
    tiles = await loop.run_in_executor(None, lambda: office.media.map_picture(content, "4つの案内"))
    areas = divided(2, 2, tiles.height)
    edit(
        draft.model_copy(
            update={
                "messages": (ImagemapMessage(picture=tiles, alt="ご案内", height=tiles.height, areas=areas),)
            }
        )
    )
    await driver.until_seen("bubble.0.divide")
    await driver.settle()
    driver.find("bubble.0.divide").setFocus()
    driver.click("bubble.0.areas.0.down")
    work.screens.editor.undo()
    await driver.picture("imagemap")
    edit(draft)
    await driver.settle()


def _example(draft: DeliveryDraft, items: dict[str, SegmentItem]) -> DeliveryDraft:
    """What the pictures show being written; for the first two items that can be chosen from."""
    text = (
        "【防災訓練のお知らせ】\n11月29日（日）午前9時から、川北小学校で防災訓練を行います。\n"
        "持ち物：飲み水、上履き\nどなたでも参加できます。"
    )
    chosen = [item for item in items.values() if len(item.offered_choices) >= 2][:2]
    parts = [
        Condition(ChoiceIs(item=item.id, any_of=(item.offered_choices[0].id,))).part
        for item in sorted(chosen, key=lambda item: item.position)
    ]
    segment = Recipients(tuple(Condition(part) for part in parts)).as_segment()
    update = {
        "title": "防災訓練のお知らせ（川北地区）",
        "messages": (TextMessage(text=text),),
        "segment": segment,
    }
    return draft.model_copy(update=update)


async def _rail(driver: Driver, page: str, *, picture: bool = True) -> None:
    driver.click(f"rail.{page}")
    await driver.until_page(page)
    if picture:
        await driver.picture(page)


async def _close_dialog(driver: Driver) -> None:
    dialog = QApplication.activeModalWidget()
    if isinstance(dialog, QDialog):
        dialog.reject()
    await driver.settle()
