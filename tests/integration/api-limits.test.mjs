// What the API does not wait for, and how much it takes.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ServedApi, sanitized } from './api-support.mjs';
import { columns, model, person } from './index-support.mjs';
import { eventually } from './service-support.mjs';
import { formatTable, start } from './support.mjs';

const MOST = 50_000;

let api;
before(async () => (api = await ServedApi.make({ TUVA_EMPI_DB__POOL_SIZE: '4', TUVA_EMPI_SERVER__MAX_BODY_BYTES: String(MOST) })));
after(() => api.remove());

test('a file is as large as it is unpacked', async () => {
    const { config_id: config } = await api.post('/config', { splink_settings: model, potential_match_threshold: 0.1,
        auto_match_threshold: 0.9 });
    const send = (count) => {
        const rows = Array.from({ length: count }, (_, i) => person(String(i), { address: 'a'.repeat(200) }));
        const packed = gzipSync(formatTable(columns, rows));
        assert.ok(packed.length < MOST);
        return api.upload('/person-records/import', [['config_id', config], ['file', new Blob([packed]), 'records.csv.gz']]);
    };
    const refused = await send(2000);
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.json.error.details[0].message, /holds more than 50000 bytes when it is unpacked/);
    assert.deepEqual(api.sql('select count(*) from empi.person_record_staging'), [{ count: '0' }]);
    assert.equal((await send(100)).status, 200);
});

test('a body of JSON is limited in what it would take in memory', async () => {
    await api.post('/config', { splink_settings: model, potential_match_threshold: 0.1, auto_match_threshold: 0.9 });
    const before = await api.highWater();
    for (const [path, body] of [['/matches', `[${'{},'.repeat(5_000_000)}{}]`], ['/config', `{"splink_settings": [${'[],'.repeat(5_000_000)}[]]}`],
        ['/matches', '['.repeat(16 << 20)]]) {
        const answer = await api.call('POST', path, { json: body, role: 'member' });
        assert.equal(answer.status, 413);
        assert.deepEqual(answer.json, { error: { message: 'Request body too large', details: [{ message: 'It holds more than 200000 values.' }] } });
    }
    const taken = await api.highWater() - before;
    assert.ok(sanitized || taken < 128 * 1024, `${taken} KiB`);
    // Of texts and spaces there may be as many as the body may have bytes.
    const text = await api.call('POST', '/config', { json: `{"x": "${',[{'.repeat(4 << 20)}"}`, role: 'member' });
    assert.equal(text.status, 400, text.text);
});

/** Holds locks in the database until end() is called. */
async function hold(statement) {
    const holder = start(api.folder, ['psql', '--', '-X', '-q', '-At'], { env: api.env });
    let said = '';
    holder.child.stdout.on('data', (data) => (said += data));
    holder.child.stdin.write(`begin; ${statement}; select 'held';\n`);
    await eventually(() => said === 'held\n', 'the lock');
    return async () => {
        holder.child.stdin.end('commit;\n');
        assert.deepEqual(await holder.ended, { status: 0, signal: null }, holder.stderr);
    };
}

test('uploads that are imported at the same time leave connections for others', async () => {
    const { config_id: config } = await api.post('/config', { splink_settings: model, potential_match_threshold: 0.1,
        auto_match_threshold: 0.9 });
    const end = await hold('lock table empi.person_record_staging in access exclusive mode');
    const uploads = Array.from({ length: 6 }, (_, i) => api.upload('/person-records/import', [['config_id', config],
        ['file', new Blob([formatTable(columns, [person(`upload-${i}`)])]), 'records.csv']]));
    await eventually(() => api.sql(`select count(*) from pg_stat_activity where wait_event_type = 'Lock'`)[0].count !== '0',
        'an import that waits');
    for (let i = 0; i < 5; i++) {
        await api.get('/data-sources');
    }
    await end();
    const answers = (await Promise.all(uploads)).map(({ status }) => status);
    assert.ok(answers.includes(200) && answers.every((status) => status === 200 || status === 503), `${answers}`);
});

test('while the first large import is written, pages are refused rather than waited for', async () => {
    const end = await hold('lock table empi.person in access exclusive mode');
    const path = '/persons/p_01234567-89ab-4cde-8f01-23456789abcd';
    const answer = await api.call('GET', path, { role: 'member' });
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get('retry-after'), '5');
    assert.equal((await api.call('GET', '/health-check')).status, 200, 'others are served');
    await end();
    assert.equal((await api.call('GET', path, { role: 'member' })).status, 404);
});
