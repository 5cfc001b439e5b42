// Users as Keycloak lists them, in front of which a proxy passes tokens on: a stand-in of a test's own,
// for pages, faults and what changes between two lists. Keycloak itself: tests/interop.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { FakeKeycloak, ServedIdentity, forbidden, invalid, missing } from './identity-support.mjs';

const header = 'x-forwarded-access-token';

let keycloak;
let served;
before(async () => {
    keycloak = await FakeKeycloak.make();
    keycloak.users = Array.from({ length: 250 }, (_, i) => ({ id: `user-${i}`, email: `user${i}@example.com`, enabled: true }));
    delete keycloak.users[7].email;
    served = await ServedIdentity.make({ ...keycloak.env(), TUVA_EMPI_SERVER__CORS_ALLOWED_ORIGINS: 'https://ui.example.org/' });
    served.setRole('user-0', 'admin');
});
after(async () => {
    keycloak.close();
    await served.remove();
});

const call = (path, user, options = {}) =>
    served.call(path, { ...options, headers: { ...options.headers, ...(user === null ? {} : { [header]: keycloak.token(user) }) } });

async function listUsers() {
    const [status, { users }] = await call('/users', 'user-0');
    assert.equal(status, 200);
    return users;
}

test('the token stands bare in the header of the configuration, and nowhere else', async () => {
    assert.equal((await call('/users', 'user-0'))[0], 200);
    assert.equal((await call('/session', 'user-0'))[1].user.role, 'admin');
    assert.deepEqual((await served.call('/users', { token: keycloak.token('user-0') })).slice(0, 2), [401, missing]);
    assert.deepEqual((await served.call('/users', { headers: { [header]: `Bearer ${keycloak.token('user-0')}` } })).slice(0, 2), [401, invalid]);
    const token = [header, keycloak.token('user-0')];
    assert.equal((await served.raw('/api/v1/users', [token]))[0], 200);
    assert.deepEqual((await served.raw('/api/v1/users', [token, token])).slice(0, 2), [401, invalid]);
});

test('an access token of this realm, and none of its other tokens', async () => {
    const statusOf = async (claims) => (await served.call('/users', { headers: { [header]: keycloak.token('user-0', claims) } }))[0];
    assert.equal(await statusOf({}), 200);
    for (const claims of [{ typ: 'ID' }, { typ: 'Refresh' }, { iss: 'https://outside.example.org/realms/other' }, { aud: 'x' }]) {
        assert.equal(await statusOf(claims), 401, JSON.stringify(claims));
    }
    assert.equal(await statusOf({ azp: 'other' }), 403);
});

test('another site changes nothing by way of the proxy', async () => {
    const id = (await listUsers()).find(({ email }) => email === 'user9@example.com').id;
    const change = async (headers) => (await call(`/users/${id}`, 'user-0', { json: { role: null }, headers }))[0];
    const attacker = 'https://attacker.example.org';
    assert.equal(await change({ 'sec-fetch-site': 'cross-site', origin: attacker }), 403);
    assert.equal(await change({ 'sec-fetch-site': 'cross-site' }), 403);
    assert.equal((await call('/users', 'user-0', { headers: { 'sec-fetch-site': 'cross-site' } }))[0], 200, 'reading changes nothing');
    assert.equal(await change({ 'sec-fetch-site': 'same-origin', origin: 'https://as-the-proxy-has-it.example.org' }), 200);
    assert.equal(await change({ 'sec-fetch-site': 'cross-site', origin: 'https://ui.example.org' }), 200, 'a site that is allowed to');
    assert.equal(await change({}), 200);
});

test('this server lets nobody in by itself then', async () => {
    assert.deepEqual((await call('/session', null))[1], { user: null, sign_in: 'proxy', login_url: null, csrf_token: null });
    for (const [path, method] of [['/login', 'GET'], ['/login', 'POST'], ['/login/password', 'GET'], ['/auth/callback?code=a&state=b', 'GET']]) {
        assert.equal((await fetch(served.url + path, { method, body: method === 'POST' ? new URLSearchParams({ username: 'a' }) : undefined })).status,
            404, path);
    }
    assert.equal((await served.call('/session', { json: { username: 'a', password: 'b' } }))[0], 404);
});

test('fault_50_all_users_are_listed_also_those_without_an_address', async () => {
    const users = await listUsers();
    assert.equal(users.length, 250);
    assert.deepEqual(users.map(({ email }) => email).sort(), keycloak.users.map(({ email }) => email ?? '').sort());
    assert.equal(users.filter(({ role }) => role !== null).length, 1);
    users.forEach(({ id }, i) => assert.equal(id, `u_${i + 1}`));
    assert.deepEqual(await listUsers(), users, 'and again, the same');
});

test('who is gone keeps an id, and nothing else', async () => {
    served.setRole('user-1', 'member');
    assert.equal((await call('/data-sources', 'user-1'))[0], 200);
    const [gone] = keycloak.users.splice(1, 1);
    keycloak.users[3].email = 'renamed@example.com';
    keycloak.users.push({ id: 'user-new', email: 'New@Example.com' });
    const users = await listUsers();
    assert.equal(users.length, 251);
    assert.ok(!users.some(({ email }) => email === gone.email));
    assert.equal(users.filter(({ email, role }) => email === '' && role === 'member').length, 1);
    assert.ok(users.some(({ email }) => email === 'renamed@example.com'));
    assert.deepEqual({ ...users.at(-1), id: '' }, { id: '', email: 'New@Example.com', role: null });
});

