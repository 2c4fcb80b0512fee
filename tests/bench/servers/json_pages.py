"""The peer: sealed records as JSON in pages of 1,000 by keyset: `json_pages FOLDER PORT CERTIFICATE KEY`."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PAGE = 1000


def main() -> None:
    folder, port, certificate, key = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
    pages = sqlite3.connect(folder / "pages.db", check_same_thread=False)

    async def page(request: Request) -> Response:
        after = int(request.query_params["after"])
        rows = pages.execute(
            "select seq, body from page where seq>? order by seq limit ?", (after, PAGE)
        ).fetchall()
        records = ",".join(f'{{"seq":{seq},"body":{body}}}' for seq, body in rows)
        return Response(f'{{"records":[{records}]}}', media_type="application/json")

    app = Starlette(routes=[Route("/page", page)])
    uvicorn.run(
        app, host="127.0.0.1", port=port, ssl_certfile=certificate, ssl_keyfile=key, log_level="warning"
    )


if __name__ == "__main__":
    main()
