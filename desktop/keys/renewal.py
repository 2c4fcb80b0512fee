"""Changing the passphrase of this machine's files so that a power cut at any moment locks nobody out.

Order: the new seal is written beside the profile, then the relay is told, then the new seal takes the old
one's place. Until it is known what the relay heard, either passphrase opens the machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from desktop.errors import AnswerUnreadable, WrongPassphrase
from desktop.keys.cost import check_cost
from desktop.keys.keychain import Keychain
from desktop.keys.profile import (
    PassphraseSeal,
    forget_pending,
    load_pending,
    load_profile,
    save_pending,
    save_profile,
)
from desktop.keys.unlock import OpenKeys, make_seal
from desktop.paths import ProfileFolder
from protocol.encoding import to_base64
from protocol.signin import (
    PassphraseChange,
    PassphraseCost,
    PassphraseKeys,
    SignInAnswer,
    derive_keys,
    unwrap_keys,
    wrap_keys,
)


@dataclass(frozen=True)
class Renewal:
    """The files of an opened profile and the keys they were opened to. `opened` is the seal that opened,
    `undecided` the change that was under way when the program ended last time.
    """

    folder: ProfileFolder
    keychain: Keychain
    keys: OpenKeys
    opened: PassphraseSeal
    undecided: PassphraseSeal | None = None

    def check(self, passphrase: str) -> PassphraseKeys:
        """The keys of the passphrase in force on this machine. Raises WrongPassphrase."""
        profile = load_profile(self.folder.profile)
        keys = derive_keys(passphrase, profile.cost)
        try:
            unwrap_keys(profile.wrapped_keys, keys.wrapping, profile.login_name)
        except ValueError:
            raise WrongPassphrase from None
        return keys

    def prepare(self, old: str, new: str, cost: PassphraseCost) -> tuple[PassphraseChange, bytes]:
        """Write the new seal beside the profile; returns what the relay must be told, and the new login key.

        Argon2id twice: never on the screen's thread. Raises WrongPassphrase for a wrong old one.
        """
        before, profile = self.check(old), load_profile(self.folder.profile)
        after = derive_keys(new, cost)
        wrapped = wrap_keys(self.keys.staff, after.wrapping, profile.login_name)
        seal = make_seal(profile, self.keys, after, self.keychain, cost=cost, wrapped_keys=wrapped)
        save_pending(self.folder.pending, seal)
        change = PassphraseChange(
            login_key=to_base64(before.login),
            new_cost=cost,
            new_login_key=to_base64(after.login),
            wrapped_keys=wrapped,
        )
        return change, after.login

    def promote(self) -> None:
        """The relay has taken the new passphrase."""
        pending = load_pending(self.folder.pending)
        if pending is not None:
            save_profile(self.folder.profile, load_profile(self.folder.profile).sealed_by(pending))
            forget_pending(self.folder.pending)

    def drop(self) -> None:
        """The relay has not taken it and never will."""
        forget_pending(self.folder.pending)

    @property
    def opened_pending(self) -> bool:
        """Whether a passphrase opened this machine of which it is not known that the relay heard of it."""
        return self._is_undecided() and self.undecided == self.opened

    def relay_accepted(self) -> None:
        """The relay knows the passphrase that opened this machine: a change under way is over, one way or
        the other.
        """
        if not self._is_undecided():
            return  # nothing is under way, or a new change, which this sign-in says nothing about
        if self.undecided == self.opened:
            self.promote()
        else:
            self.drop()

    def derive_for_relay(self, passphrase: str, cost: PassphraseCost) -> PassphraseKeys:
        """The keys of a passphrase at the relay's cost. Raises AnswerUnreadable for a cost below the one
        this machine knows: whoever asks for a cheaper one wants to guess.
        """
        check_cost(cost, load_profile(self.folder.profile).cost)
        return derive_keys(passphrase, cost)

    def adopt(self, keys: PassphraseKeys, answer: SignInAnswer) -> bool:
        """Take over the passphrase that the relay has accepted; the local file keeps its key.

        True when the person's keys are others now, so that the office must be opened anew.
        """
        profile = load_profile(self.folder.profile)
        check_cost(answer.cost, profile.cost)
        try:
            staff = unwrap_keys(answer.wrapped_keys, keys.wrapping, profile.login_name)
        except ValueError:
            raise AnswerUnreadable from None
        seal = make_seal(
            profile, self.keys, keys, self.keychain, cost=answer.cost, wrapped_keys=answer.wrapped_keys
        )
        save_profile(self.folder.profile, profile.sealed_by(seal))
        forget_pending(self.folder.pending)
        return staff.sign_public != self.keys.staff.sign_public

    def _is_undecided(self) -> bool:
        return self.undecided is not None and load_pending(self.folder.pending) == self.undecided
