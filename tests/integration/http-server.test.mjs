// What the HTTP server makes of requests: routes, bodies, answers, and what it refuses.

import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { answerTo, ask, json, Line, messageOf, multipart, parseAnswers, request, startEcho, sumOf, until }
    from './http-support.mjs';
import { makeFolder } from './support.mjs';

const hidden = request('GET', '/items/smuggled');

/** Sent as JSON to a route that takes it. */
const post = (headers, body = '') => request('POST', '/echo', [...json, ...headers], body);

test('what two servers could read differently is refused, and nothing behind it is read', async (t) => {
    const echo = await startEcho(t);
    const chunks = `0\r\n\r\n${hidden}`;
    const corpus = {
        'length and coding': post(['Content-Length: 5', 'Transfer-Encoding: chunked'], chunks),
        'coding and length': post(['Transfer-Encoding: chunked', 'Content-Length: 5'], chunks),
        'two lengths, alike': post(['Content-Length: 2', 'Content-Length: 2'], `{}${hidden}`),
        'two lengths': post(['Content-Length: 2', 'content-length: 60'], `{}${hidden}`),
        'a list of lengths': post(['Content-Length: 2, 2'], `{}${hidden}`),
        'a length with a sign': post(['Content-Length: +2'], `{}${hidden}`),
        'a negative length': post(['Content-Length: -2'], `{}${hidden}`),
        'a hexadecimal length': post(['Content-Length: 0x2'], `{}${hidden}`),
        'a length with a blank': post(['Content-Length: 2 0'], `{}${hidden}`),
        'a length with a fraction': post(['Content-Length: 2.0'], `{}${hidden}`),
        'no length': post(['Content-Length:'], `{}${hidden}`),
        'identity': post(['Transfer-Encoding: identity'], `{}${hidden}`),
        'gzip, chunked': post(['Transfer-Encoding: gzip, chunked'], chunks),
        'chunked twice': post(['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'], chunks),
        'chunked, chunked': post(['Transfer-Encoding: chunked, chunked'], chunks),
        'chunked and identity': post(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], chunks),
        'xchunked': post(['Transfer-Encoding: xchunked'], chunks),
        'quoted coding': post(['Transfer-Encoding: "chunked"'], chunks),
        'empty coding': post(['Transfer-Encoding:'], chunks),
        'vertical tab before the coding': post(['Transfer-Encoding: \x0bchunked'], chunks),
        'byte behind the coding': post(['Transfer-Encoding: chunked\xff'], chunks),
        'blank before the colon': post(['Transfer-Encoding : chunked'], chunks),
        'blank in a name': post(['Transfer Encoding: chunked'], chunks),
        'blank before a name': request('POST', '/echo', [' Transfer-Encoding: chunked'], chunks),
        'a folded line': post(['X-Test: a\r\n b', 'Content-Length: 0'], hidden),
        'a folded coding': post(['Transfer-Encoding:\r\n chunked'], chunks),
        'a folded length': post(['Content-Length:\r\n\t2'], `{}${hidden}`),
        'a bare carriage return': post(['X-Test: a\rTransfer-Encoding: chunked', 'Content-Length: 0'], hidden),
        'a bare line feed': post(['X-Test: a\nContent-Length: 0'], hidden),
        'a bare line feed behind the request line':
            `GET /echo HTTP/1.1\nHost: localhost\r\n\r\n${hidden}`,
        'a bare line feed at the end': `GET /echo HTTP/1.1\r\nHost: localhost\r\n\n${hidden}`,
        'a NUL in a value': post(['X-Test: a\0b', 'Content-Length: 0'], hidden),
        'a NUL in a name': post(['X-T\0est: a', 'Content-Length: 0'], hidden),
        'no name': post([': a', 'Content-Length: 60'], hidden),
        'no colon': post(['X-Test', 'Content-Length: 0'], hidden),
        'coding in HTTP/1.0': `POST /echo HTTP/1.0\r\nHost: localhost\r\n${json}\r\n` +
            `Transfer-Encoding: chunked\r\n\r\n${chunks}`,
        'two hosts': request('GET', '/echo', ['Host: localhost'], hidden),
        'two blanks': `GET  /echo HTTP/1.1\r\nHost: localhost\r\n\r\n${hidden}`,
        'a blank in the target': `GET /echo /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60\r\n\r\n${hidden}`,
        'two content types': post(['Content-Type: text/plain', 'Content-Length: 2'], `{}${hidden}`),
        'a negative chunk': post(['Transfer-Encoding: chunked'], `-1\r\n\r\n${hidden}`),
        'a chunk with 0x': post(['Transfer-Encoding: chunked'], `0x2\r\n{}\r\n0\r\n\r\n${hidden}`),
        'a chunk of another length': post(['Transfer-Encoding: chunked'], `1\r\n{}\r\n0\r\n\r\n${hidden}`),
        'a chunk without a size': post(['Transfer-Encoding: chunked'], `\r\n{}\r\n0\r\n\r\n${hidden}`),
        'HTTP/0.9': `GET /echo\r\n\r\n${hidden}`,
        'HTTP/1.15': `GET /echo HTTP/1.15\r\nHost: localhost\r\n\r\n${hidden}`,
    };
    for (const [what, bytes] of Object.entries(corpus)) {
        const line = await ask(echo.port, bytes);
        // libmicrohttpd's own refusals come with their head twice.
        assert.match(line.text, /^HTTP\/1\.1 400 /, what);
        assert.doesNotMatch(line.text, /HTTP\/1\.1 [^4]|smuggled/, what);
        assert.match(line.text, /^Connection: close\r$/im, what);
    }
    const large = await ask(echo.port, post(['Content-Length: 99999999999999999999999'], hidden));
    assert.match(large.text, /^HTTP\/1\.1 413 /);
    const chunk = await ask(echo.port,
        post(['Transfer-Encoding: chunked'], `10000000000000002\r\n{}\r\n0\r\n\r\n${hidden}`));
    assert.match(chunk.text, /^HTTP\/1\.1 413 /);
    assert.match((await ask(echo.port, `GET /echo HTTP/2.0\r\nHost: localhost\r\n\r\n${hidden}`)).text,
        /^HTTP\/1\.1 505 /);
    // None of it has reached a handler.
    assert.ok(echo.lines().every((line) => line.message !== 'request' || line.status !== 200));
});

