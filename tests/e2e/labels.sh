# SPDX-License-Identifier: Apache-2.0
# Labels: values of meta as columns of v_facts, in conditions, profiles, policies and recipes.
python3 - <<'END'
import json
records = [
    {"category": "physics", "difficulty": 3.50, "ok": True, "tags": ["a", "b"]},
    {"meta": {"category": "physics"}, "ok": False, "big": 12345678901234567890},
    {"category": "law", "difficulty": None, "tags": {"a": 1}, "deep": {"er": [{"name": "x"}]}},
    {"category": "", "difficulty": "hard", "ok": "a\0b"},
    {"category": "x" * 1025, "difficulty": "y" * 1024},
    {},
    {"category": "law", "list": [{}] * 40000},
]
def answer(i):
    return " ".join(f"word{(k * k + i) % 37}" for k in range(100))

with open("a.jsonl", "w") as out:
    for i, record in enumerate(records):
        print(json.dumps({"instruction": f"Question {i}?", "output": answer(i), **record}), file=out)
END
"$CURATE" ingest -q a.jsonl

echo "-- values and reasons"
"$CURATE" measure turns --label category=meta.category --label level=difficulty --label ok=meta.ok \
    --label "tag=tags[0]" --label tags=tags --label 'name=deep.er[*]["name"]' --label big=big
"$CURATE" query "SELECT sample_id AS id, substr(category, 1, 8) AS category, substr(level, 1, 8) AS level,
    length(level) AS n, ok, tag, tags, name, big, turns FROM v_facts"
"$CURATE" query --csv "SELECT fact, reason, group_concat(sample_id, ' ') AS samples FROM v_missing_facts GROUP BY 1, 2"
"$CURATE" query "SELECT name, fact_group, type, unit, params FROM fact_column WHERE unit = 'label' ORDER BY name"

echo "-- stored labels are measured once; another path removes the values"
"$CURATE" measure turns --label category=meta.category
"$CURATE" measure turns --label category=difficulty --dry-run
"$CURATE" measure turns --label category=difficulty --where "sample_id = 1"
"$CURATE" query "SELECT count(category) AS n, max(category) AS category FROM v_facts"
"$CURATE" measure -q length --label category=meta.category

echo "-- conditions, groups, policies, recipes"
"$CURATE" score mtld --where "category = 'physics' AND ok = 'true'" --dry-run
"$CURATE" profile words --by category --at 3 --where "category <> '' AND length(category) < 99"
printf 'policy: p\nconditions:\n- {fact: category, in: [physics, law]}\n- {fact: level, not_in: [3.5], missing: keep}\n' > p.yaml
cat > r.yaml <<'END'
version: 1
db: r.db
steps:
- ingest: {files: [a.jsonl]}
- measure: {facts: [length, turns], label: [category=meta.category, level=difficulty]}
- score: {metrics: [mtld], where: "category IS NOT NULL"}
- select: {name: few, by: mtld, top: 5, policy: p.yaml, any-corpus: true}
END
"$CURATE" run r.yaml
"$CURATE" query --db r.db "SELECT rank, sample_id FROM v_selection"
printf '%s\n' '  label: [category]' | sed 's/.*/- measure: {label: [category]}/' >> r.yaml
"$CURATE" run r.yaml || echo "status $?"
"$CURATE" fsck -q --db r.db

echo "-- ingest and score read labels, too"
"$CURATE" ingest --db i.db a.jsonl --label category=meta.category --label level=difficulty
echo '{"instruction": "Another?", "output": "Yes, another.", "category": "law"}' > b.jsonl
"$CURATE" ingest --db i.db a.jsonl b.jsonl --label category=meta.category
"$CURATE" ingest --db i.db b.jsonl --label category=meta.category --dry-run
"$CURATE" ingest --db i.db b.jsonl --label category=meta.category --explain > /dev/null
"$CURATE" ingest --db i.db b.jsonl --label category || echo "status $?"
"$CURATE" query --db i.db "SELECT category, count(*) AS n, count(level) AS with_level FROM v_facts
    WHERE length(category) < 99 GROUP BY 1"
cmp <("$CURATE" query --csv --db i.db "SELECT category FROM v_facts WHERE sample_id < 8") \
    <("$CURATE" query --csv "SELECT category FROM v_facts")
"$CURATE" score --db i.db mtld --label tag=tags[0] --where "tag = 'a'"
"$CURATE" score --db i.db mtld --label tag=tags[0] --where "tag = 'a'" --dry-run
"$CURATE" fsck -q --db i.db

echo "-- mistakes"
label() { "$CURATE" measure length --label "$@" || echo "status $?"; }
label category
label =category
label category=
label "category=["
label words=category
label words_response=category
label ifd=category
label source=category
label contamination=category
label length=category
label Category=category
label 1st=category
label "$(printf 'x%.0s' {1..58})=category"
label category=a --label category=b
label "$(printf 'x%.0s' {1..57})=category" --dry-run
"$CURATE" fsck -q
