"""Templates of the resident pages (`resources/pages/templates`), escaped by default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from relay.pages.files import StaticFiles

_JAPAN = ZoneInfo("Asia/Tokyo")
_FOLDER = Path(__file__).parents[2] / "resources" / "pages" / "templates"


class Renderer:
    """Renders a template with what every page shows: the town's name, its telephone, our own files."""

    def __init__(self, files: StaticFiles, *, town_name: str, telephone: str) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(japan_day=_japan_day, japan_time=_japan_time)
        self._environment.globals.update(file=files.address)
        self.show_town(town_name, telephone)

    def show_town(self, town_name: str, telephone: str) -> None:
        """On every page from now on."""
        self._environment.globals.update(town_name=town_name, telephone=telephone.strip())

    def page(
        self, template: str, values: Mapping[str, Any], *, headers: Mapping[str, str], status: int = 200
    ) -> HTMLResponse:
        text = self._environment.get_template(template).render(values)
        return HTMLResponse(text, status_code=status, headers=headers)


def _japan_day(moment: datetime) -> str:
    local = moment.astimezone(_JAPAN)
    return f"{local.year}年{local.month}月{local.day}日"


def _japan_time(moment: datetime) -> str:
    local = moment.astimezone(_JAPAN)
    return f"{_japan_day(moment)} {local.hour}時{local.minute:02}分"
