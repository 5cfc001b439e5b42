// Configurations, imports, exports, persons and jobs over HTTP.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { ServedApi, sanitized } from './api-support.mjs';
import { columns, person } from './index-support.mjs';
import { eventually } from './service-support.mjs';
import { exact, formatTable, makeModel, parseCsv, parseTable, root } from './support.mjs';

let api;
let s3; // takes requests, and never answers
before(async () => {
    s3 = createServer();
    await new Promise((settle) => s3.listen(0, '127.0.0.1', settle));
    api = await ServedApi.make({ AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret', AWS_REGION: 'eu-west-1',
        AWS_MAX_ATTEMPTS: '1', AWS_ENDPOINT_URL: `http://127.0.0.1:${s3.address().port}` });
    await api.serve();
});
after(async () => {
    s3.close();
    await api.remove();
});

/** What the Python version asks of a model, on top of what ours does. */
const model = () => {
    const made = makeModel([exact('phone', 0.99, 0.0001), exact('last_name', 0.9, 0.01)], ['l.phone = r.phone']);
    made.comparisons.forEach((comparison) => {
        comparison.comparison_description = comparison.output_column_name;
        comparison.comparison_levels.forEach((level) => (level.label_for_charts = level.sql_condition));
    });
    const { link_type: _, ...rest } = made;
    return { ...rest, em_convergence: 0.001, max_iterations: 10,
        blocking_rules_to_generate_predictions: [{ blocking_rule: 'l.phone = r.phone' }] };
};
const config = (more = {}) => ({ splink_settings: model(), potential_match_threshold: 0.5, auto_match_threshold: 0.9, ...more });
const file = (records) => new Blob([formatTable(columns, records)], { type: 'text/csv' });

/** Imports records by a form; gives the finished job. */
const load = async (records, configId) => {
    const answer = await api.upload('/person-records/import', [['file', file(records), 'people.csv'], ['config_id', configId]]);
    assert.equal(answer.status, 200, answer.text);
    return api.finished(answer.json.job_id);
};

