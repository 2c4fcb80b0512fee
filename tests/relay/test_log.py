"""No LINE id, no token and no query string in any log line. SEC-2."""

from __future__ import annotations

import logging

import pytest

from relay.log import DropSecrets, set_up_logging, shown_path, without_secrets

USER = "U" + "0123456789abcdef" * 2


@pytest.mark.parametrize(
    "text",
    [
        f"push to {USER} failed",
        f'{{"to":["{USER}","{USER}"]}}',
        "Authorization: Bearer abc.def-ghi_jkl==",
        "authorization: bearer abc",
    ],
)
def test_ids_and_tokens_are_cut_out(text: str) -> None:
    cleaned = without_secrets(text)
    assert USER not in cleaned
    assert "abc" not in cleaned


def test_what_is_no_id_stays() -> None:
    text = "Umbrella 0123456789 U0123 r-0123456789abcdef"
    assert without_secrets(text) == text


def test_ids_in_arguments_and_tracebacks_are_cut_out_too(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        set_up_logging("info")
        log = logging.getLogger("some.library")
        log.warning("cannot reach %s", USER)
        try:
            raise RuntimeError(f"no such user {USER}")
        except RuntimeError:
            log.exception("failed for %s", USER)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    written = capsys.readouterr().err
    assert written.count("U…") == 3
    assert USER not in written


def test_the_filter_leaves_other_records_alone() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "%d files", (3,), None)
    assert DropSecrets().filter(record)
    assert record.getMessage() == "3 files"


def test_an_access_line_shows_no_long_part_of_a_path() -> None:
    assert shown_path("/staff/files/" + "a" * 64 + "/state") == "/staff/files/…/state"
    assert shown_path("/media/" + "A" * 43) == "/media/…"
    assert shown_path("/staff/ask/segment-count") == "/staff/ask/segment-count"
