"""The lines of docs/scripting.md run as they stand, and pull in no Qt."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import desktop.app
from desktop.keys.keychain import MemoryKeychain
from desktop.sync import enrol
from protocol.signin import new_cost
from tests.desktop.conftest import CHEAP, PASSPHRASE, Desk
from tests.desktop.fake_relay import FakeRelay

ROOT = Path(desktop.app.__file__).parent.parent


def test_the_documented_lines_run(desk: Desk, relay: FakeRelay, town_items, monkeypatch, capsys) -> None:  # type: ignore[no-untyped-def]
    desk.enrol()
    desk.close()
    monkeypatch.setattr(desktop.app, "SystemKeychain", lambda: desk.keychain)
    monkeypatch.setattr(enrol, "new_cost", lambda: new_cost(memory_kib=CHEAP))
    blocks = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "scripting.md").read_text("utf-8"), re.DOTALL
    )
    assert len(blocks) == 3
    for block in blocks:
        fresh = "enrol_office" in block
        values = {
            "PROFILE": desk.folder.root / "fresh" if fresh else desk.folder.root,
            "PASSPHRASE": PASSPHRASE,
            "RELAY_URL": relay.url,
            "CODE": relay.new_code(),
        }
        exec(compile(block, "docs/scripting.md", "exec"), values)
    assert [change.kind for change in relay.applied] == ["delivery.save", "delivery.send"]
    assert "「お住まいの地区」が「川北1丁目」の人" in capsys.readouterr().out
    assert isinstance(desk.keychain, MemoryKeychain)


def test_scripts_import_no_qt() -> None:
    check = "import sys, desktop.app; sys.exit(any(name.startswith('PySide6') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=False).returncode == 0
