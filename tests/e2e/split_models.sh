# A model split into parts gives the scores of the whole file, bit for bit.
python3 -B "$SOURCE/tests/support/split_gguf.py" "$DATA/tiny-qwen2.gguf" 3 tiny
python3 -B "$SOURCE/tests/support/split_gguf.py" "$DATA/tiny-llama.gguf" 2 other
ls ./*.gguf
CURATE_CPU=ref "$CURATE" model info --threads 1 "$DATA/tiny-qwen2.gguf" > whole.txt
CURATE_CPU=ref "$CURATE" model info --threads 1 tiny-00001-of-00003.gguf | cmp - whole.txt
printf 'the cat sat on the mat' | "$CURATE" model tokenize "$DATA/tiny-qwen2.gguf" > ids.txt
printf 'the cat sat on the mat' | "$CURATE" model tokenize tiny-00001-of-00003.gguf | cmp - ids.txt
"$CURATE" model nll "$DATA/tiny-qwen2.gguf" < ids.txt > whole.txt
"$CURATE" model nll tiny-00001-of-00003.gguf < ids.txt | cmp - whole.txt

for i in 1 2 3 4; do
    echo "{\"instruction\":\"who sat $i?\",\"output\":\"the cat sat on mat $i\"}"
done > corpus.jsonl
scores() {
    "$CURATE" ingest --quiet --db "$1.db" corpus.jsonl
    "$CURATE" score nll lds ifd --quiet --db "$1.db" --model "$2"
    sqlite3 "$1.db" "SELECT m.name, t.params, k.sample_id, printf('%!.17g', k.value), k.status
        FROM score k JOIN score_set t USING (score_set_id) JOIN metric m USING (metric_id)
        ORDER BY 1, 2, 3" > "$1.scores"
}
scores whole "$DATA/tiny-qwen2.gguf"
scores parts tiny-00001-of-00003.gguf
wc -l < parts.scores
cmp parts.scores whole.scores && echo same scores

echo 'the digest is that of the digests of the parts'
cat tiny-0*.gguf | wc -c > bytes.txt
sqlite3 parts.db "SELECT name || ' ' || path, size_bytes = $(cat bytes.txt), lower(hex(sha256)) FROM model
    WHERE path <> ''" > model.txt
cut -d'|' -f1,2 model.txt
sha256sum tiny-0*.gguf | cut -c1-64 | tr -d '\n' | python3 -c \
    'import hashlib, sys; print(hashlib.sha256(bytes.fromhex(sys.stdin.read())).hexdigest())' > digest.txt
cut -d'|' -f3 model.txt | cmp - digest.txt

try() {
    local status=0
    "$CURATE" "$@" || status=$?
    echo "status $status"
}
echo 'nothing is computed again; a part that is replaced by an equal file keeps the digest'
try score nll --db parts.db --model tiny-00001-of-00003.gguf
cp tiny-00002-of-00003.gguf copy && mv copy tiny-00002-of-00003.gguf
try score nll --db parts.db --model tiny-00001-of-00003.gguf
echo 'a part that was changed is another model'
python3 - <<'END'
data = bytearray(open("tiny-00003-of-00003.gguf", "rb").read())
data[-40] ^= 1
open("tiny-00003-of-00003.gguf", "wb").write(data)
END
try score nll --dry-run --db parts.db --model tiny-00001-of-00003.gguf

echo 'errors'
try model info tiny-00002-of-00003.gguf
try model info none-00001-of-00003.gguf
mv tiny-00002-of-00003.gguf away
try model info tiny-00001-of-00003.gguf
try score nll --db parts.db --model tiny-00001-of-00003.gguf
cp other-00002-of-00002.gguf tiny-00002-of-00003.gguf
try model info tiny-00001-of-00003.gguf
cp away tiny-00003-of-00003.gguf
cp away tiny-00002-of-00003.gguf
try model info tiny-00001-of-00003.gguf
cp "$DATA/tiny-qwen2.gguf" tiny-00002-of-00003.gguf
try model info tiny-00001-of-00003.gguf
head -c 100 away > tiny-00002-of-00003.gguf
try model info tiny-00001-of-00003.gguf
cp tiny-00001-of-00003.gguf one.gguf
try model info one.gguf
rm tiny-0*
python3 -B "$SOURCE/tests/support/split_gguf.py" "$DATA/tiny-qwen2.gguf" 3 tiny
python3 - <<'END'
import struct
data = open("tiny-00001-of-00003.gguf", "rb").read()
at = data.index(b"split.tensors.count") + 23
open("tiny-00001-of-00003.gguf", "wb").write(data[:at] + struct.pack("<i", 30) + data[at + 4:])
END
try model info tiny-00001-of-00003.gguf
