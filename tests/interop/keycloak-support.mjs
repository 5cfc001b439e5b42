// Keycloak itself, with the realm, the client and the user of the documented environment.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../integration/postgres-support.mjs';
import { eventually } from '../integration/service-support.mjs';

/** Keycloak, in memory, and its admin API. */
export class Keycloak {
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

    /** The documented realm, whose client may send people back there and, signed out, to the second address;
     *  users of which one has no address, and more than a page of them. */
    async setUp(redirectUri, afterLogout) {
        await this.admin('POST', '', { realm: 'test-realm', enabled: true, sslRequired: 'none' });
        await this.admin('POST', '/test-realm/clients', { clientId: 'test-client', secret: 'test-secret', publicClient: false,
            serviceAccountsEnabled: true, standardFlowEnabled: true, directAccessGrantsEnabled: true,
            redirectUris: [redirectUri], attributes: { 'post.logout.redirect.uris': afterLogout } });
        await this.admin('POST', '/test-realm/clients', { clientId: 'other-client', publicClient: true, directAccessGrantsEnabled: true });
        const [{ id: client }] = await this.admin('GET', '/test-realm/clients?clientId=test-client');
        const [{ id: management }] = await this.admin('GET', '/test-realm/clients?clientId=realm-management');
        const { id: account } = await this.admin('GET', `/test-realm/clients/${client}/service-account-user`);
        const role = await this.admin('GET', `/test-realm/clients/${management}/roles/view-users`);
        await this.admin('POST', `/test-realm/users/${account}/role-mappings/clients/${management}`, [role]);
        await this.user('user', { email: 'user@example.com', emailVerified: true });
        await this.user('second', { email: 'second@example.com' });
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
