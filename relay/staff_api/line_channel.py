"""`/staff/line-channel`: the LINE channel as staff enter it, answered with a connection test. ADM-5."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from protocol.signin import LineChannelAnswer, LineChannelSave
from relay.errors import LineError
from relay.features.line_channel import LineChannel
from relay.line.client import Bot
from relay.staff_api.answers import SMALL_BODY, answer, read_body, refusing
from relay.staff_api.gate import Gate


class LineChannelEndpoint:
    """`ask_bot` asks LINE who the account is; `tell` shows the desktops its name, empty where it is unknown.

    An empty message changes nothing and is a test of what is there.
    """

    def __init__(
        self,
        gate: Gate,
        channel: LineChannel,
        ask_bot: Callable[[], Awaitable[Bot]],
        tell: Callable[[str], object],
    ) -> None:
        self._gate = gate
        self._channel = channel
        self._ask_bot = ask_bot
        self._tell = tell

    def routes(self) -> list[Route]:
        return [Route("/line-channel", self.save, methods=["POST"])]

    @refusing
    async def save(self, request: Request) -> Response:
        body = await read_body(request, SMALL_BODY)

        def work() -> None:
            signed_in = self._gate.check_action(request, body)
            self._channel.save(signed_in, LineChannelSave.parse(body))

        await run_in_threadpool(work)
        found = await self._test()
        await run_in_threadpool(self._tell, found.account_name)
        return answer(request, found)

    async def _test(self) -> LineChannelAnswer:
        fixed = self._channel.from_environment
        if not self._channel.now.channel_token:
            return LineChannelAnswer(reason="line_not_configured", from_environment=fixed)
        try:
            bot = await self._ask_bot()
        except LineError as error:
            return LineChannelAnswer(reason=error.reason, from_environment=fixed)
        return LineChannelAnswer(account_name=bot.display_name, basic_id=bot.basic_id, from_environment=fixed)
