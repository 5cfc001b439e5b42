// A server to be tested as one (http_echo.c), and a client that sends any bytes.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import net from 'node:net';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { program } from './support.mjs';

const path = join(dirname(realpathSync(program)), '../tests/http-echo');

/** Waits until `condition` holds; fails after a minute, for machines may be busy. */
export async function until(condition, what) {
    for (const end = Date.now() + 60_000; !condition();) {
        assert.ok(Date.now() < end, `waited in vain for ${what}`);
        await new Promise((settle) => setTimeout(settle, 10));
    }
}

/** Starts the server with options as in http_echo.c; it is stopped, and has ended well, after the test. */
export async function startEcho(t, options = {}, env = {}) {
    const args = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    const child = spawn(path, args, {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
    });
    const echo = { child, log: '', port: 0 };
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (echo.log += data));
    echo.ended = new Promise((settle) =>
        child.on('close', (status, signal) => settle({ status, signal })));
    echo.stop = async () => {
        child.kill('SIGTERM');
        assert.deepEqual(await echo.ended, { status: 0, signal: null }, echo.log);
    };
    t.after(echo.stop);
    await until(() => /port \d+\n/.test(output) || child.exitCode !== null, 'the server');
    if (child.exitCode !== null) {
        await echo.ended; // all that it said
        throw new Error(`the server did not start: ${echo.log}`);
    }
    echo.port = Number(/port (\d+)/.exec(output)[1]);
    echo.url = `http://127.0.0.1:${echo.port}`;
    /** The lines of the access log so far. */
    echo.lines = () =>
        echo.log.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    return echo;
}

/** A connection on which one may send, and see what came. */
export class Line {
    #pieces = [];
    length = 0; // bytes received
    closed = false;
    reset = false;

    static async open(port, options = {}) {
        const line = new Line();
        line.socket = net.connect({ port, host: '127.0.0.1', ...options });
        line.socket.on('data', (data) => {
            line.#pieces.push(data);
            line.length += data.length;
        });
        line.socket.on('error', (error) => (line.reset ||= error.code === 'ECONNRESET'));
        line.done = new Promise((settle) =>
            line.socket.on('close', () => {
                line.closed = true;
                settle();
            }));
        await new Promise((settle, fail) => {
            line.socket.once('connect', settle);
            line.socket.once('error', fail);
        });
        return line;
    }

    send(text) {
        this.socket.write(typeof text === 'string' ? Buffer.from(text, 'latin1') : text);
        return this;
    }

    get received() {
        this.#pieces = [Buffer.concat(this.#pieces)];
        return this.#pieces[0];
    }

    get text() {
        return this.received.toString('latin1');
    }

    /** Waits until so many whole answers came; gives all that did. */
    async answers(count = 1, methods = []) {
        let answers = [];
        let seen = -1;
        await until(() => {
            if (this.length !== seen || this.closed) {
                seen = this.length;
                answers = parseAnswers(this.received, this.closed, methods);
            }
            return answers.length >= count || this.closed;
        }, `${count} answers`);
        return answers;
    }

    end() {
        this.socket.destroy();
    }
}

/** Sends bytes on a connection of their own and gives all that came until the server closed it. */
export async function ask(port, text) {
    const line = await Line.open(port);
    line.send(text);
    await until(() => line.closed, `the end of the connection after ${text.slice(0, 200)}`);
    return line;
}

/** Sends bytes and gives the first answer. */
export async function answerTo(port, text, methods = []) {
    const line = await Line.open(port);
    const [answer] = await line.send(text).answers(1, methods);
    line.end();
    assert.ok(answer, `no answer to ${text.slice(0, 200)}`);
    return answer;
}

function unchunk(bytes) {
    const pieces = [];
    let at = 0;
    for (;;) {
        const end = bytes.indexOf('\r\n', at);
        if (end < 0) {
            return null;
        }
        const size = parseInt(bytes.toString('latin1', at, end), 16);
        const next = end + 2 + size + 2;
        if (Number.isNaN(size) || next > bytes.length) {
            return null;
        }
        pieces.push(bytes.subarray(end + 2, end + 2 + size));
        at = next;
        if (size === 0) {
            return { body: Buffer.concat(pieces), length: at };
        }
    }
}

/** The whole answers at the beginning of some bytes: status, headers by lower-case name, body. An
    interim one (100) counts. methods[i] is 'HEAD' for an answer without a body. */
export function parseAnswers(bytes, closed, methods = []) {
    const answers = [];
    for (;;) {
        const end = bytes.indexOf('\r\n\r\n');
        if (end < 0) {
            return answers;
        }
        const [first, ...lines] = bytes.toString('latin1', 0, end).split('\r\n');
        const match = /^HTTP\/1\.[01] (\d{3}) /.exec(first);
        assert.ok(match, `not an answer: ${first}`);
        const headers = {};
        for (const line of lines) {
            const colon = line.indexOf(':');
            const name = line.slice(0, colon).toLowerCase();
            const value = line.slice(colon + 1).trim();
            headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
        }
        const status = Number(match[1]);
        let rest = bytes.subarray(end + 4);
        let body = Buffer.alloc(0);
        const bodiless = status === 100 || status === 204 || status === 304 ||
            methods[answers.length] === 'HEAD';
        if (!bodiless && headers['transfer-encoding'] === 'chunked') {
            const whole = unchunk(rest);
            if (whole === null) {
                return answers;
            }
            body = whole.body;
            rest = rest.subarray(whole.length);
        } else if (!bodiless && headers['content-length'] !== undefined) {
            const length = Number(headers['content-length']);
            if (rest.length < length) {
                return answers;
            }
            body = rest.subarray(0, length);
            rest = rest.subarray(length);
        } else if (!bodiless) {
            if (!closed) {
                return answers;
            }
            body = rest;
            rest = rest.subarray(rest.length);
        }
        if (headers['content-encoding'] === 'gzip' && body.length > 0) {
            body = gunzipSync(body);
        }
        answers.push({ status, headers, body, text: body.toString() });
        bytes = rest;
    }
}

export const messageOf = (answer) => JSON.parse(answer.text).error.message;

/** A request of text; the headers in the order of the list. */
export function request(method, target, headers = [], body = '') {
    const lines = [`${method} ${target} HTTP/1.1`, 'Host: localhost', ...headers];
    return `${lines.join('\r\n')}\r\n\r\n${body}`;
}

export const json = ['Content-Type: application/json'];

/** A multipart body of [name, file name or null, content], with its headers. */
export function multipart(parts, boundary = 'xYzZy') {
    const pieces = [];
    for (const [name, file, content] of parts) {
        const fileName = file === null ? '' : `; filename="${file}"`;
        pieces.push(Buffer.from(`--${boundary}\r\n` +
            `Content-Disposition: form-data; name="${name}"${fileName}\r\n\r\n`));
        pieces.push(Buffer.from(content), Buffer.from('\r\n'));
    }
    pieces.push(Buffer.from(`--${boundary}--\r\n`));
    const body = Buffer.concat(pieces);
    return {
        body,
        headers: [`Content-Type: multipart/form-data; boundary=${boundary}`,
            `Content-Length: ${body.length}`],
    };
}

/** As http_echo.c sums up what it reads: FNV-1a. */
export function sumOf(bytes) {
    let sum = 2166136261;
    for (const byte of bytes) {
        sum = Math.imul(sum ^ byte, 16777619) >>> 0;
    }
    return sum;
}
