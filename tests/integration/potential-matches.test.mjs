// Potential matches: the list, what a steward decides by, and the decision.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Index, columns, model, numbers, person } from './index-support.mjs';
import { exact, isNear, makeModel } from './support.mjs';

let index;
before(() => (index = new Index()));
after(() => index.remove());

const json = (...args) => JSON.parse(index.run(...args, '--json').stdout);
const list = (...args) => json('potential-matches', ...args);
const near = (a, b) => assert.ok(isNear(a, b), `${a}, not ${b}`);

/** Persons of three records that wait for a decision: the first two records are one person. */
let round = 0;
const load = (more = {}) => {
    const phone = `p${++round}`;
    index.load([
        person(`${phone}-1`, { phone, last_name: 'one', first_name: 'Jörg', data_source: 'epic', ...more }),
        person(`${phone}-2`, { phone, last_name: 'one', city: 'x', ...more }),
        person(`${phone}-3`, { phone, last_name: 'two', first_name: '50%', ...more }),
    ], model, '0.1', '0.95');
    return phone;
};

describe('the list', () => {
    test('open groups, the likeliest first', () => {
        load();
        // A second name that agrees makes a group of its own probability.
        index.load([1, 2].map((i) => person(`pair-${i}`, { phone: 'pair', last_name: null, first_name: `${i}` })),
            makeModel([exact('phone', 0.99, 0.01), exact('last_name')], ['l.phone = r.phone']), '0.1', '0.95');
        load();
        const { potential_matches: found, pagination } = list();
        const open = index.sql(`select id, max_match_probability as p from empi.match_group
            where matched is null and deleted is null order by max_match_probability desc, id`);
        assert.deepEqual(found.map(({ id, max_match_probability: p }) => [id, p]),
            open.map(({ id, p }) => [`pm_${id}`, Number(p)]));
        assert.equal(found.length, 3);
        assert.ok(found[0].max_match_probability > found[2].max_match_probability);
        assert.deepEqual(Object.keys(found[0]), ['id', 'first_name', 'last_name', 'data_sources', 'max_match_probability']);
        const first = found.find(({ last_name: name }) => name === 'one');
        assert.deepEqual([first.first_name, first.data_sources], ['Jörg', ['a', 'epic']]);
        assert.deepEqual(found.find(({ first_name: name }) => name === '1').last_name, null);
        assert.equal(pagination.total_count, 3);
    });

    test('conditions hold for a record of any of its persons', () => {
        const ids = (...args) => list(...args).potential_matches.map(({ id }) => id).sort();
        const all = ids();
        assert.equal(ids('--last-name', 'TWO').length, 2);
        assert.equal(ids('--last-name', 'two', '--source-person-id', 'p1-').length, 1);
        assert.equal(ids('--last-name', 'one', '--first-name', '50%').length, 0);
        assert.equal(ids('--first-name', '%').length, 2);
        assert.equal(ids('--first-name', 'JÖ').length, 2);
        assert.equal(ids('--first-name', 'ö').length, 2);
        assert.equal(ids('--data-source', 'epic').length, 2);
        assert.equal(ids('--data-source', 'nobody').length, 0);
        assert.deepEqual(ids('--person-id', 'p_'), all);
        const [{ uuid }] = index.sql(`select uuid from empi.person p
            where id = (select person_id from empi.person_record where source_person_id = 'p1-3')`);
        assert.equal(ids('--person-id', `p_${uuid}`).length, 1);
        // A record of the same person that no result names serves as well.
        assert.deepEqual(ids('--source-person-id', 'p1-1'), ids('--person-id', `p_${uuid}`));
    });

    test('pages', () => {
        const { potential_matches: all } = list();
        for (const conditions of [[], ['--person-id', 'p_'], ['--source-person-id', 'p']]) {
            const expected = conditions[0] === '--source-person-id' ? list(...conditions).potential_matches : all;
            const got = expected.flatMap((_, i) =>
                list(...conditions, '--page-size', '1', '--page', `${i + 1}`).potential_matches);
            assert.deepEqual(got, expected);
            const { potential_matches: none, pagination } = list(...conditions, '--page', '9');
            assert.deepEqual([none, pagination.total_count, pagination.total_pages], [[], expected.length, 1]);
        }
        assert.match(index.run('potential-matches').stdout,
            /^ +ID +PROBABILITY +LAST NAME +FIRST NAME +DATA SOURCES\n(.*\n){3}3 potential matches\n$/);
    });
});

