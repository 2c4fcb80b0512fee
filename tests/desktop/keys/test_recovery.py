"""SEC-2, F15: the recovery sheets open with any two, never with one, and say where a word is wrong."""

from __future__ import annotations

import hashlib
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.errors import (
    OneSheetOnly,
    SheetDamaged,
    SheetsUnfit,
    SheetWordMistaken,
    SheetWordsMissing,
    SheetWordUnknown,
)
from desktop.keys.recovery import (
    SHEET_WORDS,
    Sheet,
    fingerprint_words,
    join_sheets,
    new_recovery_secret,
    read_sheet,
    recovery_words,
    split_secret,
)
from desktop.paths import resources

FROZEN = "eb05288959a037fdfa5f8b2996a1900fe34b6bd61a734e93139fdb87f1da277b"
SECRET = bytes(range(16))


@pytest.fixture(scope="module")
def sheets() -> tuple[Sheet, ...]:
    return split_secret(SECRET)


def test_the_list_of_words_never_changes() -> None:
    file = resources() / "wording" / "recovery-words.tsv"
    assert hashlib.sha256(file.read_bytes().replace(b"\r\n", b"\n")).hexdigest() == FROZEN
    words = recovery_words()
    assert len({word.romaji for word in words}) == len({word.kana for word in words}) == len(words) == 1024


def test_any_two_sheets_give_the_secret_back(sheets: tuple[Sheet, ...]) -> None:
    assert [sheet.number for sheet in sheets] == [1, 2, 3]
    assert all(len(sheet.words) == SHEET_WORDS for sheet in sheets)
    for pair in itertools.permutations(sheets, 2):
        assert join_sheets(pair) == SECRET
    assert join_sheets(sheets) == SECRET


def test_one_sheet_or_the_same_twice_is_refused(sheets: tuple[Sheet, ...]) -> None:
    for given_sheets in ((), sheets[:1], (sheets[1], sheets[1])):
        with pytest.raises(OneSheetOnly):
            join_sheets(given_sheets)


def test_a_sheet_of_another_set_is_refused(sheets: tuple[Sheet, ...]) -> None:
    with pytest.raises(SheetsUnfit):
        join_sheets((sheets[0], split_secret(new_recovery_secret())[1]))
    with pytest.raises(SheetsUnfit):  # the same secret printed anew is another set too
        join_sheets((sheets[0], split_secret(SECRET)[1]))


def _styles(sheet: Sheet) -> list[str]:
    romaji = [word.romaji for word in sheet.words]
    kana = [word.kana for word in sheet.words]
    katakana = ["".join(chr(ord(c) + 0x60) if "ぁ" <= c <= "ゖ" else c for c in word) for word in kana]
    wide = [word.translate({point: point + 0xFEE0 for point in range(0x21, 0x7F)}) for word in romaji]
    return [
        " ".join(romaji).upper(),
        "-".join(romaji),
        "　".join(kana),
        "、".join(katakana),
        " ".join(wide),
        "\n".join(f"{place}. {word}" for place, word in enumerate(romaji, start=1)),
        "  "
        + "\r\n".join(one if place % 2 else other for place, (one, other) in enumerate(zip(romaji, kana))),
    ]


def test_however_it_is_typed_it_is_the_same_sheet(sheets: tuple[Sheet, ...]) -> None:
    for sheet in sheets:
        for typed in _styles(sheet):
            assert read_sheet(typed) == sheet


def test_a_word_nobody_printed_is_named_by_its_place(sheets: tuple[Sheet, ...]) -> None:
    words = sheets[0].typed.split()
    words[6] = "sakuraa"
    with pytest.raises(SheetWordUnknown) as caught:
        read_sheet(" ".join(words))
    assert caught.value.facts["place"] == 7


@given(place=st.integers(0, SHEET_WORDS - 1), other=st.integers(1, 1023), number=st.integers(0, 2))
def test_one_mistaken_word_is_always_found_at_its_place(
    sheets: tuple[Sheet, ...], place: int, other: int, number: int
) -> None:
    indices = list(sheets[number].indices)
    indices[place] ^= other
    with pytest.raises(SheetWordMistaken) as caught:
        read_sheet(" ".join(recovery_words()[index].romaji for index in indices))
    assert caught.value.facts["place"] == place + 1


def test_neighbours_that_changed_places_are_found(sheets: tuple[Sheet, ...]) -> None:
    words = sheets[2].typed.split()
    for place in range(SHEET_WORDS - 1):
        if words[place] == words[place + 1]:
            continue
        swapped = [*words[:place], words[place + 1], words[place], *words[place + 2 :]]
        with pytest.raises(SheetWordMistaken) as caught:
            read_sheet(" ".join(swapped))
        assert caught.value.facts["place"] == place + 1


@given(st.lists(st.tuples(st.integers(0, SHEET_WORDS - 1), st.integers(0, 1023)), min_size=1, max_size=4))
def test_no_mistake_is_ever_taken_for_the_sheet(
    sheets: tuple[Sheet, ...], mistakes: list[tuple[int, int]]
) -> None:
    indices = list(sheets[0].indices)
    for place, word in mistakes:
        indices[place] = word
    typed = " ".join(recovery_words()[index].romaji for index in indices)
    if tuple(indices) == sheets[0].indices:
        assert read_sheet(typed) == sheets[0]
    else:
        with pytest.raises(SheetDamaged):
            read_sheet(typed)


@given(st.text(max_size=200))
def test_anything_else_is_no_sheet(typed: str) -> None:
    with pytest.raises(SheetDamaged):
        read_sheet(typed)


def test_too_few_words_are_counted(sheets: tuple[Sheet, ...]) -> None:
    with pytest.raises(SheetWordsMissing) as caught:
        read_sheet(" ".join(sheets[0].typed.split()[:-1]))
    assert caught.value.facts == {"actual": 19, "limit": 20}


def test_nothing_prints_a_sheet_by_accident(sheets: tuple[Sheet, ...]) -> None:
    assert repr(sheets[0]) == "Sheet(1)"
    with pytest.raises(SheetDamaged) as caught:
        read_sheet(sheets[0].typed + " himitsu")
    assert "himitsu" not in str(caught.value) + repr(caught.value.facts)


def test_a_fingerprint_is_eight_words_and_another_key_has_others() -> None:
    first, second = fingerprint_words("a2V5", "a2V6"), fingerprint_words("a2V5", "a2V7")
    assert len(first) == len(second) == 8
    assert first != second
