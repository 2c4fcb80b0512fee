"""The contact forms (「お問い合わせ」): the list, one form, and what is said once it was sent.

What is written here lives in this request and is sealed before it is stored. SEC-3, SEC-8, FORM-9.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from protocol.ids import is_id, new_id
from protocol.sealed_files import SealedFile, seal_file
from protocol.submissions import PHOTO_LIMIT, TEXT_LIMIT, TOPIC_LIMIT, ContactForm, SubmittedContent
from relay.errors import Refused, StoreUnavailable
from relay.features.contact_forms import (
    department_names,
    departments_of,
    find_open_form,
    list_open_forms,
)
from relay.features.copies import GivenCopy, read_copy
from relay.features.page_sessions import PageSession
from relay.features.photos import CONTENT_TYPE, PHOTO_BYTES_LIMIT, clean_photo
from relay.features.submissions import Arrived, find_word_troubles, receive
from relay.features.throttles import Throttle
from relay.pages.bodies import parse_form, read_limited, read_multipart
from relay.pages.entry import CallerAddress, Entry
from relay.pages.rendering import Renderer
from relay.pages.security import is_from_our_page, script_headers
from relay.pages.visits import Visits
from relay.store.database import Connection, Database
from relay.store.residents import find_resident_by_no
from relay.store.submissions import find_submission

CONTACT_PATH = "/pages/contact"
_FORM_LIMIT = 128 * 1024
_PHOTOS_LIMIT = PHOTO_LIMIT * PHOTO_BYTES_LIMIT + 1024 * 1024
_PHOTOS_WITHIN = 120.0
_FIELDS_LIMIT = 20
_PHOTOS_BY_RESIDENT = Throttle("photos resident", limit=20, window=timedelta(hours=1))
_READ_AT_ONCE = 8
"""Forms with photos in memory at a time, up to 31 MB each: more than are decoded, as some phones are slow."""
_DECODED_AT_ONCE = 2
_MULTIPART = "multipart/form-data"
_PLAIN = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class _Written:
    """What one form brought. Never stored, never logged."""

    form_token: str
    submission: str
    topic: str = field(repr=False)
    text: str = field(repr=False)
    photos: tuple[bytes, ...] = field(default=(), repr=False)
    copy: GivenCopy | None = field(default=None, repr=False)


class ContactPages:
    """`/pages/contact`, `/pages/contact/<form>` (`GET`, `POST`), `/pages/contact/sent/<submission>`."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Callable[[], datetime],
        renderer: Renderer,
        entry: Entry,
        caller: CallerAddress,
    ) -> None:
        self._database = database
        self._clock = clock
        self._renderer = renderer
        self._entry = entry
        self._caller = caller
        self._visits = Visits(
            database=database, clock=clock, renderer=renderer, again=(CONTACT_PATH, "お問い合わせを開く")
        )
        self._headers = script_headers()
        self._reading = asyncio.Semaphore(_READ_AT_ONCE)
        self._decoding = asyncio.Semaphore(_DECODED_AT_ONCE)

    async def forms(self, request: Request) -> Response:
        def read() -> dict[str, Any] | None:
            with self._database.read() as connection:
                if self._visits.find(connection, request) is None:
                    return None
                forms = list_open_forms(connection, self._database.cipher)
            return {"forms": [{"form": form, "path": form_path(form.id)} for form in forms]}

        return await self._shown(request, "contact.html", read)

    async def form(self, request: Request) -> Response:
        def read() -> dict[str, Any] | None:
            with self._database.read() as connection:
                session = self._visits.find(connection, request)
                if session is None:
                    return None
                form, readers = self._open_form(connection, request)
                return self._values(connection, session, form, readers, {})

        return await self._shown(request, "contact_form.html", read)

    async def sent(self, request: Request) -> Response:
        def read() -> dict[str, Any] | None:
            with self._database.read() as connection:
                session = self._visits.find(connection, request)
                if session is None:
                    return None
                known = find_submission(connection, request.path_params["submission"])
            if known is None or known.resident != session.resident_no:
                raise Refused("not_found", status=404)
            return {"submission": known, "again": "again" in request.query_params}

        return await self._shown(request, "contact_sent.html", read)

    async def send(self, request: Request) -> Response:
        if not is_from_our_page(request):
            return self._visits.trouble("not_allowed", 403)
        try:
            if not await run_in_threadpool(self._visits.is_open, request):  # nothing is read for strangers
                return self._visits.trouble("session_expired", 401)
            if _kind_of(request) != _MULTIPART:
                return await run_in_threadpool(self._take, request, await _read_written(request))
            # Waiting here costs neither memory nor a thread, which everybody else needs too.
            async with self._reading:
                written = await _read_written(request)
                async with self._decoding:
                    return await run_in_threadpool(self._take, request, written)
        except Refused as refusal:
            return self._visits.trouble(refusal.reason, refusal.status)
        except StoreUnavailable as trouble:
            return self._visits.trouble(trouble.reason, 503)

    async def _shown(
        self, request: Request, template: str, read: Callable[[], dict[str, Any] | None]
    ) -> Response:
        try:
            values = await run_in_threadpool(read)
        except Refused as refusal:
            return self._visits.trouble(refusal.reason, refusal.status)
        except StoreUnavailable:
            return self._visits.trouble("busy", 503)
        if values is None:
            return self._entry.ask_line(_own_path(request))
        return self._renderer.page(template, values, headers=self._headers)

    def _open_form(self, connection: Connection, request: Request) -> tuple[ContactForm, dict[str, str]]:
        found = find_open_form(connection, self._database.cipher, request.path_params["form"])
        if found is None:
            raise Refused("form_closed", status=404)
        return found

    def _take(self, request: Request, written: _Written) -> Response:
        with self._database.read() as connection:
            session = self._visits.find_for_form(connection, request, written.form_token)
            if isinstance(session, tuple):
                return self._visits.trouble(*session)
            form, readers = self._open_form(connection, request)
            values = self._values(connection, session, form, readers, {}, written)
        # From here on no connection is held: others wait for one while photos are decoded.
        troubles = find_word_troubles(written.topic, written.text)
        photos: list[bytes] = []
        if not troubles:
            photos, troubles = self._clean(request, session, written, form)
        if troubles:
            values["troubles"] |= troubles
            values["trouble_count"] = len(troubles)
            return self._renderer.page("contact_form.html", values, headers=self._headers, status=422)
        sealed = [seal_file(photo, content_type=CONTENT_TYPE) for photo in photos]
        stored, again = self._store(request, session, form, written, sealed)
        address = f"{CONTACT_PATH}/sent/{stored}" + ("?again" if again else "")
        return RedirectResponse(address, status_code=303, headers=self._headers)

    def _clean(
        self, request: Request, session: PageSession, written: _Written, form: ContactForm
    ) -> tuple[list[bytes], dict[str, str]]:
        """The photos written anew, or why they cannot be taken. Each try counts, whatever becomes of it:
        decoding is what costs. Raises Refused `throttled`.
        """
        photos = written.photos if form.photos else ()
        if photos:
            now, cipher, who = self._clock(), self._database.cipher, str(session.resident_no)
            with self._database.write() as connection:
                _PHOTOS_BY_RESIDENT.check(connection, cipher, who, now)
                _PHOTOS_BY_RESIDENT.count_failure(connection, cipher, who, now)
        return _cleaned(photos)

    def _store(
        self,
        request: Request,
        session: PageSession,
        form: ContactForm,
        written: _Written,
        sealed: list[tuple[SealedFile, bytes]],
    ) -> tuple[str, bool]:
        """The id, and whether something had arrived under it before: then this is not kept."""
        now = self._clock()
        with self._database.write() as connection:
            resident = find_resident_by_no(connection, session.resident_no)
            if resident is None:
                raise Refused("session_expired", status=401)
            arrived = Arrived(
                id=written.submission,
                object=f"contact:{form.id}",
                title=form.title,
                departments=departments_of(form),
                content=SubmittedContent(
                    topic=written.topic, text=written.text, files=tuple(manifest for manifest, _ in sealed)
                ),
                copy=written.copy,
                files=tuple((manifest.sha256, content) for manifest, content in sealed),
            )
            again = is_id(arrived.id) and find_submission(connection, arrived.id) is not None
            stored = receive(
                connection, self._database, arrived, resident, now, address=self._caller(request)
            )
        return stored.id, again

    def _values(
        self,
        connection: Connection,
        session: PageSession,
        form: ContactForm,
        readers: Mapping[str, str],
        troubles: Mapping[str, str],
        written: _Written | None = None,
    ) -> dict[str, Any]:
        cipher, departments = self._database.cipher, departments_of(form)
        kept = written.submission if written is not None and is_id(written.submission) else ""
        return {
            "form": form,
            "address": form_path(form.id),
            "form_token": session.form_token,
            "readers": department_names(connection, cipher, departments),
            "keys": json.dumps(readers),
            "submission": kept or new_id(self._clock()),
            "topic": written.topic if written else "",
            "text": written.text if written else "",
            "had_photos": bool(written and written.photos),
            "troubles": dict.fromkeys(("topic", "text", "photos"), "") | dict(troubles),
            "trouble_count": len(troubles),
            "limits": {"topic": TOPIC_LIMIT, "text": TEXT_LIMIT, "photos": PHOTO_LIMIT},
        }


