# What other programs, links, modes and closed streams do to outputs, the lock and the database.
# Each attack is a row: what was done, the exit status, and what must still hold.
try() {
    local status=0
    "$CURATE" "$@" || status=$?
    echo "status $status"
}
holds() { # FILE TEXT: does the file hold this text still?
    [[ $(cat "$1") == "$2" ]] && echo "$1 untouched" || echo "$1 CHANGED"
}
whole() { # Is the database whole, and are the samples there?
    "$CURATE" fsck --quiet --db "${1:-curate.db}"
    "$CURATE" query --csv --db "${1:-curate.db}" 'SELECT count(*) FROM sample' | tail -1
}
long=$(printf 'some more words %.0s' {1..50})
for i in $(seq 300); do
    printf '{"prompt": "Question %d of many?", "completion": "Number %d: %s"}\n' $i $i "$long"
done > corpus.jsonl
printf '{"no": "shape"}\n' >> corpus.jsonl
"$CURATE" ingest --quiet --max-rejects 50 corpus.jsonl
"$CURATE" score --quiet mtld
"$CURATE" select --quiet --name best --by mtld --top 100

echo '== the database and the files beside it are no outputs'
ln -s curate.db soft.db
for name in curate.db curate.db-wal curate.db-shm curate.db-journal curate.db.lock soft.db; do
    try export best -o $name --force
    try rejects export -o $name --force
done
ln curate.db hard.db
try export best -o hard.db --force
rm hard.db
ls
whole
for name in ./curate.db "$PWD/curate.db-wal"; do
    try export best -o "$name" --force --db soft.db
done
status=0
"$CURATE" export best -o - >> curate.db || status=$?
"$CURATE" query 'SELECT 1' >> curate.db || status+=\ $?
echo "status $status"
whole

echo '== nor is a corpus that was read'
try export best -o corpus.jsonl --force
"$CURATE" export best -o - >> corpus.jsonl || echo "status $?"
wc -l < corpus.jsonl

echo '== nor is the recipe'
cat > own.yaml << 'END'
version: 1
steps:
  - export: {selection: best, output: ./own.yaml, force: true}
END
try run own.yaml
wc -l < own.yaml

echo '== a file that is replaced keeps its mode and owner'
echo old > private.jsonl
chmod 640 private.jsonl
try export best -o private.jsonl --force
stat -c %a private.jsonl
(umask 027 && try export best -o fresh.jsonl)
stat -c %a fresh.jsonl
echo old > owned.jsonl
[[ $(id -u) -ne 0 ]] || chown 12:34 owned.jsonl
owner=$(stat -c %u:%g owned.jsonl)
"$CURATE" export --quiet best -o owned.jsonl --force
[[ $(stat -c %u:%g owned.jsonl) == "$owner" ]] && echo 'the owner stays'

echo '== a manifest or temporary file of somebody else is left alone'
echo precious > a.jsonl.manifest
try export best -o a.jsonl --force
holds a.jsonl.manifest precious
echo precious > b.jsonl.curate-tmp
try export best -o b.jsonl
holds b.jsonl.curate-tmp precious
echo precious > victim
ln -s victim c.jsonl.curate-tmp
try export best -o c.jsonl
ln -s victim d.jsonl.manifest
try export best -o d.jsonl --force
mkfifo e.jsonl.manifest f.jsonl.curate-tmp
try export best -o e.jsonl
try export best -o f.jsonl
holds victim precious
ls -- *.jsonl
echo 'half of a file' > g.jsonl.curate-tmp
chmod 1600 g.jsonl.curate-tmp # as a killed process leaves it
try export best -o g.jsonl
ls g.jsonl*
stat -c %A g.jsonl | cut -c10

echo '== links are followed, also to a file that does not exist yet'
mkdir there
ln -s there/out.jsonl link.jsonl
try export best -o link.jsonl
stat -c '%F' link.jsonl there/out.jsonl
ln -s loop.jsonl loop.jsonl
try export best -o loop.jsonl

echo '== devices, pipes, full disks, file size limits'
try export best -o /dev/full
mkfifo pipe
wc -l < pipe > lines &
try export best -o pipe
wait
cat lines
"$CURATE" select --quiet --name all --by mtld --top 300
for blocks in 8 80 160; do
    bash -c "ulimit -f $blocks; exec \"\$CURATE\" export all -o big.jsonl" 2> said ||
        echo "status $?"
    cat said >&2
