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
