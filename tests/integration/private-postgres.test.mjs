// The private PostgreSQL from outside: made, shared and stopped; killed at any moment; other users,
// directories that will not do, full disks. What needs no crash is in tests/unit/store too.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
    chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { asUser, copyProgram, isRoot, makeOpenFolder, otherUser } from './postgres-support.mjs';
import { migrations, run, start, until } from './support.mjs';

const nobody = otherUser('nobody');

/** A data directory of its own: commands, the server's process id, and nothing left of it after the test. */
class Place {
    constructor(t, folder = makeOpenFolder(t)) {
        this.folder = folder;
        this.directory = join(folder, 'data');
        this.env = { TUVA_EMPI_DATA_DIR: this.directory, TUVA_EMPI_CONFIG_FILE: '' };
        t.after(() => this.kill());
    }

    /** A place with a cluster in it, which takes a fraction of the time of making one. */
    static prepared(t, folder) {
        const place = new Place(t, folder);
        assert.equal(spawnSync('cp', ['-a', template.directory, place.directory]).status, 0);
        return place;
    }

    try(args, options = {}) {
        return run(this.folder, args, { ...options, env: { ...this.env, ...options.env } });
    }

    run(...args) {
        const result = this.try(args);
        assert.equal(result.status, 0, `${args.join(' ')}: ${result.stderr}`);
        return result.stdout;
    }

    refuse(message, args = ['migrate'], options = {}) {
        const result = this.try(args, options);
        assert.match(result.stderr, message);
        assert.match(result.stderr, /^tuva-empi: \S/);
        return result.status;
    }

    start(...args) {
        return start(this.folder, args, { env: this.env });
    }

    sql(text) {
        return this.run('psql', '--', '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', text).trim();
    }

    /** Somebody who stays connected until told to leave. */
    async join() {
        const holder = this.start('psql', '--', '-X', '-q', '-A', '-t');
        const said = new Promise((settle) => holder.child.stdout.once('data', settle));
        holder.child.stdin.write("select 'here';\n");
        await Promise.race([said, holder.ended]);
        return holder;
    }

    async leave(holder) {
        holder.child.stdin.end();
        assert.deepEqual(await holder.ended, { status: 0, signal: null });
    }

    /** The server's process, or null. */
    get pid() {
        try {
            const pid = Number(readFileSync(join(this.directory, 'pgdata/postmaster.pid'), 'utf8').split('\n')[0]);
            process.kill(pid, 0);
            return pid;
        } catch {
            return null;
        }
    }

    kill(signal = 'SIGKILL') {
        if (this.pid !== null) {
            process.kill(this.pid, signal);
        }
    }

    has(name) {
        return existsSync(join(this.directory, name));
    }
}

let template;
before(() => {
    const folder = mkdtempSync(join(tmpdir(), 'tuva-empi-test-'));
    chmodSync(folder, 0o755);
    template = new Place({ after: () => {} }, folder);
    template.run('migrate');
});
after(() => rmSync(template.folder, { recursive: true }));

describe('sharing', () => {
    test('made on first use by several at once, stopped when the last leaves, there again', async (t) => {
        const place = new Place(t);
        const first = ['migrate', 'migrate', 'migrate', 'migrate'].map((name) => place.start(name));
        const ends = await Promise.all(first.map((each) => each.ended));
        assert.deepEqual(ends, first.map(() => ({ status: 0, signal: null })), first.map((each) => each.stderr).join(''));
        assert.equal(place.pid, null);
        assert.deepEqual(readdirSync(place.directory).sort(), ['pgdata', 'postgresql.log', 'starting', 'users']);
        assert.equal(place.sql('select count(*) from schema_migration'), String(migrations.length));
        assert.equal(place.pid, null);
    });

    test('it runs as long as anybody is there, and no longer', async (t) => {
        const place = Place.prepared(t);
        const first = await place.join();
        const { pid } = place;
        assert.notEqual(pid, null);
        place.run('migrate');
        const second = await place.join();
        assert.equal(place.pid, pid);
        await place.leave(first);
        assert.equal(place.pid, pid);
        assert.equal(place.sql('select 1'), '1');
        assert.equal(place.pid, pid);
        await place.leave(second);
        assert.equal(place.pid, null);
    });

    test('who is killed takes nobody along; who comes next stops it', async (t) => {
        const place = Place.prepared(t);
        const victim = await place.join();
        const witness = await place.join();
        const { pid } = place;
        victim.child.kill('SIGKILL');
        await victim.ended;
        assert.equal(place.sql('select 1'), '1');
        assert.equal(place.pid, pid);
        witness.child.kill('SIGKILL');
        await witness.ended;
        assert.equal(place.pid, pid, 'nobody was left to stop it');
        place.run('migrate');
        assert.equal(place.pid, null);
    });
});

