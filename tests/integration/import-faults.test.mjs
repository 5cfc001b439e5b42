// Bad input to the index: every kind of broken file, models, thresholds; full disks on either side.
// Each has its message and exit status, leaves the index as it was, and tells nothing of a record.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Index, columns, model, person } from './index-support.mjs';
import { isRoot } from './postgres-support.mjs';
import { exact, formatTable, makeModel, put, readTable, run } from './support.mjs';

let index;
before(() => {
    index = new Index();
    put(index.folder, 'model.json', model);
    index.load([person('kept-1', { phone: '1' }), person('kept-2', { phone: '1' })], model, '0.1', '0.99');
});
after(() => index.remove());

const contents = () => index.sql(`
    select (select count(*) from empi.config) as configs, (select count(*) from empi.job) as jobs,
        (select count(*) from empi.person_record_staging) as staged, (select count(*) from empi.person_record) as records,
        (select coalesce(max(id), 0) from empi.match_event) as event`)[0];

// What the index held after the last refusal, until something succeeds.
let known = null;

function succeed(...args) {
    known = null;
    return index.run(...args);
}

/** Expects a refusal that changes nothing; `message` is the whole of it, or an expression. */
function refuse(args, message, status = 1, options = {}) {
    const before = known ?? contents();
    const files = readdirSync(index.folder);
    const result = run(index.folder, args, { ...options, env: { ...index.env, ...options.env } });
    if (typeof message === 'string') {
        assert.equal(result.stderr, `tuva-empi: ${message}\n`);
    } else {
        assert.match(result.stderr, message);
    }
    assert.equal(result.status, status, result.stderr);
    assert.doesNotMatch(result.stderr, /SECRET/);
    assert.equal(result.stdout, '');
    known = contents();
    assert.deepEqual(known, before, 'the index has changed');
    assert.deepEqual(readdirSync(index.folder), files, 'files came or went');
}

const importing = (file, { config = 'model.json', potential = '0.1', auto = '0.99' } = {}) =>
    ['import', file, '--config', config, '--potential', potential, '--auto', auto];

const refuseFile = (content, message, options) =>
    refuse(importing(put(index.folder, 'bad.csv', content)), message, 1, options);

const incorrect = 'Incorrectly formatted person records file due to ';
const header = `${columns.join(',')}\n`;
const row = (id, fields = {}) => formatTable(columns, [person(id, { last_name: 'SECRET', ...fields })]).split('\n')[1] + '\n';
const good = header + row('1') + row('2');

describe('broken files', () => {
    const blank = ','.repeat(columns.length - 3);
    const broken = {
        'a short row': [`${good}a,3,SECRET\n`, 'line 4: row has 3 columns, the header has 15'],
        'a long row': [`${good}a,3,SECRET${blank},x\n`, 'line 4: row has 16 columns, the header has 15'],
        'an empty line between rows': [`${good}\n${row('3')}`, 'line 4: the line is empty, the header has 15 columns'],
        'an open quote': [`${good}a,3,"SECRET${blank}\n${row('4')}`, /^tuva-empi: Incorrectly [^\n]*bad\.csv, line 4: quote opened and never closed \(column 3, "first_name"\)/],
        'text after a quote': [`${good}a,3,"SEC"RET${blank}\n`, /line 4: text after the closing quote of a field \(column 3, "first_name"\)/],
        'a quote inside': [`${good}a,3,SEC"RET${blank}\n`, /line 4: quote inside an unquoted field \(column 3, "first_name"\)/],
        'a NUL byte': [`${good}a,3,SECRET\0${blank}\n`, /line 4: NUL byte \(column 3, "first_name"\)/],
        'a lone carriage return': [`${good}a,3,SECRET\rx${blank}\n`, /line 4: carriage return without line feed/],
        'Latin-1': [Buffer.from(`${good}a,3,SECRET J\xfcrgen${blank}\n`, 'latin1'), /line 4: not valid UTF-8 \(column 3, "first_name"\)/],
        'a surrogate': [Buffer.from(`${good}a,3,\xed\xa0\x80${blank}\n`, 'latin1'), /line 4: not valid UTF-8/],
        'no data_source': [`${good},3,SECRET${blank}\n`, 'line 4: data_source is empty'],
        'no source_person_id': [`${good}a,,SECRET${blank}\n`, 'line 4: source_person_id is empty'],
        'a row broken after very many': [good + row('x').repeat(50_000) + 'a,3,SECRET\n', 'line 50004: row has 3 columns, the header has 15'],
    };
    for (const [what, [content, message]] of Object.entries(broken)) {
        test(what, () => refuseFile(content, typeof message === 'string' ? `${incorrect}bad.csv, ${message}` : message));
    }

    const notCsv = {
        'an empty file': ['', /due to bad\.csv: the file is empty; its first line must name the columns/],
        'a byte-order mark alone': ['\uFEFF', /due to bad\.csv: the file is empty/],
        'UTF-16': [Buffer.from(`\uFEFF${good}`, 'utf16le'), /due to bad\.csv: the text is UTF-16; save it as UTF-8/],
        'a workbook': [Buffer.from('PK\x03\x04SECRET\n'), /due to bad\.csv: this is a zip archive or a workbook; export it as CSV/],
        'a compressed file that was cut off': [gzipSync(good).subarray(0, 60), /bad\.csv: the compressed data are damaged: they end too early/],
    };
    for (const [what, [content, message]] of Object.entries(notCsv)) {
        test(what, () => refuseFile(content, message));
    }

    test('headers', () => {
        const wrong = /^tuva-empi: Incorrectly formatted person records file due to invalid header\. Expected header: 'data_source,/;
        refuseFile(header.replace('zip_code', 'postcode') + row('1'), wrong);
        refuseFile(header.replace(',phone', '') + row('1'), wrong);
        refuseFile(header.replace('\n', ',extra\n') + row('1'), wrong);
        refuseFile(header.toUpperCase() + row('1'), /^names must be in small letters, without blanks: data_source, not "DATA_SOURCE"\n$/m);
        refuseFile(header.replace('phone', 'city') + row('1'), /two columns are named "city"/);
        refuseFile(header.replace('phone', '') + row('1'), /column 15 has no name/);
        refuseFile(header.replaceAll(',', ', ') + row('1'), /^names must be in small letters, without blanks: source_person_id, not " source_person_id"\n$/m);
        refuseFile(header.replaceAll(',', ';') + row('1'), /^the fields are separated by ';', a comma is needed\n$/m);
        refuseFile(header.replaceAll(',', '\t') + row('1'), /^the fields are separated by tabs, a comma is needed\n$/m);
        refuseFile(row('1') + row('2'), /./);
        refuseFile(`\n${good}`, /line 1: the line is empty/);
    });

    test('from standard input', () => {
        refuse(importing('-'), `${incorrect}standard input, line 4: row has 2 columns, the header has 15`, 1,
            { input: `${good}a,SECRET\n` });
        refuse(importing('-'), /due to standard input: the file is empty/, 1, { input: '' });
    });

    test('places that are none', () => {
        mkdirSync(join(index.folder, 'folder.csv'));
        refuse(importing('none.csv'), 'none.csv: cannot open: No such file or directory');
        refuse(importing('folder.csv'), /^tuva-empi: folder\.csv: .*directory/);
        refuse(importing('good.csv', { config: 'none.json' }), 'none.json: cannot open: No such file or directory');
    });

    test('one that is good after all of these', () => {
        succeed(...importing(put(index.folder, 'good.csv', good)));
        succeed('matching-job');
        index.check();
    });
});

