// Filling an empty index: its indexes are taken off and put back, unless somebody is reading.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from './service-support.mjs';
import { Index, model } from './index-support.mjs';
import { put, start } from './support.mjs';

const RECORDS = 20_500; // a large job, see src/empi/matching_new.c

let index;
before(() => {
    index = new Index();
    index.run('synth', '--quiet', '--records', String(RECORDS), '--seed', '3', '-o', 'records.csv');
    put(index.folder, 'model.json', model);
});
after(() => index.remove());

const schema = () => index.sql(`
    select indexdef as line from pg_indexes where schemaname = 'empi'
    union all
    select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
    from pg_constraint where connamespace = 'empi'::regnamespace
    order by 1`).map(({ line }) => line);

const load = () => index.loadFile('records.csv', 'model.json', '0.1', '0.9');

describe('filling an empty index', () => {
    let whole;
    let persons;

    test('every index and constraint is there afterwards', () => {
        whole = schema();
        const indexed = index.sql("select pg_relation_filenode('empi.person_record_last_name') as node");
        load();
        assert.deepEqual(schema(), whole);
        assert.notDeepEqual(index.sql("select pg_relation_filenode('empi.person_record_last_name') as node"), indexed,
            'it was built anew');
        persons = index.persons();
        assert.equal(persons.flat().length, RECORDS);
        assert.ok(persons.some((person) => person.length > 1));
    });

    test('a reader is not waited for, and nothing is different', async () => {
        index.run('flush', '--yes');
        const reader = start(index.folder, ['psql', '--', '-X', '-q', '-At'], { env: index.env });
        let said = '';
        reader.child.stdout.on('data', (data) => (said += data));
        reader.child.stdin.write('begin; select count(*) from empi.person;\n');
        await eventually(() => said === '0\n', 'the reader');
        load();
        reader.child.stdin.end('commit;\n');
        assert.deepEqual(await reader.ended, { status: 0, signal: null }, reader.stderr);
        assert.deepEqual(schema(), whole);
        assert.deepEqual(index.persons(), persons);
    });
});
