-- The whole schema. Until the first release it is changed here; from then on each change is a script of its own.
-- Not in here yet, since nothing writes them and their form is not settled: idempotency keys, the queue of prompts, approvals, uploads,
-- usage by day, and the text of running items.

-- Ids are UUIDv7 as 16 big-endian bytes, so that their index grows at its end. Times are Unix milliseconds, UTC.

CREATE TABLE threads (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    head_seq INTEGER NOT NULL,
    codex_thread_id TEXT,
    options TEXT NOT NULL,
    input_tokens INTEGER NOT NULL DEFAULT 0,
    cached_input_tokens INTEGER NOT NULL DEFAULT 0,
    cache_write_input_tokens INTEGER NOT NULL DEFAULT 0,
    output_tokens INTEGER NOT NULL DEFAULT 0,
    reasoning_output_tokens INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    -- A turn's start or end.
    updated_at INTEGER NOT NULL,
    -- From here on nobody writes or reads it yet: the user it belongs to, its name, the thread that it was forked from and the last event
    -- they have in common, and when it was archived.
    owner TEXT,
    title TEXT,
    parent_id BLOB,
    fork_seq INTEGER,
    archived_at INTEGER
) STRICT;

CREATE TABLE turns (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    thread INTEGER NOT NULL,
    status INTEGER NOT NULL,
    host TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    error_code TEXT,
    error_message TEXT,
    input_tokens INTEGER,
    cached_input_tokens INTEGER,
    cache_write_input_tokens INTEGER,
    output_tokens INTEGER,
    reasoning_output_tokens INTEGER
) STRICT;

CREATE UNIQUE INDEX turns_by_first_seq ON turns (thread, first_seq);

-- Finds running turns without looking at ended ones, and allows a thread only one.
CREATE UNIQUE INDEX turns_running ON turns (thread) WHERE status = 0;

-- The log. Rows are only ever added at the end of the table: clustered by thread, each commit would dirty a page of its own
-- per thread, which writes twice as much and multiplies the latency tail.
CREATE TABLE chunks (
    key INTEGER PRIMARY KEY,
    thread INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    turn_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    lines BLOB NOT NULL
) STRICT;

-- Chunks are found by a table that is written now and then, many chunks of a thread at once: an index kept up to date with each
-- commit dirtied a page of its own for every running thread, which was half of what a commit wrote.
CREATE TABLE chunk_index (
    thread INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    PRIMARY KEY (thread, first_seq)
) STRICT, WITHOUT ROWID;

-- Every chunk up to this one is in the index, and every thread's head_seq counts it. Later ones may be missing after a crash; the
-- next start looks at them.
CREATE TABLE indexed (
    key INTEGER PRIMARY KEY CHECK (key = 1),
    chunk INTEGER NOT NULL
) STRICT;

INSERT INTO indexed (key, chunk) VALUES (1, 0);

-- The health check writes this one row, to learn whether a commit would succeed now.
CREATE TABLE probe (
    key INTEGER PRIMARY KEY CHECK (key = 1),
    at INTEGER NOT NULL
) STRICT;

INSERT INTO probe (key, at) VALUES (1, 0);

-- Browser sessions that were ended before they expired. A session itself is not stored: it is signed.
CREATE TABLE ended_browser_sessions (
    id BLOB PRIMARY KEY,
    expires_at INTEGER NOT NULL, -- Unix seconds
    ended_at INTEGER NOT NULL    -- Unix milliseconds
) STRICT, WITHOUT ROWID;

-- Random bytes that the server makes for itself.
CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
