"""The one way to do work off the screen's thread: a call, and what to do with its answer.

`local` is a single lane for the local file, so that what a person did happens in that order;
`remote` holds the questions to the relay, which may take long and must not hold up the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from desktop.errors import Trouble
from desktop.log import LOGGER

T = TypeVar("T")


class Background:
    """Needs a running asyncio loop (qasync). `on_bug` gets every exception that is not a trouble."""

    def __init__(
        self, on_trouble: Callable[[Trouble], None], on_bug: Callable[[BaseException], None]
    ) -> None:
        self._local = ThreadPoolExecutor(1, thread_name_prefix="local")
        self.remote = ThreadPoolExecutor(6, thread_name_prefix="remote")
        self._on_trouble = on_trouble
        self._on_bug = on_bug
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False

    def local(
        self,
        call: Callable[[], T],
        done: Callable[[T], Any] | None = None,
        failed: Callable[[Trouble], Any] | None = None,
    ) -> None:
        """`done` and `failed` run on the screen's thread."""
        self._start(self._local, call, done, failed)

    def ask(
        self,
        call: Callable[[], T],
        done: Callable[[T], Any] | None = None,
        failed: Callable[[Trouble], Any] | None = None,
    ) -> None:
        self._start(self.remote, call, done, failed)

    @property
    def busy(self) -> bool:
        return bool(self._running)

    async def finish_local(self) -> None:
        """Until everything asked of the local file so far is done."""
        if not self._stopped:
            await asyncio.get_running_loop().run_in_executor(self._local, lambda: None)

    def stop(self) -> None:
        """Wait for the local lane, drop the rest."""
        self._stopped = True
        for task in self._running:
            task.cancel()
        self._local.shutdown(wait=True)
        self.remote.shutdown(wait=False, cancel_futures=True)

    def _start(
        self,
        executor: ThreadPoolExecutor,
        call: Callable[[], T],
        done: Callable[[T], Any] | None,
        failed: Callable[[Trouble], Any] | None,
    ) -> None:
        if self._stopped:
            return  # a timer of a window that is closing
        task = asyncio.ensure_future(self._run(executor, call, done, failed))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(
        self,
        executor: ThreadPoolExecutor,
        call: Callable[[], T],
        done: Callable[[T], Any] | None,
        failed: Callable[[Trouble], Any] | None,
    ) -> None:
        try:
            answer = await asyncio.get_running_loop().run_in_executor(executor, call)
            if done is not None:
                done(answer)
        except Trouble as trouble:
            LOGGER.info("trouble: %s", trouble.code)
            (failed or self._on_trouble)(trouble)
        except asyncio.CancelledError:
            raise
        except RuntimeError as error:
            # A widget that was closed while its answer was on the way is nobody's mistake.
            if "already deleted" not in str(error):
                self._on_bug(error)
        except Exception as error:
            self._on_bug(error)
