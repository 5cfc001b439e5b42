// Keycloak itself, with the realm, the client and the user of the documented environment; a proxy that
// passes the access token on, as OAuth2 Proxy does in front; and this server's own way there and back.
//
// Skipped: OAuth2 Proxy itself, which no package registry has as a program; the proxy here does the part of
// it that the API sees.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Browser, ServedIdentity, forbidden, formOf, invalid } from '../integration/identity-support.mjs';
import { freePort } from '../integration/postgres-support.mjs';
import { eventually } from '../integration/service-support.mjs';

/** Keycloak, in memory, and its admin API. */
class Keycloak {
    static async make() {
        const made = new Keycloak();
        made.folder = mkdtempSync(join(tmpdir(), 'tuva-empi-keycloak-'));
        made.port = await freePort();
        made.url = `http://localhost:${made.port}`;
        made.log = '';
        // It writes what it has built of itself beside its program, and so finds it the next time.
        made.child = spawn('bash', [join(process.env.KEYCLOAK_HOME, 'bin/kc.sh'), 'start-dev', '--http-host=127.0.0.1',
            `--http-port=${made.port}`, '--db=dev-mem', '--cache=local'], {
            detached: true,
            env: { ...process.env, KC_BOOTSTRAP_ADMIN_USERNAME: 'admin', KC_BOOTSTRAP_ADMIN_PASSWORD: 'admin',
                JAVA_OPTS_APPEND: `-Djava.io.tmpdir=${made.folder} -XX:TieredStopAtLevel=1` },
        });
        made.child.stdout.on('data', (data) => (made.log += data));
        made.child.stderr.on('data', (data) => (made.log += data));
        try {
            await eventually(async () => made.child.exitCode !== null
                || await fetch(`${made.url}/realms/master`).then(({ ok }) => ok, () => false), () => `Keycloak: ${made.log}`, 300);
            assert.equal(made.child.exitCode, null, made.log);
        } catch (fault) {
            made.remove();
            throw fault;
        }
        return made;
    }

    async token(realm, fields) {
        const response = await fetch(`${this.url}/realms/${realm}/protocol/openid-connect/token`, {
            method: 'POST', body: new URLSearchParams(fields) });
        const json = await response.json();
        assert.equal(response.status, 200, JSON.stringify(json));
        return json.access_token;
    }

