"""Which deliveries a page of the list holds, as SQL. Requirement: SEG-7."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from desktop.replica.folding import fold

DeliverySort = Literal["title", "state", "nature", "moment", "recipients", "accepted", "failed", "person"]


@dataclass(frozen=True)
class DeliveryQuery:
    """One page of the list of deliveries. `states` empty means all.

    `archived`: only those put away, only the others, or (None) both. `series`: only the days of this
    repeating delivery. `grouped`: those days are left to their repeating delivery, unless something is
    searched for. `asked_by_others`: not what this person asked approval for. `returned_to`: only drafts of
    this person that an approver gave back.
    """

    states: tuple[str, ...] = ()
    search: str = ""
    sort: DeliverySort = "moment"
    descending: bool = True
    limit: int = 100
    offset: int = 0
    archived: bool | None = None
    series: str = ""
    grouped: bool = False
    asked_by_others: str = ""
    returned_to: str = ""


def delivery_filter(query: DeliveryQuery) -> tuple[str, dict[str, Any]]:
    """The condition on `shown`, and its values."""
    where = "kind='delivery'"
    values: dict[str, Any] = {}
    if query.states:
        names = [f"state{index}" for index in range(len(query.states))]
        where += f" and state in ({', '.join(':' + name for name in names)})"
        values |= dict(zip(names, query.states, strict=True))
    if query.archived is not None:
        where += " and archived=:archived"
        values["archived"] = int(query.archived)
    if query.series:
        where += " and series=:series"
        values["series"] = query.series
    for number, word in enumerate(fold(query.search).split()):
        where += f" and words like :word{number} escape '\\'"
        plain = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values[f"word{number}"] = f"%{plain}%"
    if query.grouped and not query.search.strip():
        where += (
            " and (series='' or not exists (select 1 from shown as whole"
            " where whole.kind='delivery' and whole.id=shown.series))"
        )
    if query.asked_by_others:
        where += " and json_extract(body, '$.asked_by')<>:asker"
        values["asker"] = query.asked_by_others
    if query.returned_to:
        where += " and json_extract(body, '$.returned')<>'' and json_extract(body, '$.written_by')=:writer"
        values["writer"] = query.returned_to
    return where, values


def sort_column(sort: DeliverySort) -> str:
    """The name of a column, out of a closed list, since it goes into the statement as it is."""
    columns: tuple[DeliverySort, ...] = (
        "title", "state", "nature", "moment", "recipients", "accepted", "failed", "person",
    )  # fmt: skip
    return columns[columns.index(sort)]
