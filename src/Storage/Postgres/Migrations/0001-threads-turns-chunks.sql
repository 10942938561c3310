-- Times are Unix milliseconds, UTC.

-- Room in each page for the new version of a row whose head moves, so that no index has to follow.
CREATE TABLE threads (
    id uuid PRIMARY KEY,
    generation bigint NOT NULL,
    head_seq bigint NOT NULL,
    codex_thread_id text,
    options text NOT NULL,
    input_tokens bigint NOT NULL DEFAULT 0,
    cached_input_tokens bigint NOT NULL DEFAULT 0,
    cache_write_input_tokens bigint NOT NULL DEFAULT 0,
    output_tokens bigint NOT NULL DEFAULT 0,
    reasoning_output_tokens bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE turns (
    id uuid PRIMARY KEY,
    thread_id uuid NOT NULL,
    status smallint NOT NULL,
    owner text NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint,
    started_at bigint NOT NULL,
    ended_at bigint,
    error_code text,
    error_message text,
    input_tokens bigint,
    cached_input_tokens bigint,
    cache_write_input_tokens bigint,
    output_tokens bigint,
    reasoning_output_tokens bigint
);

CREATE UNIQUE INDEX turns_by_first_seq ON turns (thread_id, first_seq);

-- Finds running turns without looking at ended ones, and allows a thread only one.
CREATE UNIQUE INDEX turns_running ON turns (thread_id) WHERE status = 0;

CREATE TABLE chunks (
    thread_id uuid NOT NULL,
    first_seq bigint NOT NULL,
    last_seq bigint NOT NULL,
    turn_id uuid NOT NULL,
    at bigint NOT NULL,
    kind smallint NOT NULL,
    lines bytea NOT NULL,
    PRIMARY KEY (thread_id, first_seq)
);

-- Not compressed: in a burst that would be most of a commit's time.
ALTER TABLE chunks ALTER COLUMN lines SET STORAGE EXTERNAL;

-- The health check writes this one row, to learn whether a commit would succeed now.
CREATE TABLE probe (
    key smallint PRIMARY KEY CHECK (key = 1),
    at bigint NOT NULL
);

INSERT INTO probe (key, at) VALUES (1, 0);

-- Applies one commit: 0 when it is applied, 1 when another owner has the thread (nothing is changed then). A commit that contradicts
-- the stored turns raises P0001, and one that was sent before and may have arrived (resent) is recognised by its first chunk.
CREATE FUNCTION commit_thread(
    thread uuid, new_generation bigint, claim boolean, head bigint, head_after bigint, now bigint, resent boolean,
    start_id uuid, start_owner text, start_first bigint, start_at bigint,
    end_id uuid, end_status smallint, end_last bigint, end_at bigint, end_code text, end_message text, end_usage bigint[],
    new_codex_thread_id text, new_options text, new_usage bigint[], activity bigint,
    chunk_first bigint[], chunk_last bigint[], chunk_turn uuid[], chunk_at bigint[], chunk_kind smallint[], chunk_lines bytea[])
RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
    known_status smallint;
    ends_older boolean := end_id IS NOT NULL AND end_id IS DISTINCT FROM start_id;
BEGIN
    IF resent AND EXISTS (
        SELECT FROM chunks
        WHERE thread_id = thread AND first_seq = chunk_first[1] AND turn_id = chunk_turn[1] AND chunks.at = chunk_at[1] AND lines = chunk_lines[1])
    THEN
        RETURN 0;
    END IF;

    IF end_id IS NOT NULL THEN
        SELECT status INTO known_status FROM turns WHERE id = end_id;
        IF FOUND AND known_status <> 0 THEN
            RETURN 1;
        ELSIF NOT FOUND AND ends_older THEN
            RAISE EXCEPTION 'turn % ends but never started', end_id;
        END IF;
    END IF;

    IF NOT claim THEN
        UPDATE threads SET head_seq = head_after WHERE id = thread AND generation = new_generation AND head_seq = head;
    ELSIF new_generation = 1 AND head = 0 THEN
        INSERT INTO threads (id, generation, head_seq, options, created_at, updated_at)
        VALUES (thread, 1, head_after, '{}', coalesce(start_at, now), coalesce(start_at, now))
        ON CONFLICT (id) DO NOTHING;
    ELSE
        UPDATE threads SET generation = new_generation, head_seq = head_after
        WHERE id = thread AND generation = new_generation - 1 AND head_seq = head;
    END IF;
    IF NOT FOUND THEN
        RETURN 1;
    END IF;

    -- A commit may end one turn and start the next, or start and end the same one.
    IF ends_older THEN
        PERFORM end_turn(thread, end_id, end_status, end_last, end_at, end_code, end_message, end_usage);
    END IF;
    IF start_id IS NOT NULL THEN
        INSERT INTO turns (id, thread_id, status, owner, first_seq, started_at)
        VALUES (start_id, thread, 0, start_owner, start_first, start_at);
    END IF;
    IF end_id IS NOT NULL AND NOT ends_older THEN
        PERFORM end_turn(thread, end_id, end_status, end_last, end_at, end_code, end_message, end_usage);
    END IF;

    IF new_codex_thread_id IS NOT NULL OR new_options IS NOT NULL OR new_usage IS NOT NULL OR activity IS NOT NULL THEN
        UPDATE threads SET
            codex_thread_id = coalesce(new_codex_thread_id, codex_thread_id),
            options = coalesce(new_options, options),
            updated_at = coalesce(activity, updated_at),
            input_tokens = coalesce(new_usage[1], input_tokens),
            cached_input_tokens = coalesce(new_usage[2], cached_input_tokens),
            cache_write_input_tokens = coalesce(new_usage[3], cache_write_input_tokens),
            output_tokens = coalesce(new_usage[4], output_tokens),
            reasoning_output_tokens = coalesce(new_usage[5], reasoning_output_tokens)
        WHERE id = thread;
    END IF;

    INSERT INTO chunks (thread_id, first_seq, last_seq, turn_id, at, kind, lines)
    SELECT thread, c.* FROM unnest(chunk_first, chunk_last, chunk_turn, chunk_at, chunk_kind, chunk_lines) AS c;
    RETURN 0;
END
$$;

CREATE FUNCTION end_turn(
    thread uuid, end_id uuid, end_status smallint, end_last bigint, end_at bigint, end_code text, end_message text, end_usage bigint[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE turns SET
        status = end_status, last_seq = end_last, ended_at = end_at, error_code = end_code, error_message = end_message,
        input_tokens = end_usage[1], cached_input_tokens = end_usage[2], cache_write_input_tokens = end_usage[3],
        output_tokens = end_usage[4], reasoning_output_tokens = end_usage[5]
    WHERE id = end_id AND thread_id = thread AND status = 0;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'turn % belongs to another thread', end_id;
    END IF;
END
$$;
