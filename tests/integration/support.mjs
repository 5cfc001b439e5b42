// What the service tests share: running the program, folders that vanish, CSV, models.
//
// TUVA_EMPI_PROGRAM names the program; without it build/tuva-empi is tested. Needs nothing but
// Node 18 or later.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const program = resolve(root, process.env.TUVA_EMPI_PROGRAM ?? 'build/tuva-empi');

if (!existsSync(program)) {
    throw new Error(`there is no ${program}: build it, or name another in TUVA_EMPI_PROGRAM`);
}

/** A file of tests/data. */
/** The names of all migrations, the first one first. */
export const migrations = readdirSync(join(root, 'src/store/migrations')).filter((name) => name.endsWith('.up.sql')).sort()
    .map((name) => name.replace('.up.sql', ''));

export const dataPath = (name) => join(root, 'tests/data', name);

/** An empty folder that is gone after the test. */
export function makeFolder(t) {
    const path = mkdtempSync(join(tmpdir(), 'tuva-empi-test-'));
    t.after(() => rmSync(path, { recursive: true, force: true }));
    return path;
}

/** Runs the program in a folder to its end. */
export function run(folder, args, options = {}) {
    const [command, ...before] = [...(options.prefix ?? []), program];
    const result = spawnSync(command, [...before, ...args], {
        cwd: folder,
        input: options.input ?? '',
        env: { ...process.env, ...options.env },
        maxBuffer: 1 << 28,
        timeout: options.timeout ?? 300_000,
    });
    // EPIPE: it ended without reading all of its input, which is its good right.
    if (result.error !== undefined && result.error.code !== 'EPIPE') {
        throw result.error;
    }
    return {
        status: result.status,
        signal: result.signal,
        stdout: result.stdout.toString(),
        stderr: result.stderr.toString(),
    };
}

/** Starts the program (or another) without waiting; `ended` gives its status and signal. */
export function start(folder, args, options = {}) {
    const child = spawn(options.program ?? program, args, {
        cwd: folder,
        stdio: options.stdio ?? 'pipe',
        env: { ...process.env, ...options.env },
    });
    const process_ = { child, stderr: '' };
    child.stderr?.on('data', (data) => (process_.stderr += data));
    process_.ended = new Promise((settle) =>
        child.on('close', (status, signal) => settle({ status, signal })));
    return process_;
}

/** Waits until `condition` holds; fails after ten seconds. */
export async function until(condition, what) {
    for (let tries = 0; tries < 1000; tries++) {
        if (condition()) {
            return;
        }
        await new Promise((settle) => setTimeout(settle, 10));
    }
    assert.fail(`waited in vain for ${what}`);
}

/** Runs `link` and expects success; gives what it printed. */
export function link(folder, args, options = {}) {
    const result = run(folder, ['link', ...args], options);
    assert.equal(result.status, 0, `link failed: ${result.stderr}`);
    return result;
}

/**
 * Runs the program and expects a refusal: exit status, message (a whole text or an expression), and
 * that no file came, went or changed. What stands in records is written with SECRET in these tests
 * and must not be told.
 */
export function refuse(folder, args, status, message, options = {}) {
    const before = listing(folder);
    const result = run(folder, args, options);
    assert.equal(result.status, status, `exit status; it said: ${result.stderr}`);
    if (typeof message === 'string') {
        assert.equal(result.stderr, message);
    } else {
        assert.match(result.stderr, message);
    }
    assert.match(result.stderr, /^tuva-empi: \S/m);
    assert.doesNotMatch(result.stderr, /SECRET/i, 'a record is quoted');
    assert.doesNotMatch(result.stdout, /SECRET/i, 'a record is quoted');
    assert.deepEqual(listing(folder), before, 'files left behind');
    return result;
}

