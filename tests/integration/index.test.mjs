// The index: imports, matching jobs and exports on a private PostgreSQL, with the tables looked at.

import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import {
    connect, dataPath, exact, formatTable, makeModel, parseTable, put, readTable, run, start, until,
} from './support.mjs';

const columns = ['data_source', 'source_person_id', 'first_name', 'last_name', 'sex', 'race', 'birth_date',
    'death_date', 'social_security_number', 'address', 'city', 'state', 'zip_code', 'county', 'phone'];

/** An index of its own: commands that succeed, SQL, and the checks that hold at any time. */
class Index {
    constructor() {
        this.folder = mkdtempSync(join(tmpdir(), 'tuva-empi-index-'));
        this.env = { TUVA_EMPI_DATA_DIR: join(this.folder, 'data'), TUVA_EMPI_CONFIG_FILE: '' };
        this.number = 0;
        // The server's user has to get there; and the server runs on while one of us is connected.
        chmodSync(this.folder, 0o755);
        this.run('migrate');
        this.holder = start(this.folder, ['psql'], { env: this.env });
    }

    try(args, options = {}) {
        return run(this.folder, args, { ...options, env: this.env });
    }

    run(...args) {
        const result = this.try(args);
        assert.equal(result.status, 0, `${args.join(' ')}: ${result.stderr}`);
        return result;
    }

    sql(text) {
        const { stdout } = this.run('psql', '--', '-X', '-q', '--csv', '-v', 'ON_ERROR_STOP=1', '-c', text);
        return parseTable(stdout);
    }

    /** Imports and matches records (objects by column); gives what the job said. */
    load(records, model, potential = '0.5', auto = '0.9') {
        const file = put(this.folder, `records-${++this.number}.csv`, formatTable(columns, records));
        return this.loadFile(file, put(this.folder, 'model.json', model), potential, auto);
    }

    loadFile(file, model, potential, auto) {
        this.run('import', file, '--config', model, '--potential', potential, '--auto', auto);
        const said = this.run('matching-job').stderr;
        this.check();
        return said;
    }

    crosswalk() {
        this.run('export', 'crosswalk', '-o', 'crosswalk.csv');
        return readTable(this.folder, 'crosswalk.csv');
    }

    /** The persons as sorted lists of source ids. */
    persons() {
        return grouped(this.crosswalk().map((row) => [row.person_id, row.source_person_id]));
    }

    check() {
        checkReplay(this);
        checkPersons(this);
        checkGroups(this);
    }

    async remove() {
        this.holder.child.stdin.end();
        await this.holder.ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** Values by key, as a sorted list of sorted lists. */
function grouped(pairs) {
    const groups = new Map();
    for (const [key, value] of pairs) {
        groups.set(key, [...(groups.get(key) ?? []), value]);
    }
    return [...groups.values()].map((group) => group.sort()).sort((a, b) => (a[0] < b[0] ? -1 : 1));
}

/** The actions of all events, from empty, give the tables. */
function checkReplay(index) {
    const owner = new Map();
    const actions = index.sql('select person_id, person_record_id as record, type from empi.person_action order by id');
    for (const { person_id: person, record, type } of actions) {
        if (type === 'add-record') {
            assert.equal(owner.has(record), false, 'a record is added where it has no owner');
            owner.set(record, person);
        } else if (type === 'remove-record') {
            assert.equal(owner.get(record), person, 'a record is removed from its owner');
            owner.delete(record);
        }
    }
    const records = index.sql('select id, person_id from empi.person_record');
    assert.equal(owner.size, records.length);
    assert.deepEqual(records.filter(({ id, person_id: person }) => owner.get(id) !== person), []);

    const holder = new Map();
    const moves = index.sql('select match_group_id as "group", prediction_result_id as result, type ' +
        'from empi.match_group_action where prediction_result_id is not null order by id');
    for (const { group, result, type } of moves) {
        if (type === 'add-result') {
            assert.equal(holder.has(result), false);
            holder.set(result, group);
        } else {
            assert.equal(holder.get(result), group);
            holder.delete(result);
        }
    }
    const results = index.sql('select id, match_group_id as "group" from empi.prediction_result');
    assert.equal(holder.size, results.length);
    assert.deepEqual(results.filter(({ id, group }) => holder.get(id) !== group), []);
}

/** What persons say of their records is so. */
function checkPersons(index) {
    assert.deepEqual(index.sql(`
        select p.id
        from empi.person p
        left join lateral (
            select count(*) as records, min(r.id) as first,
                coalesce(array_agg(distinct r.data_source collate "C" order by r.data_source collate "C")
                    filter (where r.id is not null), '{}') as sources
            from empi.person_record r
            where r.person_id = p.id
        ) as own on true
        left join empi.person_record f on f.id = own.first
        where p.record_count <> own.records
            or (p.deleted is not null) <> (own.records = 0)
            or p.first_record_id is distinct from own.first
            or p.last_name is distinct from f.last_name
            or p.first_name is distinct from f.first_name
            or p.data_sources <> own.sources`), []);
    // Version 1 and one more for every event that came after its first.
    assert.deepEqual(index.sql(`
        select p.id
        from empi.person p
        where p.version <> (
            select count(distinct a.match_event_id)
            from empi.person_action a
            where a.person_id = p.id
                and a.type <> 'review'
        )`), []);
}

/** Open groups have several persons, matched ones of a job have one; replaced ones hold nothing. */
function checkGroups(index) {
    assert.deepEqual(index.sql(`
        select g.id
        from empi.match_group g
        left join lateral (
            select count(*) as results, max(p.match_probability) as highest
            from empi.prediction_result p
            where p.match_group_id = g.id
        ) as held on true
        where (g.deleted is not null) <> (held.results = 0)
            or g.max_match_probability is distinct from held.highest`), []);
}

const person = (source_person_id, more) => ({ data_source: 'a', source_person_id, ...more });

// Pairs with the same phone are compared; a name that is equal, too, is above 0.9; else in between.
const model = makeModel([exact('phone', 0.99, 0.0001), exact('last_name', 0.9, 0.01)],
    ['l.phone = r.phone', 'l.social_security_number = r.social_security_number']);
// A social security number alone: an automatic match.
const numbers = makeModel([exact('social_security_number', 0.99, 0.0001), exact('phone', 0.99, 0.001)],
    ['l.social_security_number = r.social_security_number', 'l.phone = r.phone']);

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
