-- The CLI's own records of its sessions, so that a thread goes on at any node. A record only grows; what a turn added to it is a part.

CREATE TABLE sessions (
    thread_id uuid PRIMARY KEY,
    codex_thread_id text NOT NULL,
    path text NOT NULL,
    length bigint NOT NULL,
    turn_id uuid NOT NULL
);

CREATE TABLE session_parts (
    thread_id uuid NOT NULL,
    first_byte bigint NOT NULL,
    content bytea NOT NULL,
    PRIMARY KEY (thread_id, first_byte)
);
