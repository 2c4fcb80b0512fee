"""The waste page: any browser, no script, the resident's own district, axe, size (SEG-11)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.items import Answer
from relay.store.database import Database, open_database
from relay.store.residents import write_answers
from tests.relay.conftest import HOST_KEY
from tests.relay.counter import DISTRICT, Counter, running_counter, utc_now
from tests.relay.pages.browsing import OpenPage, targets_under, violations
from tests.relay.pages.visitor import Visitor, friend_of
from tests.relay.waste_town import save_waste


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Counter]:
    """What a page shows does not depend on the engine, so one is enough."""
    database = open_database(f"sqlcipher:{tmp_path / 'relay.db'}", HOST_KEY)
    save_waste(database, utc_now())
    with running_counter(database, tmp_path) as running:
        yield running
    database.close()


def test_anybody_sees_a_district_and_finds_a_word_and_nonsense_does_no_harm(embedded: Counter) -> None:
    visitor = Visitor(embedded)
    page = visitor.get("/pages/waste?district=d00&q=%E9%9B%BB%E6%B1%A0").text
    assert "川北" in page and "燃えるごみ" in page and "乾電池" in page and "回収箱" in page
    assert "script" not in page
    for odd in ("district=%00x", "district=nowhere&month=9999-99", "q=" + "x" * 5000, "month=2020-01"):
        answer = visitor.get(f"/pages/waste?{odd}")
        assert answer.status_code == 200 and "お住まいの地区" in answer.text
    escaped = visitor.get("/pages/waste?q=%3Cscript%3Ealert(1)%3C/script%3E").text
    assert "<script>" not in escaped and "見つかりませんでした" in escaped
    save_waste(embedded.database, utc_now(), items=False, rules=(), exceptions=())
    assert "まだこのページに載っていません" in visitor.get("/pages/waste?district=").text


def test_the_own_district_opens_from_line_and_no_state_has_a_fault_axe_knows(
    embedded: Counter, open_page: OpenPage
) -> None:
    phone = friend_of(embedded)
    choose_district(embedded.database, "d01")
    page = open_page()
    sizes: list[int] = []
    page.on("response", lambda r: sizes.append(len(r.body())) if r.url.startswith(embedded.url) else None)
    page.goto(f"{embedded.sandbox_url}/liff/{embedded.liff_id}/waste?as={phone.user_id}")
    page.wait_for_url("**/pages/waste")
    page.wait_for_selector("text=これから2週間")
    assert "葛󠄀葉" in page.locator("h1").inner_text()
    assert violations(page) == [] and targets_under(page, 44) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert sum(sizes) <= 100_000
    page.get_by_role("link", name="次の月").click()
    page.get_by_label("捨て方を調べる").fill("ぺっとぼとる")
    page.keyboard.press("Enter")
    page.wait_for_selector("#found >> text=無料")
    assert violations(page) == []

    plain = open_page(java_script_enabled=False)
    plain.goto(f"{embedded.url}/pages/waste")
    plain.get_by_role("link", name="LINEを使わずに見る").click()
    plain.get_by_label("お住まいの地区").select_option(label="川北")
    plain.get_by_role("button", name="この地区の収集日を見る").click()
    plain.wait_for_selector("h1 >> text=川北")


def choose_district(database: Database, district: str) -> None:
    """As the only resident answered it."""
    with database.write() as connection:
        number = connection.exec_driver_sql("SELECT no FROM residents").scalar_one()
        write_answers(connection, number, [Answer(item=DISTRICT, choices=(district,))], utc_now())
