// Keycloak itself and the program: tokens in the header that a proxy sets, the list of users, and this
// server's own way there and back. With the proxy itself in front: oauth2-proxy.test.mjs.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { Browser, ServedIdentity, forbidden, formOf, invalid } from '../integration/identity-support.mjs';
import { freePort } from '../integration/postgres-support.mjs';
import { eventually } from '../integration/service-support.mjs';
import { Keycloak } from './keycloak-support.mjs';

let keycloak;
let served;
before(async () => {
    keycloak = await Keycloak.make();
    served = new ServedIdentity();
    const port = await freePort();
    await keycloak.setUp(`http://localhost:${port}/auth/callback`, `http://localhost:${port}/`);
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
