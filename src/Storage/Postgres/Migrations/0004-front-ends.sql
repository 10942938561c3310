-- When each front end of the cluster was last heard of. Names are of one start only. Front ends of earlier versions are not in here.

CREATE TABLE front_ends (
    name text PRIMARY KEY,
    seen_at timestamptz NOT NULL
);
