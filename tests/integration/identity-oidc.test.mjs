// Signing in at a real OpenID provider (oidc-provider, from npm) and back: the code flow with PKCE, as
// a browser without a window goes through it.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { Browser, ServedIdentity, formOf, missing } from './identity-support.mjs';
import { freePort } from './postgres-support.mjs';
import { stop } from './service-support.mjs';

/** The provider, whose users may sign in with any password: user "x" has the address x@example.com. */
class OpenIdProvider {
    static async make(appUrl) {
        const { default: Provider } = await import('oidc-provider');
        const made = new OpenIdProvider();
        made.port = await freePort();
        made.url = `http://localhost:${made.port}`;
        made.requests = [];
        const provider = new Provider(made.url, {
            clients: [{ client_id: 'empi', client_secret: 'a secret & more %', redirect_uris: [`${appUrl}/auth/callback`],
                post_logout_redirect_uris: [`${appUrl}/`], grant_types: ['authorization_code'] }],
            claims: { openid: ['sub'], email: ['email', 'email_verified'] },
            pkce: { methods: ['S256'], required: () => true },
            cookies: { keys: ['test'] },
            findAccount: (_, id) => ({ accountId: id, claims: async () => ({ sub: id, email: `${id}@example.com`, email_verified: id !== 'liar' }) }),
        });
        made.provider = provider;
        made.server = createServer((request, response) => {
            made.requests.push(request.url.replace(/\?.*/, ''));
            provider.callback()(request, response);
        });
        await new Promise((settle) => made.server.listen(made.port, settle));
        return made;
    }

    env() {
        return { TUVA_EMPI_IDP__BACKEND: 'oidc', TUVA_EMPI_IDP__OIDC__ISSUER: this.url, TUVA_EMPI_IDP__OIDC__CLIENT_ID: 'empi',
            TUVA_EMPI_IDP__OIDC__CLIENT_SECRET: 'a secret & more %', TUVA_EMPI_IDP__SIGN_IN__METHOD: 'provider' };
    }

    close() {
        this.server.closeAllConnections();
        this.server.close();
    }
}

let provider;
let served;
before(async () => {
    const port = await freePort();
    provider = await OpenIdProvider.make(`http://localhost:${port}`);
    served = new ServedIdentity();
    Object.assign(served.env, provider.env());
    served.serveOn = async (env = {}) => {
        served.service = await served.serve(['api'], /listening on/, { TUVA_EMPI_SERVER__PORT: String(port), ...env });
        served.port = port;
        served.url = `http://localhost:${port}`;
    };
    await served.serveOn();
});
after(async () => {
    provider.close();
    await served.remove();
});

/** Sends the form that the provider shows, and goes on until the next page, or until we are sent back. */
async function answer(browser, page, more) {
    const { action, fields } = formOf(page);
    let next = await browser.open(action, { form: { ...fields, ...more } });
    while (next.location !== null && !next.location.startsWith(served.url)) {
        next = await browser.open(next.location);
    }
    return next;
}

/** Signs in at the provider; gives the address that it sends back to, not yet opened. */
async function goThere(browser, login, path = '/login?return_to=/persons') {
    let page = await browser.follow(path);
    page = await answer(browser, page, { login, password: 'any' });
    page = await answer(browser, page, {}); // consents
    assert.ok(page.location?.startsWith(`${served.url}/auth/callback?`), page.text);
    return page.location;
}

async function signIn(login, browser = new Browser(served.url)) {
    return [browser, await browser.open(await goThere(browser, login))];
}

const statusOf = async (browser, path = '/api/v1/data-sources') => (await browser.open(path)).status;

