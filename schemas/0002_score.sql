-- 0002: models, metrics, and scores keyed by everything that could change them.

CREATE TABLE model (
    model_id       INTEGER PRIMARY KEY,
    sha256         BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32), -- of the whole file
    name           TEXT    NOT NULL UNIQUE,                 -- file name without '.gguf'
    arch           TEXT    NOT NULL,
    n_params       INTEGER NOT NULL,
    context_length INTEGER NOT NULL,
    tokenizer_hash BLOB    NOT NULL CHECK (length(tokenizer_hash) = 16),
    path           TEXT    NOT NULL,                        -- where it was seen last, and the
    size_bytes     INTEGER NOT NULL,                        -- stamp that lets us trust sha256
    mtime_ns       INTEGER NOT NULL,                        -- without reading it again
    inode          INTEGER NOT NULL
) STRICT;

CREATE TABLE metric (
    metric_id      INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL,
    version        INTEGER NOT NULL,                        -- raised when its numbers change
    unit           TEXT    NOT NULL,
    better         TEXT    NOT NULL CHECK (better IN ('higher', 'lower')),
    UNIQUE (name, version)
) STRICT;

-- All scores that may be compared with each other: one metric, model and set of parameters.
CREATE TABLE score_set (
    score_set_id   INTEGER PRIMARY KEY,
    metric_id      INTEGER NOT NULL REFERENCES metric,
    model_id       INTEGER NOT NULL REFERENCES model,       -- of a pair: the long model
    params         TEXT    NOT NULL,                        -- canonical JSON
    params_hash    BLOB    NOT NULL CHECK (length(params_hash) = 16), -- XXH3-128 of params
    asked_run_id   INTEGER REFERENCES run,                  -- the newest that asked for it
    UNIQUE (metric_id, model_id, params_hash)
) STRICT;

-- status: 'ok'; 'truncated' (a number, over a shortened context); else why there is no number.
CREATE TABLE score (
    score_set_id   INTEGER NOT NULL REFERENCES score_set,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    value          REAL,
    status         TEXT    NOT NULL CHECK ((value IS NULL) = (status NOT IN ('ok', 'truncated'))),
    n_tokens       INTEGER NOT NULL,                        -- response tokens behind the number
    run_id         INTEGER NOT NULL REFERENCES run,         -- run.kernels says which arithmetic
    PRIMARY KEY (score_set_id, sample_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX score_by_sample ON score (sample_id);

-- What the segments of a context do to the response: rows of a 'cas' score set.
CREATE TABLE segment_score (
    score_set_id   INTEGER NOT NULL REFERENCES score_set,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    segment        INTEGER NOT NULL,                        -- from 0
    tok_start      INTEGER NOT NULL,                        -- within the context's tokens
    tok_end        INTEGER NOT NULL,
    attention      REAL    NOT NULL,                        -- mean probability per key
    nll            REAL    NOT NULL,                        -- nats per response token
    PRIMARY KEY (score_set_id, sample_id, segment)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_scores AS
SELECT k.sample_id, s.ext_id, o.name AS source, m.name AS metric, d.name AS model, k.value,
       k.status
  FROM score k
  JOIN score_set t ON t.score_set_id = k.score_set_id
  JOIN metric m ON m.metric_id = t.metric_id
  JOIN model d ON d.model_id = t.model_id
  JOIN sample s ON s.sample_id = k.sample_id
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id;

CREATE VIEW v_segments AS
SELECT g.sample_id, s.ext_id, d.name AS model, g.segment, g.tok_start, g.tok_end, g.attention,
       g.nll
  FROM segment_score g
  JOIN score_set t ON t.score_set_id = g.score_set_id
  JOIN model d ON d.model_id = t.model_id
  JOIN sample s ON s.sample_id = g.sample_id;
