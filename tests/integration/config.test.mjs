// The configuration from outside: the file, the environment, what is told of faults and what is not.
// The rules of each key are tested in tests/unit/config.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { makeFolder, put, root, run } from './support.mjs';

const markdown = () => run(root, ['config', 'keys', '--markdown'], { env: { TUVA_EMPI_CONFIG_FILE: '' } }).stdout;

/** Path, variable, kind, default and meaning of every key, as the program tells them. */
const keys = markdown().split('\n').slice(2, -1).map((line) => {
    const [names, holds, fallback, meaning] = line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, ''));
    const [path, variable] = names.split('<br>').map((name) => name.replaceAll('`', ''));
    return { path, variable, holds, fallback, meaning, secret: meaning.endsWith('(secret)') };
});

/** A value that a key may have, different from its default, as JSON and as text. */
function example({ path, holds }) {
    if (holds.startsWith('localhost or an address')) {
        return ['::1', '::1'];
    }
    if (holds.startsWith('a list of origins')) {
        return [['https://a.example.org', 'http://b'], 'https://a.example.org,http://b'];
    }
    if (holds.startsWith('a list of texts')) {
        return [['a.example.org', 'b'], 'a.example.org,b'];
    }
    if (holds.startsWith('a list of addresses')) {
        return [['192.0.2.1', 'fd00::/8'], '192.0.2.1,fd00::/8'];
    }
    if (holds.startsWith('a list of ')) {
        return [['import', 'export'], 'import,export'];
    }
    if (holds.startsWith('a port') || holds.startsWith('a whole number')) {
        return [77, '77'];
    }
    if (holds.startsWith('a number of bytes')) {
        return [123456, '123456'];
    }
    if (holds.startsWith('an http')) {
        return ['https://idp.example.org/x', 'https://idp.example.org/x'];
    }
    if (holds.includes(' or ')) {
        const word = holds.split(/, | or /)[1];
        return [word, word];
    }
    return [`value-of-${path}`, `value-of-${path}`];
}

/** The text of one more value, different from both. */
function another({ path, holds }) {
    if (holds.startsWith('localhost or an address')) {
        return '0.0.0.0';
    }
    if (holds.startsWith('a list of origins')) {
        return 'https://c';
    }
    if (holds.startsWith('a list of texts')) {
        return 'c';
    }
    if (holds.startsWith('a list of addresses')) {
        return '10.0.0.0/8';
    }
    if (holds.startsWith('a list of ')) {
        return 'config';
    }
    if (/^a (port|whole number|number)/.test(holds)) {
        return path === 'server.max_body_bytes' ? '78000' : '78';
    }
    if (holds.startsWith('an http')) {
        return 'http://other.example.org';
    }
    return holds.includes(' or ') ? holds.split(/, | or /)[0] : 'another';
}

const nest = (path, value) => path.split('.').reverse().reduce((inner, step) => ({ [step]: inner }), value);

const merge = (a, b) => {
    for (const [key, value] of Object.entries(b)) {
        a[key] = typeof value === 'object' && !Array.isArray(value) ? merge(a[key] ?? {}, value) : value;
    }
    return a;
};

/** What `config check` says of a file and an environment. */
function check(t, file, env = {}, args = []) {
    const folder = makeFolder(t);
    const named = file === null ? {} : { TUVA_EMPI_CONFIG_FILE: join(folder, put(folder, 'config.json', file)) };
    return run(folder, ['config', 'check', ...args], { env: { TUVA_EMPI_CONFIG_FILE: '', ...named, ...env } });
}

/** The effective keys: { path: [value, from] }. */
function effective(t, file, env) {
    const { status, stdout, stderr } = check(t, file, env, ['--json']);
    assert.equal(status, 0, stderr);
    return Object.fromEntries(JSON.parse(stdout).keys.map(({ key, value, from }) => [key, [value, from]]));
}

/** All keys that may stand together. */
const usable = keys.filter(({ path, holds }) => holds !== 'anything' && !path.startsWith('django.'));
const inFile = usable.filter(({ meaning }) => !meaning.includes('only from the environment'));

