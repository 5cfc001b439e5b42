// Identity providers of a test's own, a browser without a window, and a service that trusts them.

import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { createServer, request } from 'node:http';
import { freePort } from './postgres-support.mjs';
import { ServedIndex } from './service-support.mjs';

const encode = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

// ---- keys and tokens ----

const kinds = {
    RS256: ['rsa', { modulusLength: 2048 }], PS384: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }],
    ES512: ['ec', { namedCurve: 'P-521' }], EdDSA: ['ed25519', {}],
};

/** A pair of keys with an id, for one algorithm. */
export function makeKey(kid, alg = 'ES256') {
    const { publicKey, privateKey } = generateKeyPairSync(...kinds[alg]);
    return { kid, alg, publicKey, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' } };
}

/** Signs what is given, as it is given. */
export function signToken(key, header, claims) {
    const input = `${encode(header)}.${encode(claims)}`;
    const hash = key.alg === 'EdDSA' ? null : `sha${key.alg.slice(2)}`;
    const how = { key: key.privateKey, dsaEncoding: 'ieee-p1363', ...(key.alg.startsWith('PS') ? { padding: 6, saltLength: -1 } : {}) };
    return `${input}.${sign(hash, Buffer.from(input), how).toString('base64url')}`;
}

export const now = () => Math.floor(Date.now() / 1000);

/** An HTTP server: `answer(request, body)` gives [status, JSON] or null for another path. While it is `down` it
    answers 503, and nothing until the promise `hang` is kept. */
class JsonServer {
    async listen(answer) {
        this.requests = [];
        this.server = createServer(async (incoming, outgoing) => {
            let body = '';
            for await (const piece of incoming) {
                body += piece;
            }
            this.requests.push(incoming.url);
            await this.hang;
            const [status, json] = (this.down ? [503, {}] : answer(incoming, body)) ?? [404, {}];
            outgoing.writeHead(status, { 'content-type': 'application/json' });
            outgoing.end(JSON.stringify(json));
        });
        await new Promise((settle) => this.server.listen(0, '127.0.0.1', settle));
        this.port = this.server.address().port;
        this.url = `http://127.0.0.1:${this.port}`;
    }

    /** How often a path was asked for. */
    count(path) {
        return this.requests.filter((url) => url.startsWith(path)).length;
    }

    close() {
        this.server.closeAllConnections();
        this.server.close();
    }
}

/** Publishes keys, and signs tokens with them. */
export class KeyServer extends JsonServer {
    static async make() {
        const server = new KeyServer();
        server.keys = Object.keys(kinds).map((alg) => makeKey(`key-${alg}`, alg));
        await server.listen(({ url }) => (url === '/keys' ? [200, { keys: server.keys.map(({ jwk }) => jwk) }] : null));
        return server;
    }

    env() {
        return { TUVA_EMPI_IDP__BACKEND: 'oidc', TUVA_EMPI_IDP__OIDC__ISSUER: this.url,
            TUVA_EMPI_IDP__OIDC__CLIENT_ID: 'empi', TUVA_EMPI_IDP__OIDC__JWKS_URL: `${this.url}/keys` };
    }

    key(alg = 'ES256') {
        return this.keys.find((key) => key.alg === alg);
    }

    claims(more = {}) {
        return { iss: this.url, aud: 'empi', sub: 'alice', azp: 'empi', exp: now() + 600, email: 'alice@example.com', ...more };
    }

    /** A token that is good, but for what `claims` and `header` say. */
    token(claims = {}, header = {}, key = this.key()) {
        return signToken(key, { alg: key.alg, kid: key.kid, typ: 'JWT', ...header }, this.claims(claims));
    }
}

/** What Keycloak's token endpoint and its list of users answer, page by page. */
export class FakeKeycloak extends JsonServer {
    static async make() {
        const server = new FakeKeycloak();
        server.key = makeKey('one', 'RS256');
        server.users = [];
        server.page = 100; // it gives no more at once, whatever is asked for
        await server.listen((incoming, body) => server.answer(incoming, body));
        return server;
    }

    answer({ url, method, headers }, body) {
        const { pathname, searchParams } = new URL(url, this.url);
        if (pathname === '/keys') {
            return [200, { keys: [this.key.jwk] }];
        }
        if (pathname === '/realms/my%20realm/protocol/openid-connect/token' && method === 'POST') {
            const form = new URLSearchParams(body);
            return form.get('grant_type') === 'client_credentials' && form.get('client_id') === 'service'
                && form.get('client_secret') === 's3cret&%' ? [200, { access_token: 'admin-token' }] : [401, { error: 'invalid_client' }];
        }
        if (pathname === '/admin/realms/my%20realm/users') {
            if (headers.authorization !== 'Bearer admin-token') {
                return [401, {}];
            }
            const first = Number(searchParams.get('first'));
            if (this.odd !== undefined) {
                return first === 0 ? this.odd : [200, []];
            }
            return [200, this.users.slice(first, first + Math.min(this.page, Number(searchParams.get('max'))))];
        }
        return null;
    }

    env() {
        const keys = { SERVER_URL: `${this.url}/`, REALM: 'my realm', JWT_HEADER: 'X-Forwarded-Access-Token', JWT_AUD: 'account',
            JWKS_URL: `${this.url}/keys`, CLIENT_ID: 'service', CLIENT_SECRET: 's3cret&%' };
        return { TUVA_EMPI_IDP__BACKEND: 'keycloak',
            ...Object.fromEntries(Object.entries(keys).map(([name, value]) => [`TUVA_EMPI_IDP__KEYCLOAK__${name}`, value])) };
    }

    token(sub, claims = {}) {
        return signToken(this.key, { alg: 'RS256', kid: 'one', typ: 'JWT' }, { iss: 'https://outside.example.org/realms/my realm',
            aud: ['account', 'x'], typ: 'Bearer', azp: 'service', sub, exp: now() + 600, ...claims });
    }
}

// ---- a browser ----

/** Follows nothing by itself; keeps cookies by host and path; sends Origin as browsers do. */
export class Browser {
    constructor(origin) {
        this.origin = origin;
        this.cookies = new Map();
    }

    cookieHeader({ hostname, port, pathname }) {
        return [...this.cookies.values()].filter((cookie) => cookie.host === `${hostname}:${port}`
            && (pathname === cookie.path || pathname.startsWith(cookie.path.replace(/\/?$/, '/'))))
            .map(({ name, value }) => `${name}=${value}`).join('; ');
    }

    take({ hostname, port, pathname }, line) {
        const [pair, ...attributes] = line.split(/;\s*/);
        const [, name, value] = /^([^=]*)=(.*)$/.exec(pair);
        const find = (key) => attributes.find((each) => each.toLowerCase().startsWith(key))?.slice(key.length);
        const path = find('path=') ?? pathname.replace(/[^/]*$/, '');
        const host = `${hostname}:${port}`;
        const gone = value === '' || find('max-age=') === '0' || new Date(find('expires=') ?? '9999-01-01') < new Date();
        const key = `${host} ${path} ${name}`;
        if (gone) {
            this.cookies.delete(key);
        } else {
            this.cookies.set(key, { host, path, name, value, attributes });
        }
    }

    /** One request; a form is sent as a form. */
    async open(address, { method, form, headers = {}, json } = {}) {
        const url = new URL(address, this.origin);
        const posts = form !== undefined || json !== undefined || !['GET', undefined].includes(method);
        const response = await fetch(url, {
            method: method ?? (posts ? 'POST' : 'GET'),
            redirect: 'manual',
            headers: {
                accept: 'text/html', cookie: this.cookieHeader(url), ...(posts ? { origin: url.origin } : {}),
                ...(json === undefined ? {} : { 'content-type': 'application/json', accept: 'application/json' }), ...headers,
            },
            body: form !== undefined ? new URLSearchParams(form) : json !== undefined ? JSON.stringify(json) : undefined,
        });
        response.headers.getSetCookie().forEach((line) => this.take(url, line));
        const text = await response.text();
        const location = response.headers.get('location');
        return { status: response.status, headers: response.headers, text, url: url.href,
            location: location === null ? null : new URL(location, url).href,
            json: response.headers.get('content-type')?.startsWith('application/json') ? JSON.parse(text) : undefined };
    }

    /** Goes on as long as it is sent on. */
    async follow(address, options) {
        let page = await this.open(address, options);
        for (let hops = 0; page.location !== null; hops++) {
            assert.ok(hops < 20, `no end: ${page.location}`);
            page = await this.open(page.location);
        }
        return page;
    }

    cookie(name) {
        return [...this.cookies.values()].find((cookie) => cookie.name === name);
    }
}

/** The fields of the first form of a page, as they stand, and where it goes. */
export function formOf({ text, url }) {
    const unescape = (value) => value.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
    const [form] = /<form[\s\S]*?<\/form>/.exec(text) ?? assert.fail(`no form in ${text}`);
    const fields = [...form.matchAll(/<input([^>]*)>/g)].map(([, attributes]) => [
        /name="([^"]*)"/.exec(attributes)?.[1], unescape(/value="([^"]*)"/.exec(attributes)?.[1] ?? '')]);
    const action = unescape(/action="([^"]*)"/.exec(form)?.[1] ?? '');
    return { action: new URL(action, url).href, fields: Object.fromEntries(fields.filter(([name]) => name !== undefined)) };
}

