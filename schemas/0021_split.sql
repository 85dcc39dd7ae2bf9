-- 0021: splits, which divide samples into parts for training and tests.

CREATE TABLE split (
    split_id       INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    params         TEXT    NOT NULL,                        -- canonical JSON, version included
    n_groups       INTEGER NOT NULL,
    run_id         INTEGER NOT NULL REFERENCES run          -- the last that changed it
) STRICT;

CREATE TABLE split_part (
    split_id       INTEGER NOT NULL REFERENCES split ON DELETE CASCADE,
    part           TEXT    NOT NULL,
    number         INTEGER NOT NULL,                        -- in the order of --by, from 1
    share          REAL    NOT NULL CHECK (share > 0 AND share <= 1), -- asked for
    PRIMARY KEY (split_id, part)
) STRICT, WITHOUT ROWID;

-- A group of samples that belong together is in one part.
CREATE TABLE split_sample (
    split_id       INTEGER NOT NULL REFERENCES split ON DELETE CASCADE,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    part           TEXT    NOT NULL,
    group_key      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE, -- smallest content hash
    PRIMARY KEY (split_id, sample_id),
    FOREIGN KEY (split_id, part) REFERENCES split_part ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX split_sample_by_sample ON split_sample (sample_id);
CREATE INDEX split_sample_by_group ON split_sample (group_key);

CREATE VIEW v_split AS
SELECT p.name AS split, x.sample_id, s.ext_id, x.part, x.group_key
  FROM split_sample x
  JOIN split p ON p.split_id = x.split_id
  JOIN sample s ON s.sample_id = x.sample_id;

-- share: asked for; had: the part's share of the samples of the split.
CREATE VIEW v_split_parts AS
SELECT p.name AS split, k.part, k.number, k.share, coalesce(x.n, 0) AS n_samples,
       round(coalesce(x.n, 0) * 1.0 / max(sum(x.n) OVER (PARTITION BY k.split_id), 1), 6) AS had,
       coalesce(x.n_groups, 0) AS n_groups
  FROM split_part k
  JOIN split p ON p.split_id = k.split_id
  LEFT JOIN (SELECT split_id, part, count(*) AS n, count(DISTINCT group_key) AS n_groups
               FROM split_sample GROUP BY split_id, part) x
    ON x.split_id = k.split_id AND x.part = k.part;

-- n_outside: samples that are not in the split, because they do not meet its condition or are
-- newer.
CREATE VIEW v_splits AS
SELECT p.name AS split,
       (SELECT group_concat(k.part || ' ' || k.n_samples, ', ')
          FROM (SELECT part, n_samples FROM v_split_parts WHERE split = p.name ORDER BY number) k)
           AS parts,
       (SELECT count(*) FROM split_sample x WHERE x.split_id = p.split_id) AS n_samples,
       p.n_groups,
       (SELECT count(*) FROM sample) -
       (SELECT count(*) FROM split_sample x WHERE x.split_id = p.split_id) AS n_outside,
       p.params, p.run_id
  FROM split p;
