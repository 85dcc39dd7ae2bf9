-- 0014: the time of a file's last change, which no program can restore. A file that was written
-- over in place, with its old size and mtime, is another file. 0 in rows from before: unknown, so
-- a model is read once more, and a corpus from its beginning.
ALTER TABLE model ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0;
ALTER TABLE ingest_position ADD COLUMN ctime_ns INTEGER NOT NULL DEFAULT 0;

-- A cohort whose members had the same inputs compared nothing: their scores are missing.
UPDATE cohort_score
   SET hmp = NULL, gateau = NULL,
       status = (SELECT CASE WHEN h.n = 1 THEN 'cohort_of_one' ELSE 'all_equal' END
                   FROM cohort h WHERE h.cohort_id = cohort_score.cohort_id)
 WHERE hmp IS NOT NULL
   AND cohort_id IN (SELECT cohort_id FROM cohort WHERE nll_short_min = nll_short_max
                        AND nll_long_min = nll_long_max);
UPDATE cohort SET n = 0, n_imputed = 0
 WHERE nll_short_min = nll_short_max AND nll_long_min = nll_long_max;