describe('models and thresholds', () => {
    before(() => put(index.folder, 'good.csv', good));
    const refuseModel = (content, message) =>
        refuse(importing('good.csv', { config: put(index.folder, 'bad.json', content) }), message);

    test('models', () => {
        const rules = ['l.phone = r.phone'];
        refuseModel('', /^tuva-empi: bad\.json/);
        refuseModel('{', /^tuva-empi: bad\.json: line 1, column 1/);
        refuseModel('[]', /^tuva-empi: bad\.json/);
        refuseModel('{}', /^tuva-empi: bad\.json.*comparisons/s);
        refuseModel(makeModel([exact('shoe_size')], rules), /comparisons\.0\.[^\n]*shoe_size/);
        refuseModel(makeModel([exact('phone')], ['l.fax = r.fax']), /fax/);
        refuseModel(makeModel([exact('phone')], ['select 1']), /blocking_rules/);
        refuseModel(makeModel([exact('phone', 1.5)], rules), /m_probability/);
        refuseModel(makeModel([exact('phone')], rules, { probability_two_random_records_match: 2 }), /probability_two_random_records_match/);
        refuseModel(makeModel([exact('phone')], rules, { link_type: 'link_only' }), /source_dataset/);
        refuseModel('x'.repeat(20 << 20), /^tuva-empi: bad\.json/);
    });

    test('all faults of a model at once', () => {
        const faulty = makeModel([exact('shoe_size'), exact('hat', 7)], ['l.fax = r.fax']);
        for (const part of [/shoe_size/, /hat/, /fax/, /m_probability/]) {
            refuseModel(faulty, part);
        }
    });

    test('thresholds', () => {
        const thresholds = (potential, auto) => importing('good.csv', { potential, auto });
        refuse(thresholds('0.9', '0.5'), /^tuva-empi: potential_match_threshold must not exceed auto_match_threshold\nhint: /);
        for (const bad of ['-0.1', '1.1', 'nan', 'inf', '0,5', '', '0x1p-1']) {
            refuse(thresholds(bad, '0.9'), /--potential/, 2);
            refuse(thresholds('0.1', bad), /--auto/, 2);
        }
        refuse(['import', 'good.csv', '--config', 'model.json'], /--potential is missing|--auto is missing|missing/, 2);
    });

    test('the ends of the scale are good, and 1 is told to be above all', () => {
        const merges = 'note: nothing is above --auto 1: no pair merges by itself\n';
        const waits = 'note: nothing is above --potential 1: no pair is kept for review\n';
        for (const [potential, auto, notes] of [['0', '0', ''], ['0', '1', merges], ['1', '1', waits + merges]]) {
            assert.equal(succeed(...importing('good.csv', { potential, auto })).stderr, `2 rows to match\n${notes}`);
            succeed('matching-job');
        }
        assert.equal(succeed(...importing('good.csv', { potential: '1', auto: '1' }), '--quiet').stderr, '');
        succeed('matching-job');
        index.check();
    });
});

