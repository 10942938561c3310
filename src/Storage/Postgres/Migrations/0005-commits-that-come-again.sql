-- As before, but a commit that comes again is also recognised when its first transaction has not ended yet. Nodes of earlier versions use
-- it in the same way.
CREATE OR REPLACE FUNCTION commit_thread(
    thread uuid, new_generation bigint, claim boolean, head bigint, head_after bigint, now bigint, resent boolean,
    start_id uuid, start_owner text, start_first bigint, start_at bigint,
    end_id uuid, end_status smallint, end_last bigint, end_at bigint, end_code text, end_message text, end_usage bigint[],
    new_codex_thread_id text, new_options text, new_usage bigint[], activity bigint,
    chunk_first bigint[], chunk_last bigint[], chunk_turn uuid[], chunk_at bigint[], chunk_kind smallint[], chunk_lines bytea[])
RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE
    known_status smallint;
    owned boolean;
    ends_older boolean := end_id IS NOT NULL AND end_id IS DISTINCT FROM start_id;
BEGIN
    IF end_id IS NOT NULL THEN
        SELECT status INTO known_status FROM turns WHERE id = end_id;
        IF NOT FOUND AND ends_older THEN
            RAISE EXCEPTION 'turn % ends but never started', end_id;
        END IF;
    END IF;

    IF known_status <> 0 THEN
        owned := false;
    ELSIF NOT claim THEN
        UPDATE threads SET head_seq = head_after WHERE id = thread AND generation = new_generation AND head_seq = head;
        owned := FOUND;
    ELSIF new_generation = 1 AND head = 0 THEN
        INSERT INTO threads (id, generation, head_seq, options, created_at, updated_at)
        VALUES (thread, 1, head_after, '{}', coalesce(start_at, now), coalesce(start_at, now))
        ON CONFLICT (id) DO NOTHING;
        owned := FOUND;
    ELSE
        UPDATE threads SET generation = new_generation, head_seq = head_after
        WHERE id = thread AND generation = new_generation - 1 AND head_seq = head;
        owned := FOUND;
    END IF;

    -- What is in the way of a commit that was sent before may be that commit itself. Not sooner: its first transaction may have ended
    -- while this one waited for it, and a statement sees what was there when it began.
    IF NOT owned AND resent AND EXISTS (
        SELECT FROM chunks
        WHERE thread_id = thread AND first_seq = chunk_first[1] AND turn_id = chunk_turn[1] AND chunks.at = chunk_at[1] AND lines = chunk_lines[1])
    THEN
        RETURN 0;
    ELSIF NOT owned THEN
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
