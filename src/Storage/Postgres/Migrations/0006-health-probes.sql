-- The health check puts a row in here and takes it out again, to learn whether a commit would succeed now. The one row of the table probe,
-- which nodes of earlier versions write, made all nodes wait for each other.
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
