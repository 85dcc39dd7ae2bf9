-- Samples as vectors: beside the score of the metric 'embedding', which is the vector's length.

CREATE TABLE embedding (
    embedding_id   INTEGER PRIMARY KEY,
    score_set_id   INTEGER NOT NULL REFERENCES score_set,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    vector         BLOB    NOT NULL CHECK (length(vector) % 4 = 0), -- 32-bit floats, little-endian
    UNIQUE (score_set_id, sample_id)
) STRICT;

CREATE INDEX embedding_by_sample ON embedding (sample_id);
