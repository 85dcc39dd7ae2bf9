# The --json output of every command is as docs/json.md promises.
mkdir out
j() { # HEADING ARGUMENT...
    local heading=$1 status=0
    shift
    "$CURATE" "$@" --json >> "out/$heading" 2> notes.txt || status=$?
    [[ $status -eq 0 ]] || tail -n 1 notes.txt >&2
    return $status
}
corpus=$SOURCE/examples/corpus
tiny=$DATA/tiny-llama.gguf
pair=(--model "$tiny" --short-model "$DATA/tiny-llama-short.gguf" --segment-tokens 32)

j init init
j ingest ingest "$corpus/chat.jsonl" --max-rejects 10
j ingest ingest "$corpus/tasks.json" --dry-run
! j ingest ingest "$corpus/chat.jsonl" --source again --max-rejects 1
fill=$(printf 'the cat sat on the mat and the dog lay on the rug %.0s' {1..6})
for i in 1 2 3; do
    printf '{"length": 1, "messages": [{"role": "user", "content": "%s number %d\\n\\nwhere is the cat?"}, {"role": "assistant", "content": "on the mat"}]}\n' "$fill" $i
done > long.jsonl
j ingest ingest long.jsonl
printf '{"prompt": "a &amp; b", "completion": "c"}\n{"odd": 1}\n' > odd.jsonl
j "ingest --explain" ingest --explain odd.jsonl

j "rejects list" rejects
j "rejects show" rejects show 1
j "rejects export" rejects export -o rejected.jsonl
j "rejects retry" rejects retry --dry-run
j "rejects retry" rejects retry

long="context IS NOT NULL"
j score score nll --estimate --where "$long" --model "$tiny"
j score score gateau --where "$long" "${pair[@]}"
j score score nll ppl --dry-run --where "sample_id < 5"
j score score nll ppl --where "sample_id < 5"
j score score gateau --top 1 --cohort two --where "$long" "${pair[@]}" --alpha 0.5
j measure measure length
printf '{"question": "the cat sat on the mat and the dog lay on the rug", "answer": "no"}\n' > eval.jsonl
j decontaminate decontaminate --against eval.jsonl
j "show --contamination" show --contamination
j profile profile words
j profile profile words nll --at 5 --by source --model curate-tiny-long
printf 'sample,value\n' > scores.csv
sqlite3 curate.db "SELECT ext_id || ',0.5' FROM sample WHERE sample_id < 3" >> scores.csv
j "score import" score import scores.csv --key-field sample --metric mine
"$CURATE" score -q embedding --where "sample_id < 5"
j "dedup semantic" dedup semantic --threshold 0.5 --least 0.5
j "dedup near" dedup near
j "dedup exact" dedup exact
j "dedup list" dedup list
j "dedup show" dedup show semantic
j "cohort make" cohort make gateau --alpha 0.7
j "cohort list" cohort list
j "cohort show" cohort show gateau
j "cohort drop" cohort drop gateau@1

j split split --by train=.5,test=.5
j "split list" split list
j "split show" split show split
j select select --name best --by nll --model curate-tiny-long --top 3
j select select --name long --by gateau --top 2
printf 'policy: p\nconditions: [{fact: words, min: 1}]\n' > p.yaml
j select select --name measured --by nll --model curate-tiny-long --top 3 --policy p.yaml --any-corpus
j select select --name kept --by nll --model curate-tiny-long --top 3 --dedup semantic --clean
j "dedup drop" dedup drop semantic
j export export best --to messages -o best.jsonl --roles merge
j export export long --to jsonl -o long-best.jsonl --media marks
"$CURATE" measure -q personal
j export export best --to messages -o redacted.jsonl --redact all
j export export best --to messages -o part.jsonl --split train --allow-empty
j "split drop" split drop split
j cluster cluster --clusters 2
j "selection list" selection list
j "selection show" selection show long
j "selection diff" selection diff best long
j "selection drop" selection drop kept
cat long-best.jsonl.manifest redacted.jsonl.manifest part.jsonl.manifest > "out/export, the manifest"
j show show best
j show show long --model "$tiny"
j compare compare nll ppl --model curate-tiny-long
j runs runs
j digest digest
j digest digest --selection best
j digest digest --samples
j digest digest --export long-best.jsonl
cp curate.db broken.db
sqlite3 broken.db "UPDATE turn SET content = 'other' WHERE turn_id = 3"
j fsck fsck
! "$CURATE" fsck --db broken.db --json > fsck.txt
grep '"schema"' fsck.txt >> out/fsck
grep -v '"schema"' fsck.txt > "out/fsck, a problem"
# The cache of the Hub as Python leaves it.
commit=0123456789012345678901234567890123456789
mkdir -p hub/datasets--org--d/refs hub/datasets--org--d/snapshots/$commit
printf %s $commit > hub/datasets--org--d/refs/main
cp long.jsonl hub/datasets--org--d/snapshots/$commit/
# Facts: among the metrics, and of a selection.
j score score words mtld
echo '{"instruction": "a label?", "output": "yes", "topic": "t"}' > label.jsonl
j ingest ingest label.jsonl --label topic=topic
j select select --name few --by words --order ascending --top 1
j show show few
j select select --name summed --by "z(words) - words_response" --budget 5K --unit bytes
j show show summed
"$CURATE" export few --to jsonl -o few.jsonl -q
cat few.jsonl.manifest >> "out/export, the manifest"
"$CURATE" measure -q tokens --tokenizer "$tiny"
j export export few --to plan --pack 100000 --pack-batch 1 -o plan.jsonl
cp plan.jsonl "out/export --to plan, the file"
export HF_HUB_CACHE="$PWD/hub"
j fetch fetch --offline hf://datasets/org/d/long.jsonl
j fetch fetch --offline --dry-run hf://datasets/org/d/long.jsonl
j explain explain
j explain explain nll
j explain explain reject bad_json

printf 'version: 1\ndb: other.db\nsteps:\n  - ingest: {files: [long.jsonl]}\n' > recipe.yaml
"$CURATE" run recipe.yaml --json --quiet > run.txt
sed -n '1p' run.txt >> out/ingest
sed -n '2p' run.txt > out/run

printf 'helps,qa,code\nqa,1,.5\ncode,0,1\n' > graph.csv
j "mix skill-it" mix skill-it --graph graph.csv
echo "the cat sat on the mat" > text.txt
j "model info" model info "$tiny"
j "model tokenize" model tokenize "$tiny" < text.txt
"$CURATE" model tokenize "$tiny" < text.txt > ids.txt
j "model nll" model nll "$tiny" < ids.txt
j "model nll --text" model nll "$tiny" --text text.txt
j "bench prefill" bench prefill --model "$tiny" --tokens 8 --runs 2

"$CURATE" query --json "SELECT NULL AS a, 1 AS b, 0.5 AS c, 'x' AS d, x'0aff' AS e"
"$CURATE" help > help.txt
# A build without a metric prints another list.
python3 -B "$SOURCE/tests/e2e/json_page.py" "$SOURCE/docs/json.md" out help.txt explain:left_out
