"""Whatever LINE sends becomes an event of ours or `Other`; nothing raises (OPS-6)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relay.line.events import (
    Follow,
    MediaSent,
    Other,
    Tapped,
    TextSaid,
    Unfollow,
    Unsend,
    parse_event,
)
from tests.relay.webhooks import event, said, tapped, user

RECEIVED = datetime(2026, 11, 20, 0, 30, tzinfo=UTC)

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
_names = st.sampled_from(
    ["type", "source", "message", "postback", "timestamp", "mode", "replyToken", "userId"]
)
_kinds = st.sampled_from(["message", "postback", "follow", "user", "text", "data"])


def read(raw: Any) -> Any:
    return parse_event(raw, received_at=RECEIVED)


def test_the_events_we_act_on_are_recognised() -> None:
    assert isinstance(read(event("follow", user(1))), Follow)
    assert isinstance(read(event("unfollow", user(1))), Unfollow)
    assert isinstance(read(event("unsend", user(1))), Unsend)
    assert read(said(user(1), "ごみ")).text == "ごみ"
    assert read(tapped(user(1), "1|set|a|b|q")).data == "1|set|a|b|q"
    for kind in ("image", "video", "audio", "file", "location", "sticker", "hologram"):
        assert isinstance(read(event("message", user(1), message={"type": kind})), MediaSent)


def test_an_event_of_another_talk_or_type_is_only_named() -> None:
    for source in ({"type": "group", "groupId": "C1", "userId": user(1)}, {"type": "room"}, None, "x", {}):
        raw = {**said(user(1), "x"), "source": source}
        assert read(raw) == Other("message")
    assert read(event("videoPlayComplete", user(1))) == Other("videoPlayComplete")
    assert read({"type": "a\nb<script>" + "c" * 100, "source": {"type": "user", "userId": user(1)}}) == Other(
        "abscript" + "c" * 32
    )


@pytest.mark.parametrize(
    "odd",
    ["U", "", "U1", "u" + "0" * 32, "U" + "0" * 33, "U" + "A" * 32, "U" + "0" * 32 + "\n", "C" + "0" * 32],
)
def test_an_odd_user_id_makes_no_resident(odd: str) -> None:
    for raw in (event("follow", odd), said(odd, "x"), tapped(odd, "1|set|a|b|q")):
        assert read(raw) == Other("source.malformed")


def test_lines_time_is_used_and_never_one_later_than_the_receipt() -> None:
    early = read(event("follow", user(1), 1_700_000_000_000)).header.at
    assert early == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    for stamp in (9_999_999_999_999, 10**30, float("inf"), -(10**30), "noon", None, True):
        assert read({**event("follow", user(1)), "timestamp": stamp}).header.at == RECEIVED


def test_a_redelivered_event_reads_the_same() -> None:
    raw = said(user(1), "x")
    assert read({**raw, "deliveryContext": {"isRedelivery": True}}) == read(raw)


@settings(max_examples=300, deadline=None)
@given(
    raw=_json | st.dictionaries(_names, _json | _kinds | st.dictionaries(_names, _json | _kinds), max_size=6)
)
def test_nothing_raises(raw: Any) -> None:
    parsed = read(raw)
    assert isinstance(parsed, Follow | Unfollow | Unsend | TextSaid | Tapped | MediaSent | Other)
