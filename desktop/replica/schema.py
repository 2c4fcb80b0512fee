"""The local file's tables as they are now, and the numbered steps that lead older files here.

`SCHEMA` is the truth to read; `UPGRADES[n]` turns a file of version n-1 into version n. A test proves
both agree.
"""

from __future__ import annotations

VERSION = 7

_BASE = """
-- The latest state of each fact, as the relay sent it.
create table record (
    kind text not null,
    id text not null,
    audience text not null,
    seq integer not null,
    version integer not null,
    body text not null,                    -- JSON of the protocol class
    from_chunk integer not null default 0, -- told by a colleague, not by the relay itself
    primary key (kind, id, audience)       -- one fact may be seen through several audiences
) without rowid;

-- How far each audience's stream has been read.
create table cursor (
    audience text primary key,
    seq integer not null
) without rowid;

-- What staff did that the relay has not settled yet. User actions write here and nowhere else.
create table outbox (
    number integer primary key autoincrement,
    id text not null unique,               -- the signed change has the same
    kind text not null,
    payload text not null,
    based_on integer not null,
    record_kind text not null,             -- the record the change shows at
    record_id text not null,
    made_at text not null,
    state text not null,                   -- waiting, signed, applied (until its record comes), refused
    signed text not null default '',       -- JSON of the signed change, the same bytes at every try
    reason text not null default '',
    result_version integer not null default 0
);
create index outbox_by_record on outbox (record_kind, record_id);

-- Stored + pending, one row per thing on the screens; rewritten with every write to the tables above.
create table shown (
    kind text not null,
    id text not null,
    version integer not null,              -- of the stored record, 0 when only the outbox knows it
    body text not null,
    waiting integer not null,              -- changes not settled yet
    refused text not null default '',      -- reason code of the latest refused change
    title text not null default '',
    state text not null default '',
    place integer not null default 0,
    moment text not null default '',
    recipients integer not null default 0,
    accepted integer not null default 0,
    failed integer not null default 0,
    person text not null default '',
    archived integer not null default 0,   -- put away from the list
    series text not null default '',       -- of a day of a repeating delivery: that one
    due text not null default '',          -- when it goes or went out
    words text not null default '',        -- folded, for searching
    nature text not null default '',       -- of a delivery: by rule, an exercise, a correction…
    primary key (kind, id)
) without rowid;
create index shown_by_moment on shown (kind, moment, id);
create index shown_by_title on shown (kind, title, id);
create index shown_by_series on shown (kind, series, moment);
create index shown_by_due on shown (kind, due);

-- What is being written, saved every few seconds.
create table draft (
    id text primary key,
    body text not null,
    based_on integer not null,
    saved_at text not null
) without rowid;

-- Pictures: those to be sent up, and those fetched to be looked at.
create table file (
    sha256 text primary key,
    content blob not null,
    uploaded integer not null
) without rowid;

-- Small things this desktop remembers, by name.
create table setting (
    name text primary key,
    value text not null
) without rowid;
"""

_SUBMISSIONS = """
-- What residents sent in, opened with the keys of this person; this file is encrypted as a whole.
create table submission (
    no integer primary key,
    id text not null unique,
    version integer not null,
    number text not null,                  -- what the resident quotes
    object text not null,                  -- contact:<form> or item:<item>
    title text not null,
    departments text not null,             -- JSON list
    received_at text not null,             -- UTC, always of the same length, so that it sorts
    state text not null,                   -- as the relay knows it
    resident text not null,
    topic text not null,
    text text not null,
    files text not null,                   -- JSON list of SealedFile
    note text not null,
    reply text not null,
    copy_key text not null,                -- of the resident copy, base64; empty where there is none
    copy_version integer not null,
    updated_at text not null,
    updated_by text not null,
    original text not null,                -- hash of the sealed record
    unopened text not null,                -- why it could not be opened; empty: it is open
    sealed text not null,                  -- JSON of the Submission while it is not open, else empty
    words text not null,                   -- folded, for searching
    shown_state text not null,             -- stored + pending
    from_chunk integer not null default 0, -- told by a colleague, not by the relay itself
    waiting integer not null default 0,
    refused text not null default ''
);
create index submission_by_moment on submission (received_at, id);
create index submission_by_state on submission (shown_state, received_at, id);

-- Through which audiences a submission is seen; without one it is forgotten.
create table submission_audience (
    audience text not null,
    id text not null,
    seq integer not null,
    primary key (audience, id)
) without rowid;
create index submission_audience_by_id on submission_audience (id);

-- Stretches of an audience's stream that came in compacted chunks, ahead of the cursor.
create table covered (
    audience text not null,
    first_seq integer not null,
    last_seq integer not null,
    primary key (audience, first_seq)
) without rowid;
"""

