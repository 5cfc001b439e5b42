// `run-dev`: everything in one process, for development.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { columns, person } from './index-support.mjs';
import { freePort, makeOpenFolder } from './postgres-support.mjs';
import { eventually, stop } from './service-support.mjs';
import { formatTable, refuse, root, start } from './support.mjs';

const user = { username: 'user', password: 'test1234' };

/** Started in a folder; `call` is signed in as its user. */
const startDev = async (folder) => {
    const port = await freePort();
    const env = { TUVA_EMPI_CONFIG_FILE: '', TUVA_EMPI_DATA_DIR: join(folder, 'data'), AWS_EC2_METADATA_DISABLED: 'true' };
    const service = start(folder, ['run-dev', '--port', String(port)], { env });
    await eventually(() => /for development: http:\/\/localhost:/.test(service.stderr) || service.child.exitCode !== null,
        () => `the service: ${service.stderr}`);
    const url = `http://localhost:${port}/api/v1`;
    const json = (body) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const { access_token: token } = await (await fetch(`${url}/session`, json(user))).json();
    const call = async (path, options = {}) => {
        const answer = await fetch(url + path, { ...options, headers: { authorization: `Bearer ${token}`, ...options.headers } });
        assert.ok(answer.ok, `${path}: ${answer.status} ${service.stderr}`);
        return answer.json();
    };
    return { service, call, json };
};

test('it serves, matches and exports, and stops in an orderly way; what it holds stays', async (t) => {
    const folder = makeOpenFolder(t);
    const first = await startDev(folder);
    t.after(() => first.service.child.kill('SIGKILL'));
    const { call, json } = first;
    const splink_settings = JSON.parse(readFileSync(`${root}/examples/model.json`, 'utf8'));
    await call('/config', json({ splink_settings, potential_match_threshold: 0.5, auto_match_threshold: 0.95 }));
    const body = new FormData();
    body.append('file', new Blob([formatTable(columns, [person('1', { last_name: 'Dev' })])]), 'one.csv');
    body.append('config_id', 'cfg_1');
    await call('/person-records/import', { method: 'POST', body });
    // The export has a place that nobody reaches: that it fails shows that there is a worker.
    const { job_id: id } = await call('/potential-matches/export', json({ s3_uri: 's3://bucket/key.csv' }));
    const ended = async (job) => ['succeeded', 'failed'].includes((await call(`/jobs/${job}`)).job.status);
    await eventually(() => ended('job_1'), 'the end of the import');
    assert.equal((await call('/jobs/job_1')).job.status, 'succeeded');
    assert.equal((await call(`/jobs/${id}`)).job.job_type, 'export-potential-matches');
    await eventually(async () => (await call(`/jobs/${id}`)).job.attempts > 0, 'a try of the export');
    assert.equal((await call('/session')).user.role, 'admin');
    assert.deepEqual(await stop(first.service), { status: 0, signal: null });

    const second = await startDev(folder);
    t.after(() => second.service.child.kill('SIGKILL'));
    assert.equal((await second.call('/persons?last_name=dev')).pagination.total_count, 1);
    assert.deepEqual(await stop(second.service, 'SIGINT'), { status: 0, signal: null });
});

test('it stays away from a database, and from users, that are really used', (t) => {
    const folder = makeOpenFolder(t);
    const env = { TUVA_EMPI_CONFIG_FILE: '', TUVA_EMPI_DATA_DIR: join(folder, 'data') };
    const keycloak = { SERVER_URL: 'http://localhost:1', REALM: 'r', JWT_HEADER: 'Authorization', JWT_AUD: 'a',
        JWKS_URL: 'http://localhost:1/keys', CLIENT_ID: 'c', CLIENT_SECRET: 's' };
    const idp = Object.fromEntries(Object.entries(keycloak).map(([key, value]) => [`TUVA_EMPI_IDP__KEYCLOAK__${key}`, value]));
    refuse(folder, ['run-dev'], 1, /run-dev has users of its own only/, { env: { ...env, ...idp, TUVA_EMPI_IDP__BACKEND: 'keycloak' } });
    const db = Object.fromEntries(['HOST', 'NAME', 'USER', 'PASSWORD'].map((key) => [`TUVA_EMPI_DB__${key}`, 'nowhere.invalid']));
    refuse(folder, ['run-dev'], 1, /run-dev works on a private PostgreSQL only/, { env: { ...env, ...db } });
    refuse(folder, ['run-dev', '--port', '0'], 2, /--port/, { env });
});
