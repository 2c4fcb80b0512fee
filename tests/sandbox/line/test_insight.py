"""Statistics, audiences, narrowcasts and coupons behave as LINE documents them (OPS-4, SEG-9)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from sandbox.line.openapi import _expanded, _validator
from sandbox.serve import RunningSandbox
from tests.sandbox.conftest import HandClock, Script, text

DAY = 24 * 3600
SEND = "/v2/bot/message"
UNIT = f"{SEND}/aggregation"
EVENT = "/v2/bot/insight/message/event"


def friends(script: Script, count: int) -> list[str]:
    made = script.post("/sandbox/residents", {"count": count})["residents"]
    ids = [each["userId"] for each in made]
    script.post("/sandbox/do", {"userIds": ids, "action": "follow"})
    return ids


def send(script: Script, route: str, **body: Any) -> str:
    """The id of the request."""
    answer = script.line("POST", f"{SEND}/{route}", {"messages": [text()], **body})
    assert answer.status_code in (200, 202), answer.text
    return answer.headers["x-line-request-id"]


def get(script: Script, path: str) -> Any:
    answer = script.line("GET", path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def of_unit(script: Script, unit: str, first: str = "20261120", last: str = "20261120") -> Any:
    return get(script, f"{EVENT}/aggregation?customAggregationUnit={unit}&from={first}&to={last}")


def test_openings_of_fewer_than_20_people_read_null(script: Script) -> None:
    ids = friends(script, 25)
    request_id = send(script, "broadcast")
    script.post("/sandbox/do", {"userIds": ids[:19], "action": "look"})
    answer = get(script, f"{EVENT}?requestId={request_id}")
    assert (answer["overview"]["delivered"], answer["overview"]["uniqueImpression"]) == (25, None)
    assert answer["messages"][0]["impression"] is None
    script.act(ids[19], "look")
    script.act(ids[19], "look")
    answer = get(script, f"{EVENT}?requestId={request_id}")
    assert answer["overview"]["uniqueImpression"] == 20
    assert (answer["messages"][0]["impression"], answer["messages"][0]["uniqueImpression"]) == (21, 20)


def test_taps_on_a_link_count_under_the_unit_and_its_day(script: Script, clock: HandClock) -> None:
    ids = friends(script, 30)
    card = {
        "type": "template",
        "altText": "x",
        "template": {
            "type": "buttons",
            "text": "x",
            "actions": [{"type": "uri", "label": "詳しく", "uri": "https://town.example/go/abc"}],
        },
    }
    send(script, "multicast", to=ids, messages=[text(), card], customAggregationUnits=["gomi"])
    script.post("/sandbox/do", {"userIds": ids[:22], "action": "tap", "label": "詳しく"})
    answer = of_unit(script, "gomi")
    (link,) = answer["clicks"]
    assert (link["seq"], link["url"], link["click"], link["uniqueClick"]) == (
        2,
        "https://town.example/go/abc",
        22,
        22,
    )
    assert answer["overview"]["uniqueClick"] == 22
    assert of_unit(script, "gomi", "20261121", "20261121")["clicks"] == []
    clock.forward(days=14)
    script.post("/sandbox/do", {"userIds": ids[22:], "action": "tap", "label": "詳しく"})
    assert of_unit(script, "gomi")["overview"]["uniqueClick"] == 22


def test_a_crowd_can_be_added_for_a_demo(script: Script) -> None:
    ids = friends(script, 2)
    send(script, "multicast", to=ids, customAggregationUnits=["u1"])
    url = "https://town.example/go/abc"
    for _ in range(2):
        script.post("/sandbox/interest", {"unit": "u1", "openings": 40, "clicks": {url: 12}})
    answer = of_unit(script, "u1")
    assert (answer["overview"]["uniqueImpression"], answer["clicks"][0]["uniqueClick"]) == (80, 24)


def test_units_are_listed_and_the_thousand_and_first_is_sent_but_not_counted(
    script: Script, sandbox: RunningSandbox
) -> None:
    ids = friends(script, 1)
    platform = sandbox.platform
    platform.aggregation_units["202611"] = {f"n{number:04}" for number in range(1000)}
    send(script, "multicast", to=ids, customAggregationUnits=["late"])
    script.post("/sandbox/do", {"userIds": ids, "action": "look"})
    assert of_unit(script, "late")["messages"] == []
    assert get(script, f"{UNIT}/info") == {"numOfCustomAggregationUnits": 1000}
    page = get(script, f"{UNIT}/list?limit=100")
    assert len(page["customAggregationUnits"]) == 100
    rest = get(script, f"{UNIT}/list?limit=100&start={page['next']}")["customAggregationUnits"]
    assert not set(rest) & set(page["customAggregationUnits"])


def test_numbers_of_today_are_not_ready(script: Script, clock: HandClock) -> None:
    friends(script, 3)
    send(script, "broadcast")
    for what in ("followers", "message/delivery"):
        assert get(script, f"/v2/bot/insight/{what}?date=20261120") == {"status": "unready"}
    assert get(script, "/v2/bot/insight/followers?date=20180101") == {"status": "out_of_service"}
    clock.forward(days=1)
    told = get(script, "/v2/bot/insight/followers?date=20261120")
    assert told == {"status": "ready", "followers": 3, "targetedReaches": 3, "blocks": 0}
    assert get(script, "/v2/bot/insight/message/delivery?date=20261120")["apiBroadcast"] == 3
    assert get(script, "/v2/bot/insight/demographic") == {"available": False}


def test_statistics_may_be_asked_for_60_times_an_hour(script: Script, clock: HandClock) -> None:
    answers = [script.line("GET", "/v2/bot/insight/followers").status_code for _ in range(61)]
    assert answers == [200] * 60 + [429]
    clock.forward(minutes=1)
    assert script.line("GET", "/v2/bot/insight/followers").status_code == 200


@pytest.mark.parametrize(
    "query", ["from=20261120&to=20261221", "from=20261120&to=20261119", "from=2026112&to=20261120", ""]
)
def test_a_range_beyond_30_days_is_refused(script: Script, query: str) -> None:
    answer = script.line("GET", f"{EVENT}/aggregation?customAggregationUnit=u&{query}")
    assert answer.status_code == 400


def test_an_audience_is_ready_after_a_while_and_a_narrowcast_reaches_it(
    script: Script, clock: HandClock
) -> None:
    ids = friends(script, 60)
    made = script.line(
        "POST",
        "/v2/bot/audienceGroup/upload",
        {"description": "川北", "audiences": [{"id": user_id} for user_id in ids[:7]]},
    )
    assert made.status_code == 202
    group = made.json()["audienceGroupId"]
    shown = get(script, f"/v2/bot/audienceGroup/{group}")
    assert (shown["audienceGroup"]["status"], shown["jobs"][0]["jobStatus"]) == ("IN_PROGRESS", "WORKING")
    target = {"recipient": {"type": "audience", "audienceGroupId": group}}
    early = script.line("POST", f"{SEND}/narrowcast", {"messages": [text()], **target})
    assert early.status_code == 400
    clock.forward(seconds=3)
    shown = get(script, f"/v2/bot/audienceGroup/{group}")["audienceGroup"]
    assert (shown["status"], shown["audienceCount"]) == ("READY", 7)
    request_id = send(script, "narrowcast", **target)
    progress = f"{SEND}/progress/narrowcast?requestId={request_id}"
    phases = [get(script, progress)["phase"]]
    for _ in range(2):
        clock.forward(seconds=1)
        phases.append(get(script, progress)["phase"])
    assert phases == ["waiting", "sending", "succeeded"]
    assert get(script, progress)["successCount"] == 7
    assert [len(script.talk(user_id)) for user_id in ids[:8]] == [1] * 7 + [0]


def test_a_file_of_ids_makes_an_audience_and_one_bad_line_spoils_it(script: Script, clock: HandClock) -> None:
    ids = friends(script, 3)
    for lines, status in ((ids, "READY"), ([*ids, "nobody"], "FAILED")):
        answer = requests.post(
            f"{script.url}/v2/bot/audienceGroup/upload/byFile",
            data={"description": "ファイル"},
            files={"file": ("ids.txt", "\n".join(lines).encode(), "text/plain")},
            headers={"Authorization": f"Bearer {script.token}"},
            timeout=10,
        )
        assert answer.status_code == 202, answer.text
        clock.forward(seconds=3)
        shown = get(script, f"/v2/bot/audienceGroup/{answer.json()['audienceGroupId']}")["audienceGroup"]
        assert shown["status"] == status
    listed = get(script, "/v2/bot/audienceGroup/list?page=1&status=READY")
    assert [each["description"] for each in listed["audienceGroups"]] == ["ファイル"]


def test_too_few_people_fail_a_narrowcast_later(script: Script, clock: HandClock) -> None:
    friends(script, 49)
    request_id = send(script, "narrowcast")
    clock.forward(seconds=2)
    told = get(script, f"{SEND}/progress/narrowcast?requestId={request_id}")
    assert (told["phase"], told["errorCode"]) == ("failed", 2)
    by_age = {"filter": {"demographic": {"type": "gender", "oneOf": ["male"]}}}
    refused = script.line("POST", f"{SEND}/narrowcast", {"messages": [text()], **by_age})
    assert refused.status_code == 403


def test_coupons_are_made_listed_and_over_when_their_time_is(script: Script, clock: HandClock) -> None:
    coupon = {
        "title": "プール無料券",
        "startTimestamp": int(clock.now.timestamp()),
        "endTimestamp": int(clock.now.timestamp()) + DAY,
        "maxUseCountPerTicket": 1,
        "visibility": "UNLISTED",
        "timezone": "ASIA_TOKYO",
        "acquisitionCondition": {"type": "normal"},
    }
    made = script.line("POST", "/v2/bot/coupon", coupon)
    assert made.status_code == 200, made.text
    id = made.json()["couponId"]
    assert get(script, "/v2/bot/coupon?status=RUNNING")["items"] == [
        {"couponId": id, "title": "プール無料券"}
    ]
    assert get(script, f"/v2/bot/coupon/{id}")["status"] == "RUNNING"
    clock.forward(days=1)
    assert get(script, "/v2/bot/coupon?status=RUNNING")["items"] == []
    assert script.line("PUT", f"/v2/bot/coupon/{id}/close").status_code == 410
    assert script.line("GET", "/v2/bot/coupon/unknown").status_code == 404


def test_answers_fit_lines_own_files(
    start: Callable[..., RunningSandbox], openapi_folder: Path, clock: HandClock
) -> None:
    running = start(openapi_folder=openapi_folder)
    with requests.Session() as session:
        script = Script(running.url, running.settings.channel_token, session)
        ids = friends(script, 120)
        request_id = send(script, "broadcast")
        send(script, "multicast", to=ids, customAggregationUnits=["u1"])
        narrow = send(script, "narrowcast", filter={"demographic": {"type": "area", "oneOf": ["jp_26"]}})
        script.post("/sandbox/do", {"userIds": ids, "action": "look"})
        audience = script.line(
            "POST", "/v2/bot/audienceGroup/imp", {"description": "読んだ人", "requestId": request_id}
        ).json()
        clock.forward(days=1)
        progress = get(script, f"{SEND}/progress/narrowcast?requestId={narrow}")
        checks = {
            "insight.yml": {
                "GetMessageEventResponse": get(script, f"{EVENT}?requestId={request_id}"),
                "GetStatisticsPerUnitResponse": of_unit(script, "u1"),
                "GetNumberOfFollowersResponse": get(script, "/v2/bot/insight/followers?date=20261120"),
                "GetFriendsDemographicsResponse": get(script, "/v2/bot/insight/demographic"),
                "GetNumberOfMessageDeliveriesResponse": get(
                    script, "/v2/bot/insight/message/delivery?date=20261120"
                ),
            },
            "manage-audience.yml": {
                "CreateAudienceGroupResponse": audience,
                "GetAudienceDataResponse": get(
                    script, f"/v2/bot/audienceGroup/{audience['audienceGroupId']}"
                ),
                "GetAudienceGroupsResponse": get(script, "/v2/bot/audienceGroup/list?page=1"),
            },
            "messaging-api.yml": {"NarrowcastProgressResponse": progress},
        }
        for file, answers in checks.items():
            schemas = _expanded(yaml.safe_load((openapi_folder / file).read_text(encoding="utf-8")))
            for name, answer in answers.items():
                validator = _validator({"$ref": f"#/components/schemas/{name}"}, schemas)
                assert [error.message for error in validator.iter_errors(answer)] == [], name


def test_a_narrowcast_repeated_with_its_key_is_sent_once(script: Script) -> None:
    ids = friends(script, 60)
    key = str(uuid.uuid4())
    statuses = [
        script.line("POST", f"{SEND}/narrowcast", {"messages": [text()]}, X_Line_Retry_Key=key).status_code
        for _ in range(2)
    ]
    assert statuses == [202, 409]
    assert len(script.talk(ids[0])) == 1
