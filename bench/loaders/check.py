#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Load exports with the loaders of LLaMA-Factory and TRL: check.py CURATE FOLDER (see run.sh).

For each layout and sample one line: what the export did with the sample, and whether each loader
takes the record and finds in it what the sample holds. The exit status is 1 if a loader leaves
out a record, or finds other texts than those of the sample, without this being in KNOWN.
"""
import importlib
import importlib.util
import json
import logging
import os
import subprocess
import sys
import types
from pathlib import Path

TOOL = {'type': 'function', 'function': {
    'name': 'weather', 'description': 'The weather of a town.',
    'parameters': {'type': 'object', 'properties': {'town': {'type': 'string'}},
                   'required': ['town']}}}


def call(town, number=0):
    return {'id': f'call{number}', 'type': 'function',
            'function': {'name': 'weather', 'arguments': json.dumps({'town': town})}}


def user(text):
    return {'role': 'user', 'content': text}


def answer(text, **more):
    return {'role': 'assistant', 'content': text, **more}


RESULT = {'role': 'tool', 'content': '{"sky": "grey"}', 'tool_call_id': 'call0'}
SAMPLES = {
    'plain': {'messages': [user('Name a metal.'), answer('Tin.')]},
    'system': {'messages': [{'role': 'system', 'content': 'Be brief.'}, user('Name a metal.'),
                            answer('Tin.')]},
    'turns': {'messages': [user('Name a metal.'), answer('Tin.'), user('Another.'),
                           answer('Lead.')]},
    'thought': {'messages': [user('Name a metal.'),
                             answer('Tin.', reasoning_content='It melts early.')]},
    'call': {'tools': [TOOL], 'messages': [
        user('Weather in Ulm?'), answer(None, tool_calls=[call('Ulm')]), RESULT,
        answer('Grey.')]},
    'last-call': {'tools': [TOOL], 'messages': [
        user('Weather in Ulm?'), answer(None, tool_calls=[call('Ulm')])]},
    'two-calls': {'tools': [TOOL], 'messages': [
        user('Weather in Ulm and Bonn?'),
        answer(None, tool_calls=[call('Ulm'), call('Bonn', 1)]), RESULT,
        {'role': 'tool', 'content': '{"sky": "blue"}', 'tool_call_id': 'call1'},
        answer('Grey and blue.')]},
    'thought-call': {'tools': [TOOL], 'messages': [
        user('Weather in Ulm?'),
        answer(None, reasoning_content='I must look.', tool_calls=[call('Ulm')]), RESULT,
        answer('Grey.')]},
    'text-call': {'tools': [TOOL], 'messages': [
        user('Weather in Ulm?'), answer('I look.', tool_calls=[call('Ulm')]), RESULT,
        answer('Grey.')]},
    'mark': {'conversations': [{'from': 'human', 'value': '<image>What is it?'},
                               {'from': 'gpt', 'value': 'A cat.'}], 'images': ['cat.png']},
    'part': {'messages': [
        {'role': 'user', 'content': [{'type': 'image', 'image': 'cat.png'},
                                     {'type': 'text', 'text': 'What is it?'}]},
        answer('A cat.')]},
    'weight': {'messages': [user('Name a metal.'), answer('Wood.', weight=0), user('No.'),
                            answer('Tin.', weight=1)]},
    'pair': {'prompt': [user('Name a metal.')], 'chosen': [answer('Tin.')],
             'rejected': [answer('Wood.')]},
    'liked': {'prompt': [user('Name a gas.')], 'completion': [answer('Neon.')], 'label': True},
}
CHAT_COLUMNS = {'system': 'system', 'tools': 'tools', 'images': 'images'}
OPENAI_TAGS = {'role_tag': 'role', 'content_tag': 'content', 'user_tag': 'user',
               'assistant_tag': 'assistant', 'observation_tag': 'tool',
               'function_tag': 'function_call', 'system_tag': 'system'}
# How dataset_info.json describes a layout. Columns that are not named count as missing.
LLAMAFACTORY = {
    'alpaca': {'formatting': 'alpaca',
               'columns': {'prompt': 'instruction', 'query': 'input', 'response': 'output',
                           'system': 'system', 'tools': 'tools'}},
    'sharegpt': {'formatting': 'sharegpt',
                 'columns': {'messages': 'conversations', **CHAT_COLUMNS}},
    'messages': {'formatting': 'openai',
                 'columns': {'messages': 'messages', 'tools': 'tools', 'images': 'images'},
                 'tags': OPENAI_TAGS},
}
# Of "conversations" TRL keeps the words human and gpt, which no template knows; alpaca is no
# conversation for it.
TRL = ('messages', 'dpo', 'kto')
# The form of images that the loaders of a layout take.
MEDIA = {'messages': 'parts', 'sharegpt': 'marks'}
# What is so by the design of the loader.
KNOWN = {
    ('llamafactory', 'messages', 'thought'): 'reads no reasoning_content',
    **{('llamafactory', 'messages', name): 'writes arguments that are a text as a text again'
       for name in ('call', 'last-call', 'two-calls', 'thought-call', 'text-call')},
    ('llamafactory', 'messages', 'part'): 'takes texts only',
    ('llamafactory', 'messages', 'mark'): 'takes texts only',
    ('llamafactory', 'sharegpt', 'two-calls'): 'takes one result after a call',
}


def stub(name, **members):
    """A module in the place of one that needs PyTorch."""
    module = types.ModuleType(name)
    module.__path__ = []
    vars(module).update(members)
    sys.modules[name] = module


def load_llamafactory():
    """The converters and formatters, without the package's __init__, which loads PyTorch."""
    root = Path(importlib.util.find_spec('llamafactory').submodule_search_locations[0])
    for name in ('llamafactory', 'llamafactory.data', 'llamafactory.extras'):
        stub(name)
        sys.modules[name].__path__ = [str(root.joinpath(*name.split('.')[1:]))]
    logging.disable(logging.WARNING)
    stub('peft')
    stub('peft.utils', SAFETENSORS_WEIGHTS_NAME='', WEIGHTS_NAME='')
    stub('llamafactory.extras.misc', use_modelscope=None, use_openmind=None)
    return [importlib.import_module(f'llamafactory.data.{name}')
            for name in ('converter', 'parser', 'formatter')]


