// What the service tests of the database share: a PostgreSQL server of a test's own, other users,
// small disks.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
    appendFileSync, chmodSync, chownSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './support.mjs';

export const isRoot = process.getuid() === 0;

const versions = '/usr/lib/postgresql';

/** Where PostgreSQL's programs are: Debian's newest, or in PATH. */
const binaries = (() => {
    try {
        const newest = readdirSync(versions).map(Number).filter((n) => n >= 15).sort((a, b) => b - a)[0];
        return newest === undefined ? '' : `${versions}/${newest}/bin/`;
    } catch {
        return '';
    }
})();

/** A user other than root, or null where we may not become it. */
export function otherUser(name) {
    const uid = Number(spawnSync('id', ['-u', name]).stdout.toString());
    const gid = Number(spawnSync('id', ['-g', name]).stdout.toString());
    return isRoot && uid > 0 ? { name, uid, gid } : null;
}

/** The words before a command that is to run as a user; null is ourselves. */
export const asUser = (user) => (user === null ? []
    : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--']);

/** An empty folder that every user can enter, owned by one; gone after the test. */
export function makeOpenFolder(t, user = null) {
    const path = mkdtempSync(join(tmpdir(), 'tuva-empi-test-'));
    chmodSync(path, 0o755);
    if (user !== null) {
        chownSync(path, user.uid, user.gid);
    }
    t.after(() => rmSync(path, { recursive: true, force: true }));
    return path;
}

/** The program where every user can run it, for it may have been built in somebody's home. */
export function copyProgram(folder) {
    const path = join(folder, 'tuva-empi');
    copyFileSync(program, path);
    chmodSync(path, 0o755);
    return path;
}

/** A TCP port that nobody listens on. */
export const freePort = () => new Promise((settle) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
        const { port } = probe.address();
        probe.close(() => settle(port));
    });
});

/**
 * A server of a test's own, with a role and a database both named empi, on a TCP port and on a Unix
 * socket. It runs as an unprivileged user. Passwords are asked for over TCP, not on the socket.
 */
export class Server {
    static async make(settings = {}) {
        const server = new Server();
        server.binaries = binaries;
        server.port = await freePort();
        server.user = isRoot ? otherUser('postgres') ?? otherUser('nobody') : null;
        server.folder = mkdtempSync(join(tmpdir(), 'tuva-empi-server-'));
        server.data = join(server.folder, 'pg');
        if (server.user !== null) {
            chownSync(server.folder, server.user.uid, server.user.gid);
        }
        chmodSync(server.folder, 0o755);
        server.tool('initdb', '--pgdata', server.data, '--username', 'admin', '--encoding', 'UTF8', '--locale', 'C',
            '--auth-local', 'trust', '--auth-host', 'scram-sha-256', '--no-sync', '--no-instructions');
        server.configure({ fsync: 'off', listen_addresses: '127.0.0.1', port: server.port,
            unix_socket_directories: server.folder, max_connections: 40, ...settings });
        server.start();
        server.sql("create role empi login password 'right-secret'");
        server.sql('create database empi owner empi');
        return server;
    }

    tool(name, ...words) {
        const [command, ...rest] = [...asUser(this.user), binaries + name, ...words];
        const result = spawnSync(command, rest, { cwd: '/', encoding: 'utf8', env: { ...process.env, LC_ALL: 'C' },
            stdio: ['ignore', 'pipe', 'pipe'] });
        assert.equal(result.status, 0, `${name}: ${result.stdout}${result.stderr}`);
    }

    /** Takes effect when it starts. */
    configure(settings) {
        const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`).join('');
        appendFileSync(join(this.data, 'postgresql.conf'), lines);
    }

    start() {
        // The output goes to a file: a pipe would stay open as long as the server runs.
        this.tool('pg_ctl', 'start', '--pgdata', this.data, '--log', join(this.folder, 'log'), '--wait', '--silent');
    }

    stop(mode = 'immediate') {
        if (existsSync(join(this.data, 'postmaster.pid'))) {
            this.tool('pg_ctl', 'stop', '--pgdata', this.data, '--mode', mode, '--wait', '--silent');
        }
    }

    /** Runs SQL as the superuser; gives rows of a single value, one a line. */
    sql(text, database = 'postgres') {
        const result = spawnSync(`${binaries}psql`, ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', this.folder,
            '-p', String(this.port), '-U', 'admin', '-d', database, '-c', text], { encoding: 'utf8' });
        assert.equal(result.status, 0, `${text}: ${result.stderr}`);
        return result.stdout.trim();
    }

    /** The configuration, by environment variables. */
    env(more = {}) {
        const keys = { host: '127.0.0.1', port: String(this.port), name: 'empi', user: 'empi', password: 'right-secret',
            ...more };
        const variables = Object.entries(keys).filter(([, value]) => value !== null)
            .map(([key, value]) => [`TUVA_EMPI_DB__${key.toUpperCase()}`, value]);
        return { TUVA_EMPI_CONFIG_FILE: '', ...Object.fromEntries(variables) };
    }

    /** An empty database. */
    reset() {
        this.sql('drop database if exists empi with (force)');
        this.sql('create database empi owner empi');
    }

    remove() {
        this.stop();
        rmSync(this.folder, { recursive: true, force: true });
    }
}
