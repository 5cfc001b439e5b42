// Which uploads are let in, and how much of a disk, and of a server, they may take together.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { answerTo, Line, messageOf, multipart, request, startEcho, until } from './http-support.mjs';

const MiB = 1 << 20;
const noRoom = 'There is no room for uploads at the moment. Please try again later.';

/** An upload of so many bytes: its head and its body, with a length or in chunks. */
function upload(bytes, { chunked = false } = {}) {
    const { body, headers } = multipart([['file', 'a.csv', Buffer.alloc(bytes, 'x')]]);
    if (!chunked) {
        return [request('POST', '/upload', headers), body];
    }
    const chunks = Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n0\r\n\r\n')]);
    return [request('POST', '/upload', [headers[0], 'Transfer-Encoding: chunked']), chunks];
}

/** The answer; a client that goes on sending to a connection that was closed may lose it to the reset
 *  (RFC 9112, 9.6), and then tries again. */
async function send(echo, [head, body]) {
    for (let tries = 0; tries < 50; tries++) {
        const line = await Line.open(echo.port);
        line.send(head).send(body);
        const [answer] = await line.answers();
        line.end();
        if (answer !== undefined) {
            return answer;
        }
        assert.ok(line.closed, 'an answer, or the end');
    }
    return assert.fail('no answer');
}

function assertRefused(echo, answer, place) {
    assert.equal(answer.status, 503);
    assert.equal(messageOf(answer), noRoom);
    assert.equal(answer.headers['retry-after'], '60');
    assert.equal(answer.headers.connection, 'close');
    assert.ok(echo.log.includes(`${place}: `), echo.log);
    assert.match(echo.log, /set TMPDIR to a directory with more room/);
}

test('uploads are refused before they are sent', async (t) => {
    const echo = await startEcho(t, { max_body_bytes: 10000 });
    const expecting = async (path, headers) => {
        const line = await Line.open(echo.port);
        line.send(request('POST', path, [...headers, 'Expect: 100-continue']));
        const [answer] = await line.answers();
        return { answer, line };
    };
    const type = 'Content-Type: multipart/form-data; boundary=x';
    for (const [path, headers, status] of [
        ['/upload', [type, 'Content-Length: 10001'], 413], ['/upload', ['Content-Length: 10'], 415],
        ['/nothing', [type, 'Content-Length: 10'], 404], ['/items/1', [type, 'Content-Length: 10'], 405],
        ['/secret', [type, 'Content-Length: 10'], 401], ['/upload', ['Content-Length: 1', 'Content-Length: 1'], 400],
        ['/upload', ['Content-Type: multipart/form-data', 'Content-Length: 10'], 400],
        ['/secret', [type, 'Content-Length: 10', 'Authorization: broken'], 500]]) {
        const { answer, line } = await expecting(path, headers);
        assert.equal(answer.status, status, path);
        assert.equal(answer.headers.connection, 'close');
        await until(() => line.closed, 'the end of the connection');
    }
    assert.equal((await answerTo(echo.port, request('POST', '/upload', ['Expect: something', type,
        'Content-Length: 10']))).status, 417);
    // Let in, it is told to go on.
    const { headers, body } = multipart([['a', null, '1']]);
    const { answer, line } = await expecting('/secret', [...headers, 'Authorization: let me in']);
    assert.equal(answer.status, 100);
    const answers = await line.send(body).answers(2);
    assert.equal(answers[1].status, 200);
    line.end();
    // Who sends all the same still reads the answer, though nobody reads what it sends.
    for (const [method, path, status] of [['POST', '/upload', 413], ['POST', '/nothing', 404],
        ['PATCH', '/nothing', 404], ['DELETE', '/upload', 405], ['GET', '/nothing', 404], ['PUT', '/nothing', 404]]) {
        const deaf = await Line.open(echo.port);
        deaf.send(request(method, path, [type, 'Content-Length: 3000000'])).send(Buffer.alloc(3_000_000));
        const [refusal] = await deaf.answers();
        assert.equal(refusal.status, status);
        await until(() => deaf.closed, 'the end of the connection');
    }
    // A body at fault, and much behind it: an answer all the same, and the end.
    const wrong = await Line.open(echo.port);
    wrong.send(request('POST', '/upload', [type, 'Transfer-Encoding: chunked']));
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65536, 'x'), Buffer.from('\r\n')]);
    for (let i = 0; i < 40 && !wrong.closed; i++) {
        wrong.send(chunk);
    }
    const [refusal] = await wrong.answers();
    assert.equal(refusal.status, 413);
    assert.equal(messageOf(refusal), 'Request body too large');
    await until(() => wrong.closed, 'the end of the connection');
    // Everyone that came in has left.
    await until(() => echo.lines().filter((line) => line.message === 'request').length >= 13, 'the log');
    const counts = JSON.parse((await answerTo(echo.port, request('GET', '/counts'))).text);
    assert.deepEqual(counts, { entered: 1, held: 0, working: 0 });
});

