// What the HTTP server does with slow clients, with many, when it stops, and under TLS.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import http from 'node:http';
import https from 'node:https';
import { readdirSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import tls from 'node:tls';
import { answerTo, ask, json, Line, messageOf, multipart, parseAnswers, request, startEcho, until }
    from './http-support.mjs';
import { makeFolder } from './support.mjs';

const sleep = (milliseconds) => new Promise((settle) => setTimeout(settle, milliseconds));

/** Sends a piece now and then until the other side has had enough of it. */
async function drip(line, piece, milliseconds) {
    for (let i = 0; i < 1000 && !line.closed; i++) {
        line.send(piece);
        await sleep(milliseconds);
    }
    assert.ok(line.closed, 'the connection is still open');
}

const counts = async (echo) =>
    JSON.parse((await answerTo(echo.port, request('GET', '/counts'))).text);

/** Waits until the counts of the server are such. */
async function untilCounts(echo, condition) {
    for (let tries = 0; !condition(await counts(echo)); tries++) {
        assert.ok(tries < 1000, JSON.stringify(await counts(echo)));
        await sleep(10);
    }
}

/** A certificate of its own signing for localhost. */
function makeCertificate(t) {
    const folder = makeFolder(t);
    const [key, certificate] = ['key.pem', 'certificate.pem'].map((name) => join(folder, name));
    const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out',
        certificate, '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']);
    assert.equal(made.status, 0, String(made.stderr));
    return { folder, key, certificate };
}

