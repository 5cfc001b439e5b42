// What happens when something runs out or somebody intervenes: memory, disk, patience, signals. And
// that large blocks do not take memory.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
    exact, formatCsv, link, makeFolder, makeModel, program, put, readTable, readText, refuse, run, start, until,
} from './support.mjs';

const nameModel = makeModel([exact('name')], ['l.name = r.name']);

// One block, and nothing that can be remembered from one pair to the next.
const slowModel = makeModel([{
    output_column_name: 'name',
    comparison_levels: [
        { sql_condition: 'damerau_levenshtein(name_l, name_r) <= 3', m_probability: 0.5, u_probability: 0.1 },
        { sql_condition: 'ELSE', m_probability: 0.5, u_probability: 0.9 },
    ],
}], ['1 = 1']);

const many = (count, name) => 'id,name\n' +
    Array.from({ length: count }, (_, i) => `${i},${name(i)}\n`).join('');

const outputs = ['--predictions', 'pairs.csv', '--crosswalk', 'crosswalk.csv', '--summary', 'summary.json'];

/** The sanitizers' own memory says nothing about the program's. */
const sanitized = spawnSync('grep', ['-qa', '__asan_init\\|__tsan_init', program]).status === 0;

describe('memory', () => {
    const synth = (folder, records) =>
        assert.equal(run(folder, ['synth', '--records', String(records), '--seed', '1', '--quiet',
            '-o', 'people.csv']).status, 0);

    test('a limit that is too low: a message, exit 3, nothing left', (t) => {
        const folder = makeFolder(t);
        synth(folder, 30_000);
        put(folder, 'model.json', makeModel([exact('first_name'), exact('address')], ['l.last_name = r.last_name']));
        for (const limit of ['1M', '3M', '5MB']) {
            refuse(folder, ['link', '--model', 'model.json', ...outputs, '--memory-limit', limit, 'people.csv'],
                3, /^tuva-empi: the memory limit of [0-9]+ MiB is used up\nhint: raise the memory limit/m);
        }
        link(folder, ['--model', 'model.json', '--memory-limit', '1GiB', '--quiet', 'people.csv']);
    });

    test('a machine with too little: not the limit is to blame', { skip: sanitized }, (t) => {
        const folder = makeFolder(t);
        synth(folder, 100_000);
        put(folder, 'model.json', makeModel([exact('first_name'), exact('address')], ['l.social_security_number = r.social_security_number']));
        refuse(folder, ['link', '--model', 'model.json', ...outputs, '--memory-limit', '1GiB', '--threads', '1',
            'people.csv'], 3, /^tuva-empi: out of memory\nhint: end other programs/m,
        { prefix: ['bash', '-c', 'ulimit -v 28000; exec "$0" "$@"'] });
    });

    test('NULL tests of more columns than a row has bits for', (t) => {
        const folder = makeFolder(t);
        const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
        const nothing = { ...exact('name'), output_column_name: 'nothing', comparison_levels: [
            { sql_condition: names.map((name) => `${name}_l is null or ${name}_r is null`).join(' or '), is_null_level: true },
            ...exact('name').comparison_levels.slice(-2)] };
        put(folder, 'model.json', makeModel([nothing, exact('name', 0.9, 0.1)], ['l.name = r.name']));
        put(folder, 'people.csv', formatCsv([['name', ...names],
            ...Array.from({ length: 20 }, (_, i) => ['ann', ...names.map((_, j) => (i === j ? '' : 'x'))])]));
        const pairs = (...more) => {
            link(folder, ['--model', 'model.json', '--quiet', '--predictions', 'pairs.csv', ...more, 'people.csv']);
            return readTable(folder, 'pairs.csv');
        };
        assert.equal(pairs().length, 190);
        assert.equal(pairs('--threshold-match-probability', '0.01').length, 190);
    });

    test('values of megabytes that are equal need no memory', (t) => {
        const folder = makeFolder(t);
        const near = exact('name');
        near.comparison_levels.splice(2, 0, { sql_condition: 'jaro_winkler_similarity(name_l, name_r) >= 0.9',
            m_probability: 0.5, u_probability: 0.1 });
        put(folder, 'model.json', makeModel([near], ['l.id2 = r.id2']));
        put(folder, 'people.csv', formatCsv([['name', 'id2'], ['x'.repeat(3_000_000), '1'], ['bob', '1'], ['ann', '2'], ['ann', '2']]));
        link(folder, ['--model', 'model.json', '--quiet', '--predictions', 'pairs.csv', 'people.csv']);
        assert.equal(readTable(folder, 'pairs.csv').length, 2);
    });

    test('any limit: done, or a message', (t) => {
        const folder = makeFolder(t);
        synth(folder, 2000);
        put(folder, 'model.json', makeModel([exact('first_name'), exact('address')], ['l.last_name = r.last_name']));
        const args = ['link', '--model', 'model.json', '--quiet', 'people.csv'];
        const expected = run(folder, args);
        const seen = new Set();
        for (let kib = 64; kib < 16 << 10; kib = Math.ceil(kib * 1.3)) {
            const result = run(folder, [...args, '--memory-limit', `${kib}K`]);
            seen.add(result.status);
            assert.ok(result.status === 0 || result.status === 3, `exit ${result.status} at ${kib} KiB`);
            if (result.status === 0) {
                assert.equal(result.stderr, expected.stderr);
            } else {
                assert.match(result.stderr, /^tuva-empi: the memory limit/m);
            }
        }
        assert.deepEqual([...seen].sort(), [0, 3]);
    });

    test('equal keys are streamed: 4,498,500 pairs and no more memory than for few', (t) => {
        const peak = (records) => {
            const folder = makeFolder(t);
            put(folder, 'model.json', nameModel);
            put(folder, 'people.csv', many(records, () => 'ann'));
            link(folder, ['--model', 'model.json', '--predictions', 'pairs.csv', '--summary', 'summary.json',
                '--quiet', '--threshold-match-weight', '500', 'people.csv']);
            const summary = JSON.parse(readText(folder, 'summary.json'));
            assert.equal(summary.pairs, records * (records - 1) / 2);
            assert.equal(summary.pairs_kept, 0);
            return summary.peak_memory_bytes;
        };
        const few = peak(30);
        const all = peak(3000);
        assert.ok(sanitized || all - few < 8 << 20, `${few} bytes, then ${all}`);
    });

    test('equal keys, all pairs written', (t) => {
        const folder = makeFolder(t);
        put(folder, 'model.json', nameModel);
        put(folder, 'people.csv', many(1500, () => 'ann'));
        link(folder, ['--model', 'model.json', '--predictions', 'pairs.csv', '--crosswalk', 'crosswalk.csv',
            '--cluster-probability', '0.1', '--quiet', 'people.csv']);
        assert.equal(readText(folder, 'pairs.csv').split('\n').length - 2, 1500 * 1499 / 2);
        assert.ok(readTable(folder, 'crosswalk.csv').every((row) => row.cluster_id === '1'));
    });

    test('a rule without equality: the warning comes first, then the pairs', async (t) => {
        const folder = makeFolder(t);
        put(folder, 'model.json', slowModel);
        put(folder, 'people.csv', many(60_000, (i) => `n${i * 7919 % 60_000}`));
        const running = start(folder, ['link', '--model', 'model.json', ...outputs, 'people.csv']);
        await until(() => running.stderr.includes('\n'), 'the warning');
        assert.match(running.stderr, /^warning: blocking rule 0 has no equality to join on: all 1,799,970,000 pairs will be looked at\n/);
        running.child.kill('SIGTERM');
        assert.deepEqual(await running.ended, { status: 143, signal: null });
    });
});

