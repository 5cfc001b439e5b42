// Imports and exports over HTTP that come from S3, and go there: the documented flow.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import S3rver from 's3rver';
import { ServedApi } from './api-support.mjs';
import { drive } from './aws-driver.mjs';
import { columns, model, person } from './index-support.mjs';
import { formatTable, makeFolder } from './support.mjs';

let api;
let s3;
let env;
const undo = [];
before(async () => {
    s3 = new S3rver({ port: 0, silent: true, directory: makeFolder({ after: (action) => undo.push(action) }),
        configureBuckets: [{ name: 'bucket' }] });
    const { port } = await s3.run();
    env = { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`, AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER',
        AWS_REGION: 'us-east-1' };
    api = await ServedApi.make(env);
    await api.serve();
    await api.serve(['process_export_jobs'], /: active/);
    await api.post('/config', { splink_settings: model, potential_match_threshold: 0.1, auto_match_threshold: 1 });
});
after(async () => {
    await api.remove();
    await s3.close();
    undo.forEach((action) => action());
});

const objectOf = async (uri) => {
    const got = await drive(env, ['get', uri]);
    assert.equal(got.status, 0, got.message);
    return got.output.toString();
};
const download = async (path) => (await api.call('POST', path, { role: 'member', json: {} })).text;

test('an object is imported, and the crosswalk and the potential matches go back', async () => {
    const uri = 's3://bucket/raw/people 1+.csv';
    const records = [1, 2, 3].map((i) => person(`s${i}`, { phone: '1', last_name: `Name${i}`, address: 'Straße, "7"' }));
    assert.equal((await drive(env, ['put', uri], Buffer.from(formatTable(columns, records)))).status, 0);
    const { job_id: id } = await api.post('/person-records/import', { s3_uri: uri, config_id: 'cfg_1' });
    const job = await api.finished(id);
    assert.deepEqual([job.status, job.source_uri], ['succeeded', uri]);
    assert.equal((await api.get('/persons')).pagination.total_count, 3);

    assert.deepEqual(await api.post('/person-records/export', { s3_uri: 's3://bucket/out/crosswalk.csv' }), {});
    assert.equal(await objectOf('s3://bucket/out/crosswalk.csv'), await download('/person-records/export'));

    const answer = await api.post('/potential-matches/export', { s3_uri: 's3://bucket/out/matches.csv' });
    assert.equal((await api.finished(answer.job_id)).status, 'succeeded');
    const rows = await download('/potential-matches/export');
    assert.equal(rows.trim().split('\n').length, 4);
    assert.equal(await objectOf('s3://bucket/out/matches.csv'), rows);
});

test('what is wrong with an object is told, and nothing happens', async () => {
    const faults = (path, json) => api.faults('POST', path, { json });
    const before_ = api.sql('select count(*) from empi.job');
    assert.deepEqual(await faults('/person-records/import', { s3_uri: 's3://bucket/none.csv', config_id: 'cfg_1' }),
        ['s3://bucket/none.csv: there is no such object']);
    assert.match((await faults('/person-records/import', { s3_uri: 's3://no-bucket/x.csv', config_id: 'cfg_1' }))[0],
        /^s3:\/\/no-bucket\/x\.csv: there is no bucket "no-bucket"/);
    assert.match((await faults('/person-records/export', { s3_uri: 's3://no-bucket/x.csv' }))[0], /there is no bucket "no-bucket"/);
    await drive(env, ['put', 's3://bucket/bad.csv'], Buffer.from('first_name\nSECRET\n'));
    const [first] = await faults('/person-records/import', { s3_uri: 's3://bucket/bad.csv', config_id: 'cfg_1' });
    assert.match(first, /^Incorrectly formatted person records file due to invalid header/);
    assert.deepEqual(api.sql('select count(*) from empi.job'), before_);
});