test('roles act at once', async () => {
    const { id } = (await listUsers()).find(({ email }) => email === 'user5@example.com');
    const role = async (value) => (await call(`/users/${id}`, 'user-0', { json: { role: value } })).slice(0, 2);
    assert.deepEqual((await call('/data-sources', 'user-5')).slice(0, 2), [403, forbidden]);
    assert.deepEqual(await role('member'), [200, { user: { id } }]);
    assert.equal((await call('/data-sources', 'user-5'))[0], 200);
    assert.equal((await call('/users', 'user-5'))[0], 403);
    assert.equal((await role('admin'))[0], 200);
    assert.equal((await call('/users', 'user-5'))[0], 200);
    assert.equal((await role(null))[0], 200);
    assert.equal((await call('/data-sources', 'user-5'))[0], 403);
});

test('two admins cannot take each other\'s role away at the same time', async () => {
    for (let round = 0; round < 5; round++) {
        served.sql("update empi.app_user set role = case when idp_user_id in ('user-0', 'user-5') then 'admin' end");
        const ids = served.sql("select id from empi.app_user where idp_user_id in ('user-0', 'user-5') order by idp_user_id");
        const answers = await Promise.all([['user-0', ids[1]], ['user-5', ids[0]]].map(([user, { id }]) =>
            call(`/users/u_${id}`, user, { json: { role: null } })));
        assert.ok(answers.filter(([status]) => status === 200).length <= 1);
        assert.deepEqual(served.sql("select count(*) from empi.app_user where role = 'admin'"), [{ count: '1' }]);
    }
    served.sql("update empi.app_user set role = case when idp_user_id = 'user-0' then 'admin' end");
});

test('a provider that does not list its users changes nothing', async () => {
    const before_ = served.sql('select count(*), max(updated) from empi.app_user');
    for (const [odd, status] of [[[503, {}], 503], [[200, { error: 'unknown_error' }], 503], [[403, {}], 503], [[200, [{ id: 5 }, 7]], 200]]) {
        keycloak.odd = odd;
        assert.equal((await call('/users', 'user-0'))[0], status, JSON.stringify(odd));
    }
    keycloak.odd = undefined;
    assert.deepEqual(served.sql('select count(*), max(updated) from empi.app_user'), before_);
});

/** A command to its end; the stand-in has to answer it meanwhile. */
async function command(args, env = {}) {
    const started = served.start(args, env);
    return { ...(await started.ended), stdout: started.stdout, stderr: started.stderr };
}

test('the first admin is the one user with the configured address', async () => {
    const bootstrap = (email) => command(['bootstrap'], { TUVA_EMPI_INITIAL_SETUP__ADMIN_EMAIL: email });
    served.sql('update empi.app_user set role = null');
    keycloak.users.push({ id: 'twin-1', email: 'twin@example.com' }, { id: 'twin-2', email: 'TWIN@example.com' });
    for (const [email, words] of [['nobody@example.com', /has no user with the address nobody@example\.com/],
        ['twin@example.com', /2 users have the address twin@example\.com/], ['', /nobody is named/], ['user1@example.com', /has no user/]]) {
        const { status, stderr } = await bootstrap(email);
        assert.equal(status, 1, email);
        assert.match(stderr, words);
        assert.deepEqual(served.sql("select count(*) from empi.app_user where role = 'admin'"), [{ count: '0' }]);
    }
    // Anybody can write somebody's address into a profile of their own.
    keycloak.users.push({ id: 'liar', email: 'Ann@example.com', emailVerified: false });
    const refused = await bootstrap('ann@example.com');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /nobody has verified the address ann@example\.com[\s\S]*verify it there/);
    assert.deepEqual(served.sql("select count(*) from empi.app_user where role = 'admin'"), [{ count: '0' }]);
    keycloak.users.at(-1).emailVerified = true;
    assert.equal((await bootstrap('ann@example.com')).stdout, 'ann@example.com is an admin now.\n');
    served.sql('update empi.app_user set role = null');
    // Of this one Keycloak does not say.
    assert.equal((await bootstrap('new@example.com')).stdout, 'new@example.com is an admin now.\n');
    assert.deepEqual(served.sql("select idp_user_id from empi.app_user where role = 'admin'"), [{ idp_user_id: 'user-new' }]);
    assert.match((await bootstrap('twin@example.com')).stdout, /nothing was changed/);
});

test('users of the provider are added and removed there', async () => {
    for (const args of [['users', 'add', 'x'], ['users', 'remove', 'x'], ['users', 'set-password', 'x']]) {
        const { status, stderr } = await command(args);
        assert.equal(status, 1);
        assert.match(stderr, /the users are the identity provider's/);
    }
    assert.match((await command(['users'])).stdout, /^ *u_\d+ +admin +New@Example\.com$/m);
});

test('no secret and no address is in the log', () => {
    for (const secret of ['s3cret', 'admin-token', 'eyJ', '@example.com']) {
        assert.ok(!served.service.stderr.includes(secret), secret);
    }
});
