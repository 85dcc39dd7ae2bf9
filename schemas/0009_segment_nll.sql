-- 0009: segments whose pass was not needed.

-- As before, but nll is NULL where the attention was looked at and no more: the sample's row in
-- score says 'outside_top' then.
DROP VIEW v_segments;
ALTER TABLE segment_score RENAME TO segment_score_before;
CREATE TABLE segment_score (
    score_set_id   INTEGER NOT NULL REFERENCES score_set,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    segment        INTEGER NOT NULL,                        -- from 0
    tok_start      INTEGER NOT NULL,                        -- within the context's tokens
    tok_end        INTEGER NOT NULL,
    attention      REAL    NOT NULL,                        -- mean probability per key
    nll            REAL,                                    -- nats per response token
    PRIMARY KEY (score_set_id, sample_id, segment)
) STRICT, WITHOUT ROWID;
INSERT INTO segment_score SELECT * FROM segment_score_before;
DROP TABLE segment_score_before;

CREATE VIEW v_segments AS
SELECT g.sample_id, s.ext_id, d.name AS model, g.segment, g.tok_start, g.tok_end, g.attention,
       g.nll
  FROM segment_score g
  JOIN score_set t ON t.score_set_id = g.score_set_id
  JOIN model d ON d.model_id = t.model_id
  JOIN sample s ON s.sample_id = g.sample_id;
