from __future__ import annotations

import pytest

from protocol.staff import StaffMember
from relay.store.database import Database
from tests.conftest import Clock
from tests.relay.features.office import Office


@pytest.fixture
def office(database: Database, clock: Clock) -> Office:
    return Office(database, clock)


@pytest.fixture
def sato(office: Office) -> StaffMember:
    return office.add_person("sato")


@pytest.fixture
def suzuki(office: Office) -> StaffMember:
    return office.add_person("suzuki")
