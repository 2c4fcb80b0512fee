"""What LINE says about an ID token is checked once more, and only a real user id makes a resident. SEC-4."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from relay.errors import Refused
from relay.providers.line_login import ISSUER, LineLogin
from tests.conftest import Clock
from tests.relay.line.test_client import answering
from tests.relay.webhooks import user

CHANNEL = "1234567890"


def verify(clock: Clock, **claims: Any) -> str:
    said = {"iss": ISSUER, "aud": CHANNEL, "exp": clock().timestamp() + 600, "sub": user(1), **claims}

    async def ask() -> str:
        login = LineLogin(base=base, channel_id=CHANNEL, ca_file=None, clock=clock)
        try:
            return await login.verify_id_token("token")
        finally:
            await login.aclose()

    with answering(200, said) as base:
        return asyncio.run(ask())


def test_a_good_token_names_the_person(clock: Clock) -> None:
    assert verify(clock) == user(1)


@pytest.mark.parametrize("odd", ["", "U1", "u" + "0" * 32, "U" + "A" * 32, "C" + "0" * 32, None, 5])
def test_an_odd_user_id_opens_nothing(clock: Clock, odd: Any) -> None:
    with pytest.raises(Refused, match="not_signed_in"):
        verify(clock, sub=odd)
