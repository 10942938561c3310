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
