"""The official SDK against the sandbox and bad answers: none of its traps reaches us (OPS-6, SEG-6)."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest
import requests

from protocol.messages import ImageMessage, TextMessage
from relay.errors import LineError
from relay.line.client import LineClient, MessageRefused
from relay.line.payloads import PayloadParts, message_payloads
from sandbox.serve import RunningSandbox, running_sandbox
from sandbox.settings import SandboxSettings

T = TypeVar("T")
HELLO = [{"type": "text", "text": "こんにちは 髙﨑𠮷葛󠄀 🍎"}]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[RunningSandbox]:
    with running_sandbox(SandboxSettings()) as running:
        yield running


@pytest.fixture
def friend(sandbox: RunningSandbox) -> str:
    made = requests.post(f"{sandbox.url}/sandbox/residents", json={"count": 1}, timeout=10).json()
    user_id = str(made["residents"][0]["userId"])
    requests.post(f"{sandbox.url}/sandbox/residents/{user_id}/follow", json={}, timeout=10)
    return user_id


def with_client(
    base: str, token: str, work: Callable[[LineClient], Awaitable[T]], *, timeout: float = 5
) -> T:
    async def run() -> T:
        client = LineClient(base=base, token=token, timeout=timeout)
        try:
            return await work(client)
        finally:
            await client.aclose()

    return asyncio.run(run())


def talk_of(sandbox: RunningSandbox, user_id: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{sandbox.url}/sandbox/residents/{user_id}/talk", timeout=10)
    return list(answer.json()["messages"])


def fault(sandbox: RunningSandbox, **described: Any) -> None:
    answer = requests.post(f"{sandbox.url}/sandbox/faults", json=[described], timeout=10)
    assert answer.status_code == 200, answer.text


def test_a_pushed_message_arrives_as_written(sandbox: RunningSandbox, friend: str) -> None:
    sent = with_client(
        sandbox.url, sandbox.settings.channel_token, lambda c: c.push(friend, HELLO, str(uuid.uuid4()))
    )
    assert sent.request_id
    assert sent.message_ids == (talk_of(sandbox, friend)[-1]["id"],)
    assert talk_of(sandbox, friend)[-1]["text"] == HELLO[0]["text"]


def test_the_same_retry_key_again_is_a_success_that_sends_nothing(
    sandbox: RunningSandbox, friend: str
) -> None:
    key = str(uuid.uuid4())

    async def twice(client: LineClient) -> Any:
        return await client.push(friend, HELLO, key), await client.push(friend, HELLO, key)

    first, second = with_client(sandbox.url, sandbox.settings.channel_token, twice)
    assert second.already_accepted
    assert second.request_id == first.request_id
    assert second.message_ids == first.message_ids
    assert len(talk_of(sandbox, friend)) == 1


def test_a_message_the_sdk_would_send_crippled_is_refused_before_it_leaves() -> None:
    crippled: list[Any] = [
        {"type": "flex", "altText": "x", "contents": {"type": "bubble", "boody": {}}},
        {"type": "text", "text": "x", "quickReply": {"items": [], "nonsense": 1}},
        {"type": "hologram"},
        {"text": "no type"},
        {"type": "text"},
    ]
    for message in crippled:
        with pytest.raises(MessageRefused):
            with_client("http://127.0.0.1:9", "t", lambda c, m=message: c.push("U1", [m], "k"))


def test_staffs_messages_take_the_form_line_wants(sandbox: RunningSandbox, friend: str) -> None:
    messages = message_payloads(
        [TextMessage(text="本文"), ImageMessage(file="a" * 64, preview="b" * 64, description="絵")],
        PayloadParts(media_url=lambda file: f"https://relay.example/media/{file[:8]}"),
    )
    assert messages == [
        {"type": "text", "text": "本文"},
        {
            "type": "image",
            "originalContentUrl": "https://relay.example/media/aaaaaaaa",
            "previewImageUrl": "https://relay.example/media/bbbbbbbb",
        },
    ]
    with_client(
        sandbox.url, sandbox.settings.channel_token, lambda c: c.push(friend, messages, str(uuid.uuid4()))
    )


@pytest.mark.parametrize(
    ("status", "body", "permanent", "reason"),
    [
        (400, {"message": "The request body has 1 error(s)"}, True, "line_refused"),
        (401, {"message": "Authentication failed"}, False, "line_not_configured"),
        (403, {"message": "no"}, True, "line_refused"),
        (429, {"message": "You have reached your monthly limit."}, False, "over_quota"),
        (429, {"message": "The API rate limit has been exceeded. Try again later."}, False, "throttled"),
        (429, "not even JSON", False, "throttled"),
        (500, {"message": "oops"}, False, "line_unreachable"),
        (503, "", False, "line_unreachable"),
    ],
)
def test_a_refusal_says_whether_to_try_again_and_why(
    status: int, body: Any, permanent: bool, reason: str
) -> None:
    with answering(status, body, {"x-line-request-id": "r1"}) as base, pytest.raises(LineError) as caught:
        with_client(base, "t", lambda c: c.push("U1", HELLO, "k"))
    assert (caught.value.status, caught.value.permanent) == (status, permanent)
    assert (caught.value.reason, caught.value.request_id) == (reason, "r1")


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"",
        b"not json",
        b'{"sentMessages":"new form"}',
        b'{"sentMessages":[{"id":5}]}',
        b"\xff\xfe",
        b"[]",
    ],
    ids=["empty object", "nothing", "no json", "other form", "other type", "no utf-8", "list"],
)
def test_an_accepted_message_counts_as_sent_whatever_the_answer_looks_like(body: bytes) -> None:
    with answering(200, body, {"content-type": "application/json; charset=utf-8"}) as base:
        assert not with_client(base, "t", lambda c: c.push("U1", HELLO, "k")).already_accepted
    with answering(200, body, {"content-type": "application/json; charset=x-unknown"}) as base:
        with_client(base, "t", lambda c: c.reply("token", HELLO))


def test_a_refusal_that_is_no_text_is_still_a_refusal() -> None:
    with answering(400, b"\xff\xfe") as base, pytest.raises(LineError) as caught:
        with_client(base, "t", lambda c: c.reply("token", HELLO))
    assert caught.value.status == 400


def test_values_line_adds_later_do_not_break_questions() -> None:
    bot = {
        "userId": "U1",
        "basicId": "@a",
        "displayName": "町",
        "chatMode": "telepathy",
        "markAsReadMode": "x",
    }
    with answering(200, bot) as base:
        assert with_client(base, "t", lambda c: c.bot_info()).display_name == "町"
    with answering(200, {"type": "something new", "totalUsage": 3}) as base:
        quota = with_client(base, "t", lambda c: c.quota())
        assert (quota.limit, quota.used) == (None, 3)


def test_network_trouble_of_every_kind_is_ours_and_may_have_been_accepted() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{unused.getsockname()[1]}"
    for base in (closed, "http://no-such-host.invalid", "https://127.0.0.1:1"):
        with pytest.raises(LineError) as caught:
            with_client(base, "t", lambda c: c.reply("token", HELLO))
        assert (caught.value.status, caught.value.permanent, caught.value.reason) == (
            None,
            False,
            "line_unreachable",
        )


def test_an_answer_that_never_comes_is_given_up_in_time() -> None:
    with answering(200, {}, delay=20) as base:
        calls: list[Callable[[LineClient], Awaitable[Any]]] = [
            lambda c: c.reply("token", HELLO),
            lambda c: c.push("U1", HELLO, "k"),
            lambda c: c.profile("U1"),
            lambda c: c.quota(),
            lambda c: c.bot_info(),
            lambda c: c.loading("U1"),
        ]

        async def all_of_them(client: LineClient) -> list[Any]:
            return await asyncio.gather(*(call(client) for call in calls), return_exceptions=True)

        began = time.monotonic()
        results = with_client(base, "t", all_of_them, timeout=0.3)
    assert time.monotonic() - began < 5
    assert all(isinstance(result, LineError) and result.status is None for result in results)


def test_a_reply_is_sent_once_and_takes_no_retry_key() -> None:
    with answering(500, {}) as base, pytest.raises(LineError):
        with_client(base, "t", lambda c: c.reply("token", HELLO))
    assert [request["path"] for request in base.requests] == ["/v2/bot/message/reply"]
    assert "x-line-retry-key" not in base.requests[0]["headers"]


def test_a_hundred_calls_run_at_once() -> None:
    async def many(client: LineClient) -> None:
        await asyncio.gather(*(client.push("U1", HELLO, str(n)) for n in range(100)))

    with answering(200, {}, delay=0.4) as base:
        began = time.monotonic()
        with_client(base, "t", many)
    assert base.most_at_once > 50, "the SDK's own pool would stop at five per CPU"
    assert time.monotonic() - began < 8


def test_content_comes_from_the_given_host_and_waits_while_line_prepares_it(
    sandbox: RunningSandbox, friend: str
) -> None:
    requests.post(f"{sandbox.url}/sandbox/residents/{friend}/photo", json={}, timeout=10)
    message_id = talk_of(sandbox, friend)[-1]["id"]
    content = with_client(
        sandbox.url, sandbox.settings.channel_token, lambda c: c.message_content(message_id)
    )
    assert content.ready
    assert content.content_type.startswith("image/")
    assert len(content.body) > 100
    with answering(202, {}) as base:
        assert not with_client(base, "t", lambda c: c.message_content("1")).ready


def test_profile_quota_and_account_are_read(sandbox: RunningSandbox, friend: str) -> None:
    async def ask(client: LineClient) -> Any:
        return (
            await client.profile(friend),
            await client.profile("U" + "f" * 32),
            await client.quota(),
            await client.bot_info(),
            await client.loading(friend),
        )

    profile, stranger, quota, bot, _ = with_client(sandbox.url, sandbox.settings.channel_token, ask)
    assert profile is not None and profile.display_name
    assert stranger is None
    assert quota.limit == 30_000
    assert bot.display_name == "みなと野市"


def test_a_lost_answer_to_a_push_is_settled_by_the_retry_key(sandbox: RunningSandbox, friend: str) -> None:
    fault(sandbox, endpoint="push", drop_answer=True)
    key = str(uuid.uuid4())
    with pytest.raises(LineError) as caught:
        with_client(sandbox.url, sandbox.settings.channel_token, lambda c: c.push(friend, HELLO, key))
    assert caught.value.status is None
    again = with_client(sandbox.url, sandbox.settings.channel_token, lambda c: c.push(friend, HELLO, key))
    assert again.already_accepted
    assert len(talk_of(sandbox, friend)) == 1


def test_the_sdk_is_imported_only_when_line_is_first_called() -> None:
    code = "import sys, relay.line.client, relay.jobs.inbox; sys.exit('linebot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3]).returncode == 0


def test_neither_token_nor_recipient_is_shown_by_errors_or_reprs() -> None:
    client = LineClient(base="http://127.0.0.1:9", token="secret-token")
    assert "secret" not in repr(client)
    with answering(400, {"message": "U1234"}) as base, pytest.raises(LineError) as caught:
        with_client(base, "secret-token", lambda c: c.push("U1234", HELLO, "k"))
    assert "U1234" not in f"{caught.value} {caught.value!r}" and caught.value.__cause__ is None
    with pytest.raises(MessageRefused) as refused:
        with_client(base, "t", lambda c: c.push("U1", [{"type": "text", "txt": "秘密"}], "k"))
    assert "秘密" not in str(refused.value)


def test_a_client_closed_during_a_call_opens_no_connection_again() -> None:
    async def close_during(base: _Base) -> None:
        client = LineClient(base=base, token="t", timeout=5)
        both = client.profile("U1"), client.push("U1", HELLO, "k")
        calls = [asyncio.create_task(call) for call in both]
        for _ in calls:
            assert await asyncio.to_thread(base.arrived.acquire, timeout=10)
        await client.aclose()
        for call in calls:
            with pytest.raises(LineError) as caught:
                await call
            assert caught.value.reason == "line_unreachable"
        with pytest.raises(LineError) as caught:
            await client.quota()
        assert caught.value.reason == "line_unreachable"
        del calls, call
        gc.collect()  # a session left open says so here, which fails the test

    with answering(200, {}, delay=30) as base:
        asyncio.run(close_during(base))


# --- a server that answers as told ---


class _Base(str):
    """The address, and what was asked of it."""

    requests: list[dict[str, Any]]
    most_at_once: int
    arrived: threading.Semaphore


@contextmanager
def answering(
    status: int, body: Any, headers: dict[str, str] | None = None, *, delay: float = 0
) -> Iterator[_Base]:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lock, at_once, released = threading.Lock(), [0], threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _do(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            with lock:
                at_once[0] += 1
                base.most_at_once = max(base.most_at_once, at_once[0])
                sent = {name.lower(): value for name, value in self.headers.items()}
                base.requests.append({"path": self.path, "headers": sent})
            base.arrived.release()
            released.wait(delay)
            with lock:
                at_once[0] -= 1
            try:
                self.send_response(status)
                for name, value in ({"content-type": "application/json"} | (headers or {})).items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the caller gave up

        do_GET = do_POST = _do

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 200
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            pass

    server = Server(("127.0.0.1", 0), Handler)
    base = _Base(f"http://127.0.0.1:{server.server_address[1]}")
    base.requests, base.most_at_once, base.arrived = [], 0, threading.Semaphore(0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield base
    finally:
        released.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
