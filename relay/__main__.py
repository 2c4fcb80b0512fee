"""`python -m relay [serve|worker|new-code|check]`, with words for whoever runs it; never a secret."""

from __future__ import annotations

import argparse
import os
import resource
import sys
from pathlib import Path

from pydantic import SecretStr, ValidationError

from relay.app import make_enrolment, open_store, utc_now
from relay.config import RelaySettings, load_settings
from relay.errors import Refused, StoreUnavailable, WrongKey
from relay.log import set_up_logging
from relay.serve import serve
from relay.worker import EmbeddedStoreHasNoWorker, work

_TROUBLE = {
    "in_use": "この保存ファイルは、別の relay が使用中です。先にそちらを止めてください。",
    "busy": "データベースに接続できません。アドレスと、データベースが動いているかを確かめてください。",
    "disk_full": "ディスクに空きがありません。空きを作ってから、もう一度始めてください。",
}


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        settings = load_settings(options.config)
    except ValidationError as error:
        names = ", ".join(str(part["loc"][0]) for part in error.errors())
        return _complain(f"設定に誤りがあります: {names}")
    set_up_logging(settings.log_level)
    try:
        return _run(options, settings)
    except WrongKey:
        return _complain(
            f"鍵ファイル {settings.key_file} では、このデータベースを開けません。"
            "バックアップから元の鍵ファイルを戻してください。"
        )
    except StoreUnavailable as trouble:
        return _complain(_TROUBLE.get(trouble.reason, trouble.reason))


def _run(options: argparse.Namespace, settings: RelaySettings) -> int:
    # A core file would put keys and residents' words on the disk in the clear (SEC-2).
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if options.command == "worker":
        return _work(settings)
    if options.command == "new-code":
        return _new_code(settings, options.for_login, reset=options.reset)
    if options.command == "check":
        return _check(settings)
    serve(settings)
    return 0


def _work(settings: RelaySettings) -> int:
    try:
        work(settings)
    except EmbeddedStoreHasNoWorker:
        return _complain(
            "内蔵データベース（SQLCipher）では worker は要りません。relay 自身が配信まで行います。"
            "worker を分けるには PostgreSQL をお使いください。"
        )
    return 0


def _new_code(settings: RelaySettings, for_login: str | None, *, reset: bool) -> int:
    if reset and for_login is None:
        return _complain("--reset には --login で利用者名を指定してください。")
    database = open_store(settings)
    try:
        print(make_enrolment(settings, database, utc_now).new_code(for_login, reset=reset))
    except Refused:
        return _complain("その名前の職員は登録されていません。")
    finally:
        database.close()
    print("1時間以内に、1回だけ使えます。", file=sys.stderr)
    return 0


def _check(settings: RelaySettings) -> int:
    """Every setting, secrets only as set or not, and whether the store opens."""
    for name in sorted(RelaySettings.model_fields):
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = "設定済み" if value.get_secret_value() else "なし"
        print(f"{name:28} {value}")
    open_store(settings).close()
    print("データベースを開けました。")
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    named = os.environ.get("MADOGUCHI_CONFIG_FILE")
    parser = argparse.ArgumentParser(
        prog="python -m relay", description="まどぐち: LINEと職員の間に立つ relay"
    )
    parser.add_argument(
        "--config", type=Path, default=Path(named) if named else None, help="TOML の設定ファイル"
    )
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="relay を動かす（省略時）")
    commands.add_parser("worker", help="配信と受信処理だけを行う（PostgreSQL）")
    code = commands.add_parser("new-code", help="職員用パソコンの登録コードを作る")
    code.add_argument(
        "--login",
        "--for",
        dest="for_login",
        metavar="LOGIN",
        help="この職員のコード（招待中なら初回の登録、登録済みなら端末の追加）。省略すると新しい管理者",
    )
    code.add_argument(
        "--reset",
        action="store_true",
        help="合言葉をなくした職員が、新しい合言葉と鍵を作るコード。端末は登録し直し、鍵の確認もやり直しになる",
    )
    commands.add_parser("check", help="設定を一覧し、データベースを開けるか確かめる")
    return parser.parse_args(arguments)


def _complain(words: str) -> int:
    print(words, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
