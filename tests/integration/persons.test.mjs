// Persons: what a search finds, page by page, against a search of our own; single persons, and those
// whose records went elsewhere.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Index, columns, model, numbers, person } from './index-support.mjs';
import { formatTable, put } from './support.mjs';

let index;
before(() => (index = new Index()));
after(() => index.remove());

const json = (...args) => JSON.parse(index.run(...args, '--json').stdout);

describe('searches', () => {
    let all;

    before(() => {
        const names = [
            ['Anna', 'Müller'], ['ANNA', 'MÜLLER'], ['anna', 'muller'], ['Zoë', 'Ölçer'], ['Łukasz', 'Żak'],
            ['100%', 'Percent'], ['100', 'Percentx'], ['a_b', 'Under_score'], ['axb', 'UnderXscore'],
            ['back\\slash', "O'Brien"], ['"quoted"', 'comma, the'], ['%', '_'], ['\\', '%%'], ['李', '李小龍'],
            ['Ж', 'ЖУКОВ'], ['a', 'b'], [null, 'OnlyLast'], ['OnlyFirst', null], [null, null], ['', ''],
            ['ΑΣΠΑΣΙΑ', 'ΠΑΠΑΣ'], ['Οδυσσεύς', 'Παπάς'], ['Groß', 'Weiß'], ['Irmak', 'Işık'], ['Ταΐσα', 'x'], ['José', 'STRAẞE'], ['Jose\u0301', 'Straße'],
            ['Jo', 'Smith'], ['Joan', 'smithson'], ['John', 'Hammersmith'], ["Robert'); drop table", 'x'],
        ];
        const records = names.map(([first_name, last_name], i) => person(`s-${i}`, {
            first_name, last_name, data_source: ['cerner', 'epic', 'Epic', "o'lab"][i % 4],
            birth_date: i % 5 === 0 ? null : `19${50 + i}-0${1 + i % 9}-1${i % 10}`,
            // Pairs that are one person: of two sources, under two names.
            social_security_number: i < 12 ? `${i >> 1}` : null,
        }));
        // Two that are neither equal nor different to who sorts by names.
        records.push(person('twin_1', { first_name: 'Twin', last_name: 'Twin' }),
            person('twin%2', { first_name: 'Twin', last_name: 'Twin' }));
        index.load(records, numbers, '0.05', '0.06');
        const number = new Map(index.sql('select uuid, id from empi.person').map(({ uuid, id }) => [uuid, Number(id)]));
        const persons = new Map();
        for (const row of index.crosswalk()) {
            const found = persons.get(row.person_id) ?? { id: row.person_id, number: number.get(row.person_id), records: [] };
            found.records.push(row);
            persons.set(row.person_id, found);
        }
        all = [...persons.values()].sort(compare);
        assert.ok(all.length < records.length - 4, 'some persons have several records');
    });

    // Bytewise, as the private database sorts; NULL comes last.
    const compareText = (a, b) => (a === null || b === null ? (a === null) - (b === null)
        : Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const compare = (a, b) => compareText(a.records[0].last_name, b.records[0].last_name)
        || compareText(a.records[0].first_name, b.records[0].first_name) || a.number - b.number;

    const folded = (text) => text.normalize().toLowerCase().toUpperCase().normalize();
    const contains = (value, part) => value !== null && folded(value).includes(folded(part));
    const holds = {
        'first-name': (row, part) => contains(row.first_name, part),
        'last-name': (row, part) => contains(row.last_name, part),
        'birth-date': (row, part) => contains(row.birth_date, part),
        'person-id': (row, part) => `p_${row.person_id}`.startsWith(part) || row.person_id.startsWith(part),
        'source-person-id': (row, part) => row.source_person_id.startsWith(part),
        'data-source': (row, part) => row.data_source === part,
    };

    /** One of the person's records for which all conditions hold. */
    const expect = (conditions) => all
        .filter(({ records }) => records.some((row) =>
            Object.entries(conditions).every(([name, part]) => holds[name](row, part))))
        .map(({ id, records: [first, ...others] }) => ({
            id: `p_${id}`, first_name: first.first_name, last_name: first.last_name,
            data_sources: [...new Set([first, ...others].map((row) => row.data_source))].sort(compareText),
        }));

    const search = (conditions, ...more) => json('persons', 'search',
        ...Object.entries(conditions).map(([name, part]) => `--${name}=${part}`), ...more);

    const check = (conditions) => {
        const expected = expect(conditions);
        const { persons, pagination } = search(conditions);
        assert.deepEqual(persons, expected, JSON.stringify(conditions));
        assert.deepEqual(pagination, {
            page: 1, page_size: 50, total_count: expected.length, total_pages: expected.length > 0 ? 1 : 0,
            has_next: false, has_previous: false, next_page: null, previous_page: null,
        });
        return expected.length;
    };

    test('without conditions: everybody', () => {
        assert.equal(check({}), all.length);
        assert.equal(check({ 'person-id': 'p_' }), all.length);
        assert.equal(check({ 'person-id': 'p' }), all.length);
    });

    test('names: a part, whatever the case, letters that are not ASCII included', () => {
        for (const part of ['müller', 'MÜL', 'ü', 'Ö', 'ç', 'ж', 'ukow', 'уко', 'ŻAK', '李', '李小', 'smith', 'SMITH',
            'mit', 'on', 'o', 'x']) {
            check({ 'last-name': part });
        }
        assert.ok(check({ 'last-name': 'mÜlLer' }) > 0);
        // A small sigma has two forms, and a capital one that ends the part may not end the word.
        for (const part of ['ΑΣ', 'ας', 'ασ', 'ΣΠΑΣ', 'δυσσ', 'ΔΥΣΣ', 'ΕΎΣ', 'ύσ', 'ß', 'SS', 'ROSS', 'ROß', 'ir', 'IR', 'ταΐσα', 'ΤΑΪ\u0301ΣΑ']) {
            assert.ok(check({ 'first-name': part }) > 0, part);
        }
        assert.equal(check({ 'first-name': 'josé' }), 2);
        assert.equal(check({ 'first-name': 'JOSE\u0301' }), 2);
        assert.equal(check({ 'last-name': 'strasse' }), 2);
        assert.equal(check({ 'last-name': 'STRAẞE' }), 2);
        assert.ok(check({ 'last-name': 'πας' }) > 0);
        assert.ok(check({ 'last-name': 'IŞIK' }) > 0);
        assert.ok(check({ 'first-name': 'ŁUKASZ' }) > 0);
    });

    test('percent, underscore, backslash and quotes are characters like others', () => {
        for (const part of ['%', '_', '\\', '%%', '100%', 'a_b', '\\s', "'", '"', "O'B", ', t', "'); drop", '_s', '%_']) {
            check({ 'last-name': part });
            check({ 'first-name': part });
        }
        assert.equal(check({ 'first-name': '100%' }), 1);
        assert.equal(check({ 'source-person-id': 'twin_' }), 1);
        assert.equal(check({ 'source-person-id': 'twin%' }), 1);
        check({ 'data-source': '%' });
        check({ 'data-source': "o'lab" });
    });

    test('birth date, ids and data source', () => {
        for (const part of ['19', '1951', '-1', '02-1', '1951-02-11', '0', 'nonsense']) {
            check({ 'birth-date': part });
        }
        for (const part of ['s', 's-1', 's-12', 'S-1', '-1', 'twin']) {
            check({ 'source-person-id': part });
        }
        for (const part of ['epic', 'Epic', 'EPIC', 'epi', 'cerner']) {
            check({ 'data-source': part });
        }
        const [{ id }] = all;
        for (const part of [id, `p_${id}`, id.slice(0, 1), `p_${id.slice(0, 9)}`, `p_${id.slice(0, 20)}`, `${id}0`, 'p_g',
            `${id.slice(0, 8)}0`, 'pr_1', `-${id.slice(1)}`]) {
            check({ 'person-id': part });
        }
        assert.deepEqual(search({ 'person-id': id.toUpperCase() }).persons, expect({ 'person-id': id }));
    });

    test('one record has to match all conditions', () => {
        // Records 0 and 1 are one person.
        assert.equal(check({ 'source-person-id': 's-1', 'first-name': 'ANNA', 'data-source': 'cerner' }), 0);
        assert.equal(check({ 'source-person-id': 's-0', 'first-name': 'ANNA', 'data-source': 'cerner' }), 1);
        const parts = {
            'first-name': ['a', 'an', 'Jo', '%'], 'last-name': ['m', 'er', 'smith', '_'], 'birth-date': ['195', '196'],
            'data-source': ['epic', 'cerner'], 'source-person-id': ['s-', 's-1'], 'person-id': ['p', 'p_1', '8'],
        };
        let state = 1;
        const draw = (count) => (state = state * 48271 % 2147483647) % count;
        let matched = 0;
        for (let i = 0; i < 60; i++) {
            const conditions = Object.entries(parts).filter(() => draw(2) === 0)
                .map(([name, each]) => [name, each[draw(each.length)]]);
            matched += check(Object.fromEntries(conditions)) > 0 ? 1 : 0;
        }
        assert.ok(matched > 10, 'the conditions are not all impossible');
    });

    test('fault_35_pages_neither_repeat_nor_skip', () => {
        for (const conditions of [{}, { 'data-source': 'a' }, { 'last-name': 'e' }]) {
            const expected = expect(conditions);
            for (const size of [1, 3, expected.length]) {
                const pages = Math.ceil(expected.length / size);
                const got = [];
                for (let page = 1; page <= pages; page++) {
                    const { persons, pagination } = search(conditions, '--page', `${page}`, '--page-size', `${size}`);
                    got.push(...persons);
                    assert.deepEqual(pagination, {
                        page, page_size: size, total_count: expected.length, total_pages: pages,
                        has_next: page < pages, has_previous: page > 1,
                        next_page: page < pages ? page + 1 : null, previous_page: page > 1 ? page - 1 : null,
                    });
                }
                assert.deepEqual(got, expected);
                for (const page of [pages + 1, pages + 7, '9223372036854775']) {
                    const beyond = search(conditions, '--page', `${page}`, '--page-size', `${size}`);
                    assert.deepEqual([beyond.persons, beyond.pagination.total_count, beyond.pagination.has_next],
                        [[], expected.length, false]);
                }
            }
        }
    });

    test('for people: columns are as wide as they look', () => {
        const { stdout } = index.run('persons', 'search', '--last-name', '李');
        const [head, line, total] = stdout.split('\n');
        // A Chinese character takes two columns.
        assert.equal(head.indexOf('FIRST NAME'), line.indexOf('李', line.indexOf('龍')) + 3);
        assert.equal(total, '1 person');
        assert.match(index.run('persons', 'search', '--page-size', '2', '--page', '2').stdout, /\n3 to 4 of \d\d persons \(page 2 of \d+\)\n$/);
        assert.equal(index.run('persons', 'search', '--last-name', 'nobody').stdout, '0 persons\n');
    });

    test('data sources', () => {
        assert.deepEqual(json('data-sources'),
            { data_sources: ["Epic", 'a', 'cerner', 'epic', "o'lab"].map((name) => ({ name })) });
        assert.match(index.run('data-sources').stdout, /^NAME +RECORDS\nEpic +8\na +2\n/);
    });

    test('wrong options', () => {
        for (const [option, value] of [['page', '0'], ['page', 'x'], ['page-size', '0'], ['page-size', '1001'], ['last-name', '']]) {
            const result = index.try(['persons', 'search', `--${option}=${value}`]);
            assert.equal(result.status, 2);
            assert.match(result.stderr, new RegExp(`--${option}: `));
        }
    });
});

describe('values that no index can hold', () => {
    // Not compressible, so that it is as long for the index as it is for us.
    const long = (length) => {
        let state = 1;
        return Array.from({ length }, () => String.fromCharCode(97 + (state = state * 48271 % 2147483647) % 26)).join('');
    };

    test('the longest that is allowed is found', () => {
        const all = { data_source: long(1000), first_name: long(1000), last_name: long(1000), birth_date: long(1000) };
        index.load([person(long(1000), { ...all, address: long(5000) })], model);
        const [found] = json('persons', 'search', '--last-name', long(1000), '--data-source', long(1000),
            '--source-person-id', long(1000)).persons;
        assert.equal(found.first_name, long(1000));
    });

    test('longer ones are refused with the line', () => {
        for (const column of ['data_source', 'source_person_id', 'first_name', 'last_name', 'birth_date']) {
            const file = put(index.folder, 'long.csv', formatTable(columns, [person('1', {}), person('2', { [column]: long(1001) })]));
            const { status, stderr } = index.try(['import', file, '--config', put(index.folder, 'model.json', model),
                '--potential', '0.5', '--auto', '0.9']);
            assert.equal(status, 1);
            assert.match(stderr, new RegExp('^tuva-empi: Incorrectly formatted person records file due to ' +
                `long.csv, line 3: ${column} is longer than 1000 bytes\n`));
        }
    });
});

describe('one person', () => {
    const own = (phone) => index.sql(`select r.id, p.uuid, p.version from empi.person_record r
        join empi.person p on p.id = r.person_id where r.phone = '${phone}' order by r.id`);
    let round = 0;

    /** Three records of two persons that wait for a decision. */
    const load = () => {
        const phone = `single-${++round}`;
        index.load([
            person(`${phone}-1`, { phone, last_name: 'one', first_name: 'Grüße', city: '' }),
            person(`${phone}-2`, { phone, last_name: 'one', city: 'x' }),
            person(`${phone}-3`, { phone, last_name: 'two' }),
        ], model, '0.1', '0.95');
        const records = own(phone);
        const [{ id: group, version }] = index.sql(`select g.id, g.version from empi.match_group g
            join empi.prediction_result e on e.match_group_id = g.id where e.person_record_r_id = ${records[2].id} limit 1`);
        const update = (i, ...ids) => ({ id: `p_${records[i].uuid}`, version: Number(records[i].version),
            new_person_record_ids: ids.map((j) => `pr_${records[j].id}`) });
        const decide = (...person_updates) => {
            const body = { potential_match_id: `pm_${group}`, potential_match_version: Number(version), person_updates };
            index.run('potential-matches', 'match', `pm_${group}`, '-', { input: JSON.stringify(body) });
        };
        return { records, update, decide, phone };
    };
    // A decision's body comes from standard input.
    before(() => {
        const plain = index.run.bind(index);
        index.run = (...args) => {
            if (typeof args.at(-1) !== 'object') {
                return plain(...args);
            }
            const result = index.try(args.slice(0, -1), args.at(-1));
            assert.equal(result.status, 0, result.stderr);
            return result;
        };
    });

    test('has all its records, in the shape of the HTTP API', () => {
        const { records: [{ uuid, id }], phone } = load();
        const { person: shown } = json('persons', 'show', `p_${uuid}`);
        assert.deepEqual(Object.keys(shown), ['id', 'created', 'version', 'records']);
        assert.equal(shown.id, `p_${uuid}`);
        assert.equal(shown.version, 2);
        assert.equal(shown.records.length, 2);
        const [first] = shown.records;
        assert.deepEqual(Object.keys(first),
            ['id', 'person_id', 'created', 'person_updated', 'matched_or_reviewed', ...columns, 'notes']);
        for (const time of [shown.created, first.created, first.person_updated, first.matched_or_reviewed]) {
            assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
            assert.ok(Math.abs(Date.now() - Date.parse(time)) < 600_000, 'in UTC');
        }
        assert.deepEqual([first.id, first.person_id, first.first_name, first.city, first.state, first.source_person_id],
            [`pr_${id}`, `p_${uuid}`, 'Grüße', '', null, `${phone}-1`]);
        const text = index.run('persons', 'show', `p_${uuid}`).stdout;
        assert.match(text, /^p_[-0-9a-f]+ {2}version 2, created /);
        assert.match(text, /\n +ID +SOURCE +SOURCE ID +FIRST NAME +LAST NAME +CITY +PHONE\n(.+\n){2}$/, 'no notes');
    });

    test('fault_08_an_emptied_person_tells_who_goes_on', () => {
        const { records, update, decide } = load();
        decide(update(0, 0, 1, 2), update(2));
        const { status, stderr } = index.try(['persons', 'show', `p_${records[2].uuid}`]);
        assert.equal(status, 1);
        assert.equal(stderr, `tuva-empi: p_${records[2].uuid} has no records any more: another person has them all\n` +
            `p_${records[0].uuid}\n`);
        assert.equal(json('persons', 'search', '--person-id', records[2].uuid).pagination.total_count, 0);
    });

    test('and one whose records went several ways tells all of them', () => {
        const { records, update, decide, phone } = load();
        decide(update(0), update(2, 2, 1), { new_person_record_ids: [`pr_${records[0].id}`] });
        const owners = own(phone).map(({ uuid }) => `p_${uuid}`);
        assert.notEqual(owners[0], owners[1]);
        const { status, stderr } = index.try(['persons', 'show', `p_${records[0].uuid}`]);
        assert.equal(status, 1);
        assert.deepEqual(stderr.split('\n').slice(1, 3), [owners[0], owners[1]].sort());
        assert.match(stderr, /: they went to several persons\n/);
    });

    test('ids', () => {
        for (const id of ['p_1', 'pr_1', '1', 'p_', `p_${'0'.repeat(36)}`, 'p_00000000-0000-4000-8000-00000000000A']) {
            const { status, stderr } = index.try(['persons', 'show', id]);
            assert.equal(status, 2);
            assert.match(stderr, /^tuva-empi: p_UUID must be the id of a person, [^\n]*\nhint: see: tuva-empi persons search\n$/);
        }
        const { records } = load();
        assert.equal(json('persons', 'show', records[0].uuid).person.id, `p_${records[0].uuid}`);
        assert.match(index.try(['persons', 'show', 'p_00000000-0000-4000-8000-000000000000']).stderr, /^tuva-empi: there is no person p_0/);
    });
});
