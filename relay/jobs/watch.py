"""Looks after what goes wrong slowly and tells administrators in time: certificate, disk, forged webhooks.

Requirements: SEC-5, ADM-5, OPS-4.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from relay.features.news import NewsBell
from relay.features.notices import (
    CERTIFICATE_EXPIRES,
    DISK_NEARLY_FULL,
    WEBHOOK_FORGED,
    raise_notice,
    raise_once,
    todays_notice,
)
from relay.providers.certificate import LiveCertificate
from relay.store.changes import wait_for_turn
from relay.store.database import Connection, Database
from relay.store.tallies import read_tallies

WATCH_EVERY = 600.0
DAYS_AHEAD = (30, 14, 7)
DISK_FULL_FROM = 80
"""Per cent of the disk in use."""
FORGED_FROM = 20
"""Signatures a day that do not fit: fewer may be a scanner's, more are an attack or a wrong secret."""
_FORGED = "webhook.forged"
_JAPAN = ZoneInfo("Asia/Tokyo")

DiskUse = Callable[[Path], float]


def disk_use(folder: Path) -> float:
    """How much of the disk under this folder is in use, in per cent."""
    total, used, _ = shutil.disk_usage(folder)
    return 100 * used / total


class Watch:
    """Call `run_once` every ten minutes, in one process or in several: nothing is told twice."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        bell: NewsBell,
        *,
        folder: Path,
        disk_use: DiskUse = disk_use,
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._folder = folder
        self._disk_use = disk_use

    def run_once(self) -> None:
        """Raises StoreUnavailable."""
        now, use = self._clock(), self._disk_use(self._folder)
        with self._database.write() as connection:
            wait_for_turn(connection)
            told = self._tell_disk(connection, int(use), now)
            told = self._tell_forged(connection, now) or told
        if told:
            self._bell.ring()

    def _tell_disk(self, connection: Connection, use: int, now: datetime) -> bool:
        if use < DISK_FULL_FROM:
            return False
        cipher = self._database.cipher
        if todays_notice(connection, cipher, DISK_NEARLY_FULL, "", now) is not None:
            return False
        # The number is only shown: another per cent on the same day is no new matter.
        raise_notice(connection, cipher, DISK_NEARLY_FULL, "", now, shown=str(use))
        return True

    def _tell_forged(self, connection: Connection, now: datetime) -> bool:
        count = read_tallies(connection, now.astimezone(_JAPAN).date().isoformat()).get(_FORGED, 0)
        known = todays_notice(connection, self._database.cipher, WEBHOOK_FORGED, "", now)
        more = count - (0 if known is None else known.count)
        if count < FORGED_FROM or more <= 0:
            return False
        raise_notice(connection, self._database.cipher, WEBHOOK_FORGED, "", now, times=more)
        return True


class CertificateWatch:
    """Renews a certificate of our own and loads one that was put in its place; tells of an end that nears."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], bell: NewsBell, certificate: LiveCertificate
    ) -> None:
        self._database = database
        self._clock = clock
        self._bell = bell
        self._certificate = certificate

    def run_once(self) -> None:
        """Raises StoreUnavailable, or OSError where the certificate cannot be read or written."""
        now = self._clock()
        try:
            self._certificate.refresh(now)
        finally:  # a renewal that fails is the very reason to tell
            self._tell(now)

    def _tell(self, now: datetime) -> None:
        ends = self._certificate.ends()
        near = [days for days in DAYS_AHEAD if (ends - now).total_seconds() <= days * 86400]
        if not near:
            return
        day = ends.astimezone(_JAPAN).date().isoformat()
        with self._database.write() as connection:
            wait_for_turn(connection)
            told = raise_once(
                connection, self._database.cipher, CERTIFICATE_EXPIRES, day, now, of=str(min(near))
            )
        if told:
            self._bell.ring()
