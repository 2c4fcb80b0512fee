"""The control API for scripts: settings, residents, acts of one, faults, records. See docs/sandbox.md."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.line.acts import Act, Acts, CannotDo
from sandbox.line.content import generated_photo
from sandbox.line.faults import BadFault
from sandbox.line.login import make_id_token
from sandbox.line.residents import Resident
from sandbox.line.state import Platform, trust_in
from sandbox.line.talk_view import talk_as_json
from sandbox.line.webhook_sender import WebhookSender, sign
from sandbox.settings import UnknownSetting

MOST_RESIDENTS_AT_ONCE = 1_000_000
PAGE = 100


class BadRequest(Exception):
    """What the script asked cannot be done; ``reason`` is a code."""

    def __init__(self, reason: str, status: int = 400, **about: Any) -> None:
        super().__init__(reason)
        self.body = {"error": reason, **about}
        self.status = status


def answer(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def control_route(path: str, handler: Callable[[Request], Awaitable[Any]], *methods: str) -> Route:
    async def guarded(request: Request) -> Response:
        try:
            return answer(await handler(request))
        except BadRequest as error:
            return answer(error.body, error.status)
        except CannotDo as error:
            return answer({"error": error.reason}, 409)

    return Route(path, guarded, methods=list(methods) or ["GET"], name=f"control:{path}:{','.join(methods)}")


async def any_json_of(request: Request) -> Any:
    raw = await request.body()
    if not raw:
        return {}
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest("not_json") from error


async def json_of(request: Request) -> dict[str, Any]:
    body = await any_json_of(request)
    if not isinstance(body, dict):
        raise BadRequest("not_an_object")
    return body


def platform_of(request: Request) -> Platform:
    platform: Platform = request.app.state.platform
    return platform


def resident_of(request: Request) -> Resident:
    resident = platform_of(request).residents.find(request.path_params["user_id"])
    if resident is None:
        raise BadRequest("no_such_resident", 404)
    return resident


def number_of(request: Request, name: str, default: int) -> int:
    text = request.query_params.get(name, str(default))
    if not text.isdigit():
        raise BadRequest("not_a_number", name=name)
    return int(text)


async def health(request: Request) -> Any:
    return {"ok": True, **platform_of(request).describe()}


async def get_settings(request: Request) -> Any:
    return platform_of(request).settings.as_json()


async def put_settings(request: Request) -> Any:
    platform = platform_of(request)
    try:
        changed = platform.settings.changed(await json_of(request))
        trust_in(changed.webhook_ca_file)
    except UnknownSetting as error:
        raise BadRequest("unknown_setting", name=str(error)) from error
    except ValueError as error:
        raise BadRequest("bad_setting", detail=str(error)) from error
    except OSError as error:
        raise BadRequest("ca_file_not_usable") from error
    platform.settings = changed
    return platform.settings.as_json()


async def make_residents(request: Request) -> Any:
    wanted = await json_of(request)
    residents, seed = platform_of(request).residents, wanted.get("seed")
    if "names" in wanted:
        names = wanted["names"]
        if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
            raise BadRequest("bad_names")
        made = residents.make_named(names, seed)
    else:
        count = wanted.get("count", 1)
        if not isinstance(count, int) or not 1 <= count <= MOST_RESIDENTS_AT_ONCE:
            raise BadRequest("bad_count")
        made = residents.make(count, seed)
    return {"residents": [_short(resident) for resident in made]}


def _short(resident: Resident) -> dict[str, Any]:
    return {"userId": resident.user_id, "displayName": resident.display_name}


async def list_residents(request: Request) -> Any:
    wanted = request.query_params.get("q", "")
    residents = [each for each in platform_of(request).residents if wanted in each.display_name]
    offset, limit = number_of(request, "offset", 0), number_of(request, "limit", PAGE)
    rows = [
        {**_short(each), "friend": each.friend, "blocked": each.blocked, "messages": len(each.talk)}
        for each in residents[offset : offset + limit]
    ]
    return {"total": len(residents), "residents": rows}


def perform(acts: Acts, resident: Resident, action: str, given: dict[str, Any]) -> Act:
    """One act by its name, as the routes and the bulk route call it. Raises CannotDo or BadRequest."""
    if action in ("follow", "block", "unblock"):
        return _FRIENDSHIP[action](acts, resident)
    if action == "say":
        return acts.say(resident, _text(given, "text"))
    if action == "tap":
        return acts.tap(resident, given)
    if action == "photo":
        return acts.send_file(resident, generated_photo(int(resident.user_id[1:6], 16)), "image/jpeg", "")
    if action == "position":
        try:
            lat, lon = float(given["lat"]), float(given["lon"])
        except (KeyError, TypeError, ValueError) as error:
            raise BadRequest("bad_position") from error
        return acts.position(resident, lat, lon, str(given.get("title", "")), str(given.get("address", "")))
    if action == "sticker":
        keywords = [str(word) for word in given.get("keywords", [])]
        return acts.sticker(
            resident, str(given.get("packageId", "446")), str(given.get("stickerId", "1988")), keywords
        )
    if action == "look":
        return acts.look(resident)
    if action == "unsend":
        return acts.unsend(resident, given.get("messageId"))
    raise BadRequest("unknown_action", action=action)


_FRIENDSHIP: dict[str, Callable[[Acts, Resident], Act]] = {
    "follow": Acts.follow,
    "block": Acts.block,
    "unblock": Acts.unblock,
}


def _text(given: dict[str, Any], name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str):
        raise BadRequest("missing", name=name)
    return value


def _act_route(action: str) -> Callable[[Request], Awaitable[Any]]:
    async def handler(request: Request) -> Any:
        given = await json_of(request)
        act = perform(request.app.state.acts, resident_of(request), action, given)
        return await _result(act, bool(given.get("wait")))

    return handler


async def _result(act: Act, wait: bool) -> dict[str, Any]:
    body = act.as_json()
    if wait:
        body["webhook"] = [outcome.as_json() for outcome in await asyncio.gather(*act.answered)]
    return body


async def photo(request: Request) -> Any:
    """The body is the file when its type is not JSON; without a body a picture is made."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind in ("", "application/json"):
        return await _act_route("photo")(request)
    data = await request.body()
    if not data:
        raise BadRequest("empty_file")
    acts: Acts = request.app.state.acts
    act = acts.send_file(resident_of(request), data, kind, request.query_params.get("name", ""))
    return await _result(act, "wait" in request.query_params)


