# The rank correlation of two metrics.
cp "$SOURCE/examples/corpus/long.jsonl" .
"$CURATE" ingest --quiet long.jsonl
few="sample_id <= 6"
"$CURATE" score gateau ppl ifd mtld --where "$few" --quiet
"$CURATE" compare nll ppl --model curate-tiny-long
"$CURATE" compare hmp gateau mtld | cut -c 1-52
"$CURATE" compare ifd ifd --json
! "$CURATE" compare nll
! "$CURATE" compare nll mtld
! "$CURATE" compare ifd lds