def load_trl():
    root = Path(importlib.util.find_spec('trl').submodule_search_locations[0])
    stub('trl')
    sys.modules['trl'].__path__ = [str(root)]
    return importlib.import_module('trl.data_utils'), root


def run(curate, *args):
    done = subprocess.run([curate, '--db', 'loaders.db', *args], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f'{" ".join(args)}: {done.stderr}')


def export_all(curate, layouts):
    """{layout: {name of the sample: record}}"""
    with open('samples.jsonl', 'w', encoding='utf-8') as file:
        for name, record in SAMPLES.items():
            file.write(json.dumps({'id': name, **record}) + '\n')
    for name in ('loaders.db', *(f'{layout}.jsonl' for layout in layouts)):
        Path(name).unlink(missing_ok=True)
    run(curate, 'init')
    run(curate, 'ingest', '--quiet', 'samples.jsonl')
    with open('order.csv', 'w', encoding='utf-8') as file:
        file.write('ext_id,value\n')
        file.writelines(f'{name},{-i}\n' for i, name in enumerate(SAMPLES))
    run(curate, 'score', 'import', '--quiet', '--metric', 'order', 'order.csv')
    run(curate, 'select', '--quiet', '--name', 'all', '--by', 'order', '--top', '100%')
    found = {}
    for layout in layouts:
        run(curate, 'export', 'all', '--quiet', '--to', layout, '--skip', '--allow-empty',
            '--media', MEDIA.get(layout, 'keep'), '--output', f'{layout}.jsonl')
        records = [json.loads(line) for line in open(f'{layout}.jsonl', encoding='utf-8')]
        found[layout] = {record['id']: record for record in records}
    return found


def texts_of(name):
    """All texts of a sample that a loader must find."""
    found = []

    def visit(message):
        content = message.get('content', message.get('value'))
        if isinstance(content, str):
            content = content.replace('<image>', '')
        if isinstance(content, list):
            content = content[-1]['text']
        found.extend(text for text in (content, message.get('reasoning_content')) if text)
        for tool_call in message.get('tool_calls', []):
            found.append(json.loads(tool_call['function']['arguments'])['town'])

    for key in ('messages', 'conversations', 'prompt', 'chosen', 'rejected', 'completion'):
        for message in SAMPLES[name].get(key, []):
            visit(message)
    return found