describe('the table of keys', () => {
    test('docs/configuration.md has it as the program does', () => {
        const text = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
        assert.ok(text.includes(`\n\n${markdown()}\n`),
            'paste what tuva-empi config keys --markdown prints into docs/configuration.md');
    });

    test('the list for people names each key, its variable and its default', () => {
        const { stdout } = run(root, ['config', 'keys'], { env: { TUVA_EMPI_CONFIG_FILE: '' } });
        for (const { path, variable, fallback } of keys) {
            const place = stdout.indexOf(`${path}\n`);
            const end = stdout.indexOf(`\n  ${variable}\n`, place);
            assert.ok(place >= 0 && end > place, path);
            assert.ok(stdout.slice(place, end).includes(fallback === '' ? '' : `default: ${fallback}`), path);
        }
    });

    test('variables are the paths, and names are used once', () => {
        for (const { path, variable } of keys) {
            assert.equal(variable, `TUVA_EMPI_${path.toUpperCase().replaceAll('.', '__')}`);
        }
        assert.equal(new Set(keys.map(({ path }) => path)).size, keys.length);
        assert.ok(keys.length > 30);
    });
});

describe('where values come from', () => {
    test('defaults', (t) => {
        const values = effective(t, null);
        for (const { path, fallback } of usable.filter((key) => key.path in values)) {
            assert.deepEqual(values[path], [fallback === '' || fallback === 'none' ? null : fallback, 'default'], path);
        }
        assert.deepEqual(values['server.port'], ['8000', 'default']);
        assert.equal('db.host' in values, false);
    });

    test('every key of the file counts', (t) => {
        const file = inFile.reduce((all, key) => merge(all, nest(key.path, example(key)[0])), {});
        const values = effective(t, file);
        for (const key of inFile) {
            assert.deepEqual(values[key.path], [key.secret ? '(hidden)' : example(key)[1], 'file'], key.path);
        }
    });

    test('every variable overrides its key', (t) => {
        const file = inFile.reduce((all, key) => merge(all, nest(key.path, example(key)[0])), {});
        for (const key of usable) {
            const other = another(key);
            const values = effective(t, file, { [key.variable]: other });
            assert.deepEqual(values[key.path], [key.secret ? '(hidden)' : other, 'environment'], key.path);
            if (!inFile.includes(key)) {
                continue;
            }
            const others = inFile.filter(({ path }) => path !== key.path);
            assert.ok(others.every(({ path }) => values[path][1] === 'file'), key.path);
        }
    });

    test('the old names', (t) => {
        const values = effective(t, { django: { debug: true, secret_key: 'x', allowed_hosts: ['h'], cors_allowed_origins: [] } });
        assert.deepEqual(values['server.allowed_hosts'], ['h', 'file']);
        assert.deepEqual(values['server.secret_key'], ['(hidden)', 'file']);
    });

    test('for people, with the place of the data', (t) => {
        const { stdout } = check(t, { db: { host: 'db', user: 'u', password: 'SECRET' } });
        assert.match(stdout, /^db\.password +\(hidden\) +file$/m);
        assert.match(stdout, /^database: tuva_empi on db, port 5432$/m);
        assert.match(check(t, null, { TUVA_EMPI_DATA_DIR: '/some/place' }).stdout,
            /^file: none\ndatabase: private PostgreSQL in \/some\/place$/m);
    });

    test('and variables that are nearly ours, without their values', (t) => {
        const { status, stdout, stderr } = check(t, null, { TUVA_EMPI_DB_PASSWORD: 'SECRET', TUVA_EMPI_DATADIR: '/SECRET',
            TUVA_EMPI_PORT: 'tcp://10.0.0.1:8000' });
        assert.equal(status, 0, stderr);
        assert.deepEqual(stdout.split('\n').filter((line) => line.startsWith('note:')).sort(), [
            'note: TUVA_EMPI_DATADIR in the environment has no effect; did you mean TUVA_EMPI_DATA_DIR?',
            'note: TUVA_EMPI_DB_PASSWORD in the environment has no effect; did you mean TUVA_EMPI_DB__PASSWORD?',
        ]);
        assert.doesNotMatch(stdout + stderr, /SECRET/);
    });
});

