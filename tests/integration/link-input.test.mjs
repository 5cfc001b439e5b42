// What `tuva-empi link` reads: several files, compressed files, pipes, and CSV in all its forms.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
    exact, link, makeFolder, makeModel, parseCsv, put, readTable, readText, run, start,
} from './support.mjs';

const nameModel = makeModel([exact('name', 0.999, 0.000001)], ['l.name = r.name']);

const crosswalkArgs = ['--model', 'model.json', '--crosswalk', 'crosswalk.csv', '--quiet'];

/** Links the files by name and gives the crosswalk as text. */
function crosswalk(t, files, more = [], options = {}) {
    const folder = makeFolder(t);
    put(folder, 'model.json', options.model ?? nameModel);
    for (const [name, content] of Object.entries(files)) {
        put(folder, name, content);
    }
    link(folder, [...crosswalkArgs, ...more, ...(options.arguments ?? Object.keys(files))], options);
    return readText(folder, 'crosswalk.csv');
}

test('rows keep their place, clusters take the lowest row number', (t) => {
    assert.equal(crosswalk(t, { 'a.csv': 'name,city\nann,x\nbob,y\nann,z\n' }),
        'cluster_id,name,city\n1,ann,x\n2,bob,y\n1,ann,z\n');
});

test('several files are one table, and their rows are numbered through', (t) => {
    assert.equal(crosswalk(t, { 'a.csv': 'name\nann\nbob\n', 'b.csv': 'name\ncid\nbob\n' }),
        'cluster_id,name\n1,ann\n2,bob\n3,cid\n2,bob\n');
});

test('columns may stand in another order in each file', (t) => {
    assert.equal(
        crosswalk(t, {
            'a.csv': 'name,city,note\nann,x,1\n',
            'b.csv': 'note,name,city\n"2, or ""3""",ann,"y\nz"\n,bob,""\n',
            'c.csv': 'city,note,name\n"",4,bob\n',
        }),
        'cluster_id,name,city,note\n1,ann,x,1\n1,ann,"y\nz","2, or ""3"""\n3,bob,"",\n3,bob,"",4\n');
});

test('a record may lie in any file', (t) => {
    const csv = crosswalk(t, { 'a.csv': 'id,name\nx,ann\n', 'b.csv': 'name,id\nann,c\n' },
        ['--id-column', 'id']);
    assert.equal(csv, 'cluster_id,id,name\nc,x,ann\nc,c,ann\n');
});

test('only the columns of the model matter', (t) => {
    const wide = Array.from({ length: 900 }, (_, i) => `c${i}`);
    const csv = `${wide.join(',')},name\n${'v,'.repeat(900)}ann\n${'w,'.repeat(900)}ann\n`;
    const rows = parseCsv(crosswalk(t, { 'a.csv': csv }));
    assert.equal(rows[0].length, 902);
    assert.deepEqual(rows.map((row) => row[0]), ['cluster_id', '1', '1']);
});

test('fields come back as they stood: quotes, commas, line breaks, spaces, "" and nothing', (t) => {
    const rows = [
        'ann,"a, b"', 'ann,"a ""b"" c"', 'ann,"two\nlines, and\r\na third"', 'ann," x "', 'ann,""',
        'ann,', '"ann","quoted for nothing"', 'ann, x ', "ann,'", 'ann,Zoë 日本 🙂',
    ];
    assert.equal(crosswalk(t, { 'a.csv': `name,note\n${rows.join('\n')}\n` }),
        `cluster_id,name,note\n${rows.map((row) => `1,${row}\n`).join('')}`);
});

test('an empty field is missing, quoted or not; "null" and spaces are texts', (t) => {
    const csv = 'name,row\n"",1\n,2\n" ",3\n" ",4\nnull,5\nnull,6\n';
    const clusters = parseCsv(crosswalk(t, { 'a.csv': csv })).slice(1).map((row) => row[0]);
    assert.deepEqual(clusters, ['1', '2', '3', '3', '5', '5']);
});

