// Tokens, from outside: those of a provider let in, and nothing that attackers make does. Each attack of
// tests/unit/identity/test_jwt.c that can be made by a client is made here once more, through all of the
// server.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { KeyServer, ServedIdentity, forbidden, invalid, makeKey, missing, now, signToken } from './identity-support.mjs';
import { eventually, stop } from './service-support.mjs';

let provider;
let served;
before(async () => {
    provider = await KeyServer.make();
    served = await ServedIdentity.make(provider.env());
    served.setRole('alice', 'member');
});
after(async () => {
    provider.close();
    await served.remove();
});

const statusOf = async (token) => (await served.call('/data-sources', { token }))[0];

async function assertInvalid(token, what) {
    const [status, json, headers] = await served.call('/data-sources', { token });
    assert.equal(status, 401, what);
    assert.deepEqual(json, invalid, what);
    assert.equal(headers.get('www-authenticate'), 'Bearer', what);
    assert.equal(headers.get('cache-control'), 'no-store', what);
}

const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('tokens', () => {
    test('keys are fetched when the first token comes', async () => {
        assert.equal(provider.count('/keys'), 0);
        assert.equal(await statusOf(provider.token()), 200);
        assert.equal(provider.count('/keys'), 1);
    });

    test('of every kind of key let in', async () => {
        for (const key of provider.keys) {
            assert.equal(await statusOf(provider.token({}, {}, key)), 200, key.alg);
        }
    });

    test('missing ones are told so', async () => {
        for (const headers of [{}, { authorization: 'Basic dXNlcjp4' }, { authorization: 'Bearerx' }, { 'x-token': provider.token() }]) {
            const [status, json, answered] = await served.call('/data-sources', { headers });
            assert.equal(status, 401);
            assert.deepEqual(json, missing, JSON.stringify(headers));
            assert.equal(answered.get('www-authenticate'), 'Bearer');
        }
    });

    test('the scheme is read whatever its case', async () => {
        for (const scheme of ['Bearer', 'bearer', 'BEARER', 'bEaReR  ']) {
            const [status] = await served.call('/data-sources', { headers: { authorization: `${scheme} ${provider.token()}` } });
            assert.equal(status, 200, scheme);
        }
        const [status, json] = await served.call('/data-sources', { headers: { authorization: 'Bearer' } });
        assert.deepEqual([status, json], [401, invalid]);
    });

    test('two headers are one too many, good as both may be', async () => {
        const header = ['Authorization', `Bearer ${provider.token()}`];
        assert.equal((await served.raw('/api/v1/data-sources', [header]))[0], 200);
        assert.equal((await served.raw('/api/v1/data-sources', [header, header]))[0], 400);
    });

    test('claims that are not as configured are refused', async () => {
        const bad = {
            'another audience': { aud: 'other' }, 'no audience': { aud: undefined }, 'an audience of no text': { aud: ['x', 7] },
            'another issuer': { iss: 'https://attacker.example.org' }, 'no issuer': { iss: undefined },
            'the issuer with a slash': { iss: `${provider.url}/` },
            expired: { exp: now() - 60 }, 'never ending': { exp: undefined }, 'ending as text': { exp: String(now() + 600) },
            'not yet valid': { nbf: now() + 60 }, 'nobody': { sub: '' }, 'no subject': { sub: undefined }, 'a number': { sub: 7 },
        };
        for (const [what, claims] of Object.entries(bad)) {
            await assertInvalid(provider.token(claims), what);
        }
        assert.equal(await statusOf(provider.token({ exp: now() - 10, nbf: now() + 10 })), 200, 'clocks may differ a little');
        assert.equal(await statusOf(provider.token({ aud: ['other', 'empi'] })), 200);
    });

    test('of another client are forbidden', async () => {
        for (const claims of [{ client_id: 'other' }, { azp: 'other' }, { client_id: ['empi'] }]) {
            const [status, json] = await served.call('/data-sources', { token: provider.token(claims) });
            assert.deepEqual([status, json], [403, forbidden]);
        }
    });

    test('who is not known is forbidden everything, and is known from then on', async () => {
        const token = provider.token({ sub: 'carol', email: 'carol@example.com' });
        const [status, json] = await served.call('/data-sources', { token });
        assert.deepEqual([status, json], [403, forbidden]);
        assert.deepEqual(served.sql("select email, role from empi.app_user where idp_user_id = 'carol'"),
            [{ email: 'carol@example.com', role: null }]);
        for (const [verified, kept] of [[false, ''], ['false', ''], [0, ''], [null, 'alice@example.com'], [true, 'alice@example.com'], ['true', 'alice@example.com']]) {
            const sub = `mallory-${typeof verified}-${verified}`;
            await served.call('/data-sources', { token: provider.token({ sub, email: 'alice@example.com', email_verified: verified }) });
            assert.deepEqual(served.sql(`select coalesce(nullif(email, ''), 'none') as email from empi.app_user where idp_user_id = '${sub}'`),
                [{ email: kept || 'none' }], 'an address that nobody has confirmed is nobody\'s');
        }
    });
});

