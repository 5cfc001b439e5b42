// The HTTP API from outside: an index that is served, an identity provider of the test's own, and a
// client that holds every answer against the API's own description.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { freePort } from './postgres-support.mjs';
import { ServedIndex, eventually, stop } from './service-support.mjs';
import { program } from './support.mjs';

/** The sanitizers' own memory says nothing about the program's. */
export const sanitized = spawnSync('grep', ['-qa', '__asan_init\\|__tsan_init', program]).status === 0;

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Gives out tokens, and the key that they are checked by. */
export class Provider {
    static async make() {
        const provider = new Provider();
        const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
        provider.key = privateKey;
        const keys = { keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' }] };
        provider.server = createServer((_, response) => {
            response.setHeader('content-type', 'application/json');
            response.end(JSON.stringify(keys));
        });
        await new Promise((settle) => provider.server.listen(0, '127.0.0.1', settle));
        provider.url = `http://127.0.0.1:${provider.server.address().port}`;
        return provider;
    }

    /** A token for a subject; `claims` overrides what it says. */
    token(subject, claims = {}) {
        const now = Math.floor(Date.now() / 1000);
        const parts = [{ alg: 'RS256', kid: 'one', typ: 'JWT' }, { sub: subject, iss: `${this.url}/realms/test-realm`,
            aud: 'test-client', azp: 'test-client', typ: 'Bearer', iat: now, exp: now + 3600, ...claims }];
        const input = parts.map(base64url).join('.');
        return `${input}.${createSign('RSA-SHA256').update(input).sign(this.key, 'base64url')}`;
    }

    /** The configuration that has the API believe it. */
    env() {
        const keys = { SERVER_URL: this.url, REALM: 'test-realm', JWT_HEADER: 'Authorization', JWT_AUD: 'test-client',
            JWKS_URL: `${this.url}/keys`, CLIENT_ID: 'test-client', CLIENT_SECRET: 'secret' };
        return { TUVA_EMPI_IDP__BACKEND: 'keycloak', ...Object.fromEntries(
            Object.entries(keys).map(([key, value]) => [`TUVA_EMPI_IDP__KEYCLOAK__${key}`, value])) };
    }

    close() {
        this.server.closeAllConnections();
        this.server.close();
    }
}

/** What the API says of itself: finds the operation of a call, and checks an answer by it. */
class Description {
    constructor(document) {
        this.document = document;
        this.ajv = new Ajv({ strict: true, allErrors: true, allowUnionTypes: true });
        addFormats(this.ajv);
        this.ajv.addVocabulary(['openapi', 'info', 'servers', 'security', 'tags', 'paths', 'components']);
        this.ajv.addSchema(document, 'openapi.json');
        // Literal paths come before those with an id in their place.
        const paths = Object.keys(document.paths).sort((a, b) => a.includes('{') - b.includes('{'));
        this.paths = paths.map((path) => [
            new RegExp(`^/api/v1${path.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`), path]);
    }

    resolve(value) {
        return value?.$ref === undefined ? value
            : value.$ref.slice(2).split('/').reduce((at, key) => at[key], this.document);
    }

    validate(pointer, value, where) {
        const check = this.ajv.getSchema(`openapi.json#${pointer}`) ?? assert.fail(`no schema at ${pointer}`);
        assert.ok(check(value), `${where}: ${JSON.stringify(check.errors)} in ${JSON.stringify(value).slice(0, 2000)}`);
    }

    check(method, url, answer) {
        const where = `${method} ${url} ${answer.status}`;
        const path = this.paths.find(([pattern]) => pattern.test(new URL(url).pathname))?.[1];
        const operation = this.document.paths[path]?.[method.toLowerCase()];
        if (operation === undefined) {
            assert.ok([404, 405].includes(answer.status), `${where}: nobody has told of this operation`);
            this.validate('/components/schemas/Error', answer.json, where);
            return undefined;
        }
        const response = this.resolve(operation.responses[answer.status])
            ?? assert.fail(`${where}: nobody has told of this status: ${answer.text.slice(0, 500)}`);
        Object.keys(response.headers ?? {}).forEach((name) =>
            assert.ok(answer.headers.has(name), `${where}: there is no ${name}`));
        const type = answer.headers.get('content-type')?.split(';')[0];
        if (response.content === undefined) {
            assert.equal(answer.text, '', where);
            return operation;
        }
        const content = response.content[type] ?? assert.fail(`${where}: nobody has told of ${type}`);
        if (answer.json !== undefined) {
            const reference = content.schema.$ref?.slice(1);
            if (reference !== undefined) {
                this.validate(reference, answer.json, where);
            } else {
                assert.equal(typeof answer.json, content.schema.type, where);
            }
        }
        return operation;
    }
}

/** An index that is served. Users: "admin", "member", "none" (no role); "nobody" is unknown. */
export class ServedApi extends ServedIndex {
    static async make(env = {}) {
        const api = new ServedApi();
        api.provider = await Provider.make();
        api.env = { ...api.env, ...api.provider.env(), ...env };
        api.sql(`insert into empi.app_user (idp_user_id, email, role) values ('admin', 'admin@example.com', 'admin'),
            ('member', 'member@example.com', 'member'), ('none', 'none@example.com', null)`);
        await api.serveApi();
        api.description = new Description((await api.fetch('GET', '/schema', { headers: { accept: 'application/json' } })).json);
        return api;
    }