test('a configuration is stored as it was sent, listed and read', async () => {
    const { config_id: first } = await api.post('/config', config());
    const { config_id: second } = await api.post('/config', config({ auto_match_threshold: 1 }));
    const { config: read } = await api.get(`/config/${first}`);
    assert.deepEqual(read.splink_settings, model());
    assert.deepEqual([read.id, read.potential_match_threshold, read.auto_match_threshold], [first, 0.5, 0.9]);
    assert.match(read.created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
    const list = await api.get('/config', { page_size: 1 });
    assert.deepEqual(list.configs.map(({ id }) => id), [second]);
    assert.equal(list.pagination.total_count, 2);
    assert.deepEqual((await api.get('/config', { page: 3 })).configs, []);
});

test('fault_10_thresholds_that_exclude_each_other_are_refused', async () => {
    assert.deepEqual(await api.faults('POST', '/config', { json: config({ potential_match_threshold: 0.95 }) }),
        ['potential_match_threshold: Ensure this value is less than or equal to auto_match_threshold.']);
});

test('fault_47_conditions_are_compiled, and all that is wrong with a configuration is told at once', async () => {
    const bad = model();
    bad.comparisons[0].comparison_levels[1].sql_condition = 'phone_l = = phone_r';
    bad.comparisons[1].comparison_levels[1].sql_condition = 'read_csv_auto(last_name_l) = 1';
    delete bad.comparisons[1].comparison_levels[2].m_probability;
    delete bad.em_convergence;
    const faults = await api.faults('POST', '/config', { json: { splink_settings: bad, potential_match_threshold: '2', x: 1 } });
    const place = 'splink_settings.comparisons';
    assert.deepEqual(faults.map((fault) => fault.split(': ')[0]), ['x', 'splink_settings.em_convergence',
        `${place}.1.comparison_levels.2`, 'potential_match_threshold', 'auto_match_threshold',
        `${place}.0.comparison_levels.1.sql_condition`, `${place}.1.comparison_levels.1.sql_condition`]);
    assert.match(faults[5], /at character 11/);
    assert.match(faults[6], /read_csv_auto/);
    assert.equal((await api.get('/config')).pagination.total_count, 2);
});

test('fault_25_a_model_as_splink_saves_it_is_accepted', async () => {
    for (const name of ['examples/model.json', 'tests/data/models/splink-3.9.15.json']) {
        const saved = JSON.parse(readFileSync(`${root}/${name}`, 'utf8'));
        const { config_id: id } = await api.post('/config', config({ splink_settings: saved }));
        assert.deepEqual((await api.get(`/config/${id}`)).config.splink_settings, saved);
    }
});

test('records come in by a form, whatever the order of its fields, and packed', async () => {
    const records = [1, 2, 3].map((i) => person(`f${i}`, { phone: '1', last_name: 'Form' }));
    const job = await load(records, 'cfg_1');
    assert.deepEqual([job.status, job.config_id, job.source_uri, job.job_type, job.reason],
        ['succeeded', 'cfg_1', 'upload:///people.csv', 'import-person-records', null]);
    const packed = new Blob([gzipSync(formatTable(columns, [person('g1', { first_name: 'Packed' })]))]);
    const answer = await api.upload('/person-records/import', [['config_id', 'cfg_1'], ['file', packed, 'people.csv.gz']]);
    assert.equal((await api.finished(answer.json.job_id)).status, 'succeeded');
    assert.equal((await api.get('/persons', { first_name: 'packed' })).pagination.total_count, 1);
});

test('an import is refused with all that is wrong with the request', async () => {
    const path = '/person-records/import';
    const upload = async (fields) => (await api.upload(path, fields)).json.error.details.map(({ field, message }) =>
        field === undefined ? message : `${field}: ${message}`);
    const one = file([person('x')]);
    const faults = (json) => api.faults('POST', path, { json });
    const required = 'config_id: This field is required.';
    assert.deepEqual(await faults({}), [required, "Must provide either 's3_uri' or 'file'."]);
    assert.deepEqual(await upload([['config_id', 'cfg_1']]), ["Must provide either 's3_uri' or 'file'."]);
    assert.deepEqual(await upload([['s3_uri', 's3://bucket/k'], ['file', one, 'a.csv']]),
        [required, "Provide only one of 's3_uri' or 'file', not both."]);
    assert.deepEqual(await upload([['file', one, 'a.csv'], ['config_id', '1'], ['x', 'y']]),
        ['x: Unexpected field', 'config_id: Invalid Config ID']);
    assert.deepEqual(await upload([['file', one, 'a.csv'], ['file', one, 'b.csv'], ['config_id', 'cfg_1']]),
        ['file: This field may be given only once.']);
    assert.deepEqual(await upload([['s3_uri', one, 'a.csv'], ['config_id', 'cfg_1']]), ['s3_uri: Not a valid string.']);
    assert.deepEqual(await upload([['file', one, 'a.csv'], ['config_id', one, 'b.csv']]), ['config_id: Not a valid string.']);
    assert.deepEqual(await faults({ s3_uri: 'file:///etc/passwd', config_id: 'cfg_1' }), ['s3_uri: Invalid S3 URI']);
    assert.deepEqual(await faults({ s3_uri: '', config_id: null, file: 'x' }), ['s3_uri: This field may not be blank.',
        'config_id: This field may not be null.', 'file: The submitted data was not a file. Check the encoding type on the form.',
        "Provide only one of 's3_uri' or 'file', not both."]);
});

test('fault_18_a_configuration_that_does_not_exist_is_refused', async () => {
    const answer = await api.upload('/person-records/import', [['file', file([person('x')]), 'a.csv'], ['config_id', 'cfg_999']]);
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json.error.details, [{ field: 'config_id', message: 'Config does not exist' }]);
});

