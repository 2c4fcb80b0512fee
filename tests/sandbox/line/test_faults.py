"""Trouble on demand, for those who must survive it (OPS-4)."""

from __future__ import annotations

import time
import uuid

import pytest
import requests

from tests.sandbox.conftest import Script, text


def test_an_endpoint_fails_as_often_as_told(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.fault(endpoint="push", status=500, times=2)
    assert [script.push(user_id, text()).status_code for _ in range(3)] == [500, 500, 200]
    assert len(script.talk(user_id)) == 1
    calls = script.get("/sandbox/calls?endpoint=push")["calls"]
    assert [call["fault"] for call in calls] == ["status", "status", None]


def test_a_status_can_come_with_headers_and_a_body(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.fault(endpoint="push", status=429, headers={"retry-after": "3"}, body={"message": "later"})
    answer = script.push(user_id, text())
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert answer.json() == {"message": "later"} and answer.headers["x-line-request-id"]


def test_a_dropped_answer_means_delivered_but_not_told(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.fault(endpoint="push", drop_answer=True)
    key = str(uuid.uuid4())
    with pytest.raises(requests.ConnectionError):
        script.push(user_id, text(), X_Line_Retry_Key=key)
    assert len(script.talk(user_id)) == 1
    assert script.get("/sandbox/calls?endpoint=push")["calls"][0]["status"] == 0
    assert script.push(user_id, text(), X_Line_Retry_Key=key).status_code == 409
    assert len(script.talk(user_id)) == 1


def test_a_dropped_request_means_nothing_happened(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.fault(endpoint="push", drop_request=True)
    with pytest.raises(requests.ConnectionError):
        script.push(user_id, text())
    assert script.talk(user_id) == []


def test_a_500_after_accepting_has_delivered(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.fault(endpoint="push", status=500, after_accepting=True)
    assert script.push(user_id, text()).status_code == 500
    assert len(script.talk(user_id)) == 1


def test_an_answer_can_be_late(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.fault(endpoint="*", delay_ms=200)
    started = time.monotonic()
    assert script.push(user_id, text()).status_code == 200
    assert time.monotonic() - started >= 0.2


def test_faults_last_until_deleted_when_no_number_is_given(script: Script) -> None:
    (user_id,) = script.residents("佐藤 花")
    script.fault(endpoint="*", status=503, times=None)
    assert [script.push(user_id, text()).status_code for _ in range(5)] == [503] * 5
    assert script.get("/sandbox/faults")["faults"] == [{"endpoint": "*", "times": None, "status": 503}]
    script.http.delete(f"{script.url}/sandbox/faults", timeout=5)
    assert script.push(user_id, text()).status_code == 200


@pytest.mark.parametrize("wrong", [{}, {"endpoint": "push"}, {"status": "500"}, {"colour": "red"}])
def test_a_fault_that_says_nothing_known_is_refused(script: Script, wrong: dict[str, str]) -> None:
    answer = script.http.post(f"{script.url}/sandbox/faults", json=[wrong], timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_fault")
