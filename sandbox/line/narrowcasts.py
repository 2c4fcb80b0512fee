"""Narrowcasts: who is meant, and how far LINE says it has come. Sent at once, told in phases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.routing import Route

from sandbox.line.api_messages import keep_key, retried
from sandbox.line.errors import Finding, LineRefusal, bad_body, not_found
from sandbox.line.gate import Answer, Call, api_route, check_body
from sandbox.line.people_facts import BadFilter, fits
from sandbox.line.residents import Resident
from sandbox.line.sending import Sending, deliver
from sandbox.line.state import Platform
from sandbox.line.validation import check_messages

LEAST_RECIPIENTS = 50
LEAST_REACH = 100
MOST_OBJECTS = 10
KEPT_FOR = timedelta(days=14)
TOO_FEW, SMALL_AUDIENCE, PARTIAL = 2, 4, 5
_WORDS = {
    TOO_FEW: "The number of recipients is insufficient.",
    SMALL_AUDIENCE: "The number of recipients in an audience is less than 50.",
    PARTIAL: "Messages could not be sent to everyone within the quota.",
}


@dataclass(frozen=True)
class Narrowcast:
    """One accepted request. `error` is LINE's code; 0 when it goes through."""

    accepted_at: datetime
    target: int
    error: int = 0


async def send(platform: Platform, call: Call) -> Answer:
    """202 at once; trouble with the people is told by the progress, as LINE does."""
    check_body(platform, call, check_messages(call.body.get("messages")))
    retried(platform, call)
    people, error = _meant(platform, call.body)
    limit = call.body.get("limit") or {}
    most = limit.get("max")
    if isinstance(most, int):
        people = people[:most]
    if limit.get("upToRemainingQuota") and (cap := platform.quota_limit()) is not None:
        room = max(0, cap - platform.quota.used(platform.now()))
        if limit.get("forbidPartialDelivery") and room < len(people):
            error = error or PARTIAL
        people = people[:room]
    if not error:
        sending = Sending("narrowcast", call.request_id, call.body["messages"], len(people))
        deliver(platform, sending, people)
        call.recipients = len(people)
    keep_key(platform, call, None)
    platform.narrowcasts[call.request_id] = Narrowcast(platform.now(), len(people), error)
    return Answer(status=202)


async def progress(platform: Platform, call: Call) -> Answer:
    found = platform.narrowcasts.get(call.query("requestId") or "")
    now, step = platform.now(), timedelta(seconds=platform.settings.narrowcast_phase)
    if found is None or now - found.accepted_at > KEPT_FOR:
        raise not_found()
    answer: dict[str, Any] = {"acceptedTime": _stamp(found.accepted_at)}
    if now < found.accepted_at + step:
        return Answer({"phase": "waiting", **answer})
    if found.error:
        answer |= {
            "phase": "failed",
            "successCount": 0,
            "failureCount": found.target,
            "targetCount": found.target,
            "failedDescription": _WORDS[found.error],
            "errorCode": found.error,
            "completedTime": _stamp(found.accepted_at + step),
        }
        return Answer(answer)
    if now < found.accepted_at + 2 * step:
        told = {"successCount": found.target // 2, "failureCount": 0, "targetCount": found.target}
        return Answer({"phase": "sending", **told, **answer})
    done = {"successCount": found.target, "failureCount": 0, "targetCount": found.target}
    return Answer(
        {"phase": "succeeded", **done, **answer, "completedTime": _stamp(found.accepted_at + 2 * step)}
    )


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _meant(platform: Platform, body: dict[str, Any]) -> tuple[list[Resident], int]:
    """The friends it is for, and LINE's code when they are too few."""
    recipient, demographic = body.get("recipient"), (body.get("filter") or {}).get("demographic")
    friends = set(platform.followers)
    objects: list[dict[str, Any]] = []
    chosen = friends if recipient is None else _chosen(platform, recipient, objects) & friends
    if len(objects) > MOST_OBJECTS:
        raise bad_body([Finding(f"Size must be between 1 and {MOST_OBJECTS}", "recipient")])
    if demographic is not None:
        if len(chosen) < LEAST_REACH:
            raise LineRefusal(403, "Target audience is too small")
        try:
            chosen = {user_id for user_id in chosen if fits(demographic, user_id)}
        except BadFilter as error:
            raise bad_body([Finding("invalid demographic filter", "filter.demographic")]) from error
    found = [
        resident
        for user_id in platform.followers
        if user_id in chosen and (resident := platform.residents.find(user_id))
    ]
    return found, _too_few(platform, objects, len(found), demographic)


def _too_few(platform: Platform, objects: list[dict[str, Any]], people: int, demographic: Any) -> int:
    """Audiences of uploaded ids are spared LINE's least numbers."""
    chosen_by_line = [each for each in objects if not _is_upload(platform, each)]
    for each in chosen_by_line:
        if len(objects) > 1 and len(_of(platform, each)) < LEAST_RECIPIENTS:
            return SMALL_AUDIENCE
    is_spared = bool(objects) and not chosen_by_line and demographic is None
    return TOO_FEW if people < LEAST_RECIPIENTS and not is_spared else 0


def _is_upload(platform: Platform, each: dict[str, Any]) -> bool:
    if each.get("type") != "audience":
        return False
    return bool(platform.audiences.by_id[int(each["audienceGroupId"])].kind == "UPLOAD")


def _chosen(platform: Platform, recipient: Any, objects: list[dict[str, Any]]) -> set[str]:
    if not isinstance(recipient, dict):
        raise bad_body([Finding("Must be an object", "recipient")])
    if recipient.get("type") != "operator":
        objects.append(recipient)
        return _of(platform, recipient)
    if "and" in recipient:
        parts = [_chosen(platform, part, objects) for part in recipient["and"]]
        return set.intersection(*parts) if parts else set()
    if "or" in recipient:
        return set().union(*(_chosen(platform, part, objects) for part in recipient["or"]))
    if "not" in recipient:
        return set(platform.followers) - _chosen(platform, recipient["not"], objects)
    raise bad_body([Finding("invalid operator", "recipient")])


def _of(platform: Platform, recipient: dict[str, Any]) -> set[str]:
    if recipient.get("type") == "audience":
        audience = platform.audiences.by_id.get(int(recipient.get("audienceGroupId") or 0))
        if audience is None or audience.status(platform.now()) != "READY":
            raise bad_body([Finding("The audience does not exist or is not ready", "recipient")])
        return audience.members
    if recipient.get("type") == "redelivery":
        wanted = recipient.get("requestId")
        found = [each for each in platform.ledger.deliveries if each.request_id == wanted]
        if not found:
            raise bad_body([Finding("The requestId is unknown", "recipient")])
        return {user_id for each in found for user_id in each.recipients}
    raise bad_body([Finding("invalid recipient type", "recipient.type")])


def routes() -> list[Route]:
    return [
        api_route("/v2/bot/message/narrowcast", "narrowcast", send, methods=("POST",), json_body=True),
        api_route("/v2/bot/message/progress/narrowcast", "narrowcast_progress", progress),
    ]