/** Names and contents of all files of a folder. */
function listing(folder) {
    return readdirSync(folder, { withFileTypes: true })
        .map((entry) => {
            const path = join(folder, entry.name);
            let content = entry.isDirectory() ? listing(path) : null;
            if (entry.isFile()) {
                try {
                    content = readFileSync(path).toString('latin1');
                } catch {
                    content = 'not readable';
                }
            }
            return [entry.name, content];
        })
        .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** Writes a file of the folder; gives its name, which is what the program gets. */
export function put(folder, name, content) {
    const bytes = Array.isArray(content) || typeof content === 'object' && !Buffer.isBuffer(content)
        ? JSON.stringify(content, null, 2)
        : content;
    writeFileSync(join(folder, name), bytes);
    return name;
}

export function readText(folder, name) {
    const bytes = readFileSync(join(folder, name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString();
}

// ---- CSV ----

/** Rows of fields; an unquoted empty field is null, "" is the empty text. */
export function parseCsv(text) {
    const rows = [];
    // A field, quoted or not, and what ends it.
    const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;
    let row = [];
    while (pattern.lastIndex < text.length || row.length > 0) {
        const at = pattern.lastIndex;
        const match = pattern.exec(text);
        assert.ok(match, `not CSV: ${JSON.stringify(text.slice(at, at + 60))}`);
        const [, quoted, plain, end] = match;
        row.push(quoted !== undefined ? quoted.replaceAll('""', '"') : plain === '' ? null : plain);
        if (end !== ',') {
            rows.push(row);
            row = [];
        }
    }
    return rows;
}

/** Objects by column name. */
export function parseTable(text) {
    const [header, ...rows] = parseCsv(text);
    return rows.map((row) => {
        assert.equal(row.length, header.length, 'as many fields as columns');
        return Object.fromEntries(header.map((name, i) => [name, row[i]]));
    });
}

export const readTable = (folder, name) => parseTable(readText(folder, name));

const csvField = (value) => (value === null ? ''
    : value === '' || /[",\r\n]|^ | $/.test(value) ? `"${String(value).replaceAll('"', '""')}"`
    : String(value));

export const formatCsv = (rows) => rows.map((row) => row.map(csvField).join(',') + '\n').join('');

export const formatTable = (columns, records) =>
    formatCsv([columns, ...records.map((record) => columns.map((name) => record[name] ?? null))]);

// ---- numbers ----

export const isNear = (a, b) =>
    Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

/** Numbers given as text, equal to a relative 1e-9; null is null. */
export function assertNear(actual, expected, where) {
    if (actual === null || expected === null) {
        assert.equal(actual, expected, where);
    } else {
        assert.ok(isNear(Number(actual), Number(expected)), `${where}: ${actual}, not ${expected}`);
    }
}

// ---- models ----

/** A comparison: equal, or not. */
export const exact = (column, m = 0.9, u = 0.01) => ({
    output_column_name: column,
    comparison_levels: [
        { sql_condition: `${column}_l IS NULL OR ${column}_r IS NULL`, is_null_level: true },
        { sql_condition: `${column}_l = ${column}_r`, m_probability: m, u_probability: u },
        { sql_condition: 'ELSE', m_probability: 1 - m, u_probability: 1 - u },
    ],
});

export const makeModel = (comparisons, rules, more = {}) => ({
    link_type: 'dedupe_only',
    probability_two_random_records_match: 0.01,
    blocking_rules_to_generate_predictions: rules,
    comparisons,
    ...more,
});

// ---- clusters ----

/** Groups by lowest member, from pairs of positions. */
export function connect(count, pairs) {
    const parent = Array.from({ length: count }, (_, i) => i);
    const rootOf = (i) => {
        while (parent[i] !== i) {
            i = parent[i];
        }
        return i;
    };
    for (const [a, b] of pairs) {
        const [low, high] = [rootOf(a), rootOf(b)].sort((x, y) => x - y);
        parent[high] = low;
    }
    return parent.map((_, i) => rootOf(i));
}
