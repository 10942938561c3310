-- The whole schema. Until the first release it is changed here; from then on each change is a script of its own, which only adds.
-- Not in here yet, since nothing writes them and their form is not settled: idempotency keys, the queue of prompts, approvals, uploads,
-- usage by day, and the text of running items.
-- Times are Unix milliseconds, UTC, unless they are of the type timestamptz.

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
    -- A turn's start or end.
    updated_at bigint NOT NULL,
    -- From here on nobody writes or reads it yet: the user it belongs to, its name, the thread that it was forked from and the last event
    -- they have in common, and when it was archived.
    owner text,
    title text,
    parent_id uuid,
    fork_seq bigint,
    archived_at bigint
) WITH (fillfactor = 50);

CREATE TABLE turns (
    id uuid PRIMARY KEY,
    thread_id uuid NOT NULL,
    status smallint NOT NULL,
    host text NOT NULL,
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

-- Applies one commit: 0 when it is applied, 1 when another owner has the thread (nothing is changed then). A commit that contradicts
-- the stored turns raises P0001, and one that was sent before and may have arrived (resent) is recognised by its first chunk, also when
-- its first transaction has not ended yet.
CREATE FUNCTION commit_thread(
    thread uuid, new_generation bigint, claim boolean, head bigint, head_after bigint, now bigint, resent boolean,
    start_id uuid, start_host text, start_first bigint, start_at bigint,
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
        WHERE thread_id = thread AND first_seq = chunk_first[1] AND turn_id = chunk_turn[1] AND chunks.at = chunk_at[1]
            AND lines = chunk_lines[1])
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
        INSERT INTO turns (id, thread_id, status, host, first_seq, started_at)
        VALUES (start_id, thread, 0, start_host, start_first, start_at);
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

-- The health check puts a row in here and takes it out again, to learn whether a commit would succeed now. A row for each check, since
-- with one for all of them nodes would wait for each other.
CREATE TABLE probes (
    id uuid PRIMARY KEY
);

CREATE FUNCTION probe_log(probe uuid) RETURNS smallint LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO probes (id) VALUES (probe);
    DELETE FROM probes WHERE id = probe;
    RETURN 0;
END
$$;

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

-- What Orleans keeps in PostgreSQL: who is in the cluster, and who is subscribed to which stream. Orleans reads its statements from the
-- table OrleansQuery by these keys, and gives and expects these names of parameters and columns; the tables behind them are ours.

CREATE TABLE OrleansQuery (
    QueryKey text PRIMARY KEY,
    QueryText text NOT NULL
);

-- Rises with each change of membership, so that of two changes at once one is refused and tried again.
CREATE TABLE cluster_versions (
    cluster text PRIMARY KEY,
    version integer NOT NULL DEFAULT 0
);

CREATE TABLE cluster_silos (
    cluster text NOT NULL REFERENCES cluster_versions,
    address text NOT NULL,
    port integer NOT NULL,
    generation integer NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    status integer NOT NULL,
    gateway_port integer,
    suspicions text,
    started_at timestamptz NOT NULL,
    alive_at timestamptz NOT NULL,
    PRIMARY KEY (cluster, address, port, generation)
);

CREATE TABLE grain_states (
    service text NOT NULL,
    grain_type text NOT NULL,
    key0 bigint NOT NULL,
    key1 bigint NOT NULL,
    key_extension text NOT NULL,
    payload bytea,
    version integer NOT NULL,
    PRIMARY KEY (service, grain_type, key0, key1, key_extension)
);

INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES
('InsertMembershipVersionKey', '
WITH added AS (INSERT INTO cluster_versions (cluster) VALUES (@DeploymentId) ON CONFLICT DO NOTHING RETURNING cluster)
SELECT count(*)::integer FROM added'),

('InsertMembershipKey', '
WITH moved AS (
    UPDATE cluster_versions SET version = version + 1 WHERE cluster = @DeploymentId AND version = @Version RETURNING cluster
), added AS (
    INSERT INTO cluster_silos (cluster, address, port, generation, name, host, status, gateway_port, started_at, alive_at)
    SELECT cluster, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime FROM moved
    RETURNING cluster
)
SELECT count(*)::integer FROM added'),

('UpdateMembershipKey', '
WITH moved AS (
    UPDATE cluster_versions SET version = version + 1 WHERE cluster = @DeploymentId AND version = @Version RETURNING cluster
), changed AS (
    UPDATE cluster_silos SET status = @Status, suspicions = @SuspectTimes, alive_at = @IAmAliveTime
    FROM moved
    WHERE cluster_silos.cluster = moved.cluster AND address = @Address AND port = @Port AND generation = @Generation
    RETURNING address
)
SELECT count(*)::integer FROM changed'),

('UpdateIAmAlivetimeKey', '
UPDATE cluster_silos SET alive_at = @IAmAliveTime
WHERE cluster = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation'),

('MembershipReadAllKey', '
SELECT v.cluster AS DeploymentId, s.address AS Address, s.port AS Port, s.generation AS Generation, s.name AS SiloName,
    s.host AS HostName, s.status AS Status, s.gateway_port AS ProxyPort, s.suspicions AS SuspectTimes, s.started_at AS StartTime,
    s.alive_at AS IAmAliveTime, v.version AS Version
FROM cluster_versions v LEFT JOIN cluster_silos s ON s.cluster = v.cluster
WHERE v.cluster = @DeploymentId'),

('MembershipReadRowKey', '
SELECT v.cluster AS DeploymentId, s.address AS Address, s.port AS Port, s.generation AS Generation, s.name AS SiloName,
    s.host AS HostName, s.status AS Status, s.gateway_port AS ProxyPort, s.suspicions AS SuspectTimes, s.started_at AS StartTime,
    s.alive_at AS IAmAliveTime, v.version AS Version
FROM cluster_versions v
LEFT JOIN cluster_silos s ON s.cluster = v.cluster AND s.address = @Address AND s.port = @Port AND s.generation = @Generation
WHERE v.cluster = @DeploymentId'),

('GatewaysQueryKey', '
SELECT address AS Address, gateway_port AS ProxyPort, generation AS Generation FROM cluster_silos
WHERE cluster = @DeploymentId AND status = @Status AND gateway_port > 0'),

('CleanupDefunctSiloEntriesKey', '
DELETE FROM cluster_silos WHERE cluster = @DeploymentId AND alive_at < @IAmAliveTime AND status <> 3'),

('DeleteMembershipTableEntriesKey', '
WITH gone AS (DELETE FROM cluster_silos WHERE cluster = @DeploymentId)
DELETE FROM cluster_versions WHERE cluster = @DeploymentId'),

('ReadFromStorageKey', '
SELECT payload AS PayloadBinary, now() AS ReadAt, version AS Version FROM grain_states
WHERE service = @ServiceId AND grain_type = @GrainTypeString AND key0 = @GrainIdN0 AND key1 = @GrainIdN1
    AND key_extension = coalesce(@GrainIdExtensionString, '''')'),

-- A version that is known must still be the stored one; without one there must be no row. The version that was given, or none, says
-- that it was not written.
('WriteToStorageKey', '
WITH added AS (
    INSERT INTO grain_states (service, grain_type, key0, key1, key_extension, payload, version)
    SELECT @ServiceId, @GrainTypeString, @GrainIdN0, @GrainIdN1, coalesce(@GrainIdExtensionString, ''''), @PayloadBinary, 1
    WHERE @GrainStateVersion::integer IS NULL
    ON CONFLICT DO NOTHING RETURNING version
), changed AS (
    UPDATE grain_states SET payload = @PayloadBinary, version = version + 1
    WHERE service = @ServiceId AND grain_type = @GrainTypeString AND key0 = @GrainIdN0 AND key1 = @GrainIdN1
        AND key_extension = coalesce(@GrainIdExtensionString, '''') AND version = @GrainStateVersion::integer
    RETURNING version
)
SELECT coalesce((SELECT version FROM added), (SELECT version FROM changed), @GrainStateVersion::integer) AS NewGrainStateVersion'),

('ClearStorageKey', '
UPDATE grain_states SET payload = NULL, version = version + 1
WHERE service = @ServiceId AND grain_type = @GrainTypeString AND key0 = @GrainIdN0 AND key1 = @GrainIdN1
    AND key_extension = coalesce(@GrainIdExtensionString, '''') AND version = @GrainStateVersion
RETURNING version AS NewGrainStateVersion'),

('DeleteStorageKey', '
DELETE FROM grain_states
WHERE service = @ServiceId AND grain_type = @GrainTypeString AND key0 = @GrainIdN0 AND key1 = @GrainIdN1
    AND key_extension = coalesce(@GrainIdExtensionString, '''') AND version = @GrainStateVersion
RETURNING version + 1 AS NewGrainStateVersion');

-- Where each grain is active. In the database and not in the silos' memory: a silo that goes would take its part of that memory with
-- it, and the others end the grains that it had registered, with their running turns.
CREATE TABLE grain_directory (
    grain text PRIMARY KEY,
    activation text NOT NULL,
    silo text NOT NULL,
    membership_version bigint NOT NULL
);

CREATE INDEX grain_directory_by_silo ON grain_directory (silo);

-- When each front end of the cluster was last heard of. Names are of one start only.
CREATE TABLE front_ends (
    name text PRIMARY KEY,
    seen_at timestamptz NOT NULL
);
