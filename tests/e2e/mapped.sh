# Records of any names: --map FIELD=PATH, --role NAME=ROLE, and both in recipes and for rejects.
show() {
    "$CURATE" --db "$1" query --json "
        SELECT s.source, s.ext_id, s.system, s.context, s.meta,
               (SELECT json_group_array(role || ': ' || content || ifnull(' THOUGHT ' || thought, '')) FROM
                   (SELECT * FROM turn t WHERE t.sample_id = s.sample_id ORDER BY turn)) AS turns,
               s.tools
          FROM v_sample s ORDER BY s.sample_id"
}
cat > short.jsonl <<'E'
{"n": 7, "q": "Name a metal.", "a": ["Tin.", "Iron."], "why": "It is soft.", "docs": [{"title": "Tin", "text": "Tin is soft."}, {"title": "Iron", "text": "Iron is hard."}], "task": {"rule": "Be brief."}}
{"n": 8, "Q": "Name a tree.", "A": ["Oak."], "why": null, "docs": [], "task": {"rule": "Be long.", "by": "hand"}}
E
"$CURATE" --db a.db ingest --map instruction=q --map 'response=a[0]' --map 'context=docs[*].text' \
    --map system=task.rule --map thought=why --map id=n short.jsonl
show a.db
"$CURATE" --db a.db query "SELECT json_extract(options, '$.map') FROM run"

# A mapping claims its members: the solution and the generations beside the messages are meta.
cat > traces.jsonl <<'E'
{"problem": "What is 2 + 3?", "solution": "5", "generations": ["<think>Easy.</think>5", "five"], "messages": [{"role": "user", "content": "What is 2 + 3?"}, {"role": "assistant", "content": "It is 5."}], "uuid": "m-1"}
E
"$CURATE" --db b.db -q ingest traces.jsonl || echo "status $?"
"$CURATE" --db b.db -q rejects retry --map messages=messages
"$CURATE" --db b.db ingest --map messages=messages traces.jsonl
show b.db

# Messages inside, with roles of their own. Words of roles are trimmed, in any case.
cat > play.jsonl <<'E'
{"body": {"rounds": [{"turns": [{"from": " Narrator", "value": "It rains."}, {"from": "HERO", "value": "Let us go in."}]}, {"turns": [{"from": "narrator", "value": "It is dark."}, {"from": "hero", "value": "I light a lamp."}]}]}}
E
"$CURATE" --db c.db ingest --map 'messages=body.rounds[*].turns' --role Narrator=user --role 'hero = assistant' play.jsonl
show c.db

# Members of messages have names of their own, too.
cat > scenes.jsonl <<'E'
{"scene": {"lines": [{"speaker": {"name": "Guest"}, "says": "A room, please.", "mood": "tired"}, {"speaker": {"name": "Host"}, "says": "The last one."}]}}
E
"$CURATE" --db g.db -q ingest --map messages=scene.lines --map role=speaker.name --map content=says \
    --role guest=user --role host=assistant scenes.jsonl
show g.db
"$CURATE" --db g.db query "SELECT extra FROM v_turn"
"$CURATE" --db g.db ingest --map messages=scene.lines --map role=name --map content=says scenes.jsonl || echo "status $?"
"$CURATE" --db g.db ingest --map text=scene --map role=name scenes.jsonl || echo "status $?"

# What the shapes read under its own name is read where a path leads: tools, images, pairs.
cat > forms.jsonl <<'E'
{"ask": "<image>What is it?", "say": "A bowl.", "pics": [{"url": "a.jpg"}], "api": {"list": [{"type": "function", "function": {"name": "zoom", "parameters": {"type": "object"}}}]}}
E
cat > votes.jsonl <<'E'
{"ask": "Up or down?", "best": {"text": "Up."}, "others": [{"text": "Left."}]}
E
"$CURATE" --db i.db -q ingest --map instruction=ask --map response=say --map 'images=pics[*].url' --map tools=api.list forms.jsonl
"$CURATE" --db i.db -q ingest --map instruction=ask --map chosen=best.text --map 'rejected=others[0].text' votes.jsonl
show i.db
"$CURATE" --db i.db query "SELECT media FROM v_turn WHERE media IS NOT NULL"
"$CURATE" --db i.db query "SELECT prompt, chosen, rejected FROM v_pair"

