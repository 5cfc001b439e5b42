// The index: imports, matching jobs and exports on a private PostgreSQL, with the tables looked at.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Index, columns, grouped, model, numbers, person } from './index-support.mjs';
import { connect, dataPath, exact, formatTable, makeModel, parseTable, program, put, readTable, start, until } from './support.mjs';

describe('golden people', () => {
    let index;
    before(() => (index = new Index()));
    after(() => index.remove());
    const file = dataPath('people/records.csv');
    const modelFile = dataPath('people/model.json');
    const importing = ['import', file, '--config', modelFile, '--potential', '0.5', '--auto', '0.95'];

    test('persons are the connected components above the auto threshold', () => {
        index.loadFile(file, modelFile, '0.5', '0.95');
        const predictions = parseTable(gunzipSync(readFileSync(dataPath('people/predictions.csv.gz'))).toString());
        const records = parseTable(readFileSync(file, 'utf8'));
        const [left, right] = Object.keys(predictions[0]).filter((name) => /_[lr]$/.test(name));
        const pairs = predictions.filter((row) => Number(row.match_probability) > 0.95)
            .map((row) => [Number(row[left]) - 1, Number(row[right]) - 1]);
        const roots = connect(records.length, pairs);
        assert.deepEqual(index.persons(), grouped(records.map((row, i) => [roots[i], row.source_person_id])));
        assert.equal(Number(index.sql('select count(*) from empi.prediction_result')[0].count),
            predictions.filter((row) => Number(row.match_probability) > 0.5).length);
    });

    test('the same file again changes nothing, and takes the same config', () => {
        const before = index.crosswalk();
        const events = index.sql('select max(id), count(*) from empi.match_event');
        assert.match(index.loadFile(file, modelFile, '0.5', '0.95'), /6044 rows, 0 new records/);
        assert.deepEqual(index.crosswalk(), before);
        assert.deepEqual(index.sql('select max(id), count(*) from empi.match_event'), events);
        assert.deepEqual(index.sql('select count(*) from empi.config'), [{ count: '1' }]);
        assert.deepEqual(index.sql('select count(*) from empi.person_record_staging'), [{ count: '0' }]);
        assert.match(index.run('matching-job').stderr, /there is no job/);
        assert.match(index.try(['matching-job', '--job', '1']).stderr, /job_1 has already succeeded/);
        assert.match(index.try(['matching-job', '--job', 'job_99']).stderr, /there is no job job_99/);
    });

    test('potential matches join with the crosswalk', () => {
        index.run('export', 'potential-matches', '-o', 'matches.csv');
        const matches = readTable(index.folder, 'matches.csv');
        const known = new Set(index.crosswalk().map((row) => row.person_id));
        assert.ok(matches.length > 0);
        assert.ok(matches.every((row) => known.has(row.person1_id) && known.has(row.person2_id)));
        assert.ok(matches.some((row) => row.person1_id !== row.person2_id));
    });

    test('half of the file, then the other: the same persons', (t) => {
        const halves = new Index();
        t.after(() => halves.remove());
        const records = parseTable(readFileSync(file, 'utf8')).slice(0, 800);
        const golden = JSON.parse(readFileSync(modelFile, 'utf8'));
        // Frequencies change as records come in; without them a pair's score does not.
        for (const comparison of golden.comparisons) {
            comparison.comparison_levels.forEach((level) => delete level.tf_adjustment_column);
        }
        halves.load(records.filter((_, i) => i % 2 === 0), golden, '0.5', '0.95');
        halves.load(records.filter((_, i) => i % 2 === 1), golden, '0.5', '0.95');
        const whole = new Index();
        t.after(() => whole.remove());
        whole.load(records.toReversed?.() ?? [...records].reverse(), golden, '0.5', '0.95');
        assert.deepEqual(halves.persons(), whole.persons());
    });

    test('an import that fails leaves nothing', () => {
        const jobs = index.sql('select count(*) from empi.job');
        const text = formatTable(columns, [person('1', { last_name: 'SECRET' })]);
        const refuse = (content, message) => {
            const result = index.try([importing[0], put(index.folder, 'bad.csv', content), ...importing.slice(2)]);
            assert.equal(result.status, 1);
            assert.match(result.stderr, message);
            assert.doesNotMatch(result.stderr, /SECRET/);
        };
        refuse(text + 'a,2,SECRET\n', /^tuva-empi: Incorrectly formatted person records file due to bad\.csv, line 3/);
        refuse(text.replace('a,1', 'a,'), /due to bad\.csv, line 2: source_person_id is empty/);
        refuse(text.replace('zip_code', 'postcode'), /due to invalid header\. Expected header: '.*' Actual header: '.*postcode.*missing: zip_code.*unknown: postcode/s);
        refuse(text.split('\n')[1] + '\n', /due to/);
        refuse('SECRET,SECRET\n', /due to/);
        assert.deepEqual(index.sql('select count(*) from empi.job'), jobs);
        assert.deepEqual(index.sql('select count(*) from empi.person_record_staging'), [{ count: '0' }]);
    });

    test('columns in any order, county absent', () => {
        const order = columns.filter((name) => name !== 'county').reverse();
        put(index.folder, 'order.csv', formatTable(order, [person('order-1', { last_name: 'Doe', city: '' })]));
        index.loadFile('order.csv', modelFile, '0.5', '0.95');
        const [row] = index.crosswalk().filter((each) => each.source_person_id === 'order-1');
        assert.deepEqual([row.last_name, row.city, row.county, row.first_name], ['Doe', '', null, null]);
    });

    test('a job tells where its records came from, to who is in another folder, too', () => {
        const text = formatTable(columns, [person('source-1')]);
        const path = realpathSync(join(index.folder, put(index.folder, 'source.csv', text)));
        symlinkSync(path, join(index.folder, 'latest.csv'));
        const importing = (name) => ['import', name, '--config', modelFile, '--potential', '0.5', '--auto', '0.95'];
        index.run(...importing('source.csv'));
        index.run(...importing('latest.csv'));
        index.try(importing('-'), { input: text });
        spawnSync('bash', ['-c', "cp latest.csv $'\\xff.csv'; exec \"$0\" import $'\\xff.csv' \"$@\"", program, ...importing('-').slice(2)],
            { cwd: index.folder, env: { ...process.env, ...index.env } });
        const from = index.sql('select source_uri from empi.job order by id desc limit 4').map(({ source_uri: uri }) => uri);
        assert.deepEqual(from, [`file://${dirname(path)}/%FF.csv`, 'stdin:', `file://${path}`, `file://${path}`]);
        from.forEach(() => index.run('matching-job'));
        // Nor does a name steer the terminal of whoever looks.
        const odd = index.run(...importing(put(index.folder, 'odd\x1b]0;x\x07\u009b31m\u202e.csv', text))).stdout.trim();
        const looks = [index.run('jobs').stdout, index.run('jobs', 'show', odd).stdout, index.run('matching-job').stderr];
        for (const look of looks) {
            assert.doesNotMatch(look, /[\0-\t\v-\x1f\x7f-\x9f\u202e]/);
        }
        assert.match(looks[1], /^source +file:\/\/\S*\/odd \]0;x +31m +\.csv$/m);
    });

    test('a model that is wrong, thresholds that are', () => {
        const bad = put(index.folder, 'bad.json', makeModel([exact('shoe_size')], ['l.phone = r.phone']));
        const wrong = index.try(['import', file, '--config', bad, '--potential', '0.5', '--auto', '0.9']);
        assert.match(wrong.stderr, /comparisons\.0.*shoe_size/);
        const order = index.try(['import', file, '--config', modelFile, '--potential', '0.9', '--auto', '0.5']);
        assert.match(order.stderr, /potential_match_threshold must not exceed auto_match_threshold/);
    });
});

