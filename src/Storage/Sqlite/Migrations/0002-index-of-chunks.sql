-- Chunks are found by a table that is written now and then, many chunks of a thread at once: an index kept up to date with each
-- commit dirtied a page of its own for every running thread, which was half of what a commit wrote.

CREATE TABLE chunk_index (
    thread INTEGER NOT NULL,
    first_seq INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    PRIMARY KEY (thread, first_seq)
) STRICT, WITHOUT ROWID;

INSERT INTO chunk_index (thread, first_seq, chunk) SELECT thread, first_seq, key FROM chunks ORDER BY thread, first_seq;

DROP INDEX chunks_by_first_seq;

-- Every chunk up to this one is in the index, and every thread's head_seq counts it. Later ones may be missing after a crash; the
-- next start looks at them.
CREATE TABLE indexed (
    key INTEGER PRIMARY KEY CHECK (key = 1),
    chunk INTEGER NOT NULL
) STRICT;

INSERT INTO indexed (key, chunk) SELECT 1, coalesce(max(key), 0) FROM chunks;
