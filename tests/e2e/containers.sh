# What is no corpus is named by its first bytes, before any record is rejected.
printf '{"prompt": "Once", "completion": " upon"}\n' > good.jsonl
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 132\n' > pointer.jsonl
printf '\n<!DOCTYPE html>\n<html><body>404</body></html>\n' > page.json
printf '\200\004\225\020\0\0\0' > objects.jsonl
printf "{'prompt': 'Once', 'completion': None}\n" > repr.jsonl
printf 'PAR1\025\004\025\0' > table.jsonl
printf 'GGUF\003\0\0\0' | gzip -n > model.jsonl.gz

for file in pointer.jsonl page.json objects.jsonl repr.jsonl table.jsonl model.jsonl.gz; do
    status=0
    "$CURATE" -q ingest good.jsonl $file || status=$?
    echo "$file: status $status"
done
"$CURATE" -q ingest - < page.json || echo "standard input: status $?"
"$CURATE" query "SELECT (SELECT count(*) FROM v_sample), (SELECT count(*) FROM v_rejects)"

# xz and bzip2, also of several streams: recognised by their bytes, not by their names.
cat > two.jsonl <<'END'
{"prompt": "One", "completion": " two"}
{"prompt": "Three", "completion": " four"}
END
{ xz -c good.jsonl; xz -c two.jsonl; } > packed.jsonl
mkdir folder
{ bzip2 -c good.jsonl; bzip2 -c two.jsonl; } > folder/packed.json.bz2
cp packed.jsonl folder/other.ndjson.xz
"$CURATE" --db packed.db ingest packed.jsonl folder
head -c 150 packed.jsonl > cut.jsonl
"$CURATE" --db packed.db -q ingest cut.jsonl || echo "status $?"
"$CURATE" --db packed.db query "SELECT source, instruction, response FROM v_sample"