test('behind a chunked body nothing is read as a request, wherever its end was seen', async (t) => {
    const echo = await startEcho(t);
    // libmicrohttpd takes all of these; another server in front may see a longer body, or a shorter one.
    const corpus = {
        'sound': '2\r\n{}\r\n0\r\n\r\n',
        'a bare line feed behind a size': '2\n{}\r\n0\r\n\r\n',
        'a bare line feed behind a chunk': '2\r\n{}\n0\r\n\r\n',
        'a bare line feed behind the last size': '2\r\n{}\r\n0\n\r\n',
        'a bare line feed at the end': '2\r\n{}\r\n0\r\n\n',
        'bare line feeds only': '2\n{}\n0\n\n',
        'a bare line feed in an extension': '2;a\n{}\r\n0\r\n\r\n',
        'a carriage return in an extension': '2;a\rb\r\n{}\r\n0\r\n\r\n',
        'a NUL in an extension': '2;\0\r\n{}\r\n0\r\n\r\n',
        'a long extension': `2;${'a'.repeat(9000)}\r\n{}\r\n0\r\n\r\n`,
        'a bare line feed in a trailer': '2\r\n{}\r\n0\r\nX: 1\nY: 2\r\n\r\n',
    };
    for (const [what, body] of Object.entries(corpus)) {
        const bytes = `${post(['Transfer-Encoding: chunked'], body)}${hidden}`;
        for (const at of [bytes.length, bytes.length - hidden.length, bytes.indexOf(body) + 3]) {
            const line = await Line.open(echo.port, { noDelay: true });
            line.send(bytes.slice(0, at));
            await new Promise((settle) => setTimeout(settle, 5));
            line.send(bytes.slice(at));
            await until(() => line.closed, `the end of the connection after ${what}`);
            const answers = parseAnswers(line.received, true);
            assert.equal(answers.length, 1, what);
            assert.ok([200, 400].includes(answers[0].status), what);
            assert.equal(answers[0].headers.connection, 'close', what);
            assert.doesNotMatch(line.text, /smuggled/, what);
        }
    }
    assert.ok(echo.lines().every((line) => line.message !== 'request' || line.route === '/echo'));
});

test('what is unusual but sound is read', async (t) => {
    const echo = await startEcho(t);
    const bodies = {
        'a chunked body': post(['Transfer-Encoding: chunked'], '1\r\n{\r\n1\r\n}\r\n0\r\n\r\n'),
        'a name in capitals': post(['TRANSFER-ENCODING: Chunked'], '2\r\n{}\r\n0\r\n\r\n'),
        'a tab before the value': post(['Transfer-Encoding:\tchunked'], '2\r\n{}\r\n0\r\n\r\n'),
        'a chunk extension': post(['Transfer-Encoding: chunked'], '2;a="b"\r\n{}\r\n0\r\n\r\n'),
        'trailers': post(['Transfer-Encoding: chunked'], '2\r\n{}\r\n0\r\nContent-Length: 9\r\nX: 1\r\n\r\n'),
        'zeros before the length': post(['Content-Length: 0002'], '{}'),
        'an empty header': post(['X-Test:', 'Content-Length: 2'], '{}'),
        'line breaks before the request': `\r\n\r\n${post(['Content-Length: 2'], '{}')}`,
    };
    for (const [what, bytes] of Object.entries(bodies)) {
        const answer = await answerTo(echo.port, bytes);
        assert.equal(answer.status, 200, what);
        assert.equal(JSON.parse(answer.text).body, '{}', what);
    }
    // Byte by byte, as some networks and some tests deliver.
    const line = await Line.open(echo.port, { noDelay: true });
    for (const byte of post(['X-Long: ' + 'y'.repeat(300), 'Content-Length: 2'], '{}')) {
        line.send(byte);
        await new Promise((settle) => setImmediate(settle));
    }
    const [answer] = await line.answers();
    assert.equal(answer.status, 200);
    const headers = Object.fromEntries(JSON.parse(answer.text).headers);
    assert.equal(headers['X-Long'], 'y'.repeat(300));
    line.end();
    // The longest that is allowed, in pieces.
    const long = await Line.open(echo.port, { noDelay: true });
    const bytes = request('GET', `/items/${'i'.repeat(8100)}`, [`X-A: ${'a'.repeat(16000)}`, `X-B: ${'b'.repeat(16000)}`]);
    for (let at = 0; at < bytes.length; at += 1000) {
        long.send(bytes.slice(at, at + 1000));
        await new Promise((settle) => setTimeout(settle, 1));
    }
    assert.equal((await long.answers())[0].status, 200);
    long.end();
});

