# Run the tour of the README as it is, and its queries in the sqlite3 program. Under a sanitizer the
# program is ten to thirty times slower, so it gets only some of the long samples.
cp -r "$SOURCE/examples" .
corpus=examples/corpus/long.jsonl
n=$(wc -l < $corpus)
if grep -qE '__(asan|tsan)_init' "$CURATE"; then
    n=6
    head -n $n "$SOURCE/$corpus" > $corpus
fi
block() { # FENCE NUMBER: that block of the README with this fence
    awk -v fence="\`\`\`$1" -v number="$2" '
        $0 == fence { n++; inside = n == number; next }
        /^```/ { inside = 0 }
        inside' "$SOURCE/README.md"
}
block sh 3 | sed "s#\$PWD/build/cli#$(dirname "$CURATE")#" > tour.sh
grep -c '^curate ' tour.sh
bash -eu tour.sh > tour.txt 2> said.txt
grep -c ': ok ' said.txt
grep -c "samples=$n " said.txt
[[ $(wc -l < best.jsonl) -eq $(((3 * n + 9) / 10)) ]] # 30 %, rounded up

block sql 1 > questions.sql
grep -c '^SELECT' questions.sql
sqlite3 -bail tour.db < questions.sql > answers.txt
echo $(($(wc -l < answers.txt) - n)) # besides a line for each long sample
