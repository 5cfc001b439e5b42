// Import and matching job against persons and groups that are computed here, from Splink's own
// predictions: the data set that Tuva EMPI documents its set-up with; and that neither the order of
// rows nor the number of threads matters.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Index, columns, grouped } from './index-support.mjs';
import { assertNear, connect, dataPath, formatTable, parseTable, put, root } from './support.mjs';

const folder = join(root, '..', 'shared', 'golden', 'tuva_synth');
const skip = existsSync(folder) ? false : 'the data set is not here';

/** What every job has to make of these pairs of positions in a file of `count` rows. */
function expect(count, pairs, potential, auto) {
    const results = pairs.filter(({ probability }) => probability > potential);
    const ends = ({ left, right }) => [left, right];
    const persons = connect(count, results.filter(({ probability }) => probability > auto).map(ends));
    const roots = connect(count, results.map(ends));
    const groups = new Map();
    for (const { left, right, probability } of results) {
        const group = groups.get(roots[left]) ?? { records: new Set(), highest: 0, results: 0 };
        [left, right].forEach((position) => group.records.add(position));
        group.highest = Math.max(group.highest, probability);
        group.results++;
        groups.set(roots[left], group);
    }
    return {
        results,
        persons: grouped(persons.map((person, i) => [person, i])),
        groups: [...groups.values()].map(({ records, ...rest }) => ({
            ...rest,
            records: [...records].sort((a, b) => a - b),
            open: new Set([...records].map((i) => persons[i])).size > 1,
        })).sort((a, b) => a.records[0] - b.records[0]),
    };
}

/** The same of an index that has had one import: the nth row is the nth record. */
function found(index) {
    const ids = index.sql('select id from empi.person_record order by id').map(({ id }) => id);
    const position = new Map(ids.map((id, i) => [id, i]));
    const results = index.sql(`select match_group_id as "group", person_record_l_id as left,
        person_record_r_id as right, match_probability as probability from empi.prediction_result`)
        .map((row) => ({ ...row, left: position.get(row.left), right: position.get(row.right) }));
    const groups = index.sql(`select id, max_match_probability as highest, matched is null as open
        from empi.match_group where deleted is null`).map(({ id, highest, open }) => {
        const own = results.filter(({ group }) => group === id);
        return {
            highest: Number(highest),
            results: own.length,
            records: [...new Set(own.flatMap(({ left, right }) => [left, right]))].sort((a, b) => a - b),
            open: open === 't',
        };
    });
    return {
        results,
        persons: grouped(index.sql('select id, person_id from empi.person_record')
            .map(({ id, person_id: person }) => [person, position.get(id)])),
        groups: groups.sort((a, b) => a.records[0] - b.records[0]),
    };
}

const sortNumbers = (groups) =>
    groups.map((group) => group.sort((a, b) => a - b)).sort((a, b) => a[0] - b[0]);

describe('tuva_synth', { skip }, () => {
    let index;
    let expected;
    before(() => (index = new Index()));
    after(() => index.remove());
    const file = join(folder, 'tuva_synth_clean.csv');
    const model = join(folder, 'tuva_synth_model.json');

    const load = (potential, auto) => {
        const pairs = parseTable(gunzipSync(readFileSync(join(folder, 'predictions.csv.gz'))).toString())
            .map((row) => ({
                left: Number(row.id_l) - 1,
                right: Number(row.id_r) - 1,
                probability: Number(row.match_probability),
            }));
        const rows = parseTable(readFileSync(file, 'utf8')).length;
        assert.equal(rows, 1525);
        expected = expect(rows, pairs, potential, auto);
        index.loadFile(file, model, String(potential), String(auto));
        const own = found(index);
        const key = ({ left, right }) => `${left}-${right}`;
        const known = new Map(expected.results.map((result) => [key(result), result.probability]));
        assert.deepEqual(own.results.map(key).sort(), [...known.keys()].sort(), 'the results');
        own.results.forEach((result) =>
            assertNear(result.probability, String(known.get(key(result))), `probability of ${key(result)}`));
        assert.deepEqual(sortNumbers(own.persons), sortNumbers(expected.persons), 'the persons');
        assert.deepEqual(own.groups.map(({ highest, ...rest }) => rest),
            expected.groups.map(({ highest, ...rest }) => rest), 'the groups');
        own.groups.forEach(({ highest }, i) =>
            assertNear(String(highest), String(expected.groups[i].highest), 'the highest probability'));
    };

    test('0.5 and 1, as documented: nobody merges, all groups are for review', () => {
        load(0.5, 1);
        assert.equal(expected.persons.length, 1525);
        assert.ok(expected.groups.length > 0 && expected.groups.every(({ open }) => open));
    });

    test('0.5 and 0.95: persons above, groups in between', (t) => {
        const documented = index;
        t.after(() => documented.remove());
        index = new Index();
        load(0.5, 0.95);
        assert.ok(expected.persons.length < 1525 && expected.groups.some(({ open }) => !open));
    });
});

describe('the order of rows and the number of threads', () => {
    const model = dataPath('people/model.json');
    const records = parseTable(readFileSync(dataPath('people/records.csv'), 'utf8')).slice(0, 2000);
    /** Of every person the rows; of every group its results as pairs of rows, and whether it is open. */
    const load = (t, rows, threads) => {
        const index = new Index();
        t.after(() => index.remove());
        put(index.folder, 'rows.csv', formatTable(columns, rows));
        index.run('import', 'rows.csv', '--config', model, '--potential', '0.5', '--auto', '0.95');
        index.run('matching-job', '--threads', threads);
        index.check();
        const { persons, groups, results } = found(index);
        const key = (position) => `${rows[position].source_person_id} ${rows[position].data_source}`;
        const sorted = (lists) => lists.map((list) => list.map(key).sort()).sort((a, b) => (a[0] < b[0] ? -1 : 1));
        return {
            persons: sorted(persons),
            groups: [true, false].map((open) => sorted(groups.filter((group) => group.open === open)
                .map((group) => group.records))),
            results: results.map(({ left, right }) => [left, right].map(key).sort().join(' ')).sort(),
        };
    };
    // A fixed shuffle: rows by a number that has nothing to do with them.
    const shuffled = records.map((row, i) => [(i * 7919) % 2003, row]).sort(([a], [b]) => a - b).map(([, row]) => row);

    test('1, 2 and 7 threads, one file in two orders: the same persons, groups and results', (t) => {
        const one = load(t, records, '1');
        assert.ok(one.persons.length < 2000 && one.groups.every((groups) => groups.length > 0));
        assert.deepEqual(load(t, records, '2'), one);
        assert.deepEqual(load(t, shuffled, '7'), one);
        assert.deepEqual(load(t, shuffled.reverse(), '1'), one);
    });
});