test('requests that come in one go are answered in order', async (t) => {
    const echo = await startEcho(t);
    const line = await Line.open(echo.port);
    line.send(request('GET', '/items/1') + post(['Content-Length: 3'], '[1]') + request('GET', '/nothing') +
        request('DELETE', '/echo') + request('HEAD', '/items/2') + request('OPTIONS', '/items/3') +
        request('GET', '/echo', ['Content-Length: 3'], 'GET') + request('GET', '/items/4', ['Connection: close']) +
        request('GET', '/items/5'));
    await until(() => line.closed, 'the end');
    const methods = ['', '', '', '', 'HEAD'];
    const answers = await line.answers(8, methods);
    assert.deepEqual(answers.map((answer) => answer.status), [200, 200, 404, 200, 200, 204, 200, 200]);
    assert.equal(JSON.parse(answers[0].text).id, '1');
    assert.equal(JSON.parse(answers[1].text).body, '[1]');
    assert.equal(answers[4].body.length, 0);
    assert.equal(answers[5].headers.allow, 'GET, HEAD, PATCH, OPTIONS');
    assert.equal(JSON.parse(answers[7].text).id, '4');
});

test('targets are routed as they were sent', async (t) => {
    const echo = await startEcho(t);
    const get = (target, headers) => answerTo(echo.port, request('GET', target, headers));
    const read = async (target) => JSON.parse((await get(target)).text);
    assert.equal((await read('/items/a%2Fb%20c%C3%A4+')).id, 'a/b cä+');
    assert.equal((await read('/items/p_1/')).id, 'p_1');
    assert.deepEqual((await read('/echo?a=1&b=%20x+y&c&=d&a=2&&e=%26%3D')).query,
        [['a', '1'], ['b', ' x y'], ['c', ''], ['', 'd'], ['a', '2'], ['e', '&=']]);
    assert.deepEqual((await read('/echo?')).query, []);
    const cookies = JSON.parse((await get('/echo', ['Cookie: a=1; b="x y"; nothing; =c; d=', 'Cookie: e=%20']))
        .text).cookies;
    assert.deepEqual(cookies, [['a', '1'], ['b', 'x y'], ['d', ''], ['e', '%20']]);
    for (const [target, status] of Object.entries({
        '/items/a%00b': 404, '/echo%00': 404, '/echo%00/x': 404, '/items/%ff': 404, '/items/%C3': 404,
        '/items/': 404, '/items': 404, '/items/a/b': 404, '//echo': 404, '/echo//': 404, '/ECHO': 404,
        '/items/../echo': 404, '/items/%2e%2e/echo': 404, '/': 404, '/items/%zz': 404, '/items/%4': 404,
        '/echo?a=%00': 400, '/echo?a=%zz': 400, '/echo?%ff': 400, '/echo?a=%C3': 400, 'echo': 400,
        '/ec\x7fho': 400, '/items/\xc3\xa4': 400, '/echo#a': 400, 'ftp://localhost/echo': 400, 'http://': 400,
        [`/echo?${'a&'.repeat(300)}`]: 400, [`/items/${'x'.repeat(8100)}`]: 200,
        [`/items/${'x'.repeat(9000)}`]: 414, [`/items/${'x'.repeat(60000)}`]: 414,
        [`/items/${'x'.repeat(200000)}`]: 414,
    })) {
        assert.equal((await get(target)).status, status, target.slice(0, 60));
    }
    assert.equal(messageOf(await get('/nothing')), 'Resource not found');
    // Of a proxy's form of target, the name in it counts.
    const absolute = (host, header) => answerTo(echo.port,
        `GET http://${host}/items/7?a=b HTTP/1.1\r\nHost: ${header}\r\n\r\n`);
    assert.equal(JSON.parse((await absolute('LOCALHOST:80', 'localhost:80')).text).id, '7');
    // Addresses of ours are made out of the header later: it has to be the one that is allowed.
    for (const header of ['elsewhere.example', 'localhost:81', 'localhost']) {
        const answer = await absolute('LOCALHOST:80', header);
        assert.equal(answer.status, 400);
        assert.match(messageOf(answer), /name different hosts/);
    }
    assert.equal((await absolute('elsewhere.example', 'elsewhere.example')).status, 400);
});

test('methods that a path does not have are told, with those it has', async (t) => {
    const echo = await startEcho(t);
    for (const method of ['PUT', 'get', 'PROPFIND', 'TRACE']) {
        const answer = await answerTo(echo.port, request(method, '/echo'));
        assert.equal(answer.status, 405);
        assert.equal(messageOf(answer), `Method "${method}" not allowed.`);
        assert.equal(answer.headers.allow, 'GET, HEAD, POST, DELETE, OPTIONS');
    }
    const options = await answerTo(echo.port, request('OPTIONS', '/items/1'));
    assert.equal(options.status, 204);
    assert.equal(options.headers.allow, 'GET, HEAD, PATCH, OPTIONS');
    assert.equal((await answerTo(echo.port, request('OPTIONS', '*'))).status, 204);
    assert.equal((await answerTo(echo.port, request('OPTIONS', '/nothing'))).status, 404);
    assert.equal((await answerTo(echo.port, request('A'.repeat(33), '/echo'))).status, 400);
});

