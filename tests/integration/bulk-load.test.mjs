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

// All that the rows say but for ids, universal ids and times, which no two runs share.
const rows = () => index.sql(`
    select jsonb_build_array('record', r.source_person_id, p.version, p.record_count, p.last_name, p.first_name,
        p.data_sources, f.source_person_id, r.matched_or_reviewed is not null, r.sha256)::text as line
    from empi.person_record r
    join empi.person p on p.id = r.person_id
    join empi.person_record f on f.id = p.first_record_id
    union all
    select jsonb_build_array('emptied', p.version, p.record_count, count(*))::text
    from empi.person p where p.deleted is not null group by p.version, p.record_count
    union all
    select jsonb_build_array('result', l.source_person_id, r.source_person_id, p.match_weight, p.match_probability, p.levels,
        g.version, g.matched is not null, g.max_match_probability)::text
    from empi.prediction_result p
    join empi.person_record l on l.id = p.person_record_l_id
    join empi.person_record r on r.id = p.person_record_r_id
    join empi.match_group g on g.id = p.match_group_id
    union all
    select jsonb_build_array('action', e.type, a.type, a.match_group_id is null, count(*))::text
    from empi.person_action a join empi.match_event e on e.id = a.match_event_id
    group by e.type, a.type, a.match_group_id is null
    union all
    select jsonb_build_array('group action', type, count(*))::text from empi.match_group_action group by type
    order by 1`).map(({ line }) => line);

const load = () => index.loadFile('records.csv', 'model.json', '0.1', '0.9');

describe('filling an empty index', () => {
    let whole;
    let persons;
    let content;

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
        content = rows();
        assert.ok(content.length > RECORDS);
    });

    test('a reader is not waited for, and nothing is different', async (t) => {
        index.run('flush', '--yes');
        const reader = start(index.folder, ['psql', '--', '-X', '-q', '-At'], { env: index.env });
        t.after(() => reader.child.kill());
        let said = '';
        reader.child.stdout.on('data', (data) => (said += data));
        reader.child.stdin.write('begin; select count(*) from empi.person;\n');
        await eventually(() => said === '0\n', 'the reader');
        load();
        reader.child.stdin.end('commit;\n');
        assert.deepEqual(await reader.ended, { status: 0, signal: null }, reader.stderr);
        assert.deepEqual(schema(), whole);
        assert.deepEqual(index.persons(), persons);
        assert.deepEqual(rows(), content);
    });
});
