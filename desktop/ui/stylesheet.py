"""The one style sheet. Widgets carry a `role` (what they are), never colours of their own."""
# ruff: noqa: E501  -- one rule a line reads better than one property a line

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from desktop.ui.theme import Colours


LETTERS = "Noto Sans JP"
"""For what is read or typed letter by letter: BIZ UDPGothic draws g, p and y with next to no tails."""


def stylesheet(c: Colours, px: Callable[[float], int]) -> str:
    """`px` turns a size at 100 % into pixels at the chosen text size."""
    return "\n".join((_grounds(c, px), _type(c, px), _buttons(c, px), _fields(c, px), _lists(c, px)))


def _grounds(c: Colours, px: Callable[[float], int]) -> str:
    return f"""
    QMainWindow, QDialog, QWidget[role="page"] {{ background: {c.page}; }}
    QDialog {{ background: {c.surface}; }}
    QScrollArea, QScrollArea > QWidget > QWidget[role="flow"] {{ background: transparent; border: none; }}
    QFrame[role="card"] {{ background: {c.surface}; border: 1px solid {c.line}; border-radius: 10px; }}
    QFrame[role="sunken"] {{ background: {c.sunken}; border: none; border-radius: 8px; }}
    QFrame[role="bundle"] {{ background: transparent; border: none; border-left: 3px solid {c.primary}; }}
    QFrame[role="rail"] {{ background: {c.rail}; border: none; border-right: 1px solid {c.line}; }}
    QFrame[role="bar"] {{ background: {c.rail}; border: none; border-top: 1px solid {c.line}; }}
    QFrame[role="actions"] {{ background: {c.surface}; border: none; border-top: 1px solid {c.line}; }}
    QFrame[role="line"] {{ background: {c.line}; border: none; max-height: 1px; min-height: 1px; }}
    QFrame[banner="error"] {{ background: {c.error_soft}; border: 1px solid {c.error}; border-radius: 8px; }}
    QFrame[banner="warning"] {{ background: {c.warning_soft}; border: 1px solid {c.warning}; border-radius: 8px; }}
    QFrame[banner="success"] {{ background: {c.success_soft}; border: 1px solid {c.success}; border-radius: 8px; }}
    QFrame[banner="info"] {{ background: {c.primary_soft}; border: 1px solid {c.accent_text}; border-radius: 8px; }}
    QFrame[banner] QLabel {{ background: transparent; }}
    QMenuBar {{ background: {c.rail}; border-bottom: 1px solid {c.line}; padding: 2px 6px; }}
    QMenuBar::item {{ padding: 6px 10px; border-radius: 6px; }}
    QMenuBar::item:selected {{ background: {c.primary_soft}; }}
    QMenu {{ background: {c.surface}; border: 1px solid {c.strong_line}; padding: 6px; }}
    QMenu::item {{ padding: 8px 32px 8px 16px; border-radius: 6px; }}
    QMenu::item:selected {{ background: {c.primary_soft}; color: {c.text}; }}
    QMenu::item:disabled {{ color: {c.muted}; }}
    QMenu::separator {{ height: 1px; background: {c.line}; margin: 6px 8px; }}
    QToolTip {{ background: {c.text}; color: {c.surface}; border: none; padding: 6px 8px; }}
    QSplitter::handle {{ background: transparent; }}
    """