test('a server answers to its names only', async (t) => {
    const own = await startEcho(t);
    const named = await startEcho(t, { allowed_hosts: 'example.com,.example.org' });
    const any = await startEcho(t, { allowed_hosts: '*' });
    const status = async (echo, host) =>
        (await answerTo(echo.port, `GET /echo HTTP/1.1\r\nHost: ${host}\r\n\r\n`)).status;
    for (const host of ['localhost', 'LocalHost:8000', 'a.localhost', '127.0.0.1:1', '[::1]:8000', 'localhost.']) {
        assert.equal(await status(own, host), 200, host);
        assert.equal(await status(named, host), 400, host);
    }
    for (const host of ['example.com', 'EXAMPLE.com:443', 'example.org', 'a.b.example.org']) {
        assert.equal(await status(own, host), 400, host);
        assert.equal(await status(named, host), 200, host);
    }
    for (const host of ['a.example.com', 'badexample.org', 'example.com.evil.example', 'example.com:x',
        'example.com@evil.example', 'example.com/', '', 'exa mple.com', '[::1', 'example.com:123456']) {
        assert.equal(await status(named, host), 400, host);
    }
    assert.equal(await status(any, 'anything.example'), 200);
    assert.equal(await status(any, 'a b'), 400);
    for (const version of ['1.0', '1.1']) {
        const answer = await answerTo(own.port, `GET /echo HTTP/${version}\r\n\r\n`);
        assert.equal(answer.status, 400);
        assert.equal(messageOf(answer), 'Missing Host header');
    }
});

test('the client is who the proxies say that are trusted', async (t) => {
    const clientOf = async (echo, ...lists) =>
        JSON.parse((await answerTo(echo.port, request('GET', '/echo', lists.map((list) => `X-Forwarded-For: ${list}`)))).text).client;
    const alone = await startEcho(t);
    assert.equal(await clientOf(alone), '127.0.0.1');
    assert.equal(await clientOf(alone, '203.0.113.7'), '127.0.0.1', 'nobody is trusted');
    const other = await startEcho(t, { trusted_proxies: '127.0.0.2,10.0.0.0/8' });
    assert.equal(await clientOf(other, '203.0.113.7'), '127.0.0.1', 'another one is trusted');
    // A socket of both versions shows IPv4 as a part of IPv6.
    const echo = await startEcho(t, { listen: '::', trusted_proxies: '127.0.0.0/8,fd00::/8' });
    assert.equal(await clientOf(echo), '127.0.0.1');
    assert.equal(await clientOf(echo, '203.0.113.7'), '203.0.113.7');
    assert.equal(await clientOf(echo, '192.0.2.1, 203.0.113.7'), '203.0.113.7', 'what the client sent itself');
    assert.equal(await clientOf(echo, '192.0.2.1, 2001:DB8:0::7, fd00::1', '127.0.0.9'), '2001:db8::7');
    assert.equal(await clientOf(echo, "203.0.113.7'; drop table"), '127.0.0.1', 'no address');
    assert.ok(![alone, other, echo].some(({ log }) => /203\.0\.113|127\.0\.0|192\.0\.2/.test(log)), 'no address is in the log');
});

test('heads have limits', async (t) => {
    const echo = await startEcho(t);
    const status = async (headers) => {
        const line = await ask(echo.port, request('GET', '/echo', [...headers, 'Connection: close']));
        return Number(/^HTTP\/1\.1 (\d+) /.exec(line.text)[1]);
    };
    assert.equal(await status(Array.from({ length: 90 }, (_, i) => `X-${i}: x`)), 200);
    assert.equal(await status(Array.from({ length: 101 }, (_, i) => `X-${i}: x`)), 431);
    assert.equal(await status(Array.from({ length: 5000 }, (_, i) => `X-${i}: x`)), 431);
    assert.equal(await status([`X: ${'x'.repeat(30000)}`]), 200);
    assert.equal(await status([`X: ${'x'.repeat(33000)}`]), 431);
    assert.equal(await status([`X: ${'x'.repeat(200000)}`]), 431);
});

