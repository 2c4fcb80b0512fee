"""SEC-9: every round proves that the audit log only grew; a changed, shortened or hidden log raises an alarm
that outlives the program until somebody has looked into it. Runs over TLS against a relay that can lie.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.features.office import Office
from desktop.replica.log_heads import LogAlarm
from desktop.sync.history import _fault
from protocol.audit import TreeHead
from protocol.merkle import consistency_proof, leaf_hash, root_of_leaves
from protocol.sync import SyncResponse
from tests.desktop.conftest import Desk
from tests.desktop.fake_audit import WatchingRelay, relay

__all__ = ["relay"]


def seen(office: Office) -> LogAlarm | None:
    return office.audit.alarm()


def grow(relay: WatchingRelay, by: int = 3) -> None:
    for _ in range(by):
        relay.write("sign_in", "somebody")


@pytest.fixture
def warned(office: Office, relay: WatchingRelay) -> Office:
    """A desktop that has seen some of the log already."""
    grow(relay, 5)
    office.sync()
    return office


def test_a_log_that_only_grows_is_quiet(warned: Office, relay: WatchingRelay) -> None:
    for _ in range(9):
        grow(relay)
        warned.sync()
    assert seen(warned) is None


def test_a_changed_entry_is_noticed_at_the_next_round(warned: Office, relay: WatchingRelay) -> None:
    relay.rewrite_history(2)
    grow(relay)
    warned.sync()
    alarm = seen(warned)
    assert alarm is not None and alarm.kind == "rewritten"


def test_a_changed_entry_is_noticed_even_when_nothing_was_added(warned: Office, relay: WatchingRelay) -> None:
    relay.rewrite_history(0)
    warned.sync()
    alarm = seen(warned)
    assert alarm is not None and alarm.kind == "rewritten"


def test_a_relay_restored_from_yesterday_is_called_that(warned: Office, relay: WatchingRelay) -> None:
    relay.restore(3)
    warned.sync()
    alarm = seen(warned)
    assert alarm is not None and alarm.kind == "went_back" and alarm.shown.size == 3


def test_a_relay_restored_and_grown_past_what_was_known_is_noticed_too(
    warned: Office, relay: WatchingRelay
) -> None:
    relay.restore(3)
    grow(relay, 20)
    warned.sync()
    assert seen(warned) is not None


def test_a_log_no_longer_shown_is_noticed(warned: Office, relay: WatchingRelay) -> None:
    relay.hide_log()
    warned.sync()
    alarm = seen(warned)
    assert alarm is not None and alarm.kind == "withheld"


def test_a_proof_of_nonsense_is_noticed(warned: Office, relay: WatchingRelay) -> None:
    relay.wrong_proof = True
    grow(relay)
    warned.sync()
    assert seen(warned) is not None


def test_the_alarm_outlives_the_program_and_later_honest_answers(
    desk: Desk, warned: Office, relay: WatchingRelay
) -> None:
    honest = relay.log[2]
    relay.rewrite_history(2)
    warned.sync()
    relay.log[2] = honest
    desk.close()
    again = desk.open()
    again.sync()
    alarm = seen(again)
    assert alarm is not None and alarm.kind == "rewritten"


def test_work_goes_on_under_an_alarm(warned: Office, relay: WatchingRelay) -> None:
    relay.rewrite_history()
    warned.deliveries.save(warned.deliveries.new("訓練"))
    warned.sync()
    assert [change.kind for change in relay.applied] == ["delivery.save"]


def test_after_somebody_looked_into_it_the_log_is_watched_from_there_on(
    warned: Office, relay: WatchingRelay
) -> None:
    relay.restore(3)
    warned.sync()
    warned.audit.acknowledge_alarm()
    grow(relay)
    warned.sync()
    assert seen(warned) is None
    relay.rewrite_history(1)
    warned.sync()
    assert seen(warned) is not None


def test_a_log_hidden_until_somebody_looked_must_still_fit_when_it_comes_back(
    warned: Office, relay: WatchingRelay
) -> None:
    relay.hide_log()
    warned.sync()
    warned.audit.acknowledge_alarm()
    relay.shows_log = True
    relay.rewrite_history(2)
    grow(relay)
    warned.sync()
    alarm = seen(warned)
    assert alarm is not None and alarm.kind == "rewritten"


def test_heads_that_did_not_fit_are_kept_for_the_report(warned: Office, relay: WatchingRelay) -> None:
    shown = []
    for _ in range(2):
        relay.rewrite_history(2)
        grow(relay)
        shown.append(relay.head)
        warned.sync()
    warned.audit.acknowledge_alarm()
    past = warned.audit.past_alarm()
    assert past is not None and past.rejected == tuple(shown)


def test_the_first_fault_and_its_moment_are_kept(warned: Office, relay: WatchingRelay) -> None:
    relay.restore(3)
    warned.sync()
    first = seen(warned)
    relay.rewrite_history(0)
    grow(relay, 10)
    warned.sync()
    after = seen(warned)
    assert first is not None and after is not None
    assert (after.kind, after.noticed_at, after.known) == (first.kind, first.noticed_at, first.known)


@given(st.integers(1, 40), st.integers(0, 40), st.data())
def test_every_honest_growth_passes_and_every_changed_leaf_is_noticed(
    old: int, more: int, data: st.DataObject
) -> None:
    leaves = [leaf_hash(bytes([number])) for number in range(old + more)]
    known = TreeHead(size=old, root=root_of_leaves(leaves[:old]).hex())
    assert _fault(known, _response(leaves, old)) is None
    place = data.draw(st.integers(0, old - 1))
    leaves[place] = leaf_hash(b"another")
    assert _fault(known, _response(leaves, old)) == "rewritten"


def _response(leaves: list[bytes], old: int) -> SyncResponse:
    def nodes(level: int, index: int) -> bytes:
        return root_of_leaves(leaves[index << level : (index + 1) << level])

    proof = consistency_proof(nodes, old, len(leaves)) if old < len(leaves) else []
    head = TreeHead(size=len(leaves), root=root_of_leaves(leaves).hex())
    return SyncResponse(
        relay="r",
        relay_time=datetime(2026, 11, 20, tzinfo=UTC),
        log=head,
        log_proof=tuple(part.hex() for part in proof),
    )
