// The local provider: signing in by the form, sessions and how they end, tokens for scripts, bootstrap.

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Browser, ServedIdentity, forbidden, formOf, invalid, missing } from './identity-support.mjs';
import { freePort } from './postgres-support.mjs';
import { stop } from './service-support.mjs';

let served;
before(async () => {
    served = await ServedIdentity.make();
    served.try(['users', 'add', 'Ann@Example.org', '--role', 'admin', '--password-file', '-'], { input: 'correct horse\n' });
    served.try(['users', 'add', 'bob', '--password-file', '-'], { input: 'battery staple' });
});
after(() => served.remove());

const open = () => new Browser(served.url);

/** Signs in by the form, as it comes. */
async function signIn(name, password, browser = open()) {
    const { action, fields } = formOf(await browser.open('/login?return_to=/persons'));
    return [browser, await browser.open(action, { form: { ...fields, username: name, password } })];
}

const apiAs = (browser, path = '/api/v1/data-sources', options = {}) => browser.open(path, { headers: { accept: '*/*' }, ...options });

test('a user with a known password comes into no index that others use', async () => {
    const folder = { TUVA_EMPI_DATA_DIR: served.env.TUVA_EMPI_DATA_DIR };
    const { status, stderr } = served.try(['run-dev', '--port', String(await freePort())], { env: folder, timeout: 30_000 });
    assert.equal(status, 1, stderr);
    assert.match(stderr, /this index has users of its own/);
    assert.deepEqual(served.sql("select email from empi.app_user where email = 'user'"), []);
});