describe('faults', () => {
    test('all at once, with what stands there, and no command begins', (t) => {
        const folder = makeFolder(t);
        const file = put(folder, 'config.json', { db: { host: '', port: 'ssh', sslmode: 'yes', password: 'SECRET' },
            server: { port: 0, listn: '::' }, matching_service: { job_runner: 'cron' }, idp: { keycloak: { realm: 'r' } } });
        const env = { TUVA_EMPI_CONFIG_FILE: join(folder, file), TUVA_EMPI_SERVER__THREADS: 'many',
            TUVA_EMPI_DB__PASWORD: 'SECRET', TUVA_EMPI_DATA_DIR: join(folder, 'data') };
        const commands = [['config', 'check'], ['migrate'], ['psql'], ['flush', '--yes'], ['matching-job'],
            ['export', 'crosswalk', '-o', 'out.csv']];
        for (const args of commands) {
            const { status, stdout, stderr } = run(folder, args, { env });
            assert.equal(status, 1, args[0]);
            assert.equal(stdout, '');
            assert.match(stderr, /^tuva-empi: configuration \S+config\.json has 10 faults$/m, stderr);
            for (const fault of [/^db\.host: must not be empty$/m, /^db\.port: must be a port from 1 to 65535, not "ssh"$/m,
                /^db\.sslmode: must be disable, allow, .* or verify-full, not "yes"$/m, /^db\.user: is missing/m,
                /^server\.port: must be a port from 1 to 65535, not 0$/m,
                /^server\.listn: unknown key; did you mean "server\.listen"\?$/m,
                /^matching_service\.job_runner: must be process or k8s, not "cron"$/m, /^idp\.backend: is missing/m,
                /^TUVA_EMPI_SERVER__THREADS: must be a whole number from 1 to 10000, not "many"$/m,
                /^TUVA_EMPI_DB__PASWORD: unknown key; did you mean TUVA_EMPI_DB__PASSWORD\?$/m]) {
                assert.match(stderr, fault);
            }
            assert.doesNotMatch(stderr, /SECRET/);
        }
    });

    test('no secret is shown, whatever is wrong with it', (t) => {
        for (const { path, variable } of keys.filter((key) => key.secret)) {
            for (const value of [['SECRET'], { SECRET: 1 }, `SECRET\u0000`, 12345678]) {
                const { stdout, stderr } = check(t, nest(path, value));
                assert.doesNotMatch(stdout + stderr, /SECRET|12345678/, path);
            }
            const { stdout, stderr } = check(t, null, { [variable]: 'SECRET' });
            assert.doesNotMatch(stdout + stderr, /SECRET/, path);
        }
    });

    test('files that are none', (t) => {
        const folder = makeFolder(t);
        const cases = {
            'none.json': /^tuva-empi: TUVA_EMPI_CONFIG_FILE: \S*none\.json: cannot open: No such file or directory$/m,
            'broken.json': /broken\.json: line 2, column \d+/,
            'empty.json': /empty\.json/,
            'list.json': /must be an object/,
            'twice.json': /duplicate|twice/i,
            'latin.json': /unable to decode/,
            '.': /directory/,
        };
        put(folder, 'broken.json', '{\n"db": }');
        put(folder, 'empty.json', '');
        put(folder, 'list.json', '[]');
        put(folder, 'twice.json', '{"env": "a", "env": "b"}');
        put(folder, 'latin.json', Buffer.from('{"env": "\xe9"}', 'latin1'));
        for (const [name, message] of Object.entries(cases)) {
            const { status, stderr } = run(folder, ['config', 'check'], { env: { TUVA_EMPI_CONFIG_FILE: join(folder, name) } });
            assert.match(stderr, message, name);
            assert.equal(status, 1, name);
        }
    });

    test('a configuration in AWS Secrets Manager is not passed over in silence', (t) => {
        const { status, stderr } = check(t, null, { TUVA_EMPI_CONFIG_AWS_SECRET_ARN: 'arn:aws:secretsmanager:eu-west-1:1:secret:x',
            AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'SECRET', AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1' });
        assert.equal(status, 1);
        assert.match(stderr, /TUVA_EMPI_CONFIG_AWS_SECRET_ARN: AWS Secrets Manager: http:\/\/127\.0\.0\.1:1: no connection/);
    });
});
