"""The residents' side of a relay on real sockets, with the sandbox in LINE's place: what the tests act on."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import os
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import trustme
import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send

from protocol.items import Choice, SegmentItem
from relay.features.talk import Talk
from relay.features.talk_words import load_talk_words
from relay.jobs.inbox import InboxJob
from relay.line.client import LineClient
from relay.pages.routes import page_routes
from relay.providers.line_login import LineLogin
from relay.store.database import Database
from relay.store.records import put_record
from relay.store.tallies import read_tallies
from relay.store.transit import TransitKeys
from relay.webhook import Webhook
from sandbox.serve import running_sandbox
from sandbox.settings import SandboxSettings

DISTRICT = "01900000-0000-7000-8000-000000000001"
TOPICS = "01900000-0000-7000-8000-000000000002"
BIRTH = "01900000-0000-7000-8000-000000000003"
SEX = "01900000-0000-7000-8000-000000000004"


def utc_now() -> datetime:
    return datetime.now(UTC)


def wait_until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    end = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < end:
        if result := condition():
            return result
        pause.wait(0.01)
    raise AssertionError("waited in vain")


def sample_items() -> list[SegmentItem]:
    """Sixty districts in six areas, eight topics, the year of birth, sex."""
    areas = ("北部", "南部", "東部", "西部", "中央", "山間部")
    names = ["川北", "葛󠄀葉", "𠮷野", "中﨑", "髙台"]
    districts = tuple(
        Choice(id=f"d{n:02}", label=names[n] if n < len(names) else f"第{n}地区", group=areas[n // 10])
        for n in range(60)
    )
    topics = (
        "防災",
        "ごみ・リサイクル",
        "子育て",
        "健康・福祉",
        "イベント",
        "工事・断水",
        "観光",
        "市政だより",
    )
    return [
        SegmentItem(
            id=DISTRICT,
            kind="district",
            title="お住まいの地区",
            question="お住まいの地区をえらんでください。",
            choices=districts,
            position=1,
        ),
        SegmentItem(
            id=TOPICS,
            kind="multiple",
            title="知りたい情報",
            question="知りたい情報をえらんでください。",
            choices=tuple(Choice(id=f"t{n}", label=label) for n, label in enumerate(topics)),
            position=2,
        ),
        SegmentItem(
            id=BIRTH,
            kind="birth_year",
            title="生まれた年",
            question="生まれた年をえらんでください。",
            position=3,
        ),
        SegmentItem(
            id=SEX,
            kind="single",
            title="性別",
            question="性別をえらんでください。",
            choices=(
                Choice(id="s1", label="女性"),
                Choice(id="s2", label="男性"),
                Choice(id="s3", label="答えない"),
            ),
            position=4,
        ),
    ]


def save_items(database: Database, *items: SegmentItem) -> None:
    with database.write() as connection:
        for item in items:
            put_record(
                connection, database.cipher, kind="item", id=item.id, body=item.as_json(), now=utc_now()
            )


def sign(secret: str, body: bytes) -> str:
    return base64.b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()


@dataclass
class Phone:
    """One resident of the sandbox, acting over its control API."""

    sandbox_url: str
    user_id: str

    def _post(self, action: str, **body: Any) -> dict[str, Any]:
        answer = requests.post(
            f"{self.sandbox_url}/sandbox/residents/{self.user_id}/{action}",
            json=body | {"wait": True},
            timeout=20,
        )
        assert answer.status_code < 300, answer.text
        return dict(answer.json()) if answer.content else {}

    def follow(self) -> None:
        self._post("follow")

    def block(self) -> None:
        self._post("block")

    def unblock(self) -> None:
        self._post("unblock")

    def say(self, text: str) -> None:
        self._post("say", text=text)

    def tap(self, **what: str) -> dict[str, Any]:
        return self._post("tap", **what)

    def act(self, action: str, **body: Any) -> None:
        self._post(action, **body)

    def talk(self) -> list[dict[str, Any]]:
        answer = requests.get(f"{self.sandbox_url}/sandbox/residents/{self.user_id}/talk", timeout=10)
        return list(answer.json()["messages"])

    def from_account(self) -> list[dict[str, Any]]:
        return [bubble for bubble in self.talk() if bubble["who"] == "account"]

    def wait_for(self, text: str, seconds: float = 10.0) -> str:
        """The last bubble of the account that holds this text, as JSON text."""

        def look() -> str:
            for bubble in reversed(self.from_account()):
                shown = json.dumps(bubble, ensure_ascii=False)
                if text in shown:
                    return shown
            return ""

        try:
            return str(wait_until(look, seconds))
        except AssertionError:
            raise AssertionError(f"{text} never came: {self.talk()[-3:]}") from None


@dataclass
class Counter:
    """A running relay (residents' side) and the sandbox beside it."""

    url: str
    sandbox_url: str
    channel_secret: str
    login_channel_id: str
    liff_id: str
    ca_file: Path
    database: Database
    transit: TransitKeys
    webhook: Webhook
    job: InboxJob
    linked: list[str] = field(default_factory=list)

    def new_phone(self) -> Phone:
        made = requests.post(f"{self.sandbox_url}/sandbox/residents", json={"count": 1}, timeout=10).json()
        return Phone(self.sandbox_url, made["residents"][0]["userId"])

    def post_webhook(self, body: bytes, signature: str | None = None, **headers: str) -> requests.Response:
        given = {"x-line-signature": sign(self.channel_secret, body) if signature is None else signature}
        return requests.post(
            f"{self.url}/line/webhook",
            data=body,
            headers=given | headers,
            verify=str(self.ca_file),
            timeout=15,
        )

    def id_token(self, phone: Phone, **wrong: Any) -> str:
        answer = requests.post(
            f"{self.sandbox_url}/sandbox/id-token", json={"userId": phone.user_id} | wrong, timeout=10
        )
        return str(answer.json()["idToken"])

    def tallies(self) -> dict[str, int]:
        with self.database.read() as connection:
            return read_tallies(connection, datetime.now().astimezone().date().isoformat()) | read_tallies(
                connection, _today_in_japan()
            )


def _today_in_japan() -> str:
    from zoneinfo import ZoneInfo

    return datetime.now(ZoneInfo("Asia/Tokyo")).date().isoformat()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_counter(database: Database, folder: Path, **sandbox_settings: Any) -> Iterator[Counter]:
    """Relay and sandbox until the block ends. `telephone` and `town_name` are set."""
    authority = trustme.CA()
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    port = free_port()
    url = f"https://127.0.0.1:{port}"
    settings = SandboxSettings(
        webhook_url=f"{url}/line/webhook",
        webhook_ca_file=str(ca_file),
        liff_endpoint_url=f"{url}/pages",
        openapi_folder=Path(official) if (official := os.environ.get("MADOGUCHI_LINE_OPENAPI")) else None,
        **sandbox_settings,
    )
    with running_sandbox(settings) as sandbox:
        made: list[Counter] = []
        server = _server(database, folder, sandbox, ca_file, port, made)
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        wait_until(lambda: server.started and made)
        try:
            yield made[0]
        finally:
            server.should_exit = True
            thread.join(15)
            assert not thread.is_alive()


class _Server(uvicorn.Server):
    """Ends at once: a client that keeps a TLS connection open is not waited for."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for _ in range(50):
            if not self.server_state.connections:
                break
            await asyncio.sleep(0.01)
        await super().shutdown(sockets=sockets)


def _server(
    database: Database, folder: Path, sandbox: Any, ca_file: Path, port: int, made: list[Counter]
) -> uvicorn.Server:
    routes: list[BaseRoute] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        line = LineClient(base=sandbox.url, token=sandbox.settings.channel_token)
        login = LineLogin(
            base=sandbox.url, channel_id=sandbox.settings.login_channel_id, ca_file=None, clock=utc_now
        )
        transit = TransitKeys(folder / "transit")
        linked: list[str] = []
        liff_url = f"{sandbox.url}/liff"
        talk = Talk(
            cipher=database.cipher,
            words=load_talk_words(),
            settings_url=f"{liff_url}/{sandbox.settings.liff_id}/settings",
            contact_url=f"{liff_url}/{sandbox.settings.liff_id}/contact",
            on_linked=lambda _, staff: linked.append(staff),
            town_name="みなと野市",
            telephone="0123-45-6789",
        )
        job = InboxJob(database=database, transit=transit, talk=talk, line=line, clock=utc_now)
        webhook = Webhook(
            database=database,
            transit=transit,
            secrets=[sandbox.settings.channel_secret],
            clock=utc_now,
            wake=job.wake.set,
        )

        async def is_friend(user_id: str) -> bool:
            return await line.profile(user_id) is not None

        app.state.webhook = webhook
        app.router.routes.extend(
            page_routes(
                database=database,
                verify=login.verify_id_token,
                is_friend=is_friend,
                clock=utc_now,
                liff_id=sandbox.settings.liff_id,
                liff_url_base=liff_url,
                liff_sdk_url=f"{sandbox.url}/liff/sdk.js",
                town_name="みなと野市",
                telephone="0123-45-6789",
            )
        )
        stop = asyncio.Event()
        running = asyncio.create_task(job.run(stop))
        made.append(
            Counter(
                url=f"https://127.0.0.1:{port}",
                sandbox_url=sandbox.url,
                channel_secret=sandbox.settings.channel_secret,
                login_channel_id=sandbox.settings.login_channel_id,
                liff_id=sandbox.settings.liff_id,
                ca_file=ca_file,
                database=database,
                transit=transit,
                webhook=webhook,
                job=job,
                linked=linked,
            )
        )
        yield
        stop.set()
        job.wake.set()
        await running
        await webhook.aclose()
        await line.aclose()
        await login.aclose()

    framed = Starlette(routes=routes, lifespan=lifespan)

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/line/webhook":
            await framed.state.webhook(scope, receive, send)
        else:
            await framed(scope, receive, send)

    config = uvicorn.Config(
        front,
        host="127.0.0.1",
        port=port,
        ssl_certfile=str(folder / "server.pem"),
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=2,
    )
    return _Server(config)
