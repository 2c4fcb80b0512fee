"""Tells a resident in the talk, in neutral words, that there is news about something they sent.

At most once: the retry key was stored with the job before the first call, and all tries carry it.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from relay.errors import LineError
from relay.features.news import NewsBell
from relay.features.submissions import TELL_RESIDENT
from relay.features.talk_words import TalkWords
from relay.jobs.loop import JobQueue
from relay.line.cards import Payload, link_message, text_message
from relay.line.client import LineClient
from relay.store.database import Database
from relay.store.residents import find_user_id
from relay.store.submissions import find_submission

_KEY_LIFE = timedelta(hours=23)
"""LINE remembers a retry key for a day; after that another try could be a second message."""
_log = logging.getLogger(__name__)


class TellResidents:
    """A duty: works through the jobs of the kind `tell_resident`.

    `page_url`: where LINE opens the resident's own list; empty where there is no LIFF app.
    """

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        bell: NewsBell,
        line: LineClient,
        words: TalkWords,
        *,
        page_url: str,
        owner: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._line = line
        self._words = words
        self.use_page(page_url)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue = JobQueue(database, clock, bell, {TELL_RESIDENT: self.tell}, owner=owner)

    def use_page(self, page_url: str) -> None:
        """The address of the page from now on."""
        self._page_url = page_url

    async def __call__(self, stop: asyncio.Event) -> None:
        self._loop = asyncio.get_running_loop()
        await self._queue(stop)

    def tell(self, subject: str) -> None:
        """One try, in a worker thread. Raises LineError when another may succeed."""
        submission, _, retry_key = subject.partition("/")
        if self._clock() - _made_at(retry_key) > _KEY_LIFE:
            _log.warning("a notice to a resident was too late to be tried again")
            return
        with self._database.read() as connection:
            known = find_submission(connection, submission)
            if known is None or known.resident is None:
                return
            user_id = find_user_id(connection, self._database.cipher, known.resident)
        if user_id is None:
            return  # blocked: nothing is sent, the page still shows the news
        assert self._loop is not None
        push = self._line.push(user_id, [self._message()], retry_key)
        try:
            asyncio.run_coroutine_threadsafe(push, self._loop).result()
        except LineError as error:
            if not error.permanent:
                raise
            _log.warning("LINE refused a notice to a resident: %s", error)

    def _message(self) -> Payload:
        text = self._words.say("news")
        if not self._page_url:
            return text_message(text)
        return link_message(alt=text, text=text, label=self._words.buttons["open_mine"], url=self._page_url)


def _made_at(retry_key: str) -> datetime:
    """The time inside a UUIDv7."""
    return datetime.fromtimestamp((uuid.UUID(retry_key).int >> 80) / 1000, UTC)