describe('crashes', () => {
    test('a server that was killed is started again, with what was committed', async (t) => {
        const place = Place.prepared(t);
        const holder = await place.join();
        place.sql('create table public.kept (id int); insert into public.kept values (7)');
        const { pid } = place;
        place.kill();
        await until(() => place.pid !== pid, 'the server to be gone');
        assert.equal(place.sql('select id from public.kept'), '7');
        assert.notEqual(place.pid, pid);
        holder.child.kill('SIGKILL');
        await holder.ended;
        place.run('migrate');
        assert.equal(place.pid, null);
    });

    test('a server that is killed under a command: a message, exit 1', async (t) => {
        const place = Place.prepared(t);
        const command = place.start('psql', '--', '-X', '-c', 'select pg_sleep(60)');
        await until(() => place.pid !== null, 'the server');
        const watcher = await place.join();
        await until(() => place.sql("select count(*) from pg_stat_activity where query like '%pg_sleep(60)%' " +
            'and pid <> pg_backend_pid()') !== '0', 'the query');
        place.kill();
        assert.equal((await command.ended).status, 1);
        watcher.child.kill('SIGKILL');
        await watcher.ended;
        assert.equal(place.sql('select 1'), '1');
    });

    const phases = [
        ['while the cluster is made', (place) => place.has('.') &&
            readdirSync(place.directory).some((name) => name.startsWith('pgdata'))],
        ['while it starts', (place) => place.has('pgdata/postmaster.pid')],
    ];
    for (const signal of ['SIGKILL', 'SIGTERM']) {
        test(`${signal} in the first use: the next one works`, async (t) => {
            for (const [name, reached] of phases) {
                const place = new Place(t);
                const victim = place.start('migrate');
                await until(() => reached(place) || victim.child.exitCode !== null, name);
                victim.child.kill(signal);
                const { status } = await victim.ended;
                if (signal !== 'SIGKILL') {
                    assert.equal(status, 143, `${name}: ${victim.stderr}`);
                    assert.match(victim.stderr, /^tuva-empi: (asked to stop|cancelled)$/m);
                    assert.equal(place.pid, null, name);
                }
                place.run('migrate');
                assert.equal(place.sql('select count(*) from schema_migration'), String(migrations.length), name);
                assert.equal(place.pid, null, name);
                assert.deepEqual(readdirSync(place.directory).sort(),
                    ['pgdata', 'postgresql.log', 'starting', 'users'], name);
            }
        });
    }
});