def _type(c: Colours, px: Callable[[float], int]) -> str:
    return f"""
    QLabel {{ background: transparent; }}
    QLabel[role="title"] {{ font-size: {px(24)}px; font-weight: 700; }}
    QLabel[role="heading"] {{ font-size: {px(18)}px; font-weight: 700; }}
    QLabel[role="subheading"] {{ font-size: {px(15)}px; font-weight: 700; }}
    QLabel[role="lead"] {{ font-size: {px(17)}px; }}
    QLabel[role="muted"] {{ color: {c.muted}; font-size: {px(14)}px; }}
    QLabel[role="small"] {{ color: {c.muted}; font-size: {px(13)}px; }}
    QLabel[role="number"] {{ font-size: {px(34)}px; font-weight: 700; }}
    QLabel[role="error"] {{ color: {c.error}; font-size: {px(14)}px; }}
    QLabel[role="success"] {{ color: {c.success}; font-size: {px(14)}px; }}
    QLabel[role="countdown"] {{ font-size: {px(48)}px; font-weight: 700; color: {c.error}; }}
    QLabel[role="code"] {{ font-size: {px(34)}px; font-weight: 700; letter-spacing: 4px; }}
    QLabel[role="passphrase"] {{ font-family: "{LETTERS}"; font-size: {px(22)}px; }}
    QLabel[letters="true"] {{ font-family: "{LETTERS}"; }}
    QLabel[badge] {{ font-size: {px(13)}px; padding: {px(4)}px {px(10)}px; border-radius: {px(10)}px;
        font-weight: 700; }}
    QLabel[badge="neutral"] {{ background: {c.sunken}; color: {c.text}; }}
    QLabel[badge="info"] {{ background: {c.primary_soft}; color: {c.accent_text}; }}
    QLabel[badge="success"] {{ background: {c.success_soft}; color: {c.success}; }}
    QLabel[badge="warning"] {{ background: {c.warning_soft}; color: {c.warning}; }}
    QLabel[badge="error"] {{ background: {c.error_soft}; color: {c.error}; }}
    """


def _buttons(c: Colours, px: Callable[[float], int]) -> str:
    return f"""
    QPushButton, QToolButton[role="button"] {{
        background: {c.surface}; color: {c.accent_text}; border: 1px solid {c.strong_line};
        border-radius: 8px; padding: 0 {px(16)}px; min-height: {px(42)}px; font-weight: 700; }}
    QPushButton:hover, QToolButton[role="button"]:hover {{ background: {c.primary_soft}; border-color: {c.accent_text}; }}
    QPushButton:focus, QToolButton:focus {{ border: 2px solid {c.focus}; }}
    QPushButton:disabled {{ color: {c.muted}; background: {c.sunken}; border-color: {c.line}; }}
    QPushButton[role="primary"] {{ background: {c.primary}; color: {c.on_primary}; border: 2px solid {c.primary}; }}
    QPushButton[role="primary"]:hover {{ background: {c.primary_hover}; border-color: {c.primary_hover}; }}
    QPushButton[role="primary"]:focus {{ border: 2px solid {c.text}; }}
    QPushButton[role="primary"]:disabled {{ background: {c.sunken}; color: {c.muted}; border-color: {c.line}; }}
    QPushButton[role="danger"] {{ color: {c.error}; }}
    QPushButton[role="danger"]:hover {{ background: {c.error_soft}; border-color: {c.error}; }}
    QPushButton[role="danger"]:disabled {{ color: {c.muted}; background: {c.sunken}; border-color: {c.line}; }}
    QPushButton[role="stop"] {{ background: {c.error}; color: {c.surface}; border: 2px solid {c.error};
        min-height: {px(60)}px; padding: 0 {px(32)}px; font-size: {px(22)}px; }}
    QPushButton[role="stop"]:hover {{ border-color: {c.text}; }}
    QPushButton[role="stop"]:focus {{ border: 3px solid {c.text}; }}
    QPushButton[role="stop"]:disabled {{ background: {c.sunken}; color: {c.muted}; border-color: {c.line}; }}
    QPushButton[role="quiet"] {{ background: transparent; border: 1px solid transparent; padding: 0 {px(10)}px; }}
    QPushButton[role="quiet"]:hover {{ background: {c.primary_soft}; }}
    QPushButton[role="quiet"]:focus {{ border: 2px solid {c.focus}; }}
    QPushButton[role="quiet"]:disabled {{ background: transparent; color: {c.muted}; }}
    QPushButton[role="row"] {{ background: {c.surface}; color: {c.text}; border: 1px solid {c.line}; font-weight: 400;
        text-align: left; padding: {px(10)}px {px(14)}px; min-height: {px(44)}px; }}
    QPushButton[role="row"]:hover {{ background: {c.primary_soft}; border-color: {c.accent_text}; }}
    QPushButton[role="row"]:checked {{ background: {c.primary_soft}; border: 2px solid {c.accent_text}; }}
    QPushButton[role="row"]:focus {{ border: 2px solid {c.focus}; }}
    QPushButton[role="photo"] {{ background: {c.sunken}; color: {c.muted}; border: 1px solid {c.line}; padding: 0;
        min-width: {px(198)}px; max-width: {px(198)}px; min-height: {px(198)}px; max-height: {px(198)}px; font-weight: 400; font-size: {px(13)}px; }}
    QPushButton[role="photo"]:focus {{ border: 2px solid {c.focus}; }}
    QToolButton {{ background: transparent; border: 1px solid transparent; border-radius: 8px; padding: 4px; }}
    QToolButton[role="icon"] {{ min-width: {px(34)}px; min-height: {px(34)}px; }}
    QToolButton[role="icon"]::menu-indicator {{ image: none; width: 0; }}
    QToolButton[role="icon"]:hover {{ background: {c.primary_soft}; }}
    QToolButton[role="icon"]:focus {{ border: 2px solid {c.focus}; }}
    QToolButton[role="rail"] {{ color: {c.rail_text}; border-radius: 10px; padding: {px(6)}px {px(4)}px;
        font-size: {px(13)}px; min-width: {px(84)}px; min-height: {px(52)}px; border: 2px solid transparent; }}
    QToolButton[role="rail"][compact="true"] {{ padding: {px(2)}px {px(8)}px; min-height: {max(40, px(28))}px;
        min-width: {px(100)}px; }}
    QToolButton[role="rail"]:hover {{ background: {c.sunken}; }}
    QToolButton[role="rail"]:checked {{ background: {c.rail_chosen}; color: {c.accent_text}; font-weight: 700; }}
    QToolButton[role="rail"]:focus {{ border: 2px solid {c.focus}; }}
    QPushButton[role="segment"] {{ border-radius: 0; min-height: {px(34)}px; padding: 0 {px(12)}px; font-weight: 400;
        color: {c.text}; border: 1px solid {c.line}; margin: 0; }}
    QPushButton[role="segment"]:checked {{ background: {c.primary_soft}; color: {c.accent_text}; font-weight: 700;
        border: 1px solid {c.accent_text}; }}
    QPushButton[role="segment"]:focus {{ border: 2px solid {c.focus}; }}
    """


