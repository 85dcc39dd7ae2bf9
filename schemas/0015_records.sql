-- 0015: tool calls, reasoning, media, preference pairs, and records that hold several samples.

ALTER TABLE turn ADD COLUMN thought TEXT;
ALTER TABLE turn ADD COLUMN calls TEXT;
ALTER TABLE turn ADD COLUMN media TEXT;
ALTER TABLE turn ADD COLUMN trained INTEGER CHECK (trained IN (0, 1));
ALTER TABLE turn ADD COLUMN side TEXT CHECK (side IN ('chosen', 'rejected'));
ALTER TABLE sample ADD COLUMN tools TEXT;
ALTER TABLE sample ADD COLUMN item INTEGER NOT NULL DEFAULT 0;

-- The kind 'pair'. SQLite cannot change a CHECK, and a new table would need a copy of each sample.
-- The stored rows satisfy the wider CHECK, so only its text changes, and the new columns get
-- their comments. The program permits this for the time of this migration (store/migrate.c).
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(replace(sql,
'''prompt_only'', ''text'')',
'''prompt_only'', ''text'', ''pair'')'),
'    meta             TEXT                                   -- JSON: members nobody claimed
, tools TEXT, item INTEGER NOT NULL DEFAULT 0)',
'    meta             TEXT,                                  -- JSON: members nobody claimed
    tools            TEXT,                                  -- JSON: [{"name", ...}]
    item             INTEGER NOT NULL DEFAULT 0             -- which sample of its record, from 0
)')
 WHERE type = 'table' AND name = 'sample';
UPDATE sqlite_schema SET sql = replace(sql,
'    extra          TEXT, thought TEXT, calls TEXT, media TEXT, trained INTEGER CHECK (trained IN (0, 1)), side TEXT CHECK (side IN (''chosen'', ''rejected'')),                                    -- JSON: other members of it
',
'    extra          TEXT,                                    -- JSON: other members of it
    thought        TEXT,                                    -- reasoning before the answer
    calls          TEXT,                                    -- JSON: [{"id"?, "name", "arguments"}]
    media          TEXT,                                    -- JSON: [{"type", "at", "part"}]
    trained        INTEGER CHECK (trained IN (0, 1)),       -- NULL: the record does not say
    side           TEXT    CHECK (side IN (''chosen'', ''rejected'')), -- NULL: the prompt
')
 WHERE type = 'table' AND name = 'turn';
PRAGMA writable_schema = RESET;

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
