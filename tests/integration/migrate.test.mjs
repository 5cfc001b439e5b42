// Migrations from outside: up, down, two at once, what does not fit; and emptying, and the prompt.
// Most of it on one private PostgreSQL.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { columns, model, person } from './index-support.mjs';
import { Server } from './postgres-support.mjs';
import { formatTable, makeFolder, migrations, parseTable, program, put, root, run, start } from './support.mjs';

const last = migrations.length;

let server;
let folder;
before(async () => {
    server = await Server.make();
    folder = server.folder;
});
after(() => server.remove());

const attempt = (args, options = {}) => run('/tmp', args, { ...options, env: { ...server.env(), ...options.env } });

function succeed(...args) {
    const result = attempt(args);
    assert.equal(result.status, 0, `${args.join(' ')}: ${result.stderr}`);
    return result.stdout;
}

function refuse(args, message, status = 1) {
    const result = attempt(args);
    assert.match(result.stderr, message);
    assert.equal(result.status, status, result.stderr);
    assert.equal(result.stdout, '');
}

const sql = (text) => server.sql(text, 'empi');

/** Every table, column, constraint, index, trigger, function and comment of the schema. */
const describeSchema = () => sql(`
    select string_agg(line, e'\\n' order by line collate "C") from (
        select format('%s %s %s %s %s %s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)) as line
        from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
        left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relnamespace = to_regnamespace('empi')
        union all
        select format('%s %s', conname, pg_get_constraintdef(oid)) from pg_constraint where connamespace = to_regnamespace('empi')
        union all
        select indexdef from pg_indexes where schemaname = 'empi'
        union all
        select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = t.tgrelid
        where c.relnamespace = to_regnamespace('empi') and not tgisinternal
        union all
        select pg_get_functiondef(oid) from pg_proc where pronamespace = to_regnamespace('empi') and prokind = 'f'
    ) as schema`);

const exists = () => sql("select to_regnamespace('empi') is not null") === 't';

const importing = (auto = '0.9') => {
    const files = { records: 'records.csv', model: 'model.json' };
    put(folder, files.records, formatTable(columns, [person('1', { phone: '1' }), person('2', { phone: '1' })]));
    put(folder, files.model, model);
    return ['import', join(folder, files.records), '--config', join(folder, files.model), '--potential', '0.1', '--auto', auto];
};

