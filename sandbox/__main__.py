"""python -m sandbox: the sandbox from the command line. Prints what a relay must be told."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sandbox.app import create_app
from sandbox.serve import SandboxServer, uvicorn_config
from sandbox.settings import SandboxSettings

DEFAULT_PORT = 8700


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="LINE's platform on one machine.")
    parser.add_argument("--host", default=os.environ.get("SANDBOX_HOST", "127.0.0.1"))
    parser.add_argument("--port", type=int, default=int(os.environ.get("SANDBOX_PORT", DEFAULT_PORT)))
    for name in ("channel-id", "channel-secret", "channel-token", "login-channel-id", "login-channel-secret"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--liff-id")
    parser.add_argument("--liff-endpoint", dest="liff_endpoint_url", help="where LIFF pages open")
    parser.add_argument("--webhook-url")
    parser.add_argument("--webhook-ca", dest="webhook_ca_file", help="certificate authority (PEM) to trust")
    parser.add_argument("--openapi", dest="openapi_folder", type=Path, help="folder of LINE's OpenAPI files")
    parser.add_argument("--public-url", help="how browsers reach this server")
    parser.add_argument("--quota", dest="quota_value", type=int, help="messages a month (persons)")
    parser.add_argument("--no-rate-limits", dest="rate_limits", action="store_const", const=False)
    return parser.parse_args(arguments)


def main() -> None:
    options = vars(parse())
    host, port = options.pop("host"), options.pop("port")
    settings = SandboxSettings.from_environment(os.environ, **options)
    if not settings.public_url:
        settings = replace(settings, public_url=f"http://{host}:{port}")
    print(introduction(settings), flush=True)
    app = create_app(settings)
    SandboxServer(app.state.platform, uvicorn_config(app, host=host, port=port)).run()


def introduction(settings: SandboxSettings) -> str:
    url = settings.public_url
    return "\n".join(
        (
            f"sandbox      {url}",
            f"phone        {url}/phone",
            "For the relay (made for this run unless you gave them):",
            f"  MADOGUCHI_LINE_API_BASE={url}",
            f"  MADOGUCHI_LINE_CHANNEL_SECRET={settings.channel_secret}",
            f"  MADOGUCHI_LINE_CHANNEL_TOKEN={settings.channel_token}",
            f"  MADOGUCHI_LINE_LOGIN_BASE={url}",
            f"  MADOGUCHI_LINE_LOGIN_CHANNEL_ID={settings.login_channel_id}",
            f"  MADOGUCHI_LIFF_ID={settings.liff_id}",
            f"  MADOGUCHI_LIFF_URL_BASE={url}/liff",
            f"  MADOGUCHI_LIFF_SDK_URL={url}/liff/sdk.js",
            f"webhook      {settings.webhook_url or 'not set yet (PUT /sandbox/settings)'}",
            f"OpenAPI      {'checked' if settings.openapi_folder else 'no files given'}",
        )
    )


if __name__ == "__main__":
    main()
