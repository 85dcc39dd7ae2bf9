# A failed case reports which of its lines printed the first difference.
mkdir -p tests/e2e
cat > tests/e2e/planted.sh << 'END'
greet() {
    echo "hello $1"
}
greet you
greet \
    me
for name in a b; do
    "$CURATE" $name 2>&1 | cut -c 1-18 || true
done
echo an error >&2
false
END
want() {
    printf '%s\n' 'hello you' 'hello me' 'curate: there is n' 'curate: there is n' 'exit 1'
}
want > tests/e2e/planted.out
echo an error > tests/e2e/planted.err
try() {
    local status=0
    bash "$SOURCE/tests/e2e/run.sh" "$CURATE" tests/e2e/planted.sh > report.txt || status=$?
    echo "status $status"
    grep '^planted' report.txt || true
}
try
for line in 1 2 3 5; do
    want | sed "${line}s/.*/else/" > tests/e2e/planted.out
    try
done
want > tests/e2e/planted.out
rm tests/e2e/planted.err
try