describe('up and down', () => {
    test('all, none, one by one, and the same schema each time', () => {
        assert.equal(succeed('migrate'), migrations.map((name) => `applied ${name}\n`).join(''));
        assert.equal(succeed('migrate'), `nothing to do: the schema is at migration ${last}\n`);
        const whole = describeSchema();
        assert.ok(whole.length > 5000);
        assert.equal(succeed('migrate', '--to', 'zero'), migrations.map((name) => `removed ${name}\n`).reverse().join(''));
        assert.equal(exists(), false);
        assert.equal(succeed('migrate', '--to', '0'), 'nothing to do: the schema is at migration 0\n');
        for (let i = 1; i <= last; i++) {
            assert.equal(succeed('migrate', '--to', String(i)), `applied ${migrations[i - 1]}\n`);
        }
        assert.equal(describeSchema(), whole);
        for (let i = last - 1; i >= 0; i--) {
            assert.equal(succeed('migrate', '--to', String(i)), `removed ${migrations[i]}\n`);
        }
        assert.equal(exists(), false);
        succeed('migrate', '--app', 'main');
        assert.equal(describeSchema(), whole);
    });

    test('down with data in it, from whichever migration, and up again', () => {
        const asks = (what) => {
            const { status, stderr } = attempt(['migrate', '--to', 'zero']);
            assert.match(stderr, what);
            assert.match(stderr, /Type "yes" to go on: tuva-empi: nothing was deleted\nhint: answer yes, or give --yes$/m);
            assert.equal(status, 1);
        };
        succeed(...importing());
        asks(/^This deletes 0 persons with 0 records, 2 waiting rows, 1 job, 1 configuration and 0 users, with all/);
        succeed('matching-job');
        for (let i = last; i >= 1; i--) {
            succeed('migrate', '--to', String(i), '--yes');
            asks(/^This deletes 1 person with 2 records, /);
            assert.equal(sql('select count(*) from empi.person_record'), '2');
        }
        succeed('migrate', '--to', 'zero', '--yes');
        assert.equal(exists(), false);
        succeed('migrate');
        assert.equal(sql('select count(*) from empi.person'), '0');
        succeed('users', 'add', 'steward@example.org');
        asks(/ 0 jobs, 0 configurations and 1 user,/);
        succeed('flush', '--yes');
    });

    test('down to the first migration: what it takes off is asked for, and null, or made anew, after', () => {
        succeed(...importing('1'));
        succeed('matching-job');
        const members = () => sql('select person_id, match_group_id, max_match_probability from empi.open_match_person order by 1');
        const before = members();
        assert.match(before, /^\d+\|\d+\|0\.\d+\n\d+\|\d+\|0\.\d+$/);
        const later = migrations.slice(1);
        const { status, stderr } = attempt(['migrate', '--to', '1']);
        assert.equal(status, 1);
        assert.match(stderr, /^This deletes what the later migrations keep, of 2 persons with 2 records, [^]*\nType "yes" to go on: /);
        assert.equal(members(), before);
        assert.equal(succeed('migrate', '--to', '1', '--yes'), later.map((name) => `removed ${name}\n`).reverse().join(''));
        const stored = () => sql("select to_jsonb(r) - 'created' from empi.prediction_result r");
        const without = stored();
        assert.match(without, /"levels": \[1, 0\]/);
        assert.equal(succeed('migrate'), later.map((name) => `applied ${name}\n`).join(''));
        assert.deepEqual(JSON.parse(stored()), { ...JSON.parse(without), term_frequency_weights: null });
        assert.equal(members(), before);
        succeed('flush', '--yes');
    });

    test('every table and column that needs words has them', () => {
        assert.equal(sql(`select string_agg(relname, ' ') from pg_class
            where relnamespace = to_regnamespace('empi') and relkind = 'r' and obj_description(oid) is null`), '');
    });

    test('targets that are none', () => {
        for (const target of ['-1', '1.5', 'one', String(last + 1), '99999999999999999999', ' 1', '']) {
            const { status, stderr } = attempt(['migrate', '--to', target]);
            assert.equal(status, 2, target);
            assert.match(stderr, /^tuva-empi migrate: --to|^tuva-empi: .*--to/m, target);
        }
        refuse(['migrate', '--list', '--to', '1'], /--list and --to exclude each other/, 2);
        refuse(['migrate', '--json'], /--json needs --list/, 2);
        refuse(['migrate', '--app', 'auth'], /--app/, 2);
    });

    test('--list, for people and for programs', () => {
        succeed('migrate', '--to', 'zero');
        assert.match(succeed('migrate', '--list'), /^NUMBER +NAME +APPLIED +PROBLEM\n +0001 +index +no\n/);
        assert.equal(exists(), false, 'listing changes nothing');
        succeed('migrate');
        const states = JSON.parse(succeed('migrate', '--list', '--json'));
        assert.deepEqual(states.map(({ number, name }) => `${String(number).padStart(4, '0')}_${name}`), migrations);
        assert.ok(states.every(({ applied, problem }) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(applied) && problem === null));
    });
});

