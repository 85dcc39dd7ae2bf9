# SPDX-License-Identifier: Apache-2.0
# Verifiers of tool calls and loops, on calls as two kinds of records spell them.
cat > c.jsonl <<'END'
{"tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}], "messages": [{"role": "user", "content": "Is it warm in Ulm?"}, {"role": "assistant", "content": null, "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "weather", "arguments": "{\"town\": \"Ulm\"}"}}]}, {"role": "tool", "tool_call_id": "c1", "content": "no such town"}, {"role": "assistant", "content": null, "tool_calls": [{"id": "c2", "type": "function", "function": {"name": "weather", "arguments": "{\"town\": \"Ulm\"}"}}]}, {"role": "tool", "tool_call_id": "c9", "content": "no such town"}, {"role": "assistant", "content": "I do not know."}]}
{"messages": [{"role": "user", "content": "What time is it?"}, {"role": "assistant", "content": "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>"}, {"role": "user", "content": "And?"}, {"role": "assistant", "content": "<tool_call>\n{\"name\": now}\n</tool_call>"}]}
{"messages": [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Who are you?"}, {"role": "assistant", "content": "Hello."}]}
END
"$CURATE" ingest -q c.jsonl
"$CURATE" measure tool_calls agent_loops
"$CURATE" query "SELECT sample_id, calls, calls_valid, calls_valid_share AS share, calls_unanswered, results_without_call, repeated_calls, longest_call_loop, repeated_turns FROM v_facts"
"$CURATE" query "SELECT sample_id, turn, kind, text, detail FROM v_spans"
"$CURATE" fsck
