# A disk that fills up while each command writes: status 74 and one sentence, what was committed
# stays, the database is whole, and the same command completes once there is room again. The disk
# is a tmpfs of a few MiB, in a mount namespace of its own; where that is forbidden the case is
# skipped.
if [[ -z ${FULL_DISK:-} ]]; then
    unshare --map-root-user --mount true 2> /dev/null || {
        echo 'no mount namespace here' >&2
        exit 77
    }
    FULL_DISK=1 exec unshare --map-root-user --mount bash -euo pipefail "$0"
fi
mkdir disk
mount -t tmpfs -o size=3m none disk
try() {
    local status=0
    "$CURATE" "$@" --db disk/a.db > said 2>&1 || status=$?
    if [[ $status -eq 0 ]]; then
        echo 'status 0'
    elif grep -qE ': (No space left on device|the disk is full)$' said; then
        echo "status $status: the disk is full"
    else
        cat said
    fi
}
fill() { # Leave this many KiB.
    rm -f disk/filler
    local free
    free=$(df --output=avail -k disk | tail -1)
    head -c $(((free - $1) * 1024)) /dev/zero > disk/filler
}
long=$(printf 'some more words %.0s' {1..20})
for i in $(seq 500); do
    printf '{"prompt": "Question %d?", "completion": "Number %d: %s"}\n' $i $i "$long"
done > corpus.jsonl
"$CURATE" init --quiet --db disk/a.db

echo '== ingest'
fill 300
try ingest corpus.jsonl
rm disk/filler
try ingest corpus.jsonl
"$CURATE" query --csv --db disk/a.db 'SELECT count(*) FROM sample'

echo '== score'
fill 64
try score mtld
rm disk/filler
try score mtld

echo '== select'
fill 16
try select --name best --by mtld --top 400
rm disk/filler
try select --name best --by mtld --top 400

echo '== export'
fill 100
try export best -o disk/best.jsonl
ls disk/best.jsonl* 2> /dev/null || echo 'nothing is left'
rm disk/filler
try export best -o disk/best.jsonl
wc -l < disk/best.jsonl
cp disk/best.jsonl first.jsonl

echo '== an export that replaces one'
fill 100
try export best --to alpaca -o disk/best.jsonl --force
cmp disk/best.jsonl first.jsonl
ls disk/best.jsonl*
"$CURATE" fsck --quiet --db disk/a.db