describe('directories', () => {
    test('names that a socket cannot have', (t) => {
        const place = new Place(t);
        const refuse = (name, message) => {
            const env = { TUVA_EMPI_DATA_DIR: join(place.folder, name) };
            assert.equal(place.refuse(message, ['migrate'], { env }), 1);
        };
        refuse('x'.repeat(90), /too long for a socket: .*\nhint: set TUVA_EMPI_DATA_DIR to a shorter path/);
        for (const name of ['data', './data', '~/data']) {
            const env = { TUVA_EMPI_DATA_DIR: name };
            place.refuse(/name is not an absolute path: .*\nhint: .*TUVA_EMPI_DATA_DIR/, ['migrate'], { env });
            assert.match(place.try(['config', 'check'], { env }).stdout,
                new RegExp(`^database: private PostgreSQL, but TUVA_EMPI_DATA_DIR is not an absolute path: ${name}$`, 'm'));
        }
        for (const name of ["it's", 'a,b', 'a"b', 'a\\b', 'a$b', 'a`b', 'a\nb']) {
            refuse(name, /^tuva-empi: the data directory's name has a quote, a comma/);
        }
        assert.deepEqual(readdirSync(place.folder), []);
    });

    test('a name that looks odd but will do', (t) => {
        const place = new Place(t);
        place.directory = join(place.folder, '-a b;c&d|-x=%d(*?[a])#~!日本');
        place.env.TUVA_EMPI_DATA_DIR = place.directory;
        assert.equal(place.sql('select 1'), '1');
        assert.equal(place.pid, null);
    });

    test('a name with .. in it, a link', (t) => {
        const place = Place.prepared(t);
        place.sql('create table public.kept (id int)');
        mkdirSync(join(place.folder, 'a'));
        place.env.TUVA_EMPI_DATA_DIR = join(place.folder, 'a') + '/../data';
        assert.equal(place.sql('select count(*) from public.kept'), '0');
        symlinkSync(place.directory, join(place.folder, 'link'));
        place.env.TUVA_EMPI_DATA_DIR = join(place.folder, 'link');
        assert.equal(place.sql('select count(*) from public.kept'), '0');
    });

    test('somebody else\'s files stay as they are', (t) => {
        const place = new Place(t);
        mkdirSync(place.directory);
        writeFileSync(join(place.directory, 'diary.txt'), 'dear');
        const before = statSync(place.directory);
        assert.equal(place.refuse(/holds other files, but no private PostgreSQL\nhint: set TUVA_EMPI_DATA_DIR/), 1);
        assert.deepEqual(readdirSync(place.directory), ['diary.txt']);
        assert.equal(statSync(place.directory).uid, before.uid);
        place.env.TUVA_EMPI_DATA_DIR = join(place.directory, 'diary.txt');
        assert.equal(place.refuse(/diary\.txt: Not a directory/), 1);
    });

    test('a cluster of a version that is not installed', (t) => {
        const place = new Place(t);
        mkdirSync(join(place.directory, 'pgdata'), { recursive: true });
        writeFileSync(join(place.directory, 'pgdata/PG_VERSION'), '11\n');
        assert.equal(place.refuse(/is of version 11, which is not installed\nhint: install postgresql-11/), 1);
    });

    test('no place at all', { skip: isRoot && 'root has one' }, (t) => {
        const place = new Place(t);
        place.env = { TUVA_EMPI_DATA_DIR: '', HOME: '', XDG_DATA_HOME: '' };
        assert.equal(place.refuse(/there is no place for the private PostgreSQL\nhint: name a directory/), 1);
    });

    test('what the environment tells libpq of other servers does not count', (t) => {
        const place = Place.prepared(t);
        Object.assign(place.env, { PGHOSTADDR: '127.0.0.1', PGHOST: 'nowhere.invalid', PGPORT: '1', PGSERVICE: 'none',
            PGDATABASE: 'other', PGUSER: 'other', PGSSLMODE: 'verify-full', PGCHANNELBINDING: 'require',
            PGREQUIREPEER: 'nobody-at-all', PGTARGETSESSIONATTRS: 'standby', PGOPTIONS: '-c search_path=nowhere',
            PGCLIENTENCODING: 'LATIN1', PGDATA: '/nowhere' });
        place.run('migrate');
        assert.equal(place.sql('select count(*) from schema_migration'), String(migrations.length));
    });
});

const needsRoot = { skip: nobody === null && 'only root can become somebody else' };

describe('users', () => {
    /** Runs the program as a user. */
    const tryAs = (user, place, args) => {
        const copy = join(place.folder, 'tuva-empi');
        const [command, ...words] = [...asUser(user), existsSync(copy) ? copy : copyProgram(place.folder), ...args];
        const result = spawnSync(command, words, { cwd: place.folder, env: { ...process.env, ...place.env } });
        return { status: result.status, stderr: result.stderr.toString(), stdout: result.stdout.toString() };
    };

    test('started by root it runs as another user, and files are that user\'s alone', needsRoot, async (t) => {
        const place = Place.prepared(t);
        const holder = await place.join();
        const status = readFileSync(`/proc/${place.pid}/status`, 'utf8');
        assert.notEqual(Number(/^Uid:\s+(\d+)/m.exec(status)[1]), 0);
        await place.leave(holder);
        for (const name of ['.', 'pgdata', 'postgresql.log', 'starting', 'users']) {
            const { uid, mode } = statSync(join(place.directory, name));
            assert.notEqual(uid, 0, name);
            assert.equal(mode & 0o077, 0, name);
        }
    });

    test('an unprivileged user has one of their own', needsRoot, (t) => {
        const place = new Place(t, makeOpenFolder(t, nobody));
        assert.equal(tryAs(nobody, place, ['migrate']).stderr, '');
        assert.equal(statSync(place.directory).uid, nobody.uid);
    });

    test('root may use a user\'s, and leaves it theirs', needsRoot, (t) => {
        const place = Place.prepared(t, makeOpenFolder(t, nobody));
        assert.equal(spawnSync('chown', ['-R', 'nobody', place.directory]).status, 0);
        place.run('migrate', '--list');
        place.sql('create table public.kept (id int)');
        for (const name of ['.', 'pgdata', 'pgdata/PG_VERSION', 'postgresql.log', 'starting', 'users']) {
            assert.equal(statSync(join(place.directory, name)).uid, nobody.uid, name);
        }
        const again = tryAs(nobody, place, ['psql', '--', '-X', '-At', '-c', 'select count(*) from public.kept']);
        assert.deepEqual([again.status, again.stdout], [0, '0\n']);
    });

    test('an empty directory belongs to whoever it was made for', needsRoot, (t) => {
        const place = new Place(t, makeOpenFolder(t, nobody));
        mkdirSync(place.directory);
        assert.equal(spawnSync('chown', ['nobody', place.directory]).status, 0);
        place.run('migrate');
        assert.equal(statSync(place.directory).uid, nobody.uid);
        assert.equal(tryAs(nobody, place, ['migrate', '--list']).status, 0);
    });

    test('another user\'s is refused', needsRoot, (t) => {
        const place = Place.prepared(t);
        place.run('migrate');
        const { status, stderr } = tryAs(nobody, place, ['migrate']);
        assert.equal(status, 1);
        assert.match(stderr, /^tuva-empi: cannot read the data directory .*: Permission denied\nhint: it belongs to the user \S+: /);
        place.run('migrate', '--list');
    });

    test('root gives away no file that a user has linked there', needsRoot, (t) => {
        const place = new Place(t, makeOpenFolder(t, nobody));
        const secret = join(makeOpenFolder(t), 'secret');
        writeFileSync(secret, 'x', { mode: 0o600 });
        mkdirSync(place.directory);
        symlinkSync(secret, join(place.directory, 'users'));
        assert.equal(spawnSync('chown', ['-h', 'nobody', place.directory, join(place.directory, 'users')]).status, 0);
        assert.equal(place.refuse(/cannot open .*users/), 1);
        assert.equal(statSync(secret).uid, 0);
    });

    test('a directory that the server\'s user cannot get to', needsRoot, (t) => {
        const place = new Place(t);
        mkdirSync(join(place.folder, 'closed'), { mode: 0o700 });
        place.env.TUVA_EMPI_DATA_DIR = join(place.folder, 'closed/data');
        assert.equal(place.refuse(/cannot make the private PostgreSQL.*\nhint: the user \S+ must be able to reach it/), 1);
        assert.deepEqual(readdirSync(join(place.folder, 'closed/data')).filter((name) => name.startsWith('pgdata')), []);
    });
});

describe('full disks', { skip: !isRoot && 'only root can mount a small one' }, () => {
    /** A place on a disk of `size` MiB. */
    const makeDisk = (t, size) => {
        const disk = mkdtempSync(join(tmpdir(), 'tuva-empi-test-'));
        t.after(() => {
            spawnSync('umount', ['-l', disk]);
            rmSync(disk, { recursive: true });
        });
        const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'none', disk]);
        if (mounted.status !== 0) {
            t.skip('nothing can be mounted here');
            return null;
        }
        chmodSync(disk, 0o755);
        const place = new Place(t, disk);
        place.grow = (more) => assert.equal(
            spawnSync('mount', ['-o', `remount,size=${more}m`, disk]).status, 0);
        return place;
    };

    test('no room for a cluster: exit 3, nothing left; with room it is made', (t) => {
        const place = makeDisk(t, 24);
        if (place === null) {
            return;
        }
        assert.equal(place.refuse(/cannot make the private PostgreSQL in .*No space left on device/), 3);
        assert.deepEqual(readdirSync(place.directory).sort(), ['starting', 'users']);
        place.grow(400);
        place.run('migrate');
    });
});
