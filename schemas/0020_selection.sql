-- 0020: what a selection was chosen by, and what it is.

DROP VIEW v_selections;
DROP VIEW v_selection;

-- The order of a selection is not only that of a metric or a fact now. As in 0019 other columns
-- take the place of those whose constraints change.
ALTER TABLE selection ADD COLUMN ordering TEXT;
UPDATE selection SET ordering = CASE WHEN fact IS NULL THEN 'metric' ELSE 'fact' END;
ALTER TABLE selection ADD COLUMN by_fact TEXT;
ALTER TABLE selection ADD COLUMN by_order TEXT;
UPDATE selection SET by_fact = fact, by_order = fact_order;
ALTER TABLE selection DROP COLUMN fact_order;
ALTER TABLE selection DROP COLUMN fact;
ALTER TABLE selection RENAME COLUMN by_fact TO fact;
ALTER TABLE selection RENAME COLUMN by_order TO fact_order;
ALTER TABLE selection ADD COLUMN formula TEXT;
-- JSON of the other options that decide what is chosen: budgets, quotas, seeds
ALTER TABLE selection ADD COLUMN rule TEXT NOT NULL DEFAULT '{}'
    CHECK (ordering IN ('metric', 'fact', 'formula', 'target', 'random', 'none')
           AND ordering IS NOT NULL)
    CHECK ((ordering = 'metric') = (score_set_id IS NOT NULL))
    CHECK ((ordering = 'fact') = (fact IS NOT NULL))
    CHECK ((ordering = 'formula') = (formula IS NOT NULL))
    CHECK ((fact_order IS NULL) = (fact IS NULL))
    CHECK (fact_order IN ('ascending', 'descending'));

-- A sample may have no score, if everything is selected.
ALTER TABLE selection_sample ADD COLUMN value REAL;
UPDATE selection_sample SET value = score;
ALTER TABLE selection_sample DROP COLUMN score;
ALTER TABLE selection_sample RENAME COLUMN value TO score;
ALTER TABLE selection_sample ADD COLUMN tier INTEGER CHECK (tier >= 1); -- the smallest that has it

-- The value of each term of a formula: the terms of a sample sum up to its score.
CREATE TABLE selection_term (
    selection_id   INTEGER NOT NULL REFERENCES selection ON DELETE CASCADE,
    rank           INTEGER NOT NULL,
    term           INTEGER NOT NULL,                        -- from 1
    text           TEXT    NOT NULL,
    value          REAL    NOT NULL,
    PRIMARY KEY (selection_id, rank, term)
) STRICT, WITHOUT ROWID;

-- What rank(), z() and minmax() of a formula compared with.
CREATE TABLE selection_comparison (
    selection_id   INTEGER NOT NULL REFERENCES selection ON DELETE CASCADE,
    comparison     INTEGER NOT NULL,                        -- from 1
    text           TEXT    NOT NULL,                        -- 'z(mtld)'
    n              INTEGER NOT NULL,                        -- samples of the pool
    mean           REAL,
    deviation      REAL,                                    -- of the population
    min            REAL,
    max            REAL,
    PRIMARY KEY (selection_id, comparison)
) STRICT, WITHOUT ROWID;

-- How many samples and units each group has, was to have and has got.
CREATE TABLE selection_group (
    selection_id   INTEGER NOT NULL REFERENCES selection ON DELETE CASCADE,
    kind           TEXT    NOT NULL,        -- 'source', 'language', 'length', or 'quota'
    place          INTEGER NOT NULL,        -- order of the groups of a kind, from 1
    name           TEXT    NOT NULL,
    unit           TEXT    NOT NULL CHECK (unit IN ('samples', 'tokens', 'words', 'bytes')),
    n_pool         INTEGER NOT NULL,        -- samples that could be chosen
    n_selected     INTEGER NOT NULL,
    units_pool     INTEGER NOT NULL,
    units_asked    INTEGER,                 -- of a quota
    units_selected INTEGER NOT NULL,
    PRIMARY KEY (selection_id, kind, place)
) STRICT, WITHOUT ROWID;

-- Numbers that describe a selection beside the pool: quantiles, correlations, distances.
CREATE TABLE selection_statistic (
    selection_id   INTEGER NOT NULL REFERENCES selection ON DELETE CASCADE,
    name           TEXT    NOT NULL,        -- 'mean', 'median', 'spearman', 'overlap'
    subject        TEXT    NOT NULL,        -- a metric, a fact, a term of a formula
    pool           REAL,                    -- NULL: there is none
    selected       REAL,
    PRIMARY KEY (selection_id, name, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE selection_warning (
    selection_id   INTEGER NOT NULL REFERENCES selection ON DELETE CASCADE,
    step           INTEGER NOT NULL,        -- from 1
    text           TEXT    NOT NULL,
    PRIMARY KEY (selection_id, step)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_selection AS
SELECT e.name AS selection, x.rank, x.sample_id, s.ext_id, x.score, x.tier
  FROM selection_sample x
  JOIN selection e ON e.selection_id = x.selection_id
  JOIN sample s ON s.sample_id = x.sample_id;

-- What each selection was ordered by. n_samples: how many it has.
CREATE VIEW v_selections AS
SELECT e.name AS selection, coalesce(e.fact, e.formula, m.name, e.ordering) AS ordered_by,
       coalesce(e.fact_order, CASE WHEN m.better = 'lower' THEN 'ascending'
                                   WHEN e.ordering <> 'none' THEN 'descending' END)
       AS direction, d.name AS model, t.params, e.condition, p.name AS policy, e.top, e.rule,
       (SELECT count(*) FROM selection_sample x WHERE x.selection_id = e.selection_id) AS n_samples,
       e.n_candidates, e.n_unscored, e.run_id
  FROM selection e
  LEFT JOIN score_set t ON t.score_set_id = e.score_set_id
  LEFT JOIN metric m ON m.metric_id = t.metric_id
  LEFT JOIN model d ON d.model_id = t.model_id
  LEFT JOIN selection_policy p ON p.selection_id = e.selection_id;

CREATE VIEW v_selection_terms AS
SELECT e.name AS selection, k.rank, x.sample_id, k.term, k.text, k.value
  FROM selection_term k
  JOIN selection e ON e.selection_id = k.selection_id
  JOIN selection_sample x ON x.selection_id = k.selection_id AND x.rank = k.rank;

CREATE VIEW v_selection_groups AS
SELECT e.name AS selection, k.kind, k.place, k.name, k.unit, k.n_pool, k.n_selected, k.units_pool,
       k.units_asked, k.units_selected
  FROM selection_group k
  JOIN selection e ON e.selection_id = k.selection_id;

CREATE VIEW v_selection_statistics AS
SELECT e.name AS selection, k.name, k.subject, k.pool, k.selected
  FROM selection_statistic k
  JOIN selection e ON e.selection_id = k.selection_id;