describe('what does not fit', () => {
    test('several at once: one does it, the others find it done', async () => {
        for (const target of ['zero', String(last)]) {
            const runs = Array.from({ length: 5 }, () => start('/tmp', ['migrate', '--yes', '--to', target], { env: server.env() }));
            let said = '';
            runs.forEach((each) => each.child.stdout.on('data', (data) => (said += data)));
            for (const each of runs) {
                assert.deepEqual(await each.ended, { status: 0, signal: null }, each.stderr);
            }
            assert.equal(said.match(/^(applied|removed) /gm).length, last);
            assert.equal(said.match(/^nothing to do/gm).length, 4);
        }
    });

    test('a schema that is behind: commands say what to run', () => {
        succeed('migrate', '--to', 'zero');
        for (const args of [importing(), ['matching-job'], ['export', 'crosswalk', '-o', '-'], ['flush', '--yes']]) {
            refuse(args, /^tuva-empi: the database's schema is at migration 0, this program needs \d+\nhint: run: tuva-empi migrate$/m);
        }
        assert.equal(exists(), false);
        succeed('migrate');
    });

    test('a migration that was edited', () => {
        sql("update empi.schema_migration set checksum = 'x' || substr(checksum, 2) where number = 1");
        const before = describeSchema();
        const edited = /^tuva-empi: migration 1 in the database is not this program's\nhint: a migration must not be edited/m;
        for (const args of [['migrate'], ['migrate', '--to', 'zero'], importing(), ['matching-job'], ['flush', '--yes']]) {
            refuse(args, edited);
        }
        assert.match(succeed('migrate', '--list'), /0001 +index +\S+ +edited after it was applied/);
        assert.equal(describeSchema(), before);
        server.reset();
        succeed('migrate');
    });

    test('a database that is newer than the program', () => {
        sql(`insert into empi.schema_migration (number, name, checksum) values (${last + 1}, 'later', 'x')`);
        const newer = new RegExp(`the database is newer than this program: it has migration ${last + 1}, the program knows ${last}\\n` +
            'hint: use the program that made it');
        for (const args of [['migrate'], ['migrate', '--to', 'zero'], importing(), ['matching-job'], ['flush', '--yes'],
            ['export', 'crosswalk', '-o', '-']]) {
            refuse(args, newer);
        }
        assert.match(succeed('migrate', '--list'), /later +\S+ +unknown to this program, which is older/);
        sql(`delete from empi.schema_migration where number = ${last + 1}`);
        assert.match(succeed('migrate'), /nothing to do/);
    });

    test('one that is missing', () => {
        const row = sql('delete from empi.schema_migration where number = 2 returning name, checksum').split('|');
        refuse(['migrate'], /^tuva-empi: the database lacks migration 2, but has migration 3$/m);
        assert.match(succeed('migrate', '--list'),
            /0001 +index +\S+\n +0002 +\w+ +no +missing, though later ones are applied\n +0003 +\w+ +2\S+\n/);
        sql(`insert into empi.schema_migration (number, name, checksum) values (2, '${row[0]}', '${row[1].split('\n')[0]}')`);
        assert.match(succeed('migrate'), /nothing to do/);
    });

    test('a migration that fails leaves nothing of any', () => {
        succeed('migrate', '--to', 'zero');
        // Somebody else's table stands where one of ours should be.
        sql('create schema empi; create table empi.manual_decision (n int); alter schema empi owner to empi');
        refuse(['migrate'], /^tuva-empi: migration 0001_index, up: database error 42P07: relation "manual_decision" already exists/);
        assert.equal(sql("select string_agg(tablename, ' ') from pg_tables where schemaname = 'empi'"), 'manual_decision');
        sql('drop schema empi cascade');
        succeed('migrate');
        // Down, too: somebody's view would be lost.
        sql('create view public.mine as select id from empi.match_event');
        refuse(['migrate', '--to', 'zero'], /^tuva-empi: migration 0001_index, down: database error 2BP01: /);
        assert.match(succeed('migrate'), /nothing to do/);
        sql('drop view public.mine');
    });

    test('a job at work is waited for, but not for ever', { skip: process.env.TUVA_EMPI_TEST_SLOW === undefined && 'takes half a minute' }, async () => {
        const holder = start('/tmp', ['psql', '--', '-X', '-q', '-A', '-t'], { env: server.env() });
        holder.child.stdin.write("begin; lock table empi.person in row exclusive mode; select 'held';\n");
        await new Promise((settle) => holder.child.stdout.once('data', settle));
        const { status, stderr } = await start('/tmp', ['flush', '--yes'], { env: server.env() }).ended;
        assert.equal(status, 1, stderr);
        holder.child.stdin.end();
        await holder.ended;
    });
});

describe('flush', () => {
    const filled = () => {
        succeed('flush', '--yes');
        succeed(...importing());
        succeed('matching-job');
        return sql('select count(*) from empi.person_record');
    };

    test('asks first, and takes only a yes', () => {
        assert.equal(filled(), '2');
        for (const input of ['', 'no\n', 'y\n', '\n', 'yes please\n', 'YES\n']) {
            const { status, stdout, stderr } = attempt(['flush'], { input });
            assert.notEqual(status, 0, input);
            assert.match(stdout + stderr, /1 person.*2 (person )?records/s);
            assert.match(stderr, /nothing was deleted\nhint: answer yes, or give --yes/);
            assert.equal(sql('select count(*) from empi.person_record'), '2');
        }
        const { status } = attempt(['flush'], { input: 'yes\n' });
        assert.equal(status, 0);
        assert.equal(sql('select count(*) from empi.person_record'), '0');
    });

    test('empties every table, and numbers begin anew', () => {
        const schema = describeSchema();
        filled();
        assert.equal(succeed('flush', '--yes'), 'All data of the index is deleted.\n');
        const tables = sql("select string_agg(tablename, ' ') from pg_tables where schemaname = 'empi' and tablename <> 'schema_migration'");
        for (const table of tables.split(' ')) {
            assert.equal(sql(`select count(*) from empi.${table}`), '0', table);
        }
        assert.equal(describeSchema(), schema);
        assert.match(succeed(...importing()), /^job_1$/m);
        succeed('matching-job');
        succeed('flush', '--yes');
    });
});

describe('psql', () => {
    test('its own options, the index\'s tables by name, its exit status', () => {
        const query = ['psql', '--', '-X', '-A', '-t', '-c'];
        assert.equal(succeed(...query, 'select count(*) from schema_migration'), `${last}\n`);
        assert.equal(parseTable(succeed('psql', '--', '-X', '--csv', '-c', 'select 1 as one'))[0].one, '1');
        assert.notEqual(attempt([...query, 'selct 1']).status, 0);
        assert.notEqual(attempt([...query, 'select 1'], { env: { TUVA_EMPI_DB__NAME: 'none' } }).status, 0);
        assert.equal(attempt(['psql', '--', '-X', '-A', '-t'], { input: 'select 7;\n' }).stdout, '7\n');
        const missing = attempt([...query, 'select 1'], { env: { PATH: '/nowhere' } });
        assert.match(missing.stderr, /cannot run psql: No such file or directory\nhint: install PostgreSQL's client/);
    });
});

describe('the documented make lines', () => {
    /** The source tree as it would be without what was built. */
    const copyTree = (t) => {
        const tree = makeFolder(t);
        for (const name of ['Makefile', 'tools', 'src/store/migrations']) {
            cpSync(join(root, name), join(tree, name), { recursive: true });
        }
        return tree;
    };

    // As somebody types it, though it may be make that runs this test.
    const aside = () => Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MAKE') && name !== 'MFLAGS'));

    test('make makemigrations name=…: the next pair, never over another', (t) => {
        const tree = copyTree(t);
        const make = (name) => spawnSync('make', ['makemigrations', `name=${name}`], { cwd: tree, encoding: 'utf8', env: aside() });
        const next = String(last + 1).padStart(4, '0');
        const { status, stdout } = make('person_title');
        assert.equal(status, 0);
        assert.equal(stdout, ['up', 'down'].map((way) => `src/store/migrations/${next}_person_title.${way}.sql\n`).join(''));
        assert.match(readFileSync(join(tree, `src/store/migrations/${next}_person_title.up.sql`), 'utf8'), /^-- /);
        assert.match(make('again').stdout, new RegExp(`${String(last + 2).padStart(4, '0')}_again`));
        for (const name of ['', 'Title', 'a b', '../x', '1st', "x'y", '$(touch x)']) {
            const before = readdirSync(join(tree, 'src/store/migrations'));
            assert.notEqual(make(name).status, 0, name);
            assert.deepEqual(readdirSync(join(tree, 'src/store/migrations')), before);
        }
    });

    test('make migrate, make migrate app=main: the program on the configured database', (t) => {
        const tree = copyTree(t);
        // Its build is not what is tested here.
        mkdirSync(join(tree, 'build'));
        for (const tool of ['install', 'build']) {
            writeFileSync(join(tree, 'tools', tool), '#!/bin/sh\n');
        }
        const make = (...words) => spawnSync('make', ['migrate', ...words], { cwd: tree, encoding: 'utf8',
            env: { ...aside(), ...server.env() } });
        const linked = spawnSync('sh', ['-c', 'sed -i "/ln -sf/d" Makefile && ln -sf "$0" build/tuva-empi',
            program], { cwd: tree });
        assert.equal(linked.status, 0);
        server.reset();
        assert.match(make().stdout, /applied 0001_index/);
        assert.match(make('app=main').stdout, /nothing to do/);
        assert.notEqual(make('app=other').status, 0);
    });
});
