# Folders that save_to_disk of Python's datasets wrote: files, order and splits come from their JSON
# files, which are no corpora.
cp -r "$DATA/arrow/talk" .
quietly() { "$CURATE" -q "$@" || echo "status $?"; }

echo "* the same samples as JSONL and as a file of polars"
for given in talk/talk.jsonl talk/talk.arrow talk/saved; do
    "$CURATE" ingest "$given" 2>&1 | sed 's/ bytes=.*//'
done

echo "* files in the order of state.json, each with its split"
python3 - <<'END'
import json
path = "talk/saved/train/state.json"
state = json.load(open(path))
state["_data_files"].reverse()
json.dump(state, open(path, "w"))
END
"$CURATE" --db s.db -q ingest talk/saved
sqlite3 s.db "SELECT path, split FROM file ORDER BY file_id;
    SELECT split_name, count(*), min(instruction) FROM v_sample GROUP BY 1"

echo "* one split, and one dataset"
quietly ingest --db test.db --split test talk/saved
quietly ingest --db test.db --split dev talk/saved
quietly ingest --db test.db --config en talk/saved
sqlite3 test.db "SELECT split_name, count(*) FROM v_sample GROUP BY 1"
quietly ingest --db train.db talk/saved/train
sqlite3 train.db "SELECT split_name, count(*) FROM v_sample GROUP BY 1"

echo "* datasets beside other corpora, and caches of Python"
cp talk/saved/test/data-00000-of-00001.arrow talk/saved/train/cache-1f2e3d.arrow
"$CURATE" ingest --db all.db talk 2>&1 | sed 's/ bytes=.*//'

echo "* what cannot be read"
python3 - <<'END'
import json
path = "talk/saved/test/state.json"
state = json.load(open(path))
state["_indices_data_files"] = [{"filename": "indices.arrow"}]
json.dump(state, open(path, "w"))
END
quietly ingest --db no.db talk/saved
rm talk/saved/test/state.json
quietly ingest --db no.db talk/saved
rm talk/saved/dataset_dict.json talk/saved/train/data-00001-of-00002.arrow
quietly ingest --db no.db talk/saved
