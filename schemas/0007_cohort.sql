-- 0007: cohorts, the samples whose scores are put on a common scale.

-- What is made of a cohort hangs on who is in it, so a version never changes: other samples, other
-- scores or other settings make another version. hmp and gateau of a version are score sets
-- without rows in score: theirs are in cohort_score.
CREATE TABLE cohort (
    cohort_id      INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL,
    version        INTEGER NOT NULL,                        -- from 1
    condition      TEXT,                                    -- the --where it was asked with
    short_set_id   INTEGER NOT NULL REFERENCES score_set,   -- nll under the short model
    long_set_id    INTEGER NOT NULL REFERENCES score_set,   -- nll under the long model
    cas_set_id     INTEGER REFERENCES score_set,            -- NULL: a cohort with hmp only
    hmp_set_id     INTEGER NOT NULL REFERENCES score_set,
    gateau_set_id  INTEGER REFERENCES score_set,
    ppl            TEXT    NOT NULL CHECK (ppl IN ('ppl', 'log')), -- what hmp compares
    normaliser     TEXT    NOT NULL,                        -- of hmp and cas in gateau
    alpha          REAL    NOT NULL,
    cas_sign       INTEGER NOT NULL CHECK (cas_sign IN (-1, 1)),
    nulls          TEXT    NOT NULL CHECK (nulls IN ('exclude', 'median')),
    n_samples      INTEGER NOT NULL,                        -- that met the condition
    n              INTEGER NOT NULL,                        -- of them in the cohort
    n_imputed      INTEGER NOT NULL,                        -- of n, with a median for a number
    n_skipped      INTEGER NOT NULL,                        -- of n, whose cas was not needed
    nll_short_min  REAL,                                    -- NULL where nobody has a number
    nll_short_max  REAL,
    nll_long_min   REAL,
    nll_long_max   REAL,
    hmp_min        REAL,
    hmp_max        REAL,
    cas_min        REAL,
    cas_max        REAL,
    hash           BLOB    NOT NULL CHECK (length(hash) = 16), -- XXH3-128 of settings and scores
    run_id         INTEGER NOT NULL REFERENCES run,
    asked_run_id   INTEGER NOT NULL REFERENCES run,         -- the newest that asked for it
    UNIQUE (name, version),
    UNIQUE (name, hash)
) STRICT;

-- status: 'ok'; 'truncated' and 'imputed' (numbers, with a grain of salt); 'at_least' (gateau is at
-- least this, and in its place) and 'outside_top' (cannot be among the first that were asked for);
-- else why the sample is not in the cohort.
CREATE TABLE cohort_score (
    cohort_id      INTEGER NOT NULL REFERENCES cohort ON DELETE CASCADE,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    hmp            REAL,
    cas            REAL,
    gateau         REAL,
    status         TEXT    NOT NULL,
    PRIMARY KEY (cohort_id, sample_id)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_cohorts AS
SELECT h.name AS cohort, h.version,
       h.cohort_id = (SELECT x.cohort_id FROM cohort x WHERE x.name = h.name
                       ORDER BY x.asked_run_id DESC, x.version DESC LIMIT 1) AS is_current,
       h.condition, l.name AS model, r.name AS short_model, h.ppl, h.normaliser, h.alpha,
       h.cas_sign, h.nulls, h.n_samples, h.n, h.n_imputed, h.n_skipped, h.nll_short_min,
       h.nll_short_max, h.nll_long_min, h.nll_long_max, h.hmp_min, h.hmp_max, h.cas_min,
       h.cas_max, t.params AS nll_params, c.params AS cas_params, h.run_id
  FROM cohort h
  JOIN score_set t ON t.score_set_id = h.long_set_id
  JOIN model l ON l.model_id = t.model_id
  JOIN score_set u ON u.score_set_id = h.short_set_id
  JOIN model r ON r.model_id = u.model_id
  LEFT JOIN score_set c ON c.score_set_id = h.cas_set_id;

CREATE VIEW v_cohort_scores AS
SELECT h.name AS cohort, h.version, k.sample_id, s.ext_id, o.name AS source, k.hmp, k.cas,
       k.gateau, k.status
  FROM cohort_score k
  JOIN cohort h ON h.cohort_id = k.cohort_id
  JOIN sample s ON s.sample_id = k.sample_id
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id;

-- As before, with hmp and gateau of every cohort's current version.
DROP VIEW v_scores;
CREATE VIEW v_scores AS
SELECT k.sample_id, s.ext_id, o.name AS source, m.name AS metric, d.name AS model, k.value,
       k.status
  FROM score k
  JOIN score_set t ON t.score_set_id = k.score_set_id
  JOIN metric m ON m.metric_id = t.metric_id
  JOIN model d ON d.model_id = t.model_id
  JOIN sample s ON s.sample_id = k.sample_id
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id
UNION ALL
SELECT k.sample_id, s.ext_id, o.name, 'hmp', d.name, k.hmp,
       CASE WHEN k.status IN ('at_least', 'outside_top') THEN 'ok' ELSE k.status END
  FROM cohort h
  JOIN cohort_score k ON k.cohort_id = h.cohort_id
  JOIN score_set t ON t.score_set_id = h.hmp_set_id
  JOIN model d ON d.model_id = t.model_id
  JOIN sample s ON s.sample_id = k.sample_id
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id
 WHERE h.cohort_id = (SELECT x.cohort_id FROM cohort x WHERE x.name = h.name
                       ORDER BY x.asked_run_id DESC, x.version DESC LIMIT 1)
UNION ALL
SELECT k.sample_id, s.ext_id, o.name, 'gateau', d.name, k.gateau, k.status
  FROM cohort h
  JOIN cohort_score k ON k.cohort_id = h.cohort_id
  JOIN score_set t ON t.score_set_id = h.gateau_set_id
  JOIN model d ON d.model_id = t.model_id
  JOIN sample s ON s.sample_id = k.sample_id
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id
 WHERE h.cohort_id = (SELECT x.cohort_id FROM cohort x WHERE x.name = h.name
                       ORDER BY x.asked_run_id DESC, x.version DESC LIMIT 1);
