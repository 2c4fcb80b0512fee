"""The languages residents read (design 8). `ja` is what everything has; the others fall back to it.

Requirement: SEG-6 (variants).
"""

from __future__ import annotations

LANGUAGES: tuple[str, ...] = ("ja", "easy", "en", "pt", "vi", "zh")

LANGUAGE_NAMES: dict[str, str] = {
    "ja": "日本語",
    "easy": "やさしい日本語",
    "en": "English",
    "pt": "Português",
    "vi": "Tiếng Việt",
    "zh": "中文",
}
"""As those who read them call them; the same on every screen and page."""

DEFAULT_LANGUAGE = "ja"


def language_of_profile(tag: str) -> str:
    """The language for what LINE's profile says (BCP 47: `zh-TW`); one we lack reads plain Japanese."""
    primary = tag.strip().lower().partition("-")[0]
    return primary if primary in LANGUAGES else ("easy" if primary else DEFAULT_LANGUAGE)
