# A missing score has a reason, and changes no bit of any other score.
cat > good.jsonl <<'END'
{"id": "g1", "instruction": "Where was the light?", "context": "CONTEXT the cat sat on the mat and the dog lay on the rug while the rain fell on the roof of the old house. There was a light in the window, and a man at the table read the letter again.", "response": "In the window of the old house."}
{"id": "g2", "instruction": "What did he read?", "context": "CONTEXT then he put it into the fire and said that he would not go, whatever they wrote to him; the letter had come with the last mail, and nobody else had seen it or would ever see it now.", "response": "A letter."}
{"id": "g3", "instruction": "Who would not go?", "context": "CONTEXT she had told him so before, and her brother too, when they all sat in the garden behind the house and the evening was warm, and he had laughed and said that they knew nothing of the world.", "response": "The man at the table would not go."}
END
cat > bad.jsonl <<'END'
{"id": "blank", "instruction": "Say nothing.", "context": "The cat sat on the mat and the dog lay on the rug while the rain fell on the roof.", "response": " \n "}
{"id": "short", "instruction": "Who sat?", "context": "The cat.", "response": "The cat."}
{"id": "none", "instruction": "Who sat?", "context": "", "response": "The cat."}
END
{
    printf '{"id": "endless", "instruction": "Go on.", "context": "It rained.", "response": "'
    for i in $(seq 300); do printf 'and on and on '; done
    printf '"}\n'
} >> bad.jsonl
score="gateau attention_entropy ifd --max-tokens 400 --segment-tokens 16"
numbers="SELECT ext_id, metric, model, status, printf('%!.17g', value) FROM v_scores
         WHERE ext_id LIKE 'g_' ORDER BY 1, 2, 3"

"$CURATE" ingest --quiet --db clean.db --format dolly good.jsonl
"$CURATE" score --quiet --db clean.db $score
sqlite3 clean.db "$numbers" > clean.txt

"$CURATE" ingest --quiet --db mixed.db --format dolly --max-rejects 100 bad.jsonl good.jsonl
"$CURATE" score --quiet --db mixed.db $score
sqlite3 mixed.db "$numbers" > mixed.txt
cmp clean.txt mixed.txt
wc -l < clean.txt
sqlite3 mixed.db "SELECT ext_id, metric, status FROM v_scores WHERE value IS NULL AND model LIKE '%long' ORDER BY 1, 2"
sqlite3 mixed.db "SELECT ext_id, status FROM v_cohort_scores ORDER BY 1"
"$CURATE" fsck --db mixed.db --quiet