def _fields(c: Colours, px: Callable[[float], int]) -> str:
    return f"""
    QLineEdit, QPlainTextEdit, QTextEdit, QSpinBox, QComboBox, QDateEdit, QTimeEdit {{
        background: {c.surface}; color: {c.text}; border: 1px solid {c.strong_line}; border-radius: 8px;
        padding: {px(6)}px {px(10)}px; selection-background-color: {c.primary}; selection-color: {c.on_primary}; }}
    QLineEdit, QSpinBox, QComboBox, QDateEdit, QTimeEdit {{ min-height: {px(30)}px; }}
    QLineEdit:focus, QPlainTextEdit:focus, QSpinBox:focus, QComboBox:focus, QDateEdit:focus, QTimeEdit:focus {{
        border: 2px solid {c.focus}; }}
    QLineEdit[wrong="true"], QPlainTextEdit[wrong="true"] {{ border: 2px solid {c.error}; }}
    QLineEdit:read-only {{ background: {c.sunken}; }}
    QLineEdit:disabled, QSpinBox:disabled, QDateEdit:disabled {{ background: {c.sunken}; color: {c.muted}; }}
    QComboBox QAbstractItemView {{ background: {c.surface}; border: 1px solid {c.strong_line};
        selection-background-color: {c.primary_soft}; selection-color: {c.text}; outline: none; }}
    QPlainTextEdit, QLineEdit[letters="true"] {{ font-family: "{LETTERS}"; }}
    QCheckBox, QRadioButton {{ spacing: 10px; min-height: {px(32)}px; background: transparent; }}
    QCheckBox:disabled {{ color: {c.muted}; }}
    QCheckBox::indicator, QListView::indicator {{ width: {px(18)}px; height: {px(18)}px; border-radius: 4px;
        border: 2px solid {c.strong_line}; background: {c.surface}; }}
    QCheckBox::indicator:focus, QCheckBox::indicator:hover {{ border-color: {c.focus}; }}
    QCheckBox::indicator:checked, QListView::indicator:checked {{ background: {c.primary};
        border-color: {c.primary}; image: url("{c.marks}/tick.svg"); }}
    QRadioButton::indicator {{ width: {px(18)}px; height: {px(18)}px; border-radius: {px(18) // 2 + 1}px;
        border: 2px solid {c.strong_line}; background: {c.surface}; }}
    QRadioButton::indicator:focus, QRadioButton::indicator:hover {{ border-color: {c.focus}; }}
    QRadioButton::indicator:checked {{ border: {px(6)}px solid {c.primary}; width: {px(10)}px; height: {px(10)}px;
        border-radius: {px(5) + px(6) - 1}px; }}
    QCheckBox::indicator:disabled {{ background: {c.sunken}; border-color: {c.line}; }}
    QComboBox::drop-down, QDateEdit::drop-down {{ border: none; width: {px(36)}px; }}
    QComboBox::down-arrow, QDateEdit::down-arrow {{ image: url("{c.marks}/down.svg"); width: {px(18)}px; height: {px(18)}px; }}
    QComboBox[role="compact"] {{ padding: {px(6)}px 0 {px(6)}px {px(4)}px; }}
    QComboBox[role="compact"]::drop-down {{ width: {px(20)}px; }}
    QComboBox[role="compact"]::down-arrow {{ width: {px(15)}px; height: {px(15)}px; }}
    QSpinBox::up-button, QSpinBox::down-button, QTimeEdit::up-button, QTimeEdit::down-button {{ border: none; width: {px(30)}px; background: transparent; }}
    QSpinBox::up-arrow, QTimeEdit::up-arrow {{ image: url("{c.marks}/up.svg"); width: {px(14)}px; height: {px(14)}px; }}
    QSpinBox::down-arrow, QTimeEdit::down-arrow {{ image: url("{c.marks}/down.svg"); width: {px(14)}px; height: {px(14)}px; }}
    QTextBrowser {{ background: {c.surface}; border: 1px solid {c.line}; border-radius: 10px; padding: {px(14)}px; }}
    QProgressBar {{ background: {c.sunken}; border: none; border-radius: 5px; min-height: 10px; max-height: 10px; }}
    QProgressBar::chunk {{ background: {c.primary}; border-radius: 5px; }}
    """


