// Pages of a large index: the plans that PostgreSQL really made for the program's queries, as
// auto_explain logs them, and the answers against plain SQL.
//
// TUVA_EMPI_TEST_PERSONS is its size; from about 100,000 on the planner decides as it does at a
// million.

import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Index, model } from './index-support.mjs';
import { root, until } from './support.mjs';

const persons = Number(process.env.TUVA_EMPI_TEST_PERSONS ?? 100_000);
const groups = persons / 2;
const large = ['person', 'person_record', 'person_record_note', 'match_group', 'prediction_result', 'open_match_person',
    'person_action'];

describe(`pages at ${persons} persons`, () => {
    let index;
    let log;
    before(() => {
        index = new Index();
        log = join(index.folder, 'data/postgresql.log');
        const { status, stderr } = index.try(['psql', '--', '-X', '-q', '-v', `persons=${persons}`,
            '-v', `model=${JSON.stringify(model)}`, '-f', join(root, 'tests/integration/large-index.sql')],
        { timeout: 3_600_000 });
        assert.equal(status, 0, stderr);
        const settings = ["session_preload_libraries = 'auto_explain'", 'auto_explain.log_min_duration = 0',
            'auto_explain.log_analyze = on', 'auto_explain.log_timing = off', 'auto_explain.log_format = json'];
        index.run('psql', '--', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-c', "load 'auto_explain'",
            ...settings.flatMap((setting) => ['-c', `alter system set ${setting}`]), '-c', 'select pg_reload_conf()');
        return until(() => index.sql('show auto_explain.log_min_duration')[0]?.['auto_explain.log_min_duration'] === '0',
            'the server to read its settings');
    });
    after(() => index.remove());

    /** What an action gives, and the plans of all queries that it made. */
    function watch(action) {
        const begin = statSync(log).size;
        const result = action();
        const text = readFileSync(log).subarray(begin).toString();
        const plans = [...text.matchAll(/ plan:\n((?:\t.*\n)+)/g)].map(([, json]) => JSON.parse(json).Plan);
        assert.ok(plans.length > 0, 'auto_explain wrote the plans');
        return { result, plans };
    }

    /** A command's answer and its plans. */
    function explain(...args) {
        const { result, plans } = watch(() => index.run(...args, '--json'));
        return { answer: JSON.parse(result.stdout), plans };
    }

    const nodes = (plan) => [plan, ...(plan.Plans ?? []).flatMap(nodes)];

    /** No plan scans a large table, and not more than `most` of their rows are read. */
    function checkPlans(plans, most) {
        let read = 0;
        for (const node of plans.flatMap(nodes)) {
            const name = node['Relation Name'];
            if (!large.includes(name)) {
                continue;
            }
            assert.notEqual(node['Node Type'], 'Seq Scan', `${name} is scanned: ${JSON.stringify(node)}`);
            const rows = node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)
                + (node['Rows Removed by Index Recheck'] ?? 0);
            read += rows * node['Actual Loops'];
        }
        assert.ok(read <= most, `${read} rows read, more than ${most}`);
    }

    /** A page without and one with conditions may read so much: its own persons and records a few times
        over, and per match its record, and its person or what group that is in. */
    const page = 50 * 12;
    const perMatch = 3;

    const commands = { persons: ['persons', 'search'], 'potential-matches': ['potential-matches'] };
    const totals = { persons, 'potential-matches': groups };
    const keys = { persons: 'persons', 'potential-matches': 'potential_matches' };

    for (const [kind, command] of Object.entries(commands)) {
        test(`${kind}: the first page, the last one, and one in the middle`, () => {
            const last = totals[kind] / 50;
            for (const [number, behind] of [[1, 0], [2, 50], [last, 0], [last - 1, 50], [last / 2, totals[kind] / 2]]) {
                const { answer, plans } = explain(...command, '--page', String(number));
                assert.equal(answer[keys[kind]].length, 50);
                assert.equal(answer.pagination.total_count, totals[kind]);
                checkPlans(plans, behind + page);
            }
        });
    }

    const conditions = [
        ['--last-name', 'bäbabar', 'last_name ilike \'%bäbabar%\''],
        ['--last-name', 'MÜGA', "last_name ilike '%müga%'"],
        ['--last-name', 'ö', "last_name ilike '%ö%'"],
        ['--last-name', 'da', "last_name ilike '%da%'"],
        ['--first-name', 'zü', "first_name ilike '%zü%'"],
        ['--birth-date', '1980', "birth_date like '%1980%'"],
        ['--birth-date', '1980-02', "birth_date like '%1980-02%'"],
        ['--source-person-id', 'mrn-123', "source_person_id like 'mrn-123%'"],
        ['--person-id', 'p_00a', "person_id in (select id from empi.person where uuid::text like '00a%')"],
        ['--data-source', 'lab', "data_source = 'lab'"],
        ['--last-name', 'r', "last_name ilike '%r%'"],
    ];
    const several = [[1, 4], [9, 1], [8, 10], [6, 9], [4, 3, 9], [10, 9]].map((each) => each.map((i) => conditions[i]));

    for (const chosen of [...conditions.map((each) => [each]), ...several]) {
        const options = chosen.flatMap(([option, value]) => [option, value]);
        const where = chosen.map(([, , sql]) => sql).join(' and ');
        for (const [kind, command] of Object.entries(commands)) {
            test(`${kind} ${options.join(' ')}`, () => {
                const found = `select distinct person_id from empi.person_record where ${where}`;
                const expected = index.sql(kind === 'persons'
                    ? `select 'p_' || uuid as id, count(*) over () from empi.person p where p.id in (${found})
                        order by p.last_name, p.first_name, p.id limit 50`
                    : `select 'pm_' || g.id as id, count(*) over () from empi.match_group g where exists (
                            select from empi.prediction_result e
                            join empi.person_record r on r.id = e.person_record_l_id or r.id = e.person_record_r_id
                            where e.match_group_id = g.id and r.person_id in (${found}))
                        order by max_match_probability desc, g.id limit 50`);
                const { answer, plans } = explain(...command, ...options);
                assert.deepEqual(answer[keys[kind]].map(({ id }) => id), expected.map(({ id }) => id));
                assert.equal(answer.pagination.total_count, Number(expected[0]?.count ?? 0));
                // What is read goes with the rarest condition.
                const rarest = Math.min(...chosen.map(([, , sql]) => Number(
                    index.sql(`select count(*) from empi.person_record where ${sql}`)[0].count)));
                if (rarest < 30_000) {
                    checkPlans(plans, perMatch * rarest + page);
                }
            });
        }
    }

    test('parts of names and dates are found by their trigrams', () => {
        for (const [option, part, column] of [['--last-name', 'bäbabar', 'last_name'], ['--birth-date', '1980-02', 'birth_date']]) {
            const used = explain('persons', 'search', option, part).plans.flatMap(nodes);
            assert.ok(used.some((node) => node['Index Name'] === `search_${column}_folded`), column);
            assert.ok(!used.some((node) => node['Node Type'] === 'Seq Scan' && node['Relation Name'] === `search_${column}`), column);
        }
    });

    test('a person, and a potential match', () => {
        const [{ id }] = explain('persons', 'search', '--source-person-id', 'mrn-10').answer.persons;
        const one = explain('persons', 'show', id);
        checkPlans(one.plans, 10);
        const match = explain('potential-matches', 'show', `pm_${groups - 1}`);
        checkPlans(match.plans, 30);
        for (const { records } of [one.answer.person, ...match.answer.potential_match.persons]) {
            records.forEach((record) => {
                const number = Number(record.id.slice(3));
                assert.deepEqual(record.notes.map(({ comment }) => comment), number % 2 === 0 ? [`note ${number}`] : []);
            });
        }
        // One that was emptied.
        const set = (count, deleted) => index.sql(
            `update empi.person set record_count = ${count}, deleted = ${deleted} where uuid = '${id.slice(2)}'`);
        set(0, 'now()');
        const { result, plans } = watch(() => index.try(['persons', 'show', id]));
        set(1, 'null');
        assert.match(result.stderr, /has no records any more/);
        checkPlans(plans, 10);
    });

    test('scans and reading too much are seen', () => {
        const scan = watch(() => index.sql("select count(*) from empi.person_record where phone = '1'")).plans;
        assert.throws(() => checkPlans(scan, Infinity), /person_record is scanned/);
        const long = watch(() => index.sql('select max(last_name) from (select * from empi.person ' +
            'where deleted is null order by last_name, first_name, id limit 500) as first')).plans;
        checkPlans(long, 500);
        assert.throws(() => checkPlans(long, 499), /500 rows read, more than 499/);
    });

    test('data sources', () => {
        const { answer, plans } = explain('data-sources');
        assert.deepEqual(answer.data_sources.map(({ name }) => name), ['cerner', 'epic', 'lab', 'pharmacy']);
        checkPlans(plans, 0);
    });
});
