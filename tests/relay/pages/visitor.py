"""Who comes to the resident pages in tests: a browser without JavaScript, and friends of the account."""

from __future__ import annotations

import re
from typing import Any

import requests

from tests.relay.counter import (
    Counter,
    Phone,
)

COOKIE = "__Host-madoguchi"


class Visitor:
    """A browser without JavaScript: keeps cookies, sends forms."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self.http = requests.Session()
        self.http.verify = str(counter.ca_file)
        self.http.trust_env = False  # or a CA of the environment would win over ours

    def get(self, path: str, **given: Any) -> requests.Response:
        return self.http.get(self.counter.url + path, timeout=10, **given)

    def sign_in(self, token: str, **headers: str) -> requests.Response:
        return self.http.post(
            f"{self.counter.url}/pages/session", json={"idToken": token}, headers=headers, timeout=10
        )

    def form(self) -> dict[str, Any]:
        """The fields as the page would send them back unchanged."""
        page = self.get("/pages/settings").text
        fields: dict[str, Any] = {}
        for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page):
            fields[name] = value
        for item, value in re.findall(r'name="a\.([^"]+)" value="([^"]*)" checked', page):
            fields.setdefault(f"a.{item}", []).append(value)
        for name, value in re.findall(r'<input type="text"[^>]* name="([^"]+)" value="([^"]*)"', page):
            fields[name] = value
        for name, options in re.findall(r'<select name="([^"]+)".*?>(.*?)</select>', page, re.DOTALL):
            chosen = re.findall(r'<option value="([^"]*)" selected', options)
            fields.setdefault(name, []).append((chosen or [""])[0])
        for item, options in re.findall(r'<select id="f([^"]+)".*?>(.*?)</select>', page, re.DOTALL):
            chosen = re.findall(r'<option value="([^"]*)" selected', options)
            fields[f"a.{item}"] = chosen or [""]
        return fields

    def save(self, fields: dict[str, Any], **given: Any) -> requests.Response:
        return self.http.post(f"{self.counter.url}/pages/settings", data=fields, timeout=10, **given)


def friend_of(counter: Counter) -> Phone:
    phone = counter.new_phone()
    phone.follow()
    phone.wait_for("お住まいの地区")
    return phone


def unknown_to_line(counter: Counter) -> None:
    """LINE answers the next question about a profile as it does for strangers."""
    fault = {"endpoint": "profile", "status": 404}
    assert requests.post(f"{counter.sandbox_url}/sandbox/faults", json=[fault], timeout=10).ok
