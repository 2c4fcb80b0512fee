"""Everything staff can do, gathered: what `app` hands to the screens and to scripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from desktop.features.account import Account
from desktop.features.asking import Act
from desktop.features.audit import Audit
from desktop.features.confirming import Confirming
from desktop.features.conflicts import Conflicts
from desktop.features.contact_forms import ContactForms
from desktop.features.deliveries import Deliveries
from desktop.features.devices import Devices
from desktop.features.groups import Groups
from desktop.features.half_written import HalfWrittenAnswers
from desktop.features.home import Home
from desktop.features.items import Items
from desktop.features.lists import Lists
from desktop.features.manual import Manual
from desktop.features.media import Media
from desktop.features.notices import Notices
from desktop.features.people import People
from desktop.features.planning import Planning
from desktop.features.results import Results
from desktop.features.rights import Rights
from desktop.features.sending_rules import TownRules
from desktop.features.setup import Setup
from desktop.features.staff import Staff
from desktop.features.submissions import Submissions
from desktop.features.town_keys import TownKeys
from desktop.features.waste import Waste
from desktop.keys.keyring import KeyRing
from protocol.rights import Function, Level
from protocol.staff import StaffMember


@dataclass(frozen=True)
class Office:
    """Opened by `desktop.app.open_office`. `sync` sends what waits and takes the news; `close` ends it all.

    Calls that ask the relay block: screens make them off their thread.
    """

    items: Items
    deliveries: Deliveries
    media: Media
    groups: Groups
    lists: Lists
    confirming: Confirming
    planning: Planning
    results: Results
    town_rules: TownRules
    waste: Waste
    staff: Staff
    home: Home
    conflicts: Conflicts
    submissions: Submissions
    half_written: HalfWrittenAnswers
    contact_forms: ContactForms
    manual: Manual
    rights: Rights
    account: Account
    devices: Devices
    audit: Audit
    notices: Notices
    people: People
    town_keys: TownKeys
    setup: Setup
    ring: Callable[[], KeyRing]
    """The keys this person holds, as of the last round."""
    act: Act
    """Posts to `/staff/<name>`: codes, channel data, passphrase, second factor."""
    me: StaffMember
    relay_url: str
    rebuilt: bool
    clock: Callable[[], datetime]
    sync: Callable[[], int]
    fetch_picture: Callable[[str], bytes]
    close: Callable[[], None]

    def may(self, function: Function, level: Level) -> bool:
        """Whether the person may, by the rights known here; cheap enough while a screen is painted."""
        return self.rights.may(function, level)

    def __enter__(self) -> Office:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
