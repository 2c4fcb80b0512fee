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

from playwright.sync_api import Browser, Page, sync_playwright

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
SIZE = {"width": 390, "height": 844}
WAIT_MS = 15_000


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
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            while (ask := self._asks.get()) is not None:
                action, answer = ask
                try:
                    answer.set_result(action(browser))
                except BaseException as error:  # handed to whoever waits for it
                    answer.set_exception(error)
            browser.close()


def open_phone(browser: Browser, sandbox_url: str, user_id: str) -> Page:
    """The talk of one resident, ready to be looked at. Certificates of the demo's own CA are accepted."""
    context = browser.new_context(
        viewport=SIZE,
        device_scale_factor=2,
        locale="ja-JP",
        timezone_id="Asia/Tokyo",
        ignore_https_errors=True,
    )
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    page.goto(f"{sandbox_url}/phone/{user_id}")
    page.wait_for_selector("body[data-ready]")
    return page


def picture(page: Page, file: Path) -> None:
    """A screenshot once fonts and pictures are there."""
    page.evaluate("document.fonts.ready")
    page.wait_for_function("[...document.images].every(i => i.complete)")
    page.screenshot(path=str(file))
