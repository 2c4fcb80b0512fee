"""What tests look for on a page in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__import__("axe_playwright_python").__file__).with_name("axe.min.js")
OpenPage = Callable[..., Page]


def violations(page: Page) -> list[str]:
    """What axe finds wrong."""
    page.evaluate(AXE.read_text("utf-8"))
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("tags => axe.run({runOnly: tags})", tags)
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found["violations"]]


def targets_under(page: Page, least: int) -> list[str]:
    """What is too small for a thumb."""
    return list(
        page.evaluate(
            """least => [...document.querySelectorAll('a, button, select, textarea, label.choice')]
            .filter(e => e.offsetParent && e.getBoundingClientRect().height < least).map(e => e.outerHTML)""",
            least,
        )
    )