describe('one', () => {
    const show = (id, ...args) => json('potential-matches', 'show', id, ...args);
    const groupOf = (source) => list('--source-person-id', source).potential_matches[0].id;

    test('has its results, and its persons with all their records', () => {
        const phone = load();
        // Another record of the first person, which no result of the group names.
        index.sql(`update empi.person_record set social_security_number = '${phone}' where source_person_id = '${phone}-1'`);
        index.load([person(`${phone}-4`, { social_security_number: phone })], numbers, '0.5', '0.98');
        const id = groupOf(`${phone}-3`);
        const { potential_match: group, pagination, metadata } = show(id);
        assert.deepEqual(Object.keys(group), ['id', 'created', 'version', 'results', 'persons']);
        const stored = index.sql(`select e.*, g.version from empi.prediction_result e
            join empi.match_group g on g.id = e.match_group_id
            where 'pm_' || g.id = '${id}' order by e.match_probability desc, e.id`);
        assert.deepEqual(group.results.map(({ id: own, person_record_l_id: l, person_record_r_id: r }) => [own, l, r]),
            stored.map((row) => [`prre_${row.id}`, `pr_${row.person_record_l_id}`, `pr_${row.person_record_r_id}`]));
        stored.forEach((row, i) => {
            assert.equal(group.results[i].match_probability, Number(row.match_probability));
            assert.equal(group.results[i].match_weight, Number(row.match_weight));
        });
        assert.equal(group.version, Number(stored[0].version));
        const records = group.persons.map((each) => each.records.map((record) => record.source_person_id));
        assert.deepEqual(records.flat().sort(), [1, 2, 3, 4].map((i) => `${phone}-${i}`));
        assert.deepEqual(records.map((each) => each.length).sort(), [1, 3]);
        assert.deepEqual(Object.keys(group.persons[0].records[0]).slice(5), [...columns, 'notes']);
        assert.equal(pagination.total_count, 2);
        assert.deepEqual(metadata, { total_persons: 2, total_records: 4, total_results: group.results.length,
            returned_results: group.results.length });
        const pages = [1, 2].map((page) => show(id, '--page-size', '1', '--page', `${page}`));
        assert.deepEqual(pages.flatMap((page) => page.potential_match.persons), group.persons);
        assert.ok(pages.every((page) => page.potential_match.results.length === group.results.length));
        assert.deepEqual(show(id, '--page', '3').potential_match.persons, []);
    });

    const sum = ({ explanation }) => explanation.prior_weight + explanation.term_frequency_weight
        + explanation.comparisons.reduce((total, { weight, term_frequency_weight: tf }) => total + weight + (tf ?? 0), 0);

    /** An exact comparison that minds how common the value is. */
    const adjusted = (column) => {
        const comparison = exact(column, 0.9, 0.05);
        Object.assign(comparison.comparison_levels[1], { tf_adjustment_column: column, label_for_charts: 'the same' });
        return comparison;
    };

    test('an explanation adds up to the weight', () => {
        const phone = load();
        const { results } = show(groupOf(`${phone}-3`)).potential_match;
        for (const result of results) {
            assert.deepEqual(result.explanation.comparisons.map(({ name }) => name), ['phone', 'last_name']);
            near(sum(result), result.match_weight);
            assert.ok(result.explanation.comparisons.every((each) => each.term_frequency_adjusted === false));
        }
        assert.match(index.run('potential-matches', 'show', groupOf(`${phone}-3`)).stdout,
            new RegExp(`: match probability ${results[0].match_probability.toFixed(4)}\n`));
        near(results[0].explanation.prior_weight, Math.log2(0.01 / 0.99));
        near(results[0].explanation.comparisons[0].weight, Math.log2(0.99 / 0.0001));
        assert.equal(results[0].explanation.comparisons[0].label, 'phone_l = phone_r');
    });

    test('and tells what frequencies added, by comparison', () => {
        for (const [source, columnsOf, more] of [['tf1', ['phone', 'city'], { city: 'rare' }],
            ['tf2', ['city', 'state'], { city: 'rarer', state: 'zz' }]]) {
            index.load([1, 2].map((i) => person(`${source}-${i}`, { phone: source, last_name: `${source}${i}`, ...more })),
                makeModel([exact('phone', 0.9, 0.05), ...columnsOf.filter((name) => name !== 'phone').map(adjusted),
                    exact('last_name', 0.9, 0.1)], ['l.phone = r.phone']), '0.00001', '1');
            const [result] = show(groupOf(`${source}-1`)).potential_match.results;
            near(sum(result), result.match_weight);
            const tf = result.explanation.comparisons.filter((each) => each.term_frequency_adjusted);
            assert.equal(tf.length, columnsOf.length - (columnsOf.includes('phone') ? 1 : 0));
            const text = index.run('potential-matches', 'show', groupOf(`${source}-1`)).stdout;
            for (const { name, level, term_frequency_weight: added } of tf) {
                // Two of all the records that have a city, or a state.
                const [{ count }] = index.sql(`select count(*) from empi.person_record where ${name} is not null`);
                near(added, Math.log2(0.05 / (2 / Number(count))));
                assert.equal(level, 1);
                assert.match(text, new RegExp(`\\n${name} +the same +\\+\\d+\\.\\d\\d\\n +how common the value is +[-+]\\d+\\.\\d\\d\\n`));
            }
            assert.equal(result.explanation.term_frequency_weight, 0);
        }
    });

    test('ids, and what is decided or replaced', () => {
        for (const id of ['one', 'pm_', 'pm_0', 'pm_-1', 'pm_01', 'pm_1x', 'p_1', 'pm_99999999999999999999']) {
            for (const args of [['show', '--', id], ['match', '--', id, 'none.json']]) {
                const { status, stderr } = index.try(['potential-matches', ...args]);
                assert.deepEqual([status, stderr], [2, 'tuva-empi: pm_N must be the id of a potential match, as 7 or pm_7\n' +
                    'hint: see: tuva-empi potential-matches\n']);
            }
        }
        const id = groupOf(`${load()}-3`);
        assert.deepEqual(show(id.slice('pm_'.length)), show(id));
        const { status, stderr } = index.try(['potential-matches', 'show', '999']);
        assert.equal(status, 1);
        assert.match(stderr, /^tuva-empi: there is no potential match pm_999\nhint: /);
    });
});

