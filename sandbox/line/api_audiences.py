"""Routes about audiences: upload by JSON or file, by clicks or impressions, list, rename, delete."""

from __future__ import annotations

import re
from datetime import timedelta
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from starlette.routing import Route

from sandbox.line.audiences import MOST, Audience
from sandbox.line.errors import Finding, LineRefusal, bad_body, not_found
from sandbox.line.gate import Answer, Call, api_route, check_body
from sandbox.line.state import Platform

_BASE = "/v2/bot/audienceGroup"
_USER_ID = re.compile(r"U[0-9a-f]{32}")
BY_JSON = 10_000
BY_FILE = 1_500_000
DESCRIPTION = 120
REQUEST_AGE = timedelta(days=60)
_BAD_FORMAT = "UPLOAD_AUDIENCE_GROUP_INVALID_AUDIENCE_ID_FORMAT"


async def upload(platform: Platform, call: Call) -> Answer:
    check_body(platform, call, [])
    people = _ids(call.body.get("audiences", []), BY_JSON)
    return _made(platform, _new(platform, "UPLOAD", call.body), people, call.body)


async def add(platform: Platform, call: Call) -> Answer:
    check_body(platform, call, [])
    people = _ids(call.body.get("audiences", []), BY_JSON)
    _fill(platform, _find(platform, call.body.get("audienceGroupId")), people, call.body)
    return Answer(status=202)


async def upload_file(platform: Platform, call: Call) -> Answer:
    given = _form(call)
    return _made(platform, _new(platform, "UPLOAD", given), _lines(given), given)


async def add_file(platform: Platform, call: Call) -> Answer:
    given = _form(call)
    _fill(platform, _find(platform, given.get("audienceGroupId")), _lines(given), given)
    return Answer(status=202)


async def by_clicks(platform: Platform, call: Call) -> Answer:
    check_body(platform, call, [])
    counts = _counts(platform, call)
    url = call.body.get("clickUrl")
    people = {
        person
        for (_, link), clickers in counts.clickers.items()
        if url in (None, link)
        for person in clickers
    }
    audience = _new(platform, "CLICK", call.body)
    audience.request_id, audience.url = counts.request_id, url or ""
    return _made(platform, audience, sorted(people), call.body)


async def by_impressions(platform: Platform, call: Call) -> Answer:
    check_body(platform, call, [])
    counts = _counts(platform, call)
    audience = _new(platform, "IMP", call.body)
    audience.request_id = counts.request_id
    people = {person for viewers in counts.viewers.values() for person in viewers}
    return _made(platform, audience, sorted(people), call.body)


async def show(platform: Platform, call: Call) -> Answer:
    audience, now = _find(platform, call.parameter("id")), platform.now()
    jobs = [
        {
            "audienceGroupJobId": job.id,
            "audienceGroupId": audience.id,
            "description": job.description,
            "type": "DIFF_ADD",
            "jobStatus": job.status(now),
            "audienceCount": job.people,
            "created": int(job.made_at.timestamp()),
            **({"failedType": "INTERNAL_ERROR"} if job.status(now) == "FAILED" else {}),
        }
        for job in audience.jobs
    ]
    return Answer({"audienceGroup": audience.as_json(now), "jobs": jobs})


async def listed(platform: Platform, call: Call) -> Answer:
    page, size = call.query("page") or "", call.query("size") or "20"
    if not page.isdigit() or int(page) < 1 or not size.isdigit() or not 1 <= int(size) <= 40:
        raise LineRefusal(400, "The value for the 'page' or 'size' parameter is invalid")
    now, words, status = platform.now(), call.query("description") or "", call.query("status")
    found = [
        audience
        for audience in reversed(platform.audiences.by_id.values())
        if words.lower() in audience.description.lower() and status in (None, audience.status(now))
    ]
    first = (int(page) - 1) * int(size)
    shown = found[first : first + int(size)]
    return Answer(
        {
            "audienceGroups": [audience.as_json(now) for audience in shown],
            "hasNextPage": first + len(shown) < len(found),
            "totalCount": len(found),
            "readWriteAudienceGroupTotalCount": len(found),
            "page": int(page),
            "size": int(size),
        }
    )


async def rename(platform: Platform, call: Call) -> Answer:
    check_body(platform, call, [])
    _find(platform, call.parameter("id")).description = _description(call.body)
    return Answer()


