# Each file is a source of its own, unless --source names it.
sources() {
    "$CURATE" --db "$1" query "SELECT o.name AS source, f.path, count(s.sample_id) AS n FROM file f
        JOIN source o USING (source_id) LEFT JOIN sample s USING (file_id) GROUP BY f.file_id ORDER BY f.file_id"
}
mkdir -p a b/c x/c
echo '{"prompt": "One", "completion": "1"}' > a/train.jsonl
echo '{"prompt": "Two", "completion": "2"}' > b/train.jsonl
echo '{"prompt": "Three", "completion": "3"}' > b/c/train.jsonl
echo '{"prompt": "Four", "completion": "4"}' > x/c/train.jsonl
printf '{"prompt": "Five", "completion": "5"}\n{"odd": 1}\n' > train.jsonl

# In one run, and in later ones: the shortest end of the path that no other file has.
"$CURATE" --db a.db -q ingest a/train.jsonl b/train.jsonl
"$CURATE" --db a.db -q ingest b x
"$CURATE" --db a.db ingest --max-rejects 50 train.jsonl
sources a.db
"$CURATE" --db a.db rejects
"$CURATE" --db a.db rejects --json
# A file keeps its source, however it is spelled and in whatever order it comes.
"$CURATE" --db a.db -q ingest --max-rejects 50 x/c/train.jsonl ./b/train.jsonl a/train.jsonl train.jsonl
sources a.db
# A name by --source is for all files.
"$CURATE" --db b.db -q ingest --source mine a b
"$CURATE" --db b.db -q ingest a
sources b.db
# Standard input is one source.
"$CURATE" --db c.db -q ingest - < a/train.jsonl
"$CURATE" --db c.db -q ingest - < b/train.jsonl
sources c.db
# Databases in which several files have one source stay as they are.
"$CURATE" --db d.db -q ingest --source train.jsonl a/train.jsonl b/train.jsonl
"$CURATE" --db d.db -q ingest b/train.jsonl a/train.jsonl b/c/train.jsonl
sources d.db
# Members of archives.
(cd a && python3 -c "
import zipfile
for name in 'one', 'two':
    with zipfile.ZipFile(f'../{name}.zip', 'w') as z: z.writestr('train.jsonl', '{\"prompt\": \"%s\", \"completion\": \"z\"}' % name)")
mkdir -p deep && cp two.zip deep/one.zip
"$CURATE" --db e.db -q ingest one.zip two.zip deep/one.zip
sources e.db
# A dry run names nothing.
"$CURATE" --db f.db -q ingest --dry-run a b
test ! -e f.db
