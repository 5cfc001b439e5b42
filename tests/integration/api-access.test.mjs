// Who may do what over HTTP, and what everybody sees who may not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ServedApi, notPermitted } from './api-support.mjs';
import { eventually, stop } from './service-support.mjs';

let api;
before(async () => (api = await ServedApi.make()));
after(() => api.remove());

const uuid = '00000000-0000-4000-8000-000000000000';
/** Every operation that the description has: method and a path that names nothing. */
const operations = () => Object.entries(api.description.document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
        method: method.toUpperCase(),
        path: path.replace('{id}', { '/config/{id}': 'cfg_9', '/persons/{id}': `p_${uuid}`,
            '/potential-matches/{id}': 'pm_9', '/users/{id}': 'u_9' }[path] ?? 'job_9'),
        operation,
    })));

test('each operation lets in whom its description says, and nobody else', async () => {
    const ranks = { nobody: 0, 'signed in': 1, member: 2, admin: 3 };
    for (const { method, path, operation } of operations().filter(({ operation: { tags } }) => tags[0] !== 'access')) {
        const wanted = ranks[operation['x-role']] ?? assert.fail(`${path}: x-role`);
        const where = `${method} ${path}`;
        const json = method === 'POST' ? {} : undefined;
        const anonymous = await api.call(method, path, { json });
        assert.equal(anonymous.status === 401, wanted > 0, where);
        if (wanted > 0) {
            assert.deepEqual(anonymous.json, { error: { message: 'Missing JWT' } });
            assert.equal(anonymous.headers.get('www-authenticate'), 'Bearer');
            assert.deepEqual(operation.security, undefined, where);
        } else {
            assert.deepEqual(operation.security, [], where);
        }
        for (const [role, rank] of [['nobody', 1], ['none', 1], ['member', 2], ['admin', 3]]) {
            const answer = await api.call(method, path, { json, role });
            assert.equal(answer.status === 403, rank < wanted, `${where} as ${role}: ${answer.status}`);
            assert.notEqual(answer.status, 401, where);
            if (rank < wanted) {
                assert.deepEqual(answer.json, notPermitted);
            }
        }
    }
});

test('fault_22_an_answer_that_is_not_as_described_is_found_out', async () => {
    const answer = await api.fetch('GET', '/persons', { role: 'member' });
    const check = (changed) => api.description.check('GET', answer.url, { ...answer, ...changed });
    check({});
    assert.throws(() => check({ status: 201 }), /nobody has told of this status/);
    assert.throws(() => check({ headers: new Headers({ 'content-type': 'text/csv' }) }), /nobody has told of text\/csv/);
    assert.throws(() => check({ json: { persons: [] } }), /pagination/);
    assert.throws(() => check({ json: { ...answer.json, more: 1 } }), /additional properties/);
    assert.throws(() => check({ json: { ...answer.json, persons: [{ id: 'x' }] } }), /must match pattern/);
    const unknown = { url: `${api.url}/api/v1/nothing`, status: 200, json: {}, headers: new Headers() };
    assert.throws(() => api.description.check('GET', unknown.url, unknown), /nobody has told of this operation/);
});

test('fault_24_an_internal_error_has_an_id_that_the_log_has_too, and no detail', async () => {
    api.sql('alter table empi.search_data_source rename to gone');
    const answer = await api.call('GET', '/data-sources', { role: 'member' });
    api.sql('alter table empi.gone rename to search_data_source');
    assert.equal(answer.status, 500);
    const [, id] = /^Unexpected internal error - id=([0-9a-f-]{36})$/.exec(answer.json.error.message);
    assert.equal(answer.headers.get('x-request-id'), id);
    assert.doesNotMatch(answer.text, /search_data_source/);
    assert.match(api.service.stderr, new RegExp(`error .*${id}.*search_data_source`));
});