describe('disk', () => {
    const prepare = (t) => {
        const folder = makeFolder(t);
        put(folder, 'model.json', nameModel);
        put(folder, 'people.csv', many(1000, (i) => `n${i % 10}`));
        return folder;
    };

    test('a full device: exit 3, and the other outputs do not appear', (t) => {
        for (const full of ['--predictions', '--crosswalk', '--summary']) {
            const folder = prepare(t);
            const args = outputs.map((arg, i) => (i > 0 && outputs[i - 1] === full ? '/dev/full' : arg));
            refuse(folder, ['link', '--model', 'model.json', '--quiet', ...args, 'people.csv'], 3,
                'tuva-empi: /dev/full: cannot write: No space left on device\n');
        }
    });

    test('a full file system: exit 3, and it is as empty as before', (t) => {
        const folder = prepare(t);
        mkdirSync(join(folder, 'small'));
        const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', join(folder, 'small')]);
        if (mounted.status !== 0) {
            t.skip('may not mount a small file system');
            return;
        }
        try {
            for (const name of ['pairs.csv', 'pairs.csv.gz']) {
                refuse(folder, ['link', '--model', 'model.json', '--quiet', '--predictions', `small/${name}`,
                    '--crosswalk', 'crosswalk.csv', 'people.csv'], 3,
                `tuva-empi: small/${name}: cannot write: No space left on device\n`);
            }
            assert.deepEqual(readdirSync(join(folder, 'small')), []);
        } finally {
            spawnSync('umount', [join(folder, 'small')]);
        }
    });

    test('a limit on the size of files: exit 3, nothing left', (t) => {
        refuse(prepare(t), ['link', '--model', 'model.json', '--quiet', ...outputs, 'people.csv'], 3,
            'tuva-empi: pairs.csv: cannot write: File too large\n',
            { prefix: ['bash', '-c', 'ulimit -f 8; exec "$0" "$@"'] });
    });

    test('no room for the copy of standard input', (t) => {
        const folder = prepare(t);
        mkdirSync(join(folder, 'small'));
        const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', join(folder, 'small')]);
        if (mounted.status !== 0) {
            t.skip('may not mount a small file system');
            return;
        }
        try {
            refuse(folder, ['link', '--model', 'model.json', ...outputs, '-'], 3,
                'tuva-empi: cannot keep a copy of standard input: No space left on device\n' +
                'hint: point TMPDIR to a directory with more room\n',
                { input: many(100_000, (i) => `n${i}`), env: { TMPDIR: join(folder, 'small') } });
        } finally {
            spawnSync('umount', [join(folder, 'small')]);
        }
    });

    test('a reader that goes away: a failed write, not a silent death', (t) => {
        const folder = prepare(t);
        const result = spawnSync('bash', ['-c', '"$0" link --model model.json --quiet --predictions - ' +
            '--crosswalk crosswalk.csv people.csv | true; exit ${PIPESTATUS[0]}', program], { cwd: folder });
        assert.equal(result.status, 1);
        assert.equal(result.stderr.toString(), 'tuva-empi: /dev/stdout: cannot write: Broken pipe\n');
        assert.deepEqual(readdirSync(folder).sort(), ['model.json', 'people.csv']);
    });
});

