// Jobs at the command line: listing, cancelling, waiting; and the worker that writes exports.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { model, numbers, person } from './index-support.mjs';
import { parseTable } from './support.mjs';
import { ServedIndex, eventually, kill, stop } from './service-support.mjs';

let index;
let round = 0;
before(() => (index = new ServedIndex()));
afterEach(() => index.release());
after(() => index.remove());

const records = () => [person(`r${++round}`, { phone: `r${round}` })];

/** Ends in failure when it runs. */
const spoil = (job) => index.sql(`
    with config as (
        insert into empi.config (splink_settings, potential_match_threshold, auto_match_threshold)
        values ('{"nonsense": 1}', 0.5, 0.9)
        returning id
    )
    update empi.job set config_id = config.id from config where job.id = ${job.slice(4)}`);

/** Keeps every runner from beginning, as another one that is at work would. */
const holdRunners = () => index.hold('select pg_advisory_xact_lock(7310475126403121)');

describe('jobs', () => {
    test('fault_26_can_be_listed_and_shown', () => {
        const [first, second, third] = [1, 2, 3].map(() => index.import(records(), numbers));
        spoil(second);
        index.run('matching-job');
        assert.equal(index.try(['matching-job']).status, 1);
        const list = JSON.parse(index.run('jobs', '--json').stdout);
        assert.deepEqual(list.map(({ id, status }) => [id, status]),
            [[third, 'new'], [second, 'failed'], [first, 'succeeded']]);
        assert.match(list[1].reason, /^Error: /);
        assert.deepEqual(Object.keys(list[0]), ['id', 'job_type', 'status', 'reason', 'config_id', 'source_uri',
            'created', 'updated', 'attempts', 'progress']);
        assert.deepEqual(list[0].progress, { phase: null, done: null, total: null });
        assert.match(list[0].created, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/);
        assert.deepEqual(index.sql(`select j.updated > e.created as after from empi.job j
            join empi.match_event e on e.job_id = j.id where j.id = 1`), [{ after: 't' }], 'updated when it ended, not when it began');
        assert.deepEqual(JSON.parse(index.run('jobs', 'show', second, '--json').stdout), list[1]);
        assert.deepEqual(JSON.parse(index.run('jobs', '--json', '--limit', '1').stdout), [list[0]]);

        const lines = index.run('jobs').stdout.trimEnd().split('\n');
        assert.match(lines[0], /^ +ID {2}STATUS +PROGRESS +TRIES +TYPE +CREATED +SOURCE +REASON$/);
        assert.match(lines[2], /^job_2 {2}failed .* import-person-records .* Error: /);
        assert.match(index.run('jobs', 'show', '2').stdout, /^id +job_2\n.*^status +failed\n.*^reason +Error: /ms);
        index.run('matching-job');
    });

    test('that do not exist, and what is no id', () => {
        for (const args of [['jobs', 'show', 'job_99'], ['jobs', 'cancel', '99']]) {
            const result = index.try(args);
            assert.deepEqual([result.status, result.stderr], [1, 'tuva-empi: there is no job job_99\n']);
        }
        for (const text of ['cfg_1', '-1', '0', 'job_', '']) {
            assert.equal(index.try(['jobs', 'show', '--', text]).status, 2, text);
        }
    });

    test('that have not begun can be cancelled; others cannot', async () => {
        const [kept, gone] = [index.import(records(), numbers), index.import(records(), numbers)];
        assert.equal(index.run('jobs', 'cancel', gone).stdout, `${gone} is cancelled\n`);
        assert.deepEqual([index.job(gone).status, index.job(gone).reason], ['failed', 'Cancelled']);
        assert.deepEqual(index.sql(`select count(*) from empi.person_record_staging where job_id = ${gone.slice(4)}`),
            [{ count: '0' }]);
        assert.match(index.try(['jobs', 'cancel', gone]).stderr, new RegExp(`${gone} has already failed`));
        const held = await index.holdJobs();
        const runner = index.start(['matching-job']);
        await eventually(() => index.job(kept).status === 'running', 'the job');
        assert.match(index.try(['jobs', 'cancel', kept]).stderr, new RegExp(`${kept} is running`));
        await held.end();
        assert.equal((await runner.ended).status, 0);
        assert.match(index.run('matching-job').stderr, /there is no job/);
        assert.equal(index.crosswalk().some((row) => row.source_person_id === `r${round}`), false);
    });

    test('a cancelled one is not begun by a runner that has just chosen it', async () => {
        const job = index.import(records(), numbers);
        const service = await index.serve();
        await index.ended(job);
        await stop(service);
        // The runner waits for the row of its job; meanwhile that is cancelled.
        const next = index.import(records(), numbers);
        const held = await index.hold(`update empi.job set status = 'failed', reason = 'Cancelled'
            where id = ${next.slice(4)}`);
        const runner = index.start(['matching-job']);
        await eventually(() => index.sql(`select 1 as one from pg_stat_activity
            where application_name = 'tuva-empi matching-job' and wait_event_type = 'Lock'`).length > 0, 'the runner');
        await held.commit();
        assert.equal((await runner.ended).status, 1);
        assert.match(runner.stderr, new RegExp(`${next} was cancelled`));
        assert.deepEqual([index.job(next).status, index.job(next).reason], ['failed', 'Cancelled']);
        index.sql(`delete from empi.person_record_staging where job_id = ${next.slice(4)}`);
    });
});

