# SPDX-License-Identifier: Apache-2.0
# Selections that are ordered by a formula: their order, their terms, and mistakes in formulas.
cat > a.jsonl <<'END'
{"id": "a", "instruction": "one two", "output": "three"}
{"id": "b", "instruction": "one two three", "output": "four five"}
{"id": "c", "instruction": "one two three four", "output": ""}
{"id": "d", "instruction": "one two three four five", "output": "six seven eight nine"}
{"id": "e", "instruction": "one", "output": "two three"}
END
"$CURATE" ingest -q --max-rejects 100 a.jsonl
"$CURATE" measure -q length
printf 'sample,value\na,0.5\nb,0.25\nd,1\n' > scores.csv
"$CURATE" score import -q scores.csv --key-field sample --metric mine --by us
by() { "$CURATE" select --name s --top 3 --by "$@" || echo "status $?"; }
chosen() { "$CURATE" query --csv "SELECT rank, ext_id, score FROM v_selection"; }

echo "-- terms and what they compare with"
by 'z(words) - 0.5 * rank(words_response) + ifnull(mine, 0)'
chosen
"$CURATE" query "SELECT rank, term, text, value FROM v_selection_terms"
"$CURATE" query "SELECT text, n, mean, deviation, min, max FROM selection_comparison"
"$CURATE" query "SELECT ordered_by, direction, n_samples, n_unscored FROM v_selections"
"$CURATE" show s --top 1
"$CURATE" show s --top 1 --json
by 'z(words) - 0.5 * rank(words_response) + ifnull(mine, 0)'

echo "-- samples without a number, and values that are not finite"
by 'log(mine)'
chosen
by 'log(mine - 0.5)'
chosen
by '"mine@us" * 2'
by 'minmax(mine)' --where 'words > 3'
chosen

echo "-- mistakes"
by 'log(mime)'
by 'log(mine'
by 'words + * 2'
by 'log(mine)' --order ascending
by 'log(mine)' --cohort long
by 'words + mine' --model nobody
"$CURATE" fsck -q
