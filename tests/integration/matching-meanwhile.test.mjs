// What happens between the beginning of a matching job and its end: a steward's decision, maintenance of
// the database.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Driver } from './index-driver.mjs';
import { Index, columns, numbers, person } from './index-support.mjs';
import { formatTable, start } from './support.mjs';

let index;
let driver;

before(() => {
    index = new Index();
    driver = new Driver(index);
});

after(async () => {
    await driver.close();
    await index.remove();
});

test('a person that the steward made is younger than those of the job, and merges into one of them', async () => {
    index.load([
        person('one', { social_security_number: '1', phone: '1', last_name: 'first' }),
        person('two', { phone: '1' }),
    ], numbers, '0.1', '0.95');
    const [group] = index.sql('select id, version from empi.match_group where matched is null');
    const [owner] = index.sql(`select p.uuid, p.version, r.id as record from empi.person p
        join empi.person_record r on r.person_id = p.id where r.source_person_id = 'one'`);
    const decision = {
        group: Number(group.id),
        version: Number(group.version),
        persons: [{ uuid: owner.uuid, version: Number(owner.version), records: [] }, { records: [Number(owner.record)] }],
    };
    const csv = formatTable(columns, [person('three', { social_security_number: '1', data_source: 'b' })]);
    await driver.run({ op: 'import', config: 1, csv });
    const job = await driver.run({ op: 'job', threads: 1, decide_at: 4, decision });
    assert.deepEqual([job.phase, job.decided, job.merged], ['scoring pairs', 0, 1]);
    index.check();
    assert.deepEqual(index.persons(), [['one', 'three'], ['two']]);
    assert.deepEqual(index.sql(`select p.version, p.record_count, p.last_name, p.data_sources, p.id = a.person_id as own
        from empi.person_record r
        join empi.person p on p.id = r.person_id
        join empi.person_action a on a.person_record_id = r.id
        join empi.match_event e on e.id = a.match_event_id and e.type = 'new-ids'
        where r.source_person_id = 'three'`),
    [{ version: '2', record_count: '2', last_name: 'first', data_sources: '{a,b}', own: 't' }],
    'the person that goes on is the older one');
    assert.deepEqual(index.sql(`
        select id
        from (select id, created < lag(created) over (order by id) as is_early from empi.match_event) as event
        where is_early`), [], 'the dates of events follow their order');
});

// Whoever wants a table for themselves waits for the job, and nothing that the job waits for waits for them.
test('tables and indexes are built anew while jobs run', async () => {
    const records = Array.from({ length: 20000 }, (_, i) => person(`m${i}`, { phone: `m${i >> 1}`, last_name: `m${i % 97}` }));
    const maintain = async (statement, done) => {
        while (!done()) {
            const { status } = await start(index.folder, ['psql', '--', '-X', '-q', '-v', 'ON_ERROR_STOP=1',
                '-c', "set lock_timeout = '60s'", '-c', statement], { env: index.env }).ended;
            assert.equal(status, 0, `${statement}: nobody gave way`);
        }
    };
    let over = false;
    const statements = ['vacuum full empi.job', 'reindex table empi.person_record_staging', 'reindex table empi.job'];
    const maintaining = Promise.all(statements.map((statement) => maintain(statement, () => over)));
    try {
        for (let round = 0; round < 3; round++) {
            const csv = formatTable(columns, records.slice(round * 6000, round * 6000 + 8000));
            await driver.run({ op: 'import', config: 1, csv });
            await driver.run({ op: 'job', threads: 2 });
        }
    } finally {
        over = true;
    }
    await maintaining;
    index.check();
});
