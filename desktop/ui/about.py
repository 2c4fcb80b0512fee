"""What this program is, which version, under which licences."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from PySide6.QtWidgets import QWidget

from desktop.ui.parts.buttons import button
from desktop.ui.parts.dialogs import Sheet
from desktop.ui.parts.labels import label
from protocol import PROTOCOL_VERSION


class AboutSheet(Sheet):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, "まどぐちについて", name="about")
        lines = (
            f"まどぐち {program_version()}（通信の取り決め 第{PROTOCOL_VERSION}版）",
            "町の職員が自分たちで使う、LINE公式アカウントの窓口です。",
            "Apache License 2.0。Qt と PySide6 は LGPL v3、書体の BIZ UDPゴシックと Noto Sans JP は SIL Open Font License です。",  # noqa: E501
            "画面の色は、デジタル庁デザインシステムのデザイントークンによります。",
        )
        for line in lines:
            self.column.addWidget(label(line, wrap=True))
        self.end_with(1, button("閉じる", self.accept, name="about.close", role="primary"))


def program_version() -> str:
    try:
        return version("madoguchi")
    except PackageNotFoundError:
        return "開発版"
