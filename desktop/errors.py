"""Troubles a person can act on. Their words live in `resources/wording/troubles.json`; anything else is a
bug.

No trouble carries names, texts or secrets; facts are codes, numbers and paths the person chose.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Trouble(Exception):
    """The base. `code` finds the words, `facts` fill their gaps."""

    code: ClassVar[str] = "unexpected"

    def __init__(self, **facts: Any) -> None:
        super().__init__(self.code)
        self.facts = facts


class RelayUnreachable(Trouble):
    """No answer: no network, no name, no listener, or too slow. Try again later."""

    code = "relay_unreachable"


class CertificateChanged(Trouble):
    """Another certificate than the one pinned. Nothing was sent."""

    code = "certificate_changed"


class CertificateUntrusted(Trouble):
    """The certificate is not signed by the given CA, or is for another host. Nothing was sent."""

    code = "certificate_untrusted"


class AnswerUnreadable(Trouble):
    """Something answered, but not in the agreed form: a proxy's page, or another program."""

    code = "answer_unreadable"


class RelayRefused(Trouble):
    """The relay said no. `reason` is a code of `protocol.problems.REASONS`."""

    code = "relay_refused"

    def __init__(self, reason: str, *, status: int = 0, retry_after: int | None = None) -> None:
        super().__init__(reason=reason, status=status, retry_after=retry_after)
        self.reason = reason
        self.status = status
        self.retry_after = retry_after


class WrongPassphrase(Trouble):
    """The passphrase does not open this person's keys."""

    code = "wrong_passphrase"


class PassphraseChanged(Trouble):
    """The passphrase opens this machine but the relay does not take it: it was changed elsewhere."""

    code = "passphrase_changed"


class DeviceKeyLost(Trouble):
    """The passphrase is right, but the secret in the system's keyring is gone: the device must enrol
    again.
    """

    code = "device_key_lost"


class ProfileMissing(Trouble):
    """This machine has not been enrolled yet."""

    code = "profile_missing"


class ProfileDamaged(Trouble):
    """The profile file cannot be read: the device must enrol again."""

    code = "profile_damaged"


class AddressMalformed(Trouble):
    """The relay's address is not an https address."""

    code = "address_malformed"


class CodeDamaged(Trouble):
    """The one-time code was mistyped."""

    code = "code_damaged"


class AlreadyRunning(Trouble):
    """Another window of this program holds the profile."""

    code = "already_running"


class ReplicaLocked(Trouble):
    """Another program holds the local file for too long."""

    code = "replica_locked"


class ReplicaDamaged(Trouble):
    """The local file cannot be read. What was not sent is kept in the side file."""

    code = "replica_damaged"


class ReplicaTooNew(Trouble):
    """A newer version of this program wrote the local file."""

    code = "replica_too_new"


class DiskFull(Trouble):
    """The disk holds no more; nothing of what was stored before is lost."""

    code = "disk_full"


class PictureRefused(Trouble):
    """A picture cannot be used. `reason` is `file_type_refused`, `file_damaged` or `file_too_large`."""

    code = "picture_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)
        self.reason = reason


class MediaRefused(Trouble):
    """A video or sound cannot be used: `video_type`, `video_too_large`, `audio_type`, `audio_too_large`,
    `audio_damaged`; or a picture `picture_too_tall` for its place.
    """

    code = "media_refused"

    def __init__(self, what: str, *, limit: int | None = None) -> None:
        super().__init__(limit=limit)
        self.what = what


class SheetDamaged(Trouble):
    """A recovery sheet was mistyped, nobody can tell where. No trouble ever carries a word of a sheet."""

    code = "sheet_damaged"


class SheetWordUnknown(SheetDamaged):
    """A word that stands on no sheet. `place` counts from 1, as in the classes below."""

    code = "sheet_word_unknown"


class SheetWordMistaken(SheetDamaged):
    """A word of the list, but not the one that belongs there, or two neighbours that changed places."""

    code = "sheet_word_mistaken"


class SheetWordsMissing(SheetDamaged):
    """Fewer or more words than the `limit`."""

    code = "sheet_words_missing"


class SheetsUnfit(Trouble):
    """Sheets that open nothing together: they come from different sets."""

    code = "sheets_unfit"


class OneSheetOnly(SheetsUnfit):
    """One sheet, or the same one twice: it takes two different ones."""

    code = "one_sheet_only"


class SheetsOfAnotherTown(SheetsUnfit):
    """They fit each other, but do not open the keys of this town."""

    code = "sheets_of_another_town"


class KeysNotReady(Trouble):
    """This needs the directory key, which this person does not hold here."""

    code = "keys_not_ready"


class MemberWithoutKeys(Trouble):
    """The person has made no keys yet, so there is nothing to compare or to wrap to."""

    code = "member_without_keys"


class MemberChanged(Trouble):
    """Keys, departments or role of the person are others by now than those that were compared."""

    code = "member_changed"


class ListUnreadable(Trouble):
    """A list to import is no Excel file of the expected form."""

    code = "list_unreadable"


class LabelsClosed(Trouble):
    """For whom some codes of a list are cannot be read here: the department's key is not held."""

    code = "labels_closed"


class ListTooLarge(Trouble):
    """A list to import is larger than any town's, or blown up on purpose."""

    code = "list_too_large"


class CannotSeal(Trouble):
    """Nothing can be written about this, because a department that should read it has no key in use."""

    code = "cannot_seal"


class PhotoDamaged(Trouble):
    """A resident's photo does not open, or its key is not here."""

    code = "photo_damaged"