test('texts are equal by byte: case, accents and spaces count', (t) => {
    const names = ['zoë', 'zoe', 'Zoë', 'zoë', 'zoe\u0308', 'zoë '];
    const csv = `name,row\n${names.map((name, i) => `"${name}",${i}\n`).join('')}`;
    const clusters = parseCsv(crosswalk(t, { 'a.csv': csv })).slice(1).map((row) => row[0]);
    assert.deepEqual(clusters, ['1', '2', '3', '1', '5', '6']);
});

test('a byte-order mark and Windows line ends', (t) => {
    const csv = '\uFEFFname,city\r\nann,x\r\n"ann","y\r\nz"\r\n';
    assert.equal(crosswalk(t, { 'a.csv': csv }),
        'cluster_id,name,city\n1,ann,x\n1,"ann","y\r\nz"\n');
});

test('no line end after the last row, empty lines after it', (t) => {
    assert.equal(crosswalk(t, { 'a.csv': 'name\nann\nann' }), 'cluster_id,name\n1,ann\n1,ann\n');
    assert.equal(crosswalk(t, { 'a.csv': 'name,x\nann,1\n\n\n' }), 'cluster_id,name,x\n1,ann,1\n');
});

test('in a file of one column an empty line is a row without a value', (t) => {
    assert.equal(crosswalk(t, { 'a.csv': 'name\nann\n\nann\n' }),
        'cluster_id,name\n1,ann\n2,\n1,ann\n');
});

test('a header and no rows', (t) => {
    const folder = makeFolder(t);
    put(folder, 'model.json', nameModel);
    put(folder, 'a.csv', 'name,city\n');
    const { stderr } = link(folder, ['--model', 'model.json', '--crosswalk', 'crosswalk.csv',
        '--predictions', 'pairs.csv', '--summary', 'summary.json', 'a.csv']);
    assert.equal(readText(folder, 'crosswalk.csv'), 'cluster_id,name,city\n');
    assert.equal(readText(folder, 'pairs.csv'),
        'id_l,id_r,match_key,match_weight,match_probability\n');
    const summary = JSON.parse(readText(folder, 'summary.json'));
    assert.equal(summary.records, 0);
    assert.equal(summary.clusters.count, 0);
    assert.match(stderr, /^records +0$/m);
});

test('one record', (t) => {
    assert.equal(crosswalk(t, { 'a.csv': 'name\nann\n' }), 'cluster_id,name\n1,ann\n');
});

// ---- where it comes from ----

const people = 'name,city\nann,"x,\ny"\nbob,\nann,""\n';
const peopleLinked = 'cluster_id,name,city\n1,ann,"x,\ny"\n2,bob,\n1,ann,""\n';

test('compressed, whatever the name', (t) => {
    assert.equal(crosswalk(t, { 'a.csv.gz': gzipSync(people) }), peopleLinked);
    assert.equal(crosswalk(t, { 'a.csv': gzipSync(people) }), peopleLinked);
});

test('standard input is read twice for the crosswalk', (t) => {
    assert.equal(crosswalk(t, {}, [], { arguments: ['-'], input: people }), peopleLinked);
    assert.equal(crosswalk(t, {}, [], { arguments: ['-'], input: gzipSync(people) }), peopleLinked);
});

test('standard input among files', (t) => {
    const csv = crosswalk(t, { 'a.csv': 'name\nann\n', 'c.csv': 'name\nann\n' }, [],
        { arguments: ['a.csv', '-', 'c.csv'], input: 'name\nbob\nann\n' });
    assert.equal(csv, 'cluster_id,name\n1,ann\n2,bob\n1,ann\n1,ann\n');
});

test('a named pipe', async (t) => {
    const folder = makeFolder(t);
    put(folder, 'model.json', nameModel);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const { ended } = start(folder, ['link', ...crosswalkArgs, 'pipe']);
    await writeFile(join(folder, 'pipe'), people);
    assert.deepEqual(await ended, { status: 0, signal: null });
    assert.equal(readText(folder, 'crosswalk.csv'), peopleLinked);
});

