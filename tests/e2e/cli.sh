# Help, version, and usage errors.
"$CURATE" version > version.txt
"$CURATE" > overview.txt
"$CURATE" help > help.txt
cmp overview.txt help.txt
grep -c 'ingest' help.txt
# Each command has one line, and the overview fits a terminal of 80 columns.
if grep -E '.{81}' help.txt; then exit 1; fi
sed -n '/^From a corpus/,/^Options of every/p' help.txt | grep -E '^  [a-z]' > lines.txt
cut -c3-18 lines.txt | sort | uniq -d
if grep -vE '^  [a-z][]A-Z[a-z -]{15} [a-z]' lines.txt; then exit 1; fi
for command in ingest score select export run query runs rejects init; do
    "$CURATE" help $command
done > commands.txt
if grep -E '.{105}' commands.txt; then exit 1; fi
"$CURATE" help score > score.txt
"$CURATE" score --help | cmp - score.txt

try() {
    local status=0
    "$CURATE" "$@" || status=$?
    echo "status $status"
}
try ingets
try model
try model polish x
try ingest
try ingest --sorce a b.jsonl
try ingest -x b.jsonl
try ingest --source
try ingest --quiet=yes b.jsonl
try score nll --alpha high
try score nll --threads 0
try score nll --lock maybe
try query "SELECT 1" "SELECT 2"
try ingest no-such-file.jsonl
try query "SELECT 1"
try run no-such.yaml
ls
