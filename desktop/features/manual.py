"""The manual (「マニュアル」): pages as Markdown files, one per screen, and a search in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from desktop import paths

_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
_MARKS = re.compile(r"[#*`>|_\-]+")


@dataclass(frozen=True)
class Page:
    """`name` is the file's name without ending, the same as the screen's."""

    name: str
    title: str
    markdown: str

    @property
    def plain(self) -> str:
        return _MARKS.sub(" ", _PICTURE.sub("", self.markdown))


@dataclass(frozen=True)
class Found:
    page: Page
    excerpt: str


class Manual:
    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or paths.manual()

    def pages(self) -> list[Page]:
        """In the order of `contents.txt`, which names every page once."""
        names = (self.folder / "contents.txt").read_text(encoding="utf-8").split()
        return [page for name in names if (page := self.page(name)) is not None]

    def page(self, name: str) -> Page | None:
        path = self.folder / f"{name}.md"
        if not path.is_file():
            return None
        text = path.read_text(encoding="utf-8")
        title = next((line[2:].strip() for line in text.splitlines() if line.startswith("# ")), name)
        return Page(name=name, title=title, markdown=text)

    def search(self, words: str) -> list[Found]:
        """Pages that contain every word, those with a hit in the title first."""
        wanted = words.lower().split()
        found = []
        for page in self.pages():
            plain = " ".join(page.plain.split())
            if wanted and all(word in plain.lower() for word in wanted):
                at = plain.lower().index(wanted[0])
                found.append(Found(page, plain[max(0, at - 20) : at + 60]))
        return sorted(found, key=lambda hit: wanted[0] not in hit.page.title.lower())
