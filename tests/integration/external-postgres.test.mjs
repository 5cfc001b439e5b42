// A PostgreSQL server that somebody else runs: how to get in, what it lacks, and what happens when it
// goes away in the middle of something. One server for all tests, and no order between them but that
// each finds an empty schema.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { columns, model, numbers, person } from './index-support.mjs';
import { Server } from './postgres-support.mjs';
import { formatTable, makeFolder, put, readTable, run, start, until } from './support.mjs';

let server;
before(async () => (server = await Server.make()));
after(() => server.remove());

/** Commands against the server, in a folder of their own. */
class Client {
    constructor(t, env = server.env()) {
        this.folder = makeFolder(t);
        this.env = env;
    }

    try(args, options = {}) {
        return run(this.folder, args, { ...options, env: { ...this.env, ...options.env } });
    }

    run(...args) {
        const result = this.try(args);
        assert.equal(result.status, 0, `${args.join(' ')}: ${result.stderr}`);
        return result;
    }

    start(args, options) {
        return start(this.folder, args, { ...options, env: this.env });
    }

    /** Expects a message, exit status 1 or another, and nothing on standard output. */
    refuse(args, message, status = 1, options = {}) {
        const result = this.try(args, options);
        assert.match(result.stderr, message);
        assert.match(result.stderr, /^tuva-empi: \S/);
        assert.doesNotMatch(result.stderr, /-secret/, 'the password is told');
        assert.equal(result.status, status, result.stderr);
        return result;
    }

    putRecords(name, records) {
        return put(this.folder, name, formatTable(columns, records));
    }

    /** The words of an import, its files made. */
    importing(records, matchModel = model) {
        return ['import', this.putRecords('records.csv', records), '--config',
            put(this.folder, 'model.json', matchModel), '--potential', '0.1', '--auto', '0.99'];
    }
}

const records = [person('1', { phone: '1', last_name: 'a' }), person('2', { phone: '1', last_name: 'a' }),
    person('3', { phone: '1', last_name: 'b' }), person('4', { phone: '4' })];

const everyCommand = (client) => [['migrate'], ['migrate', '--list'], ['migrate', '--to', 'zero', '--yes'],
    client.importing(records), ['matching-job'], ['export', 'crosswalk', '-o', 'out.csv'],
    ['export', 'potential-matches', '-o', 'out.csv'], ['flush', '--yes'], ['psql', '--', '-X', '-c', 'select 1']];

