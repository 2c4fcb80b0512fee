from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.relay.pages.browsing import OpenPage


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(embedded: object, browser: Browser) -> Iterator[OpenPage]:
    """Opens tabs as on a phone, each a phone of its own; they are closed before the relay stops."""
    contexts = []

    def opened(**given: object) -> Page:
        values = {"viewport": {"width": 390, "height": 844}, "locale": "ja-JP", "ignore_https_errors": True}
        context = browser.new_context(**{**values, **given})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield opened
    for context in contexts:
        context.close()
