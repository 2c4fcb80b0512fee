"""A problem a person can mend: a reason code, the place, and the limit that was passed.

The words for each code live in `resources/wording/`; `REASONS` is the closed list both sides know.
"""

from __future__ import annotations

from protocol.wire import Wire


class Problem(Wire):
    """`code` is one of `REASONS`; `at` names the field; `limit` and `actual` fill the sentence."""

    code: str
    at: str = ""
    limit: int | None = None
    actual: int | None = None


REASONS: frozenset[str] = frozenset(
    {
        # what was written
        "text_missing",
        "text_too_long",
        "too_few_choices",
        "too_many_choices",
        "choices_not_allowed",
        "duplicate_id",
        "duplicate_label",
        "choice_not_offered",
        "one_choice_only",
        "year_not_allowed",
        "year_out_of_range",
        "no_messages",
        "too_many_messages",
        "file_missing",
        "file_unknown",
        "file_too_large",
        "file_damaged",
        "file_type_refused",
        "title_missing",
        "segment_empty",
        "segment_too_deep",
        "segment_too_large",
        "item_unknown",
        "choice_unknown",
        "ages_reversed",
        "dates_reversed",
        # sending
        "no_recipients",
        "over_quota",
        "quota_unknown",
        "count_unknown",
        "count_changed",
        "already_sent",
        "not_a_draft",
        "not_started",
        "not_paused",
        "no_test_account",
        "line_refused",
        "line_unreachable",
        "line_not_configured",
        # changes and sync
        "version_conflict",
        "not_found",
        "in_use",
        "unknown_change",
        "malformed",
        "bad_signature",
        "wrong_relay",
        "too_old",
        "not_allowed",
        "protocol_too_old",
        "protocol_too_new",
        # doors
        "not_signed_in",
        "session_expired",
        "wrong_passphrase",
        "throttled",
        "device_unknown",
        "device_revoked",
        "replayed",
        "clock_skew",
        "code_wrong",
        "code_used",
        "code_expired",
        "login_name_taken",
        "address_not_allowed",
        "not_set_up",
        "second_code_needed",
        "second_code_wrong",
        "member_left",
        # people and keys
        "login_name_malformed",
        "department_missing",
        "department_unknown",
        "member_unknown",
        "not_confirmed",
        "not_certified",
        "last_admin",
        "own_account",
        "key_unknown",
        "key_missing",
        "key_wrong",
        "no_department_key",
        "other_town",
        "other_suite",
        "record_damaged",
        "not_entitled",
        "trust_exists",
        "set_by_environment",
        "form_closed",
        "too_many_photos",
        "disk_full",
        "too_large",
        "busy",
    }
)
