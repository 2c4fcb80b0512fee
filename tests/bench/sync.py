"""`bench sync`: a cold start of 100,000 sealed records over TLS into the desktop's SQLCipher file.

Ours reads chunks from the real relay; the peer reads JSON pages of 1,000 by keyset and opens one sealed
record each, with the same HPKE suite, into the same tables. Besides: opening 10,000 records, and the work of
signing in.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import requests
import trustme

from desktop.app import Doors, OpenOffice
from desktop.keys.keychain import MemoryKeychain
from desktop.keys.keyring import KeyRing
from desktop.keys.profile import load_profile, save_profile
from desktop.paths import ProfileFolder
from desktop.replica.replica import open_replica
from desktop.replica.submissions import SubmissionQuery
from desktop.sync.client import RelayClient
from desktop.sync.opening import Opening
from protocol.encoding import from_base64
from protocol.keys import SharedSecret
from protocol.signin import derive_keys, new_cost
from protocol.sync import Record
from tests.bench.harness import OUTPUT, Contender, Figures, Goal, Medians
from tests.bench.processes import free_port, serving
from tests.desktop.conftest import PASSPHRASE

RECORDS = int(os.environ.get("MADOGUCHI_BENCH_RECORDS", "100000"))
OPENED = min(10_000, RECORDS)
OURS = "ours: chunks, then the tail"
PEER = "peer: JSON pages, one sealed record opened each"
ROUNDS = "ours without chunks: ordinary rounds"
OPENING = f"ours: opening {OPENED:,} sealed records"
SIGN_IN = "ours: the work of signing in (Argon2id, 256 MiB)"
_SCREEN = 50  # rows a person sees at once


def contenders(_options: Any) -> list[Contender]:
    store = OUTPUT / f"sealed-town-{RECORDS}"
    if not (store / "ready").exists():
        print(f"making a relay with {RECORDS:,} sealed letters, once ...", file=sys.stderr)
        words = ["tests.bench.servers.sealed_town", str(store), str(RECORDS)]
        subprocess.run([sys.executable, "-m", *words], check=True)
    return [
        Contender(OURS, "ours", partial(_ours, store, with_chunks=True)),
        Contender(ROUNDS, "ours", partial(_ours, store, with_chunks=False)),
        Contender(PEER, "peer", partial(_peer, store)),
        Contender(OPENING, "ours", partial(_opening, store)),
        Contender(SIGN_IN, "ours", _sign_in),
    ]


def goals(medians: Medians) -> list[Goal]:
    ours, peer = medians[OURS], medians[PEER]
    return [
        Goal("times faster than JSON pages", peer["seconds"] / ours["seconds"], 5),
        Goal("times fewer bytes than JSON pages", peer["megabytes"] / ours["megabytes"], 4),
        Goal("seconds to the first screen, from cold", ours["first_screen_seconds"], 2, False),
    ]


def _ours(store: Path, *, with_chunks: bool) -> Figures:
    port = free_port()
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(["tests.bench.servers.relay_tls", str(store / "relay"), str(port)], port, {}),
    ):
        opened = _cold_desktop(store, Path(folder), port)
        try:
            if not with_chunks:
                opened.rounds.cold_start.look = lambda: None  # type: ignore[method-assign]
            return _follow(opened)
        finally:
            opened.office.close()


def _cold_desktop(store: Path, folder: Path, port: int) -> OpenOffice:
    """The reader on an emptied machine: the profile is there, the local file is not."""
    told = json.loads((store / "reader.json").read_text())
    profile = ProfileFolder(folder)
    shutil.copy(store / "profile.json", profile.profile)
    url = f"https://127.0.0.1:{port}"
    save_profile(profile.profile, load_profile(profile.profile).model_copy(update={"relay_url": url}))
    keychain = MemoryKeychain()
    keychain.kept = {name: from_base64(secret) for name, secret in told["kept"].items()}
    return Doors(profile, keychain=keychain).open(PASSPHRASE)


def _follow(opened: OpenOffice) -> Figures:
    received = _count_bytes()
    submissions = opened.office.submissions
    started, first_screen = time.perf_counter(), 0.0
    while True:
        outcome = opened.rounds.listen(0)
        if not first_screen and len(submissions.page(SubmissionQuery(limit=_SCREEN))) == _SCREEN:
            first_screen = time.perf_counter() - started
        if not outcome.more:
            break
    seconds = time.perf_counter() - started
    held = submissions.count(SubmissionQuery())
    assert held == RECORDS and not submissions.page(SubmissionQuery(limit=1))[0].unopened, held
    return {
        "seconds": seconds,
        "megabytes": received() / 1e6,
        "first_screen_seconds": first_screen,
    }


def _count_bytes() -> Any:
    """Bytes of answers, as they came over the line."""
    total, send = 0, RelayClient.send

    def counting(self: RelayClient, *args: Any, **more: Any) -> requests.Response:
        nonlocal total
        response = send(self, *args, **more)
        total += response.raw.tell() or len(response.content)
        return response

    RelayClient.send = counting  # type: ignore[method-assign]

    def end() -> int:
        RelayClient.send = send  # type: ignore[method-assign]
        return total

    return end


def _peer(store: Path) -> Figures:
    with tempfile.TemporaryDirectory() as folder:
        authority, port = trustme.CA(), free_port()
        certificate, chain, trusted = (
            Path(folder) / name for name in ("key.pem", "chain.pem", "trusted.pem")
        )
        issued = authority.issue_cert("localhost")
        issued.private_key_pem.write_to_path(str(certificate))
        issued.cert_chain_pems[0].write_to_path(str(chain))
        authority.cert_pem.write_to_path(str(trusted))
        words = ["tests.bench.servers.json_pages", str(store), str(port), str(chain), str(certificate)]
        with serving(words, port, {}):
            return _read_pages(store, Path(folder), port, trusted)


def _read_pages(store: Path, folder: Path, port: int, trusted: Path) -> Figures:
    replica = open_replica(
        ProfileFolder(folder),
        key=bytes(32),
        unsent_key=bytes(32),
        staff="me",
        clock=lambda: datetime.now(UTC),
    )
    opening, session, url = _reader(store), requests.Session(), f"https://localhost:{port}/page"
    started, first_screen, total, after = time.perf_counter(), 0.0, 0, 0
    while True:
        response = session.get(f"{url}?after={after}", verify=str(trusted), timeout=60)
        total += len(response.content)
        page = json.loads(response.content)["records"]
        if not page:
            break
        seen = opening.open(_record(row) for row in page)
        with replica.store.writing() as connection:
            replica.submissions.apply(connection, seen)
        after = page[-1]["seq"]
        first_screen = first_screen or time.perf_counter() - started
    seconds = time.perf_counter() - started
    assert replica.submissions.count(SubmissionQuery()) == RECORDS
    replica.close()
    return {"seconds": seconds, "megabytes": total / 1e6, "first_screen_seconds": first_screen}


def _record(row: dict[str, Any]) -> Record:
    body = row["body"]
    return Record(kind="submission", id=body["id"], audience="a", seq=row["seq"], version=1, body=body)


def _reader(store: Path) -> Opening:
    """Opens with the department's key alone."""
    told = json.loads((store / "reader.json").read_text())
    ring = KeyRing("trusted", secrets={told["key"]: SharedSecret(from_base64(told["secret"]))})
    return Opening(lambda: ring, told["town"])


def _opening(store: Path) -> Figures:
    with sqlite3.connect(store / "pages.db") as pages:
        rows = pages.execute("select seq, body from page order by seq limit ?", (OPENED,)).fetchall()
    records = [_record({"seq": seq, "body": json.loads(body)}) for seq, body in rows]
    opening = _reader(store)
    started = time.perf_counter()
    seen = opening.open(records)
    seconds = time.perf_counter() - started
    assert all(one.opened is not None and not one.opened.unopened for one in seen)
    return {"seconds": seconds, "records_per_second": OPENED / seconds}


def _sign_in() -> Figures:
    cost = new_cost()
    started = time.perf_counter()
    derive_keys(PASSPHRASE, cost)
    return {"seconds": time.perf_counter() - started}