describe('a runner without a service', () => {
    const staged = (job) => Number(index.sql(`select count(*) from empi.person_record_staging
        where job_id = ${job.slice(4)}`)[0].count);

    /** Starts one and waits until it is in the middle of the job; kills it. */
    async function beginAndDie(job) {
        const runner = index.start(['matching-job']);
        await eventually(() => index.job(job).status === 'running' && index.sql(`select 1 as one from pg_stat_activity
            where application_name = 'tuva-empi matching-job' and wait_event_type = 'Lock'`).length > 0, 'the job');
        kill(runner.child.pid);
        await runner.ended;
        // The server would notice only when it has got the lock.
        await eventually(() => index.sql(`with runner as materialized (
                select pid from pg_stat_activity where application_name = 'tuva-empi matching-job'
            )
            select pg_terminate_backend(pid) from runner`).length === 0, 'its end');
    }

    test('fault_28_a_job_that_killed_three_of_them_does_not_block_the_queue', async () => {
        const held = await index.holdJobs();
        const [bad, good] = [index.import(records(), numbers), index.import(records(), numbers)];
        for (let tries = 1; tries <= 3; tries++) {
            await beginAndDie(bad);
            assert.deepEqual([index.job(bad).status, index.job(bad).attempts], ['running', tries]);
        }
        await held.end();
        const last = index.try(['matching-job']);
        assert.deepEqual([last.status, last.stderr],
            [1, `tuva-empi: ${bad} failed: its runner died 3 times without an answer\n`]);
        const { status, reason, progress } = index.job(bad);
        assert.deepEqual([status, reason], ['failed', 'Error: its runner died 3 times without an answer']);
        assert.deepEqual(progress, { phase: null, done: null, total: null });
        assert.equal(staged(bad), 0);
        index.run('matching-job');
        assert.equal(index.job(good).status, 'succeeded');
    });

    test('a job whose runner is dead can be cancelled', async () => {
        const held = await index.holdJobs();
        const job = index.import(records(), numbers);
        await beginAndDie(job);
        assert.equal(index.run('jobs', 'cancel', job).stdout, `${job} is cancelled\n`);
        assert.equal(staged(job), 0);
        await held.end();
        assert.match(index.run('matching-job').stderr, /there is no job/);
    });

    for (const status of ['new', 'failed']) {
        test(`a job that is ${status} again when it would end has not succeeded`, async () => {
            const held = await index.holdJobs();
            const job = index.import(records(), numbers);
            const runner = index.start(['matching-job']);
            await eventually(() => index.job(job).status === 'running', 'the job');
            index.sql(`update empi.job set status = '${status}', reason = 'mine' where id = ${job.slice(4)}`);
            await held.end();
            assert.equal((await runner.ended).status, 1);
            assert.match(runner.stderr, new RegExp(`${job} was ended by somebody else`));
            const { status: now, reason } = index.job(job);
            // Open, it is the runner's still, and to be tried again.
            assert.deepEqual([now, reason === 'mine'], [status, status === 'failed']);
            assert.equal(index.crosswalk().some((row) => row.source_person_id === `r${round}`), false);
            assert.equal(staged(job), 1);
            index.run('jobs', ...(status === 'new' ? ['cancel', job] : []));
            index.sql(`delete from empi.person_record_staging where job_id = ${job.slice(4)}`);
        });
    }

    test('a job whose staged rows vanish fails', async () => {
        const held = await index.hold('lock table empi.person_record in share mode');
        const job = index.import(records(), numbers);
        const runner = index.start(['matching-job']);
        await eventually(() => index.sql(`select 1 as one from pg_stat_activity where wait_event_type = 'Lock'
            and application_name = 'tuva-empi matching-job' and query like 'copy empi.person_record (%'`).length > 0,
        'the job');
        index.sql(`delete from empi.person_record_staging where job_id = ${job.slice(4)}`);
        await held.end();
        assert.equal((await runner.ended).status, 1);
        assert.match(index.job(job).reason, /^Error: staged rows of the job were deleted/);
        assert.equal(index.crosswalk().some((row) => row.source_person_id === `r${round}`), false);
    });
});

