# Parquet and Arrow files: the same data gives the same samples as JSONL, bad pages are counted, and
# what cannot be read says what to do.
cp "$DATA"/tables/{chats,tasks,questions}.* .
quietly() { "$CURATE" -q "$@" || echo "status $?"; }
# The digests of all tables but those that hold names and byte offsets of files.
content() {
    "$CURATE" --db "$1" digest --parts | grep -vE ' (file|sample),|\.db$'
    sqlite3 "$1" "SELECT line, kind, ext_id, hex(hash), system, meta, tools FROM sample ORDER BY line"
}

echo "* the same samples, in one database and apart"
for name in chats tasks; do
    "$CURATE" ingest --source s --db $name.db $name.jsonl 2>&1 | sed 's/ bytes=.*//'
    for kind in parquet arrow; do
        quietly ingest --source s --db $name-$kind.db $name.$kind
        "$CURATE" ingest --source s --db $name-$kind.db $name.jsonl 2>&1 | grep -o 'read=.*dup_meta=[0-9]*'
        "$CURATE" ingest --source s --db $name.db $name.$kind 2>&1 | sed 's/ bytes=.*//'
        rm $name-$kind.db
        quietly ingest --source s --db $name-$kind.db $name.$kind
    done
    rm $name.db
    quietly ingest --source s --db $name.db $name.jsonl
    for kind in parquet arrow; do
        content $name-$kind.db | diff <(content $name.db) - && echo "$name-$kind: equal"
    done
done
sqlite3 tasks-parquet.db "SELECT line, count(DISTINCT byte_offset) FROM sample WHERE line IN (1, 21, 41)
    GROUP BY 1; SELECT count(DISTINCT byte_offset) FROM sample"

echo "* one thread and many"
for threads in 1 2 4; do
    quietly -t $threads ingest --db t$threads.db questions.parquet questions.arrow
    "$CURATE" --db t$threads.db digest | cut -d ' ' -f 1
done | uniq -c

echo "* a folder"
mkdir folder
cp chats.parquet tasks.arrow folder
cp tasks.jsonl folder/README.md
"$CURATE" ingest --db f.db folder 2>&1 | sed 's/ bytes=.*//'

echo "* columns"
"$CURATE" ingest --explain --columns instruction,output tasks.parquet 2>&1 | head -4
"$CURATE" ingest --explain --columns output --columns instruction tasks.arrow 2>&1 | head -4
quietly ingest --columns instruction --columns text tasks.parquet
quietly ingest --columns text tasks.arrow
quietly ingest --columns instruction tasks.jsonl
quietly ingest --columns instruction,,output tasks.parquet

echo "* images are passed over, which is said once"
cp "$DATA/parquet/image-pyarrow-v1.parquet" image-1.parquet
cp image-1.parquet image-2.parquet
"$CURATE" ingest --db i.db image-1.parquet image-2.parquet 2>&1 | sed 's/ bytes=.*//'

echo "* a page that cannot be read"
python3 - <<'END'
from pathlib import Path
for name, at in [("chats.parquet", 4000), ("chats.arrow", 5700)]:
    data = bytearray(Path(name).read_bytes())
    data[at:at + 40] = bytes(40)
    Path("bad-" + name).write_bytes(data)
END
for kind in parquet arrow; do
    db=bad-$kind.db
    "$CURATE" ingest --db $db --max-rejects 50 bad-chats.$kind 2>&1 | sed 's/ bytes=.*//'
    "$CURATE" --db $db rejects show 1 | sed '/^detail/s/: zstd: .*/: zstd: .../'
    "$CURATE" --db $db rejects retry
    "$CURATE" --db $db rejects export -o -
    quietly --db $db rejects retry --class bad_page
    quietly --db $db fsck
    sqlite3 $db "SELECT run_id, command, read, inserted, rejected FROM v_runs WHERE command = 'ingest';
        SELECT class, action, n FROM v_run_defects"
    echo "* once more, and the whole file"
    "$CURATE" ingest --db $db --max-rejects 50 bad-chats.$kind 2>&1 | grep -o 'read=.*dup_meta=[0-9]*'
    sqlite3 $db "SELECT count(*), sum(n_rows) FROM reject"
    cp chats.$kind bad-chats.$kind
    "$CURATE" ingest --db $db bad-chats.$kind 2>&1 | sed 's/ bytes=.*//'
    sqlite3 $db "SELECT count(*) FROM reject"
    quietly --db $db fsck
done

echo "* what is not read"
gzip -nk tasks.parquet
tar cf tasks.tar tasks.arrow
head -c 2000 tasks.parquet > short.parquet
quietly ingest - < tasks.parquet
quietly ingest tasks.parquet.gz
quietly ingest tasks.tar
quietly ingest --records data tasks.parquet
quietly ingest --delimiter ';' tasks.arrow
quietly ingest short.parquet
