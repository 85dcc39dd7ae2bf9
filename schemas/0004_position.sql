-- 0004: how far the files of an unfinished ingest run were read.

-- Written in the same transaction as the rows up to there, for the same command to go on from. The
-- row means nothing any more once its run is 'ok', and is swept away by the next run.
CREATE TABLE ingest_position (
    file_id        INTEGER PRIMARY KEY REFERENCES file,
    run_id         INTEGER NOT NULL REFERENCES run,         -- that committed it, or goes on
    settings       BLOB    NOT NULL CHECK (length(settings) = 16), -- XXH3-128 of the options
    size_bytes     INTEGER NOT NULL,                        -- what tells that the file is still
    mtime_ns       INTEGER NOT NULL,                        -- the same
    inode          INTEGER NOT NULL,
    done           INTEGER NOT NULL CHECK (done IN (0, 1)), -- all of it was read
    n_read         INTEGER NOT NULL,                        -- records of it so far, by all runs
    n_rejected     INTEGER NOT NULL,
    format         TEXT,                                    -- its shape; NULL: none was found
    byte_offset    INTEGER NOT NULL,                        -- of the next record or the gap before
    line           INTEGER NOT NULL,                        -- it, in the decompressed stream
    line_at        INTEGER NOT NULL,
    rescanned      INTEGER NOT NULL,
    flags          INTEGER NOT NULL,
    member_at      INTEGER NOT NULL,                        -- the gzip member or zstd frame it is
    member_before  INTEGER NOT NULL                         -- in: its place in file and stream
) STRICT;