describe('import --wait', () => {
    test('runs the queue itself where there is no service', () => {
        const before = index.import(records(), numbers);
        const mine = index.import(records(), numbers, '--wait');
        assert.deepEqual([index.job(before).status, index.job(mine).status], ['succeeded', 'succeeded']);
        index.check();
    });

    test('waits for the service where there is one', async () => {
        const service = await index.serve();
        const job = index.import(records(), numbers, '--wait', '--quiet');
        assert.equal(index.job(job).status, 'succeeded');
        await eventually(() => service.stderr.includes(`${job} succeeded`), 'the log');
    });

    test('goes on when the service dies', async () => {
        const service = await index.serve();
        const held = await index.holdJobs();
        const waiting = index.start([...index.importing(records(), numbers), '--wait']);
        await eventually(() => waiting.stdout.includes('job_'), 'the import');
        kill(await index.runnerOf(service));
        kill(service.child.pid);
        await held.end();
        assert.deepEqual(await waiting.ended, { status: 0, signal: null });
        assert.match(waiting.stderr, /1 row to match\n.*job_\d+ succeeded\n$/s);
        index.check();
    });

    test('tells the reason of a failure', async () => {
        const held = await holdRunners();
        const waiting = index.start([...index.importing(records(), numbers), '--wait']);
        await eventually(() => waiting.stdout.includes('\n'), 'the import');
        spoil(waiting.stdout.trim());
        await held.end();
        assert.deepEqual(await waiting.ended, { status: 1, signal: null });
        assert.match(waiting.stderr, /tuva-empi: job_\d+ failed: Error: .*nonsense/s);
    });

    test('ends at a signal, and the job stays in the queue', async () => {
        const held = await index.holdJobs();
        const waiting = index.start([...index.importing(records(), numbers), '--wait']);
        await eventually(() => waiting.stdout.includes('\n') &&
            index.sql("select 1 as one from empi.job where status = 'running'").length > 0, 'the import');
        assert.deepEqual(await stop(waiting, 'SIGINT'), { status: 130, signal: null });
        assert.match(waiting.stderr, /hint: job_\d+ stays in the queue/);
        assert.equal(index.job(waiting.stdout.trim()).status, 'new');
        await held.end();
        index.import(records(), numbers, '--wait');
        assert.equal(index.job(waiting.stdout.trim()).status, 'succeeded');
    });
});