test('fault_46_nothing_that_needs_a_role_may_be_kept_by_a_cache', async () => {
    for (const path of ['/persons', '/potential-matches', '/jobs', '/config', '/data-sources', '/nothing', '/persons/p_x']) {
        for (const role of ['member', 'none', undefined]) {
            const answer = await api.fetch('GET', path, { role });
            assert.equal(answer.headers.get('cache-control'), 'no-store', path);
            assert.equal(answer.headers.get('etag'), null, path);
        }
    }
});

test('fault_51_the_page_of_the_description_needs_nobody_else', async () => {
    const { headers, text } = await api.call('GET', '/docs');
    assert.match(headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-/);
    assert.doesNotMatch(text, /<script|src=|href="http|@import|url\(/);
    const yaml = await api.call('GET', '/schema');
    assert.match(yaml.text, /^openapi: 3\.0\.3\n/);
    assert.equal(yaml.headers.get('vary'), 'Accept');
    for (const [accept, isJson] of [['application/json', true], ['application/json;q=0', false], ['application/json; q=0.0, */*', false],
        ['application/yaml;q=0, application/json', true], ['application/yaml, application/json', false]]) {
        assert.equal((await api.call('GET', '/schema', { headers: { accept } })).json !== undefined, isJson, accept);
    }
});

test('a token that is not good is told so, and no more', async () => {
    const bad = { expired: api.provider.token('admin', { exp: 1 }), 'of another audience': api.provider.token('admin', { aud: 'x' }),
        nonsense: 'x', empty: '' };
    for (const [what, token] of Object.entries(bad)) {
        const answer = await api.call('GET', '/persons', { headers: { authorization: `Bearer ${token}` } });
        assert.equal(answer.status, 401, what);
        assert.deepEqual(answer.json, { error: { message: 'Invalid JWT' } }, what);
    }
    const foreign = await api.call('GET', '/persons', {
        headers: { authorization: `Bearer ${api.provider.token('admin', { client_id: 'x' })}` } });
    assert.equal(foreign.status, 403);
});

test('a role that is taken away is gone with the next request', async () => {
    const status = async () => (await api.call('GET', '/data-sources', { role: 'member' })).status;
    assert.equal(await status(), 200);
    api.sql("update empi.app_user set role = null where idp_user_id = 'member'");
    assert.equal(await status(), 403);
    api.sql("update empi.app_user set role = 'member' where idp_user_id = 'member'");
    assert.equal(await status(), 200);
});

test('other methods are refused with those that there are', async () => {
    for (const path of ['/persons', '/matches', '/config', '/health-check', '/potential-matches/export']) {
        const allowed = operations().filter((each) => each.path === path).map(({ method }) => method);
        for (const method of ['PUT', 'DELETE', 'PATCH', 'GET', 'POST'].filter((each) => !allowed.includes(each))) {
            const answer = await api.call(method, path, { role: 'member' });
            assert.equal(answer.status, 405);
            assert.deepEqual(answer.json, { error: { message: `Method "${method}" not allowed.` } });
            const allow = answer.headers.get('allow').split(', ');
            allowed.forEach((each) => assert.ok(allow.includes(each), `${path}: ${allow}`));
            assert.ok(!allow.includes(method));
        }
    }
});

test('what is not there is told so', async () => {
    for (const path of ['/', '/nothing', '/persons/x/y', '/matches/1']) {
        const answer = await api.call('GET', `/api/v1${path}`, { role: 'member' });
        assert.equal(answer.status, 404, path);
        assert.deepEqual(answer.json, { error: { message: 'Resource not found' } });
    }
    for (const path of [`/persons/p_${uuid}`, '/potential-matches/pm_9', '/jobs/job_9', '/config/cfg_9']) {
        const answer = await api.call('GET', path, { role: 'member' });
        assert.equal(answer.status, 404, path);
        assert.deepEqual(answer.json, { error: { message: 'Resource not found' } });
    }
});

test('fault_15_ids_of_another_kind_or_form_are_refused', async () => {
    const kinds = [['/config/', 'config_id: Invalid Config ID', 'cfg_'], ['/jobs/', 'job_id: Invalid Job ID', 'job_'],
        ['/persons/', 'person_id: Invalid Person ID', 'p_'],
        ['/potential-matches/', 'potential_match_id: Invalid PotentialMatch ID', 'pm_']];
    for (const [path, message, prefix] of kinds) {
        for (const id of ['1', 'x_1', prefix, `${prefix}0`, `${prefix}01`, `${prefix}-1`, `${prefix}1x`, `${prefix}99999999999999999999`,
            `${prefix}${uuid.toUpperCase().replaceAll('0', 'A')}`, '%20', '%C3%A4', "'"]) {
            assert.deepEqual(await api.faults('GET', `${path}${id}`), [message], `${path}${id}`);
        }
    }
});

test('a body of another type, and one that is no JSON, are refused', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/xml']) {
        const answer = await api.call('POST', '/matches', { role: 'member', headers: { 'content-type': type }, body: 'x' });
        assert.equal(answer.status, 415);
        assert.deepEqual(answer.json, { error: { message: `Unsupported media type "${type}" in request.` } });
    }
    for (const [body, message] of [['{', 'line 1, column 1: '], ['{"a": 1,\n}', 'line 2, column 1: '], ['5', 'line 1, column 1: '],
        ['{"a": 1, "a": 2}', 'line 1, column 12: duplicate object key'], ['{"a": NaN}', 'line 1, ']]) {
        const answer = await api.call('POST', '/matches', { role: 'member', json: body });
        assert.equal(answer.status, 400);
        assert.ok(answer.json.error.message.startsWith(`JSON parse error - ${message}`), answer.text);
        assert.equal(answer.json.error.details, undefined);
    }
    const deep = await api.call('POST', '/matches', { role: 'member', json: '['.repeat(100000) });
    assert.equal(deep.status, 400);
});

