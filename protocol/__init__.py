"""What crosses the wire between desktop and relay, and the rules both sides must agree on.

Nothing else enters: no storage, no network, no screens, and no import of the other packages.
"""

PROTOCOL_VERSION = 1
"""Raised when a message changes in a way an older desktop or relay cannot read."""
