"""The town's rules against mis-sends (ux: send safety). Requirement: SEG-12."""

from __future__ import annotations

from protocol.wire import Wire


class SendingRules(Wire):
    """Record kind `sending_rules`, id `town`. Numbers of people; 0 switches a rule off.

    `second_person_from`: so many recipients or more need somebody else's yes, `second_person_everyone`:
    友だち全員 always. Whoever has an `emergency_roles` role may send without, with a reason that is logged.
    """

    second_person_from: int = 1000
    second_person_everyone: bool = True
    emergency_roles: tuple[str, ...] = ("admin", "section_admin")
    hold_seconds: int = 60
    type_number_from: int = 500
    quiet_from: str = "21:00"
    quiet_until: str = "07:00"
    same_within_days: int = 7
    """The same words to overlapping people within so many days are asked about."""
    stale_after_hours: int = 24
    """Content last written longer ago than this is asked about before it goes out."""


WARNINGS: tuple[str, ...] = (
    "quiet_hours",
    "same_as_recent",
    "stale_content",
    "date_in_past",
    "unstoppable",
    "many_languages_missing",
)
"""What a person must tick before sending although nothing is wrong; each has words like a reason code."""