describe('the form', () => {
    test('lets in and goes where one wanted to', async () => {
        const [browser, page] = await signIn('ann@example.ORG', 'correct horse');
        assert.equal(page.status, 303);
        assert.equal(page.location, `${served.url}/persons`);
        assert.equal((await apiAs(browser)).status, 200);
        const { attributes } = browser.cookie('tuva_empi_session');
        assert.ok(attributes.includes('HttpOnly') && attributes.includes('SameSite=Lax') && attributes.includes('Path=/'));
        assert.ok(!attributes.includes('Secure'), 'there is no TLS on plain localhost');
        assert.ok(!browser.cookie('tuva_empi_csrf').attributes.includes('HttpOnly'));
    });

    test('cookies are for TLS only, anywhere but here', async () => {
        const response = await fetch(`${served.url}/login`, { method: 'POST', redirect: 'manual', headers: { 'x-forwarded-proto': 'https' },
            body: new URLSearchParams({ username: 'bob', password: 'battery staple' }) });
        assert.equal(response.status, 303);
        response.headers.getSetCookie().forEach((line) => assert.match(line, /; Secure$/));
    });

    test('works without script, and names what password managers look for', async () => {
        const page = await open().open('/login');
        assert.equal(page.status, 200);
        assert.ok(!/<script|\son\w+=|javascript:|https?:\/\//.test(page.text));
        assert.match(page.headers.get('content-security-policy'), /^default-src 'none'; style-src 'sha256-[^']+'; form-action 'self';/);
        assert.equal(page.headers.get('cache-control'), 'no-store');
        for (const part of ['<html lang="en">', '<label for="username">', '<label for="password">', 'autocomplete="username"',
            'autocomplete="current-password"', '<button type="submit">', 'autofocus']) {
            assert.ok(page.text.includes(part), part);
        }
    });

    test('what was typed comes back as text', async () => {
        const [, page] = await signIn('"><script>alert(1)</script>', 'x');
        assert.equal(page.status, 401);
        assert.ok(!page.text.includes('<script>'));
        assert.equal(formOf(page).fields.username, '"><script>alert(1)</script>');
        assert.equal(formOf(page).fields.password, '');
        assert.match(page.text, /<p class="fault" role="alert">The user name or the password is not right\.<\/p>/);
    });

    test('leads to no other site', async () => {
        for (const path of ['https://attacker.example.org/', '//attacker.example.org', '/\\attacker.example.org', '\\\\a', 'javascript:alert(1)',
            '/a\r\nSet-Cookie: x=y', '', 'x', `/${'x'.repeat(5000)}`]) {
            const page = await open().open('/login', { form: { username: 'bob', password: 'battery staple', return_to: path } });
            assert.equal(page.status, 303);
            assert.equal(page.location, `${served.url}/`, path);
        }
        const form = formOf(await open().open(`/login?return_to=${encodeURIComponent('//attacker.example.org')}`));
        assert.equal(form.fields.return_to, '/');
    });

    test('is not to be sent by another site', async () => {
        for (const headers of [{ origin: 'https://attacker.example.org' }, { origin: 'null' },
            { origin: `${served.url}1` }, { 'sec-fetch-site': 'cross-site', origin: '' }, { 'sec-fetch-site': 'same-site' }]) {
            const page = await open().open('/login', { form: { username: 'bob', password: 'battery staple' }, headers });
            assert.equal(page.status, 403, JSON.stringify(headers));
            assert.deepEqual(page.headers.getSetCookie(), []);
        }
    });

    test('tells nobody whether there is such a user', async () => {
        const [, wrong] = await signIn('bob', 'x');
        const [, unknown] = await signIn('bobby', 'x');
        assert.equal(wrong.status, unknown.status);
        assert.equal(wrong.text, unknown.text.replace('bobby', 'bob'));
        // And what no table could hold is nobody's name.
        for (const name of ['', 'x'.repeat(300), 'a\u0000b', "' or 1=1 --", '%']) {
            assert.equal((await signIn(name, 'battery staple'))[1].status, name.includes('\u0000') ? 400 : 401, name);
        }
    });
});

describe('a session', () => {
    test('is told what it is', async () => {
        const anonymous = (await served.call('/session'))[1];
        assert.deepEqual(anonymous, { user: null, sign_in: 'form', login_url: '/login', csrf_token: null });
        const [browser] = await signIn('bob', 'battery staple');
        const { user, csrf_token: token } = (await browser.open('/api/v1/session')).json;
        assert.equal(user.email, 'bob');
        assert.equal(user.role, 'member');
        assert.equal(token, browser.cookie('tuva_empi_csrf').value);
    });

    test('changes nothing for another site', async () => {
        const [browser] = await signIn('ann@example.org', 'correct horse');
        const token = browser.cookie('tuva_empi_csrf').value;
        const [other] = await signIn('bob', 'battery staple');
        const cookie = browser.cookieHeader(new URL('/', served.url));
        const send = (headers) => served.call('/users/u_2', { json: { role: 'member' }, headers: { cookie, ...headers } });
        const attacker = 'https://attacker.example.org';
        for (const [headers, status] of [
            [{ origin: attacker }, 403], [{ origin: 'null' }, 403], [{ 'sec-fetch-site': 'cross-site' }, 403],
            [{ 'sec-fetch-site': 'same-site', origin: attacker }, 403],
            [{ 'x-csrf-token': 'x' }, 403], [{ 'x-csrf-token': '' }, 403], [{ 'x-csrf-token': `${token}A` }, 403],
            [{ 'x-csrf-token': other.cookie('tuva_empi_csrf').value }, 403], [{ 'x-csrf-token': 'x', origin: served.url }, 403],
            [{ 'x-csrf-token': token }, 200], [{ 'x-csrf-token': token, origin: attacker }, 200],
            [{ origin: served.url }, 200], [{ 'sec-fetch-site': 'same-origin' }, 200],
            [{ 'sec-fetch-site': 'same-origin', origin: 'https://as-the-proxy-has-it.example.org' }, 200],
            // The documented line: httpie sends the cookie and nothing of where it comes from.
            [{}, 200],
        ]) {
            const [got, json] = await send(headers);
            assert.equal(got, status, JSON.stringify(headers));
            if (status === 403) {
                assert.deepEqual(json, forbidden);
            }
        }
        assert.equal((await served.call('/users', { headers: { cookie, origin: attacker } }))[0], 200, 'reading changes nothing');
    });

    test('ends when one signs out, wherever its cookie is kept', async () => {
        const [browser] = await signIn('bob', 'battery staple');
        const cookie = browser.cookieHeader(new URL('/', served.url));
        const foreign = await browser.open('/logout', { method: 'POST', headers: { origin: 'https://attacker.example.org' } });
        assert.equal(foreign.status, 403);
        assert.equal((await served.call('/data-sources', { headers: { cookie } }))[0], 200);
        const out = await browser.open('/logout', { method: 'POST' });
        assert.deepEqual([out.status, out.location], [303, `${served.url}/`]);
        assert.equal(browser.cookies.size, 0);
        const [status, json] = await served.call('/data-sources', { headers: { cookie } });
        assert.deepEqual([status, json], [401, missing]);
        const again = await open().open('/logout', { method: 'POST', headers: { accept: 'application/json' } });
        assert.deepEqual(again.json, { location: '/' });
    });

    test('ends when it is old, or was not used', async () => {
        for (const change of ["ends = now()", "used = now() - interval '61 minutes'"]) {
            const [browser] = await signIn('bob', 'battery staple');
            assert.equal((await apiAs(browser)).status, 200);
            served.sql(`update empi.session set ${change}`);
            assert.equal((await apiAs(browser)).status, 401, change);
        }
    });

    test('is kept by using it', async () => {
        const [browser] = await signIn('bob', 'battery staple');
        served.sql("update empi.session set used = now() - interval '59 minutes'");
        assert.equal((await apiAs(browser)).status, 200);
        assert.deepEqual(served.sql("select count(*) from empi.session where used > now() - interval '1 minute'"), [{ count: '1' }]);
    });

    test('cannot be made up', async () => {
        const [browser] = await signIn('bob', 'battery staple');
        const { value } = browser.cookie('tuva_empi_session');
        const changed = [...value].map((c, i) => value.slice(0, i) + (c === 'A' ? 'B' : 'A') + value.slice(i + 1));
        for (const cookie of ['', 'x', value.slice(1), `${value}A`, value.repeat(300), browser.cookie('tuva_empi_csrf').value, ...changed]) {
            assert.equal((await served.call('/data-sources', { headers: { cookie: `tuva_empi_session=${cookie}` } }))[0], 401);
        }
        assert.equal((await apiAs(browser)).status, 200);
    });

    test('begins anew with each sign-in, and the one before ends', async () => {
        const [browser] = await signIn('bob', 'battery staple');
        const before_ = browser.cookieHeader(new URL('/', served.url));
        await signIn('bob', 'battery staple', browser);
        assert.notEqual(browser.cookieHeader(new URL('/', served.url)), before_);
        assert.equal((await served.call('/data-sources', { headers: { cookie: before_ } }))[0], 401);
    });

    test('outlives the server, and has the role that its user has now', async () => {
        const [browser] = await signIn('bob', 'battery staple');
        await stop(served.service);
        const { port } = served;
        await served.serveApi();
        const cookie = browser.cookieHeader(new URL('/', `http://localhost:${port}`));
        const status = async () => (await served.call('/data-sources', { headers: { cookie } }))[0];
        assert.equal(await status(), 200);
        served.run('users', 'role', 'bob', 'none');
        assert.equal(await status(), 403);
        served.run('users', 'role', 'bob', 'member');
        assert.equal(await status(), 200);
    });
});

describe('passwords', () => {
    test('one that was given is changed first', async () => {
        const said = served.run('users', 'add', 'cleo').stdout;
        const [, password] = /^Password: ([a-z2-9]{5}-[a-z2-9]{5}-[a-z2-9]{5})$/m.exec(said) ?? assert.fail(said);
        const [browser, page] = await signIn('cleo', password);
        assert.equal(page.status, 200);
        assert.equal(browser.cookies.size, 0, 'nobody is in yet');
        assert.equal((await served.call('/session', { json: { username: 'cleo', password } }))[0], 403);

        const { action, fields } = formOf(page);
        assert.equal(action, `${served.url}/login/password`);
        assert.equal(fields.username, 'cleo');
        const choose = (chosen, again = chosen, present = password) => browser.open(action, {
            form: { ...fields, password: present, new_password: chosen, new_password_again: again } });
        assert.equal((await choose('short')).status, 400);
        assert.equal((await choose(password)).status, 400, 'the same again');
        assert.equal((await choose('tr0ub4dor&3', 'tr0ub4dor&4')).status, 400);
        assert.equal((await choose('tr0ub4dor&3', 'tr0ub4dor&3', 'wrong')).status, 401);
        assert.equal(browser.cookies.size, 0);
        const done = await choose('tr0ub4dor&3');
        assert.deepEqual([done.status, done.location], [303, `${served.url}/persons`]);
        assert.equal((await apiAs(browser)).status, 200);
        assert.equal((await signIn('cleo', password))[1].status, 401, 'it was good once');
        assert.equal((await signIn('cleo', 'tr0ub4dor&3'))[1].status, 303);
    });

    test('another one ends sessions and tokens', async () => {
        const [browser] = await signIn('cleo', 'tr0ub4dor&3');
        const [, { access_token: token }] = await served.call('/session', { json: { username: 'cleo', password: 'tr0ub4dor&3' } });
        assert.equal((await served.call('/data-sources', { token }))[0], 200);
        served.try(['users', 'set-password', 'cleo', '--password-file', '-'], { input: 'a new password\r\n' });
        assert.equal((await apiAs(browser)).status, 401);
        const [status, json] = await served.call('/data-sources', { token });
        assert.deepEqual([status, json], [401, invalid]);
        assert.equal((await signIn('cleo', 'a new password'))[1].status, 303);
    });

    test('who is removed is out', async () => {
        const [browser] = await signIn('cleo', 'a new password');
        const [, { access_token: token }] = await served.call('/session', { json: { username: 'cleo', password: 'a new password' } });
        served.run('users', 'remove', 'cleo');
        assert.equal((await apiAs(browser)).status, 401);
        assert.equal((await served.call('/data-sources', { token }))[0], 401);
        assert.equal((await signIn('cleo', 'a new password'))[1].status, 401);
    });

    test('are not guessed for long, neither of somebody nor of nobody', async () => {
        for (const name of ['bob', 'nobody-at-all']) {
            const seen = [];
            for (let i = 0; i < 12; i++) {
                seen.push((await signIn(name, `guess ${i}`))[1].status);
            }
            assert.equal(seen[0], 401, name);
            assert.equal(seen.at(-1), 429, `${name}: ${seen}`);
        }
        const [, page] = await signIn('bob', 'battery staple');
        assert.equal(page.status, 429, 'not even the right one, for a minute');
        assert.match(page.headers.get('retry-after'), /^\d+$/);
        assert.equal((await served.call('/session', { json: { username: 'BOB', password: 'battery staple' } }))[0], 429);
        assert.equal((await signIn('ann@example.org', 'correct horse'))[1].status, 303, 'others are not concerned');
    });

    test('are limited by address and name: nobody is locked out from one place', async () => {
        served.try(['users', 'add', 'dora', '--password-file', '-'], { input: 'a fine password' });
        await stop(served.service);
        await served.serveApi({ TUVA_EMPI_SERVER__TRUSTED_PROXIES: '127.0.0.0/8,10.0.0.0/8' });
        /** Tries to get a token, from an address that a proxy on this machine tells. */
        const from = async (address, username, password = 'a guess') =>
            (await served.call('/session', { json: { username, password }, headers: { 'x-forwarded-for': address } }))[0];
        const guess = async (address, name, times = 11) => {
            const seen = [];
            for (let i = 0; i < times; i++) {
                seen.push(await from(address, name));
            }
            return seen;
        };
        assert.deepEqual((await guess('203.0.113.7', 'dora')).slice(-2), [401, 429]);
        assert.equal(await from('203.0.113.7', 'DORA', 'a fine password'), 429);
        assert.equal(await from('192.0.2.1, 203.0.113.7, 10.0.0.1', 'dora'), 429, 'whatever else it writes there');
        assert.equal(await from('198.51.100.1', 'dora', 'a fine password'), 200, 'from elsewhere');
        assert.equal(await from('203.0.113.7', 'ann@example.org', 'correct horse'), 200, 'others from there');
        // What is refused is not counted against the name: one place may go on for as long as it likes.
        assert.ok((await guess('203.0.113.7', 'dora', 200)).every((status) => status === 429));
        assert.equal(await from('198.51.100.1', 'dora', 'a fine password'), 200);
    });

    test('are kept as Argon2id, and nowhere in clear', () => {
        const rows = served.sql('select hash from empi.local_password');
        rows.forEach(({ hash }) => assert.match(hash, /^\$argon2id\$v=19\$m=65536,t=2,p=1\$/));
        for (const secret of ['correct horse', 'battery staple', 'tr0ub4dor', 'eyJ', 'bob', 'ann@']) {
            assert.ok(!served.service.stderr.toLowerCase().includes(secret), secret);
        }
    });
});

describe('tokens for scripts', () => {
    test('let in like those of any provider', async () => {
        const [status, answer, headers] = await served.call('/session', { json: { username: 'ann@example.org', password: 'correct horse' } });
        assert.equal(status, 200);
        assert.equal(headers.get('cache-control'), 'no-store');
        assert.deepEqual({ ...answer, access_token: '' }, { access_token: '', token_type: 'Bearer', expires_in: 3600 });
        const [got, { users }] = await served.call('/users', { token: answer.access_token });
        assert.equal(got, 200);
        assert.deepEqual(users[0], { id: 'u_1', email: 'Ann@Example.org', role: 'admin' });
        // No other site can have a browser send it: nothing else needs to be shown.
        assert.equal((await served.call('/users/u_1', { token: answer.access_token, json: { role: 'admin' },
            headers: { origin: 'https://attacker.example.org' } }))[0], 200);
    });

    test('what is asked for wrongly is told', async () => {
        const [status, { error }] = await served.call('/session', { json: { username: 5, user: 'x' } });
        assert.equal(status, 400);
        assert.deepEqual(error.details, [{ field: 'username', message: 'Not a valid string.' },
            { field: 'password', message: 'This field is required.' }, { field: 'user', message: 'Unexpected field' }]);
        assert.equal((await served.call('/session', { json: { username: 'ann@example.org', password: '' } }))[0], 401);
    });
});

describe('the first admin', () => {
    const env = { TUVA_EMPI_INITIAL_SETUP__ADMIN_EMAIL: 'first@example.org' };

    test('nothing happens when there is one', () => {
        const { stdout } = served.run('bootstrap');
        assert.equal(stdout, 'There is an admin already: nothing was changed.\n');
    });

    test('is made, with a password that works once', async () => {
        served.sql("update empi.app_user set role = null");
        const { status, stderr } = served.try(['bootstrap']);
        assert.deepEqual([status, stderr.includes('initial_setup.admin_email')], [1, true]);
        const { stdout } = served.try(['bootstrap'], { env });
        const [, password] = /^first@example\.org is an admin now\.\nPassword: (\S+)\n/.exec(stdout) ?? assert.fail(stdout);
        const [browser, page] = await signIn('first@example.org', password);
        const { action, fields } = formOf(page);
        await browser.open(action, { form: { ...fields, password, new_password: 'my own words', new_password_again: 'my own words' } });
        assert.equal((await apiAs(browser, '/api/v1/users')).status, 200);
        assert.match(served.try(['bootstrap'], { env }).stdout, /nothing was changed/);
    });

    test('fault_23_is_not_lost_and_unknown_users_are_not_there', async () => {
        const [, { access_token: token }] = await served.call('/session', { json: { username: 'first@example.org', password: 'my own words' } });
        const id = served.sql("select id from empi.app_user where role = 'admin'")[0].id;
        for (const role of ['member', null]) {
            const [status, { error }] = await served.call(`/users/u_${id}`, { token, json: { role } });
            assert.equal(status, 400);
            assert.match(JSON.stringify(error.details), /The last admin cannot lose this role/);
        }
        assert.deepEqual((await served.call('/users/u_999', { token, json: { role: 'member' } })).slice(0, 2),
            [404, { error: { message: 'Resource not found' } }]);
        for (const [json, field] of [[{}, 'role: This field is required.'], [{ role: 'root' }, 'role: "root" is not a valid choice.'],
            [{ role: 5 }, 'role: Not a valid string.'], [{ role: null, x: 1 }, 'x: Unexpected field']]) {
            const [status, { error }] = await served.call(`/users/u_${id}`, { token, json });
            assert.equal(status, 400);
            assert.ok(error.details.some((each) => `${each.field}: ${each.message}` === field), JSON.stringify(error));
        }
        assert.equal((await served.call('/users/7', { token, json: { role: null } }))[0], 400);
        assert.deepEqual((await served.call('/users/u_1', { token, json: { role: 'admin' } })).slice(0, 2), [200, { user: { id: 'u_1' } }]);
        assert.equal((await served.call(`/users/u_${id}`, { token, json: { role: 'member' } }))[0], 200);
        assert.equal((await served.call('/users', { token }))[0], 403, 'at once');
    });
});
