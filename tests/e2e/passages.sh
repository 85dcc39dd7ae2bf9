# A long passage is parted from the question about it, in the instruction or the first user message of
# every shape; --context-split turns it off, and what is exported is the same sample again.
python3 - > long.jsonl <<'END'
import json

PASSAGE = "The tin mine lay in the hills. " * 70


def write(**record):
    print(json.dumps(record))


write(instruction="Below is a part of a book.\n" + PASSAGE + "\nIt ends here. Where lay the mine?", output="a")
write(instruction="Where lay the mine?\n\n" + PASSAGE, output="b")
write(messages=[{"role": "user", "content": PASSAGE + "\n\nWhere lay the mine?"}, {"role": "assistant", "content": "c"}])
write(conversations=[{"from": "human", "value": "Summarise:\n\n" + PASSAGE}, {"from": "gpt", "value": "d"}])
write(prompt=PASSAGE + "\n\nWhere lay the mine?", chosen="e", rejected="f")
write(question=PASSAGE + "\n\nWhere lay the mine?")
write(instruction="Fix this.\n\n" + "int x;\n\n" * 300 + "}", output="g")
write(messages=[{"role": "user", "content": PASSAGE + "\n\nWhere?"}, {"role": "assistant", "content": "h"}], length=9)
# These stay whole.
write(instruction=PASSAGE + "\n\n" + PASSAGE, output="i")
write(instruction="Short.\n\nWhere lay the mine?", output="j")
write(instruction=PASSAGE + "\n\nWhere lay the mine? It says.", output="k", context_bytes=0)
END
for split in auto last-paragraph none; do
    echo "* --context-split $split"
    "$CURATE" ingest --quiet --db $split.db --context-split $split long.jsonl
    sqlite3 -separator ' ' $split.db "SELECT s.line, s.kind, ifnull(s.split, '-'), ifnull(length(c.text), 0),
        length(t.content), replace(substr(t.content, 1, 30), char(10), '\n'), ifnull(s.meta, '')
        FROM sample s LEFT JOIN context c USING (context_id) JOIN turn t USING (sample_id)
        WHERE t.turn = 0 ORDER BY s.line"
done
echo "* exported and read again, every sample is the same"
for split in auto none; do
    sqlite3 -csv -header $split.db "SELECT lower(hex(hash)) AS hash, 1.0 AS value FROM sample" > ranks.csv
    "$CURATE" score import --quiet --db $split.db --metric rank --key hash ranks.csv
    "$CURATE" select --quiet --db $split.db --name all --by rank --top 99
    for layout in jsonl messages sharegpt alpaca dpo; do
        "$CURATE" export --quiet --db $split.db all --to $layout --skip -o $layout.jsonl
        "$CURATE" ingest --quiet --db again.db $layout.jsonl
        echo "$split $layout $(sqlite3 -separator ' ' again.db "ATTACH '$split.db' AS old; SELECT count(*),
            count(*) FILTER (WHERE hash IN (SELECT hash FROM old.sample)) FROM sample")"
        grep -c context_bytes $layout.jsonl || true
        rm again.db
        [ "$split $layout" != "auto messages" ] || sed -E 's/(The tin mine lay in the hills. ){20,}/[...] /g; s/(int x;\\n\\n){9,}/[...]/' messages.jsonl
        rm $layout.jsonl $layout.jsonl.manifest
    done
done

# A short input of alpaca is a line of the instruction, and comes back apart.
cat > short.jsonl << 'END'
{"instruction": "Translate to French.", "input": "A metal.", "output": "Un métal."}
{"instruction": "Name a tree.\nA tall one.", "input": "", "output": "Oak."}
{"instruction": "", "input": "Name a metal.", "output": "Tin."}
{"instruction": "Sort.", "input": "b\na\n", "output": "a b"}
END
"$CURATE" ingest --quiet --db short.db short.jsonl
sqlite3 -csv -header short.db "SELECT lower(hex(hash)) AS hash, sample_id AS value FROM sample" > ranks.csv
"$CURATE" score import --quiet --db short.db --metric rank --key hash ranks.csv
"$CURATE" select --quiet --db short.db --name all --by rank --top 99
"$CURATE" export --quiet --db short.db all --to alpaca -o alpaca.jsonl
cat alpaca.jsonl
"$CURATE" ingest --db short.db alpaca.jsonl
