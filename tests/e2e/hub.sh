# From nothing to an export with one recipe whose source and models are URLs of a Hub; errors; and
# secrets, which appear nowhere. The Hub is on this machine (tests/support/hub_folder.py).
mkdir -p hub/datasets/books/long/data hub/datasets/books/judge hub/models/books/tiny-GGUF hub/models/books/short-GGUF
mkdir -p hub/plain hub/models/books/gated hub/models/books/two-GGUF hub/models/books/torch
head -12 "$SOURCE/examples/corpus/long.jsonl" > long.jsonl
head -5 long.jsonl > hub/datasets/books/long/data/train-00000-of-00002.jsonl
sed -n 6,9p long.jsonl | gzip -n > hub/datasets/books/long/data/train-00001-of-00002.jsonl.gz
tail -3 long.jsonl > hub/datasets/books/long/data/test-00000-of-00001.jsonl
printf -- '---\nlicense: mit\n---\n# Books\n' > hub/datasets/books/long/README.md
echo hidden > hub/datasets/books/long/.gitattributes
python3 - > hub/datasets/books/judge/scores.csv <<'END'
import json
print("ext_id,value")
for i, line in enumerate(open("long.jsonl")):
    print(json.loads(line)["id"], i / 4, sep=",")
END
cp "$DATA/tiny-llama.gguf" hub/models/books/tiny-GGUF/tiny.gguf
python3 -B "$SOURCE/tests/support/split_gguf.py" "$DATA/tiny-llama-short.gguf" 2 hub/models/books/short-GGUF/short
cp "$DATA/tiny-llama.gguf" hub/models/books/gated/
cp "$DATA/tiny-llama.gguf" hub/models/books/two-GGUF/q4.gguf
cp "$DATA/tiny-llama.gguf" hub/models/books/two-GGUF/q8.gguf
echo x > hub/models/books/torch/model.safetensors
head -2 long.jsonl > hub/plain/talks.jsonl
cp hub/datasets/books/judge/scores.csv "$DATA/tiny-llama.gguf" hub/plain

python3 -B "$SOURCE/tests/support/hub_folder.py" hub --ports ports > /dev/null &
server=$!
trap 'kill $server 2> /dev/null || true' EXIT
for ((i = 0; i < 900; i++)); do [ -e ports ] && break; sleep 0.1; done
read -r port cdn_port < ports
plain=http://localhost:$cdn_port/plain # another server
export HF_ENDPOINT=http://127.0.0.1:$port HF_TOKEN=hf_verysecrettoken