test('what only admins may do is so when the configuration says it', async () => {
    await stop(api.service);
    await api.serveApi({ TUVA_EMPI_AUTHORIZATION__ADMIN_ONLY: 'config,import,export' });
    const kinds = { config: 'config', import: 'import', export: 'export' };
    for (const { method, path, operation } of operations().filter(({ operation: { tags } }) => tags[0] !== 'access')) {
        const only = kinds[operation['x-admin-only']];
        const json = method === 'POST' ? {} : undefined;
        const member = await api.call(method, path, { json, role: 'member' });
        assert.equal(member.status === 403, only !== undefined, `${method} ${path}: ${member.status}`);
        const admin = await api.call(method, path, { json, role: 'admin' });
        assert.notEqual(admin.status, 403, `${method} ${path}`);
    }
});

test('fault_33_the_health_check_notices_a_database_that_is_gone, and one that is back', async () => {
    const status = async () => (await api.call('GET', '/health-check')).status;
    assert.equal(await status(), 200);
    // One that hangs answers nothing at all, and yet the check does not wait for it.
    const backends = api.sql("select pid from pg_stat_activity where application_name = 'tuva-empi api'")
        .map(({ pid }) => Number(pid));
    assert.ok(backends.length > 0);
    backends.forEach((pid) => process.kill(pid, 'SIGSTOP'));
    await eventually(async () => (await status()) === 503, 'a health check that tells');
    backends.forEach((pid) => process.kill(pid, 'SIGCONT'));
    await eventually(async () => (await status()) === 200, 'a health check that tells');
    // One that is killed is brought back by the service itself.
    process.kill(api.serverPid(), 'SIGKILL');
    await eventually(async () => (await status()) === 503, 'a health check that tells');
    await eventually(async () => (await status()) === 200, 'a database that is back');
    assert.equal((await api.call('GET', '/data-sources', { role: 'member' })).status, 200);
});
