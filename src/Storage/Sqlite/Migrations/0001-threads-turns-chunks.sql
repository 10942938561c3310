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
    updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE turns (
    key INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    thread INTEGER NOT NULL,
    status INTEGER NOT NULL,
    owner TEXT NOT NULL,
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

CREATE UNIQUE INDEX chunks_by_first_seq ON chunks (thread, first_seq);

-- The health check writes this one row, to learn whether a commit would succeed now.
CREATE TABLE probe (
    key INTEGER PRIMARY KEY CHECK (key = 1),
    at INTEGER NOT NULL
) STRICT;

INSERT INTO probe (key, at) VALUES (1, 0);
