"""Notices an Individual Number (「マイナンバー」) in what somebody wrote, by its check digit.

No feature of ours needs one, and the law forbids to collect it without need, so it is not taken in.
Source of the check digit: Order of the Ministry of Internal Affairs and Communications No. 85 of 2014,
article 5. About one in ten other numbers of twelve digits fits by chance; the person can reword.
"""

from __future__ import annotations

import re
import unicodedata

# What people put between groups of digits, after NFKC: spaces, hyphens and dashes, middle dots, full stops.
_BETWEEN = r"[\s\-\u2010-\u2015\u2212\u30fb\u30fc.,_/]"
_TWELVE = re.compile(rf"(?<![0-9])(?<![0-9]{_BETWEEN})[0-9](?:{_BETWEEN}?[0-9]){{11}}(?!{_BETWEEN}?[0-9])")
_LONGER_RUN = re.compile(rf"[0-9](?:{_BETWEEN}?[0-9])*")
_DIGITS = 12


def holds_my_number(text: str) -> bool:
    """Whether twelve digits with a fitting check digit stand anywhere in the text, in any width."""
    plain = unicodedata.normalize("NFKC", text)
    if any(_fits(_only_digits(found[0])) for found in _TWELVE.finditer(plain)):
        return True
    # Beside another number, such as a date, it is still written in one piece or in three groups of four.
    return any(_fits(_only_digits(piece)) for run in _LONGER_RUN.findall(plain) for piece in _pieces(run))


def _pieces(run: str) -> list[str]:
    groups = re.findall(r"[0-9]+", run)
    fours = [
        "".join(groups[start : start + 3])
        for start in range(len(groups) - 2)
        if all(len(group) == 4 for group in groups[start : start + 3])
    ]
    return [*(group for group in groups if len(group) == _DIGITS), *fours]


def _fits(digits: str) -> bool:
    if len(digits) != _DIGITS:
        return False
    numbers = [int(digit) for digit in reversed(digits)]
    total = sum(
        number * (place + 1 if place <= 6 else place - 5) for place, number in enumerate(numbers[1:], start=1)
    )
    rest = total % 11
    return numbers[0] == (0 if rest <= 1 else 11 - rest)


def _only_digits(text: str) -> str:
    return re.sub(r"[^0-9]", "", text)
