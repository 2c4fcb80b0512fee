"""A resident's phone: the sandbox's phone page in headless Chromium at phone size.

Runs in a thread of its own, because the window's event loop lives in the main one. Every method waits for
what it asks for and returns when it is on the screen.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Browser, Page, expect, sync_playwright

T = TypeVar("T")
CHROMIUM = "/usr/bin/chromium"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTH, HEIGHT = 390, 844
WAIT_MS = 20_000


class Phones:
    """One browser for all residents of a story. Use as a context manager."""

    def __init__(self) -> None:
        self._asks: queue.Queue[tuple[Callable[[Browser], Any], Future[Any]] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._serve, name="phones", daemon=True)

    def __enter__(self) -> Phones:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._asks.put(None)
        self._thread.join(30)

    def do(self, action: Callable[[Browser], T]) -> Future[T]:
        """Run something in the browser's thread; the future holds its result."""
        answer: Future[T] = Future()
        self._asks.put((action, answer))
        return answer

    def _serve(self) -> None:
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
                self._answer(lambda action: action(browser))
                browser.close()
        except Exception as error:  # no browser here: whoever asks is told, instead of waiting for ever
            trouble = error
            self._answer(lambda _: _raise(trouble))

    def _answer(self, carry_out: Callable[[Callable[[Browser], Any]], Any]) -> None:
        while (ask := self._asks.get()) is not None:
            action, answer = ask
            try:
                answer.set_result(carry_out(action))
            except BaseException as error:
                answer.set_exception(error)  # whoever waits for the answer sees it


def _raise(error: Exception) -> None:
    raise error


class Phone:
    """One resident's phone; use inside `Phones.do`. Width and height in CSS pixels."""

    def __init__(
        self, browser: Browser, sandbox_url: str, user_id: str, *, width: int = WIDTH, height: int = HEIGHT
    ) -> None:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            device_scale_factor=2,
            locale="ja-JP",
            timezone_id="Asia/Tokyo",
            ignore_https_errors=True,  # the demo's relay signs its own certificate
            bypass_csp=True,  # Playwright's waiting needs it; the page's own policy is tested elsewhere
        )
        context.set_default_timeout(WAIT_MS)
        self.page: Page = context.new_page()
        self._talk_url = f"{sandbox_url}/phone/{user_id}"
        self.back_to_talk()

    def back_to_talk(self) -> None:
        """The talk, wherever the phone was."""
        self.page.goto(self._talk_url)
        self.page.wait_for_selector("body[data-ready]")

    def follow(self) -> None:
        """Add the account as a friend."""
        self.page.click("#menu-button")
        self.page.click("#menu [data-act=follow]")

    def tap(self, label: str) -> None:
        """Tap the newest button or chip with this label, once it is there and can be reached."""
        chip = self.page.locator("#chips button", has_text=label)
        button = self.page.locator("#talk").get_by_role("button", name=label, exact=True)
        expect(chip.or_(button).last).to_be_visible(timeout=WAIT_MS)
        target = chip.last if chip.count() else button.last
        target.scroll_into_view_if_needed()
        target.click()

    def say(self, text: str) -> None:
        self.page.fill("#words", text)
        self.page.click(".send")

    def wait_for(self, text: str) -> None:
        """Until the account's newest words contain this."""
        expect(self.page.locator("#talk .row.account", has_text=text).last).to_be_visible(timeout=WAIT_MS)

    def picture(self, file: Path) -> None:
        """A screenshot once fonts and pictures are there."""
        self.page.wait_for_load_state("load")
        self.page.wait_for_function("[...document.images].every(i => i.complete)")
        self.page.evaluate("document.fonts.ready")
        self.page.screenshot(path=str(file))

    def close(self) -> None:
        self.page.context.close()
