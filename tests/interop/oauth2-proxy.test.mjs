// As the documented environment has it: Keycloak, OAuth2 Proxy in front of the program, passing
// X-Forwarded-Access-Token, and a browser. PROXY_PROGRAM is OAuth2 Proxy.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { ServedIdentity, forbidden } from '../integration/identity-support.mjs';
import { freePort } from '../integration/postgres-support.mjs';
import { eventually, stop } from '../integration/service-support.mjs';
import { dataPath, put, root } from '../integration/support.mjs';
import { openPage, postFrom, sessionOf } from './browser-support.mjs';
import { Keycloak } from './keycloak-support.mjs';

let keycloak;
let served;
let url;
let proxy;

/** What docs/identity.md has of a language, with the addresses of this test. */
function documented(language) {
    const [, text] = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(readFileSync(join(root, 'docs/identity.md'), 'utf8'));
    return text.replaceAll('http://localhost:8080', keycloak.url).replaceAll('127.0.0.1:8000', `127.0.0.1:${served.port}`)
        .replaceAll('localhost:9000', new URL(url).host).replaceAll('127.0.0.1:9000', `127.0.0.1:${new URL(url).port}`);
}

/** As the Python version's environment for development has it; refreshed each second instead of every 240. */
const environment = () => Object.fromEntries(Object.entries({
    PROVIDER: 'oidc', OIDC_ISSUER_URL: `${keycloak.url}/realms/test-realm`, CLIENT_ID: 'test-client', CLIENT_SECRET: 'test-secret',
    REDIRECT_URL: `${url}/oauth2/callback`, HTTP_ADDRESS: `127.0.0.1:${new URL(url).port}`, UPSTREAMS: `http://127.0.0.1:${served.port}`,
    SCOPE: 'openid email offline_access', EMAIL_DOMAINS: '*', WHITELIST_DOMAINS: 'localhost', PASS_ACCESS_TOKEN: 'true',
    INSECURE_OIDC_SKIP_ISSUER_VERIFICATION: 'true', INSECURE_OIDC_ALLOW_UNVERIFIED_EMAIL: 'true', PROMPT: 'consent', COOKIE_REFRESH: '1s',
    BACKEND_LOGOUT_URL: `${keycloak.url}/realms/test-realm/protocol/openid-connect/logout?id_token_hint={id_token}`,
}).map(([name, value]) => [`OAUTH2_PROXY_${name}`, value]));

async function startProxy(args, env) {
    const secret = { OAUTH2_PROXY_COOKIE_SECRET: randomBytes(32).toString('base64url') };
    const started = served.start(args, { ...env, ...secret }, process.env.PROXY_PROGRAM);
    await eventually(async () => started.child.exitCode !== null || await fetch(`${url}/ready`).then(({ ok }) => ok, () => false),
        () => `OAuth2 Proxy: ${started.stdout}${started.stderr}`);
    assert.equal(started.child.exitCode, null, started.stdout + started.stderr);
    return started;
}

before(async () => {
    keycloak = await Keycloak.make();
    served = new ServedIdentity();
    url = `http://localhost:${await freePort()}`;
    await keycloak.setUp(`${url}/oauth2/callback`, `${url}/`);
    served.port = await freePort();
    served.url = `http://localhost:${served.port}`;
    served.env.TUVA_EMPI_CONFIG_FILE = put(served.folder, 'config.json', documented('json'));
    served.run('bootstrap');
    served.service = await served.serve(['api'], /listening on/, { TUVA_EMPI_SERVER__PORT: String(served.port) });
    proxy = await startProxy([], environment());
});
after(async () => {
    await served?.remove();
    keycloak?.remove();
});

