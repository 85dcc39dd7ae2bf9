-- 0018: near duplicates, and samples that hold questions or answers of an evaluation.

-- Pairs of similar samples, found with one set of parameters.
CREATE TABLE dedup_set (
    dedup_set_id   INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    kind           TEXT    NOT NULL CHECK (kind IN ('exact', 'near', 'semantic')),
    field          TEXT    NOT NULL CHECK (field IN ('whole', 'instruction', 'response', 'context')),
    params         TEXT    NOT NULL,                        -- canonical JSON, version included
    score_set_id   INTEGER REFERENCES score_set,            -- of the embeddings; NULL: of the text
    keep           TEXT    NOT NULL,                        -- canonical JSON: which sample is kept
    complete       INTEGER NOT NULL CHECK (complete IN (0, 1)), -- 0: a run was interrupted
    threshold      REAL,                                    -- of the pairs that make clusters
    containment_threshold REAL,                             -- or of their containment; NULL: unused
    n_big_buckets  INTEGER NOT NULL,                        -- compared with their first members only
    statistics     TEXT,                                    -- canonical JSON; NULL: none
    run_id         INTEGER NOT NULL REFERENCES run
) STRICT;

-- The samples that were compared. NULL: the sample has nothing to compare. Of an embedding: XXH3-64
-- of the vector, then, if it has a neighbour, the cosine of the nearest, a 32-bit float.
CREATE TABLE dedup_signature (
    dedup_set_id   INTEGER NOT NULL REFERENCES dedup_set ON DELETE CASCADE,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    signature      BLOB,
    PRIMARY KEY (dedup_set_id, sample_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX dedup_signature_by_sample ON dedup_signature (sample_id);

-- a is the sample with the smaller content hash.
CREATE TABLE dedup_pair (
    dedup_set_id   INTEGER NOT NULL REFERENCES dedup_set ON DELETE CASCADE,
    a              INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    b              INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    similarity     REAL    NOT NULL,                        -- Jaccard, or cosine
    containment    REAL,                                    -- of the smaller in the larger
    PRIMARY KEY (dedup_set_id, a, b)
) STRICT, WITHOUT ROWID;

CREATE INDEX dedup_pair_by_a ON dedup_pair (a);
CREATE INDEX dedup_pair_by_b ON dedup_pair (b);

-- The samples of clusters: connected components of pairs. A sample without a pair has no row.
CREATE TABLE dedup_member (
    dedup_set_id   INTEGER NOT NULL REFERENCES dedup_set ON DELETE CASCADE,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    cluster        INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE, -- smallest content hash
    leader         INTEGER REFERENCES sample ON DELETE CASCADE, -- kept, similar; NULL: is kept
    component_keep INTEGER NOT NULL CHECK (component_keep IN (0, 1)), -- the one kept of its cluster
    place          INTEGER NOT NULL,                        -- in the order of keeping, from 1
    PRIMARY KEY (dedup_set_id, sample_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX dedup_member_by_sample ON dedup_member (sample_id);
CREATE INDEX dedup_member_by_cluster ON dedup_member (cluster);
CREATE INDEX dedup_member_by_leader ON dedup_member (leader);

CREATE VIEW v_dedup_pairs AS
SELECT d.name AS dedup_set, p.a, p.b, a.ext_id AS a_ext_id, b.ext_id AS b_ext_id, p.similarity,
       p.containment
  FROM dedup_pair p
  JOIN dedup_set d ON d.dedup_set_id = p.dedup_set_id
  JOIN sample a ON a.sample_id = p.a
  JOIN sample b ON b.sample_id = p.b;

CREATE VIEW v_duplicates AS
SELECT d.name AS dedup_set, m.sample_id, s.ext_id, m.cluster,
       m.leader IS NULL AS is_kept, m.leader AS duplicate_of
  FROM dedup_member m
  JOIN dedup_set d ON d.dedup_set_id = m.dedup_set_id
  JOIN sample s ON s.sample_id = m.sample_id;

-- What `curate dedup list` prints. n_pairs: those that make clusters. n_newer: samples that were
-- not compared.
CREATE VIEW v_dedup_sets AS
SELECT d.name AS dedup_set, d.kind, d.field, d.params, d.keep, d.threshold,
       d.containment_threshold, d.complete AS is_complete,
       (SELECT count(*) FROM dedup_signature g WHERE g.dedup_set_id = d.dedup_set_id)
           AS n_samples,
       (SELECT count(*) FROM sample) -
       (SELECT count(*) FROM dedup_signature g WHERE g.dedup_set_id = d.dedup_set_id) AS n_newer,
       (SELECT count(*) FROM dedup_pair p WHERE p.dedup_set_id = d.dedup_set_id
           AND (p.similarity >= d.threshold OR p.containment >= d.containment_threshold))
           AS n_pairs,
       (SELECT count(DISTINCT m.cluster) FROM dedup_member m
         WHERE m.dedup_set_id = d.dedup_set_id) AS n_clusters,
       (SELECT count(m.leader) FROM dedup_member m WHERE m.dedup_set_id = d.dedup_set_id)
           AS n_duplicates,
       (SELECT count(*) FROM dedup_member m WHERE m.dedup_set_id = d.dedup_set_id
           AND NOT m.component_keep) AS n_component_duplicates,
       d.n_big_buckets, d.run_id
  FROM dedup_set d;

-- What select --clean and --dedup left out, of the samples that met the conditions of a selection.
CREATE TABLE selection_exclusion (
    selection_id   INTEGER NOT NULL REFERENCES selection ON DELETE CASCADE,
    step           INTEGER NOT NULL,                        -- from 1
    rule           TEXT    NOT NULL,                        -- 'dedup near@leader', 'clean gsm8k'
    n_removed      INTEGER NOT NULL,
    n_unknown      INTEGER NOT NULL,                        -- not compared, not searched: they stay
    n_left         INTEGER NOT NULL,
    PRIMARY KEY (selection_id, step)
) STRICT, WITHOUT ROWID;

CREATE VIEW v_exclusions AS
SELECT e.name AS selection, k.step, k.rule, k.n_removed, k.n_unknown, k.n_left
  FROM selection_exclusion k
  JOIN selection e ON e.selection_id = k.selection_id;

-- Contexts of more than one sample: the samples differ, but a split must not separate them.
CREATE VIEW v_shared_contexts AS
SELECT c.context_id, x.n_samples, length(CAST(c.text AS BLOB)) AS n_bytes,
       substr(c.text, 1, 80) AS begins
  FROM (SELECT context_id, count(*) AS n_samples FROM sample WHERE context_id IS NOT NULL
         GROUP BY context_id HAVING count(*) > 1) x
  JOIN context c ON c.context_id = x.context_id;

-- Questions and answers that must not be in the training data.
CREATE TABLE evaluation (
    evaluation_id  INTEGER PRIMARY KEY,
    name           TEXT    NOT NULL UNIQUE,
    path           TEXT    NOT NULL,
    params         TEXT    NOT NULL,                        -- canonical JSON, version included
    digest         BLOB    NOT NULL CHECK (length(digest) = 32), -- of items and their texts or hashes
    n_items        INTEGER NOT NULL,
    n_not_checkable INTEGER NOT NULL,                       -- items with nothing to look for
    n_common       INTEGER NOT NULL,                        -- n-grams left out: in too many items
    run_id         INTEGER NOT NULL REFERENCES run
) STRICT;

CREATE TABLE evaluation_item (
    evaluation_id  INTEGER NOT NULL REFERENCES evaluation ON DELETE CASCADE,
    item           INTEGER NOT NULL,                        -- from 0
    place          TEXT    NOT NULL,                        -- id or line in its file
    prompt         TEXT,                                    -- NULL: known by hashes only
    answer         TEXT,
    n_prompt_words INTEGER NOT NULL,
    n_answer_words INTEGER NOT NULL,
    checkable      INTEGER NOT NULL CHECK (checkable IN (0, 1)),
    PRIMARY KEY (evaluation_id, item)
) STRICT, WITHOUT ROWID;

-- A row for each sample that was searched.
CREATE TABLE contamination (
    evaluation_id  INTEGER NOT NULL REFERENCES evaluation ON DELETE CASCADE,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    covered        REAL    NOT NULL CHECK (covered BETWEEN 0 AND 1), -- the most of any item
    longest        INTEGER NOT NULL,                        -- words of the longest span
    flagged        INTEGER NOT NULL CHECK (flagged IN (0, 1)),
    PRIMARY KEY (evaluation_id, sample_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX contamination_by_sample ON contamination (sample_id);

CREATE TABLE contamination_hit (
    evaluation_id  INTEGER NOT NULL REFERENCES evaluation ON DELETE CASCADE,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    item           INTEGER NOT NULL,
    covered        REAL    NOT NULL,                        -- share of the prompt's words in spans
    longest        INTEGER NOT NULL,
    answer_whole   INTEGER NOT NULL CHECK (answer_whole IN (0, 1)),
    flagged        INTEGER NOT NULL CHECK (flagged IN (0, 1)),
    PRIMARY KEY (evaluation_id, sample_id, item),
    FOREIGN KEY (evaluation_id, sample_id) REFERENCES contamination ON DELETE CASCADE,
    FOREIGN KEY (evaluation_id, item) REFERENCES evaluation_item ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX contamination_hit_by_sample ON contamination_hit (sample_id);

CREATE INDEX contamination_hit_by_item ON contamination_hit (evaluation_id, item);

CREATE TABLE contamination_span (
    evaluation_id  INTEGER NOT NULL REFERENCES evaluation ON DELETE CASCADE,
    sample_id      INTEGER NOT NULL REFERENCES sample ON DELETE CASCADE,
    item           INTEGER NOT NULL,
    number         INTEGER NOT NULL,                        -- of the span, from 0
    turn           INTEGER,                                 -- NULL: the context
    start          INTEGER NOT NULL,                        -- bytes
    end            INTEGER NOT NULL,
    of_answer      INTEGER NOT NULL CHECK (of_answer IN (0, 1)), -- else of the item's prompt
    item_word      INTEGER NOT NULL,                        -- where it begins in the item
    n_words        INTEGER NOT NULL,
    PRIMARY KEY (evaluation_id, sample_id, item, number),
    FOREIGN KEY (evaluation_id, sample_id, item) REFERENCES contamination_hit ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE INDEX contamination_span_by_sample ON contamination_span (sample_id);

CREATE VIEW v_evaluations AS
SELECT e.name AS evaluation, e.path, e.n_items,
       (SELECT count(DISTINCT h.item) FROM contamination_hit h
         WHERE h.evaluation_id = e.evaluation_id AND h.flagged) AS n_hit_items,
       (SELECT count(*) FROM contamination c WHERE c.evaluation_id = e.evaluation_id) AS n_searched,
       (SELECT count(*) FROM contamination c
         WHERE c.evaluation_id = e.evaluation_id AND c.flagged) AS n_flagged,
       e.n_not_checkable, e.n_common, e.params
  FROM evaluation e;

-- Columns that conditions know. NULL: the sample was not searched.
CREATE VIEW v_sample_contamination AS
SELECT s.sample_id,
       (SELECT max(c.covered) FROM contamination c WHERE c.sample_id = s.sample_id)
           AS contamination,
       (SELECT max(c.longest) FROM contamination c WHERE c.sample_id = s.sample_id)
           AS contamination_longest
  FROM sample s;

CREATE VIEW v_contamination AS
SELECT e.name AS evaluation, h.sample_id, s.ext_id, h.item, i.place, h.covered, h.longest,
       h.answer_whole, h.flagged, i.prompt, i.answer
  FROM contamination_hit h
  JOIN evaluation e ON e.evaluation_id = h.evaluation_id
  JOIN evaluation_item i ON i.evaluation_id = h.evaluation_id AND i.item = h.item
  JOIN sample s ON s.sample_id = h.sample_id;

CREATE VIEW v_contamination_spans AS
SELECT e.name AS evaluation, p.sample_id, p.item, p.turn, p.start, p.end, p.of_answer,
       p.item_word, p.n_words,
       CAST(substr(CAST(CASE WHEN p.turn IS NULL THEN c.text ELSE t.content END AS BLOB),
                   p.start + 1, p.end - p.start) AS TEXT) AS text
  FROM contamination_span p
  JOIN evaluation e ON e.evaluation_id = p.evaluation_id
  JOIN sample s ON s.sample_id = p.sample_id
  LEFT JOIN turn t ON t.sample_id = p.sample_id AND t.turn = p.turn
  LEFT JOIN context c ON c.context_id = s.context_id;