test('what would leave the disk less than the reserve is refused before it is sent', async (t) => {
    const echo = await startEcho(t, { temporary_reserve: 1e18, temporary_directory: '/var/tmp' });
    const line = await Line.open(echo.port);
    line.send(upload(1000)[0]);
    const [answer] = await line.answers();
    assertRefused(echo, answer, '/var/tmp');
    await until(() => line.closed, 'the end');
    // How long it will be is not known: its first bytes are refused.
    assertRefused(echo, await send(echo, upload(1000, { chunked: true })), '/var/tmp');
    assertRefused(echo, await send(echo, upload(3 * MiB, { chunked: true })), '/var/tmp');
});

test('a small disk is filled up to a twentieth of it, and what was refused leaves nothing there', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tuva-empi-test-'));
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'none', folder]).status === 0;
    t.after(() => {
        spawnSync('umount', ['-l', folder]);
        rmSync(folder, { recursive: true });
    });
    if (!mounted) {
        t.skip('nothing may be mounted here');
        return;
    }
    const free = () => {
        const { bavail, bsize } = statfsSync(folder);
        return bavail * bsize;
    };
    const echo = await startEcho(t, { temporary_directory: folder });
    assert.equal((await send(echo, upload(12 * MiB))).status, 200);
    await until(() => free() === 16 * MiB, 'the file to be gone');
    assertRefused(echo, await send(echo, upload(20 * MiB)), folder);
    assertRefused(echo, await send(echo, upload(20 * MiB, { chunked: true })), folder);
    await until(() => free() === 16 * MiB, 'the file to be gone');
    // One that does not come to its end leaves less for others; they are told, and it goes on.
    const [head, body] = upload(12 * MiB);
    const first = await Line.open(echo.port);
    first.send(head).send(body.subarray(0, 10 * MiB));
    await until(() => free() < 7 * MiB, 'most of the first one');
    assertRefused(echo, await send(echo, upload(8 * MiB)), folder);
    assertRefused(echo, await send(echo, upload(8 * MiB, { chunked: true })), folder);
    first.send(body.subarray(10 * MiB));
    assert.equal((await first.answers())[0].status, 200);
    first.end();
});

test('so many uploads at the same time; who comes then is told when to come again', async (t) => {
    const echo = await startEcho(t, { max_uploads: 2 });
    const [head, body] = upload(1000);
    const begin = async () => (await Line.open(echo.port)).send(head).send(body.subarray(0, 500));
    const begun = [await begin(), await begin()];
    let third;
    for (let tries = 0; third?.status !== 503; tries++) {
        assert.ok(tries < 1000, 'the two were not read yet');
        third = await send(echo, [head, body]);
        // One that was read while another had the second place was refused itself.
        const refused = begun.findIndex((line) => line.length > 0);
        if (refused >= 0) {
            begun[refused].end();
            begun[refused] = await begin();
        }
    }
    assert.equal(messageOf(third), 'Too many uploads are running. Please try again later.');
    assert.equal(third.headers['retry-after'], '30');
    // Others are not kept waiting.
    const other = await Line.open(echo.port);
    other.send(request('GET', '/echo'));
    assert.equal((await other.answers())[0].status, 200);
    other.end();
    begun[0].end();
    begun[1].send(body.subarray(500));
    assert.equal((await begun[1].answers())[0].status, 200);
    begun[1].end();
    await until(() => echo.lines().some((line) => line.end === 'cut off'), 'the end of the first one');
    assert.equal((await send(echo, [head, body])).status, 200);
});