describe('getting in', () => {
    test('over TCP with a password, over the socket without', (t) => {
        server.reset();
        assert.match(new Client(t).run('migrate').stdout, /^applied 0001_index\n/);
        const socket = new Client(t, server.env({ host: server.folder, password: null }));
        assert.match(socket.run('migrate').stdout, /nothing to do/);
        assert.match(socket.run('psql', '--', '-X', '-At', '-c', 'select current_user').stdout, /^empi$/m);
        // What libpq reads besides.
        const file = put(socket.folder, 'pgpass', `*:*:*:*:right-secret\n`);
        assert.equal(spawnSync('chmod', ['600', join(socket.folder, file)]).status, 0);
        new Client(t, { ...server.env({ password: null }), PGPASSFILE: join(socket.folder, file) }).run('migrate');
    });

    test('where the server is, only the configuration says', (t) => {
        const client = new Client(t, { ...server.env(), PGHOSTADDR: '127.0.0.99', PGSERVICE: 'none', PGHOST: 'nowhere',
            PGPORT: '1', PGUSER: 'nobody', PGDATABASE: 'none', PGOPTIONS: '-c search_path=nowhere' });
        client.run('migrate');
        assert.equal(client.run('psql', '--', '-X', '-At', '-c', 'select count(*) from app_user').stdout, '0\n');
    });

    const cases = {
        'a wrong password': [{ password: 'wrong-secret' }, /password authentication failed for user "empi"\nhint: check db\.user and db\.password/],
        'no password': [{ password: null }, /no password supplied\nhint: check db\.user and db\.password/],
        'a user that is not there': [{ user: 'stranger' }, /password authentication failed for user "stranger"\nhint: check db\.user/],
        'a database that is not there': [{ name: 'other' }, /database "other" does not exist\nhint: check db\.name/],
        'a port where nobody listens': [{ port: '1' }, /127\.0\.0\.1, port 1: Connection refused\nhint: check db\.host and db\.port/],
        'a host that is not there': [{ host: 'nowhere.invalid' }, /could not translate host name "nowhere\.invalid"[^\n]*\nhint: check db\.host/],
        'a socket that is not there': [{ host: '/nowhere' }, /\/nowhere, port \d+: No such file or directory\nhint: check db\.host/],
        'no encryption where it is asked for': [{ sslmode: 'require' }, /server does not support SSL, but SSL was required\nhint: check db\.sslmode/],
    };
    for (const [name, [keys, message]] of Object.entries(cases)) {
        test(name, (t) => {
            const client = new Client(t, server.env(keys));
            client.refuse(['migrate', '--list'], message);
            const psql = client.try(['psql', '--', '-X', '-w', '-c', 'select 1']);
            assert.notEqual(psql.status, 0);
            assert.doesNotMatch(psql.stderr, /-secret/);
        });
    }

    test('every command says it when the server is away, and leaves nothing', (t) => {
        const client = new Client(t, server.env({ port: '1' }));
        const commands = everyCommand(client).filter(([name]) => name !== 'psql');
        const before = readdirSync(client.folder);
        for (const command of commands) {
            client.refuse(command, /^tuva-empi: cannot connect to the database at 127\.0\.0\.1, port 1: Connection refused/);
        }
        assert.deepEqual(readdirSync(client.folder), before);
    });

    test('a database of another encoding', (t) => {
        server.sql("create database latin owner empi encoding 'LATIN1' locale 'C' template template0");
        new Client(t, server.env({ name: 'latin' })).refuse(['migrate'],
            /^tuva-empi: the database's encoding is LATIN1; UTF8 is needed\nhint: create it with: create database/);
    });

    test('limits on connections', (t) => {
        const client = new Client(t);
        server.sql('alter role empi connection limit 0');
        try {
            client.refuse(['migrate'], /too many connections for role "empi"\nhint: lower db\.pool_size or raise/, 3);
        } finally {
            server.sql('alter role empi connection limit -1');
        }
    });

    /** A server that answers each connection with these bytes. */
    const pretend = async (t, bytes) => {
        const listener = createServer((socket) => {
            socket.on('error', () => {});
            socket.on('data', () => socket.end(bytes));
        });
        await new Promise((settle) => listener.listen(0, '127.0.0.1', settle));
        t.after(() => listener.close());
        return listener.address().port;
    };

    /** Runs without stopping this process, which is the server. */
    const ends = async (client, args) => {
        const command = client.start(args);
        const { status } = await command.ended;
        return { status, stderr: command.stderr };
    };

    const message = (type, ...parts) => {
        const body = Buffer.concat(parts.map((part) => typeof part === 'string' ? Buffer.from(`${part}\0`)
            : Buffer.from(part)));
        const head = Buffer.alloc(5);
        head.write(type);
        head.writeUInt32BE(body.length + 4, 1);
        return Buffer.concat([head, body]);
    };
    const greeting = (version, encoding) => Buffer.concat([message('R', [0, 0, 0, 0]),
        message('S', 'server_version', version), message('S', 'server_encoding', encoding),
        message('S', 'client_encoding', 'UTF8'), message('K', [0, 0, 0, 1, 0, 0, 0, 2]), message('Z', [0x49])]);

    test('a server that is too old', async (t) => {
        const port = await pretend(t, greeting('14.9', 'UTF8'));
        const client = new Client(t, server.env({ port: String(port), sslmode: 'disable' }));
        const { status, stderr } = await ends(client, ['migrate']);
        assert.match(stderr, /^tuva-empi: the database is PostgreSQL 14\.9; 15 or newer is needed$/m);
        assert.equal(status, 1);
    });

    test('something else that listens there', async (t) => {
        for (const words of ['HTTP/1.1 400 Bad Request\r\n\r\n', 'SSH-2.0-OpenSSH\r\n', '', '\0'.repeat(100)]) {
            const port = await pretend(t, words);
            const client = new Client(t, server.env({ port: String(port), sslmode: 'disable' }));
            const { status, stderr } = await ends(client, ['migrate']);
            assert.match(stderr, /^tuva-empi: cannot connect to the database at 127\.0\.0\.1, port \d+: \S[^\n]*\nhint: \S/);
            assert.equal(status, 1);
        }
    });
});

describe('encryption', () => {
    let folder;
    before(() => {
        folder = server.folder;
        const made = spawnSync('openssl', ['req', '-new', '-x509', '-days', '2', '-nodes', '-newkey', 'rsa:2048',
            '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1',
            '-out', join(folder, 'server.crt'), '-keyout', join(folder, 'server.key')]);
        assert.equal(made.status, 0, made.stderr.toString());
        spawnSync('chmod', ['600', join(folder, 'server.key')]);
        if (server.user !== null) {
            spawnSync('chown', [server.user.name, join(folder, 'server.key'), join(folder, 'server.crt')]);
        }
        server.configure({ ssl: 'on', ssl_cert_file: join(folder, 'server.crt'), ssl_key_file: join(folder, 'server.key') });
        const rules = readFileSync(join(server.data, 'pg_hba.conf'), 'utf8');
        writeFileSync(join(server.data, 'pg_hba.conf'), rules.replaceAll(/^host /gm, 'hostssl '));
        server.stop('fast');
        server.start();
        server.reset();
    });
    after(() => {
        const rules = readFileSync(join(server.data, 'pg_hba.conf'), 'utf8');
        writeFileSync(join(server.data, 'pg_hba.conf'), rules.replaceAll(/^hostssl /gm, 'host '));
        server.configure({ ssl: 'off' });
        server.stop('fast');
        server.start();
    });

    test('as the server demands it', (t) => {
        const ssl = ['psql', '--', '-X', '-At', '-c', 'select ssl from pg_stat_ssl where pid = pg_backend_pid()'];
        for (const sslmode of [null, 'allow', 'prefer', 'require']) {
            const client = new Client(t, server.env({ sslmode }));
            client.run('migrate');
            assert.equal(client.run(...ssl).stdout, 't\n', sslmode);
        }
        new Client(t, server.env({ sslmode: 'disable' })).refuse(['migrate'],
            /no pg_hba\.conf entry for host [^\n]*, no encryption\nhint: the server's pg_hba\.conf has to allow/);
    });

    test('the certificate is checked when that is asked for', (t) => {
        for (const sslmode of ['verify-ca', 'verify-full']) {
            const env = { ...server.env({ sslmode }), PGSSLROOTCERT: join(folder, 'server.crt') };
            new Client(t, env).run('migrate');
            const none = { ...env, PGSSLROOTCERT: join(folder, 'none.crt') };
            new Client(t, none).refuse(['migrate'], /root certificate file "[^"]*none\.crt" does not exist\nhint: check db\.sslmode/);
        }
        const other = join(makeFolder(t), 'other.crt');
        spawnSync('openssl', ['req', '-new', '-x509', '-days', '2', '-nodes', '-newkey', 'rsa:2048', '-subj',
            '/CN=other', '-out', other, '-keyout', '/dev/null']);
        const stranger = { ...server.env({ sslmode: 'verify-ca' }), PGSSLROOTCERT: other };
        new Client(t, stranger).refuse(['migrate'], /certificate verify failed\nhint: check db\.sslmode/);
    });
});

describe('rights and settings', () => {
    beforeEach(() => server.reset());

    test('a role that may not make the schema', (t) => {
        server.sql("create role guest login password 'right-secret'");
        const client = new Client(t, server.env({ user: 'guest' }));
        client.refuse(['migrate'], /^tuva-empi: the database refused: permission denied for database empi\nhint: the role in db\.user needs more rights/);
        // The right to make schemas is enough, the trusted extension included.
        server.sql('grant create on database empi to guest');
        client.run('migrate');
        assert.equal(server.sql("select nspowner::regrole from pg_namespace where nspname = 'empi'", 'empi'), 'guest');
        // And one who has none in it is told so.
        server.sql("create role visitor login password 'right-secret'");
        const visitor = new Client(t, server.env({ user: 'visitor' }));
        for (const command of everyCommand(visitor).filter(([name]) => name !== 'psql')) {
            visitor.refuse(command, /^tuva-empi: the database refused: permission denied for schema empi\nhint: /);
        }
        assert.equal(existsSync(join(visitor.folder, 'out.csv')), false);
    });

    test('an extension that the server lacks', (t) => {
        // As with a server that was installed without its contrib package.
        const client = new Client(t);
        const [control] = spawnSync('sh', ['-c', 'ls /usr/share/postgresql/*/extension/pg_trgm.control'])
            .stdout.toString().split('\n');
        if (!existsSync(control)) {
            t.skip('no Debian');
            return;
        }
        server.sql('create function hide() returns event_trigger language plpgsql as ' +
            `$$ begin raise exception sqlstate '0A000' using message = 'extension "pg_trgm" is not available'; end $$`, 'empi');
        server.sql("create event trigger hide on ddl_command_start when tag in ('CREATE EXTENSION') execute function hide()", 'empi');
        client.refuse(['migrate'], /0001_index, up: the database refused: extension "pg_trgm" is not available\nhint: [^\n]*contrib/);
        assert.equal(server.sql("select count(*) from pg_namespace where nspname = 'empi'", 'empi'), '0');
    });

    test('an extension that is in another schema', (t) => {
        const client = new Client(t);
        server.sql('create schema extensions; create extension pg_trgm schema extensions', 'empi');
        t.after(() => server.sql('drop schema extensions cascade', 'empi'));
        client.refuse(['migrate'], /pg_trgm is in another schema of the database than public\nhint: [^\n]*alter extension pg_trgm set schema public/);
        server.sql('alter extension pg_trgm set schema public', 'empi');
        client.run('migrate');
    });

    test('a server that is read-only', (t) => {
        const client = new Client(t);
        client.run('migrate');
        client.run(...client.importing(records));
        server.sql('alter database empi set default_transaction_read_only = on');
        const readOnly = /the database is read-only\nhint: connect to the primary server/;
        client.refuse(['migrate', '--to', 'zero', '--yes'], readOnly);
        client.refuse(client.importing(records), readOnly);
        client.refuse(['matching-job'], readOnly);
        client.refuse(['flush', '--yes'], readOnly);
        assert.match(client.run('migrate', '--list').stdout, /0001/);
        client.run('export', 'crosswalk', '-o', 'out.csv');
        server.sql('alter database empi set default_transaction_read_only = off');
        client.run('matching-job');
        assert.equal(server.sql('select count(*) from empi.person_record', 'empi'), '4');
    });

    test('a client whose machine or network dies is noticed by the server, with the locks that it holds', (t) => {
        const client = new Client(t);
        client.run('migrate');
        server.sql(`create table public.seen (name text, setting text);
            grant all on public.seen to empi;
            create function public.look() returns trigger language plpgsql as $$ begin
                insert into public.seen select name, setting from pg_settings where name like 'tcp%' or name like 'client_conn%';
                return new;
            end $$;
            create trigger look before insert on empi.job for each row execute function public.look()`, 'empi');
        t.after(() => server.sql('drop function public.look() cascade; drop table public.seen', 'empi'));
        client.run(...client.importing(records));
        assert.equal(server.sql('select name, setting from public.seen order by name', 'empi'),
            'client_connection_check_interval|2000\ntcp_keepalives_count|3\ntcp_keepalives_idle|30\n' +
            'tcp_keepalives_interval|10\ntcp_user_timeout|0'); // a slow reader is no dead one
    });

    test('defaults of the role that would change results do not', (t) => {
        const client = new Client(t);
        for (const setting of ["statement_timeout = '1ms'", "idle_in_transaction_session_timeout = '1ms'",
            "idle_session_timeout = '1ms'", "lock_timeout = '1ms'", "default_transaction_isolation = 'serializable'",
            "timezone = 'Asia/Tokyo'", "datestyle = 'German'", "intervalstyle = 'iso_8601'", "bytea_output = 'escape'",
            'extra_float_digits = -15', 'standard_conforming_strings = off', "search_path = 'nowhere'"]) {
            server.sql(`alter role empi set ${setting}`);
        }
        try {
            client.run('migrate');
            client.run(...client.importing(records));
            assert.match(client.run('matching-job').stderr, /4 new records/);
            client.run('export', 'potential-matches', '-o', 'out.csv');
            assert.equal(readTable(client.folder, 'out.csv').length, 3);
            assert.match(client.run('migrate', '--list').stdout, /0001 +index +\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
        } finally {
            server.sql('alter role empi reset all');
        }
    });
});

/** A session of somebody else's that holds something until it lets go. */
class Holder {
    static async make(sql) {
        const holder = new Holder();
        holder.child = spawn(`${server.binaries}psql`, ['-X', '-q', '-A', '-t', '-h', server.folder, '-p',
            String(server.port), '-U', 'admin', '-d', 'empi']);
        holder.ended = new Promise((settle) => holder.child.on('close', settle));
        const held = new Promise((settle) => holder.child.stdout.once('data', settle));
        holder.child.stdin.on('error', () => {});
        holder.child.stdin.write(`begin; ${sql}; select 'held';\n`);
        await Promise.race([held, holder.ended]);
        assert.equal(holder.child.exitCode, null, `cannot hold: ${sql}`);
        return holder;
    }

    async release() {
        this.child.stdin.end('rollback;\n');
        await this.ended;
    }
}

const ours = "application_name like 'tuva-empi%'";

/** Waits until a command of ours waits for what a holder holds. */
const untilBlocked = (command, what) => until(() => command.child.exitCode !== null ||
    server.sql(`select count(*) from pg_stat_activity where ${ours} and wait_event_type = 'Lock'`) !== '0',
`${what} to be waited for: ${command.stderr}`);

const lost = /^tuva-empi: (?:[^\n]*: )?(the connection to the database is lost|the database is shutting down, or its administrator ended the connection)\nhint: try again when it is back$/m;

/** What kills the connections of a command, and what brings the database back. */
const deaths = {
    'connections ended': [
        () => server.sql(`select pg_terminate_backend(pid) from pg_stat_activity where ${ours}`),
        () => {},
    ],
    'server crashed': [() => server.stop(), () => server.start()],
};

/** All that the index holds, but for what a job's runner says of itself. */
const content = () => {
    const tables = server.sql("select tablename from pg_tables where schemaname = 'empi' order by 1", 'empi').split('\n');
    return tables.map((table) => `${table} ` + server.sql(`select count(*) || ' ' ||
        coalesce(md5(string_agg((to_jsonb(t) - array['status', 'updated', 'phase', 'attempts', 'progress_done',
            'progress_total', 'reason'])::text, ',' order by t::text)), '') from empi.${table} t`, 'empi'));
};

const jobState = () => server.sql("select string_agg(status || coalesce(' ' || reason, ''), ',' order by id) from empi.job", 'empi');

/**
 * Runs a command up to where it waits for `hold`, has it die there, and gives what it said. Nothing
 * may have changed.
 */
async function dieAt(client, args, hold, death, options) {
    const before = content();
    const files = readdirSync(client.folder);
    const holder = await Holder.make(hold);
    const command = client.start(args, options);
    await untilBlocked(command, hold);
    assert.equal(command.child.exitCode, null, `${args[0]} does not wait for: ${hold}; it said: ${command.stderr}`);
    const [kill, revive] = deaths[death] ?? [() => command.child.kill(death), () => {}];
    kill();
    const end = await command.ended;
    revive();
    await holder.release();
    assert.deepEqual(content(), before, hold);
    assert.deepEqual(readdirSync(client.folder), files);
    return { ...end, stderr: command.stderr };
}

const exclusively = (table) => `lock table ${table} in access exclusive mode`;

describe('what breaks in the middle', () => {
    // In the order in which a job comes to them.
    const jobTables = ['job', 'person_record_staging', 'person_record', 'person', 'prediction_result', 'match_group',
        'open_match_person', 'match_group_action'];

    /** An index with records matched, and a job to do that changes them. */
    const prepare = (t) => {
        server.reset();
        const client = new Client(t);
        client.run('migrate');
        client.run(...client.importing(records));
        client.run('matching-job');
        client.run(...client.importing([person('5', { phone: '1', last_name: 'a' }), person('6', { phone: '4' }),
            person('7', { phone: '1', last_name: 'b' })]));
        return client;
    };

    /** The job is still there to be done, and gets done. */
    const finish = (client) => {
        assert.match(client.run('matching-job').stderr, /^job_2 succeeded: 3 rows, 3 new records/m);
        assert.equal(jobState(), 'succeeded,succeeded');
        assert.equal(server.sql('select count(*) from empi.person_record', 'empi'), '7');
        assert.match(client.run('matching-job').stderr, /there is no job to run/);
    };

    for (const death of [...Object.keys(deaths), 'SIGINT']) {
        test(`a job in each phase: ${death}`, async (t) => {
            const client = prepare(t);
            // The server's crash is slow to recover from, and a signal needs no more proofs. A crash counts as
            // a try, of which there are three.
            const tables = death === 'connections ended' ? jobTables
                : ['person_record_staging', 'match_group', 'person'].slice(death === 'SIGINT' ? 0 : 1);
            for (const table of tables) {
                const { status, stderr } = await dieAt(client, ['matching-job'], exclusively(`empi.${table}`), death);
                if (death === 'SIGINT') {
                    assert.equal(status, 130, table);
                    assert.match(stderr, /^tuva-empi: (asked to stop|cancelled)$/m, table);
                } else {
                    assert.equal(status, 1, table);
                    assert.match(stderr, lost, table);
                }
                assert.match(jobState(), /^succeeded,(new|running)$/, table);
            }
            finish(client);
        });

        test(`import, export, migrate and flush: ${death}`, async (t) => {
            const client = prepare(t);
            const said = death === 'SIGINT' ? /^tuva-empi: (?:[^\n]*: )?(asked to stop|cancelled|nothing was deleted)$/m : lost;
            const importing = client.importing([person('8', { phone: '1' })], numbers);
            const cases = [
                [importing, 'empi.config'], [importing, 'empi.job'], [importing, 'empi.person_record_staging'],
                [['export', 'crosswalk', '-o', 'out.csv'], 'empi.person_record'],
                [['export', 'potential-matches', '-o', 'out.csv'], 'empi.match_group'],
                [['flush', '--yes'], 'empi.person'],
                [['migrate', '--to', 'zero', '--yes'], 'empi.match_event'],
                [['migrate', '--list'], 'empi.schema_migration'],
            ];
            for (const [args, table] of cases) {
                const { status, stderr } = await dieAt(client, args, exclusively(table), death);
                assert.match(stderr, said, `${args[0]}, ${table}`);
                assert.equal(status, death === 'SIGINT' ? 130 : 1, stderr);
            }
            finish(client);
        });
    }

    test('a migration that is cut off leaves nothing', async (t) => {
        server.reset();
        const client = new Client(t);
        const holder = await Holder.make('lock table pg_catalog.pg_description in share row exclusive mode');
        const command = client.start(['migrate']);
        await untilBlocked(command, 'the comments');
        deaths['connections ended'][0]();
        assert.deepEqual(await command.ended, { status: 1, signal: null });
        assert.match(command.stderr, lost);
        await holder.release();
        assert.equal(server.sql("select count(*) from pg_namespace where nspname = 'empi'", 'empi'), '0');
        client.run('migrate');
    });

    test('an import whose rows are still coming', async (t) => {
        const client = prepare(t);
        const before = content();
        for (const death of Object.keys(deaths)) {
            const args = [...client.importing(records)];
            args[1] = '-';
            const command = client.start(args);
            command.child.stdin.on('error', () => {});
            const row = `${columns.map((name) => (name === 'data_source' || name === 'source_person_id' ? 'SECRET' : '')).join(',')}\n`;
            command.child.stdin.write(`${columns.join(',')}\n${row.repeat(100_000)}`);
            await until(() => server.sql("select count(*) from pg_stat_activity where " + ours +
                " and query like 'copy %'") !== '0', 'the rows to arrive');
            deaths[death][0]();
            command.child.stdin.end(row.repeat(50_000));
            assert.deepEqual(await command.ended, { status: 1, signal: null }, command.stderr);
            assert.match(command.stderr, lost);
            assert.doesNotMatch(command.stderr, /SECRET/);
            deaths[death][1]();
            assert.deepEqual(content(), before);
        }
        finish(client);
    });

    test('a request to stop while nothing comes and nothing is read', async (t) => {
        const client = prepare(t);
        const before = content();
        const args = [...client.importing(records)];
        args[1] = '-';
        const importing = client.start(args);
        importing.child.stdin.write(columns.join(','));
        // While it connects a signal just ends it.
        await until(() => server.sql(`select count(*) from pg_stat_activity where ${ours} and query not like 'set %'
            and query <> ''`) !== '0', 'the import');
        importing.child.kill('SIGTERM');
        assert.deepEqual(await importing.ended, { status: 143, signal: null });
        assert.match(importing.stderr, /^tuva-empi: asked to stop$/m);
        assert.deepEqual(content(), before);
        finish(client);
    });

    test('an export that is being read', async (t) => {
        const client = prepare(t);
        const wide = Array.from({ length: 5000 }, (_, i) => person(`w${i}`, { address: 'x'.repeat(4000) }));
        client.run(...client.importing(wide));
        client.run('matching-job');
        client.run('matching-job');
        for (const death of Object.keys(deaths)) {
            const command = client.start(['export', 'crosswalk', '-o', '-']);
            let bytes = 0;
            await new Promise((settle) => command.child.stdout.once('readable', settle));
            await until(() => server.sql(`select count(*) from pg_stat_activity where ${ours} and wait_event = 'ClientWrite'`) !== '0',
                'the server to wait for the reader');
            deaths[death][0]();
            command.child.stdout.on('data', (data) => (bytes += data.length));
            assert.deepEqual(await command.ended, { status: 1, signal: null }, command.stderr);
            assert.match(command.stderr, lost);
            assert.ok(bytes < 20_000_000);
            deaths[death][1]();
        }
        const stopped = client.start(['export', 'crosswalk', '-o', '-']);
        await new Promise((settle) => stopped.child.stdout.once('readable', settle));
        stopped.child.kill('SIGTERM');
        assert.deepEqual(await stopped.ended, { status: 143, signal: null });
        client.run('export', 'crosswalk', '-o', 'out.csv');
        assert.equal(readTable(client.folder, 'out.csv').length, 5007);
    });
});