describe('attacks', () => {
    const attacker = makeKey('key-ES256');

    test('no signature, or somebody else\'s', async () => {
        for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, undefined]) {
            await assertInvalid(`${encode({ alg, kid: 'key-ES256' })}.${encode(provider.claims())}.`, `alg ${alg}`);
            await assertInvalid(`${encode({ alg, kid: 'key-ES256' })}.${encode(provider.claims())}.AAAA`, `alg ${alg}`);
        }
        await assertInvalid(provider.token({}, {}, attacker), 'another key of the same id');
        await assertInvalid(`${provider.token()}A`, 'one character more');
        const [header, , signature] = provider.token().split('.');
        await assertInvalid(`${header}.${encode(provider.claims({ sub: 'admin' }))}.${signature}`, 'other claims');
        await assertInvalid(`${header}.${encode(provider.claims())}.${'A'.repeat(86)}`, 'zeros');
    });

    test('the public key as the secret of an HMAC', async () => {
        const key = provider.key('RS256');
        const secrets = [key.publicKey.export({ type: 'spki', format: 'pem' }), key.publicKey.export({ type: 'pkcs1', format: 'pem' }),
            JSON.stringify(key.jwk), key.jwk.n, ''];
        for (const secret of secrets) {
            for (const alg of ['HS256', 'HS384', 'HS512', 'RS256']) {
                const input = `${encode({ alg, kid: key.kid })}.${encode(provider.claims())}`;
                await assertInvalid(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`, alg);
            }
        }
    });

    test('a key for another algorithm than the token says', async () => {
        const ec = provider.key('ES256');
        for (const alg of ['RS256', 'ES512', 'EdDSA', 'PS384']) {
            await assertInvalid(provider.token({}, { alg }, ec), `ES256 as ${alg}`);
            await assertInvalid(provider.token({}, { kid: `key-${alg}` }, ec), `ES256 with the key of ${alg}`);
        }
    });

    test('a key that the token brings along, and nobody fetches one', async () => {
        const bait = await KeyServer.make();
        const url = `${bait.url}/keys`;
        for (const more of [{ jwk: attacker.jwk }, { jku: url }, { x5u: url }, { x5c: ['AAAA'] }, { jku: url, kid: 'unknown' }]) {
            await assertInvalid(signToken(attacker, { alg: 'ES256', kid: 'key-ES256', ...more }, provider.claims()), JSON.stringify(more));
        }
        await assertInvalid(signToken(attacker, { alg: 'ES256', kid: 'key-ES256' }, provider.claims({ iss: bait.url })), 'another issuer');
        assert.deepEqual(bait.requests, []);
        bait.close();
    });

    test('headers that change what is signed', async () => {
        for (const more of [{ crit: ['exp'] }, { crit: [] }, { b64: false, crit: ['b64'] }, { b64: true }, { zip: 'DEF' },
            { typ: 'dpop+jwt' }, { typ: 'logout+jwt' }, { typ: null }]) {
            await assertInvalid(provider.token({}, more), JSON.stringify(more));
        }
        assert.equal(await statusOf(provider.token({}, { typ: 'at+jwt' })), 200);
    });

    test('something twice', async () => {
        const key = provider.key();
        const claims = JSON.stringify(provider.claims());
        await assertInvalid(signToken(key, '{"alg":"ES256","kid":"key-ES256","alg":"ES256"}', claims), 'alg');
        await assertInvalid(signToken(key, '{"alg":"ES256","kid":"other","kid":"key-ES256"}', claims), 'kid');
        for (const more of ['"sub":"admin"', '"exp":99999999999', '"aud":"empi"', '"s\\u0075b":"admin"']) {
            await assertInvalid(signToken(key, { alg: 'ES256', kid: key.kid }, claims.replace(/}$/, `,${more}}`)), more);
        }
    });

    test('what is no token, and what is too large to be one', async () => {
        for (const text of ['x', '.', '..', '...', 'a.b.c', 'e30.e30.e30', `${provider.token()}.x`, `${provider.token()}=`, 'null', '%00',
            provider.token().replaceAll('.', ' ')]) {
            await assertInvalid(text, text);
        }
        await assertInvalid(provider.token({ fill: 'x'.repeat(13000) }), '17 KiB');
        assert.equal(await statusOf(provider.token({ fill: 'x'.repeat(8000) })), 200);
        await assertInvalid(signToken(provider.key(), { alg: 'ES256', kid: 'key-ES256' }, '['.repeat(9000)), 'deep');
    });

    test('fault_48_a_storm_of_unknown_keys_is_no_storm_of_fetches', async () => {
        const before_ = provider.count('/keys');
        const storm = Array.from({ length: 200 }, (_, i) => served.call('/data-sources', {
            token: provider.token({}, { kid: `unknown-${i}` }) }));
        (await Promise.all(storm)).forEach(([status]) => assert.equal(status, 401));
        assert.ok(provider.count('/keys') - before_ <= 1, `${provider.count('/keys') - before_} fetches`);
        assert.equal(await statusOf(provider.token()), 200);
    });

    test('nothing of a token is in the log', () => {
        assert.match(served.service.stderr, /its token is refused: /);
        for (const secret of ['eyJ', 'alice', 'carol', 'mallory', 'attacker']) {
            assert.ok(!served.service.stderr.includes(secret), secret);
        }
    });
});

describe('a provider that is down', () => {
    test('is no matter while its keys are known', async () => {
        provider.down = true;
        assert.equal(await statusOf(provider.token()), 200);
        await assertInvalid(provider.token({}, { kid: 'unknown' }));
        provider.down = false;
    });

    test('lets nobody in who comes before it, and tells them to come again', async () => {
        await stop(served.service);
        provider.down = true;
        await served.serveApi();
        const [status, , headers] = await served.call('/data-sources', { token: provider.token() });
        assert.equal(status, 503);
        assert.match(headers.get('retry-after'), /^\d+$/);
        await assertInvalid('x', 'what can never be good is told so all the same');
        assert.equal((await served.call('/health-check'))[0], 200);
        provider.down = false;
    });

    test('is asked again, and then they get in', async () => {
        await eventually(async () => (await statusOf(provider.token())) === 200, 'a provider that is back', 20);
    });
});

describe('a provider that hangs', () => {
    test('takes no places of those who do not need it', async () => {
        await stop(served.service);
        let release;
        provider.hang = new Promise((settle) => (release = settle));
        await served.serveApi({ TUVA_EMPI_IDP__SIGN_IN__METHOD: 'provider', TUVA_EMPI_IDP__OIDC__CLIENT_SECRET: 's3cret' });
        let answered = 0;
        const told = (response) => {
            answered++;
            return [response.status, response.headers.get('retry-after')];
        };
        // More than there are requests at work (server.threads) in each of two ways.
        const asking = Array.from({ length: 70 }, (_, i) => [
            fetch(`${served.url}/login`, { redirect: 'manual' }).then(told),
            fetch(`${served.url}/api/v1/data-sources`, { headers: { authorization: `Bearer ${provider.token({}, { kid: `unknown-${i}` })}` } })
                .then(told),
        ]).flat();
        await eventually(async () => answered >= 2 * (70 - 9), 'those who need not wait', 20);
        assert.equal((await served.call('/session'))[0], 200);
        assert.ok(answered < asking.length, 'and a few still wait');
        release();
        const answers = await Promise.all(asking);
        assert.ok(answers.filter(([status]) => status === 503).length >= 2 * (70 - 9), JSON.stringify(answers));
        answers.forEach(([status, later]) => assert.ok(status === 401 || status === 303 || (status === 503 && later === '5')
            || status === 500, `${status}`));
        provider.hang = undefined;
    });
});
