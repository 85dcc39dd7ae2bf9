# A sample, a file name and a reject with terminal controls. On a terminal every command escapes them,
# in every format; in a pipe the bytes are unchanged.
command -v script > /dev/null || { echo "no script(1) here: skipped" >&2; exit 77; }
odd='\u001b[31mred\u009b0m\u202etxt'
printf '{"prompt": "%s", "completion": "x"}\n{"broken \033]0;t\007\n' "$odd" > odd.jsonl
"$CURATE" ingest --quiet --max-rejects 60 odd.jsonl 2> /dev/null
"$CURATE" score nll --quiet
"$CURATE" select --quiet --name best --by nll --top 1
on_terminal() {
    local command
    printf -v command '%q ' "$CURATE" "$@"
    (SHELL=$BASH script -qec "$command" /dev/null || true) | tr -d '\r' | cat -v
}
for format in --table --csv --json; do
    on_terminal query $format "SELECT instruction FROM v_sample"
done
on_terminal export best --quiet --to alpaca --output -
on_terminal rejects export --quiet --output -
on_terminal query $'SELECT 1 AS "a\033b"'
on_terminal score nll --db $'no\033[2J\nsuch.db'
on_terminal select --name $'a\xc2\x9bb' --by nll --top 1 --db curate.db
cp curate.db $'odd\033[2J.db'
"$CURATE" init --db $'odd\033[2J.db' 2>&1 | cat -v
on_terminal ingest --quiet $'no\xe2\x80\xaefile.jsonl'

"$CURATE" query --csv "SELECT instruction FROM v_sample" | tail -n 1 | od -An -c
"$CURATE" rejects export --quiet --output - | tail -c 7 | od -An -c
"$CURATE" ingest --max-rejects 60 odd.jsonl --source $'two\nlines' 2>&1 | grep -c .