describe('an index that is emptied', () => {
    test('ends who waits for a job of it', async () => {
        const held = await holdRunners();
        const waiting = index.start([...index.importing(records(), numbers), '--wait']);
        await eventually(() => waiting.stdout.includes('\n'), 'the import');
        index.run('flush', '--yes');
        await held.end();
        assert.deepEqual(await waiting.ended, { status: 1, signal: null });
        assert.match(waiting.stderr, /tuva-empi: there is no job job_\d+/);
    });
});

describe('the export worker', () => {
    const order = (target) => `job_${index.sql(`insert into empi.job (job_type, source_uri)
        values ('export-potential-matches', '${target}') returning id`)[0].id}`;
    const path = (name) => join(index.folder, name);

    // One group with so many results that no pipe holds them.
    before(() => index.run(...index.importing(Array.from({ length: 100 },
        (_, i) => person(`e${i}`, { phone: 'e', last_name: `n${i}` })), model, '0.95'), '--wait'));

    test('writes what was asked for, and ends', () => {
        const jobs = [order(path('one.csv')), order(`file://${path('two.csv')}`)];
        index.run('process_export_jobs', '--once');
        index.run('export', 'potential-matches', '-o', 'three.csv');
        const text = readFileSync(path('three.csv'), 'utf8');
        assert.equal(readFileSync(path('one.csv'), 'utf8'), text);
        assert.equal(readFileSync(path('two.csv'), 'utf8'), text);
        assert.equal(parseTable(text).length, 100 * 99 / 2);
        assert.deepEqual(jobs.map((job) => index.job(job).status), ['succeeded', 'succeeded']);
    });

    test('tells what cannot be written to, and goes on', () => {
        const jobs = ['s3://no_bucket/key', 'relative.csv', '/nonexistent/x.csv', 'ftp://x/y', path('good.csv')].map(order);
        assert.match(index.run('process_export_jobs', '--once').stderr, /Invalid S3 URI/);
        assert.deepEqual(jobs.map((job) => index.job(job).status),
            ['failed', 'failed', 'failed', 'failed', 'succeeded']);
        assert.deepEqual(jobs.slice(0, 2).map((job) => index.job(job).reason), ['Error: Invalid S3 URI',
            'Error: an export goes to s3://BUCKET/KEY, file:///PATH or an absolute path']);
        assert.match(index.job(jobs[2]).reason, /nonexistent/);
    });

    test('fault_29_neither_waits_for_a_matching_job_nor_holds_one_up', async () => {
        const service = await index.serve();
        const held = await index.holdJobs();
        const matching = index.import(records(), numbers);
        await eventually(() => index.job(matching).status === 'running', 'the job');
        const worker = await index.serve(['process_export_jobs', '--sleep', '1']);
        const job = order(path('beside.csv'));
        assert.equal((await index.ended(job)).status, 'succeeded');
        assert.ok(existsSync(path('beside.csv')));
        assert.equal(index.job(matching).status, 'running');
        // The other way round: the worker is in the middle of an export.
        await held.end();
        await index.ended(matching);
        // Into a pipe that nobody empties for now.
        spawnSync('mkfifo', [path('pipe')]);
        const reader = spawn('sh', ['-c', 'exec 3<pipe; read -r go; exec cat <&3 >read.csv'], { cwd: index.folder });
        const read = new Promise((settle) => reader.on('close', settle));
        const slow = order(path('pipe'));
        await eventually(() => index.sql(`select 1 as one from pg_stat_activity
            where query like 'copy%' and wait_event = 'ClientWrite'`).length > 0, 'an export that waits');
        assert.equal(index.job(slow).status, 'running');
        assert.equal((await index.ended(index.import(records(), numbers))).status, 'succeeded');
        reader.stdin.end('go\n');
        assert.equal((await index.ended(slow)).status, 'succeeded');
        await read;
        assert.equal(readFileSync(path('read.csv'), 'utf8'), readFileSync(path('beside.csv'), 'utf8'));
        await stop(worker);
        await stop(service);
    });

    test('is not stopped by one who cancels what it asks the database', async () => {
        const table = await index.hold('lock table empi.match_group in access exclusive mode');
        const job = order(path('cancelled.csv'));
        const worker = await index.serve(['process_export_jobs', '--sleep', '1']);
        await eventually(() => index.sql(`select pg_cancel_backend(pid) from pg_stat_activity
            where query like 'copy%' and wait_event_type = 'Lock'`).length > 0, 'an export that waits');
        await eventually(() => worker.stderr.includes('trying again'), () => worker.stderr);
        await table.end();
        assert.equal((await index.ended(job)).status, 'succeeded');
        assert.equal(worker.child.exitCode, null);
        await stop(worker);
    });

    test('finishes its export when it is told to stop', async () => {
        const table = await index.hold('lock table empi.match_group in access exclusive mode');
        const [job, next] = [order(path('last.csv')), order(path('next.csv'))];
        const worker = await index.serve(['process_export_jobs']);
        await eventually(() => index.job(job).status === 'running', 'the export');
        worker.child.kill('SIGTERM');
        await table.end();
        assert.deepEqual(await worker.ended, { status: 0, signal: null });
        assert.deepEqual([index.job(job).status, index.job(next).status], ['succeeded', 'new']);
        index.run('process_export_jobs', '--once');
    });

    test('a second signal leaves the export in the queue; one that died is tried again', async () => {
        const table = await index.hold('lock table empi.match_group in access exclusive mode');
        const job = order(path('again.csv'));
        const first = await index.serve(['process_export_jobs']);
        await eventually(() => index.job(job).status === 'running', 'the export');
        first.child.kill('SIGTERM');
        first.child.kill('SIGINT');
        assert.equal((await first.ended).status & 0x80, 0x80);
        const second = await index.serve(['process_export_jobs']);
        await eventually(() => index.job(job).status === 'running', 'the export');
        kill(second.child.pid);
        await second.ended;
        await table.end();
        assert.equal(existsSync(path('again.csv')), false);
        const third = await index.serve(['process_export_jobs']);
        assert.equal((await index.ended(job)).status, 'succeeded');
        await stop(third);
    });

    test('a worker that dies three times in an export gives it up', async () => {
        const table = await index.hold('lock table empi.match_group in access exclusive mode');
        const job = order(path('never.csv'));
        for (let tries = 1; tries <= 3; tries++) {
            const worker = await index.serve(['process_export_jobs']);
            await eventually(() => index.job(job).attempts === tries, 'the export');
            kill(worker.child.pid);
            await worker.ended;
        }
        const worker = await index.serve(['process_export_jobs']);
        const { status, reason } = await index.ended(job);
        assert.deepEqual([status, reason],
            ['failed', 'Error: the worker died 3 times while it was exporting']);
        await stop(worker);
        await table.end();
    });

    test('takes so many at a time; a second one stands by', async () => {
        const jobs = ['a.csv', 'b.csv', 'c.csv'].map((name) => order(path(name)));
        index.run('process_export_jobs', '--once', '--max-jobs-per-run', '2');
        assert.deepEqual(jobs.map((job) => index.job(job).status), ['succeeded', 'succeeded', 'new']);
        const worker = await index.serve(['process_export_jobs', '--max-jobs-per-run', '1', '--sleep', '0.1']);
        const other = await index.serve(['process_export_jobs'], /standing by/);
        await index.ended(jobs[2]);
        assert.match(index.run('process_export_jobs', '--once').stderr, /another one is active/);
        await stop(worker);
        assert.equal((await index.ended(order(path('d.csv')))).status, 'succeeded');
        await eventually(() => /job_\d+ succeeded: 4950 rows/.test(other.stderr), () => other.stderr);
        await stop(other);
    });
});
