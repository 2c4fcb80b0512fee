"""「マニュアル」: the pages beside their list, a search in them, and printing."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QImage, QTextBlockFormat, QTextCursor, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QTextBrowser,
    QVBoxLayout,
)

from desktop.features.manual import Page
from desktop.ui.parts.buttons import button
from desktop.ui.parts.fields import CommitLine
from desktop.ui.screen import Desk, Screen, header

_NAME = Qt.ItemDataRole.UserRole
_PICTURE_WIDTH = 700
_LINE_PERCENT = 160
_SMOOTH = Qt.TransformationMode.SmoothTransformation
_IMAGE = QTextDocument.ResourceType.ImageResource


class ManualScreen(Screen):
    page = "manual"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._manual = desk.office.manual
        column = QVBoxLayout(self)
        column.setContentsMargins(32, 28, 32, 24)
        column.setSpacing(14)
        theme = desk.theme
        to_pdf = button("PDFにする", self._save_pdf, name="manual.pdf", icon="download", theme=theme)
        to_paper = button("印刷する", self._print, name="manual.print", icon="printer", theme=theme)
        column.addWidget(
            header("マニュアル", "どの画面でも F1 を押すと、その画面の説明が開きます。", to_pdf, to_paper)
        )
        row = QHBoxLayout()
        row.setSpacing(16)
        left = QVBoxLayout()
        left.setSpacing(8)
        self.search = CommitLine(name="manual.search", hint="マニュアルを探す")
        self.search.setAccessibleName("マニュアルを探す")
        self.search.setClearButtonEnabled(True)
        self.search.committed.connect(self._fill)
        self.list = QListWidget()
        self.list.setObjectName("manual.list")
        self.list.setAccessibleName("マニュアルの目次")
        self.list.setWordWrap(True)
        self.list.currentItemChanged.connect(lambda item, _: self._open_item(item))
        self.search.setFixedWidth(theme.px(250))
        self.list.setFixedWidth(theme.px(250))
        left.addWidget(self.search)
        left.addWidget(self.list, 1)
        row.addLayout(left)
        self.browser = QTextBrowser()
        self.browser.setObjectName("manual.page")
        self.browser.setAccessibleName("マニュアルの本文")
        self.browser.setOpenLinks(False)
        self.browser.anchorClicked.connect(lambda url: self.open(Path(url.path()).stem))
        row.addWidget(self.browser, 1)
        column.addLayout(row, 1)
        self._fill("")

    def open(self, name: str) -> None:
        """Show the page of this name; the first one where there is none."""
        for place in range(self.list.count()):
            if self.list.item(place).data(_NAME) == name:
                self.list.setCurrentRow(place)
                return
        if self.search.text():
            self.search.clear()
            self.open(name)

    def _fill(self, words: str) -> None:
        pages = (
            [found.page for found in self._manual.search(words)] if words.strip() else self._manual.pages()
        )
        self.list.clear()
        for page in pages:
            item = QListWidgetItem(page.title)
            item.setData(_NAME, page.name)
            self.list.addItem(item)
        if pages:
            self.list.setCurrentRow(0)
        else:
            self.browser.setPlainText("見つかりませんでした。ほかの言葉でお試しください。")

    def _open_item(self, item: QListWidgetItem | None) -> None:
        page = self._manual.page(item.data(_NAME)) if item is not None else None
        if page is not None:
            self.browser.setDocument(self._document(page))

    def _document(self, page: Page) -> QTextDocument:
        return manual_document(page, self._manual.folder, self.browser)

    def _save_pdf(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "PDFの保存先", "まどぐちマニュアル.pdf", "PDF (*.pdf)")
        if path:
            write_pdf(Path(path), self._manual.pages(), self._manual.folder)
            self.desk.routes.say("PDFを作りました。")

    def _print(self) -> None:
        printer = QPrinter()
        if QPrintDialog(printer, self).exec():
            self.browser.document().print_(printer)


def manual_document(page: Page, folder: Path, parent: QObject | None = None) -> QTextDocument:
    """Qt's own Markdown, pictures scaled to the width of a page."""
    document = QTextDocument(parent)
    document.setBaseUrl(QUrl.fromLocalFile(f"{folder}/"))
    document.setDocumentMargin(8)
    document.setMarkdown(page.markdown)  # forgets all resources, so they come after it
    for name in set(_picture_names(page.markdown)):
        image = QImage(str(folder / name))
        if not image.isNull():
            scaled = image.scaledToWidth(min(_PICTURE_WIDTH, image.width()), _SMOOTH)
            # A browser asks for the full address, a printed document for the name as written.
            for address in (QUrl(name), document.baseUrl().resolved(QUrl(name))):
                document.addResource(_IMAGE, address, scaled)
    _give_air(document)
    return document


def _give_air(document: QTextDocument) -> None:
    """Markdown comes out with no space between lines; headings need room above, lists a little below."""
    cursor = QTextCursor(document)
    block = document.begin()
    while block.isValid():
        form = block.blockFormat()
        if "\ufffc" not in block.text():  # not around a picture
            form.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        form.setTopMargin(22 if form.headingLevel() > 1 else 4)
        form.setBottomMargin(10 if form.headingLevel() else 6)
        cursor.setPosition(block.position())
        cursor.setBlockFormat(form)
        block = block.next()


def write_pdf(path: Path, pages: list[Page], folder: Path) -> None:
    """All pages as one A4 file."""
    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(path))
    whole = Page("all", "まどぐち マニュアル", "\n\n".join(page.markdown for page in pages))
    manual_document(whole, folder).print_(printer)


def _picture_names(markdown: str) -> list[str]:
    return [part.split(")", 1)[0] for part in markdown.split("](")[1:] if ".png)" in part.split("\n", 1)[0]]
