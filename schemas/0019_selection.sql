-- 0019: selections that are ordered by a fact.

-- score_set_id may be NULL now. SQLite cannot drop NOT NULL, so another column takes its place; to
-- replace the whole table would delete the samples of all selections.
ALTER TABLE selection ADD COLUMN ranked_by INTEGER REFERENCES score_set; -- NULL: by a fact
UPDATE selection SET ranked_by = score_set_id;
ALTER TABLE selection DROP COLUMN score_set_id;
ALTER TABLE selection RENAME COLUMN ranked_by TO score_set_id;
ALTER TABLE selection ADD COLUMN fact TEXT CHECK ((fact IS NULL) = (score_set_id IS NOT NULL));
ALTER TABLE selection ADD COLUMN fact_order TEXT
    CHECK ((fact_order IS NULL) = (fact IS NULL))
    CHECK (fact_order IN ('ascending', 'descending'));

-- What each selection was ordered by. n_samples: how many it has.
CREATE VIEW v_selections AS
SELECT e.name AS selection, coalesce(e.fact, m.name) AS ordered_by,
       coalesce(e.fact_order, CASE m.better WHEN 'higher' THEN 'descending' ELSE 'ascending' END)
       AS direction, d.name AS model, t.params, e.condition, p.name AS policy, e.top,
       (SELECT count(*) FROM selection_sample x WHERE x.selection_id = e.selection_id) AS n_samples,
       e.n_candidates, e.n_unscored, e.run_id
  FROM selection e
  LEFT JOIN score_set t ON t.score_set_id = e.score_set_id
  LEFT JOIN metric m ON m.metric_id = t.metric_id
  LEFT JOIN model d ON d.model_id = t.model_id
  LEFT JOIN selection_policy p ON p.selection_id = e.selection_id;