def check_found(name, whole):
    missing = [text for text in texts_of(name)
               if text not in whole and json.dumps(text)[1:-1] not in whole]
    return f'lacks {missing[0]!r}' if missing else 'ok'


class LlamaFactory:
    def __init__(self):
        self.converter, self.parser, self.formatter = load_llamafactory()

    def check(self, layout, name, record, columns):
        if layout not in LLAMAFACTORY:
            return '-'
        attr = self.parser.DatasetAttr('file', layout)
        attr.join(LLAMAFACTORY[layout])
        options = types.SimpleNamespace(media_dir='.')
        row = {key: record.get(key) for key in columns}
        out = self.converter.get_dataset_converter(attr.formatting, attr, options)(row)
        if not out['_prompt'] or not out['_response']:
            return 'left out'
        words = ('<think>\n', '\n</think>\n\n')
        whole = [out['_system'] or '']
        for message in out['_prompt'] + out['_response']:
            text = message['content']
            if message['role'] == 'function':
                form = self.formatter.FunctionFormatter(slots=['{{content}}'], tool_format='qwen')
                text = form.apply(content=text, thought_words=words)[0]
                for line in text.split('\n'):
                    if line.startswith('{') and not isinstance(json.loads(line)['arguments'], dict):
                        return 'the arguments are a text in a text'
            if not isinstance(text, str):
                return f'a text is {type(text).__name__}'
            whole.append(text)
        if out['_tools']:
            form = self.formatter.ToolFormatter(tool_format='qwen')
            whole += form.apply(content=out['_tools'])
        if 'tools' in SAMPLES[name] and 'The weather of a town.' not in ''.join(whole):
            return 'lacks the tools'
        if out['_images'] is None and name in ('mark', 'part'):
            return 'lacks the image'
        return check_found(name, '\n'.join(whole))


class Trl:
    def __init__(self):
        from tokenizers import Tokenizer, models
        from transformers import PreTrainedTokenizerFast

        self.utils, root = load_trl()
        self.tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()))
        self.templates = root / 'chat_templates'

    def check(self, layout, name, record):
        if layout not in TRL:
            return '-'
        example = self.utils.maybe_convert_to_chatml(dict(record))
        if not self.utils.is_conversational(example):
            return 'no conversation'
        keys = ('prompt', 'chosen', 'rejected', 'completion', 'label', 'messages', 'tools')
        example = self.utils.maybe_extract_prompt(
            {key: value for key, value in example.items() if key in keys})
        tools = example.pop('tools', None)
        if isinstance(tools, str):
            tools = json.loads(tools)
        form = 'qwen2_5_vl' if name in ('mark', 'part') else 'qwen3'
        self.tokenizer.chat_template = (self.templates / f'{form}.jinja').read_text()
        try:
            out = self.utils.maybe_apply_chat_template(example, self.tokenizer, tools=tools)
        except Exception as problem:  # pylint: disable=broad-except
            return f'{type(problem).__name__}: {str(problem)[:60]}'
        whole = ''.join(str(value) for value in out.values())
        if 'tools' in SAMPLES[name] and 'The weather of a town.' not in whole:
            return 'lacks the tools'
        return check_found(name, whole)


def main(curate, folder):
    os.chdir(folder)
    layouts = ('messages', 'sharegpt', 'alpaca', 'dpo', 'kto')  # no loader reads the others
    exported = export_all(curate, layouts)
    llamafactory, trl = LlamaFactory(), Trl()
    bad = 0
    print(f'{"layout":10} {"sample":14} {"LLaMA-Factory":46} TRL')
    for layout in layouts:
        columns = {key for record in exported[layout].values() for key in record}
        columns |= {'system', 'tools', 'images'}
        for name in SAMPLES:
            record = exported[layout].get(name)
            if record is None:
                continue
            results = [llamafactory.check(layout, name, record, columns),
                       trl.check(layout, name, record)]
            for i, loader in enumerate(('llamafactory', 'trl')):
                known = KNOWN.get((loader, layout, name))
                bad += results[i] not in ('ok', '-') and not known
                results[i] += ' (known)' if known else ''
            print(f'{layout:10} {name:14} {results[0]:46} {results[1]}')
        refused = [name for name in SAMPLES if name not in exported[layout]]
        print(f'{layout:10} refused: {", ".join(refused) or "none"}')
    return 1 if bad else 0


sys.exit(main(*sys.argv[1:]))
