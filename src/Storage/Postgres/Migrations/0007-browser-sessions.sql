-- Browser sessions that were ended before they expired, by which front ends learn of a sign-out at another one. A session itself is not
-- stored: it is signed. expires_at is in Unix seconds.

CREATE TABLE ended_browser_sessions (
    id uuid PRIMARY KEY,
    expires_at bigint NOT NULL,
    ended_at timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX ended_browser_sessions_by_end ON ended_browser_sessions (ended_at);

-- Random bytes that the first server makes for all.
CREATE TABLE secrets (
    name text PRIMARY KEY,
    value bytea NOT NULL
);
