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


@pytest.fixture
def hanako(office: Office) -> StaffMember:
    """Somebody of the welfare section, without any right over staff."""
    office.add_department("welfare")
    return office.add_person("hanako", role="editor", departments=("welfare",))
