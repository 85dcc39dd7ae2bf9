-- 0003: chosen samples, and the files they were written to.

CREATE TABLE selection (
    selection_id   INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    score_set_id   INTEGER NOT NULL REFERENCES score_set,   -- what it was ranked by
    condition      TEXT,                                    -- the --where it was limited to
    top            TEXT    NOT NULL,                        -- as asked: '100', '10%'
    n_candidates   INTEGER NOT NULL,                        -- samples with a number
    n_unscored     INTEGER NOT NULL,                        -- samples left out for having none
    run_id         INTEGER NOT NULL REFERENCES run
) STRICT;

CREATE TABLE selection_sample (
    selection_id   INTEGER NOT NULL REFERENCES selection ON DELETE CASCADE,
    rank           INTEGER NOT NULL,                        -- from 1
    sample_id      INTEGER NOT NULL REFERENCES sample,
    score          REAL    NOT NULL,
    PRIMARY KEY (selection_id, rank)
) STRICT, WITHOUT ROWID;

CREATE TABLE export (
    export_id      INTEGER PRIMARY KEY,
    selection      TEXT    NOT NULL,                        -- its name at that time
    format         TEXT    NOT NULL,
    path           TEXT    NOT NULL,
    n_samples      INTEGER NOT NULL,
    n_bytes        INTEGER NOT NULL,
    sha256         BLOB    NOT NULL CHECK (length(sha256) = 32), -- of the bytes written
    run_id         INTEGER NOT NULL REFERENCES run
) STRICT;

CREATE VIEW v_selection AS
SELECT e.name AS selection, x.rank, x.sample_id, s.ext_id, x.score
  FROM selection_sample x
  JOIN selection e ON e.selection_id = x.selection_id
  JOIN sample s ON s.sample_id = x.sample_id;