log() { # the requests so far: how many at the Hub and at the CDN, and where the token was seen
    python3 - "$port" <<'END'
import json, sys, urllib.request
log = json.load(urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/__log"))
log = [entry for entry in log if not entry["path"].startswith("/__")]
hub = [entry for entry in log if entry["port"] == int(sys.argv[1])]
cdn = [entry for entry in log if entry["port"] != int(sys.argv[1])]
print("requests of files at the CDN:", len([e for e in cdn if e["method"] == "GET"]))
print("the Hub saw the token:", all(e["auth"] == "Bearer hf_verysecrettoken" for e in hub))
print("the CDN saw the token:", any(e["auth"] for e in cdn))
END
}
try() {
    local status=0
    "$CURATE" "$@" 2> errors.txt || status=$?
    sed -E "s/:($port|$cdn_port)/:PORT/g" errors.txt >&2
    cat errors.txt >> all-errors.txt
    echo "status $status"
}

echo 'what would be fetched'
"$CURATE" fetch --dry-run hf://datasets/books/long
"$CURATE" ingest --explain hf://datasets/books/long/data/test-00000-of-00001.jsonl | head -3
"$CURATE" ingest --dry-run --db none.db 'hf://datasets/books/long/data/train-*'
ls none.db 2> /dev/null || true

echo 'a recipe'
cat > hub.yaml <<'END'
version: 1
db: hub.db
steps:
  - ingest: {files: ["hf://datasets/books/long"]}
  - score: {metrics: [gateau], segment-tokens: 16, model: hf://books/tiny-GGUF/tiny.gguf, short-model: hf://books/short-GGUF}
  - score import: {file: "hf://datasets/books/judge@main/scores.csv", metric: judge}
  - select: {name: best, by: gateau, top: 5}
  - export: {selection: best, to: messages, output: best.jsonl}
END
"$CURATE" run hub.yaml
log
sqlite3 hub.db "SELECT o.name, f.config, f.split, f.path FROM file f JOIN source o USING (source_id);
    SELECT name, path FROM model WHERE path <> ''; SELECT options FROM run WHERE command = 'ingest'"
"$CURATE" query --db hub.db "SELECT source, split_name, count(*) AS n FROM v_sample GROUP BY 1, 2"

echo 'the same from files of this machine'
cat > local.yaml <<'END'
version: 1
db: local.db
steps:
  - ingest: {files: [long.jsonl]}
  - score: {metrics: [gateau], segment-tokens: 16, model: hub/models/books/tiny-GGUF/tiny.gguf, short-model: hub/models/books/short-GGUF/short-00001-of-00002.gguf}
  - select: {name: best, by: gateau, top: 5}
  - export: {selection: best, to: messages, output: local.jsonl}
END
"$CURATE" run --quiet local.yaml
cmp best.jsonl local.jsonl && wc -l < best.jsonl

echo 'again: nothing is received, nothing is computed'
"$CURATE" run hub.yaml 2> again.txt
grep -E '^curate (ingest|score|export)' again.txt
log

echo 'another commit is another file'
tail -3 long.jsonl | tac > hub/datasets/books/long/data/test-00000-of-00001.jsonl
"$CURATE" ingest --db hub.db --split test hf://datasets/books/long 2>&1 | tail -1
"$CURATE" query --db hub.db "SELECT count(*) AS files, count(DISTINCT source_id) AS sources FROM file WHERE path LIKE 'hf://datasets/books/long@%'"

echo 'models'
CURATE_CPU=ref "$CURATE" model info hf://books/short-GGUF | head -2
printf 'the cat sat' | "$CURATE" model tokenize hf://books/tiny-GGUF/tiny.gguf
"$CURATE" score nll --db hub.db --dry-run --model "$HF_ENDPOINT/books/tiny-GGUF/blob/main/tiny.gguf" 2>&1 | tail -1
"$CURATE" show best --top 1 --db hub.db --model hf://books/tiny-GGUF | grep -c 'helps_most'

echo 'evaluations'
"$CURATE" decontaminate --db hub.db --split test --against hf://datasets/books/long
"$CURATE" decontaminate --db hub.db --quiet --name file --against hf://datasets/books/long/data/test-00000-of-00001.jsonl
"$CURATE" decontaminate --db hub.db --quiet --against "$plain/talks.jsonl?sig=signedsecret"
"$CURATE" decontaminate --db hub.db --against "http://user:signedsecret@localhost:$cdn_port/plain/talks.jsonl" --ngram 5 2> name.txt || echo "status $?"
sed "s/:$cdn_port/:PORT/g" name.txt >&2
"$CURATE" decontaminate --emit pack hub.pack --split test --against hf://datasets/books/long
"$CURATE" query --db hub.db "SELECT evaluation, n_items, n_hit_items, n_searched, n_flagged FROM v_evaluations"
sqlite3 hub.db "SELECT count(DISTINCT digest) FROM evaluation WHERE name IN ('long', 'file')"
sqlite3 hub.db "SELECT path FROM evaluation; SELECT options FROM run WHERE command = 'decontaminate'" | sed "s/:$cdn_port/:PORT/g"
try decontaminate --db hub.db --against hf://datasets/books/none
try decontaminate --db hub.db --split dev --against hf://datasets/books/long
try decontaminate --db hub.db --against hf://books/tiny-GGUF

echo 'copies in a folder'
"$CURATE" fetch --dry-run --quiet --split test hf://datasets/books/long
"$CURATE" fetch --output copies hf://books/short-GGUF 'hf://datasets/books/long/**/*.jsonl'
find copies -type f | sort

echo 'files of another server'
"$CURATE" ingest --db plain.db --quiet "$plain/talks.jsonl?sig=signedsecret#part"
"$CURATE" score ifd --db plain.db --quiet --model "http://user:signedsecret@localhost:$cdn_port/plain/tiny-llama.gguf"
"$CURATE" score import --db plain.db --quiet --metric judge --max-rejects 100 "$plain/scores.csv?sig=signedsecret"
sqlite3 plain.db "SELECT o.name, f.path FROM file f JOIN source o USING (source_id);
    SELECT name, path FROM model WHERE path LIKE 'http%'; SELECT options FROM run" | sed "s/:$cdn_port/:PORT/g"
"$CURATE" fetch --quiet --sha256 "$(sha256sum < long.jsonl | cut -c1-64)" "$plain/talks.jsonl" > wrong.txt 2>&1 || echo "status $?"
grep -c 'expected' wrong.txt
"$CURATE" ingest --db plain.db --quiet "file://$PWD/hub/plain/talks.jsonl" --source file
try fetch --quiet "$plain/none.jsonl?sig=signedsecret"
try fetch --quiet "$plain/talks.jsonl?sig=verysecret"
try fetch http://example.org/x.jsonl

echo 'errors'
try fetch hf://books/none/x.gguf
try fetch hf://books/tiny-GGUF/none.gguf
try fetch hf://books/tiny-GGUF@v9/tiny.gguf
try fetch 'hf://books/tiny-GGUF/*.bin'
try fetch hf://books/gated/tiny-llama.gguf
HF_TOKEN= try fetch hf://books/gated/tiny-llama.gguf
HF_TOKEN=granted try fetch hf://books/gated/tiny-llama.gguf
try fetch hf://tiny-GGUF
try fetch tiny.gguf
try fetch s3://books/long
try fetch ftp://books/long
try fetch --sha256 12 https://127.0.0.1/x
try fetch --quiet --sha256 "$(sha256sum < long.jsonl | cut -c1-64)" hf://books/tiny-GGUF
try fetch --sha256 "$(sha256sum < long.jsonl | cut -c1-64)" https://127.0.0.1/x https://127.0.0.1/y
try model info hf://books/two-GGUF
try model info hf://books/torch
try model info hf://datasets/books/long
try ingest --db e.db hf://books/tiny-GGUF
try ingest --db e.db --split dev hf://datasets/books/long
try score import --db hub.db --metric other 'hf://datasets/books/judge/*'
sed 's,hf://books/short-GGUF,hf://short-GGUF,' hub.yaml > wrong.yaml
try run --db e2.db wrong.yaml
ls e2.db 2> /dev/null || true
HF_ENDPOINT=ftp://x try fetch hf://books/tiny-GGUF/tiny.gguf

echo 'offline'
try ingest --quiet --db partial.db --offline hf://datasets/books/long
"$CURATE" fetch --quiet hf://datasets/books/long > /dev/null
kill $server
rm best.jsonl
"$CURATE" run --offline --db offline.db hub.yaml 2>&1 | tail -1
cmp best.jsonl local.jsonl
HF_HUB_OFFLINE=1 "$CURATE" fetch hf://books/tiny-GGUF
"$CURATE" decontaminate --offline --db offline.db --split test --against hf://datasets/books/long 2>&1 | tail -1
try decontaminate --offline --db offline.db --against hf://datasets/books/other
try fetch --offline hf://books/two-GGUF/q5.gguf
try fetch --offline hf://datasets/books/other

echo 'secrets'
if grep -rlE 'verysecret|signedsecret' .cache copies ./*.db* ./*.txt ./*.jsonl ./*.pack; then exit 1; fi
echo none