describe('exports', () => {
    test('places that are none, before anything is asked of the database', () => {
        refuse(['export', 'crosswalk', '-o', 'none/out.csv'], /none\/out\.csv: [^\n]*No such file or directory/);
        refuse(['export', 'crosswalk', '-o', 'folder.csv'], /folder\.csv[^\n]*directory/);
        refuse(['export', 'crosswalk'], /--output is missing|-o/, 2);
    });

    test('an older file stays when the export fails', () => {
        put(index.folder, 'out.csv', 'older');
        refuse(['export', 'crosswalk', '-o', 'out.csv'], /./, 1, { env: { TUVA_EMPI_DB__HOST: '/nowhere', TUVA_EMPI_DB__USER: 'x' } });
        assert.equal(spawnSync('cat', [join(index.folder, 'out.csv')]).stdout.toString(), 'older');
    });

    test('a full device: exit 3', () => {
        const before = contents();
        const { status, stderr } = run(index.folder, ['export', 'crosswalk', '-o', '-'],
            { env: index.env, prefix: ['sh', '-c', '"$0" "$@" >/dev/full'] });
        assert.match(stderr, /^tuva-empi: [^\n]*No space left on device/m);
        assert.equal(status, 3);
        assert.deepEqual(contents(), before);
    });

    test('a disk that is full: exit 3, nothing left', { skip: !isRoot && 'only root can mount a small one' }, (t) => {
        const disk = mkdtempSync(join(tmpdir(), 'tuva-empi-test-'));
        t.after(() => {
            spawnSync('umount', ['-l', disk]);
            rmSync(disk, { recursive: true });
        });
        if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]).status !== 0) {
            t.skip('nothing can be mounted here');
            return;
        }
        known = null;
        index.load(Array.from({ length: 500 }, (_, i) => person(`wide-${i}`, { address: 'x'.repeat(1000) })), model);
        refuse(['export', 'crosswalk', '-o', join(disk, 'out.csv')], /^tuva-empi: \S+out\.csv: [^\n]*No space left on device$/m, 3);
        assert.deepEqual(readdirSync(disk), []);
    });

    test('a reader that goes away: a message, no more', () => {
        const { stderr } = run(index.folder, ['export', 'crosswalk', '-o', '-'],
            { env: index.env, prefix: ['bash', '-c', '"$0" "$@" | head -n 1 >/dev/null; echo "exit ${PIPESTATUS[0]}" >&2'] });
        assert.match(stderr, /^exit (0|1)$/m);
        assert.doesNotMatch(stderr, /exit 1$/m.test(stderr) ? /^$/ : /tuva-empi/);
    });
});

describe('a database whose disk is full', { skip: !isRoot && 'only root can mount a small one' }, () => {
    test('a message in import and job; with room again, all is done', (t) => {
        const disk = mkdtempSync(join(tmpdir(), 'tuva-empi-test-'));
        spawnSync('chmod', ['755', disk]);
        const mount = (...options) => spawnSync('mount', options).status === 0;
        if (!mount('-t', 'tmpfs', '-o', 'size=260m', 'none', disk)) {
            rmSync(disk, { recursive: true });
            t.skip('nothing can be mounted here');
            return;
        }
        t.after(() => {
            spawnSync('umount', ['-l', disk]);
            rmSync(disk, { recursive: true });
        });
        const env = { ...index.env, TUVA_EMPI_DATA_DIR: join(disk, 'data') };
        const attempt = (...args) => run(index.folder, args, { env });
        const sql = (text) => attempt('psql', '--', '-X', '-q', '-A', '-t', '-c', text).stdout.trim();
        put(index.folder, 'good.csv', good);
        put(index.folder, 'wide.csv', formatTable(columns,
            Array.from({ length: 15_000 }, (_, i) => person(`${i}`, { address: randomBytes(1500).toString('hex') }))));
        assert.equal(attempt(...importing('good.csv')).status, 0);
        // Room for a little, and not for this file.
        const used = Number(spawnSync('du', ['-sm', disk]).stdout.toString().split('\t')[0]);
        assert.ok(mount('-o', `remount,size=${used + 24}m`, disk));
        const { status, stderr } = attempt(...importing('wide.csv'));
        assert.match(stderr, /^tuva-empi: (the database's disk is full|the connection to the database is lost|the database crashed and is recovering|cannot start)/);
        assert.ok(status === 3 || status === 1);
        assert.ok(mount('-o', 'remount,size=1200m', disk));
        assert.equal(sql('select count(*) from job'), '1');
        assert.equal(sql('select count(*) from config'), '1');
        assert.equal(attempt('matching-job').status, 0);
        assert.equal(sql('select count(*) from person_record'), '2');
    });
});
