-- The arithmetic of a model's scores belongs to their set: numbers of kernels that round (int8,
-- bf16) and of those that do not (float) differ in the third decimal.
--
-- What is known of earlier scores is the kernel family of the run that stored each of them. A
-- model's sets get the families of all its scores: 'float' if no family rounds anything; else the
-- families, as 'avx512vnni' or 'float,avx512vnni'. What a family rounds depends on the types of
-- the weights. So 'curate score' replaces such a name, once it has the model open, by what these
-- families do with it, if that is one arithmetic; if not, it computes the scores anew.
--
-- The program fills in params_hash after this (store/migrate.c).
WITH known AS (
  SELECT t.model_id,
         max(r.kernels IN ('ref', 'avx2', 'avx512')) AS is_float,
         max(r.kernels = 'avx512vnni') AS is_vnni,
         max(r.kernels = 'avx512bf16') AS is_bf16,
         max(coalesce(r.kernels, '') NOT IN
             ('ref', 'avx2', 'avx512', 'avx512vnni', 'avx512bf16')) AS is_unknown
    FROM score k
    JOIN score_set t ON t.score_set_id = k.score_set_id
    JOIN run r ON r.run_id = k.run_id
   GROUP BY t.model_id)
UPDATE score_set
   SET params = '{"arithmetic":"' || coalesce((
         SELECT ltrim(iif(is_float, ',float', '') || iif(is_vnni, ',avx512vnni', '') ||
                      iif(is_bf16, ',avx512bf16', '') || iif(is_unknown, ',unknown', ''), ',')
           FROM known WHERE known.model_id = score_set.model_id), 'unknown') ||
         '",' || substr(params, 2)
 WHERE json_extract(params, '$.max_tokens') IS NOT NULL; -- which all sets of a model have

-- Promised columns stay; kernels: the kernel family of the run, NULL where no model ran.
DROP VIEW v_runs;
CREATE VIEW v_runs AS
SELECT run_id, command,
       strftime('%Y-%m-%dT%H:%M:%SZ', started_at_ms / 1000, 'unixepoch') AS started_at,
       strftime('%Y-%m-%dT%H:%M:%SZ', finished_at_ms / 1000, 'unixepoch') AS finished_at,
       status, n_read AS read, n_inserted AS inserted, n_duplicate AS duplicate,
       n_rejected AS rejected, n_scored AS scored, kernels
  FROM run;