def _lists(c: Colours, px: Callable[[float], int]) -> str:
    return f"""
    QTableView, QListView {{ background: {c.surface}; border: 1px solid {c.line}; border-radius: 10px;
        gridline-color: transparent; outline: none; alternate-background-color: {c.surface}; }}
    QTableView::item {{ padding: 0 {px(10)}px; border-bottom: 1px solid {c.line}; }}
    QTableView::item:selected, QListView::item:selected {{ background: {c.primary_soft}; color: {c.text}; }}
    QTableView:focus, QListView:focus {{ border: 2px solid {c.focus}; }}
    QListView::item {{ padding: {px(8)}px {px(10)}px; border-radius: 6px; }}
    QListView::item:hover {{ background: {c.sunken}; }}
    QHeaderView {{ background: transparent; border: none; }}
    QHeaderView::section {{ background: {c.surface}; color: {c.muted}; font-size: {px(13)}px; border: none;
        border-bottom: 1px solid {c.strong_line}; padding: {px(10)}px; text-align: left; }}
    QHeaderView::section:vertical {{ color: {c.text}; font-size: {px(15)}px; border-bottom: 1px solid {c.line};
        padding: 0 {px(10)}px; }}
    QTableCornerButton::section {{ background: {c.surface}; border: none; border-bottom: 1px solid {c.strong_line}; }}
    QTableView[letters="true"] {{ font-family: "{LETTERS}"; }}
    QScrollBar:vertical {{ background: transparent; width: 12px; margin: 2px; }}
    QScrollBar::handle:vertical {{ background: {c.line}; border-radius: 4px; min-height: 40px; }}
    QScrollBar::handle:vertical:hover {{ background: {c.strong_line}; }}
    QScrollBar:horizontal {{ background: transparent; height: 12px; margin: 2px; }}
    QScrollBar::handle:horizontal {{ background: {c.line}; border-radius: 4px; min-width: 40px; }}
    QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {{
        background: transparent; border: none; height: 0; width: 0; }}
    """
