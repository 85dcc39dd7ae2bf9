# A folder that is a dataset repository is read by its configs and splits.
sample() { printf '{"instruction":"%s?","output":"%s."}\n' "$1" "$1"; }
files() {
    sqlite3 -separator ' ' "$1" "SELECT path, ifnull(config, '-'), ifnull(split, '-'),
        (SELECT count(*) FROM sample s WHERE s.file_id = f.file_id) FROM file f ORDER BY path"
}
ingest() { "$CURATE" ingest --db "$@" || echo "exit $?"; }

echo "* A README.md with configs"
mkdir -p chat/en chat/de chat/extra
cat > chat/README.md <<'END'
---
license: mit
configs:
- config_name: en
  default: true
  data_files:
  - split: train
    path: en/train*.jsonl
  - split: test
    path:
    - en/test.jsonl
- config_name: de
  data_dir: de
- config_name: both
  data_files: "*/train.jsonl"
---
# Chats
END
sample one > chat/en/train.jsonl
sample two > chat/en/train-2.jsonl
sample three > chat/en/test.jsonl
sample four > chat/de/train.jsonl
sample five > chat/de/dev.jsonl
sample six > chat/extra/more.jsonl
ingest chat.db chat
files chat.db
"$CURATE" query --db chat.db "SELECT instruction, config_name, split_name FROM v_sample WHERE split_name <> 'train' ORDER BY 1"

echo "* One split of one config, and then another config"
ingest part.db chat --config en --split test
ingest part.db --config both chat
files part.db

echo "* What there is not"
ingest none.db chat --config fr
ingest none.db chat --split validatio
ingest none.db chat --config de --split test

echo "* A config that was renamed changes the names of the files that are stored"
sed -i 's/config_name: en/config_name: english/' chat/README.md
ingest chat.db chat --config english
files chat.db

echo "* Shards in data/"
mkdir -p shards/data shards/raw
sample a > shards/data/train_sft-00000-of-00002.jsonl
sample b > shards/data/train_sft-00001-of-00002.jsonl
sample c > shards/data/test_sft-00000-of-00001.jsonl
sample d > shards/raw/all.jsonl
echo "Notes." > shards/README.md
ingest shards.db shards --split train_sft
ingest shards.db shards
files shards.db

echo "* A folder that is no repository keeps all files"
mkdir -p plain/dev
sample a > plain/a.jsonl
sample b > plain/my-train.jsonl
sample c > plain/dev/c.jsonl
ingest plain.db plain
files plain.db
ingest plain2.db plain --split validation
files plain2.db
ingest plain3.db plain --split validation --allow-empty --config x

echo "* Files that are named one by one"
mkdir -p test
sample x > test/x.jsonl
ingest named.db test/x.jsonl shards/data/train_sft-00000-of-00002.jsonl plain/my-train.jsonl
files named.db
ingest named2.db --split train plain/*.jsonl
files named2.db
ingest named3.db --split test plain/*.jsonl

echo "* The old meaning of --split"
ingest old.db --split none plain/a.jsonl
ingest old2.db --split none --context-split none plain/a.jsonl
cat > old.yaml <<'END'
version: 1
db: old3.db
steps:
  - ingest:
      files: [plain]
      split: last-paragraph
END
"$CURATE" run old.yaml 2>&1 | grep context-split

echo "* A card that cannot be read"
mkdir bad
sample a > bad/a.jsonl
printf -- '---\nconfigs:\n- config_name: [a\n---\n' > bad/README.md
ingest bad.db bad
printf -- '---\ntitle: [a\n---\n' > bad/README.md
ingest bad.db bad