// Mostly they wait: at the same time.
describe('limits', { concurrency: 4 }, () => {
    it('a head that comes too slowly, and a connection that does nothing, are ended', async (t) => {
        const echo = await startEcho(t, { head: 4 });
        const slow = async () => {
            const line = await Line.open(echo.port);
            line.send('GET /echo HTTP/1.1\r\nHost: localhost\r\n');
            await drip(line, 'X-A: a\r\n', 100);
            assert.equal(line.text, '');
        };
        const idle = async () => {
            const line = await Line.open(echo.port);
            await until(() => line.closed, 'the end of an idle connection');
        };
        // The time begins anew with each answer.
        const used = async () => {
            const line = await Line.open(echo.port);
            for (let i = 1; i <= 4; i++) {
                line.send(request('GET', '/echo'));
                await line.answers(i);
                await sleep(1200);
            }
            assert.equal(parseAnswers(line.received).length, 4);
            await until(() => line.closed, 'the end of a connection that is idle again');
        };
        // The work on a request is not the client's time.
        const working = async () =>
            assert.equal((await answerTo(echo.port, request('GET', '/sleep?ms=5500'))).status, 200);
        await Promise.all([slow(), idle(), used(), working()]);
    });

    it('a body that comes too slowly is ended, one that comes fast enough is not', async (t) => {
        const echo = await startEcho(t, { head: 30, rate_grace: 1, least_rate: 5000 });
        const slow = await Line.open(echo.port);
        slow.send(request('POST', '/echo', [...json, 'Content-Length: 1000000']));
        await drip(slow, 'x', 50);
        assert.equal(slow.text, '');
        await until(() => echo.lines().some((line) => line.end === 'cut off'), 'the log');
        const chunked = await Line.open(echo.port);
        chunked.send(request('POST', '/upload', ['Content-Type: multipart/form-data; boundary=x',
            'Transfer-Encoding: chunked']));
        await drip(chunked, '1\r\nx\r\n', 50);
        // Longer than the grace, but at more than the rate.
        const steady = await Line.open(echo.port);
        steady.send(request('POST', '/echo', [...json, 'Content-Length: 100000']));
        for (let i = 0; i < 20; i++) {
            steady.send('x'.repeat(5000));
            await sleep(100);
        }
        assert.equal((await steady.answers())[0].status, 200);
        steady.end();
        assert.equal((await counts(echo)).entered, 1);
    });

    it('a client that does not read is ended, and so is what it asked for', async (t) => {
        const echo = await startEcho(t, { head: 30, rate_grace: 2, least_rate: 20000000 });
        for (const target of ['/stream?bytes=1000000000', '/large?bytes=60000000']) {
            const line = await Line.open(echo.port);
            line.socket.pause();
            line.send(request('GET', target));
            await until(() => echo.lines().some((entry) => entry.route === target.split('?')[0] && entry.end === 'cut off'),
                'the end of the request');
            line.end();
        }
        assert.deepEqual(await counts(echo), { entered: 1, held: 0, working: 0 });
        // A server that is slow to produce is no slow client: it is not ended for that.
        assert.equal((await answerTo(echo.port, request('GET', '/sleep?ms=3500'))).status, 200);
    });

    it('a thousand idle connections are in nobody\'s way', async (t) => {
        const echo = await startEcho(t, { max_connections: 2000 });
        const idle = await Promise.all(Array.from({ length: 1000 }, () => Line.open(echo.port)));
        idle.slice(0, 100).forEach((line) => line.send('GET /echo HTTP/1.1\r\nHost: loc'));
        const agent = new http.Agent({ keepAlive: true, maxSockets: 10 });
        const get = (path) => new Promise((settle, fail) => {
            http.get(`${echo.url}${path}`, { agent, headers: { host: 'localhost' } }, (response) => {
                let text = '';
                response.on('data', (data) => (text += data));
                response.on('end', () => settle({ status: response.statusCode, text }));
            }).on('error', fail);
        });
        const answers = await Promise.all(Array.from({ length: 500 }, (_, i) => get(`/items/${i}`)));
        answers.forEach((answer, i) => assert.equal(JSON.parse(answer.text).id, String(i)));
        // Those that had begun go on where they were.
        const [first] = await idle[0].send('alhost\r\n\r\n').answers();
        assert.equal(first.status, 200);
        agent.destroy();
        idle.forEach((line) => line.end());
    });

    it('connections have a limit, near which the idle ones give way', async (t) => {
        const echo = await startEcho(t, { max_connections: 8, head: 60 });
        const idle = [];
        for (let i = 0; i < 8; i++) {
            idle.push(await Line.open(echo.port));
        }
        // Those beyond the limit are turned away, until the idle ones have had their time.
        const refused = await ask(echo.port, request('GET', '/echo'));
        assert.equal(refused.text, '');
        await until(() => idle.some((line) => line.closed), 'the end of idle connections');
        // Their places come free a moment later.
        let answer;
        for (let tries = 0; answer === undefined && tries < 1000; tries++) {
            const line = await Line.open(echo.port);
            [answer] = await line.send(request('GET', '/echo')).answers();
            line.end();
        }
        assert.equal(answer?.status, 200);
        idle.forEach((line) => line.end());
    });

    it('more requests than may be worked on wait a while, then are told to come again', async (t) => {
        const echo = await startEcho(t, { max_requests: 2 });
        const busy = [1, 2].map(() => answerTo(echo.port, request('GET', '/sleep?ms=6000')));
        await untilCounts(echo, ({ working }) => working === 2);
        const refused = await answerTo(echo.port, request('GET', '/echo'));
        assert.equal(refused.status, 503);
        assert.equal(refused.headers['retry-after'], '5');
        assert.equal(messageOf(refused), 'The server is busy. Please try again later.');
        // The health check of this server is never in the queue; nor is a slow upload.
        assert.equal((await answerTo(echo.port, request('GET', '/counts'))).status, 200);
        assert.deepEqual((await Promise.all(busy)).map((answer) => answer.status), [200, 200]);
        const { headers, body } = multipart([['a', 'a', 'x'.repeat(1000)]]);
        const slow = await Promise.all([1, 2, 3].map(() => Line.open(echo.port)));
        slow.forEach((line) => line.send(request('POST', '/upload', headers)));
        assert.equal((await answerTo(echo.port, request('GET', '/echo'))).status, 200);
        for (const line of slow) {
            assert.equal((await line.send(body).answers())[0].status, 200);
            line.end();
        }
        // One that waits is let in when there is a place.
        const short = [1, 2].map(() => answerTo(echo.port, request('GET', '/sleep?ms=700')));
        assert.equal((await answerTo(echo.port, request('GET', '/echo'))).status, 200);
        await Promise.all(short);
        // Streams hold their place until they are over.
        const streams = await Promise.all([1, 2].map(() => Line.open(echo.port)));
        streams.forEach((line) => line.socket.pause());
        streams.forEach((line) => line.send(request('GET', '/stream?bytes=1000000000')));
        await untilCounts(echo, ({ held }) => held === 2);
        assert.equal((await answerTo(echo.port, request('GET', '/echo'))).status, 503);
        streams.forEach((line) => line.end());
        await untilCounts(echo, ({ held }) => held === 0);
        assert.equal((await answerTo(echo.port, request('GET', '/echo'))).status, 200);
    });

    it('a server that stops finishes what it works on', async (t) => {
        const echo = await startEcho(t, { drain: 100 });
        const idle = await Line.open(echo.port);
        const half = await Line.open(echo.port);
        half.send('GET /echo HTTP/1.1\r\n');
        const used = await Line.open(echo.port);
        await used.send(request('GET', '/echo')).answers();
        const working = await Line.open(echo.port);
        working.send(request('GET', '/sleep?ms=5000'));
        const stream = await Line.open(echo.port);
        stream.socket.pause();
        stream.send(request('GET', '/stream?bytes=20000000'));
        const upload = await Line.open(echo.port);
        const { headers, body } = multipart([['a', 'a', 'x'.repeat(100000)]]);
        upload.send(request('POST', '/upload', headers)).send(body.subarray(0, 50000));
        await untilCounts(echo, ({ entered, held, working: asleep }) => entered === 4 && held === 1 && asleep === 1);
        echo.child.kill('SIGTERM');
        await until(() => idle.closed && half.closed && used.closed, 'the end of idle connections');
        await assert.rejects(Line.open(echo.port), /ECONNREFUSED/);
        upload.send(body.subarray(50000));
        stream.socket.resume();
        await until(() => stream.closed, 'the end of the stream');
        const answers = [await working.answers(), await upload.answers(), await stream.answers()].map(([answer]) => answer);
        assert.equal(answers[1].headers.connection, 'close');
        assert.deepEqual(answers.map((answer) => answer.status), [200, 200, 200]);
        assert.equal(answers[2].body.length, 20000000);
        assert.deepEqual(await echo.ended, { status: 0, signal: null });
    });

    it('a server that stops does not wait for ever', async (t) => {
        const echo = await startEcho(t, { drain: 0.3 });
        const stream = await Line.open(echo.port);
        stream.socket.pause();
        stream.send(request('GET', '/stream?bytes=1000000000'));
        const upload = await Line.open(echo.port);
        upload.send(request('POST', '/echo', [...json, 'Content-Length: 100'], '1'));
        await untilCounts(echo, ({ entered }) => entered === 3);
        await echo.stop();
        await until(() => upload.closed, 'the end of the upload');
        stream.end();
    });

    it('files of uploads have no name, and no file is left open', async (t) => {
        const folder = makeFolder(t);
        const echo = await startEcho(t, { temporary_directory: folder });
        const open = () => readdirSync(`/proc/${echo.child.pid}/fd`).length;
        const before = open();
        const { headers, body } = multipart([['a', 'a', 'x'.repeat(3000000)]]);
        const line = await Line.open(echo.port);
        line.send(request('POST', '/upload', headers)).send(body.subarray(0, 2000000));
        await until(() => open() >= before + 2, 'the upload');
        assert.deepEqual(readdirSync(folder), []);
        const other = await Line.open(echo.port);
        other.send(request('POST', '/upload', headers)).send(body.subarray(0, 1000));
        other.end();
        assert.equal((await line.send(body.subarray(2000000)).answers())[0].status, 200);
        line.end();
        await until(() => open() <= before, 'no more open files than before');
        // Nowhere to put them: the client is to come again, and the log says why.
        const nowhere = await startEcho(t, { temporary_directory: join(folder, 'nothing') });
        const small = multipart([['a', 'a', 'x']]);
        const answer = await answerTo(nowhere.port, request('POST', '/upload', small.headers, small.body.toString()));
        assert.equal(answer.status, 500);
        assert.match(nowhere.log, /cannot make a file for an upload: No such file/);
    });

    it('addresses: another one, one that is taken, one that is none', async (t) => {
        const echo = await startEcho(t, { listen: '::1' });
        const line = await Line.open(echo.port, { host: '::1' });
        line.send(`GET /echo HTTP/1.1\r\nHost: [::1]:${echo.port}\r\n\r\n`);
        assert.equal(JSON.parse((await line.answers())[0].text).client, '::1');
        line.end();
        await assert.rejects(startEcho({ after() {} }, { listen: '192.0.2.1' }), /192\.0\.2\.1 port 0: cannot listen: /);
        await assert.rejects(startEcho({ after() {} }, { listen: 'nonsense' }), /cannot listen on .*nonsense/);
        assert.ok((await startEcho(t, { listen: 'localhost' })).port > 0);
    });

    it('TLS', async (t) => {
        const { folder, key, certificate } = makeCertificate(t);
        const echo = await startEcho(t, { tls_certificate: certificate, tls_key: key, head: 4, max_json_bytes: 1000 });
        const agent = new https.Agent({ keepAlive: true, ca: readFileSync(certificate), servername: 'localhost' });
        const send = (method, path, headers = {}, body = undefined) => new Promise((settle, fail) => {
            const asked = https.request({ port: echo.port, host: '127.0.0.1', agent, method, path,
                headers: { host: 'localhost', ...headers } }, (response) => {
                const pieces = [];
                response.on('data', (data) => pieces.push(data));
                response.on('end', () => settle({ status: response.statusCode, headers: response.headers,
                    text: Buffer.concat(pieces).toString(), whole: response.complete }));
                response.on('error', () => settle({ status: response.statusCode, whole: false }));
            });
            asked.on('error', fail);
            asked.end(body);
        });
        const answer = await send('GET', '/items/1');
        assert.equal(answer.status, 200);
        assert.equal(JSON.parse(answer.text).secure, true);
        assert.match(answer.headers['strict-transport-security'], /^max-age=/);
        assert.equal((await send('GET', '/stream?bytes=3000000')).text.length, 3000000);
        assert.equal((await send('GET', '/stream?bytes=3000000&fail_at=1000000')).whole, false);
        const upload = multipart([['a', 'a', 'x'.repeat(1000000)]]);
        const sent = await send('POST', '/upload', { 'Content-Type': 'multipart/form-data; boundary=xYzZy' }, upload.body);
        assert.equal(JSON.parse(sent.text).parts[0].bytes, 1000000);
        assert.equal((await send('POST', '/echo', { 'Content-Type': 'application/json' }, 'x'.repeat(2000))).status, 413);
        agent.destroy();
        // Neither plain text nor a handshake that never comes holds a thread for long.
        const plain = await Line.open(echo.port);
        plain.send(request('GET', '/echo'));
        const silent = await Line.open(echo.port);
        await until(() => plain.closed && silent.closed, 'the end of the connections');
        assert.doesNotMatch(plain.text, /HTTP/);
        await assert.rejects(startEcho({ after() {} }, { tls_certificate: certificate }), /both a certificate and its key/);
        await assert.rejects(startEcho({ after() {} }, { tls_certificate: key, tls_key: key }), /cannot be started/);
        await assert.rejects(startEcho({ after() {} }, { tls_certificate: join(folder, 'none'), tls_key: key }),
            /none: cannot open/);
    });

    it('TLS from 1.2 on, with keys that are good for one connection only', async (t) => {
        const { key, certificate } = makeCertificate(t);
        const echo = await startEcho(t, { tls_certificate: certificate, tls_key: key });
        /** The protocol that is agreed on; null when there is none. */
        const shake = (version, ciphers) => new Promise((settle) => {
            const socket = tls.connect({ port: echo.port, host: '127.0.0.1', servername: 'localhost',
                ca: readFileSync(certificate), minVersion: version, maxVersion: version,
                ciphers: `${ciphers}:@SECLEVEL=0` }, () => {
                settle(socket.getProtocol());
                socket.destroy();
            });
            socket.on('error', () => settle(null));
        });
        assert.equal(await shake('TLSv1.3', 'DEFAULT'), 'TLSv1.3');
        assert.equal(await shake('TLSv1.2', 'DEFAULT'), 'TLSv1.2');
        assert.equal(await shake('TLSv1.2', 'ECDHE-RSA-AES128-GCM-SHA256'), 'TLSv1.2');
        assert.equal(await shake('TLSv1.1', 'ALL'), null);
        assert.equal(await shake('TLSv1', 'ALL'), null);
        assert.equal(await shake('TLSv1.2', 'AES128-GCM-SHA256:AES256-SHA'), null);
    });

    it('a client that goes away in any part of a request does no harm', async (t) => {
        const echo = await startEcho(t);
        const { headers, body } = multipart([['a', 'a', 'x'.repeat(10000)]]);
        const whole = Buffer.concat([Buffer.from(request('POST', '/upload', headers)), body]);
        for (let i = 0; i < 100; i++) {
            const socket = net.connect(echo.port, '127.0.0.1');
            await new Promise((settle) => socket.on('connect', settle));
            const end = Math.floor((whole.length * i) / 100);
            socket.write(whole.subarray(0, end), () => (i % 2 === 0 ? socket.destroy() : socket.resetAndDestroy?.() ?? socket.destroy()));
            socket.on('error', () => {});
        }
        await untilCounts(echo, ({ entered }) => entered === 1);
        assert.equal((await ask(echo.port, request('GET', '/echo', ['Connection: close']))).closed, true);
    });
});
