# The tour of the README as it stands there, and its questions in the plain sqlite3 program.
cp -r "$SOURCE/examples" .
block() { # FENCE NUMBER: that block of the README with this fence
    awk -v fence="\`\`\`$1" -v number="$2" '
        $0 == fence { n++; inside = n == number; next }
        /^```/ { inside = 0 }
        inside' "$SOURCE/README.md"
}
block sh 2 | sed "s#\$PWD/build/cli#$(dirname "$CURATE")#" > tour.sh
grep -c '^curate ' tour.sh
bash -eu tour.sh > tour.txt 2> said.txt
grep -c ': ok ' said.txt
wc -l < best.jsonl

block sql 1 > questions.sql
grep -c '^SELECT' questions.sql
sqlite3 -bail tour.db < questions.sql | wc -l
