// The program index-driver: operations on a test's index without a process for each.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { program } from './support.mjs';

const path = join(dirname(realpathSync(program)), '../tests/index-driver');

/** Sends operations and takes answers; a driver that died is started anew by the next one. */
export class Driver {
    #child = null;
    #closed = null; // settles when the child is gone
    #waiting = null;

    /** Not `alone`: there are other drivers on the index, and none of them is killed. */
    constructor(index, { alone = true } = {}) {
        this.env = { ...process.env, ...index.env };
        this.alone = alone;
    }

    /** The answer; null when the driver died. With `killAfter`, it is killed so many milliseconds later. */
    async try(operation, killAfter = null) {
        if (this.#child === null) {
            await this.#start();
        }
        const child = this.#child;
        const answer = new Promise((settle) => (this.#waiting = settle));
        child.stdin.write(JSON.stringify(operation) + '\n');
        const timer = killAfter === null ? null : setTimeout(() => child.kill('SIGKILL'), killAfter);
        const line = await answer;
        clearTimeout(timer);
        if (killAfter !== null) {
            // It may have been quicker; dead it is to be all the same.
            child.kill('SIGKILL');
        }
        if (killAfter !== null || line === null) {
            await this.#closed;
            this.#child = null;
        }
        return line === null ? null : JSON.parse(line);
    }

    /** An operation that has to succeed. */
    async run(operation) {
        const answer = await this.try(operation);
        assert.equal(answer?.status, 0, `${operation.op}: ${answer?.message}`);
        return answer;
    }

    /** Rows of a query as objects by these names; values are texts or null. */
    async sql(names, text) {
        const { rows } = await this.run({ op: 'sql', text, columns: names.length });
        return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
    }

    async #start() {
        const child = spawn(path, { env: this.env, stdio: ['pipe', 'pipe', 'inherit'] });
        this.#child = child;
        this.#closed = new Promise((settle) => child.on('close', settle));
        child.on('error', (error) => {
            throw error; // there is no such program
        });
        child.stdin.on('error', () => {}); // it died; its end tells
        createInterface({ input: child.stdout }).on('line', (line) => this.#waiting(line));
        child.on('close', () => this.#waiting(null));
        // What a killed one began may still be going on in the server.
        for (let others = '1'; this.alone && others !== '0';) {
            [{ others }] = await this.sql(['others'], `select count(*) from pg_stat_activity
                where application_name = 'index-driver' and pid <> pg_backend_pid()`);
        }
    }

    async close() {
        this.#child?.stdin.end();
        await this.#closed;
        this.#child = null;
    }
}