def form_path(form: str) -> str:
    return f"{CONTACT_PATH}/{quote(form, safe='')}"


async def _read_written(request: Request) -> _Written:
    kind = _kind_of(request)
    if kind == _PLAIN:
        form = parse_form(await read_limited(request, _FORM_LIMIT), fields=_FIELDS_LIMIT)
    elif kind == _MULTIPART:
        form = await read_multipart(
            request,
            limit=_PHOTOS_LIMIT,
            fields=_FIELDS_LIMIT,
            files=PHOTO_LIMIT * 2,
            within=_PHOTOS_WITHIN,
        )
    else:
        raise Refused("malformed", status=400)
    try:
        return await _written(form)
    finally:
        await form.close()


def _kind_of(request: Request) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip()


async def _written(form: FormData) -> _Written:
    uploads = [upload for upload in form.getlist("photos") if isinstance(upload, UploadFile)]
    photos = [content for upload in uploads if (content := await upload.read())]  # an empty one: none chosen
    return _Written(
        form_token=_text(form, "form_token"),
        submission=_text(form, "submission"),
        topic=_text(form, "topic").strip(),
        text=_text(form, "text").replace("\r\n", "\n").strip(),
        photos=tuple(photos),
        copy=read_copy(_text(form, "copy")),
    )


def _text(form: FormData, name: str) -> str:
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def _cleaned(photos: tuple[bytes, ...]) -> tuple[list[bytes], dict[str, str]]:
    """The photos written anew, or why they cannot be taken."""
    if len(photos) > PHOTO_LIMIT:
        return [], {"photos": "too_many_photos"}
    try:
        return [clean_photo(photo) for photo in photos], {}
    except Refused as refusal:
        return [], {"photos": refusal.reason}


def _own_path(request: Request) -> str:
    """The page asked for, where the entry leads to again once LINE has said who is there."""
    return quote(request.url.path)