test('the copy of standard input goes where TMPDIR says, and goes away', (t) => {
    const folder = makeFolder(t);
    put(folder, 'model.json', nameModel);
    const result = run(folder, ['link', ...crosswalkArgs, '-'],
        { input: people, env: { TMPDIR: join(folder, 'none') } });
    assert.equal(result.status, 1);
    assert.match(result.stderr,
        /^tuva-empi: cannot make a temporary file in \S+none: No such file or directory$/m);
    mkdirSync(join(folder, 'temporary'));
    link(folder, [...crosswalkArgs, '-'],
        { input: people, env: { TMPDIR: join(folder, 'temporary') } });
    assert.equal(readText(folder, 'crosswalk.csv'), peopleLinked);
    assert.deepEqual(readdirSync(join(folder, 'temporary')), []);
});

test('the model from standard input', (t) => {
    const folder = makeFolder(t);
    put(folder, 'a.csv', people);
    link(folder, ['--model', '-', '--crosswalk', 'crosswalk.csv', '--quiet', 'a.csv'],
        { input: JSON.stringify(nameModel) });
    assert.equal(readText(folder, 'crosswalk.csv'), peopleLinked);
});

test('a large row, and a row across many buffers', (t) => {
    const long = 'x'.repeat(3 << 20);
    const csv = `name,note\nann,"${long}"\nann,${long}\n`;
    assert.equal(crosswalk(t, { 'a.csv': csv }),
        `cluster_id,name,note\n1,ann,"${long}"\n1,ann,${long}\n`);
});

// ---- models on columns ----

test('names of columns ignore case in the model', (t) => {
    const model = makeModel([exact('NAME', 0.999, 0.000001)], ['l."nAme" = r.NAME']);
    assert.equal(crosswalk(t, { 'a.csv': 'Name\nann\nann\n' }, [], { model }),
        'cluster_id,Name\n1,ann\n1,ann\n');
});

test('names with spaces, quotes and accents', (t) => {
    const comparison = {
        output_column_name: 'given name',
        comparison_levels: [
            { sql_condition: '"given name_l" = "given name_r"', m_probability: 0.999, u_probability: 1e-6 },
            { sql_condition: '"prénom_l" = "prénom_r"', m_probability: 0.001, u_probability: 1e-6 },
            { sql_condition: 'ELSE', m_probability: 0.001, u_probability: 0.9 },
        ],
    };
    const model = makeModel([comparison], ['l."given name" = r."given name"', 'l.prénom = r.prénom']);
    const folder = makeFolder(t);
    put(folder, 'model.json', model);
    put(folder, 'a.csv', 'given name,prénom\nann,zoé\nann,\nbob,zoé\n');
    link(folder, ['--model', 'model.json', '--predictions', 'pairs.csv', '--detail', '--quiet', 'a.csv']);
    assert.deepEqual(readTable(folder, 'pairs.csv').map((row) => [row.id_l, row.id_r, row.match_key,
        row.gamma_given_name]), [['1', '2', '0', '2'], ['1', '3', '1', '1']]);
});

test('a model that only links sources', (t) => {
    const model = makeModel([exact('name', 0.999, 0.000001)], ['l.name = r.name'],
        { link_type: 'link_only' });
    const csv = 'source_dataset,name\na,ann\na,ann\nb,ann\n,ann\n';
    const folder = makeFolder(t);
    put(folder, 'model.json', model);
    put(folder, 'a.csv', csv);
    link(folder, ['--model', 'model.json', '--predictions', 'pairs.csv', '--quiet', 'a.csv']);
    assert.deepEqual(readTable(folder, 'pairs.csv').map((row) => [row.id_l, row.id_r]),
        [['1', '3'], ['2', '3']]);
});
