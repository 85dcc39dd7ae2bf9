-- 0005: scores of the single turns of a dialogue.

-- Rows of score sets that score every assistant turn ("turns":"all" in their parameters); the row
-- in score is the mean of these, weighted by tokens. status: as in score.
CREATE TABLE turn_score (
    score_set_id   INTEGER NOT NULL REFERENCES score_set,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    turn           INTEGER NOT NULL,                        -- turn.turn
    value          REAL,
    status         TEXT    NOT NULL CHECK ((value IS NULL) = (status NOT IN ('ok', 'truncated'))),
    n_tokens       INTEGER NOT NULL,                        -- response tokens behind the number
    PRIMARY KEY (score_set_id, sample_id, turn)
) STRICT, WITHOUT ROWID;

CREATE INDEX turn_score_by_sample ON turn_score (sample_id);

CREATE VIEW v_turn_scores AS
SELECT k.sample_id, s.ext_id, o.name AS source, m.name AS metric, d.name AS model, k.turn,
       k.value, k.status, k.n_tokens
  FROM turn_score k
  JOIN score_set t ON t.score_set_id = k.score_set_id
  JOIN metric m ON m.metric_id = t.metric_id
  JOIN model d ON d.model_id = t.model_id
  JOIN sample s ON s.sample_id = k.sample_id
  JOIN file f ON f.file_id = s.file_id
  JOIN source o ON o.source_id = f.source_id;
