// Help, version and documentation say the same as the program does.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeFolder, root, run } from './support.mjs';

const readSource = (name) => readFileSync(join(root, name), 'utf8');

// What linkage.md of the specification asks for.
const wanted = {
    link: ['model', 'id-column', 'predictions', 'detail', 'threshold-match-probability',
        'threshold-match-weight', 'crosswalk', 'cluster-probability', 'summary', 'threads', 'memory-limit',
        'quiet', 'help'],
    synth: ['records', 'seed', 'duplicates', 'errors', 'households', 'output', 'help'],
};

const help = (t, ...args) => {
    const result = run(makeFolder(t), args);
    assert.equal(result.status, 0);
    assert.equal(result.stderr, '');
    return result.stdout;
};

const options = (text) => [...text.matchAll(/^ +(?:-\w, )?--([a-z-]+)/gm)].map((match) => match[1]);

describe('help', () => {
    for (const [command, names] of Object.entries(wanted)) {
        test(`of ${command}: every option, within 80 columns`, (t) => {
            const text = help(t, command, '--help');
            assert.deepEqual(names.filter((name) => !options(text).includes(name)), []);
            assert.deepEqual(text.split('\n').filter((line) => line.length > 80), []);
            assert.match(text, new RegExp(`^Usage: tuva-empi ${command} --`));
            assert.equal(text.endsWith('\n\n'), false);
            assert.equal(help(t, 'help', command), text);
        });
    }

    test('of the program: every command with a sentence', (t) => {
        const text = help(t, '--help');
        assert.match(text, /^ {2}link +\S/m);
        assert.match(text, /^ {2}synth +\S/m);
        assert.deepEqual(text.split('\n').filter((line) => line.length > 80), []);
    });

    test('version', (t) => {
        assert.equal(help(t, '--version'), `tuva-empi ${readSource('VERSION').trim()}\n`);
        assert.equal(help(t, '-V'), help(t, '--version'));
    });
});

describe('docs/linkage.md', () => {
    const text = readSource('docs/linkage.md');

    test('tells every option', (t) => {
        for (const command of Object.keys(wanted)) {
            const missing = options(help(t, command, '--help')).filter((name) => name !== 'help')
                .filter((name) => !text.includes(`\`--${name}`));
            assert.deepEqual(missing, [], command);
        }
    });

    test('tells every function, and none that there is not', () => {
        const known = readdirSync(join(root, 'src/linkage')).filter((name) => /^function.*\.c$/.test(name))
            .flatMap((name) => functionNames(readSource(`src/linkage/${name}`)));
        assert.ok(known.length > 100);
        const section = text.slice(text.indexOf('\n### Functions'), text.indexOf('\n### Types'));
        const told = [...section.matchAll(/`([a-z_0-9]+)\(/g)].map((match) => match[1]);
        assert.deepEqual(known.filter((name) => !told.includes(name)), [], 'not told');
        assert.deepEqual(told.filter((name) => !known.includes(name) && !forms.includes(name)), [], 'not known');
    });

    // Written like functions, but they are forms of the grammar.
    const forms = ['list_transform', 'array_transform', 'list_apply', 'array_apply', 'apply', 'list_filter',
        'array_filter', 'filter'];

    /** The names and aliases in the tables of a source file. */
    const functionNames = (source) =>
        [...source.matchAll(/(?:\.(?:name|aliases) = |NAMED_PART\()"([^"]+)"(?:, "([^"]+)")?/g)]
            .flatMap((match) => [match[1], match[2] ?? ''].join(' ').split(' '))
            .filter((name) => /^[a-z_0-9]+$/.test(name));
});
