# A build without CLD2 explains the metric that needs it, and does not compute it.
"$CURATE" ingest --quiet --max-rejects 10 "$SOURCE/examples/corpus/chat.jsonl"
! "$CURATE" score language_mismatch
! "$CURATE" score mtld language_mismatch --dry-run
! "$CURATE" measure language
"$CURATE" measure --quiet
"$CURATE" score mtld --quiet
"$CURATE" query --csv "SELECT metric, count(*) FROM v_scores GROUP BY 1"
"$CURATE" explain metric > all.txt
grep -o '^  language_mismatch\|(left out of this build)' all.txt
"$CURATE" explain language_mismatch > page.txt
grep -o 'left_out .*' page.txt
grep -c 'Source:' page.txt
"$CURATE" explain language_mismatch --json | grep -o '"left_out":"[^"]*"'