_CODES = """
-- Codes of lists of residents; what is sealed in them is opened when the list is looked at, and kept here.
create table code (
    id text primary key,
    list text not null,
    version integer not null,
    state text not null,                   -- unused, used, revoked
    used_at text not null,                 -- UTC, always of the same length; empty while unused
    sealed text not null,                  -- JSON of the SealedRecord; empty where there is none
    key text not null default '',          -- id of the department key that opened it
    unopened text not null default 'key_missing', -- why it is not open; empty: it is open
    number text not null default '',
    name text not null default '',
    department text not null default '',
    words text not null default ''         -- folded, for searching
) without rowid;
create index code_by_list on code (list, state, number, id);
"""

SCHEMA = _BASE + _SUBMISSIONS + _CODES

_DELIVERY_COLUMNS = """
alter table shown add column archived integer not null default 0;
alter table shown add column series text not null default '';
alter table shown add column due text not null default '';
alter table shown add column words text not null default '';
create index shown_by_series on shown (kind, series, moment);
create index shown_by_due on shown (kind, due);
update shown set words=lower(body) where kind='delivery';
"""

_NATURE = """
alter table shown add column nature text not null default '';
update shown set moment=replace(coalesce(
    case when state in ('held', 'scheduled', 'repeating') then json_extract(body, '$.due_at') end,
    json_extract(body, '$.started_at'), json_extract(body, '$.due_at'),
    json_extract(body, '$.confirmed_at'), json_extract(body, '$.written_at'), ''), 'Z', '+00:00')
where kind='delivery' and state not in ('draft', 'asked');
update shown set due=moment where kind='delivery' and state not in ('draft', 'asked');
update shown set nature=case
    when json_extract(body, '$.draft.training') then 'training'
    when json_extract(body, '$.bypassed')<>'' then 'emergency'
    when json_extract(body, '$.draft.corrects')<>'' then 'correction'
    when json_extract(body, '$.made_by_rule')<>'' then 'automatic'
    when json_extract(body, '$.series')<>'' then 'repeating'
    when json_extract(body, '$.draft.when.kind') not in ('now', 'at') then 'repeating'
    else 'normal' end
where kind='delivery';
"""

UPGRADES: dict[int, str] = {
    2: """
alter table shown add column person text not null default '';
create index shown_by_title on shown (kind, title, id);
""",
    3: """
alter table record rename to record_before;
create table record (
    kind text not null,
    id text not null,
    audience text not null,
    seq integer not null,
    version integer not null,
    body text not null,
    primary key (kind, id, audience)
) without rowid;
insert into record select * from record_before;
drop table record_before;
""",
    # What came before there was a place for it comes once more, from the start of its audiences.
    4: _SUBMISSIONS
    + """
alter table record add column from_chunk integer not null default 0;
delete from record where kind='submission';
delete from shown where kind='submission';
delete from cursor where audience like 'department:%';
""",
    5: _DELIVERY_COLUMNS,
    6: _CODES,
    7: _NATURE,
}

VERSION_1 = (
    _BASE.replace("primary key (kind, id, audience) ", "primary key (kind, id) ")
    .replace(
        "    from_chunk integer not null default 0, -- told by a colleague, not by the relay itself\n", ""
    )
    .replace("    person text not null default '',\n", "")
    .replace("    archived integer not null default 0,   -- put away from the list\n", "")
    .replace("    series text not null default '',       -- of a day of a repeating delivery: that one\n", "")
    .replace("    due text not null default '',          -- when it goes or went out\n", "")
    .replace("    words text not null default '',        -- folded, for searching\n", "")
    .replace(
        "    nature text not null default '',       -- of a delivery: by rule, an exercise, a correction…\n",
        "",
    )
    .replace("create index shown_by_series on shown (kind, series, moment);\n", "")
    .replace("create index shown_by_due on shown (kind, due);\n", "")
    .replace("create index shown_by_title on shown (kind, title, id);\n", "")
)
"""The first schema, kept so that the way from it can be tested."""
