"""How expensive a guess at a passphrase has to be, whatever a relay says (SEC-1).

A relay that names a cheap cost gets a login key it can guess the passphrase from; one that names an enormous
cost stops the machine.
"""

from __future__ import annotations

from desktop.errors import AnswerUnreadable
from protocol.encoding import from_base64
from protocol.signin import PassphraseCost

LEAST = PassphraseCost(salt="")
"""256 MiB, three passes: what every account of this program begins with."""

_MOST_MEMORY_KIB = 2 * 1024 * 1024
_MOST_PASSES = 16
_MOST_LANES = 16
_SALT_BYTES = 16


def check_cost(cost: PassphraseCost, least: PassphraseCost = LEAST) -> None:
    """Raises AnswerUnreadable for a cost below `least`, beyond what a machine can do, or with a short salt.

    Call it before anything is derived.
    """
    try:
        salt = from_base64(cost.salt)
    except ValueError:
        raise AnswerUnreadable from None
    if not (
        least.memory_kib <= cost.memory_kib <= _MOST_MEMORY_KIB
        and least.passes <= cost.passes <= _MOST_PASSES
        and 1 <= cost.lanes <= _MOST_LANES
        and len(salt) >= _SALT_BYTES
    ):
        raise AnswerUnreadable
