"""Which address shows which page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.routing import BaseRoute, Route

from relay.pages.contact import ContactPages
from relay.pages.entry import CallerAddress, Entry, IsFriend, VerifyToken
from relay.pages.files import StaticFiles
from relay.pages.mine import MinePages
from relay.pages.rendering import Renderer
from relay.pages.settings import SettingsPage
from relay.pages.waste import WastePage
from relay.store.database import Database


@dataclass(frozen=True)
class Pages:
    """The routes of the pages, and what may change while they are served."""

    routes: list[BaseRoute]
    entry: Entry
    renderer: Renderer


def page_routes(**parts: Any) -> list[BaseRoute]:
    """Only the routes of `make_pages`, for whoever changes nothing."""
    return make_pages(**parts).routes


def make_pages(
    *,
    database: Database,
    verify: VerifyToken,
    is_friend: IsFriend,
    clock: Callable[[], datetime],
    liff_id: str,
    liff_url_base: str,
    liff_sdk_url: str,
    caller: CallerAddress = lambda request: request.client.host if request.client else "",
    town_name: str = "",
    telephone: str = "",
) -> Pages:
    """The resident pages and their files, to be mounted at the root."""
    files = StaticFiles()
    renderer = Renderer(files, town_name=town_name, telephone=telephone)
    entry = Entry(
        database=database,
        verify=verify,
        is_friend=is_friend,
        caller=caller,
        clock=clock,
        renderer=renderer,
        liff_id=liff_id,
        liff_url_base=liff_url_base,
        liff_sdk_url=liff_sdk_url,
    )
    settings = SettingsPage(database=database, clock=clock, renderer=renderer, entry=entry, caller=caller)
    contact = ContactPages(database=database, clock=clock, renderer=renderer, entry=entry, caller=caller)
    mine = MinePages(database=database, clock=clock, renderer=renderer, entry=entry)
    waste = WastePage(database=database, clock=clock, renderer=renderer, entry=entry)
    routes: list[BaseRoute] = [
        Route("/pages", entry.show, methods=["GET"]),
        Route("/pages/", entry.show, methods=["GET"]),
        Route("/pages/session", entry.sign_in, methods=["POST"]),
        Route("/pages/settings", settings.show, methods=["GET"]),
        Route("/pages/settings", settings.save, methods=["POST"]),
        Route("/pages/contact", contact.forms, methods=["GET"]),
        Route("/pages/contact/sent/{submission}", contact.sent, methods=["GET"]),
        Route("/pages/contact/{form}", contact.form, methods=["GET"]),
        Route("/pages/contact/{form}", contact.send, methods=["POST"]),
        Route("/pages/mine", mine.show, methods=["GET"]),
        Route("/pages/mine/{submission}", mine.one, methods=["GET"]),
        Route("/pages/waste", waste.show, methods=["GET"]),
        Route("/static/{name}", files.serve, methods=["GET"]),
    ]
    return Pages(routes=routes, entry=entry, renderer=renderer)
