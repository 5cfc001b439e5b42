// Chromium, without a window.

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

/** A page of a browser of its own; whatever it complains of is collected. Gone after the test. Our pages may
 *  call nobody, as their policy says: `bypassCSP` stands in for one that may. */
export async function openPage(t, options = {}) {
    const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
    t.after(() => browser.close());
    const page = await browser.newPage(options);
    page.complaints = [];
    page.on('console', (message) => message.type() === 'error' && page.complaints.push(message.text()));
    page.on('pageerror', (fault) => page.complaints.push(fault.message));
    return page;
}

/** What the API says to this browser. */
export const sessionOf = (page, url) => page.evaluate(async (address) => (await fetch(address)).json(), `${url}/api/v1/session`);

/** Sends something that changes, as a page of ours does. */
export const postFrom = (page, path, json, headers = {}) => page.evaluate(async ([address, body, more]) => {
    const response = await fetch(address, { method: 'POST', headers: { 'content-type': 'application/json', ...more }, body });
    return [response.status, await response.text()];
}, [path, JSON.stringify(json), headers]);

export function assertCalm(page) {
    assert.deepEqual(page.complaints, []);
}
