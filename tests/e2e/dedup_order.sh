# Sets of duplicates, splits and evaluations hold the same rows for any number of threads, any order of
# ingestion, and samples that come in shards with a search after each.
awk 'BEGIN {
    for (i = 0; i < 90; i++) {
        n = i - (i % 3 == 1) # every third sample is the one before it with other words at its end
        printf "{\"id\": \"%d\", \"prompt\": \"Text %d begins with", i, n
        for (w = 0; w < 24; w++) printf " word%d", n * w % 61
        if (i % 3 == 1) printf " and ends otherwise"
        printf "\", \"completion\": \"answer %d of the many that there are\"}\n", n % 20
    }
}' > all.jsonl
sed -n '1,50p' all.jsonl > first.jsonl
sed -n '51,90p' all.jsonl > second.jsonl
tac all.jsonl > reversed.jsonl
sed -n '1p;5p;70p' all.jsonl > questions.jsonl
search() { # THREADS
    "$CURATE" dedup near -q -t "$1"
    "$CURATE" dedup exact -q -t "$1" --field response
    "$CURATE" score -q embedding -t "$1" --model "$DATA/tiny-llama.gguf"
    "$CURATE" dedup semantic -q -t "$1" --least 0.9
    "$CURATE" dedup semantic centred -q -t "$1" --least 0.9 --centre --keep lowest:words
    "$CURATE" decontaminate -q -t "$1" --against questions.jsonl
}
rows() { # what the tables hold, without ids
    sqlite3 curate.db "
        CREATE TEMP VIEW h AS SELECT sample_id, hex(hash) AS hash FROM sample;
        SELECT 'pair', name, a.hash, b.hash, similarity, containment FROM dedup_pair p
            JOIN dedup_set USING (dedup_set_id) JOIN h a ON a.sample_id = p.a
            JOIN h b ON b.sample_id = p.b ORDER BY 2, 3, 4;
        SELECT 'signature', name, hash, hex(signature) FROM dedup_signature
            JOIN dedup_set USING (dedup_set_id) JOIN h USING (sample_id) ORDER BY 2, 3;
        SELECT 'member', name, s.hash, c.hash, l.hash, component_keep FROM dedup_member m
            JOIN dedup_set USING (dedup_set_id) JOIN h s USING (sample_id)
            JOIN h c ON c.sample_id = m.cluster LEFT JOIN h l ON l.sample_id = m.leader
            ORDER BY 2, 3;
        SELECT name, kind, field, params, keep, complete, threshold, n_big_buckets, statistics
            FROM dedup_set ORDER BY 1;
        SELECT 'span', hash, item, number, turn, start, \"end\", n_words FROM contamination_span
            JOIN h USING (sample_id) ORDER BY 2, 3, 4;
        SELECT 'searched', hash, covered, longest, flagged FROM contamination
            JOIN h USING (sample_id) ORDER BY 2"
}

mkdir a b c
for way in a b c; do
    cp ./*.jsonl $way
    cd $way
    case $way in
    a) "$CURATE" ingest -q all.jsonl && "$CURATE" measure -q length && search 1 ;;
    b) "$CURATE" ingest -q reversed.jsonl && "$CURATE" measure -q length && search 8 ;;
    c) "$CURATE" ingest -q second.jsonl && "$CURATE" measure -q length && search 3
       "$CURATE" ingest -q first.jsonl && "$CURATE" measure -q length && search 2 ;;
    esac
    rows > ../$way.txt
    "$CURATE" split -q --by train=.6,test=.4
    "$CURATE" split -q --name exact --by train=.6,test=.4 --dedup semantic --exact words --stratify "words > 33"
    "$CURATE" select -q --name a --by words --top 100% --dedup near --dedup semantic@component --clean
    "$CURATE" select -q --name b --by words --top 100% --where "words > 7" --dedup exact --dedup centred
    "$CURATE" digest --parts | grep -E "dedup|contamination|evaluation|exclusion|split" > ../$way.digest
    sqlite3 curate.db "SELECT 'left out', * FROM v_exclusions" >> ../$way.digest
    sqlite3 curate.db "SELECT 'split', * FROM v_split_parts ORDER BY 2, 3" >> ../$way.digest
    "$CURATE" digest --selection a >> ../$way.digest
    "$CURATE" digest --selection b >> ../$way.digest
    cd ..
done
for kind in pair signature member span searched; do
    [[ $(grep -c "^$kind|" a.txt) -gt 10 ]] || echo "too few rows: $kind"
done
[[ $(wc -l < a.digest) -gt 13 ]] || echo "too few tables"
grep -E "left out.*(clean|near|exact)|^split" a.digest
cmp a.digest b.digest
cmp a.digest c.digest
cmp a.txt b.txt
cmp a.txt c.txt
