-- 0001: samples, where they came from, and what was refused.
--
-- No CHECK calls json_valid(): before SQLite 3.42 it counts as unsafe, and whoever opens the file
-- with trusted_schema off, as one should, could not even read it.

-- One execution of a command that changes the database. Counts are brought up to date in the same
-- transaction as the rows they count, so that after a kill they are still true.
CREATE TABLE run (
    run_id         INTEGER PRIMARY KEY,
    parent_run_id  INTEGER REFERENCES run,                  -- the recipe run a step belongs to
    command        TEXT    NOT NULL,                        -- 'ingest', 'score', ...
    options        TEXT    NOT NULL,                        -- JSON object
    version        TEXT    NOT NULL,                        -- of the program
    kernels        TEXT,                                    -- kernel family, where a model ran
    host           TEXT    NOT NULL,
    pid            INTEGER NOT NULL,
    started_at_ms  INTEGER NOT NULL,                        -- Unix, UTC
    finished_at_ms INTEGER,
    status         TEXT    NOT NULL CHECK (status IN ('running', 'ok', 'failed', 'interrupted')),
    message        TEXT,                                    -- why it failed
    n_read         INTEGER NOT NULL DEFAULT 0,
    n_inserted     INTEGER NOT NULL DEFAULT 0,
    n_duplicate    INTEGER NOT NULL DEFAULT 0,
    n_rejected     INTEGER NOT NULL DEFAULT 0,
    n_scored       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A corpus, as the user calls it: one or more files.
CREATE TABLE source (
    source_id      INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE
) STRICT;

CREATE TABLE file (
    file_id        INTEGER PRIMARY KEY,
    source_id      INTEGER NOT NULL REFERENCES source,
    path           TEXT    NOT NULL,                        -- as given; '-' is standard input
    UNIQUE (source_id, path)
) STRICT;

-- Long passages, stored once however many samples ask about them.
CREATE TABLE context (
    context_id     INTEGER PRIMARY KEY,
    hash           BLOB    NOT NULL UNIQUE CHECK (length(hash) = 16), -- XXH3-128, NFC, LF
    text           TEXT    NOT NULL
) STRICT;

-- Identity is the hash of the canonical content (NFC, LF): kind, system, context, turns. Texts of
-- any length come last, so that a scan need not read past them.
CREATE TABLE sample (
    sample_id        INTEGER PRIMARY KEY,
    hash             BLOB    NOT NULL UNIQUE CHECK (length(hash) = 16),
    kind             TEXT    NOT NULL CHECK (kind IN ('sft', 'prompt_only', 'text')),
    file_id          INTEGER NOT NULL REFERENCES file,
    line             INTEGER NOT NULL,                      -- of the record's first byte, from 1
    byte_offset      INTEGER NOT NULL,                      -- in the decompressed stream
    run_id           INTEGER NOT NULL REFERENCES run,
    context_id       INTEGER REFERENCES context,            -- of kind 'text': the text itself
    split            TEXT,                                  -- how context and instruction parted
    n_turns          INTEGER NOT NULL,
    response_turn    INTEGER,                               -- the last assistant turn
    instruction_turn INTEGER,                               -- the last user turn before it
    ext_id           TEXT,                                  -- the producer's own id
    system           TEXT,
    meta             TEXT                                   -- JSON: members nobody claimed
) STRICT;

CREATE TABLE turn (
    turn_id        INTEGER PRIMARY KEY,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    turn           INTEGER NOT NULL,                        -- from 0
    role           TEXT    NOT NULL,                        -- 'user', 'assistant', 'system', 'tool'
    content        TEXT    NOT NULL,
    extra          TEXT,                                    -- JSON: other members of it
    UNIQUE (sample_id, turn)
) STRICT;

-- A record that was read and is not a sample. Seen again, it is not stored again.
CREATE TABLE reject (
    reject_id      INTEGER PRIMARY KEY,
    run_id         INTEGER NOT NULL REFERENCES run,
    file_id        INTEGER NOT NULL REFERENCES file,
    line           INTEGER NOT NULL,
    byte_offset    INTEGER NOT NULL,
    byte_len       INTEGER NOT NULL,
    hash           BLOB    NOT NULL CHECK (length(hash) = 16), -- of raw
    class          TEXT    NOT NULL,
    detail         TEXT    NOT NULL,
    raw            BLOB    NOT NULL,                        -- its bytes, at most the first 1 MiB
    UNIQUE (file_id, byte_offset, hash)
) STRICT;

CREATE VIEW v_sample AS
SELECT s.sample_id, s.ext_id, o.name AS source, s.kind, s.system, c.text AS context,
       i.content AS instruction, r.content AS response, s.n_turns
  FROM sample s
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id
  LEFT JOIN context c ON c.context_id = s.context_id
  LEFT JOIN turn i ON i.sample_id = s.sample_id AND i.turn = s.instruction_turn
  LEFT JOIN turn r ON r.sample_id = s.sample_id AND r.turn = s.response_turn;

CREATE VIEW v_rejects AS
SELECT j.run_id, o.name AS source, j.line, j.byte_offset, j.class, j.detail
  FROM reject j
  JOIN file f ON f.file_id = j.file_id
  JOIN source o ON o.source_id = f.source_id;

CREATE VIEW v_runs AS
SELECT run_id, command,
       strftime('%Y-%m-%dT%H:%M:%SZ', started_at_ms / 1000, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', finished_at_ms / 1000, 'unixepoch') AS finished_at,
       status, n_read AS read, n_inserted AS inserted, n_duplicate AS duplicate,
       n_rejected AS rejected, n_scored AS scored
  FROM run;
