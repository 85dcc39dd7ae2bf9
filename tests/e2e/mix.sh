# Skill-It: the next mixture, from losses in a file or in the database.
printf 'helps,qa,summary,code\nqa,1,.5,0\nsummary,0,1,.5\ncode,0,0,1\n' > graph.csv
printf 'skill,1\nqa,2\nsummary,3\ncode,4\n' > losses.csv
"$CURATE" mix skill-it --graph graph.csv --losses losses.csv
"$CURATE" mix skill-it --graph graph.csv
printf 'skill,1,2,3,4\nqa,9,1,.5,.5\nsummary,9,1,1,1\ncode,9,2,1,1\n' > rounds.csv
"$CURATE" mix skill-it --graph graph.csv --losses rounds.csv --window 3 --floor 0.1 --json | head -n 1

# Losses of the samples of a source, and of samples with a tag.
for source in qa summary code; do
    printf '{"instruction": "%s?", "output": "the answer of %s", "tag": "%s"}\n' "$source" "$source" "$source" > "$source.jsonl"
    "$CURATE" ingest --quiet --source "$source" "$source.jsonl"
done
"$CURATE" score nll --quiet
"$CURATE" mix skill-it --graph graph.csv --metric nll > by-source.csv
"$CURATE" mix skill-it --graph graph.csv --metric nll --by tag > by-tag.csv
cmp by-source.csv by-tag.csv
"$CURATE" query --csv "SELECT source AS skill, value AS loss FROM v_scores ORDER BY source" > measured.csv
"$CURATE" mix skill-it --graph graph.csv --losses measured.csv | cmp - by-source.csv

! "$CURATE" mix skill-it
! "$CURATE" mix skill-it --graph graph.csv --losses losses.csv --metric nll
! "$CURATE" mix skill-it --graph graph.csv --metric nll --by language
! "$CURATE" mix skill-it --graph no-such.csv
! "$CURATE" mix skill-it --graph graph.csv --floor 0.5
printf 'helps,qa\nqa,one\n' > bad.csv
! "$CURATE" mix skill-it --graph bad.csv
printf 'helps,qa\nqa,1\nqa,1\n' > bad.csv
! "$CURATE" mix skill-it --graph bad.csv
printf 'helps,qa\nqa,-1\n' > bad.csv
! "$CURATE" mix skill-it --graph bad.csv
printf 'helps,qa,maths\nqa,1\n' > bad.csv
! "$CURATE" mix skill-it --graph bad.csv
printf 'helps,qa,maths\nqa,1,0\n' > maths.csv
! "$CURATE" mix skill-it --graph maths.csv --losses losses.csv