done
ls big.jsonl* 2> /dev/null || echo 'nothing is left'
mkdir locked
chmod 555 locked
unprivileged() { # Modes do not stop root who may override them.
    if [[ $(id -u) -eq 0 ]]; then
        setpriv --bounding-set=-dac_override,-dac_read_search --inh-caps=-all "$@"
    else
        "$@"
    fi
}
unprivileged "$CURATE" rejects export -o locked/x.jsonl || echo "status $?"
"$CURATE" export --quiet best -o /dev/stdout > redirected
wc -l < redirected
ls /dev/stdout* redirected*
whole

echo '== a database that may only be read'
mkdir reading
cp curate.db reading/
chmod 555 reading
chmod 444 reading/*
for command in "export best -o -" "score mtld" "ingest corpus.jsonl"; do
    # shellcheck disable=SC2086
    unprivileged "$CURATE" $command --db reading/curate.db || echo "status $?"
done
unprivileged "$CURATE" query --csv --db reading/curate.db 'SELECT count(*) FROM sample' | tail -1
chmod 755 reading

echo '== closed standard streams'
"$CURATE" export best -o - >&- || echo "status $?"
"$CURATE" query 'SELECT 1' >&- || echo "status $?"
"$CURATE" help >&- || echo "status $?"
"$CURATE" ingest - --db closed.db <&- || echo "status $?"
"$CURATE" export none -o none.jsonl 2>&- || echo "status $?"
grep -c '^process ' curate.db.lock

echo '== the lock file'
select_one() {
    try select --name one --by mtld --top 1 "$@"
}
rm curate.db.lock
ln -s victim curate.db.lock
select_one
holds victim precious
rm curate.db.lock
echo 'of a package manager' > curate.db.lock
select_one
holds curate.db.lock 'of a package manager'
rm curate.db.lock
ln victim curate.db.lock
select_one
holds victim precious
rm curate.db.lock
mkfifo curate.db.lock
select_one
rm curate.db.lock

echo '== one database, several names'
exec 9> curate.db.lock
flock 9
select_one --db soft.db --lock fail
exec 9>&-
ls -- *.lock
ln curate.db hard.db
select_one
select_one --db hard.db
try query --csv 'SELECT count(*) FROM sample'
rm hard.db
ln -s new.db dangling.db
try ingest --quiet --max-rejects 50 corpus.jsonl --db dangling.db
ls new.db*
try ingest corpus.jsonl --db :memory:
ls -a | grep memory || echo 'no file of that name'

echo '== another program writes to the database'
python3 - "$CURATE" << 'P'
import sqlite3, subprocess, sys, threading
curate = sys.argv[1]

def select(*options):
    done = subprocess.run([curate, 'select', '--name', 'two', '--by', 'mtld', '--top', '2',
                           *options], capture_output=True, text=True)
    print('status', done.returncode, 'skipped' if ' skipped ' in done.stderr else '')

db = sqlite3.connect('curate.db', check_same_thread=False, isolation_level=None)
db.execute('BEGIN IMMEDIATE')
select('--lock', 'fail')
select('--lock', 'skip')
select('--lock', 'wait:1')
threading.Timer(7, lambda: db.execute('ROLLBACK')).start()
select('--lock', 'wait')
P
whole

echo '== names that are not UTF-8'
odd=$'odd\xff\xfe'
cp corpus.jsonl "$odd.jsonl"
try ingest --quiet --max-rejects 50 --db names.db "$odd.jsonl" 2> /dev/null
try score --quiet mtld --db names.db
try select --quiet --name "$odd" --by mtld --top 3 --db names.db
try export --db names.db "$odd" -o "$odd.jsonl" --force 2> /dev/null
try export --json --db names.db "$odd" -o "$odd.out" > export.json
for sql in 'SELECT DISTINCT source FROM v_sample' 'SELECT name FROM selection' \
    'SELECT path FROM file' "SELECT CAST(x'61ff62' AS TEXT) AS odd"; do
    "$CURATE" query --json --db names.db "$sql" > rows.json
    python3 -c 'import json; [json.loads(row) for row in open("rows.json", encoding="utf-8")]'
    tail -1 rows.json
done
python3 - << 'P'
import json, sqlite3
print(json.loads(open('export.json', encoding='utf-8').read().splitlines()[0])['selection'])
db = sqlite3.connect('names.db')
print(*db.execute('SELECT name FROM source UNION ALL SELECT path FROM file'))
json.loads(*db.execute("SELECT options FROM run WHERE command = 'export' LIMIT 1").fetchone())
P
