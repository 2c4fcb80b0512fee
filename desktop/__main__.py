"""`python -m desktop`: the program. See `--help`."""

from __future__ import annotations

import argparse
import sys
import time

_BEGUN = time.perf_counter()  # before the slow imports, so that `--measure` tells what a person waits


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="desktop", description="まどぐち: the program of the town's staff")
    parser.add_argument("--profile", help="folder of this profile (default: the person's own data folder)")
    parser.add_argument("--relay", default="", help="address to fill in at first start")
    parser.add_argument("--code", default="", help="one-time code to fill in at first start")
    parser.add_argument("--measure", action="store_true", help="print the time to the first window and end")
    parser.add_argument(
        "--pictures",
        help="save the manual's pictures into this folder; the passphrase is read from standard input",
    )
    wish = parser.parse_args(arguments)

    from pathlib import Path

    from desktop.app import start_window, take_manual_pictures
    from desktop.config import read_config
    from desktop.paths import ProfileFolder, default_profile

    chosen = Path(wish.profile) if wish.profile else read_config().profile
    folder = ProfileFolder(chosen) if chosen else default_profile()
    if wish.pictures:
        for path in take_manual_pictures(folder, sys.stdin.readline().strip(), Path(wish.pictures)):
            print(path.name)
        return 0
    return start_window(
        folder, relay_url=wish.relay, code=wish.code, measure_from=_BEGUN if wish.measure else None
    )


if __name__ == "__main__":
    sys.exit(main())