// ---- the service ----

/** An index with the API in front, at this.url. */
export class ServedIdentity extends ServedIndex {
    static async make(env = {}) {
        const served = new ServedIdentity();
        Object.assign(served.env, env);
        await served.serveApi();
        return served;
    }

    async serveApi(env = {}) {
        this.port = await freePort();
        this.service = await this.serve(['api'], /listening on/, { TUVA_EMPI_SERVER__PORT: String(this.port), ...env });
        this.url = `http://localhost:${this.port}`;
    }

    /** A call of the API by a program: [status, JSON, headers]. */
    async call(path, { token, headers = {}, json, method } = {}) {
        const response = await fetch(`${this.url}/api/v1${path}`, {
            method: method ?? (json === undefined ? 'GET' : 'POST'),
            headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
                ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
            body: json === undefined ? undefined : JSON.stringify(json),
        });
        const text = await response.text();
        return [response.status, text === '' ? null : JSON.parse(text), response.headers];
    }

    /** The same with headers that fetch() would not send: pairs, which may repeat. */
    raw(path, pairs, method = 'GET') {
        return new Promise((settle, fail) => {
            const outgoing = request({ host: '127.0.0.1', port: this.port, path, method,
                headers: ['Host', `localhost:${this.port}`, ...pairs.flat()] }, (incoming) => {
                let text = '';
                incoming.on('data', (piece) => (text += piece));
                incoming.on('end', () => settle([incoming.statusCode, text === '' ? null : JSON.parse(text), incoming.headers]));
            });
            outgoing.on('error', fail);
            outgoing.end();
        });
    }

    /** Gives a user of this subject a role; adds who is not known. */
    setRole(subject, role) {
        this.sql(`insert into empi.app_user (idp_user_id, role) values ('${subject}', ${role === null ? 'null' : `'${role}'`})
            on conflict (idp_user_id) do update set role = excluded.role`);
    }
}

export const forbidden = { error: { message: 'You do not have permission to perform this action.' } };
export const invalid = { error: { message: 'Invalid JWT' } };
export const missing = { error: { message: 'Missing JWT' } };
