// Stewards' decisions, by the program manual-match, which is built for this.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Index, model, numbers, person } from './index-support.mjs';

const INVALID = 1;
const CONFLICT = 4;

describe('a manual match', () => {
    let index;
    let round = 0;
    let group; // open, of two persons: one with two records, one with one
    let first;
    let second;
    let records;

    before(() => (index = new Index()));
    after(() => index.remove());

    const openGroup = () => index.sql(
        'select id, version from empi.match_group where matched is null and deleted is null')[0];

    beforeEach(() => {
        const phone = `p${++round}`;
        index.load([
            person(`${phone}-1`, { phone, last_name: 'one' }),
            person(`${phone}-2`, { phone, last_name: 'one', city: 'x' }),
            person(`${phone}-3`, { phone, last_name: 'two' }),
        ], model, '0.1', '0.95');
        group = openGroup();
        records = index.sql(`select id, person_id from empi.person_record
            where phone = '${phone}' order by id`).map((row) => Number(row.id));
        const persons = index.sql(`select id, uuid, version, record_count as records from empi.person
            where id in (select person_id from empi.person_record where phone = '${phone}')
            order by record_count desc`);
        assert.deepEqual(persons.map((each) => each.records), ['2', '1']);
        [first, second] = persons.map(({ uuid, version }) => ({ uuid, version: Number(version) }));
    });

    const request = (persons, more = {}) =>
        ({ group: Number(group.id), version: Number(group.version), persons, ...more });
    const decide = (persons, more) => index.decide(request(persons, more));
    /** Refused with this message, and nothing changed. */
    const refuse = (persons, message, more, status = INVALID) => {
        assert.deepEqual(decide(persons, more), [status, message]);
        assert.deepEqual(openGroup(), group);
    };
    const finish = () => assert.deepEqual(decide([]), [0, '']);

    test('merges two persons, with comments', () => {
        const [user] = index.sql("insert into empi.app_user (idp_user_id) values ('steward') returning id");
        assert.deepEqual(decide([{ ...first, records }, { ...second, records: [] }],
            { user: Number(user.id), comments: [{ record: records[2], text: 'the same: "twin" no' }] }), [0, '']);
        assert.deepEqual(index.sql(`select uuid, version, record_count from empi.person
            where uuid in ('${first.uuid}', '${second.uuid}') order by record_count desc`), [
            { uuid: first.uuid, version: String(first.version + 1), record_count: '3' },
            { uuid: second.uuid, version: String(second.version + 1), record_count: '0' },
        ]);
        assert.deepEqual(index.sql(`select n.person_record_id as record, n.note, n.author_id = e.user_id as own
            from empi.person_record_note n join empi.match_event e on e.id = n.match_event_id`),
        [{ record: String(records[2]), note: 'the same: "twin" no', own: 't' }], 'fault_13_comments_are_kept');
        assert.deepEqual(decide([]), [INVALID, 'Potential match has already been matched']);
    });

    test('moves a record to a new person', () => {
        assert.deepEqual(decide([{ ...first, records: [records[0]] }, { records: [records[1]] }]), [0, '']);
        assert.deepEqual(index.persons().filter((ids) => ids[0].startsWith(`p${round}-`)).map((ids) => ids.length),
            [1, 1, 1]);
        // Who was not named was reviewed.
        assert.deepEqual(index.sql(`select a.type from empi.person_action a join empi.person p on p.id = a.person_id
            where p.uuid = '${second.uuid}' order by a.id`), [{ type: 'add-record' }, { type: 'review' }]);
        assert.deepEqual(index.sql('select count(*) from empi.person_record where matched_or_reviewed is null'),
            [{ count: '0' }]);
    });

    test('fault_02_keeps_apart_what_it_parted, until a later decision', () => {
        finish();
        const phone = `p${round}`;
        // Like both, and surely so.
        index.load([person(`${phone}-4`, { phone })], numbers, '0.05', '0.06');
        const own = () => index.persons().filter((ids) => ids.some((id) => id.startsWith(`${phone}-`)));
        assert.equal(own().length, 2);
        group = openGroup();
        const [keeps, gives] = index.sql(`select uuid, version, array_to_string(array(
                select r.id from empi.person_record r where r.person_id = p.id), ' ') as records
            from empi.person p where deleted is null and id in (
                select person_id from empi.person_record where phone = '${phone}')`)
            .map((row) => ({ uuid: row.uuid, version: Number(row.version), records: row.records.split(' ').map(Number) }));
        assert.deepEqual(decide([{ ...keeps, records: [...keeps.records, ...gives.records] },
            { ...gives, records: [] }]), [0, '']);
        index.load([person(`${phone}-5`, { phone })], numbers, '0.05', '0.06');
        assert.equal(own().length, 1);
    });

    test('the rules', () => {
        const [one, two, three] = records;
        refuse([], 'Potential match does not exist', { group: 999999 });
        refuse([], 'Potential match version is outdated', { version: Number(group.version) + 1 });
        refuse([{ uuid: first.uuid, records }], 'A PersonUpdate for an existing Person should specify a version');
        refuse([{ version: 1, records }], 'A PersonUpdate for a new Person should not specify a version');
        refuse([{ records: [] }], 'A PersonUpdate for a new Person should have 1 or more new_record_ids');
        refuse([{ ...first, records: [one] }, { ...first, records: [two] }],
            'The same Person UUID cannot exist in more than one PersonUpdate');
        refuse([{ ...first, records: [one, two] }, { ...second, records: [one] }],
            `A PersonRecord ID cannot exist in more than PersonUpdate. PersonRecord ID: pr_${one}`);
        refuse([{ ...first, records: [one, one] }],
            `A PersonRecord ID cannot exist twice in the same PersonUpdate. PersonRecord ID: pr_${one}`);
        refuse([{ uuid: '00000000-0000-4000-8000-000000000000', version: 1, records: [] }],
            'Specified Person UUID must be related to PotentialMatch');
        refuse([{ uuid: 'nonsense', version: 1, records: [] }],
            'Specified Person UUID must be related to PotentialMatch');
        refuse([{ ...first, records: [one, two, 999999] }],
            'PersonRecord IDs specified in new_person_record_ids must be related to PotentialMatch');
        refuse([{ ...first, records: [one] }],
            'PersonRecord IDs that are removed from a Person, must be added to another Person');
        refuse([{ ...first, records: [one, two, three] }],
            'PersonRecord IDs that are added to a Person, must be removed from another Person');
        refuse([{ ...first, version: first.version + 1, records: [one, two] }],
            'Invalid Person UUID or version outdated');
        refuse([], 'PersonRecord IDs specified in comments must be related to PotentialMatch',
            { comments: [{ record: 999999, text: 'x' }] });
        refuse([], 'A matching job is currently updating matches. Please wait until the job finishes to perform a match.',
            { hold: true }, CONFLICT);
        index.sql(`update empi.match_group set deleted = now() where id = ${group.id}`);
        assert.deepEqual(decide([]), [INVALID, 'Potential match has been replaced']);
        index.sql(`update empi.match_group set deleted = null where id = ${group.id}`);
        finish();
    });
});
