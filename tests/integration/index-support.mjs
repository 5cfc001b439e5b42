// An index of a test's own, on a private PostgreSQL, and what holds of its tables at any time.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { exact, formatTable, makeModel, parseTable, program, put, readTable, run, start } from './support.mjs';

export const columns = ['data_source', 'source_person_id', 'first_name', 'last_name', 'sex', 'race', 'birth_date',
    'death_date', 'social_security_number', 'address', 'city', 'state', 'zip_code', 'county', 'phone'];

/** An index of its own: commands that succeed, SQL, and the checks that hold at any time. */
export class Index {
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
        return run(this.folder, args, { ...options, env: { ...this.env, ...options.env } });
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

    /** A steward's decision; gives exit status (an enum status) and message. */
    decide(request) {
        const helper = join(dirname(program), '../tests/manual-match');
        const result = spawnSync(helper, { input: JSON.stringify(request), env: { ...process.env, ...this.env } });
        if (result.status === 0) {
            this.check();
        }
        return [result.status, result.stderr.toString().trim()];
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
        checkLists(this);
    }

    async remove() {
        this.holder.child.stdin.end();
        await this.holder.ended;
        rmSync(this.folder, { recursive: true, force: true });
    }
}

/** Values by key, as a sorted list of sorted lists. */
export function grouped(pairs) {
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

/** What groups say of their results and persons is so. */
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
    const members = `
        select distinct p.id as person, g.id as "group", g.max_match_probability as highest
        from empi.match_group g
        join empi.prediction_result e on e.match_group_id = g.id
        join empi.person_record r on r.id in (e.person_record_l_id, e.person_record_r_id)
        join empi.person p on p.id = r.person_id
        where g.matched is null and g.deleted is null and p.deleted is null`;
    const kept = 'select person_id, match_group_id, max_match_probability from empi.open_match_person';
    assert.deepEqual(index.sql(`(${members} except ${kept}) union all (${kept} except ${members})`), []);
}

/** What lists are counted and searched by. */
function checkLists(index) {
    assert.deepEqual(index.sql(`
        select coalesce(sum(persons), 0) as persons, coalesce(sum(open_groups), 0) as groups from empi.list_count`),
    index.sql(`
        select (select count(*) from empi.person where deleted is null) as persons,
            (select count(*) from empi.match_group where matched is null and deleted is null) as groups`));
    for (const column of ['first_name', 'last_name', 'birth_date', 'data_source']) {
        assert.deepEqual(index.sql(`select value, records from empi.search_${column}
            except select ${column}, count(*) from empi.person_record group by 1`), []);
        assert.deepEqual(index.sql(`select distinct ${column} from empi.person_record
            where ${column} is not null except select value from empi.search_${column}`), []);
    }
}

export const person = (source_person_id, more) => ({ data_source: 'a', source_person_id, ...more });

// Pairs with the same phone are compared; a name that is equal, too, is above 0.9; else in between.
export const model = makeModel([exact('phone', 0.99, 0.0001), exact('last_name', 0.9, 0.01)],
    ['l.phone = r.phone', 'l.social_security_number = r.social_security_number']);
// A social security number alone: an automatic match.
export const numbers = makeModel([exact('social_security_number', 0.99, 0.0001), exact('phone', 0.99, 0.001)],
    ['l.social_security_number = r.social_security_number', 'l.phone = r.phone']);
