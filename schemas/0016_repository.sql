-- 0016: the config and the split of a file of a dataset repository, and rejects of many rows: a
-- page of Parquet that is damaged takes all rows of its group with it.

-- As in 0015, only the text of the schema changes here: no stored row does. All rows of a group of
-- a table have its byte offset, so a place differs by the line, too: the indexes of these two
-- constraints are made again.
PRAGMA writable_schema = ON;
UPDATE sqlite_schema SET sql = replace(sql,
'-- as given; ''-'' is standard input
    UNIQUE',
'-- as given; ''-'' is standard input
    config         TEXT,                                    -- of the dataset; NULL: unknown
    split          TEXT,                                    -- ''train'', ...; NULL: unknown
    UNIQUE')
 WHERE type = 'table' AND name = 'file';
UPDATE sqlite_schema SET sql = replace(sql,
'-- which sample of its record, from 0
    UNIQUE (file_id, byte_offset, hash)',
'-- which sample of its record, from 0
    n_rows         INTEGER NOT NULL DEFAULT 1,              -- of a damaged group of a table
    UNIQUE (file_id, byte_offset, line, hash)')
 WHERE type = 'table' AND name = 'reject';
UPDATE sqlite_schema SET sql = replace(sql,
'    UNIQUE (file_id, byte_offset, item, sample_id)',
'    UNIQUE (file_id, byte_offset, line, item, sample_id)')
 WHERE type = 'table' AND name = 'dup_meta';
PRAGMA writable_schema = RESET;

-- Fails if a table has another text than its schema version says.
SELECT f.config, f.split, j.n_rows FROM file f, reject j, dup_meta LIMIT 0;

REINDEX reject;
REINDEX dup_meta;

-- A row that can be read at last closes the reject of its group.
CREATE INDEX reject_bad_page ON reject (file_id, line) WHERE class = 'bad_page';

DROP VIEW v_rejects;
CREATE VIEW v_rejects AS
SELECT j.reject_id, j.run_id, o.name AS source, j.line, j.byte_offset, j.class, j.detail, f.path,
       j.n_rows
  FROM reject j
  JOIN file f ON f.file_id = j.file_id
  JOIN source o ON o.source_id = f.source_id;

DROP VIEW v_sample;
CREATE VIEW v_sample AS
SELECT s.sample_id, s.ext_id, o.name AS source, s.kind, s.system, c.text AS context,
       i.content AS instruction, r.content AS response, s.n_turns, s.meta, s.tools,
       f.config AS config_name, f.split AS split_name
  FROM sample s
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id
  LEFT JOIN context c ON c.context_id = s.context_id
  LEFT JOIN turn i ON i.sample_id = s.sample_id AND i.turn = s.instruction_turn
  LEFT JOIN turn r ON r.sample_id = s.sample_id AND r.turn = s.response_turn;
