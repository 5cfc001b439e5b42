// What the service tests of the database share: a PostgreSQL server of a test's own, other users,
// small disks.

import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { program } from './support.mjs';

export const isRoot = process.getuid() === 0;

const versions = '/usr/lib/postgresql';

/** Where PostgreSQL's programs are: Debian's newest, or in PATH. */
const binaries = (() => {
    try {
        const newest = readdirSync(versions).map(Number).filter((n) => n >= 15).sort((a, b) => b - a)[0];
        return newest === undefined ? '' : `${versions}/${newest}/bin/`;
    } catch {
        return '';
    }
})();

/** A user other than root, or null where we may not become it. */
export function otherUser(name) {
    const uid = Number(spawnSync('id', ['-u', name]).stdout.toString());
    const gid = Number(spawnSync('id', ['-g', name]).stdout.toString());
    return isRoot && uid > 0 ? { name, uid, gid } : null;
}

/** The words before a command that is to run as a user; null is ourselves. */
export const asUser = (user) => (user === null ? []
    : ['setpriv', `--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups', '--']);

/** An empty folder that every user can enter, owned by one; gone after the test. */
export function makeOpenFolder(t, user = null) {
    const path = mkdtempSync(join(tmpdir(), 'tuva-empi-test-'));
    chmodSync(path, 0o755);
    if (user !== null) {
        chownSync(path, user.uid, user.gid);
    }
    t.after(() => rmSync(path, { recursive: true, force: true }));
    return path;
}

/** The program where every user can run it, for it may have been built in somebody's home. */
export function copyProgram(folder) {
    const path = join(folder, 'tuva-empi');
    copyFileSync(program, path);
    chmodSync(path, 0o755);
    return path;
}
