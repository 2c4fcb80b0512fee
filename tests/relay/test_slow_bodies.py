"""A body may take only so long, and one that is slow ends no other. Requirements: SEC-3, OPS-6."""

from __future__ import annotations

import asyncio

import pytest

from relay.slow_bodies import BodyClock, BodyTooSlow


async def never() -> bytes:
    await asyncio.Event().wait()
    raise AssertionError("never comes")


async def after(event: asyncio.Event) -> bytes:
    await event.wait()
    return b"body"


def test_a_slow_body_is_given_up_and_its_task_goes_on() -> None:
    async def once() -> None:
        clock = BodyClock(0.05)
        for _ in range(2):  # the second time proves that the first left nothing behind
            with pytest.raises(BodyTooSlow):
                await clock.limit(never())
        clock.stop()

    asyncio.run(asyncio.wait_for(once(), 10))


def test_a_body_that_comes_in_time_is_not_ended_with_a_slow_one() -> None:
    async def both() -> None:
        clock, here = BodyClock(0.2), asyncio.Event()

        async def slow() -> str:
            with pytest.raises(BodyTooSlow):
                await clock.limit(never())
            here.set()
            return "given up"

        async def quick() -> bytes:
            await asyncio.sleep(0)
            asyncio.get_running_loop().call_later(0.15, here.set)
            await asyncio.Event.wait(here)
            here.clear()
            return await clock.limit(after(here))

        assert await asyncio.gather(slow(), quick()) == ["given up", b"body"]
        clock.stop()

    asyncio.run(asyncio.wait_for(both(), 10))


def test_a_request_cancelled_from_elsewhere_stays_cancelled() -> None:
    async def cancelled() -> None:
        clock = BodyClock(30)
        task = asyncio.create_task(clock.limit(never()))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        clock.stop()

    asyncio.run(cancelled())
