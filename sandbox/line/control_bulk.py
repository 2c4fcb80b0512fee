"""One act by many residents at once, with bounded concurrency and counts instead of 10,000 answers."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from sandbox.line.acts import CannotDo
from sandbox.line.control import BadRequest, control_route, json_of, perform, platform_of
from sandbox.line.residents import Resident
from sandbox.line.state import Platform

CONCURRENCY = 64
_EACH_IN_TURN = ("label", "data", "text", "value")


async def do(request: Request) -> Any:
    """``{"userIds": [...]|"all"|"friends", "action": ..., "wait": bool}`` and the action's own fields.

    A list in label, data, text or value is dealt out: the n-th resident takes the n-th, from the start again.
    """
    given = await json_of(request)
    platform = platform_of(request)
    residents = _chosen(platform, given.get("userIds"))
    action = given.get("action")
    if not isinstance(action, str):
        raise BadRequest("missing", name="action")
    concurrency = given.get("concurrency", CONCURRENCY)
    if not isinstance(concurrency, int) or concurrency < 1:
        raise BadRequest("bad_concurrency")
    gate = asyncio.Semaphore(concurrency)
    refused: Counter[str] = Counter()
    webhook: Counter[str] = Counter()
    acts = request.app.state.acts

    async def one(number: int, resident: Resident) -> None:
        async with gate:
            try:
                act = perform(acts, resident, action, _dealt(given, number))
            except CannotDo as error:
                refused[error.reason] += 1
                return
            if given.get("wait"):
                for outcome in await asyncio.gather(*act.answered):
                    webhook[outcome.reason] += 1
            else:
                # Lets the sender and other requests breathe between thousands of acts.
                await asyncio.sleep(0)

    await asyncio.gather(*(one(number, resident) for number, resident in enumerate(residents)))
    return {
        "asked": len(residents),
        "done": len(residents) - sum(refused.values()),
        "refused": dict(refused),
        "webhook": dict(webhook),
    }


def _chosen(platform: Platform, wanted: Any) -> list[Resident]:
    if wanted == "all":
        return list(platform.residents)
    if wanted == "friends":
        return [resident for resident in platform.residents if resident.friend]
    if not isinstance(wanted, list):
        raise BadRequest("bad_user_ids")
    found = [platform.residents.find(str(user_id)) for user_id in wanted]
    if None in found:
        raise BadRequest("no_such_resident", 404)
    return [resident for resident in found if resident is not None]


def _dealt(given: dict[str, Any], number: int) -> dict[str, Any]:
    dealt = {name: value for name, value in given.items() if name not in ("userIds", "action", "wait")}
    for name in _EACH_IN_TURN:
        if isinstance(dealt.get(name), list) and dealt[name]:
            dealt[name] = dealt[name][number % len(dealt[name])]
    return dealt


def routes() -> list[Route]:
    return [control_route("/sandbox/do", do, "POST")]
