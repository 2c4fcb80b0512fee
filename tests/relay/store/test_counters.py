"""Streams have no gaps a reader could fall into (design "One sync round")."""

from __future__ import annotations

import threading

import pytest

from relay.store.counters import current_number, next_number, next_numbers
from relay.store.database import Database


def test_numbers_begin_at_one_and_rise_by_one(database: Database) -> None:
    with database.write() as connection:
        assert [next_number(connection, "residents") for _ in range(3)] == [1, 2, 3]
        assert next_number(connection, "town") == 1
        assert next_numbers(connection, "residents", 10) == 13
        assert current_number(connection, "residents") == 13
        assert current_number(connection, "never used") == 0


def test_a_number_is_taken_back_with_its_transaction(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        next_number(connection, "residents")
        raise RuntimeError
    with database.write() as connection:
        assert next_number(connection, "residents") == 1


def test_writers_at_the_same_time_never_share_a_number(database: Database) -> None:
    taken: list[int] = []

    def take() -> None:
        for _ in range(20):
            with database.write() as connection:
                taken.append(next_number(connection, "residents"))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 81))