    async admin(method, path, json) {
        const token = await this.token('master', { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: 'admin' });
        const response = await fetch(`${this.url}/admin/realms${path}`, { method,
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' }, body: JSON.stringify(json) });
        const text = await response.text();
        assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
        return text === '' ? null : JSON.parse(text);
    }

    user(username, more = {}) {
        return this.admin('POST', '/test-realm/users', { username, enabled: true, firstName: 'A', lastName: 'B',
            credentials: [{ type: 'password', value: 'test1234' }], ...more });
    }

    /** The documented realm; users of which one has no address, and more than a page of them. */
    async setUp(appUrl) {
        await this.admin('POST', '', { realm: 'test-realm', enabled: true, sslRequired: 'none' });
        await this.admin('POST', '/test-realm/clients', { clientId: 'test-client', secret: 'test-secret', publicClient: false,
            serviceAccountsEnabled: true, standardFlowEnabled: true, directAccessGrantsEnabled: true,
            redirectUris: [`${appUrl}/auth/callback`], attributes: { 'post.logout.redirect.uris': `${appUrl}/` } });
        await this.admin('POST', '/test-realm/clients', { clientId: 'other-client', publicClient: true, directAccessGrantsEnabled: true });
        const [{ id: client }] = await this.admin('GET', '/test-realm/clients?clientId=test-client');
        const [{ id: management }] = await this.admin('GET', '/test-realm/clients?clientId=realm-management');
        const { id: account } = await this.admin('GET', `/test-realm/clients/${client}/service-account-user`);
        const role = await this.admin('GET', `/test-realm/clients/${management}/roles/view-users`);
        await this.admin('POST', `/test-realm/users/${account}/role-mappings/clients/${management}`, [role]);
        await this.user('user', { email: 'user@example.com', emailVerified: true });
        await this.user('second', { email: 'second@example.com', emailVerified: true });
        await this.admin('POST', '/test-realm/partialImport', { ifResourceExists: 'FAIL',
            users: Array.from({ length: 120 }, (_, i) => ({ username: `many-${i}`, enabled: true, ...(i === 0 ? {} : { email: `many-${i}@example.com` }) })) });
    }

    userToken(username, client = { client_id: 'test-client', client_secret: 'test-secret' }) {
        return this.token('test-realm', { grant_type: 'password', ...client, username, password: 'test1234', scope: 'openid' });
    }

    env() {
        const keys = { SERVER_URL: this.url, REALM: 'test-realm', JWT_HEADER: 'X-Forwarded-Access-Token', JWT_AUD: 'account',
            JWKS_URL: `${this.url}/realms/test-realm/protocol/openid-connect/certs`, CLIENT_ID: 'test-client', CLIENT_SECRET: 'test-secret' };
        return { TUVA_EMPI_IDP__BACKEND: 'keycloak', TUVA_EMPI_INITIAL_SETUP__ADMIN_EMAIL: 'user@example.com',
            TUVA_EMPI_IDP__SIGN_IN__METHOD: 'provider',
            ...Object.fromEntries(Object.entries(keys).map(([name, value]) => [`TUVA_EMPI_IDP__KEYCLOAK__${name}`, value])) };
    }

    remove() {
        try {
            process.kill(-this.child.pid, 'SIGKILL');
        } catch {
            // It has ended by itself.
        }
        rmSync(this.folder, { recursive: true, force: true });
    }
}

let keycloak;
let served;
before(async () => {
    keycloak = await Keycloak.make();
    served = new ServedIdentity();
    const port = await freePort();
    await keycloak.setUp(`http://localhost:${port}`);
    Object.assign(served.env, keycloak.env());
    served.port = port;
    served.url = `http://localhost:${port}`;
    served.service = await served.serve(['api'], /listening on/, { TUVA_EMPI_SERVER__PORT: String(port) });
});
after(async () => {
    await served?.remove();
    keycloak?.remove();
});

const call = async (path, user, options = {}) => served.call(path, { ...options,
    headers: { 'x-forwarded-access-token': await keycloak.userToken(user) } });

test('bootstrap makes the documented user the first admin', () => {
    assert.equal(served.run('bootstrap').stdout, 'user@example.com is an admin now.\n');
    assert.match(served.run('bootstrap').stdout, /nothing was changed/);
});

test('its access token lets in, and no other of its tokens', async () => {
    assert.equal((await call('/data-sources', 'user'))[0], 200);
    assert.deepEqual((await call('/data-sources', 'second')).slice(0, 2), [403, forbidden]);
    const other = await keycloak.userToken('user', { client_id: 'other-client' });
    assert.deepEqual((await served.call('/data-sources', { headers: { 'x-forwarded-access-token': other } })).slice(0, 2), [403, forbidden]);
    const master = await keycloak.token('master', { grant_type: 'password', client_id: 'admin-cli', username: 'admin', password: 'admin' });
    assert.deepEqual((await served.call('/data-sources', { headers: { 'x-forwarded-access-token': master } })).slice(0, 2), [401, invalid]);
});

test('users are listed, page after page, and get roles', async () => {
    const [status, { users }] = await call('/users', 'user');
    assert.equal(status, 200);
    assert.equal(users.length, 122);
    assert.equal(users.filter(({ email }) => email === '').length, 1);
    const { id } = users.find(({ email }) => email === 'second@example.com');
    assert.deepEqual((await call(`/users/${id}`, 'user', { json: { role: 'member' } }))[1], { user: { id } });
    assert.equal((await call('/data-sources', 'second'))[0], 200);
    assert.equal((await call('/users', 'second'))[0], 403);
});

/** As OAuth2 Proxy: whoever comes with the password has their token passed on; what they send of it is not. */
async function makeProxy() {
    const server = createServer(async (incoming, outgoing) => {
        const token = await keycloak.userToken('user');
        const { 'x-forwarded-access-token': _, ...headers } = incoming.headers;
        incoming.pipe(request({ port: served.port, host: '127.0.0.1', path: incoming.url, method: incoming.method,
            headers: { ...headers, 'x-forwarded-access-token': token } }, (answer) => {
            outgoing.writeHead(answer.statusCode, answer.headers);
            answer.pipe(outgoing);
        }));
    });
    await new Promise((settle) => server.listen(0, '127.0.0.1', settle));
    return server;
}

test('behind a proxy that passes the token on', async () => {
    const proxy = await makeProxy();
    const url = `http://localhost:${proxy.address().port}/api/v1`;
    const { user } = await (await fetch(`${url}/session`, { headers: { 'x-forwarded-access-token': 'forged' } })).json();
    assert.equal(user.email, 'user@example.com');
    const posted = await fetch(`${url}/users/${user.id}`, { method: 'POST', headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ role: 'admin' }) });
    assert.equal(posted.status, 200);
    proxy.closeAllConnections();
    proxy.close();
});

