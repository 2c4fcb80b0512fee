"""Menus and keys. F6 to F10 stay free: they belong to the IME. Ctrl+Enter goes to the confirmation, never
past it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from desktop.ui.about import AboutSheet
from desktop.ui.deliveries.tabs import TABS
from desktop.ui.keys_list import KeysSheet
from desktop.ui.rail import PLACES, keys_of_place, page_of


@dataclass(frozen=True)
class Actions:
    """What can be chosen from a menu, as the work area offers it."""

    go: Callable[[str], Any]
    new_delivery: Callable[[], Any]
    save: Callable[[], Any]
    undo: Callable[[], Any]
    redo: Callable[[], Any]
    find_here: Callable[[], Any]
    find_anything: Callable[[], Any]
    help_here: Callable[[], Any]
    manual: Callable[[], Any]
    export: Callable[[], Any]
    test: Callable[[], Any]
    confirm: Callable[[], Any]
    wake_sync: Callable[[], Any]
    link_line: Callable[[], Any]
    text_size: Callable[[int], Any]
    lock: Callable[[], Any]
    close: Callable[[], Any]


def clear_menus(window: QMainWindow) -> None:
    """No menu, and nothing left that remembers what it did."""
    bar = window.menuBar()
    bar.clear()
    for menu in bar.findChildren(QMenu):
        menu.setParent(None)
        menu.deleteLater()


def build_menus(window: QMainWindow, do: Actions) -> None:
    clear_menus(window)
    bar = window.menuBar()
    file = bar.addMenu("ファイル(&F)")
    _add(file, "新しく配信する", "Ctrl+N", do.new_delivery)
    _add(file, "下書きを保存する", "Ctrl+S", do.save)
    file.addSeparator()
    _add(file, "配信の一覧を書き出す…", "", do.export)
    file.addSeparator()
    _add(file, "画面をロックする", "Ctrl+L", do.lock)
    _add(file, "終わる", "Ctrl+Q", do.close)
    edit = bar.addMenu("編集(&E)")
    _add(edit, "元に戻す", "Ctrl+Z", do.undo)
    _add(edit, "やり直す", "Ctrl+Y", do.redo)
    edit.addSeparator()
    _add(edit, "一覧から探す", "Ctrl+F", do.find_here)
    _add(edit, "何でも探す…", "Ctrl+K", do.find_anything)
    view = bar.addMenu("表示(&V)")
    for name, word, _ in PLACES:
        _add(view, word, keys_of_place(name), _going(do, page_of(name)))
    view.addSeparator()
    _add(view, "文字を大きく", "Ctrl++", lambda: do.text_size(1))
    _add(view, "文字を小さく", "Ctrl+-", lambda: do.text_size(-1))
    _add(view, "文字を標準に", "Ctrl+0", lambda: do.text_size(0))
    sending = bar.addMenu("配信(&S)")
    _add(sending, "テスト配信する…", "Ctrl+T", do.test)
    _add(sending, "確認へ進む", "", do.confirm)
    sending.addSeparator()
    for page, word in TABS[1:]:
        _add(sending, word, "", _going(do, page))
    tools = bar.addMenu("ツール(&T)")
    _add(tools, "今すぐ同期する", "F5", do.wake_sync)
    _add(tools, "自分のLINEをつなぐ…", "", do.link_line)
    help_menu = bar.addMenu("ヘルプ(&H)")
    _add(help_menu, "この画面の説明", "F1", do.help_here)
    _add(help_menu, "マニュアル", "", do.manual)
    _add(help_menu, "キーの一覧…", "Ctrl+/", lambda: KeysSheet(window, keys_of(window)).open())
    help_menu.addSeparator()
    _add(help_menu, "まどぐちについて…", "", lambda: AboutSheet(window).open())


def keys_of(window: QMainWindow) -> list[tuple[str, str]]:
    """Every key in the menus, with what it does."""
    keys = [
        (action.shortcut().toString(QKeySequence.SequenceFormat.NativeText), action.text())
        for menu in window.menuBar().findChildren(QMenu)
        for action in menu.actions()
        if not action.shortcut().isEmpty()
    ]
    return [*keys, ("Ctrl+Enter", "編集中の配信の確認へ進む（送りません）"), ("Esc", "やめる・閉じる")]


def _add(menu: QMenu, words: str, keys: str, done: Callable[[], Any]) -> QAction:
    action = menu.addAction(words)
    if keys:
        action.setShortcut(QKeySequence(keys))
    action.triggered.connect(lambda _=False: done())
    return action


def _going(do: Actions, name: str) -> Callable[[], Any]:
    return lambda: do.go(name)
