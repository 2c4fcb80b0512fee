"""A desk of the town hall for tests: real keys, real signatures, a real relay; everything but the window."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from protocol.changes import Change, make_change
from protocol.devices import sign_request
from protocol.encoding import to_base64
from protocol.signin import (
    EnrolAnswer,
    EnrolRequest,
    SignInAnswer,
    SignInRequest,
    SignInStart,
    derive_keys,
    new_cost,
    new_staff_keys,
    wrap_keys,
)
from protocol.sync import Record, SyncRequest, SyncResponse
from protocol.wire import Wire
from relay.config import RelaySettings

PASSPHRASE = "akari minato hibari kawa yama"
MEMORY_KIB = 64
"""Argon2 memory in tests: enough to be the real algorithm, too little to take time."""


def relay_settings(folder: Path, database_url: str, **more: Any) -> RelaySettings:
    """Settings of a relay on a free port; `more` overrides."""
    values: dict[str, Any] = {
        "database_url": SecretStr(database_url),
        "key_file": folder / "relay.key",
        "listen_port": 0,
        "min_passphrase_memory_kib": MEMORY_KIB,
        "town_name": "みなと野市",
    }
    return RelaySettings(**{**values, **more})


class Desk:
    """One person at one device. `url` and `certificate` are the relay's."""

    def __init__(
        self, url: str, certificate: Path, clock: Callable[[], datetime], login_name: str = "sato"
    ) -> None:
        self.url = url
        self.clock = clock
        self.login_name = login_name
        self.device = "new"
        self.device_key = Ed25519PrivateKey.generate()
        self.keys = new_staff_keys()
        self.token = ""
        self.staff = ""
        self.relay = ""
        self.cursor: dict[str, int] = {}
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.verify = str(certificate)

    def close(self) -> None:
        self.http.close()

    def call(
        self, path: str, message: Wire | None = None, *, method: str = "POST", body: bytes = b""
    ) -> requests.Response:
        """One signed request; the answer whatever it is."""
        if message is not None:
            body = json.dumps(message.as_json()).encode()
        return self.http.request(
            method, self.url + path, data=body, headers=self.headers(method, path, body), timeout=30
        )

    def headers(self, method: str, path: str, body: bytes) -> dict[str, str]:
        headers = sign_request(
            self.device, self.device_key, method=method, path=path, body=body, now=self.clock()
        )
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        return headers

    def enrol_request(self, code: str, *, further_device: bool = False) -> EnrolRequest:
        if further_device:
            cost = new_cost(memory_kib=MEMORY_KIB)
            answer = self.call("/staff/sign-in/start", SignInStart(login_name=self.login_name))
            cost = type(cost).parse(answer.content)
            login = derive_keys(PASSPHRASE, cost).login
            return EnrolRequest(
                code=code,
                login_name=self.login_name,
                login_key=to_base64(login),
                device_key=to_base64(self.device_key.public_key().public_bytes_raw()),
            )
        cost = new_cost(memory_kib=MEMORY_KIB)
        derived = derive_keys(PASSPHRASE, cost)
        return EnrolRequest(
            code=code,
            login_name=self.login_name,
            display_name="佐藤 髙子",
            cost=cost,
            login_key=to_base64(derived.login),
            sign_key=to_base64(self.keys.sign_public),
            seal_key=to_base64(self.keys.seal_public),
            wrapped_keys=wrap_keys(self.keys, derived.wrapping, self.login_name),
            device_key=to_base64(self.device_key.public_key().public_bytes_raw()),
            device_name="窓口のパソコン",
        )

    def enrol(self, code: str) -> None:
        answer = self.call("/staff/enrol", self.enrol_request(code))
        assert answer.status_code == 200, answer.text
        self.take(EnrolAnswer.parse(answer.content))

    def take(self, enrolled: EnrolAnswer) -> None:
        self.device, self.staff, self.relay = enrolled.device, enrolled.staff.id, enrolled.relay

    def sign_in(self, passphrase: str = PASSPHRASE) -> requests.Response:
        self.token = ""
        start = self.call("/staff/sign-in/start", SignInStart(login_name=self.login_name))
        if start.status_code != 200:
            return start
        login = derive_keys(passphrase, new_cost().parse(start.content)).login
        answer = self.call(
            "/staff/sign-in", SignInRequest(login_name=self.login_name, login_key=to_base64(login))
        )
        if answer.status_code == 200:
            self.token = SignInAnswer.parse(answer.content).token
        return answer

    def change(self, kind: str, payload: Wire, based_on: int = 0) -> Change:
        return make_change(
            kind,
            payload,
            based_on=based_on,
            now=self.clock(),
            staff=self.staff,
            relay=self.relay,
            key=self.keys.sign,
        )

    def sync(self, *changes: Change, wait_seconds: int = 0) -> SyncResponse:
        """One round; the cursor moves on."""
        request = SyncRequest(protocol=1, changes=changes, cursor=self.cursor, wait_seconds=wait_seconds)
        answer = self.call("/staff/sync", request)
        assert answer.status_code == 200, answer.text
        response = SyncResponse.parse(answer.content)
        self.cursor = response.cursor
        return response

    def do(self, kind: str, payload: Wire, based_on: int = 0) -> int:
        """One change that must be applied; its version."""
        (result,) = self.sync(self.change(kind, payload, based_on)).results
        assert result.outcome == "applied", result.reason
        return result.version

    def records(self) -> dict[tuple[str, str], Record]:
        """Everything the relay shows now, from the start."""
        self.cursor = {}
        found: dict[tuple[str, str], Record] = {}
        while True:
            response = self.sync()
            found |= {(record.kind, record.id): record for record in response.records}
            if not response.more:
                return {key: record for key, record in found.items() if not record.removed}


def reason(answer: requests.Response) -> str:
    """The reason code of a refusal."""
    return str(answer.json()["reason"])
