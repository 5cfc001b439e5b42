// Services that run beside a test: starting, watching and killing them.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Index, columns } from './index-support.mjs';
import { formatTable, program, put, start } from './support.mjs';

export const pause = (milliseconds) => new Promise((settle) => setTimeout(settle, milliseconds));

/** Waits until `condition` holds; `what` may be a function that tells what is. Fails after minutes: the
 *  machine may be busy. */
export async function eventually(condition, what, seconds = 120) {
    const end = Date.now() + 1000 * seconds;
    for (;;) {
        const value = await condition();
        if (value) {
            return value;
        }
        assert.ok(Date.now() < end, `waited in vain for ${typeof what === 'function' ? what() : what}`);
        await pause(30);
    }
}

/** Numbers from 0 to below 1 (mulberry32): a seed gives the same ones on every machine. */
export function makeRandom(seed) {
    let state = seed;
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
    };
}

/** Process ids of the children of a process. */
export function childrenOf(pid) {
    try {
        return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
    } catch {
        return [];
    }
}

/** kill -9; a process that has just ended is no failure. */
export function kill(pid, signal = 'SIGKILL') {
    try {
        process.kill(pid, signal);
        return true;
    } catch {
        return false;
    }
}

/** An index with services; all of them are gone when it is removed. */
export class ServedIndex extends Index {
    #started = [];
    #held = [];

    /** The program in the background. */
    start(args, env = {}, other = program) {
        const started = start(this.folder, args, { env: { ...this.env, ...env }, program: other });
        started.stdout = '';
        started.child.stdout.on('data', (data) => (started.stdout += data));
        started.child.stdin.on('error', () => {}); // it died; its end tells
        this.#started.push(started);
        return started;
    }

    /** A matching service, or an export worker, that is active. */
    async serve(args = ['matching-service'], state = /: active/, env = {}) {
        const service = this.start(args, env);
        await eventually(() => state.test(service.stderr) || service.child.exitCode !== null,
            () => `the service: ${service.stderr}`);
        assert.match(service.stderr, state);
        return service;
    }

    /** The process that runs a job of a service. */
    runnerOf(service) {
        return eventually(() => childrenOf(service.child.pid)[0], () => `a runner: ${service.stderr}`);
    }

    /** An open transaction that has run these statements; end() undoes it, commit() does not. */
    async hold(sql) {
        const session = this.start(['psql', '--', '-X', '-q', '-v', 'ON_ERROR_STOP=1']);
        session.child.stdin.write(`begin;\n${sql};\n\\echo held\n`);
        await eventually(() => session.stdout.includes('held'), () => `a lock: ${session.stderr}`);
        const finish = (how) => {
            session.child.stdin.end(how);
            return session.ended;
        };
        const held = { end: () => finish('rollback;\n'), commit: () => finish('commit;\n') };
        this.#held.push(held.end);
        return held;
    }

    /** After a test, which may have failed: ends what it still holds, and kills what it started. */
    async release() {
        await Promise.all(this.#held.splice(0).map((end) => end()));
        const left = this.#started.splice(0);
        left.forEach(({ child }) => child.kill('SIGKILL'));
        await Promise.all(left.map(({ ended }) => ended));
    }

    /** Lets people read records, and nobody write any: a job that begins has to wait. */
    holdJobs() {
        return this.hold('lock table empi.person_record in share mode');
    }

    /** Words that import records. */
    importing(records, model, auto = '0.9') {
        const file = put(this.folder, `records-${++this.number}.csv`, formatTable(columns, records));
        return ['import', file, '--config', put(this.folder, 'model.json', model), '--potential', '0.5', '--auto', auto];
    }

    /** Imports records; gives the job's id, "job_1". */
    import(records, model, ...more) {
        return this.run(...this.importing(records, model), ...more).stdout.trim();
    }

    job(id) {
        return JSON.parse(this.run('jobs', 'show', id, '--json').stdout);
    }

    /** Waits for a job's end; gives it. */
    ended(id, seconds) {
        return eventually(() => {
            const job = this.job(id);
            return ['succeeded', 'failed'].includes(job.status) ? job : null;
        }, () => `the end of ${id}: ${JSON.stringify(this.job(id))}`, seconds);
    }

    /** Process id of the private PostgreSQL. */
    serverPid() {
        return Number(readFileSync(join(this.env.TUVA_EMPI_DATA_DIR, 'pgdata/postmaster.pid'), 'utf8').split('\n')[0]);
    }

    async remove() {
        await this.release();
        await super.remove();
    }
}

/** Asks a program to stop and waits for its end. */
export async function stop({ child, ended }, signal = 'SIGTERM') {
    child.kill(signal);
    return ended;
}