describe('a decision', () => {
    let phone;
    let group;
    let first;
    let second;
    beforeEach(() => {
        phone = load();
        const { id } = list('--source-person-id', phone).potential_matches[0];
        group = json('potential-matches', 'show', id).potential_match;
        [first, second] = group.persons.sort((a, b) => b.records.length - a.records.length);
    });

    const body = (person_updates, more) => ({
        potential_match_id: group.id, potential_match_version: group.version, person_updates, ...more,
    });
    const update = ({ id, version }, ...records) => ({ id, version, new_person_record_ids: records.map((each) => each.id) });
    const match = (content, id = group.id) =>
        index.try(['potential-matches', 'match', id, '-'], { input: typeof content === 'string' ? content : JSON.stringify(content) });
    const refuse = (content, lines, id) => {
        const { status, stderr, stdout } = match(content, id);
        assert.equal(status, 1);
        assert.equal(stdout, '');
        assert.deepEqual(stderr.split('\n').slice(0, -1).map((line) => line.replace(/^tuva-empi: /, '')), lines);
        assert.ok(json('potential-matches', 'show', group.id));
    };

    test('merges, with a comment, and prints the event', () => {
        const [one, two] = first.records;
        const result = match(body([update(first, one, two, second.records[0]), update(second)],
            { comments: [{ person_record_id: one.id, comment: ' a twin? no ' }] }));
        assert.equal(result.stderr, '');
        const [{ id, note }] = index.sql(`select 'me_' || match_event_id as id, note from empi.person_record_note
            order by id desc limit 1`);
        assert.deepEqual([result.stdout, note], [`${id}\n`, 'a twin? no'], 'fault_13_comments_are_kept');
        index.check();
        assert.equal(list('--source-person-id', phone).pagination.total_count, 0);
        assert.equal(json('persons', 'show', first.id).person.records.length, 3);
        assert.match(match(body([])).stderr, /^tuva-empi: Potential match has already been matched\n/);
        assert.match(index.try(['potential-matches', 'show', group.id]).stderr, /there is no potential match/);
    });

    test('fault_13_its_comments_are_shown_with_their_records', () => {
        const [one, two] = first.records;
        const [three] = second.records;
        const odd = 'said "no"; it\'s\n\ttwo lines \u001b]0;x\u0007\u009b1m\u202e Jörg 李';
        const decide = (...args) => {
            const { status, stdout, stderr } = match(...args);
            assert.equal(status, 0, stderr);
            return stdout.trim();
        };
        const earlier = decide(body([], { comments: [[three.id, 'of three'], [two.id, odd], [two.id, 'again']]
            .map(([id, comment]) => ({ person_record_id: id, comment })) }));
        const [{ id: user }] = index.sql(`insert into empi.app_user (idp_user_id, email) values ('${phone}', 's@example.com')
            returning id`);
        index.sql(`update empi.person_record_note set author_id = ${user} where note = 'again'`);
        const notes = (answer) => Object.fromEntries((answer.person?.records ?? answer.potential_match.persons
            .flatMap(({ records }) => records)).map((record) => [record.id, record.notes.map(({ created, ...note }) => note)]));
        const ofTwo = [[odd, null], ['again', `u_${user}`]].map(([comment, author]) => ({ comment, author, match_event_id: earlier }));
        const ofThree = { comment: 'of three', author: null, match_event_id: earlier };
        assert.deepEqual(notes(json('persons', 'show', first.id)), { [one.id]: [], [two.id]: ofTwo });
        // Without times and layout.
        const plain = (text) => text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00/g, 'TIME').replaceAll(/ +/g, ' ')
            .replaceAll('\n ', '\n');
        const heading = '\n\nNOTE ON WRITTEN BY DECISION COMMENT\n';
        const blockOfTwo = `${heading}${two.id} TIME ${earlier} said "no"; it's two lines ]0;x 1m Jörg 李\n` +
            `${two.id} TIME u_${user} ${earlier} again\n`;
        const text = index.run('persons', 'show', first.id).stdout;
        assert.ok(plain(text).endsWith(blockOfTwo), text);
        assert.doesNotMatch(text, /[\0-\t\v-\x1f\x7f-\x9f\u202e]/);
        // A later record makes them a potential match again, which shows what was said; each note once.
        index.load([person(`${phone}-4`, { phone, last_name: 'four' })], model, '0.1', '0.95');
        const { id } = list('--source-person-id', `${phone}-4`).potential_matches[0];
        const answer = json('potential-matches', 'show', id);
        const four = answer.potential_match.persons.flatMap(({ records }) => records).find(({ last_name: name }) => name === 'four').id;
        assert.deepEqual(notes(answer), { [one.id]: [], [two.id]: ofTwo, [three.id]: [ofThree], [four]: [] });
        const looks = plain(index.run('potential-matches', 'show', id).stdout);
        assert.ok(looks.includes(`${blockOfTwo}\n`), looks);
        assert.ok(looks.includes(`${heading}${three.id} TIME ${earlier} of three\n\n`), looks);
        assert.equal(looks.split('NOTE ON').length, 3, 'persons without notes have no block');
        // The record goes on to another person, and its notes with it.
        group = answer.potential_match;
        [first, second] = [first, second].map((old) => group.persons.find((each) => each.id === old.id));
        const later = decide(body([update(first, one), update(second, two, three)],
            { comments: [{ person_record_id: two.id, comment: 'moved' }] }), id);
        assert.deepEqual(notes(json('persons', 'show', first.id)), { [one.id]: [] });
        assert.deepEqual(notes(json('persons', 'show', second.id)),
            { [two.id]: [...ofTwo, { comment: 'moved', author: null, match_event_id: later }], [three.id]: [ofThree] });
        index.check();
    });

    test('splits, with --json', () => {
        const [one, two] = first.records;
        const input = JSON.stringify(body([update(first, one), { new_person_record_ids: [two.id] }]));
        const { status, stdout } = index.try(['potential-matches', 'match', '--json', group.id, '-'], { input });
        assert.equal(status, 0);
        assert.match(JSON.parse(stdout).match_event_id, /^me_\d+$/);
        index.check();
    });

    test('fault_15_all_faults_of_a_body_are_told_at_once', () => {
        refuse({
            potential_match_id: 'p_1', potential_match_version: 'one', unknown: 1,
            person_updates: [
                { id: 'p_1', version: null, new_person_record_ids: ['pr_1', 'x', 2, null, ''] },
                { id: null, version: 1.5, new_person_record_ids: 'pr_1' },
                { new_person_record_ids: {}, more: true }, 5, {},
            ],
            comments: [{ person_record_id: 'pm_1', comment: ' ' }, { comment: 1 }, []],
        }, [
            'Validation failed',
            'unknown: Unexpected field',
            'potential_match_id: Invalid PotentialMatch ID',
            'potential_match_version: A valid integer is required.',
            'person_updates.0.id: Invalid Person ID',
            'person_updates.0.version: This field may not be null.',
            'person_updates.0.new_person_record_ids.1: Invalid PersonRecord ID',
            'person_updates.0.new_person_record_ids.2: Not a valid string.',
            'person_updates.0.new_person_record_ids.3: This field may not be null.',
            'person_updates.0.new_person_record_ids.4: This field may not be blank.',
            'person_updates.1.id: This field may not be null.',
            'person_updates.1.version: A valid integer is required.',
            'person_updates.1.new_person_record_ids: Expected a list of items but got type "str".',
            'person_updates.2.more: Unexpected field',
            'person_updates.2.new_person_record_ids: Expected a list of items but got type "dict".',
            'person_updates.3: Invalid data. Expected a dictionary, but got int.',
            'person_updates.4.new_person_record_ids: This field is required.',
            'comments.0.person_record_id: Invalid PersonRecord ID',
            'comments.0.comment: This field may not be blank.',
            'comments.1.person_record_id: This field is required.',
            'comments.1.comment: Not a valid string.',
            'comments.2: Invalid data. Expected a dictionary, but got list.',
        ]);
        refuse({}, ['Validation failed', 'potential_match_id: This field is required.',
            'potential_match_version: This field is required.', 'person_updates: This field is required.']);
        refuse([], ['Validation failed', 'Invalid data. Expected a dictionary, but got list.']);
    });

    test('what is against the rules, or about another group', () => {
        refuse(body([update(first, first.records[0])]),
            ['PersonRecord IDs that are removed from a Person, must be added to another Person']);
        refuse(body([{ ...update(first, ...first.records), version: 99 }]), ['Invalid Person UUID or version outdated']);
        refuse(body([], { potential_match_id: 'pm_1' }),
            [`potential_match_id: the decision is about pm_1, not ${group.id}`]);
        assert.match(match('{').stderr, /^tuva-empi: standard input.*line 1/);
        assert.match(index.try(['potential-matches', 'match', group.id, 'missing.json']).stderr, /missing\.json/);
    });
});