describe('signals', () => {
    const inputs = ['model.json', 'people.csv'];
    const files = (folder) => readdirSync(folder).sort();

    /** A run that is in the middle of scoring, with an older output in place. */
    async function startSlow(t) {
        const folder = makeFolder(t);
        put(folder, 'model.json', slowModel);
        put(folder, 'people.csv', many(60_000, (i) => `n${i * 7919 % 60_000}`));
        put(folder, 'crosswalk.csv', 'old');
        const running = start(folder, ['link', '--model', 'model.json', ...outputs, 'people.csv']);
        await until(() => running.stderr.includes('warning: '), 'the warning before scoring');
        return { folder, running };
    }

    for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
        test(`${signal} while scoring: no files, the older output stays, exit ${status}`, async (t) => {
            const { folder, running } = await startSlow(t);
            assert.ok(files(folder).length > 3, 'unfinished files lie beside');
            running.child.kill(signal);
            assert.deepEqual(await running.ended, { status, signal: null });
            assert.deepEqual(files(folder), ['crosswalk.csv', ...inputs]);
            assert.equal(readText(folder, 'crosswalk.csv'), 'old');
        });

        test(`${signal} while waiting for standard input`, async (t) => {
            const folder = makeFolder(t);
            put(folder, 'model.json', nameModel);
            const running = start(folder, ['link', '--model', 'model.json', ...outputs, '-']);
            running.child.stdin.on('error', () => {});
            running.child.stdin.write('id,name\n');
            await until(() => files(folder).length > 1, 'the unfinished files');
            running.child.kill(signal);
            assert.deepEqual(await running.ended, { status, signal: null });
            assert.deepEqual(files(folder), ['model.json']);
        });
    }

    test('a signal that is ignored from outside stays ignored', async (t) => {
        const folder = makeFolder(t);
        put(folder, 'model.json', nameModel);
        const child = spawn('bash', ['-c', 'trap "" HUP INT; exec "$0" "$@"', program, 'link', '--model',
            'model.json', '--quiet', ...outputs, '-'], { cwd: folder });
        const ended = new Promise((settle) => child.on('close', settle));
        await until(() => files(folder).length > 1, 'the unfinished files');
        child.kill('SIGHUP');
        child.kill('SIGINT');
        child.stdin.end('id,name\n1,ann\n');
        assert.equal(await ended, 0);
        assert.deepEqual(files(folder), ['crosswalk.csv', 'model.json', 'pairs.csv', 'summary.json']);
    });

    test('synth stops without a file, too', async (t) => {
        const folder = makeFolder(t);
        const running = start(folder, ['synth', '--records', '1000000000', '--seed', '1', '-o', 'people.csv']);
        await until(() => files(folder).length > 0, 'the unfinished file');
        running.child.kill('SIGINT');
        assert.deepEqual(await running.ended, { status: 130, signal: null });
        assert.deepEqual(files(folder), []);
    });

    test('SIGKILL: nothing under the final names, the older output stays', async (t) => {
        const { folder, running } = await startSlow(t);
        running.child.kill('SIGKILL');
        assert.deepEqual(await running.ended, { status: null, signal: 'SIGKILL' });
        const left = files(folder);
        assert.equal(left.includes('pairs.csv') || left.includes('summary.json'), false);
        assert.equal(readText(folder, 'crosswalk.csv'), 'old');
        assert.ok(left.every((name) => inputs.includes(name) || name === 'crosswalk.csv' ||
            /^\..*\.partial$/.test(name)), left.join(' '));
    });

    test('a file that changes while it is linked', async (t) => {
        const folder = makeFolder(t);
        put(folder, 'model.json', slowModel);
        put(folder, 'people.csv', many(1500, (i) => `n${i * 7919 % 1500}`));
        const running = start(folder, ['link', '--model', 'model.json', '--threads', '1', ...outputs, 'people.csv']);
        await until(() => running.stderr.includes('warning: '), 'the warning before scoring');
        put(folder, 'people.csv', many(1500, () => 'SECRET'));
        assert.deepEqual(await running.ended, { status: 1, signal: null });
        assert.match(running.stderr, /^tuva-empi: people\.csv was changed while it was being linked$/m);
        assert.deepEqual(files(folder), inputs);
    });
});
