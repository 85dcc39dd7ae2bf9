# SPDX-License-Identifier: Apache-2.0
# Retention curves: how many samples and words each threshold of a fact or metric keeps.
cat > a.jsonl <<'END'
{"instruction": "one two", "output": "three", "id": "1"}
{"instruction": "one two three", "output": "four five", "id": "2"}
{"instruction": "one two three four", "output": "", "id": "3"}
{"instruction": "one two three four five", "output": "six seven eight nine", "id": "4"}
END
cp a.jsonl '<b>&"x.jsonl'
sed -i 's/"one/"zero/; s/"id": "/&x/' '<b>&"x.jsonl'
"$CURATE" ingest -q --max-rejects 100 a.jsonl '<b>&"x.jsonl'

echo "-- nothing is measured"
"$CURATE" profile || echo "status $?"
"$CURATE" profile words || echo "status $?"
"$CURATE" measure -q length

echo "-- quantiles, thresholds, groups"
"$CURATE" profile words_response
"$CURATE" profile words_response words --at 4,2,1.5,-1 --where "source = 'a.jsonl'"
"$CURATE" profile words_response --by source,length --at 2
"$CURATE" profile words_response --by source --at 2 --json
"$CURATE" profile words_context
"$CURATE" profile | grep -c '^words: '

echo "-- the counts are those of SQL"
for least in 1 2 4; do
    "$CURATE" query --csv "SELECT count(*), sum(words) FROM v_facts WHERE words_response >= $least"
    "$CURATE" profile words_response --at $least --json | grep -o '"at_least":{[^}]*}'
done

echo "-- a metric, and one that some samples lack"
printf 'sample,value\n1,0.5\n2,0.25\n' > scores.csv
"$CURATE" score import -q scores.csv --key-field sample --metric mine
"$CURATE" profile mine

echo "-- an image"
"$CURATE" profile words words_context --by source --svg p.svg -q
python3 - <<'END'
import re
import xml.etree.ElementTree as tree
text = open("p.svg").read()
root = tree.fromstring(text)
name = lambda e: e.tag.split("}")[1]
print(sorted({name(e) for e in root.iter()}))
print(sorted({a for e in root.iter() for a in e.attrib}))
print([e.text for e in root.iter() if name(e) == "title"])
print("prefers-color-scheme:dark" in text, re.findall(r"url|href|script|http://(?!www.w3.org)", text))
END
"$CURATE" profile words --svg - | head -c 4; echo
cp p.svg again.svg
"$CURATE" profile words words_context --by source --svg p.svg -q
cmp p.svg again.svg

echo "-- mistakes"
"$CURATE" profile nope || echo "status $?"
"$CURATE" profile words --by nope || echo "status $?"
"$CURATE" profile words --by source,,length || echo "status $?"
"$CURATE" profile words --by source,source,source,source,source || echo "status $?"
"$CURATE" profile words --at 1,x || echo "status $?"
"$CURATE" profile words --at inf || echo "status $?"
"$CURATE" profile words --json --svg - || echo "status $?"
"$CURATE" profile words --where "1) OR (1" || echo "status $?"
"$CURATE" profile words --where "words > (SELECT nothing)" || echo "status $?"
