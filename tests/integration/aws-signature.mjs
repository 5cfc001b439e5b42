// Checks Signature Version 4 from the bytes that arrived, by AWS's description of it and nothing else: no code
// of the program is used, and none of curl.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

const sha256 = (data) => createHash('sha256').update(data).digest('hex');
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

/** Every byte but the unreserved ones as %XX, of text that is percent-encoded in any way. */
export function recode(text) {
    const bytes = [];
    for (let i = 0; i < text.length; i++) {
        if (text[i] === '%' && /^[0-9a-f]{2}$/i.test(text.slice(i + 1, i + 3))) {
            bytes.push(Number.parseInt(text.slice(i + 1, i + 3), 16));
            i += 2;
        } else {
            bytes.push(...Buffer.from(text[i], 'latin1'));
        }
    }
    return bytes.map((byte) => {
        const character = String.fromCharCode(byte);
        return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    }).join('');
}

function canonicalQuery(query) {
    const pairs = query === '' ? [] : query.split('&').map((pair) => {
        const equals = pair.indexOf('=');
        return equals < 0 ? [recode(pair), ''] : [recode(pair.slice(0, equals)), recode(pair.slice(equals + 1))];
    });
    const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
    return pairs.sort((a, b) => order(a[0], b[0]) || order(a[1], b[1])).map(([name, value]) => `${name}=${value}`).join('&');
}

/** All values of each header by its name in lower case, in the order in which they came. */
function headerValues(rawHeaders) {
    const values = new Map();
    for (let i = 0; i < rawHeaders.length; i += 2) {
        const name = rawHeaders[i].toLowerCase();
        values.set(name, [...(values.get(name) ?? []), rawHeaders[i + 1].trim().replace(/ +/g, ' ')]);
    }
    return values;
}

/**
 * What is wrong with the signature of a request {method, url, rawHeaders, body}: an error code of AWS, or null.
 * `keys` gives {secret, token} of an access key; region and service are those that the signature must be for.
 */
export function signatureFault({ method, url, rawHeaders, body }, { keys, region, service }) {
    const values = headerValues(rawHeaders);
    const header = (name) => values.get(name)?.join(',') ?? '';
    const form = /^AWS4-HMAC-SHA256 Credential=([^/ ]+)\/(\d{8})\/([^/ ]+)\/([^/ ]+)\/aws4_request, ?SignedHeaders=([^, ]+), ?Signature=([0-9a-f]{64})$/;
    const match = form.exec(header('authorization'));
    if (match === null) {
        return header('authorization') === '' ? 'AccessDenied' : 'AuthorizationHeaderMalformed';
    }
    const [, accessKey, day, signedRegion, signedService, signedHeaders, signature] = match;
    const key = keys(accessKey);
    if (key === undefined) {
        return 'InvalidAccessKeyId';
    }
    if (signedRegion !== region || signedService !== service) {
        return 'AuthorizationHeaderMalformed';
    }
    const names = signedHeaders.split(';');
    // S3 wants these covered, so that nobody on the way can change or add them.
    const must = [...values.keys()].filter((name) => name === 'host' || name.startsWith('x-amz-') || name === 'content-type');
    const sorted = names.every((name, i) => i === 0 || names[i - 1] < name);
    if (!sorted || must.some((name) => !names.includes(name)) || names.some((name) => !values.has(name))) {
        return 'SignedHeadersWrong';
    }
    const hash = header('x-amz-content-sha256');
    if (hash !== sha256(body)) {
        return 'XAmzContentSHA256Mismatch';
    }
    if ((key.token ?? '') !== header('x-amz-security-token')) {
        return 'InvalidToken';
    }
    const date = header('x-amz-date');
    if (!date.startsWith(day) || Math.abs(Date.parse(date.replace(/(....)(..)(..)T(..)(..)(..)Z/, '$1-$2-$3T$4:$5:$6Z')) - Date.now()) > 900_000) {
        return 'RequestTimeTooSkewed';
    }
    const [path, query = ''] = url.split(/\?(.*)/s);
    // S3 takes the path as it was meant, encoded once; the others encode again what was sent.
    const canonicalPath = path.split('/').map((part) => (service === 's3' ? recode(part) : recode(part).replaceAll('%', '%25'))).join('/');
    const canonical = [method, canonicalPath, canonicalQuery(query), ...names.map((name) => `${name}:${header(name)}`), '', signedHeaders, hash].join('\n');
    const scope = `${day}/${region}/${service}/aws4_request`;
    const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
    const signingKey = [day, region, service, 'aws4_request'].reduce((last, part) => hmac(last, part), `AWS4${key.secret}`);
    return timingSafeEqual(hmac(signingKey, toSign), Buffer.from(signature, 'hex')) ? null : 'SignatureDoesNotMatch';
}
