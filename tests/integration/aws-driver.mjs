// The program aws-driver: one operation of src/aws a process, with nothing of the machine's own AWS settings.

import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program } from './support.mjs';

const path = join(dirname(realpathSync(program)), '../tests/aws-driver');

/** The environment without a trace of AWS, and no metadata service to be looked for. */
export function cleanEnvironment(more = {}) {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_') && !name.toLowerCase().endsWith('_proxy'));
    return { ...Object.fromEntries(own), HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true', ...more };
}

/** Runs it to its end: {output, status, message, detail, hint, bytes, peak, log}. */
export async function drive(env, args, input = '') {
    const child = spawn(path, args, { env: cleanEnvironment(env), stdio: 'pipe' });
    const output = [];
    let errors = '';
    child.stdout.on('data', (piece) => output.push(piece));
    child.stderr.on('data', (piece) => (errors += piece));
    child.stdin.on('error', () => {});
    if (typeof input === 'function') {
        input(child.stdin);
    } else {
        child.stdin.end(input);
    }
    const [code, signal] = await new Promise((settle) => child.on('close', (...how) => settle(how)));
    const lines = errors.trimEnd().split('\n');
    const report = signal === null && lines.at(-1).startsWith('{') ? JSON.parse(lines.pop()) : { message: errors };
    return { output: Buffer.concat(output), code, signal, log: lines.join('\n'), ...report };
}