test('bodies are of the types that a route takes', async (t) => {
    const echo = await startEcho(t, { max_json_bytes: 1000 });
    const send = (headers, body, path = '/echo') => answerTo(echo.port,
        request('POST', path, [...headers, `Content-Length: ${body.length}`], body));
    for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/json;charset="UTF-8"']) {
        assert.equal(JSON.parse((await send([`Content-Type: ${type}`], '{}')).text).body, '{}');
    }
    for (const type of ['text/plain', 'application/jsonp', 'application/json; charset=latin1',
        'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded', '', 'application/json; charset="']) {
        const answer = await send([`Content-Type: ${type}`], '{}');
        assert.equal(answer.status, 415, type);
        assert.equal(messageOf(answer), `Unsupported media type "${type}" in request.`);
    }
    assert.equal(messageOf(await send([], '{}')), 'Unsupported media type "" in request.');
    assert.equal((await send([...json, 'Content-Encoding: gzip'], '{}')).status, 415);
    // No body is none of any type.
    assert.equal(JSON.parse((await send([], '')).text).body, null);
    assert.equal(JSON.parse((await send(['Content-Type: text/plain'], '')).text).body, null);
    const chunked = [...json, 'Transfer-Encoding: chunked'];
    assert.equal(JSON.parse((await answerTo(echo.port, request('POST', '/echo', chunked, '0\r\n\r\n'))).text).body,
        null);
    assert.equal((await send(json, ' '.repeat(1000))).status, 200);
    assert.equal(messageOf(await send(json, ' '.repeat(1001))), 'Request body too large');
    // What is not announced is found out: an answer, though the body goes on.
    const long = await answerTo(echo.port,
        request('POST', '/echo', chunked, `${'100\r\n' + ' '.repeat(256) + '\r\n'}`.repeat(5) + '0\r\n\r\n'));
    assert.equal(long.status, 413);
    assert.equal(long.headers.connection, 'close');
    // A body where none is taken is passed over, if it is small.
    const get = (size) => answerTo(echo.port,
        request('GET', '/echo', [`Content-Length: ${size}`], 'x'.repeat(size)));
    assert.equal((await get(65536)).status, 200);
    assert.equal((await get(65537)).status, 413);
});

test('forms and files', async (t) => {
    const folder = makeFolder(t);
    const echo = await startEcho(t, { temporary_directory: folder });
    const send = async (parts, path = '/upload', boundary = undefined) => {
        const { headers, body } = multipart(parts, boundary);
        const line = await Line.open(echo.port);
        line.send(request('POST', path, headers)).send(body);
        const [answer] = await line.answers();
        line.end();
        return answer;
    };
    const large = Buffer.alloc(3_000_000, 'some rows, and some more\n');
    // A delimiter's beginning in the content, and at the borders of what is read at once.
    const tricky = Buffer.concat([Buffer.from('\r\n--xYzZ\r\n--xYz\r\r\n\r\n-'), large, Buffer.from('\r\n--xYzZ')]);
    const form = JSON.parse((await send([['file', 'a "b".csv'.replaceAll('"', '\\"'), tricky],
        ['config_id', null, 'cfg_1'], ['empty', null, ''], ['nothing', '', ''], ['packed', 'x.csv.gz', gzipSync(large)],
    ])).text);
    assert.equal(form.is_form, true);
    assert.deepEqual(form.parts.map(({ name, file_name, text }) => [name, file_name, text]), [
        ['file', 'a "b".csv', null], ['config_id', null, 'cfg_1'], ['empty', null, ''], ['nothing', '', null],
        ['packed', 'x.csv.gz', null],
    ]);
    const [file, , , nothing, packed] = form.parts;
    assert.deepEqual([file.size, file.bytes, file.sum], [tricky.length, tricky.length, sumOf(tricky)]);
    assert.deepEqual([nothing.size, nothing.bytes], [0, 0]);
    assert.deepEqual([packed.bytes, packed.sum], [large.length, sumOf(large)]);
    assert.ok(packed.size < large.length / 10);

    const urlencoded = await answerTo(echo.port, request('POST', '/form',
        ['Content-Type: application/x-www-form-urlencoded', 'Content-Length: 17'], 'a=1&b=%C3%A4+x&c='));
    assert.deepEqual(JSON.parse(urlencoded.text).parts.map(({ name, text }) => [name, text]),
        [['a', '1'], ['b', 'ä x'], ['c', '']]);

    const refused = async (parts, message) => {
        const answer = await send(parts);
        assert.equal(answer.status, 400, answer.text);
        assert.match(messageOf(answer), message);
    };
    const many = (count, file) => Array.from({ length: count }, (_, i) => [`f${i}`, file, 'x']);
    assert.equal((await send(many(64, null))).status, 200);
    await refused(many(65, null), /too many parts/);
    assert.equal((await send(many(4, 'a'))).status, 200);
    await refused(many(5, 'a'), /More than 4 files/);
    assert.equal((await send([['a', null, 'x'.repeat(65536)]])).status, 200);
    await refused([['a', null, 'x'.repeat(65537)]], /longer than 65536 bytes/);
    await refused([['a', null, 'a\0b']], /not valid UTF-8/);
    await refused([['a', null, Buffer.from([0xff])]], /not valid UTF-8/);
    await refused([['a'.repeat(1025), null, 'x']], /name of a part/);

    const raw = (type, body) => answerTo(echo.port, request('POST', '/upload',
        [`Content-Type: ${type}`, `Content-Length: ${body.length}`], body));
    for (const boundary of ['', '; boundary=', '; boundary="', `; boundary=${'x'.repeat(71)}`, '; boundary="a "',
        '; boundary=a; boundary=b', '; boundary=ä']) {
        const answer = await raw(`multipart/form-data${boundary}`, '--x--\r\n');
        assert.equal(answer.status, 400, boundary);
        assert.match(messageOf(answer), /Invalid boundary/);
    }
    const part = (head, more = '') => raw('multipart/form-data; boundary="x"', `--x\r\n${head}\r\n\r\n1\r\n--x${more}`);
    const good = 'Content-Disposition: form-data; name="a"';
    assert.equal((await part(good, '--')).status, 200);
    assert.equal((await part(good, '--anything behind it\r\n--x')).status, 200);
    assert.equal((await part(good, ' \t\r\n\r\n--x--')).status, 400);
    for (const [head, more] of [[good, ''], [good, '-'], [good, '\r\n'], [good, 'y--'], [good, '\n'],
        ['Content-Type: text/plain', '--'], ['Content-Disposition: attachment; name="a"', '--'],
        ['Content-Disposition: form-data', '--'], ['Content-Disposition: form-data; name="a', '--'],
        [`${good}\r\n${good}`, '--'], [`${good}\r\nContent-Transfer-Encoding: base64`, '--'], ['nonsense', '--'],
        [`${good}\r\nX: ${'x'.repeat(9000)}`, '--'], [`${good}\nX: 1`, '--'],
        ['Content-Disposition: form-data; name="a\x01"', '--']]) {
        const answer = await part(head, more);
        assert.equal(answer.status, 400, `${head}${more}`);
        assert.match(messageOf(answer), /^Multipart form parse error - /);
    }
});