async def talk(request: Request) -> Any:
    return talk_as_json(platform_of(request), resident_of(request))


async def add_faults(request: Request) -> Any:
    described = await any_json_of(request)
    faults = platform_of(request).faults
    try:
        for each in described if isinstance(described, list) else [described]:
            if not isinstance(each, dict):
                raise BadRequest("not_an_object")
            faults.add(each)
    except BadFault as error:
        raise BadRequest("bad_fault", detail=str(error)) from error
    return {"faults": [fault.as_json() for fault in faults.waiting]}


async def list_faults(request: Request) -> Any:
    return {"faults": [fault.as_json() for fault in platform_of(request).faults.waiting]}


async def delete_faults(request: Request) -> Any:
    platform_of(request).faults.clear()
    return {"faults": []}


def _since(request: Request) -> Callable[[int, datetime], bool]:
    """``since`` is a record's number or a time in ISO form; records after it are wanted."""
    text = request.query_params.get("since")
    if not text:
        return lambda number, time: True
    if text.isdigit():
        return lambda number, time: number > int(text)
    try:
        start = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError as error:
        raise BadRequest("bad_since") from error
    if start.tzinfo is None:
        raise BadRequest("since_needs_a_zone")
    return lambda number, time: time > start


async def calls(request: Request) -> Any:
    wanted, endpoint = _since(request), request.query_params.get("endpoint")
    return {
        "calls": [
            call.as_json()
            for call in platform_of(request).ledger.calls
            if endpoint in (None, call.endpoint) and wanted(call.number, call.time)
        ]
    }


async def deliveries(request: Request) -> Any:
    wanted, endpoint = _since(request), request.query_params.get("endpoint")
    user_id = request.query_params.get("userId")
    return {
        "deliveries": [
            each.as_json()
            for each in platform_of(request).ledger.deliveries
            if endpoint in (None, each.endpoint)
            and wanted(each.number, each.time)
            and (user_id is None or user_id in each.recipients)
        ]
    }


async def raw_webhook(request: Request) -> Any:
    """Sends the body as it is. ``?signature=right|wrong|missing`` or the signature itself."""
    raw = await request.body()
    platform = platform_of(request)
    wanted = request.query_params.get("signature", "right")
    signature: str | None = wanted
    if wanted == "right":
        signature = sign(platform.settings.channel_secret, raw)
    elif wanted == "wrong":
        signature = sign("not the secret", raw)
    elif wanted == "missing":
        signature = None
    if not platform.settings.webhook_url:
        raise BadRequest("no_webhook_url", 409)
    sender: WebhookSender = request.app.state.webhook_sender
    return (await sender.send_raw(raw, signature)).as_json()


async def webhook_statistics(request: Request) -> Any:
    sender: WebhookSender = request.app.state.webhook_sender
    return sender.statistics()


async def reset(request: Request) -> Any:
    platform = platform_of(request)
    await platform.media.stop()
    platform.forget_everything()
    request.app.state.webhook_sender.forget()
    return {"ok": True}


async def id_token(request: Request) -> Any:
    """An ID token for tests; ``tampered`` changes the signature, ``issuer`` the issuer."""
    platform, wanted = platform_of(request), await json_of(request)
    resident = platform.residents.find(str(wanted.get("userId")))
    if resident is None:
        raise BadRequest("no_such_resident", 404)
    given = {name: wanted[name] for name in ("audience", "nonce", "issuer") if wanted.get(name) is not None}
    if wanted.get("expired"):
        given["issued_at"] = platform.now() - timedelta(hours=2)
    token = make_id_token(platform, resident, **given)
    if wanted.get("tampered"):
        token = token[:-6] + ("AAAAAA" if not token.endswith("AAAAAA") else "BBBBBB")
    access = platform.login_tokens.issue(resident.user_id, platform.now())
    return {"idToken": token, "accessToken": access.token}


def routes() -> list[Route]:
    one = "/sandbox/residents/{user_id}"
    made = [
        control_route("/sandbox/health", health),
        control_route("/sandbox/settings", get_settings),
        control_route("/sandbox/settings", put_settings, "PUT"),
        control_route("/sandbox/residents", list_residents),
        control_route("/sandbox/residents", make_residents, "POST"),
        control_route(f"{one}/talk", talk),
        control_route(f"{one}/photo", photo, "POST"),
        control_route("/sandbox/faults", add_faults, "POST"),
        control_route("/sandbox/faults", list_faults),
        control_route("/sandbox/faults", delete_faults, "DELETE"),
        control_route("/sandbox/calls", calls),
        control_route("/sandbox/deliveries", deliveries),
        control_route("/sandbox/webhook/raw", raw_webhook, "POST"),
        control_route("/sandbox/webhook/statistics", webhook_statistics),
        control_route("/sandbox/reset", reset, "POST"),
        control_route("/sandbox/id-token", id_token, "POST"),
    ]
    for action in ("follow", "block", "unblock", "say", "tap", "position", "sticker", "unsend", "look"):
        made.append(control_route(f"{one}/{action}", _act_route(action), "POST"))
    return made