test('there and back by the code flow, and out again', async () => {
    const browser = new Browser(served.url);
    const page = await browser.follow('/login?return_to=/somewhere');
    const { action, fields } = formOf(page);
    const back = await browser.open(action, { form: { ...fields, username: 'user', password: 'test1234' } });
    assert.ok(back.location?.startsWith(`${served.url}/auth/callback?`), `${back.status} ${back.text.slice(0, 2000)}`);
    const arrived = await browser.open(back.location);
    assert.deepEqual([arrived.status, arrived.location], [303, `${served.url}/somewhere`], arrived.text);
    const { user } = (await browser.open('/api/v1/session')).json;
    assert.deepEqual([user.email, user.role], ['user@example.com', 'admin']);
    assert.equal((await browser.open('/api/v1/users')).json.users.length, 122);
    assert.equal((await browser.open(`/api/v1/users/${user.id}`, { json: { role: 'admin' } })).status, 200);

    const out = await browser.open('/logout', { method: 'POST', headers: { accept: 'application/json' } });
    assert.ok(out.json.location.startsWith(`${keycloak.url}/realms/test-realm/protocol/openid-connect/logout?`), out.text);
    assert.equal((await browser.open('/api/v1/users')).status, 401);
});

test('with a browser', { skip: existsSync('/usr/bin/chromium') ? false : 'there is no chromium' }, async (t) => {
    const { openPage, sessionOf } = await import('./browser-support.mjs');
    const page = await openPage(t, { bypassCSP: true });
    await page.goto(`${served.url}/login?return_to=/api/v1/docs`);
    await page.locator('#username').fill('user');
    await page.locator('#password').fill('test1234');
    await page.locator('#kc-login').click();
    await page.waitForURL(`${served.url}/api/v1/docs`);
    assert.deepEqual((await sessionOf(page, served.url)).user.email, 'user@example.com');
});

test('who is deleted there is without an address here', async () => {
    const [{ id }] = await keycloak.admin('GET', '/test-realm/users?username=second&exact=true');
    await keycloak.admin('DELETE', `/test-realm/users/${id}`);
    const [, { users }] = await call('/users', 'user');
    assert.equal(users.length, 122);
    assert.ok(!users.some(({ email }) => email === 'second@example.com'));
});

test('keys that are rotated need no restart', async () => {
    // A new provider of keys, with more priority than the one that is there.
    const { id } = await keycloak.admin('GET', '/test-realm');
    await keycloak.admin('POST', '/test-realm/components', { name: 'newer', providerId: 'rsa-generated', parentId: id,
        providerType: 'org.keycloak.keys.KeyProvider', config: { priority: ['200'], enabled: ['true'], active: ['true'], algorithm: ['RS256'] } });
    await eventually(async () => (await call('/data-sources', 'user'))[0] === 200, 'the new key', 60);
});
