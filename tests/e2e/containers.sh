# What is no corpus is named by its first bytes, before any record is rejected.
printf '{"prompt": "Once", "completion": " upon"}\n' > good.jsonl
printf 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 132\n' > pointer.jsonl
printf '\n<!DOCTYPE html>\n<html><body>404</body></html>\n' > page.json
printf '\200\004\225\020\0\0\0' > objects.jsonl
printf "{'prompt': 'Once', 'completion': None}\n" > repr.jsonl
printf 'FEA1\0\0\0\0' > table.jsonl
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

# CSV and TSV: rows are records of the ordinary shapes; ragged rows and bad quotes are rejects.
printf '\357\273\277instruction,input,output,source\r\n"Say ""hi"",\r\nplease.",,Hi!,web\r\nAdd.,"1, 2",3,book\r\nshort,row\r\n"never closed,a,b,c\r\n' > table.csv
printf 'question\tanswer\nWho, you?\tI, me.\n' > table.tsv
printf 'prompt;completion\nOnce;upon\n' > semicolons.csv
printf 'prompt|completion\nNot|json\n' > bars.data
printf 'prompt,completion\nBy,content\n' > content.jsonl
printf 'id,messages\n7,"[{""role"": ""user"", ""content"": ""Hi""}, {""role"": ""assistant"", ""content"": ""Hello""}]"\n' > nested.csv
"$CURATE" --db csv.db ingest --max-rejects 50 table.csv table.tsv semicolons.csv content.jsonl nested.csv
"$CURATE" --db csv.db -q ingest --delimiter '|' bars.data
"$CURATE" --db csv.db -q ingest --delimiter '||' bars.data || echo "status $?"
"$CURATE" --db csv.db query --json "SELECT source, line, byte_offset, instruction, response, sample.meta FROM v_sample JOIN sample USING (sample_id)"
"$CURATE" --db csv.db query --json "SELECT line, byte_offset, class, detail FROM v_rejects"
"$CURATE" --db csv.db rejects retry

# A folder of texts: a file a document. Beside records, texts are passed over.
mkdir -p notes/sub
printf '# Title\n\nA note.\n' > notes/one.md
printf 'Plain text.\n' | gzip -n > notes/sub/two.txt.gz
printf '[{"prompt": "In", "completion": "a list"}]' > notes/list.txt
: > notes/empty.txt
"$CURATE" --db notes.db ingest notes
"$CURATE" --db notes.db query --json "SELECT v.kind, v.source, instruction, response, line FROM v_sample v JOIN sample USING (sample_id)"
cp good.jsonl notes
"$CURATE" --db mixed.db ingest notes

# A zstd frame whose window is larger than 128 MiB (here 256 MiB, as of zstd --long=28) needs
# memory: a quarter of --max-memory.
{ printf '\050\265\057\375\000\220\121\001\000'; cat good.jsonl; } > window.jsonl
"$CURATE" --db window.db -q ingest --max-memory 512M window.jsonl || echo "status $?"
"$CURATE" --db window.db ingest --max-memory 1G window.jsonl

# An archive is read like a folder. Nothing is extracted, whatever its members are called.
mkdir -p packed/sub
cp good.jsonl packed
cp table.tsv packed/sub
printf '# About\n' > packed/README.md
tar -c --sort=name -f packed.tar packed
gzip -n -c packed.tar > named.json
"$CURATE" --db archive.db ingest packed.tar
"$CURATE" --db archive.db ingest named.json
"$CURATE" --db archive.db query "SELECT path, line FROM sample JOIN file USING (file_id)"
"$CURATE" --db archive.db -q ingest - < packed.tar || echo "status $?"
head -c 1600 packed.tar > cut.tar
"$CURATE" --db archive.db -q ingest cut.tar || echo "status $?"
