"""A second person's yes before many people are written to, and the way around it in an emergency. SEG-12.

Asking, giving back, and who may approve what. The yes itself is `delivery.send` by somebody else.
"""

from __future__ import annotations

from datetime import datetime

from protocol.changes import Change
from protocol.counting import grapheme_count
from protocol.deliveries import Delivery, DeliveryDraft
from protocol.delivery_changes import DeliveryAsk, DeliveryReturn, DeliverySend
from protocol.rights import CHANGE_NEEDS, level_of, reaches
from protocol.segments import AllOf, AnyOf, Everyone, FollowedBetween, Segment
from protocol.sending_rules import SendingRules
from protocol.staff import ROLES, StaffMember
from relay.errors import Refused
from relay.features.deliveries import as_draft, find_in_state, put_delivery
from relay.features.recipients import Recipients, is_of_own_days
from relay.features.rights import find_grid
from relay.store.cipher import ColumnCipher
from relay.store.database import Connection
from relay.store.staff import count_active_by_role

REASON_LIMIT = 200
GROWTH_PART = 5
GROWTH_PEOPLE = 50
"""What was confirmed for later may reach a fifth or fifty people more: friends come daily."""


def ask_approval(
    connection: Connection, cipher: ColumnCipher, change: Change, payload: DeliveryAsk, now: datetime
) -> int:
    """`delivery.ask`: the draft waits, as it stands, for somebody else; nobody can alter it meanwhile."""
    delivery = find_in_state(
        connection, cipher, payload.delivery, "draft", otherwise="not_a_draft", based_on=change.based_on
    )
    asked = delivery.model_copy(update={"state": "asked", "asked_by": change.staff, "returned": ""})
    return put_delivery(connection, cipher, asked, now)


def give_back(
    connection: Connection, cipher: ColumnCipher, change: Change, payload: DeliveryReturn, now: datetime
) -> int:
    """`delivery.return`: a draft again, with the reason beside it until it is asked or sent again."""
    reason = payload.reason.strip()
    if not reason:
        raise Refused("reason_missing")
    if grapheme_count(reason) > REASON_LIMIT:
        raise Refused("text_too_long")
    delivery = find_in_state(
        connection, cipher, payload.delivery, "asked", otherwise="not_asked", based_on=change.based_on
    )
    draft = as_draft(delivery).model_copy(update={"returned": reason})
    return put_delivery(connection, cipher, draft, now)


def needs_second_person(
    rules: SendingRules, recipients: Recipients, draft: DeliveryDraft, count: int
) -> bool:
    """Whether the rules want somebody else's yes for this draft, which would reach `count` people now."""
    if rules.second_person_everyone and reaches_everyone(recipients.included(draft)):
        return True
    return _is_many(rules, recipients, count)


def has_grown_past_rule(rules: SendingRules, recipients: Recipients, delivery: Delivery, count: int) -> bool:
    """Whether `count` people are more than the rules let somebody's earlier yes stand for.

    Saved groups, lists and friends change after it: what one person could confirm then may need two now,
    and two people's yes does not stand for any number either.
    """
    if not delivery.sent_by:
        return False  # a rule of the relay: nobody counted its people
    if is_of_own_days(delivery):
        is_needed = _is_many(rules, recipients, count)  # of those whose day it is
    else:
        is_needed = needs_second_person(rules, recipients, delivery.draft, count)
    return is_needed and (not delivery.confirmed_as_many or is_clearly_more(delivery.confirmed_for, count))


def is_clearly_more(confirmed: int, count: int) -> bool:
    """Whether more people came since it was confirmed for later than come by themselves."""
    return count - confirmed > max(GROWTH_PEOPLE, confirmed // GROWTH_PART)


def _is_many(rules: SendingRules, recipients: Recipients, count: int) -> bool:
    if rules.second_person_everyone and 0 < recipients.friends() <= count:
        return True
    return 0 < rules.second_person_from <= count


def reaches_everyone(segment: Segment) -> bool:
    """Whether the expression, with its groups written out, can only mean every friend."""
    match segment:
        case Everyone():
            return True
        case FollowedBetween():
            return segment.first is None and segment.last is None
        case AnyOf():
            return any(reaches_everyone(part) for part in segment.parts)
        case AllOf():
            return bool(segment.parts) and all(reaches_everyone(part) for part in segment.parts)
    return False


def somebody_else_may_approve(connection: Connection, cipher: ColumnCipher, staff: str) -> bool:
    """Whether anybody active but this person has the right to send.

    Where nobody has, the rule cannot be kept: a town with a single administrator would never send at all.
    """
    grid = find_grid(connection, cipher)
    need = CHANGE_NEEDS["delivery.send"]
    others = count_active_by_role(connection, without=staff)
    approving = [role for role in ROLES if reaches(level_of(role, need.function, grid), need.level)]
    return any(others.get(role, 0) for role in approving)


def find_bypass(
    connection: Connection,
    cipher: ColumnCipher,
    delivery: Delivery,
    payload: DeliverySend,
    signer: StaffMember,
    *,
    rules: SendingRules,
    is_needed: bool,
) -> str:
    """Why this person may confirm alone where the rules want two: the reason given, "" where they do not.

    `is_needed`: whether the rules want two for this draft. Raises Refused `second_person_needed`,
    `own_request`, `not_emergency`, `reason_missing`.
    """
    is_asked = delivery.state == "asked"
    if is_asked and delivery.asked_by != signer.id:
        return ""
    if not is_asked and not is_needed:
        return ""
    if not somebody_else_may_approve(connection, cipher, signer.id):
        return ""
    if not payload.emergency:
        raise Refused("own_request" if is_asked else "second_person_needed")
    reason = payload.emergency.strip()
    if not reason:
        raise Refused("reason_missing")
    if grapheme_count(reason) > REASON_LIMIT:
        raise Refused("text_too_long")
    if signer.role not in rules.emergency_roles:
        raise Refused("not_emergency")
    return reason