describe('faults of the Python backend', () => {
    let index;
    before(() => (index = new Index()));
    after(() => index.remove());

    test('fault_01_a_bridge_merges_persons_whole', () => {
        index.load([
            person('1', { social_security_number: '1', phone: '1' }),
            person('2', { phone: '1' }),
            person('3', { social_security_number: '3', phone: '3' }),
            person('4', { social_security_number: '3' }),
        ], numbers);
        assert.deepEqual(index.persons(), [['1', '2'], ['3', '4']]);
        // Like one record of each; no new result names the other records of both.
        index.load([person('5', { social_security_number: '1', phone: '3' })], numbers, '0.05', '0.06');
        assert.deepEqual(index.persons(), [['1', '2', '3', '4', '5']]);
        const reviewed = index.sql('select count(*) from empi.person_record where matched_or_reviewed is null');
        assert.deepEqual(reviewed, [{ count: '0' }]);
    });

    test('what another model has scored is not judged by the threshold of this one alone', (t) => {
        const mixed = new Index();
        t.after(() => mixed.remove());
        const own = (id, fields) => person(id, { phone: '1', ...fields });
        mixed.load([own('1'), own('2', { social_security_number: '2' })], numbers, '0.05', '0.99');
        const [{ match_probability: score }] = mixed.sql('select match_probability from empi.prediction_result');
        assert.ok(score > 0.9 && score < 0.95);
        // To this model the same pair is a coin to toss, and so is the one that touches its group.
        const stricter = { ...numbers, probability_two_random_records_match: 0.001 };
        mixed.load([own('3')], stricter, '0.05', '0.9');
        assert.deepEqual(mixed.persons(), [['1'], ['2'], ['3']]);
        // The same model with a lower threshold: 2 comes in by the first job's result.
        mixed.load([own('4', { social_security_number: '4' })], numbers, '0.05', '0.9');
        assert.deepEqual(mixed.persons(), [['1', '2', '3', '4']]);
    });

    test('fault_04_rows_that_differ_are_all_kept', () => {
        const before = index.crosswalk().length;
        index.load([
            person('40', { first_name: 'x', last_name: null }),
            person('40', { first_name: null, last_name: 'x' }),
            person('40', { first_name: 'x', last_name: '' }),
            person('40', { first_name: 'x|', last_name: null }),
            person('40', { first_name: 'x', last_name: null }),
        ], numbers);
        assert.equal(index.crosswalk().length, before + 4);
    });

    test('any text comes through as it is', () => {
        const odd = ['tab\there', 'line\nbreak', 'return\rhere', 'back\\slash\\', '\\N', '\\.', '"quoted"', '{a,b}', "it's",
            'NULL', ' spaces ', 'Zoë 字', ';--', '%s%n'];
        const records = odd.flatMap((text, i) => [
            // Two that merge, from sources of which one sorts before the other, and one that stays alone.
            person(`odd${i}-1`, { data_source: `z${text}`, first_name: text, last_name: text, phone: `o${i}`, social_security_number: `o${i}` }),
            person(`odd${i}-2`, { data_source: text, first_name: text, address: text, phone: `o${i}`, social_security_number: `o${i}` }),
            person(`odd${i}-3`, { data_source: text, last_name: text, city: text }),
        ]);
        index.load(records, numbers);
        const columns_ = ['data_source', 'source_person_id', 'first_name', 'last_name', 'address', 'city'];
        const kept = index.sql(`select ${columns_} from empi.person_record where source_person_id like 'odd%' order by id`);
        assert.deepEqual(kept, records.map((record) =>
            Object.fromEntries(columns_.map((column) => [column, record[column] ?? null])))); // check() looks at persons and values
        const merged = index.sql(`select p.record_count, p.data_sources[1] as first, p.data_sources[2] as second,
            p.first_name, p.last_name from empi.person p join empi.person_record r on r.id = p.first_record_id
            where r.source_person_id like 'odd%-1' order by r.id`);
        assert.deepEqual(merged, odd.map((text) => {
            const [first, second] = [text, `z${text}`].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
            return { record_count: '2', first, second, first_name: text, last_name: text };
        }));
    });

    test('fault_05_null_is_a_surname', () => {
        const names = makeModel([exact('last_name', 0.99, 0.0001)], ['l.last_name = r.last_name']);
        for (const name of ['Null', 'NA', 'None', 'nan', '']) {
            index.load([person(`50${name}1`, { last_name: name, city: '1' }),
                person(`50${name}2`, { last_name: name, city: '2' })], names);
        }
        const persons = index.persons().filter((ids) => ids[0].startsWith('50'));
        assert.deepEqual(persons.map((ids) => ids.length).sort(), [1, 1, 2, 2, 2, 2]);
    });

    test('fault_09_open_groups_stay_as_they_are', () => {
        index.load([
            person('91', { phone: '9', last_name: 'one' }), person('92', { phone: '9', last_name: 'two' }),
        ], model, '0.1', '0.99');
        const open = 'select id, uuid, version, updated from empi.match_group where matched is null and deleted is null';
        const before = index.sql(open);
        assert.equal(before.length, 1);
        index.load([person('93', { phone: '93' }), person('94', { phone: '93' })], numbers);
        assert.deepEqual(index.sql(open), before);
        // A new result of the group keeps its id and raises its version.
        index.load([person('95', { phone: '9', last_name: 'three' })], model, '0.1', '0.99');
        const [changed] = index.sql(open);
        assert.equal(changed.id, before[0].id);
        assert.equal(Number(changed.version), Number(before[0].version) + 1);
    });

    test('fault_02_what_a_steward_parted_is_never_merged', () => {
        index.load([
            person('21', { social_security_number: '21', phone: '21' }),
            person('22', { social_security_number: '22', phone: '22' }),
        ], numbers);
        // As a manual match writes it: the two are different persons.
        index.sql(`
            with event as (
                insert into empi.match_event (type) values ('manual-match') returning id
            )
            insert into empi.manual_decision (match_event_id, person_record_id, person_id)
            select event.id, r.id, r.person_id
            from event, empi.person_record r
            where r.source_person_id in ('21', '22')`);
        index.load([person('23', { social_security_number: '21', phone: '22' })], numbers, '0.05', '0.06');
        const persons = index.persons().filter((ids) => ids[0].startsWith('2') && ids[0] !== '2');
        assert.equal(persons.length, 2);
        assert.equal(persons.some((ids) => ids.includes('21') && ids.includes('22')), false);
    });

    test('fault_28_a_job_that_was_killed_leaves_all_as_it_was', async () => {
        const before = index.crosswalk();
        put(index.folder, 'more.csv', formatTable(columns,
            Array.from({ length: 3000 }, (_, i) => person(`k${i}`, { phone: `k${i % 1000}` }))));
        index.run('import', 'more.csv', '--config', 'model.json', '--potential', '0.05', '--auto', '0.06');
        const job = start(index.folder, ['matching-job', '--threads', '1'], { env: index.env });
        await until(() => index.sql("select id from empi.job where status = 'running'").length > 0 ||
            job.child.exitCode !== null, 'the job');
        job.child.kill('SIGKILL');
        const { signal } = await job.ended;
        if (signal === 'SIGKILL') {
            assert.deepEqual(index.crosswalk(), before);
            index.run('matching-job');
        }
        index.check();
        assert.equal(index.crosswalk().length, before.length + 3000);
    });
});
