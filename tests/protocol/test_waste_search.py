"""A word of the dictionary is found however it is written (SEG-11)."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.waste import WasteWord
from protocol.waste_search import BEST, WasteSearch, asked_word

WORDS = [
    ("乾電池", "かんでんち", ("電池", "単3電池")),
    ("傘", "かさ", ("日傘", "雨傘")),
    ("空き缶", "あきかん", ("アルミ缶",)),
    ("コンピューター", "", ("パソコン", "PC")),
    ("ストーブ", "", ()),
    ("ペットボトル", "", ("PETボトル",)),
    ("ペットボトルのキャップ", "", ()),
    ("布団", "ふとん", ("掛け布団",)),
    ("フライパン", "", ()),
    ("植木鉢", "うえきばち", ()),
]
SEARCH = WasteSearch(
    WasteWord(id=str(place), name=name, reading=reading, synonyms=others)
    for place, (name, reading, others) in enumerate(WORDS)
)


@pytest.mark.parametrize(
    ("typed", "name", "how"),
    [
        ("乾電池", "乾電池", "exact"),
        ("かんでんち", "乾電池", "exact"),
        ("カンデンチ", "乾電池", "exact"),
        ("電池", "乾電池", "synonym"),
        ("単３電池", "乾電池", "synonym"),
        ("ﾍﾟｯﾄﾎﾞﾄﾙ", "ペットボトル", "exact"),
        ("ぺっと ぼとる", "ペットボトル", "exact"),
        ("コンピュータ", "コンピューター", "exact"),
        ("ｐｃ", "コンピューター", "synonym"),
        ("空缶", "空き缶", "exact"),
        ("すとおぶ", "ストーブ", "exact"),
        ("掛布団", "布団", "synonym"),
        ("うえき", "植木鉢", "prefix"),
        ("赤い傘", "傘", "part"),
        ("フラインパン", "フライパン", "similar"),
        ("ペットボルト", "ペットボトル", "similar"),
    ],
)
def test_spelling_kana_width_and_other_names_are_forgiven(typed: str, name: str, how: str) -> None:
    best = SEARCH.find(typed)[0]
    assert (best.word.name, best.how) == (name, how)


def test_the_exact_word_comes_before_those_that_only_begin_like_it() -> None:
    found = SEARCH.find("ペットボトル")
    assert [hit.word.name for hit in found[:2]] == ["ペットボトル", "ペットボトルのキャップ"]
    assert found[0].score > found[1].score


@pytest.mark.parametrize("typed", ["ヘリコプター", "", "　", "ー", "!?", "ん" * 500])
def test_what_is_not_there_brings_nothing(typed: str) -> None:
    assert SEARCH.find(typed) == []


@pytest.mark.parametrize(
    ("said", "thing"),
    [
        ("電池の捨て方", "電池"),
        ("傘は何ごみ？", "傘"),
        ("傘は何ゴミですか", "傘"),
        ("ふとんを捨てたい", "ふとん"),
        ("「パソコン」の処分方法を教えてください", "パソコン"),
        ("油の出し方", "油"),
        ("スプレー缶のすてかた", "スプレー缶"),
        ("こんにちは", None),
        ("捨て方", None),
        ("今日のごみ", None),
        ("あ" * 61 + "の捨て方", None),
    ],
)
def test_the_thing_asked_about_is_taken_out_of_the_question(said: str, thing: str | None) -> None:
    assert asked_word(said) == thing


@given(st.sampled_from(WORDS), st.sampled_from(["{}", "　{} ", "{}。", "「{}」"]))
def test_every_word_finds_itself_first(word: tuple[str, str, tuple[str, ...]], frame: str) -> None:
    for name in (word[0], word[1] or word[0]):
        assert SEARCH.find(frame.format(name))[0].word.name == word[0]


@given(st.text(max_size=80))
def test_whatever_is_typed_brings_at_most_the_best_few(typed: str) -> None:
    found = SEARCH.find(typed)
    assert len(found) <= BEST
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)


def test_five_thousand_words_are_searched_in_a_few_milliseconds() -> None:
    dice = random.Random(5)
    signs = "あいうえおかきくけ缶瓶電池布団ガラス"

    def made(length: int) -> str:
        return "".join(dice.choices(signs, k=length))

    many = WasteSearch(WasteWord(id=str(n), name=made(6), synonyms=(made(5),)) for n in range(5000))
    times = []
    for _ in range(5):
        started = time.perf_counter()
        many.find("電池ガラス")
        times.append(time.perf_counter() - started)
    assert min(times) < 0.02