async def delete(platform: Platform, call: Call) -> Answer:
    del platform.audiences.by_id[_find(platform, call.parameter("id")).id]
    return Answer()


def _new(platform: Platform, kind: str, given: dict[str, Any]) -> Audience:
    if len(platform.audiences.by_id) >= MOST:
        raise LineRefusal(400, "The maximum number of audiences has been reached")
    return platform.audiences.add(kind, _description(given), platform.now())


def _description(given: dict[str, Any]) -> str:
    description = given.get("description")
    if not isinstance(description, str) or not 1 <= len(description) <= DESCRIPTION:
        raise bad_body([Finding(f"Length must be between 1 and {DESCRIPTION}", "description")])
    return description


def _made(platform: Platform, audience: Audience, people: list[str], given: dict[str, Any]) -> Answer:
    _fill(platform, audience, people, given)
    shown = audience.as_json(platform.now())
    return Answer({name: shown[name] for name in shown if name not in ("status", "audienceCount")}, 202)


def _fill(platform: Platform, audience: Audience, people: list[str], given: dict[str, Any]) -> None:
    now = platform.now()
    failed = "" if all(_USER_ID.fullmatch(person) for person in people) else _BAD_FORMAT
    if audience.kind == "UPLOAD":
        # Whoever is nobody's friend here is dropped in silence.
        people = [person for person in people if failed or platform.residents.find(person) is not None]
    ready_at = now + timedelta(seconds=platform.settings.audience_preparation)
    words = str(given.get("uploadDescription", ""))
    platform.audiences.fill(audience, people, words, now=now, ready_at=ready_at, failed=failed)


def _find(platform: Platform, id: Any) -> Audience:
    audience = platform.audiences.by_id.get(int(id)) if str(id).isdigit() else None
    if audience is None:
        raise not_found()
    return audience


def _ids(audiences: Any, most: int) -> list[str]:
    if not isinstance(audiences, list) or len(audiences) > most:
        raise bad_body([Finding(f"Size must be between 0 and {most}", "audiences")])
    return [str(each.get("id", "")) if isinstance(each, dict) else "" for each in audiences]


def _counts(platform: Platform, call: Call) -> Any:
    counts = platform.interest.of_request(str(call.body.get("requestId")))
    if counts is None or platform.now() - counts.sent_at > REQUEST_AGE:
        raise bad_body([Finding("The requestId is unknown or too old", "requestId")])
    return counts


def _form(call: Call) -> dict[str, Any]:
    """The parts of a multipart body; the file stays bytes."""
    kind = call.request.headers.get("content-type", "")
    parsed = BytesParser(policy=HTTP).parsebytes(b"content-type: " + kind.encode() + b"\r\n\r\n" + call.raw)
    if not parsed.is_multipart():
        raise LineRefusal(415, "Unsupported Media Type")
    given: dict[str, Any] = {}
    for part in parsed.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        given[str(name)] = content if name == "file" else content.decode("utf-8", "replace")
    return given


def _lines(given: dict[str, Any]) -> list[str]:
    content = given.get("file")
    if not isinstance(content, bytes):
        raise bad_body([Finding("May not be empty", "file")])
    lines = content.decode("utf-8", "replace").split()
    if len(lines) > BY_FILE:
        raise bad_body([Finding(f"Size must be between 0 and {BY_FILE}", "file")])
    return lines


def routes() -> list[Route]:
    def json(path: str, name: str, handler: Any, method: str) -> Route:
        return api_route(f"{_BASE}{path}", name, handler, methods=(method,), json_body=True)

    return [
        json("/upload", "audience_upload", upload, "POST"),
        json("/upload", "audience_upload", add, "PUT"),
        api_route(f"{_BASE}/upload/byFile", "audience_file", upload_file, methods=("POST",)),
        api_route(f"{_BASE}/upload/byFile", "audience_file", add_file, methods=("PUT",)),
        json("/click", "audience_click", by_clicks, "POST"),
        json("/imp", "audience_imp", by_impressions, "POST"),
        api_route(f"{_BASE}/list", "audience_list", listed),
        json("/{id}/updateDescription", "audience_rename", rename, "PUT"),
        api_route(f"{_BASE}/{{id}}", "audience_show", show),
        api_route(f"{_BASE}/{{id}}", "audience_delete", delete, methods=("DELETE",)),
    ]