/** Through the proxy, by a program. */
async function call(path, headers = {}, json = undefined) {
    const response = await fetch(`${url}/api/v1${path}`, { method: json === undefined ? 'GET' : 'POST', redirect: 'manual',
        headers: { accept: 'application/json', ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        body: json === undefined ? undefined : JSON.stringify(json) });
    return [response.status, await response.text()];
}

const get = (page, path, headers = {}) => page.evaluate(async ([address, more]) => {
    const response = await fetch(address, { headers: { accept: 'application/json', ...more } });
    return [response.status, await response.text()];
}, [`${url}/api/v1${path}`, headers]);

const forgeries = (token) => ['x-forwarded-access-token', 'x_forwarded_access_token', 'X-FORWARDED-ACCESS-TOKEN']
    .map((name) => ({ [name]: token })).concat({ authorization: `Bearer ${token}` });

/** In a browser of its own, from the first page to Keycloak and back. */
async function signIn(t, username) {
    const page = await openPage(t, { bypassCSP: true });
    await page.goto(`${url}/`);
    const button = page.getByRole('button', { name: 'Sign in with' });
    await page.locator('#username').or(button).waitFor();
    if (await button.isVisible()) {
        await button.click();
    }
    await page.locator('#username').fill(username);
    assert.ok(page.url().startsWith(`${keycloak.url}/realms/test-realm/`), page.url());
    await page.locator('#password').fill('test1234');
    await page.locator('#kc-login').click();
    await page.waitForURL(`${url}/`);
    return page;
}

const userOf = async (page, email) => JSON.parse((await get(page, '/users'))[1]).users.find((user) => user.email === email);
const cookiesOf = async (page) => (await page.context().cookies(url)).map(({ name, value }) => `${name}=${value}`).join('; ');

test('who has not signed in gets no further than the proxy', async () => {
    const token = await keycloak.userToken('user');
    assert.equal((await served.call('/users', { headers: { 'x-forwarded-access-token': token } }))[0], 200, 'is good, but not here:');
    for (const headers of [{}, ...forgeries(token), ...forgeries('forged'), { cookie: '_oauth2_proxy=forged' }]) {
        assert.equal((await call('/users', headers))[0], 401, JSON.stringify(Object.keys(headers)));
        assert.equal((await call('/users/u_1', headers, { role: 'admin' }))[0], 401);
        const [status, page] = await call('/users', { ...headers, accept: 'text/html' });
        assert.equal(status, 403);
        assert.match(page, /Sign in with/);
    }
});

test('in, the list of users, and a role that acts at once', async (t) => {
    const page = await signIn(t, 'user');
    await page.getByText('Signed in as user@example.com, admin.').waitFor();
    const { user, sign_in: by } = await sessionOf(page, url);
    assert.deepEqual([user.email, user.role, by], ['user@example.com', 'admin', 'proxy']);
    const [status, text] = await get(page, '/users');
    assert.equal(status, 200);
    assert.equal(JSON.parse(text).users.length, 122);

    const other = await signIn(t, 'second');
    await other.getByText('without a role').waitFor();
    assert.deepEqual(await get(other, '/data-sources'), [403, JSON.stringify(forbidden)]);
    const { id } = await userOf(page, 'second@example.com');
    assert.deepEqual(await postFrom(page, `/api/v1/users/${id}`, { role: 'member' }), [200, JSON.stringify({ user: { id } })]);
    assert.equal((await userOf(page, 'second@example.com')).role, 'member');
    assert.equal((await get(other, '/data-sources'))[0], 200);

    // What a member sends of an admin's tokens does not arrive.
    for (const headers of [{}, ...forgeries(await keycloak.userToken('user'))]) {
        assert.equal((await get(other, '/users', headers))[0], 403, JSON.stringify(Object.keys(headers)));
        assert.equal((await postFrom(other, `/api/v1/users/${id}`, { role: 'admin' }, headers))[0], 403);
    }
    assert.equal((await postFrom(page, `/api/v1/users/${id}`, { role: null }))[0], 200);
    assert.equal((await get(other, '/data-sources'))[0], 403);
});

test('a program with the cookies, as the documentation has it', async (t) => {
    const page = await signIn(t, 'user');
    const cookie = await cookiesOf(page);
    assert.match(cookie, /_oauth2_proxy/);
    const splink_settings = JSON.parse(readFileSync(join(root, 'examples/model.json'), 'utf8'));
    const [status, text] = await call('/config', { cookie }, { splink_settings, potential_match_threshold: 0.5, auto_match_threshold: 1 });
    assert.deepEqual([status, Object.keys(JSON.parse(text))], [200, ['config_id']], text);

    const form = new FormData();
    form.set('config_id', JSON.parse(text).config_id);
    form.set('file', new Blob([readFileSync(dataPath('people/records.csv'))]), 'people.csv');
    const response = await fetch(`${url}/api/v1/person-records/import`, { method: 'POST', headers: { cookie }, body: form });
    assert.deepEqual([response.status, await response.json()], [200, { job_id: 'job_1' }]);
    assert.match((await call('/person-records/export', { cookie }, {}))[1], /^person_id,source_person_id,data_source,/);
    assert.equal((await call('/config', { cookie: cookie.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')) }))[0], 401);
});

test('another site cannot use what the browser sends along', async (t) => {
    const page = await signIn(t, 'user');
    const { id } = await userOf(page, 'second@example.com');
    const evil = createServer((_, response) => {
        response.setHeader('content-type', 'text/html');
        response.end(`<form method="post" enctype="text/plain" action="${url}/api/v1/users/${id}"><input name='{"role":"admin","x":"' value='"}'><button>Win</button></form>`);
    });
    await new Promise((settle) => evil.listen(0, '127.0.0.1', settle));
    t.after(() => evil.close());
    await page.goto(`http://127.0.0.1:${evil.address().port}/`);
    const [answer] = await Promise.all([page.waitForResponse(/\/users\//), page.getByRole('button').click()]);
    assert.deepEqual([answer.status(), await answer.json()], [403, forbidden]);
    await page.goto(`${url}/`);
    assert.equal((await userOf(page, 'second@example.com')).role, null);
});

test('a token that the proxy renews; out again', async (t) => {
    const page = await signIn(t, 'user');
    const before = await cookiesOf(page);
    await eventually(async () => {
        assert.equal((await get(page, '/data-sources'))[0], 200);
        return await cookiesOf(page) !== before;
    }, 'another cookie', 30);
    assert.equal((await get(page, '/data-sources'))[0], 200);
    await page.goto(`${url}/oauth2/sign_out`);
    assert.equal((await get(page, '/users'))[0], 401);
    await page.goto(`${url}/`);
    await page.getByRole('button', { name: 'Sign in with' }).click();
    await page.locator('#password').waitFor(); // Keycloak has forgotten them, too
});

test('the configuration of docs/identity.md', async (t) => {
    await stop(proxy);
    proxy = await startProxy(['--config', put(served.folder, 'oauth2-proxy.cfg', documented('toml'))], {});
    const token = await keycloak.userToken('user');
    for (const headers of [{}, ...forgeries(token)]) {
        assert.equal((await call('/users', headers))[0], 401);
        assert.equal((await call('/users', { ...headers, accept: 'text/html' }))[0], 302);
    }
    const page = await signIn(t, 'user');
    await page.getByText('Signed in as user@example.com, admin.').waitFor();
    const { id } = await userOf(page, 'second@example.com');
    assert.equal((await postFrom(page, `/api/v1/users/${id}`, { role: 'member' }))[0], 200);
    assert.equal((await userOf(page, 'second@example.com')).role, 'member');
    for (const headers of forgeries(await keycloak.userToken('second'))) {
        assert.equal((await get(page, '/users', headers))[0], 200, 'the session counts');
    }
    await page.goto(`${url}/oauth2/sign_out`);
    await page.locator('#username').waitFor();
    assert.equal((await call('/users', { cookie: await cookiesOf(page) }))[0], 401);
});

test('no log of ours has a name or a token', () => {
    assert.doesNotMatch(served.service.stderr, /example\.com|eyJ/);
});
