// The matching service: jobs as they come, runners that die, services that die, and stopping.

import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, test } from 'node:test';
import { numbers, person } from './index-support.mjs';
import { program, put } from './support.mjs';
import { ServedIndex, eventually, kill, stop } from './service-support.mjs';

let index;
let round = 0;
before(() => (index = new ServedIndex()));
afterEach(() => index.release());
after(() => index.remove());

/** A new record in a job of its own; gives the job's id. */
const importOne = () => index.import([person(`r${++round}`, { phone: `r${round}` })], numbers);

const persons = () => index.crosswalk().map((row) => row.source_person_id);

describe('a matching service', () => {
    let service;
    after(() => index.check());

    test('runs jobs in their order, whether they were there before or came later', async () => {
        const before = importOne();
        service = await index.serve();
        const later = importOne();
        assert.equal((await index.ended(later)).status, 'succeeded');
        assert.equal(index.job(before).status, 'succeeded');
        await eventually(() => service.stderr.includes(`${later} succeeded`), 'the log');
        assert.match(service.stderr, new RegExp(`${before}: starting.*${before}: ${before} succeeded: 1 rows, ` +
            `1 new records.*${before} succeeded\\n.*${later}: starting`, 's'));
        assert.deepEqual(persons().slice(-2), [`r${round - 1}`, `r${round}`]);
        assert.doesNotMatch(service.stderr, /error|warning/);
    });

    test('is woken by notifications', async () => {
        service = await index.serve();
        const looked = () => index.sql(`select query_start from pg_stat_activity
            where application_name = 'tuva-empi matching-service' and query like '%empi.job%'`)[0]?.query_start;
        // Looking from time to time alone, ten seconds apart, would take minutes.
        await eventually(looked, 'its first look');
        const end = Date.now() + 100_000;
        for (let i = 0; i < 20; i++) {
            const before = looked();
            index.sql('notify empi_job');
            await eventually(() => looked() !== before, 'a look', (end - Date.now()) / 1000);
        }
    });

    test('an import notifies', async () => {
        const listener = index.start(['psql', '--', '-X', '-q']);
        listener.child.stdin.write('listen empi_job;\n\\echo listening\n');
        await eventually(() => listener.stdout.includes('listening'), 'the listener');
        const job = importOne();
        listener.child.stdin.end('select 1;\n');
        await listener.ended;
        assert.match(listener.stdout, /Asynchronous notification "empi_job"/);
        service = await index.serve();
        await index.ended(job);
    });

    test('fault_28_a_job_whose_runner_dies_three_times_does_not_block_the_queue', async () => {
        service = await index.serve();
        const held = await index.holdJobs();
        const bad = importOne();
        const good = importOne();
        for (let tries = 1; tries <= 3; tries++) {
            await eventually(() => service.stderr.includes(`${bad}: starting (try ${tries} of 3)`), 'the try');
            await eventually(() => index.job(bad).status === 'running', 'the job');
            assert.equal(index.job(bad).attempts, tries);
            kill(await index.runnerOf(service));
            await eventually(() => service.stderr.includes(`died (signal 9), try ${tries} of 3`), 'its death');
        }
        const failed = await index.ended(bad);
        assert.equal(failed.status, 'failed');
        assert.match(failed.reason,
            /^Error: its runner died 3 times without an answer; the last time it ended with signal 9/);
        assert.deepEqual(index.sql(`select count(*) from empi.person_record_staging
            where job_id = ${bad.slice(4)}`), [{ count: '0' }]);
        await held.end();
        assert.equal((await index.ended(good)).status, 'succeeded');
        assert.equal(persons().includes(`r${round - 1}`), false);
        assert.equal(persons().includes(`r${round}`), true);
    });

    test('a job that fails tells why, and the next one runs', async () => {
        const bad = importOne();
        const good = importOne();
        index.sql(`
            with config as (
                insert into empi.config (splink_settings, potential_match_threshold, auto_match_threshold)
                values ('{"nonsense": 1}', 0.5, 0.9)
                returning id
            )
            update empi.job set config_id = config.id from config where job.id = ${bad.slice(4)}`);
        service = await index.serve();
        assert.equal((await index.ended(good)).status, 'succeeded');
        const { status, reason, attempts } = index.job(bad);
        assert.deepEqual([status, attempts], ['failed', 1]);
        assert.match(reason, /^Error: .*nonsense/s);
        await eventually(() => service.stderr.includes(`${bad} failed: Error: `), 'the log');
    });

    test('a job that the disk is too full for is tried three times, and then tells that', async () => {
        const fill = () => index.sql(`create function pg_temp_full() returns trigger language plpgsql as
            $$ begin raise exception using errcode = '53100'; end $$;
            create trigger full_disk before insert on empi.person_record for each statement
                execute function pg_temp_full();
            alter table empi.person_record enable always trigger full_disk`);
        const free = () => index.sql('drop function pg_temp_full() cascade');
        service = await index.serve();
        fill();
        const job = importOne();
        const { status, reason, attempts } = await index.ended(job);
        assert.deepEqual([status, reason, attempts], ['failed', "Error: the database's disk is full", 3]);
        const next = importOne();
        await eventually(() => service.stderr.includes(`${next}, try 1 of 3: Error: the database's disk is full`),
            'a try');
        assert.match(index.job(next).status, /new|running/);
        free();
        const after = await index.ended(next);
        assert.equal(after.status, 'succeeded');
        assert.ok(after.attempts > 1);
    });

    test('fault_27_holds_no_transaction_while_a_job_runs_or_none', async () => {
        service = await index.serve();
        const states = () => index.sql(`select distinct state from pg_stat_activity
            where application_name = 'tuva-empi matching-service'`);
        assert.deepEqual(states(), [{ state: 'idle' }]);
        const held = await index.holdJobs();
        const job = importOne();
        await eventually(() => index.job(job).status === 'running', 'the job');
        assert.deepEqual(states(), [{ state: 'idle' }]);
        await held.end();
        await index.ended(job);
    });

    test('SIGTERM lets the job end, and no other begin', async () => {
        service = await index.serve();
        const held = await index.holdJobs();
        const first = importOne();
        const second = importOne();
        await eventually(() => index.job(first).status === 'running', 'the job');
        service.child.kill('SIGTERM');
        await held.end();
        assert.deepEqual(await service.ended, { status: 0, signal: null });
        assert.deepEqual([index.job(first).status, index.job(second).status], ['succeeded', 'new']);
        assert.match(service.stderr, /matching service: stopped\n$/);
        service = await index.serve();
        await index.ended(second);
    });

    test('a second SIGTERM stops the job, which stays in the queue and is charged with nothing', async () => {
        service = await index.serve();
        const held = await index.holdJobs();
        const job = importOne();
        await eventually(() => index.job(job).status === 'running', 'the job');
        service.child.kill('SIGTERM');
        service.child.kill('SIGINT');
        assert.equal((await service.ended).status & 0x80, 0x80);
        assert.match(service.stderr, new RegExp(`${job} was stopped; it stays in the queue`));
        const { status, attempts } = index.job(job);
        assert.deepEqual([status, attempts], ['new', 0]);
        await held.end();
        service = await index.serve();
        await index.ended(job);
    });

    test('without a job it stops at once', async () => {
        service = await index.serve();
        assert.deepEqual(await stop(service, 'SIGINT'), { status: 0, signal: null });
    });

    test('a runner survives its service, and the next service waits for it', async () => {
        service = await index.serve();
        const held = await index.holdJobs();
        const job = importOne();
        await eventually(() => index.job(job).status === 'running', 'the job');
        kill(service.child.pid);
        await service.ended;
        service = await index.serve();
        await eventually(() => /a matching job is being run already/.test(service.stderr), 'the log');
        await held.end();
        const { status, attempts } = await index.ended(job);
        assert.deepEqual([status, attempts], ['succeeded', 1]);
        const next = importOne();
        assert.equal((await index.ended(next)).status, 'succeeded');
    });

    test('its log as JSON', async () => {
        service = await index.serve(['matching-service', '--log-format', 'json'], /: active"/);
        await stop(service);
        const lines = service.stderr.trim().split('\n').map((line) => JSON.parse(line));
        assert.deepEqual(lines.map(({ level, message }) => [level, message]),
            [['info', 'matching service: active'], ['info', 'matching service: stopped']]);
    });
});

describe('a standby', () => {
    for (const signal of ['SIGKILL', 'SIGTERM']) {
        test(`takes over after ${signal}`, async () => {
            const first = await index.serve();
            const second = await index.serve(['matching-service'], /another one is active; standing by/);
            const before = importOne();
            await index.ended(before);
            await eventually(() => first.stderr.includes(`${before} succeeded`), 'the log');
            assert.doesNotMatch(second.stderr, /job_/);
            await stop(first, signal);
            const after = importOne();
            assert.equal((await index.ended(after)).status, 'succeeded');
            await eventually(() => second.stderr.includes(`${after} succeeded`), 'the log');
            await stop(second);
        });
    }

    test('stops when it is told to', async () => {
        const first = await index.serve();
        const second = await index.serve(['matching-service'], /standing by/);
        assert.deepEqual(await stop(second), { status: 0, signal: null });
        await stop(first);
    });
});

describe('versions', () => {
    test('a runner of another version than its service does nothing', async () => {
        const job = importOne();
        const result = index.try(['matching-job', '--job', job], { env: { TUVA_EMPI_EXPECTED_VERSION: '0.0.1' } });
        assert.equal(result.status, 2);
        assert.match(result.stderr, /the service that started it expects 0\.0\.1\nhint: .*restart the service/);
        assert.equal(index.job(job).status, 'new');
        index.run('matching-job');
    });

    test('a service whose program was exchanged stops, and charges the job with nothing', async () => {
        const copy = join(index.folder, 'tuva-empi');
        copyFileSync(program, copy);
        chmodSync(copy, 0o755);
        const service = index.start(['matching-service'], {}, copy);
        await eventually(() => /active/.test(service.stderr), 'the service');
        put(index.folder, 'other', '#!/bin/sh\necho "this is version 9" >&2\nexit 2\n');
        chmodSync(join(index.folder, 'other'), 0o755);
        renameSync(join(index.folder, 'other'), copy);
        const job = importOne();
        assert.equal((await service.ended).status, 2);
        assert.match(service.stderr, /the runner of job_\d+ refuses to work: this is version 9\nhint: restart the service/);
        assert.deepEqual([index.job(job).status, index.job(job).attempts], ['new', 0]);
        index.run('matching-job');
    });

    test('a runner whose last words are no text: the job fails with what can be read of them', async () => {
        const copy = join(index.folder, 'tuva-empi-odd');
        copyFileSync(program, copy);
        chmodSync(copy, 0o755);
        const service = index.start(['matching-service'], {}, copy);
        await eventually(() => /active/.test(service.stderr), 'the service');
        // A letter of two bytes ends where the words are cut.
        put(index.folder, 'other', `#!/bin/sh\nprintf 'x${'ü'.repeat(550)}\\n\\377\\033[31m\\n' >&2\nkill -9 $$\n`);
        chmodSync(join(index.folder, 'other'), 0o755);
        renameSync(join(index.folder, 'other'), copy);
        const jobs = [importOne(), importOne()];
        for (const job of jobs) {
            const { status, reason } = await index.ended(job);
            assert.equal(status, 'failed');
            assert.match(reason, /^Error: its runner died 3 times [^\n]*signal 9, having said:\n/);
            assert.match(reason, /xü{100,}[^]*\n\? \[31m$/);
        }
        await stop(service);
    });

    test('there is no Kubernetes runner yet', () => {
        const prefix = 'TUVA_EMPI_MATCHING_SERVICE__';
        const result = index.try(['matching-service'], { env: {
            [`${prefix}JOB_RUNNER`]: 'k8s',
            [`${prefix}K8S_JOB_RUNNER__JOB_IMAGE`]: 'image',
            [`${prefix}K8S_JOB_RUNNER__JOB_IMAGE_PULL_POLICY`]: 'Always',
            [`${prefix}K8S_JOB_RUNNER__JOB_SERVICE_ACCOUNT_NAME`]: 'account',
            TUVA_EMPI_CONFIG_FILE: '',
        } });
        assert.equal(result.status, 1);
        assert.match(result.stderr, /matching_service\.job_runner is k8s, and this version has no Kubernetes runner/);
    });
});

describe('a PostgreSQL that dies', () => {
    test('under an idle service is started again', async () => {
        const service = await index.serve();
        kill(index.serverPid());
        await eventually(() => service.stderr.split('matching service: active').length === 3, () => service.stderr);
        const job = importOne();
        assert.equal((await index.ended(job)).status, 'succeeded');
        await stop(service);
        index.check();
    });

    test('under a running job is started again, and so is the job, charged with nothing', async () => {
        const service = await index.serve();
        await index.holdJobs();
        const job = importOne();
        await eventually(() => index.job(job).status === 'running', 'the job');
        kill(index.serverPid());
        const { status, attempts } = await index.ended(job);
        assert.deepEqual([status, attempts], ['succeeded', 1]);
        await stop(service);
        index.check();
    });
});
