"""The own account (「自分のアカウント」): passphrase and second factor. Requirements: ADM-2, SEC-1.

Everything here blocks: it derives keys for about a second and asks the relay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pyotp
import segno

from desktop.errors import PassphraseChanged, RelayRefused, RelayUnreachable
from desktop.features.asking import Act
from desktop.features.staff import Staff
from desktop.keys.passphrase import Passphrase, load_words, new_passphrase
from desktop.keys.renewal import Renewal
from desktop.paths import resources
from protocol.signin import PassphraseCost, SecondFactorChange, SignInAnswer, new_cost
from protocol.wire import Wire


class SigningIn(Protocol):
    """The session, as far as a person's own account needs it."""

    def cost(self) -> PassphraseCost: ...
    def sign_in(self, *, login_key: bytes | None = None, second_code: str = "") -> SignInAnswer: ...
    def use(self, login_key: bytes) -> None: ...


class _Done(Wire):
    """Any answer that is not a refusal."""


@dataclass(frozen=True)
class SecondFactor:
    """What goes into the telephone: as text, and as the rows of a QR code (True is dark)."""

    secret: str
    address: str

    def __repr__(self) -> str:
        return "SecondFactor(…)"

    @property
    def shown(self) -> str:
        """The secret in groups of four, to be typed."""
        return " ".join(self.secret[place : place + 4] for place in range(0, len(self.secret), 4))

    @property
    def matrix(self) -> tuple[tuple[bool, ...], ...]:
        code = segno.make(self.address, error="m", micro=False)
        return tuple(tuple(bool(module) for module in row) for row in code.matrix)


class Account:
    """`renewal` keeps this machine's files in step with what the relay knows."""

    def __init__(self, renewal: Renewal, signing_in: SigningIn, act: Act, staff: Staff) -> None:
        self._renewal = renewal
        self._signing_in = signing_in
        self._act = act
        self._staff = staff

    @property
    def change_not_sent(self) -> bool:
        """Whether the passphrase in use is one of which the relay may never have heard."""
        return self._renewal.opened_pending

    def new_passphrase(self) -> Passphrase:
        return new_passphrase(load_words(resources() / "wording" / "passphrase-words.tsv"))

    def check_passphrase(self, passphrase: str) -> None:
        """Raises WrongPassphrase. Takes about a second."""
        self._renewal.check(passphrase)

    def change_passphrase(self, old: str, new: str, *, cost: PassphraseCost | None = None) -> None:
        """The relay and this machine know the new one afterwards, or neither does.

        Raises WrongPassphrase for a wrong old one; PassphraseChanged when it was changed elsewhere;
        RelayUnreachable when it cannot be known whether the relay heard: either one opens this machine then.
        """
        change, login_key = self._renewal.prepare(old, new, cost or self._usual_cost())
        try:
            self._act("passphrase", change, _Done)
        except (PassphraseChanged, RelayRefused) as refused:
            if isinstance(refused, RelayRefused) and refused.reason != "wrong_passphrase":
                self._renewal.drop()
                raise
            # The old one opened this machine a moment ago. Either it was changed elsewhere, or an answer was
            # lost and the repeated request found the new one in force already.
            self._check_taken(login_key)
        self._signing_in.use(login_key)
        self._renewal.promote()

    def adopt_passphrase(self, passphrase: str, *, second_code: str = "") -> bool:
        """Take over the passphrase that the relay knows. True: the office must be opened anew.

        Raises RelayRefused `wrong_passphrase`, `second_code_needed`, `second_code_wrong`, `throttled`.
        """
        keys = self._renewal.derive_for_relay(passphrase, self._signing_in.cost())
        answer = self._signing_in.sign_in(login_key=keys.login, second_code=second_code)
        return self._renewal.adopt(keys, answer)

    def give_second_code(self, code: str) -> None:
        """Sign in with the six digits. Raises RelayRefused `second_code_wrong`, `throttled`."""
        self._signing_in.sign_in(second_code=digits_of(code))

    def has_second_factor(self) -> bool:
        return self._staff.me().second_factor

    def new_second_factor(self) -> SecondFactor:
        """A secret made on this machine; it counts once the relay has seen a code made with it."""
        secret = pyotp.random_base32()
        name = self._staff.me().login_name
        # Latin letters: Japanese ones make a picture four times as large, which telephones read badly.
        return SecondFactor(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Madoguchi"))

    def switch_on_second_factor(self, factor: SecondFactor, code: str) -> None:
        """Raises RelayRefused `second_code_wrong`."""
        self._act("second-factor", SecondFactorChange(secret=factor.secret, code=digits_of(code)), _Done)

    def switch_off_second_factor(self, code: str) -> None:
        """Raises RelayRefused `second_code_wrong`."""
        self._act("second-factor", SecondFactorChange(code=digits_of(code)), _Done)

    def _usual_cost(self) -> PassphraseCost:
        """As hard as before, with a fresh salt."""
        return new_cost(memory_kib=self._renewal.opened.cost.memory_kib)

    def _check_taken(self, login_key: bytes) -> None:
        try:
            self._signing_in.sign_in(login_key=login_key)
        except RelayRefused as refused:
            if refused.reason == "second_code_needed":
                return  # asked only of whoever gave the right passphrase
            if refused.reason == "wrong_passphrase":
                self._renewal.drop()
                raise PassphraseChanged from None
            raise RelayUnreachable from None


def digits_of(code: str) -> str:
    """Six digits however they were typed: full-width, with spaces."""
    return "".join(str(int(sign)) for sign in code if sign.isdecimal())
