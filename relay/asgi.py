"""`relay.asgi:app` for ASGI servers. Settings come from the environment and the file it names."""

from __future__ import annotations

import os
from pathlib import Path

from relay.app import build_app
from relay.config import load_settings
from relay.log import set_up_logging

_file = os.environ.get("MADOGUCHI_CONFIG_FILE")
_settings = load_settings(Path(_file) if _file else None)
set_up_logging(_settings.log_level)
app = build_app(_settings)