    async serveApi(env = {}) {
        this.port = await freePort();
        this.service = await this.serve(['api'], /listening on/, { TUVA_EMPI_SERVER__PORT: String(this.port), ...env });
        this.url = `http://127.0.0.1:${this.port}`;
    }

    userId(name) {
        return `u_${this.sql(`select id from empi.app_user where idp_user_id = '${name}'`)[0].id}`;
    }

    /** One request; `role` sends a token, `json` a body, `query` arguments. */
    async fetch(method, path, { role, json, query, headers = {}, ...more } = {}) {
        const url = new URL(path.startsWith('/api') || path === '/' ? path : `/api/v1${path}`, this.url);
        Object.entries(query ?? {}).forEach(([name, value]) => url.searchParams.append(name, value));
        const response = await fetch(url, {
            method,
            redirect: 'manual',
            headers: {
                ...(role === undefined ? {} : { authorization: `Bearer ${this.provider.token(role)}` }),
                ...(json === undefined ? {} : { 'content-type': 'application/json' }),
                ...headers,
            },
            ...(json === undefined ? {} : { body: typeof json === 'string' ? json : JSON.stringify(json) }),
            ...more,
        });
        const text = await response.text();
        const isJson = response.headers.get('content-type')?.startsWith('application/json');
        return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined,
            url: url.href };
    }

    /** The same; the answer has to be as the API describes it. */
    async call(method, path, options = {}) {
        const answer = await this.fetch(method, path, options);
        const operation = this.description.check(method, answer.url, answer);
        if (operation?.security === undefined) {
            assert.equal(answer.headers.get('cache-control'), 'no-store', `${method} ${path}`);
        }
        return answer;
    }

    /** A call that succeeds; gives what it answers. */
    async get(path, query, role = 'member') {
        const answer = await this.call('GET', path, { query, role });
        assert.equal(answer.status, 200, answer.text);
        return answer.json;
    }

    async post(path, json, role = 'member') {
        const answer = await this.call('POST', path, { json, role });
        assert.ok([200, 202].includes(answer.status), `${path}: ${answer.status} ${answer.text}`);
        return answer.json ?? answer.text;
    }

    /** A call that is refused as the request's fault; gives "field: message" for each fault. */
    async faults(method, path, options) {
        const answer = await this.call(method, path, { role: 'member', ...options });
        assert.equal(answer.status, 400, answer.text);
        assert.equal(answer.json.error.message, 'Validation failed');
        return answer.json.error.details.map(({ field, message }) =>
            field === undefined ? message : `${field}: ${message}`);
    }

    /** Sends a form; values are texts, or Blobs with a name. */
    upload(path, fields, options = {}) {
        const body = new FormData();
        fields.forEach(([name, value, fileName]) =>
            (fileName === undefined ? body.append(name, value) : body.append(name, value, fileName)));
        return this.call('POST', path, { role: 'member', body, ...options });
    }

    /** Highest use of memory of the service so far, in KiB. */
    highWater() {
        return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${this.service.child.pid}/status`, 'utf8'))[1]);
    }

    /** Waits until a job has ended, by the API. */
    finished(id, role = 'member') {
        return eventually(async () => {
            const { job } = await this.get(`/jobs/${id}`, {}, role);
            return ['succeeded', 'failed'].includes(job.status) ? job : null;
        }, `the end of ${id}`);
    }

    /** Stops in an orderly way; a sanitizer would have said what it found. */
    async remove() {
        const end = await stop(this.service);
        this.provider.close();
        await super.remove();
        assert.deepEqual(end, { status: 0, signal: null }, this.service.stderr);
        assert.doesNotMatch(this.service.stderr, /Sanitizer|runtime error/);
    }
}

export const notPermitted = { error: { message: 'You do not have permission to perform this action.' } };
