-- The attention to segments by layer, or by layer and head, of samples that it was asked for.

CREATE TABLE segment_attention (
    score_set_id   INTEGER NOT NULL REFERENCES score_set,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    segment        INTEGER NOT NULL,
    layer          INTEGER NOT NULL,                        -- from 0
    head           INTEGER NOT NULL,                        -- from 0; -1: the mean over heads
    attention      REAL    NOT NULL,                        -- mean probability per key
    PRIMARY KEY (score_set_id, sample_id, segment, layer, head)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_segment_attention AS
SELECT a.sample_id, s.ext_id, d.name AS model, a.segment, a.layer, nullif(a.head, -1) AS head,
       a.attention
  FROM segment_attention a
  JOIN score_set t ON t.score_set_id = a.score_set_id
  JOIN model d ON d.model_id = t.model_id
  JOIN sample s ON s.sample_id = a.sample_id;
