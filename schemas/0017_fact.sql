-- 0017: facts of samples that need no model.

-- The columns besides the keys are added when a fact is stored for the first time (store/fact.c);
-- fact_column describes them.
CREATE TABLE fact (
    sample_id      INTEGER PRIMARY KEY REFERENCES sample ON DELETE CASCADE
) STRICT;

CREATE TABLE turn_fact (
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    turn           INTEGER NOT NULL,                        -- turn.turn
    PRIMARY KEY (sample_id, turn)
) STRICT;

-- A column for each group of facts: the version that the sample was measured with.
CREATE TABLE fact_version (
    sample_id      INTEGER PRIMARY KEY REFERENCES sample ON DELETE CASCADE
) STRICT;

CREATE TABLE fact_column (
    name           TEXT    NOT NULL,                        -- of the column
    of_turns       INTEGER NOT NULL CHECK (of_turns IN (0, 1)), -- of turn_fact, not of fact
    fact_group     TEXT    NOT NULL,                        -- the measurer, or 'label'
    version        INTEGER NOT NULL,
    type           TEXT    NOT NULL CHECK (type IN ('INTEGER', 'REAL', 'TEXT')),
    unit           TEXT    NOT NULL,
    params         TEXT,                                    -- JSON: what the values depend on
    PRIMARY KEY (name, of_turns)
) STRICT, WITHOUT ROWID;

CREATE TABLE fact_missing (
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    name           TEXT    NOT NULL,
    reason         TEXT    NOT NULL,
    PRIMARY KEY (sample_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE span (
    span_id        INTEGER PRIMARY KEY,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    turn           INTEGER,                                 -- NULL: context or system prompt
    part           TEXT    NOT NULL CHECK (part IN ('turn', 'context', 'system')),
    start          INTEGER NOT NULL,                        -- bytes
    end            INTEGER NOT NULL,
    fact_group     TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    detail         TEXT
) STRICT;

CREATE INDEX span_by_sample ON span (sample_id, fact_group);

-- The policy that a selection was made with, and what each of its conditions removed.
CREATE TABLE selection_policy (
    selection_id   INTEGER PRIMARY KEY REFERENCES selection ON DELETE CASCADE,
    name           TEXT    NOT NULL,
    approved_by    TEXT,
    approved_on    TEXT,
    corpus         TEXT,                                    -- digest of the samples it is for
    text           TEXT    NOT NULL,                        -- the policy file
    n_samples      INTEGER NOT NULL                         -- samples before the first condition
) STRICT;

CREATE TABLE selection_funnel (
    selection_id   INTEGER NOT NULL REFERENCES selection ON DELETE CASCADE,
    step           INTEGER NOT NULL,                        -- from 1
    condition      TEXT    NOT NULL,
    n_removed      INTEGER NOT NULL,                        -- of those left by the steps before
    n_alone        INTEGER NOT NULL,                        -- of all samples
    n_missing      INTEGER NOT NULL,                        -- of all samples, without a value
    n_left         INTEGER NOT NULL,
    PRIMARY KEY (selection_id, step)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_funnel AS
SELECT e.name AS selection, p.name AS policy, k.step, k.condition, k.n_removed, k.n_alone,
       k.n_missing, k.n_left
  FROM selection_funnel k
  JOIN selection e ON e.selection_id = k.selection_id
  JOIN selection_policy p ON p.selection_id = k.selection_id;

CREATE VIEW v_facts AS
SELECT s.ext_id, o.name AS source, k.*
  FROM fact k
  JOIN sample s ON s.sample_id = k.sample_id
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id;

CREATE VIEW v_turn_facts AS
SELECT k.* FROM turn_fact k;

-- Facts of a part that the sample does not have are missing without a row.
CREATE VIEW v_missing_facts AS
SELECT sample_id, name AS fact, reason FROM fact_missing
UNION ALL
SELECT s.sample_id, k.name, 'no_' || p.part
  FROM (SELECT 'instruction' AS part UNION ALL SELECT 'context' UNION ALL SELECT 'response') p
  JOIN fact_column k ON k.of_turns = 0 AND k.name GLOB '*_' || p.part
  JOIN v_sample s ON coalesce(CASE p.part WHEN 'instruction' THEN s.instruction
                              WHEN 'context' THEN s.context ELSE s.response END, '') = ''
  JOIN fact f ON f.sample_id = s.sample_id;

CREATE VIEW v_spans AS
SELECT p.sample_id, p.turn, p.part, p.kind, p.start, p.end, p.detail,
       CAST(substr(CAST(CASE p.part WHEN 'turn' THEN t.content WHEN 'context' THEN c.text
                                    ELSE s.system END AS BLOB), p.start + 1, p.end - p.start)
            AS TEXT) AS text
  FROM span p
  JOIN sample s ON s.sample_id = p.sample_id
  LEFT JOIN turn t ON t.sample_id = p.sample_id AND t.turn = p.turn
  LEFT JOIN context c ON c.context_id = s.context_id;
