-- 0006: what was wrong with records that were taken all the same, and how often in each run.

-- Counted in the same transaction as the rows: what was rejected, repaired or kept as it was.
CREATE TABLE run_defect (
    run_id         INTEGER NOT NULL REFERENCES run,
    class          TEXT    NOT NULL,                        -- 'nan_inf': curate explain reject
    action         TEXT    NOT NULL CHECK (action IN ('reject', 'repair', 'keep')),
    n              INTEGER NOT NULL,                        -- records
    PRIMARY KEY (run_id, class, action)
) STRICT, WITHOUT ROWID;

-- Of the record a sample was made from.
CREATE TABLE sample_defect (
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    class          TEXT    NOT NULL,
    PRIMARY KEY (sample_id, class)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_defects AS
SELECT d.sample_id, s.ext_id, o.name AS source, s.line, d.class
  FROM sample_defect d
  JOIN sample s ON s.sample_id = d.sample_id
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id;

CREATE VIEW v_run_defects AS
SELECT run_id, class, action, n FROM run_defect;

DROP VIEW v_rejects;
CREATE VIEW v_rejects AS
SELECT j.reject_id, j.run_id, o.name AS source, j.line, j.byte_offset, j.class, j.detail
  FROM reject j
  JOIN file f ON f.file_id = j.file_id
  JOIN source o ON o.source_id = f.source_id;
