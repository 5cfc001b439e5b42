// A stand-in for S3 that checks every signature and can go wrong in each way that the real one can.

import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { signatureFault } from './aws-signature.mjs';

const md5 = (data) => createHash('md5').update(data).digest();
const escape = (text) => text.replace(/[<>&"]/g, (c) => `&#${c.charCodeAt(0)};`);
const xml = (body) => `<?xml version="1.0" encoding="UTF-8"?>\n${body}`;
const failure = (code, message = code, more = '') => xml(`<Error><Code>${code}</Code><Message>${escape(message)}</Message>${more}</Error>`);

const statuses = { NoSuchBucket: 404, NoSuchKey: 404, NoSuchUpload: 404, PreconditionFailed: 412, InvalidRange: 416, SlowDown: 503,
    InternalError: 500, ServiceUnavailable: 503, ExpiredToken: 400, AuthorizationHeaderMalformed: 400, PermanentRedirect: 301,
    RequestTimeout: 400, InvalidPart: 400, EntityTooSmall: 400, MalformedXML: 400, XAmzContentSHA256Mismatch: 400 };

/** Listens, and gives the address; `handle` answers. With `tls` ({key, cert}) by TLS. */
export async function listen(t, handle, tls) {
    const server = tls === undefined ? createServer(handle) : createTlsServer(tls, handle);
    await new Promise((settle) => server.listen(0, '127.0.0.1', settle));
    t.after(() => {
        server.closeAllConnections();
        server.close();
    });
    return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${server.address().port}`;
}

/** The body of a request; null when it broke off. */
export async function bodyOf(request) {
    const pieces = [];
    try {
        for await (const piece of request) {
            pieces.push(piece);
        }
    } catch {
        return null;
    }
    return Buffer.concat(pieces);
}

/**
 * `faults` are functions of a request {method, bucket, key, query, number} that answer undefined or what goes wrong:
 *
 *   {code, message, headers, status}   an error; headers and status are added to it
 *   {cutRequest: bytes}                the connection is cut when so much of the request's body has arrived
 *   {cutAnswer: bytes}                 … when so much of the answer's body was sent
 *   {lostAnswer: true}                 all is done, but the connection is cut before the answer
 *   {body: text}                       200 with this body, and nothing is done
 *   {ignoreRange: true}                the whole object, whatever was asked
 *   {delay: ms}                        done rightly, but late
 *   {stallAnswer: bytes}               so much of the answer, and then nothing
 */
export class StandIn {
    constructor({ region = 'eu-west-1', checkPartSize = true } = {}) {
        Object.assign(this, { region, checkPartSize, objects: new Map(), uploads: new Map(), buckets: new Set(['bucket']),
            keys: new Map([['AKID', { secret: 'SECRET' }]]), faults: [], requests: [], sending: 0, mostAtOnce: 0 });
    }

    async start(t, tls) {
        this.url = await listen(t, (request, answer) => this.#handle(request, answer), tls);
        return this;
    }

    get env() {
        return { AWS_ENDPOINT_URL_S3: this.url, AWS_REGION: this.region, AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'SECRET' };
    }

    /** Goes wrong at the first `times` requests that `matches`. */
    fault(matches, fault, times = 1) {
        let left = times;
        this.faults.push((request) => (left > 0 && matches(request) ? (left--, typeof fault === 'function' ? fault(request) : fault) : undefined));
    }

    put(key, content, bucket = 'bucket') {
        const body = Buffer.from(content);
        this.objects.set(`${bucket}/${key}`, { body, etag: `"${md5(body).toString('hex')}"` });
    }

    get(key, bucket = 'bucket') {
        return this.objects.get(`${bucket}/${key}`)?.body;
    }

    async #handle(request, answer) {
        const [path, query = ''] = request.url.split(/\?(.*)/s);
        const [, bucket, ...rest] = path.split('/');
        const asked = {
            method: request.method, bucket, key: decodeURIComponent(rest.join('/')), url: request.url, headers: request.headers,
            query: Object.fromEntries(query.split('&').filter(Boolean).map((pair) => pair.split('=').map(decodeURIComponent))),
            number: this.requests.length + 1,
        };
        this.requests.push(asked);
        let fault;
        for (let i = 0; fault === undefined && i < this.faults.length; i++) {
            fault = this.faults[i](asked);
        }
        fault ??= {};
        if (fault.cutRequest !== undefined) {
            let got = 0;
            request.on('data', (piece) => (got += piece.length) >= fault.cutRequest && request.socket.destroy());
            request.on('error', () => {});
            return;
        }
        this.mostAtOnce = Math.max(this.mostAtOnce, ++this.sending);
        const body = await bodyOf(request);
        this.sending--;
        if (body === null) {
            return;
        }
        if (fault.delay !== undefined) {
            await new Promise((settle) => setTimeout(settle, fault.delay).unref());
        }
        asked.refused = signatureFault({ ...request, method: request.method, url: request.url, rawHeaders: request.rawHeaders, body },
            { keys: (name) => this.keys.get(name), region: fault.region ?? this.region, service: 's3' });
        const result = this.#answer(asked, body, fault);
        if (fault.lostAnswer) {
            request.socket.destroy();
            return;
        }
        this.#send(request, answer, result, fault);
    }

    #send(request, answer, { status = 200, headers = {}, body = '' }, fault) {
        const bytes = Buffer.from(body);
        answer.writeHead(status, { 'content-length': bytes.length, 'x-amz-request-id': 'R', ...headers });
        if (fault.stallAnswer !== undefined) {
            answer.write(bytes.subarray(0, fault.stallAnswer));
        } else if (fault.cutAnswer !== undefined && status < 300) {
            answer.write(bytes.subarray(0, fault.cutAnswer), () => setTimeout(() => request.socket.destroy(), 20));
        } else {
            answer.end(request.method === 'HEAD' ? undefined : bytes);
        }
    }

    #refuse(code, { message, headers, status, more } = {}) {
        return { status: status ?? statuses[code] ?? 403, headers: { 'content-type': 'application/xml', ...headers }, body: failure(code, message, more) };
    }

    #answer(asked, body, fault) {
        if (fault.code !== undefined) {
            return this.#refuse(fault.code, fault);
        }
        if (asked.refused !== null) {
            return this.#refuse(asked.refused);
        }
        const key = this.keys.get(/Credential=([^/]+)/.exec(asked.headers.authorization)[1]);
        if (key.expired) {
            return this.#refuse('ExpiredToken', { message: 'The provided token has expired.' });
        }
        if (!this.buckets.has(asked.bucket)) {
            return this.#refuse('NoSuchBucket');
        }
        if (fault.body !== undefined) {
            return { body: fault.body };
        }
        const { method, query } = asked;
        const name = `${asked.bucket}/${asked.key}`;
        switch (true) {
        case method === 'GET' || method === 'HEAD': return this.#read(asked, name, fault);
        case method === 'PUT' && query.uploadId !== undefined: return this.#putPart(query, body);
        case method === 'PUT': this.put(asked.key, body, asked.bucket); return { headers: { etag: this.objects.get(name).etag } };
        case method === 'POST' && query.uploads !== undefined: return this.#create(name);
        case method === 'POST' && query.uploadId !== undefined: return this.#complete(name, query.uploadId, body.toString());
        case method === 'DELETE' && query.uploadId !== undefined: return this.uploads.delete(query.uploadId) ? { status: 204 } : this.#refuse('NoSuchUpload');
        default: return this.#refuse('MethodNotAllowed');
        }
    }

    #read(asked, name, fault) {
        const object = this.objects.get(name);
        if (object === undefined) {
            return this.#refuse('NoSuchKey');
        }
        if (asked.headers['if-match'] !== undefined && asked.headers['if-match'] !== object.etag) {
            return this.#refuse('PreconditionFailed');
        }
        const headers = { etag: object.etag };
        if (asked.method === 'HEAD') {
            return { headers: { ...headers, 'content-length': object.body.length } };
        }
        const range = /^bytes=(\d+)-$/.exec(asked.headers.range ?? '');
        if (range === null || fault.ignoreRange) {
            return { headers, body: object.body };
        }
        const first = Number(range[1]);
        if (first >= object.body.length) {
            return this.#refuse('InvalidRange');
        }
        headers['content-range'] = `bytes ${first}-${object.body.length - 1}/${object.body.length}`;
        return { status: 206, headers, body: object.body.subarray(first) };
    }

    #create(name) {
        // With all that a query must not take as it is.
        const id = `${randomBytes(4).toString('hex')}+/=&% é?#"~`;
        this.uploads.set(id, { name, parts: new Map() });
        return { body: xml(`<InitiateMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><UploadId>${escape(id)}</UploadId></InitiateMultipartUploadResult>`) };
    }

    #putPart({ uploadId, partNumber }, body) {
        const upload = this.uploads.get(uploadId);
        if (upload === undefined) {
            return this.#refuse('NoSuchUpload');
        }
        upload.parts.set(Number(partNumber), body);
        return { headers: { etag: `"${md5(body).toString('hex')}"` } };
    }

    #complete(name, id, text) {
        const upload = this.uploads.get(id);
        if (upload === undefined || upload.name !== name) {
            return this.#refuse('NoSuchUpload');
        }
        const listed = [...text.matchAll(/<Part><ETag>([^<]*)<\/ETag><PartNumber>(\d+)<\/PartNumber><\/Part>/g)];
        const parts = listed.map(([, etag, number]) => ({ etag, body: upload.parts.get(Number(number)) }));
        if (parts.some(({ etag, body }) => body === undefined || etag !== `"${md5(body).toString('hex')}"`)) {
            return this.#refuse('InvalidPart');
        }
        if (this.checkPartSize && parts.slice(0, -1).some(({ body }) => body.length < 5 << 20)) {
            return this.#refuse('EntityTooSmall');
        }
        const etag = `"${md5(Buffer.concat(parts.map(({ body }) => md5(body)))).toString('hex')}-${parts.length}"`;
        this.objects.set(name, { body: Buffer.concat(parts.map(({ body }) => body)), etag });
        this.uploads.delete(id);
        return { body: xml(`<CompleteMultipartUploadResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><ETag>${escape(etag)}</ETag></CompleteMultipartUploadResult>`) };
    }
}
