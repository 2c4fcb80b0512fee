"""The real relay over TLS on an existing folder: `relay_tls FOLDER PORT`, until it is ended."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path

from relay.serve import running_relay
from tests.relay.desk import relay_settings


def main() -> None:
    folder, port = Path(sys.argv[1]), int(sys.argv[2])
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    with running_relay(relay_settings(folder, f"sqlcipher:{folder / 'relay.db'}", listen_port=port)):
        ended.wait()


if __name__ == "__main__":
    main()