test('a file that is wrong is refused with the line, and nothing of it is kept', async () => {
    const before = api.sql('select count(*) from empi.job');
    const send = async (text) => {
        const answer = await api.upload('/person-records/import', [['file', new Blob([text]), 'SECRET-name.csv'], ['config_id', 'cfg_1']]);
        assert.equal(answer.status, 400);
        assert.equal(answer.json.error.message, 'Validation failed');
        assert.doesNotMatch(answer.text, /SECRET-value/);
        return answer.json.error.details.map(({ message }) => message);
    };
    const header = columns.join(',');
    const bad = { 'line 2': `${header}\nSECRET-value\n`, 'line 3': `${header}\n${'a,'.repeat(14)}\n"SECRET-value\n`,
        'data_source is empty': `${header}\n${','.repeat(14)}\n` };
    for (const [where, text] of Object.entries(bad)) {
        const [first] = await send(text);
        assert.ok(first.startsWith('Incorrectly formatted person records file due to '), first);
        assert.ok(first.includes(where), first);
    }
    const [invalid, ...details] = await send('first_name,last_name,x\n');
    assert.match(invalid, /due to invalid header\. Expected header: '.*' Actual header: '/);
    assert.ok(details.some((line) => line === 'missing: data_source'), details.join());
    const bytes = Buffer.concat([Buffer.from(`${header}\n`), Buffer.from([0xff, 0xfe]), Buffer.from(','.repeat(14))]);
    assert.match((await send(bytes))[0], /UTF-8/);
    assert.deepEqual(api.sql('select count(*) from empi.job'), before);
    assert.doesNotMatch(api.service.stderr, /SECRET-value/);
});

test('the crosswalk is every record of every person, once', async () => {
    const answer = await api.call('POST', '/person-records/export', { json: {}, role: 'member' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get('content-type'), 'text/csv');
    assert.equal(answer.headers.get('content-disposition'), 'attachment; filename="person-record-export.csv"');
    const [header, ...rows] = parseCsv(answer.text);
    assert.deepEqual(header, ['person_id', 'source_person_id', 'data_source', ...columns.slice(2)]);
    assert.equal(rows.length, Number(api.sql('select count(*) as n from empi.person_record')[0].n));
    const persons = parseTable(answer.text);
    assert.equal(new Set(persons.filter((row) => row.last_name === 'Form').map((row) => row.person_id)).size, 1);
    assert.match(persons[0].person_id, /^[0-9a-f-]{36}$/);
    // No body is as good as {}.
    assert.equal((await api.call('POST', '/person-records/export', { role: 'member' })).text, answer.text);
    const faults = await api.faults('POST', '/person-records/export', { json: { s3_uri: '/tmp/x', y: 1 } });
    assert.deepEqual(faults, ['y: Unexpected field', 's3_uri: Invalid S3 URI']);
});

test('persons are searched, page by page', async () => {
    await load(Array.from({ length: 7 }, (_, i) => person(`p-${i}`, { data_source: i % 2 === 0 ? 'even' : 'odd',
        first_name: `Ann${i}`, last_name: 'Paged%', birth_date: `1990-01-0${i + 1}` })), 'cfg_1');
    const found = async (query) => (await api.get('/persons', query)).persons.map((each) => each.first_name);
    assert.deepEqual(await found({ last_name: 'paged' }), [0, 1, 2, 3, 4, 5, 6].map((i) => `Ann${i}`));
    assert.deepEqual(await found({ last_name: 'ed%' }), await found({ last_name: 'paged' }));
    assert.deepEqual(await found({ last_name: '_aged' }), []);
    assert.deepEqual(await found({ last_name: 'PAGED', birth_date: '01-03' }), ['Ann2']);
    assert.deepEqual(await found({ data_source: 'odd', last_name: '' }), ['Ann1', 'Ann3', 'Ann5']);
    assert.deepEqual(await found({ source_person_id: 'p-4' }), ['Ann4']);
    const page = await api.get('/persons', { last_name: 'paged', page: 2, page_size: 3 });
    assert.deepEqual(page.persons.map((each) => each.first_name), ['Ann3', 'Ann4', 'Ann5']);
    assert.deepEqual(page.pagination, { page: 2, page_size: 3, total_count: 7, total_pages: 3, has_next: true,
        has_previous: true, next_page: 3, previous_page: 1 });
    const { person: one } = await api.get(`/persons/${page.persons[0].id}`);
    assert.equal(one.records.length, 1);
    assert.equal(one.records[0].person_id, page.persons[0].id);
    assert.equal(one.records[0].death_date, null);
    assert.deepEqual(Object.keys(one.records[0]).length, 21);
    const short = page.persons[0].id.slice(2, 20);
    assert.deepEqual(await found({ person_id: short }), ['Ann3']);
    assert.deepEqual(await found({ person_id: `p_${short}` }), ['Ann3']);
    assert.deepEqual((await api.get('/data-sources')).data_sources, [{ name: 'a' }, { name: 'even' }, { name: 'odd' }]);
});

test('a search is refused with all that is wrong with it', async () => {
    assert.deepEqual(await api.faults('GET', '/persons', { query: { page: '0', page_size: '1001', name: 'x' } }),
        ['name: Unexpected field', 'page: Ensure this value is greater than or equal to 1.',
            'page_size: Ensure this value is less than or equal to 1000.']);
    assert.deepEqual(await api.faults('GET', '/persons', { query: { page: 'x', page_size: '1.5' } }),
        ['page: A valid integer is required.', 'page_size: A valid integer is required.']);
});

test('fault_26_jobs_are_listed, shown, and taken back before they begin', async () => {
    const hold = await api.holdJobs();
    const first = await api.upload('/person-records/import', [['file', file([person('j1')]), 'a.csv'], ['config_id', 'cfg_1']]);
    const second = await api.upload('/person-records/import', [['file', file([person('j2')]), 'b.csv'], ['config_id', 'cfg_1']]);
    const list = await api.get('/jobs', { page_size: 2 });
    assert.deepEqual(list.jobs.map(({ id }) => id), [second.json.job_id, first.json.job_id]);
    assert.equal(list.jobs[0].status, 'new');
    assert.deepEqual(list.jobs[0].progress, { phase: null, done: null, total: null });
    const { job } = await api.post(`/jobs/${second.json.job_id}/cancel`);
    assert.deepEqual([job.status, job.reason], ['failed', 'Cancelled']);
    const again = await api.call('POST', `/jobs/${second.json.job_id}/cancel`, { role: 'member' });
    assert.equal(again.status, 409);
    assert.deepEqual(again.json, { error: { message: `${second.json.job_id} has already failed` } });
    await hold.end();
    assert.equal((await api.finished(first.json.job_id)).status, 'succeeded');
});

test('the crosswalk in and out a hundred times as large takes no more memory', async () => {
    const sent = async (count) => {
        const records = Array.from({ length: count }, (_, i) => person(`big-${count}-${i}`, { address: 'x'.repeat(1000) }));
        assert.equal((await load(records, 'cfg_1')).status, 'succeeded');
        const out = await api.call('POST', '/person-records/export', { json: {}, role: 'member' });
        assert.ok(out.text.length > 1000 * count);
        return api.highWater();
    };
    const small = await sent(200);
    const large = await sent(20_000); // 21 MB
    assert.ok(sanitized || large - small < 8 * 1024, `${small} KiB, then ${large} KiB`);
});

test('fault_31_downloads_that_nobody_reads_leave_connections_for_others', async () => {
    // More than what the sockets and the pipe between hold: each waits with its connection.
    const slow = await Promise.all([1, 2, 3, 4].map(() => fetch(`${api.url}/api/v1/person-records/export`, {
        method: 'POST', headers: { authorization: `Bearer ${api.provider.token('member')}` } })));
    assert.deepEqual(slow.map(({ status }) => status), [200, 200, 200, 200]);
    const refused = await api.call('POST', '/person-records/export', { json: {}, role: 'member' });
    assert.equal(refused.status, 503);
    assert.ok(Number(refused.headers.get('retry-after')) > 0);
    await api.get('/persons');
    await Promise.all(slow.map(({ body }) => body.cancel()));
    await eventually(async () => (await api.call('POST', '/person-records/export', { json: {}, role: 'member' })).status === 200,
        'an end of what nobody reads');
});

test('transfers from S3 that do not go on leave connections for others', async () => {
    const from = { s3_uri: 's3://bucket/people.csv', config_id: 'cfg_1' };
    const sockets = [];
    s3.on('connection', (socket) => sockets.push(socket.on('error', () => {})));
    const slow = [1, 2, 3, 4].map(() => api.call('POST', '/person-records/import', { json: from, role: 'member' }));
    await eventually(() => sockets.length === 4, 'four requests to S3');
    for (const [path, json] of [['import', from], ['export', { s3_uri: 's3://bucket/out.csv' }], ['export', {}]]) {
        const refused = await api.call('POST', `/person-records/${path}`, { json, role: 'member' });
        assert.equal(refused.status, 503, path);
        assert.ok(Number(refused.headers.get('retry-after')) > 0);
    }
    await api.get('/persons');
    assert.equal((await load([person('while-s3-is-slow')], 'cfg_1')).status, 'succeeded');
    sockets.forEach((socket) => socket.destroy());
    assert.deepEqual((await Promise.all(slow)).map(({ status }) => status), [400, 400, 400, 400]);
    assert.equal((await api.call('POST', '/person-records/export', { json: {}, role: 'member' })).status, 200);
});

test('an upload over the limit is refused', async () => {
    const answer = await api.call('POST', '/config', { role: 'member', json: `{"x": "${'x'.repeat(17 << 20)}"}` });
    assert.equal(answer.status, 413);
    assert.deepEqual(answer.json, { error: { message: 'Request body too large' } });
});