describe('signing in', () => {
    test('sends to the provider with all that the flow needs', async () => {
        const browser = new Browser(served.url);
        const page = await browser.open('/login');
        assert.equal(page.status, 303);
        const { origin, pathname, searchParams } = new URL(page.location);
        assert.deepEqual([origin, pathname], [provider.url, '/auth']);
        const fields = Object.fromEntries(searchParams);
        assert.match(fields.state, /^[0-7][\w-]{43}$/);
        assert.match(fields.nonce, /^[\w-]{43}$/);
        assert.match(fields.code_challenge, /^[\w-]{43}$/);
        assert.deepEqual({ ...fields, state: '', nonce: '', code_challenge: '' }, { response_type: 'code', client_id: 'empi', scope: 'openid email',
            redirect_uri: `${served.url}/auth/callback`, code_challenge_method: 'S256', state: '', nonce: '', code_challenge: '' });
        const [cookie] = [...browser.cookies.values()];
        assert.ok(cookie.attributes.includes('HttpOnly') && cookie.attributes.includes('Path=/auth') && cookie.attributes.includes('Max-Age=600'));
        assert.ok(![fields.state, fields.nonce].some((secret) => cookie.value.includes(secret)));
    });

    test('there and back, to where one wanted to go; without a role one may do nothing yet', async () => {
        const [browser, page] = await signIn('ann');
        assert.deepEqual([page.status, page.location], [303, `${served.url}/persons`]);
        assert.ok(![...browser.cookies.values()].some(({ name }) => name.startsWith('tuva_empi_sign_in')), 'good once');
        const { json } = await browser.open('/api/v1/session');
        assert.deepEqual({ ...json, csrf_token: '' }, { user: { id: 'u_1', email: 'ann@example.com', role: null }, sign_in: 'provider',
            login_url: '/login', csrf_token: '' });
        assert.equal(await statusOf(browser), 403);
        served.setRole('ann', 'member');
        assert.equal(await statusOf(browser), 200);
        assert.equal(await statusOf(browser, '/api/v1/users'), 403);
        served.setRole('ann', 'admin');
        assert.deepEqual((await browser.open('/api/v1/users')).json.users, [{ id: 'u_1', email: 'ann@example.com', role: 'admin' }]);
        const changed = await browser.open('/api/v1/users/u_1', { json: { role: 'admin' } });
        assert.equal(changed.status, 200);
    });

    test('again is the same user', async () => {
        const [browser] = await signIn('ann');
        assert.equal((await browser.open('/api/v1/session')).json.user.id, 'u_1');
    });

    test('an address that nobody has confirmed is none', async () => {
        const [browser] = await signIn('liar');
        assert.equal((await browser.open('/api/v1/session')).json.user.email, '');
    });

    test('in several windows at the same time', async () => {
        const browser = new Browser(served.url);
        const first = await goThere(browser, 'ann');
        const second = (await browser.follow('/login')).url; // the provider knows them by now, and sends them straight back
        assert.ok(second.startsWith(served.url), second);
        assert.equal(await statusOf(browser), 200);
        const page = await browser.open(first);
        // One of eight times both have the same cookie: then the first is told so.
        assert.ok(page.status === 303 || (page.status === 400 && page.text.includes('not begun in this browser')), String(page.status));
    });

    test('the first admin is one who has signed in', () => {
        served.sql('update empi.app_user set role = null');
        const bootstrap = (email) => served.try(['bootstrap'], { env: { TUVA_EMPI_INITIAL_SETUP__ADMIN_EMAIL: email } });
        assert.match(bootstrap('new@example.com').stderr, /no user with the address new@example\.com[\s\S]*let them do that once/);
        assert.match(bootstrap('liar@example.com').stderr, /no user with the address liar@example\.com[\s\S]*an address that the provider calls unverified does not count/);
        assert.equal(bootstrap('ANN@example.com').stdout, 'ANN@example.com is an admin now.\n');
        assert.deepEqual(served.sql("select idp_user_id from empi.app_user where role = 'admin'"), [{ idp_user_id: 'ann' }]);
    });

    test('and out, here and there', async () => {
        const [browser] = await signIn('ann');
        const cookie = browser.cookieHeader(new URL('/', served.url));
        const page = await browser.open('/logout', { method: 'POST', headers: { accept: 'application/json' } });
        const location = new URL(page.json.location);
        assert.deepEqual([location.origin, location.pathname], [provider.url, '/session/end']);
        assert.deepEqual(Object.fromEntries(location.searchParams), { client_id: 'empi', post_logout_redirect_uri: `${served.url}/` });
        const { status, text } = await served.raw('/api/v1/data-sources', [['Cookie', cookie]]).then(([code, json]) => ({ status: code, text: json }));
        assert.deepEqual([status, text], [401, missing]);
        const out = await answer(browser, await browser.open(location.href), { logout: 'yes' });
        assert.equal(out.location, `${served.url}/`);
        assert.match((await browser.follow('/login')).url, /\/interaction\//, 'the provider asks anew');
    });
});

describe('what comes back wrongly', () => {
    const faultOf = async (browser, address) => {
        const page = await browser.open(address);
        assert.equal(page.status, 400, address);
        assert.equal(await statusOf(browser), 401);
        return /role="alert">([^<]*)</.exec(page.text)?.[1];
    };
    const change = (address, values) => {
        const url = new URL(address);
        Object.entries(values).forEach(([name, value]) => (value === null ? url.searchParams.delete(name) : url.searchParams.set(name, value)));
        return url.href;
    };

    test('a state that is not this browser\'s', async () => {
        const browser = new Browser(served.url);
        const address = await goThere(browser, 'ann');
        const notBegun = 'This sign-in was not begun in this browser, or too long ago.';
        assert.equal(await faultOf(new Browser(served.url), address), notBegun, 'another browser: login CSRF');
        for (const state of [null, '', 'x', '9', '0', `${new URL(address).searchParams.get('state')}A`]) {
            assert.equal(await faultOf(browser, change(address, { state })), notBegun);
        }
        assert.equal((await browser.open(address)).status, 303, 'it is still good');
        const again = new Browser(served.url);
        assert.equal(await faultOf(again, address), notBegun);
    });

    test('a code that is used, cut or somebody else\'s', async () => {
        const [victim, attacker] = [new Browser(served.url), new Browser(served.url)];
        const [theirs, ours] = [await goThere(victim, 'ann'), await goThere(attacker, 'mallory')];
        const code = new URL(theirs).searchParams.get('code');
        assert.equal(await faultOf(attacker, change(ours, { code })), 'The identity provider did not accept the sign-in.',
            'PKCE: the code is bound to whom it was given to');
        const third = new Browser(served.url);
        assert.equal(await faultOf(third, change(await goThere(third, 'x'), { code: 'nonsense' })), 'The identity provider did not accept the sign-in.');
        const fourth = new Browser(served.url);
        assert.equal(await faultOf(fourth, change(await goThere(fourth, 'x'), { code: null })), 'The identity provider\'s answer is not complete.');
        const fifth = new Browser(served.url);
        assert.equal(await faultOf(fifth, change(await goThere(fifth, 'x'), { code: 'x'.repeat(5000) })), 'The identity provider\'s answer is not complete.');
    });

    test('another provider\'s answer, and none', async () => {
        const browser = new Browser(served.url);
        assert.equal(await faultOf(browser, change(await goThere(browser, 'ann'), { iss: 'https://attacker.example.org' })),
            'Another identity provider has answered than the one that was asked.');
        const refused = new Browser(served.url);
        const state = new URL((await refused.open('/login')).location).searchParams.get('state');
        assert.equal(await faultOf(refused, `/auth/callback?state=${state}&error=access_denied&error_description=<b>x`),
            'The identity provider did not let you in.');
    });

    test('nothing secret is in the log', () => {
        for (const secret of ['secret & more', 'eyJ', '@example.com', 'mallory']) {
            assert.ok(!served.service.stderr.includes(secret), secret);
        }
    });
});

describe('a provider that is not there, or is another', () => {
    test('is told as such', async () => {
        await stop(served.service);
        await served.serveOn({ TUVA_EMPI_IDP__OIDC__ISSUER: `${provider.url}/other` });
        const page = await new Browser(served.url).open('/login');
        assert.ok([500, 503].includes(page.status), String(page.status));
        await stop(served.service);
        await served.serveOn({ TUVA_EMPI_IDP__OIDC__ISSUER: 'http://127.0.0.1:1' });
        assert.equal((await new Browser(served.url).open('/login')).status, 503);
        assert.equal((await served.call('/health-check'))[0], 200);
    });
});
