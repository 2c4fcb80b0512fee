"""Messages while they are composed: languages, examples, areas, positions, media. Pure parts of SEG-6."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from desktop.errors import MediaRefused, PictureRefused
from desktop.features.areas import SMALLEST, Box, area_at, box_of, divided, drawn, moved
from desktop.features.composing import (
    ACTIONS,
    EXAMPLES,
    KINDS,
    TownWords,
    action_value,
    as_action,
    as_example,
    degrees,
    example_labels,
    languages_left,
    languages_of,
    new_message,
    notice_text,
    place_of,
    read_degrees,
    read_position,
    told,
    with_action_value,
    with_messages_in,
    without_language,
)
from desktop.features.media import is_mp4, length_of_sound
from desktop.features.pictures import (
    fit_card_picture,
    fit_map_picture,
    fit_template_picture,
    is_animated,
)
from desktop.features.wording import words_for, words_of_trouble
from protocol.card_limits import MAP_WIDTH
from protocol.deliveries import DeliveryDraft, find_content_problems, messages_in
from protocol.ids import new_id
from protocol.messages import (
    Call,
    Card,
    CardMessage,
    Copy,
    HeadingBlock,
    ImageMessage,
    Message,
    OpenLink,
    OpenPage,
    Say,
    TableBlock,
    TextMessage,
)
from protocol.placeholders import PLACEHOLDERS
from protocol.schedules import At
from protocol.sync import TownSettings
from tests.desktop.pictures_for_tests import encoded

NOW = datetime(2026, 11, 20, tzinfo=UTC)
HELLO = (TextMessage(text="こんにちは"),)


def draft() -> DeliveryDraft:
    return DeliveryDraft(id=new_id(NOW), title="題", messages=HELLO)


def test_every_type_of_message_can_be_begun() -> None:
    union = get_args(get_args(Message)[0])
    assert {new_message(kind).type for kind in KINDS} == {one.model_fields["type"].default for one in union}
    assert all(find_content_problems(draft().model_copy(update={"messages": (new_message(kind),)}))
               for kind in KINDS if kind != "sticker")  # fmt: skip


def test_another_language_begins_as_a_copy_and_japanese_stays_what_readers_fall_back_to() -> None:
    first = with_messages_in(draft(), "en", HELLO)
    second = with_messages_in(first, "en", (TextMessage(text="Hello"),))
    assert messages_in(second, "en") == (TextMessage(text="Hello"),)
    assert messages_in(second, "ja") == messages_in(second, "vi") == HELLO
    assert languages_of(second) == ("ja", "en") and "en" not in languages_left(second)
    assert place_of(second, "en") == "variants.0.messages" and place_of(second, "ja") == "messages"
    assert without_language(second, "en") == draft().model_copy(update={"id": second.id})


def test_the_preview_shows_examples_in_place_of_placeholders() -> None:
    assert set(EXAMPLES) == set(PLACEHOLDERS)
    shown = as_example((TextMessage(text="｛地区｝の皆さま"),), training=True)
    assert shown == (TextMessage(text="【訓練】\n川北の皆さま"),)
    assert example_labels((Say(label="｛地区｝", text="x"), Say(label="", text="x"))) == ("川北", "（候補）")


def test_the_preview_fills_in_the_towns_own_words_and_the_day_it_goes_out() -> None:
    town = TownSettings(town_name="湊町", telephone="0123-45-6789")
    words = TownWords(datetime(2026, 11, 20, 3, tzinfo=UTC), town, "港区")
    values = words.values(draft(), "ja")
    text = "｛町名｝｛アカウント名｝｛電話｝｛配信日｝｛地区｝｛収集日｝"
    shown = as_example((TextMessage(text=text),), values=values)
    assert shown == (TextMessage(text="湊町湊町0123-45-678911月20日（金）港区4月2日（木）"),)
    booked = draft().model_copy(update={"when": At(at=datetime(2026, 11, 23, 15, tzinfo=UTC))})
    assert words.values(booked, "en")["配信日"] == "2026-11-24"
    assert TownWords(words.now).values(draft(), "ja")["町名"] == EXAMPLES["町名"]


def test_the_notice_says_what_line_says_for_each_type() -> None:
    assert notice_text((TextMessage(text="一行目\n二行目"),)) == "一行目 二行目"
    assert notice_text((*HELLO, ImageMessage(file="a", preview="b"))) == "写真を送信しました"
    assert notice_text((CardMessage(alt="秋まつり"),)) == "秋まつり" and notice_text(()) == ""


@pytest.mark.parametrize(
    "before", [OpenLink(label="甲", url="https://example.jp"), OpenPage(label="甲", page="waste"),
               Call(label="甲", telephone="119"), Say(label="甲", text="はい"), Copy(label="甲", text="A1")]
)  # fmt: skip
def test_what_a_tap_does_may_change_without_losing_the_label(before: OpenLink) -> None:
    for do in ACTIONS:
        after = as_action(do, before)
        assert (after.do, after.label) == (do, "甲")
    assert with_action_value(before, action_value(before)) == before


def test_two_cards_of_the_same_name_are_told_apart() -> None:
    one = CardMessage(alt="祭", cards=(Card(blocks=(TableBlock(rows=(("日時", "1日"),)),)),))
    two = CardMessage(alt="祭", cards=(Card(blocks=(TableBlock(rows=(("日時", "2日"),)),)),))
    assert "日時：1日" in told(one) and told(one) != told(two)
    assert told(CardMessage(alt="", cards=(Card(blocks=(HeadingBlock(text="見"),)),))) == "（カード）\n見"


@given(st.integers(-180_000_000, 180_000_000))
def test_degrees_are_read_back_as_they_were_written(millionths: int) -> None:
    assert read_degrees(degrees(millionths) or "0") == millionths


def test_positions_are_read_as_maps_copy_them() -> None:
    assert read_position("35.681236, 139.767125") == (35_681_236, 139_767_125)
    assert read_position("３５．６８、１３９．７６") == (35_680_000, 139_760_000)
    assert read_degrees("北緯") is None and read_position("135, 35, 1") is None
    assert read_degrees("nan") is None and read_degrees("１３９．７６°") == 139_760_000


def test_an_area_snaps_to_the_edges_of_the_picture_and_of_others() -> None:
    first = drawn((7, 4), (512, 398), 780, ())
    assert first == Box(0, 0, 510, 400)
    assert drawn((515, 9), (1030, 391), 780, (first,)) == Box(510, 0, 530, 400)
    assert drawn((10, 10), (20, 20), 780, ()) is None
    assert moved(Box(100, 100, 200, 200), (2000, -500), 780, ()) == Box(840, 0, 200, 200)


corner = st.tuples(st.integers(-200, 1300), st.integers(-200, 2300))


@given(corner, corner, st.integers(SMALLEST, 2080), corner)
def test_no_area_leaves_the_picture(
    start: tuple[int, int], end: tuple[int, int], height: int, by: tuple[int, int]
) -> None:
    box = drawn(start, end, height, ())
    for one in (box, moved(box, by, height, ()) if box else None):
        if one is not None:
            assert one.x >= 0 and one.x + one.width <= MAP_WIDTH
            assert one.y >= 0 and one.y + one.height <= height


@given(st.integers(1, 4), st.integers(1, 4), st.integers(240, 2080))
def test_equal_areas_cover_every_pixel_once(columns: int, rows: int, height: int) -> None:
    areas = divided(columns, rows, height)
    assert sum(box_of(one).width * box_of(one).height for one in areas) == MAP_WIDTH * height
    assert area_at(areas, MAP_WIDTH - 1, height - 1) == columns * rows - 1
    assert area_at(areas, MAP_WIDTH, 0) is None


def picture(width: int, height: int, form: str = "JPEG", mode: str = "RGB") -> bytes:
    return encoded(Image.new(mode, (width, height)), form)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def test_pictures_get_the_size_of_their_place() -> None:
    card = fit_card_picture(picture(3000, 1500))
    assert (card.width, card.height, opened(card.original).format) == (1024, 512, "JPEG")
    tall = fit_card_picture(picture(100, 900))
    assert (tall.width, tall.height) == (100, 300)
    template = fit_template_picture(picture(2000, 2000, "PNG", "RGBA"))
    assert template.width == 1024 and abs(template.width / template.height - 1.51) < 0.01
    image = fit_map_picture(picture(400, 300, "JPEG", "CMYK"))
    assert (image.width, image.height, opened(image.original).mode) == (1040, 780, "RGB")


def test_a_turned_photo_stands_upright_and_a_long_one_is_no_map() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    turned = encoded(Image.new("RGB", (400, 200)), "JPEG", exif=exif)
    assert (fit_card_picture(turned).width, fit_card_picture(turned).height) == (200, 400)
    with pytest.raises(MediaRefused) as refused:
        fit_map_picture(picture(100, 1000))
    assert refused.value.what == "picture_too_tall"
    with pytest.raises(PictureRefused):
        fit_template_picture(b"no picture")


def test_a_moving_picture_is_known_to_be_one() -> None:
    frames = [Image.new("L", (20, 20), shade) for shade in (0, 255)]
    assert is_animated(encoded(frames[0], "GIF", save_all=True, append_images=frames[1:]))
    assert not is_animated(picture(20, 20)) and not is_animated(b"")


@pytest.mark.parametrize("what", words_for("media_refused"))
def test_what_cannot_be_used_is_told_in_words(what: str) -> None:
    words = words_of_trouble(MediaRefused(what, limit=200)).both
    assert words.endswith("。") and "{" not in words and ("large" not in what or "200MB" in words)


def test_videos_are_known_by_their_content_not_their_name() -> None:
    film = b"\0\0\0\x18ftypisom...." + b"hdlr" + bytes(8) + b"vide"
    assert is_mp4(film) and not is_mp4(film.replace(b"vide", b"soun"))
    assert not is_mp4(film.replace(b"isom", b"qt  ")) and not is_mp4(b"RIFF....AVI ") and not is_mp4(b"")


def mp3(seconds: int) -> bytes:
    """Silent frames of MPEG 1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes for 26.12 ms."""
    frame = b"\xff\xfb\x90\x00" + bytes(413)
    return frame * round(seconds / 0.026122)


def test_the_length_of_a_sound_is_measured_and_what_is_none_is_refused() -> None:
    assert abs(length_of_sound(mp3(10)) - 10_000) < 150
    sound = io.BytesIO()
    with wave.open(sound, "wb") as made:
        made.setparams((1, 2, 8000, 0, "NONE", ""))
        made.writeframes(bytes(1600))
    for content, what in ((sound.getvalue(), "audio_type"), (b"", "audio_type"), (b"ID3", "audio_damaged")):
        with pytest.raises(MediaRefused) as refused:
            length_of_sound(content)
        assert refused.value.what == what
