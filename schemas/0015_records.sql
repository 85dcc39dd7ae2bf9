-- 0015: tool calls, reasoning, media, preference pairs, records that hold several samples, counts
-- of the kinds, and duplicates with another meta.

-- Adding columns and widening a CHECK changes no stored row, so only the text of the schema changes
-- here, once for all columns. A new table for the CHECK would need a copy of each sample. The
-- program permits this for the time of this migration (store/migrate.c).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql,
'''prompt_only'', ''text'')',
'''prompt_only'', ''text'', ''pair'')'),
'    meta             TEXT                                   -- JSON: members nobody claimed
)',
'    meta             TEXT,                                  -- JSON: members nobody claimed
    tools            TEXT,                                  -- JSON: [{"name", ...}]
    item             INTEGER NOT NULL DEFAULT 0             -- which sample of its record, from 0
)')
 WHERE type = 'table' AND name = 'sample';
UPDATE sqlite_schema SET sql = replace(sql,
'    extra          TEXT,                                    -- JSON: other members of it
    UNIQUE',
'    extra          TEXT,                                    -- JSON: other members of it
    thought        TEXT,                                    -- reasoning before the answer
    calls          TEXT,                                    -- JSON: [{"id"?, "name", "arguments"}]
    media          TEXT,                                    -- JSON: [{"type", "at", "part"}]
    trained        INTEGER CHECK (trained IN (0, 1)),       -- NULL: the record does not say
    side           TEXT    CHECK (side IN (''chosen'', ''rejected'')), -- NULL: the prompt
    UNIQUE')
 WHERE type = 'table' AND name = 'turn';
UPDATE sqlite_schema SET sql = replace(sql,
'    raw            BLOB    NOT NULL,                        -- its bytes, at most the first 1 MiB
    UNIQUE',
'    raw            BLOB    NOT NULL,                        -- its bytes, at most the first 1 MiB
    item           INTEGER NOT NULL DEFAULT 0,              -- which sample of its record, from 0
    UNIQUE')
 WHERE type = 'table' AND name = 'reject';
UPDATE sqlite_schema SET sql = replace(sql,
'    n_scored       INTEGER NOT NULL DEFAULT 0
)',
'    n_scored       INTEGER NOT NULL DEFAULT 0,
    n_dup_meta     INTEGER NOT NULL DEFAULT 0,              -- of n_duplicate: with another meta
    n_sft          INTEGER NOT NULL DEFAULT 0,              -- of n_inserted, as the next three
    n_pair         INTEGER NOT NULL DEFAULT 0,
    n_prompt_only  INTEGER NOT NULL DEFAULT 0,
    n_text         INTEGER NOT NULL DEFAULT 0
)')
 WHERE type = 'table' AND name = 'run';
PRAGMA writable_schema = RESET;

-- Fails if a table has another text than its schema version says.
SELECT s.tools, s.item, t.thought, t.calls, t.media, t.trained, t.side, j.item, r.n_dup_meta, r.n_sft,
       r.n_pair, r.n_prompt_only, r.n_text
  FROM sample s, turn t, reject j, run r LIMIT 0;

-- What earlier runs inserted, by kind.
UPDATE run SET n_sft = k.sft, n_prompt_only = k.prompt_only, n_text = k.text
  FROM (SELECT run_id, sum(kind = 'sft') AS sft, sum(kind = 'prompt_only') AS prompt_only,
               sum(kind = 'text') AS text FROM sample GROUP BY run_id) k
 WHERE run.run_id = k.run_id;
UPDATE run SET n_sft = k.sft, n_prompt_only = k.prompt_only, n_text = k.text
  FROM (SELECT parent_run_id, sum(n_sft) AS sft, sum(n_prompt_only) AS prompt_only,
               sum(n_text) AS text FROM run WHERE parent_run_id IS NOT NULL
         GROUP BY parent_run_id) k
 WHERE run.run_id = k.parent_run_id;

-- A duplicate has the content of a stored sample, but another meta: what it adds is kept here.
CREATE TABLE dup_meta (
    dup_meta_id    INTEGER PRIMARY KEY,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    run_id         INTEGER NOT NULL REFERENCES run,         -- the last that read the record
    file_id        INTEGER NOT NULL REFERENCES file,        -- of the record
    line           INTEGER NOT NULL,
    byte_offset    INTEGER NOT NULL,
    item           INTEGER NOT NULL,
    ext_id         TEXT,
    meta           TEXT,
    UNIQUE (file_id, byte_offset, item, sample_id)
) STRICT;

CREATE INDEX dup_meta_by_sample ON dup_meta (sample_id);

CREATE VIEW v_dup_meta AS
SELECT d.sample_id, d.run_id, o.name AS source, d.line, d.byte_offset, d.item, d.ext_id, d.meta,
       s.ext_id AS sample_ext_id, s.meta AS sample_meta
  FROM dup_meta d
  JOIN sample s ON s.sample_id = d.sample_id
  JOIN file f ON f.file_id = d.file_id
  JOIN source o ON o.source_id = f.source_id;

-- What this migration did to samples (store/migrate_samples.c).
CREATE TABLE migrated_sample (
    old_sample_id  INTEGER PRIMARY KEY,
    old_hash       BLOB    NOT NULL CHECK (length(old_hash) = 16),
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE, -- what it is now
    what           TEXT    NOT NULL CHECK (what IN ('rehashed', 'rewritten', 'merged'))
) STRICT;

CREATE VIEW v_migrated AS
SELECT m.sample_id, s.ext_id, o.name AS source, m.what, m.old_sample_id,
       lower(hex(m.old_hash)) AS old_hash, lower(hex(s.hash)) AS hash
  FROM migrated_sample m
  JOIN sample s ON s.sample_id = m.sample_id
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id;

DROP VIEW v_rejects;
CREATE VIEW v_rejects AS
SELECT j.reject_id, j.run_id, o.name AS source, j.line, j.byte_offset, j.class, j.detail, f.path
  FROM reject j
  JOIN file f ON f.file_id = j.file_id
  JOIN source o ON o.source_id = f.source_id;

DROP VIEW v_runs;
CREATE VIEW v_runs AS
SELECT run_id, command,
       strftime('%Y-%m-%dT%H:%M:%SZ', started_at_ms / 1000, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', finished_at_ms / 1000, 'unixepoch') AS finished_at,
       status, n_read AS read, n_inserted AS inserted, n_duplicate AS duplicate,
       n_rejected AS rejected, n_scored AS scored, kernels, n_dup_meta AS dup_meta,
       n_sft AS sft, n_pair AS pair, n_prompt_only AS prompt_only, n_text AS text
  FROM run;

DROP VIEW v_sample;
CREATE VIEW v_sample AS
SELECT s.sample_id, s.ext_id, o.name AS source, s.kind, s.system, c.text AS context,
       i.content AS instruction, r.content AS response, s.n_turns, s.meta, s.tools
  FROM sample s
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id
  LEFT JOIN context c ON c.context_id = s.context_id
  LEFT JOIN turn i ON i.sample_id = s.sample_id AND i.turn = s.instruction_turn
  LEFT JOIN turn r ON r.sample_id = s.sample_id AND r.turn = s.response_turn;

CREATE VIEW v_turn AS
SELECT t.sample_id, s.ext_id, t.turn, t.side, t.role, t.content, t.thought, t.calls, t.media,
       t.trained, t.extra
  FROM turn t
  JOIN sample s ON s.sample_id = t.sample_id;

-- The last answer of each side.
CREATE VIEW v_pair AS
SELECT s.sample_id, s.ext_id, o.name AS source, s.system, i.content AS prompt,
       c.content AS chosen,
       (SELECT r.content FROM turn r
         WHERE r.sample_id = s.sample_id AND r.side = 'rejected' AND r.role = 'assistant'
         ORDER BY r.turn DESC LIMIT 1) AS rejected
  FROM sample s
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id
  LEFT JOIN turn i ON i.sample_id = s.sample_id AND i.turn = s.instruction_turn
  LEFT JOIN turn c ON c.sample_id = s.sample_id AND c.turn = s.response_turn
 WHERE s.kind = 'pair';