# Documents that are lists stay apart.
echo '{"q": "Where?", "a": "In Ulm.", "docs": [["Ulm", ["It is a town.", " It has a tower."]], ["Bonn", ["It is a city."]]]}' > docs.jsonl
"$CURATE" --db h.db -q ingest --map instruction=q --map response=a --map 'context=docs[*]' docs.jsonl
show h.db
printf '{"q": "Up?", "a": "Down.", "docs": "no list"}\n{"q": "In?", "a": "Out.", "docs": [{"title": "x"}]}\n{"q": "On?", "a": "Off.", "docs": {}}\n' > odd-docs.jsonl
"$CURATE" --db h.db -q ingest --max-rejects 100 --map instruction=q --map response=a --map 'context?=docs[*].text' odd-docs.jsonl
"$CURATE" --db h.db -q ingest --max-rejects 100 --map instruction=q --map response=a --map 'context=docs[*].text' odd-docs.jsonl || echo "status $?"
"$CURATE" --db h.db query --json "SELECT line, class, detail FROM v_rejects"

# A path that some records lack, one that none has, and one that a mistake has made.
cat > gaps.jsonl <<'E'
{"ask": "Up?", "say": "Down."}
{"ask": "Left?", "tell": "Right."}
{"ask": "In?", "say": null}
E
"$CURATE" --db d.db ingest --max-rejects 50 --map instruction=ask --map response=say gaps.jsonl
show d.db
"$CURATE" --db d.db query --json "SELECT line, class, detail FROM v_rejects"
"$CURATE" --db j.db ingest --map instruction=ask --map 'response?=say' --map 'system?=rules' gaps.jsonl
show j.db
"$CURATE" --db d.db ingest --max-rejects 100 --map instruction=ask --map 'response=reply.text' gaps.jsonl || echo "status $?"
for map in instruction instruction= instruction=a. reply=ask response=ask instruction=ask,; do
    "$CURATE" --db d.db ingest --map "$map" gaps.jsonl || echo "status $?"
done
"$CURATE" --db d.db ingest --map instruction=a --map instruction=b gaps.jsonl || echo "status $?"
"$CURATE" --db d.db ingest --map instruction=a --format qa gaps.jsonl || echo "status $?"
for role in narrator =user narrator=boss; do
    "$CURATE" --db d.db ingest --role "$role" play.jsonl || echo "status $?"
done

# Rejects are read again by a mapping. Another mapping reads a file from its beginning.
cat > odd.jsonl <<'E'
{"src": "a", "tgt": "b"}
{"src": "c", "tgt": "d"}
E
"$CURATE" --db e.db -q ingest odd.jsonl || echo "status $?"
"$CURATE" --db e.db rejects retry --map instruction=src --map response=tgt
show e.db

# As a recipe. Rows of a table are mapped, too.
printf 'Frage,Antwort\nWas ist Eis?,Wasser.\n' > tabelle.csv
cat > map.yaml <<'E'
version: 1
db: f.db
steps:
  - ingest: {files: [tabelle.csv], map: [instruction=frage, response=antwort]}
  - ingest: {files: [wrapped.json], records: 'a.list', map: [prompt=p, response=r], role: [x=user]}
E
echo '{"a": {"list": [{"p": "One", "r": "two"}, {"p": [{"role": "x", "content": "Three"}], "r": "four"}]}}' > wrapped.json
"$CURATE" run map.yaml
show f.db
"$CURATE" --db f.db query "SELECT json_extract(options, '$.map', '$.role', '$.records') FROM run WHERE command = 'ingest'"