test('fault_46_answers_are_not_kept_by_caches, and carry what else browsers hold to', async (t) => {
    const echo = await startEcho(t);
    const answer = await answerTo(echo.port, request('GET', '/echo'));
    assert.equal(answer.headers['content-type'], 'application/json');
    assert.equal(answer.headers['cache-control'], 'no-store');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
    assert.equal(answer.headers['x-frame-options'], 'DENY');
    assert.equal(answer.headers['referrer-policy'], 'same-origin');
    assert.match(answer.headers['content-security-policy'], /frame-ancestors 'none'/);
    assert.equal(answer.headers['strict-transport-security'], undefined);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
    assert.match(answer.headers['x-request-id'], /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    const secure = async (value) =>
        JSON.parse((await answerTo(echo.port, request('GET', '/echo', [`X-Forwarded-Proto: ${value}`]))).text).secure;
    assert.equal(await secure('https'), true);
    assert.equal(await secure('http'), false);
    const away = await answerTo(echo.port, request('GET', '/redirect'));
    assert.equal(away.status, 303);
    assert.equal(away.headers.location, '/echo?a=1');
    assert.equal(away.headers['set-cookie'], 'a=1; HttpOnly, b=2');
});

test('failures become errors that tell no more than they may', async (t) => {
    const echo = await startEcho(t);
    const fail = (query) => answerTo(echo.port, request('GET', `/fail?${query}`));
    const invalid = await fail('status=1');
    assert.equal(invalid.status, 400);
    assert.deepEqual(JSON.parse(invalid.text),
        { error: { message: 'what went wrong', details: [{ message: 'first' }, { message: 'second' }] } });
    // A header that the handler had set for its answer is not the failure's.
    assert.equal(invalid.headers['cache-control'], 'no-store');
    assert.equal(messageOf(await fail('status=3')), 'Resource not found');
    assert.equal((await fail('status=4')).status, 409);
    for (const status of [6, 7]) {
        const busy = await fail(`status=${status}`);
        assert.equal(busy.status, 503);
        assert.equal(busy.headers['retry-after'], '5');
        assert.doesNotMatch(busy.text, /what went wrong/);
    }
    for (const status of [2, 5, 8, 0]) {
        const internal = await fail(`status=${status}`);
        const id = internal.headers['x-request-id'];
        assert.equal(internal.status, 500);
        assert.equal(internal.text, JSON.stringify({ error: { message: `Unexpected internal error - id=${id}` } }));
        await until(() => echo.log.includes(id), 'the line of the log');
        assert.match(echo.lines().find((line) => line.message.includes(id)).message, /GET \/fail: /);
    }
    const split = await fail('header=a%0d%0aX-Evil:%201');
    assert.equal(split.status, 500);
    assert.equal(split.headers['x-evil'], undefined);
    assert.equal((await fail('header=fine')).headers['x-test'], 'fine');
});

test('long answers are produced while they are read, packed if asked for', async (t) => {
    const echo = await startEcho(t);
    const lines = (count) => Array.from({ length: count }, (_, i) => String(i).padStart(7, '0') + '\n').join('');
    const get = (target, headers = []) => answerTo(echo.port, request('GET', target, headers));
    const plain = await get('/stream?bytes=2000000');
    assert.equal(plain.text, lines(250000));
    assert.equal(plain.headers['transfer-encoding'], 'chunked');
    assert.equal(plain.headers['content-type'], 'text/csv');
    assert.equal(plain.headers.vary, 'Accept-Encoding');
    const packed = await get('/stream?bytes=2000000', ['Accept-Encoding: br, gzip;q=0.5']);
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(packed.text, lines(250000));
    assert.equal((await get('/stream?bytes=0', ['Accept-Encoding: gzip'])).text, '');
    assert.equal((await get('/stream?bytes=0')).text, '');
    for (const refusal of ['gzip;q=0', 'gzip; q=0.0, *', 'identity', 'br', '*;q=0']) {
        assert.equal((await get('/stream?bytes=80', [`Accept-Encoding: ${refusal}`])).headers['content-encoding'],
            undefined, refusal);
    }
    // Whole bodies, too, where it pays.
    const large = await get('/large?bytes=5000', ['Accept-Encoding: gzip']);
    assert.equal(large.headers['content-encoding'], 'gzip');
    assert.equal(large.text, 'x'.repeat(5000));
    assert.ok(Number(large.headers['content-length']) < 200);
    for (const target of ['/large?bytes=1000', '/large?bytes=5000&uncompressed']) {
        assert.equal((await get(target, ['Accept-Encoding: gzip'])).headers['content-encoding'], undefined);
    }
    // HTTP/1.0 knows no chunks: the end of the connection is the end.
    const old = await ask(echo.port, 'GET /stream?bytes=16 HTTP/1.0\r\nHost: localhost\r\n\r\n');
    assert.match(old.text, /\r\n\r\n0000000\n0000001\n$/);
    assert.equal(old.reset, false);
    // HEAD is as GET, but nothing is produced.
    const head = await answerTo(echo.port, request('HEAD', '/stream?bytes=16'), ['HEAD']);
    assert.equal(head.status, 200);
    assert.equal(head.headers['content-disposition'], 'attachment; filename="series.csv"');
    const bare = await ask(echo.port, request('HEAD', '/stream?bytes=16'));
    assert.match(bare.text, /\r\n\r\n$/);
    assert.doesNotMatch(bare.text, /\r\n\r\n./);
    const sized = await answerTo(echo.port, request('HEAD', '/large?bytes=16'), ['HEAD']);
    assert.equal(sized.headers['content-length'], '16');
    const counts = JSON.parse((await get('/counts')).text);
    assert.deepEqual(counts, { entered: 1, held: 0, working: 0 });
});

test('an answer that fails in the middle does not look whole', async (t) => {
    const echo = await startEcho(t);
    for (const [bytes, failAt] of [[3000000, 1000000], [16, 8], [16, 0]]) {
        for (const packing of ['Accept-Encoding: gzip', 'X-Test: 1']) {
            const line = await ask(echo.port, request('GET', `/stream?bytes=${bytes}&fail_at=${failAt}`, [packing]));
            assert.match(line.text, /^HTTP\/1\.1 200 /);
            assert.doesNotMatch(line.text, /\r\n0\r\n\r\n$/);
        }
    }
    // Without chunks, by a reset; of which Node does not always tell when it comes with the last bytes.
    let resets = 0;
    for (let tries = 0; tries < 30 && resets === 0; tries++) {
        const old = await ask(echo.port,
            'GET /stream?bytes=1600000&fail_at=800000 HTTP/1.0\r\nHost: localhost\r\n\r\n');
        resets += old.reset;
    }
    assert.ok(resets > 0);
    await until(() => echo.log.includes('the series broke'), 'the log');
    await until(() => echo.lines().some((line) => line.end === 'cut off'), 'the log');
    // Who goes away ends the producer, and that is no failure.
    const calm = await startEcho(t);
    const leaving = await Line.open(calm.port);
    leaving.send(request('GET', '/stream?bytes=2000000000'));
    await until(() => leaving.length > 100000, 'some of the answer');
    leaving.end();
    await until(() => calm.lines().some((line) => line.bytes > 100000 && line.end === 'cut off' &&
        line.route === '/stream'), 'the end of the request');
    assert.deepEqual(JSON.parse((await answerTo(calm.port, request('GET', '/counts'))).text),
        { entered: 1, held: 0, working: 0 });
    assert.doesNotMatch(calm.log, /"level":"error"/);
});

test('pages of other origins read answers only if they are allowed', async (t) => {
    const none = await startEcho(t);
    const some = await startEcho(t, { allowed_origins: 'https://app.example.com,http://b.example:3000/' });
    const any = await startEcho(t, { any_origin: 1 });
    const get = (echo, origin, target = '/echo') =>
        answerTo(echo.port, request('GET', target, origin === null ? [] : [`Origin: ${origin}`]));
    const listed = await get(some, 'https://APP.example.com');
    assert.equal(listed.headers['access-control-allow-origin'], 'https://APP.example.com');
    assert.equal(listed.headers['access-control-allow-credentials'], 'true');
    assert.match(listed.headers['access-control-expose-headers'], /X-Request-Id/);
    assert.equal(listed.headers.vary, 'Origin');
    assert.equal((await get(some, 'http://b.example:3000')).headers['access-control-allow-origin'],
        'http://b.example:3000');
    // Errors are for them, too.
    assert.equal((await get(some, 'https://app.example.com', '/nothing')).headers['access-control-allow-origin'],
        'https://app.example.com');
    for (const origin of ['https://evil.example', 'https://app.example.com.evil.example', 'null',
        'http://app.example.com', null]) {
        const answer = await get(some, origin);
        assert.equal(answer.status, 200);
        assert.equal(answer.headers['access-control-allow-origin'], undefined, origin);
        assert.equal(answer.headers.vary, 'Origin');
    }
    const open = await get(any, 'https://evil.example');
    assert.equal(open.headers['access-control-allow-origin'], '*');
    assert.equal(open.headers['access-control-allow-credentials'], undefined);
    assert.equal((await get(none, 'https://app.example.com')).headers['access-control-allow-origin'], undefined);

    const preflight = (echo, origin, target = '/echo') => answerTo(echo.port, request('OPTIONS', target,
        [`Origin: ${origin}`, 'Access-Control-Request-Method: POST',
            'Access-Control-Request-Headers: content-type, x-csrf-token']));
    const allowed = await preflight(some, 'https://app.example.com');
    assert.equal(allowed.status, 204);
    assert.equal(allowed.headers['access-control-allow-methods'], 'GET, HEAD, POST, DELETE');
    assert.equal(allowed.headers['access-control-allow-headers'], 'content-type, x-csrf-token');
    assert.equal(allowed.headers['access-control-max-age'], '600');
    assert.match(allowed.headers.vary, /Origin/);
    const denied = await preflight(some, 'https://evil.example');
    assert.equal(denied.status, 204);
    assert.equal(denied.headers['access-control-allow-origin'], undefined);
    assert.equal(denied.headers['access-control-allow-methods'], undefined);
    assert.equal((await preflight(any, 'https://evil.example')).headers['access-control-allow-origin'], '*');
    assert.equal((await preflight(some, 'https://app.example.com', '/nothing')).status, 404);
});

test('files are served where there is no route', async (t) => {
    const folder = makeFolder(t);
    const outside = makeFolder(t);
    const script = 'console.log("hello");\n'.repeat(200);
    mkdirSync(join(folder, 'ui/assets'), { recursive: true });
    writeFileSync(join(outside, 'secret.txt'), 'secret');
    writeFileSync(join(folder, 'ui/index.html'), '<!doctype html><title>x</title>');
    writeFileSync(join(folder, 'ui/assets/main-1234.js'), script);
    writeFileSync(join(folder, 'ui/with space.txt'), 'a');
    writeFileSync(join(folder, 'ui/.hidden'), 'secret');
    writeFileSync(join(folder, 'ui/empty.css'), '');
    symlinkSync(join(outside, 'secret.txt'), join(folder, 'ui/link.txt'));
    symlinkSync(outside, join(folder, 'ui/linked'));
    symlinkSync('index.html', join(folder, 'ui/inside.html'));
    const echo = await startEcho(t, { files: join(folder, 'ui') });
    const get = (target, headers = [], method = 'GET') =>
        answerTo(echo.port, request(method, target, headers), [method]);
    const page = await get('/');
    assert.equal(page.status, 200);
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(page.headers['cache-control'], 'no-cache');
    assert.match(page.headers['content-security-policy'], /script-src 'self';/);
    assert.equal((await get('/persons/p_1')).text, page.text);
    assert.equal((await get('/inside.html')).text, page.text);
    assert.equal((await get('/with%20space.txt')).text, 'a');
    assert.equal((await get('/empty.css')).text, '');
    const plain = await get('/assets/main-1234.js');
    assert.equal(plain.text, script);
    assert.match(plain.headers['cache-control'], /immutable/);
    assert.equal(plain.headers['content-encoding'], undefined);
    const packed = await get('/assets/main-1234.js', ['Accept-Encoding: gzip']);
    assert.equal(packed.headers['content-encoding'], 'gzip');
    assert.equal(packed.text, script);
    assert.notEqual(packed.headers.etag, plain.headers.etag);
    assert.equal(packed.headers.vary, 'Accept-Encoding');
    for (const tag of [plain.headers.etag, `W/${plain.headers.etag}`, `"x", ${plain.headers.etag}`, '*']) {
        const same = await get('/assets/main-1234.js', [`If-None-Match: ${tag}`]);
        assert.equal(same.status, 304, tag);
        assert.equal(same.headers.etag, plain.headers.etag);
        assert.equal(same.headers['content-type'], undefined);
    }
    assert.equal((await get('/assets/main-1234.js', [`If-None-Match: ${packed.headers.etag}`])).status, 200);
    const head = await get('/assets/main-1234.js', [], 'HEAD');
    assert.equal(head.headers['content-length'], String(script.length));
    for (const target of ['/link.txt', '/linked/secret.txt', '/.hidden', '/nothing.js', '/assets/nothing.js',
        '/../secret.txt', '/%2e%2e/secret.txt', '/assets/%2e%2e/index.html', '/index.html%00', '/%ff.js']) {
        const answer = await get(target);
        assert.equal(answer.status, 404, target);
        assert.doesNotMatch(answer.text, /secret"/);
    }
    // Below what belongs to routes there are no pages.
    assert.equal(messageOf(await get('/items/a/b')), 'Resource not found');
    assert.equal((await get('/index.html', [], 'POST')).status, 404);
});

test('the log has a line a request, and nothing that a client chose', async (t) => {
    const echo = await startEcho(t);
    await answerTo(echo.port, request('GET', '/items/SECRET?a=SECRET',
        ['Authorization: let me in', 'Cookie: a=SECRET', 'User-Agent: SECRET']));
    await answerTo(echo.port, request('POST', '/secret', [...json, 'Content-Length: 6'], 'SECRET'));
    await answerTo(echo.port, request('SECRET', '/SECRET'));
    await ask(echo.port, request('GET', '/SECRET', ['X-SECRET : SECRET']));
    await until(() => echo.lines().length >= 4, 'the log');
    const lines = echo.lines().map(({ message, level, id, method, route, status, user, bytes, ms }) => {
        assert.equal(message, 'request');
        assert.equal(level, 'info');
        assert.match(id, /^[0-9a-f-]{36}$/);
        assert.ok(ms >= 0 && bytes > 0);
        return { method, route, status, user };
    });
    assert.deepEqual(lines, [
        { method: 'GET', route: '/items/{id}', status: 200, user: 'u_7' },
        { method: 'POST', route: '/secret', status: 401, user: '-' },
        { method: 'other', route: '-', status: 404, user: '-' },
        { method: 'GET', route: '-', status: 400, user: '-' },
    ]);
    assert.doesNotMatch(echo.log, /SECRET/);
});
