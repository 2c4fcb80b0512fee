"""What may be saved as a segment item, and what a resident may answer to it (SEG-1, SEG-3)."""

from datetime import UTC, datetime

import pytest

from protocol.items import (
    Answer,
    BirthMonth,
    Choice,
    SegmentItem,
    find_answer_problems,
    find_item_problems,
    japan_year,
)
from tests.make import birth_item, district_item, topics_item

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def item_codes(**changes: object) -> list[tuple[str, str]]:
    return [(p.code, p.at) for p in find_item_problems(topics_item(**changes))]


def test_an_ordinary_item_has_no_problems() -> None:
    assert find_item_problems(district_item(60)) == ()
    assert find_item_problems(topics_item()) == ()
    assert find_item_problems(birth_item()) == ()


def test_empty_words_are_named_where_they_stand() -> None:
    assert item_codes(title=" ", question="") == [("text_missing", "title"), ("text_missing", "question")]


def test_a_label_longer_than_lines_twenty_graphemes_is_refused() -> None:
    family = "👨‍👩‍👧"
    fits = (Choice(id="a", label=family * 20), Choice(id="b", label="い"))
    too_long = (Choice(id="a", label=family * 21), Choice(id="b", label="い"))
    assert item_codes(choices=fits) == []
    assert item_codes(choices=too_long) == [("text_too_long", "choices.0.label")]


def test_a_question_needs_two_choices_that_are_still_offered() -> None:
    one_left = (Choice(id="a", label="あ"), Choice(id="b", label="い", retired=True))
    assert item_codes(choices=one_left) == [("too_few_choices", "choices")]
    assert item_codes(choices=one_left, retired=True) == []


def test_the_same_label_twice_is_refused_unless_one_is_retired() -> None:
    assert item_codes(choices=(Choice(id="a", label="あ"), Choice(id="b", label="あ "))) == [
        ("duplicate_label", "choices.1.label")
    ]
    retired = (
        Choice(id="a", label="あ", retired=True),
        Choice(id="b", label="あ"),
        Choice(id="c", label="い"),
    )
    assert item_codes(choices=retired) == []


def test_more_choices_than_one_card_can_offer_are_refused() -> None:
    assert [p.code for p in find_item_problems(district_item(121))] == ["too_many_choices"]
    assert find_item_problems(district_item(120)) == ()


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer(item="x", choices=("nowhere",)), "choice_not_offered"),
        (Answer(item="x", choices=("d00", "d01")), "one_choice_only"),
        (Answer(item="x", births=(BirthMonth(year=1980),)), "year_not_allowed"),
    ],
)
def test_an_answer_that_was_not_offered_is_refused(answer: Answer, code: str) -> None:
    assert [p.code for p in find_answer_problems(district_item(), answer, NOW)] == [code]


def test_a_retired_choice_can_no_longer_be_given() -> None:
    item = topics_item(choices=(Choice(id="a", label="あ", retired=True), Choice(id="b", label="い")))
    assert [p.code for p in find_answer_problems(item, Answer(item="x", choices=("a",)), NOW)] == [
        "choice_not_offered"
    ]


@pytest.mark.parametrize("year", [1899, 2027])
def test_a_year_nobody_alive_was_born_in_is_refused(year: int) -> None:
    assert [
        p.code
        for p in find_answer_problems(birth_item(), Answer(item="x", births=(BirthMonth(year=year),)), NOW)
    ] == ["year_out_of_range"]


def test_several_topics_and_none_are_answers() -> None:
    assert find_answer_problems(topics_item(), Answer(item="x", choices=("t0", "t3")), NOW) == ()
    assert find_answer_problems(topics_item(), Answer(item="x"), NOW) == ()


def test_the_year_turns_at_midnight_in_japan() -> None:
    assert japan_year(datetime(2026, 12, 31, 14, 59, tzinfo=UTC)) == 2026
    assert japan_year(datetime(2026, 12, 31, 15, 0, tzinfo=UTC)) == 2027


def test_a_question_in_free_words_names_who_reads_it_and_offers_no_choices() -> None:
    text = SegmentItem(id="free", kind="text", title="ご要望", question="ご要望をお書きください。")
    codes = [problem.code for problem in find_item_problems(text)]
    assert codes == ["department_missing"]
    nobody = text.model_copy(update={"access": {"kodomo": "none"}})
    assert [problem.at for problem in find_item_problems(nobody)] == ["access"]
    read = text.model_copy(update={"access": {"kodomo": "edit", "bosai": "view"}})
    assert find_item_problems(read) == () and read.departments == ("bosai", "kodomo")
    with_choices = read.model_copy(update={"choices": (Choice(id="a", label="あ"),)})
    assert [problem.code for problem in find_item_problems(with_choices)] == ["choices_not_allowed"]
    assert find_answer_problems(read, Answer(item="free"), NOW) != ()
