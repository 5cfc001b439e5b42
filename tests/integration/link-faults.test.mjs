// Bad input: every kind of broken CSV, model, option and place. Each has its message and exit status
// and leaves nothing behind; no message tells what stands in a record.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
    exact, formatCsv, link, makeFolder, makeModel, program, put, readText, refuse, start,
} from './support.mjs';

const nameModel = makeModel([exact('name')], ['l.name = r.name']);
const outputs = ['--predictions', 'pairs.csv', '--crosswalk', 'crosswalk.csv', '--summary', 'summary.json'];

/** A folder with a good model and good records. */
function prepare(t, files = {}) {
    const folder = makeFolder(t);
    put(folder, 'model.json', nameModel);
    put(folder, 'people.csv', 'id,name,city\n1,SECRET ann,x\n2,SECRET bob,y\n');
    for (const [name, content] of Object.entries(files)) {
        put(folder, name, content);
    }
    return folder;
}

/** Refused with `message` after "tuva-empi: ", and these outputs wanted. */
const refuseLink = (folder, args, status, message, options) =>
    refuse(folder, ['link', '--model', 'model.json', ...outputs, ...args], status,
        typeof message === 'string' ? `tuva-empi: ${message}\n` : message, options);

// ---- CSV ----

describe('broken CSV', () => {
    const head = 'id,name,city\n1,SECRET ann,SECRET x\n';
    const broken = {
        'a short row': [head + '2,SECRET bob\n', 'line 3: row has 2 columns, the header has 3'],
        'a row of one field': [head + 'SECRET\n', 'line 3: row has 1 column, the header has 3'],
        'a long row': [head + '2,SECRET,b,c\n', 'line 3: row has 4 columns, the header has 3'],
        'an empty line between rows':
            [head + '\n2,SECRET,b\n', 'line 3: the line is empty, the header has 3 columns'],
        'an open quote': [head + '2,"SECRET\n3,x,y\n', 'line 3: quote opened and never closed ' +
            '(column 2, "name"); close it, or write it twice and quote the whole field'],
        'an open quote that swallows lines': [head + '2,"SECRET\n3,x,"y\n',
            'line 4: text after the closing quote of a field (column 2, "name"); write a quote ' +
            'within a field twice\nhint: the field begins on line 3; is its quote meant?'],
        'text after a quote': [head + '2,"SEC"RET,x\n', 'line 3: text after the closing quote of a ' +
            'field (column 2, "name"); write a quote within a field twice'],
        'a quote inside': [head + '2,SECRET "b",x\n', 'line 3: quote inside an unquoted field ' +
            '(column 2, "name"); write it twice and quote the whole field'],
        'a NUL byte': [head + '2,SECRET\0,x\n',
            'line 3: NUL byte (column 2, "name"); the file is damaged, or not text in UTF-8'],
        'a lone carriage return': [head + '2,SECRET,x\r3,y,z\n', 'line 3: carriage return without ' +
            'line feed (column 3, "city"); end lines with LF or CR LF, or quote the field'],
        'Latin-1': [Buffer.from(head + '2,SECRET J\xfcrgen,x\n', 'latin1'),
            'line 3: not valid UTF-8 (column 2, "name"); save the file as UTF-8'],
        'a UTF-8 character cut short': [Buffer.from(head + '2,SECRET,x\xe2\x82\n', 'latin1'),
            'line 3: not valid UTF-8 (column 3, "city"); save the file as UTF-8'],
        'a surrogate in UTF-8': [Buffer.from(head + '2,\xed\xa0\x80,x\n', 'latin1'),
            'line 3: not valid UTF-8 (column 2, "name"); save the file as UTF-8'],
        'bad UTF-8 lines below the start of its row':
            [Buffer.from(head + '2,"SECRET\n\n\xff",x\n', 'latin1'),
                'line 5: not valid UTF-8 (column 2, "name"); save the file as UTF-8'],
        'a doubled column': ['id,name,id\n1,SECRET,2\n',
            'line 1: two columns are named "id" (columns 1 and 3)'],
        'a column without a name': ['id,,name\n1,SECRET,2\n', 'line 1: column 2 has no name'],
        'a trailing comma in the header': ['id,name,\n1,SECRET,\n', 'line 1: column 3 has no name'],
        'an empty first line':
            ['\nid,name\n1,SECRET\n', 'line 1: the line is empty, but it must name the columns'],
    };
    for (const [what, [content, message]] of Object.entries(broken)) {
        test(what, (t) => {
            const folder = prepare(t, { 'bad.csv': content });
            refuseLink(folder, ['bad.csv'], 1, `bad.csv, ${message}`);
        });
    }

    const notCsv = {
        'an empty file': ['', 'the file is empty; its first line must name the columns'],
        'a file with nothing but a byte-order mark':
            ['\uFEFF', 'the file is empty; its first line must name the columns'],
        'UTF-16': [Buffer.from('\uFEFFid,name\n1,SECRET\n', 'utf16le'),
            'the text is UTF-16; save it as UTF-8'],
        'big-endian UTF-16': [Buffer.from('\uFEFFid,name\n1,SECRET\n', 'utf16le').swap16(),
            'the text is UTF-16; save it as UTF-8'],
        'a workbook': [Buffer.from('PK\x03\x04SECRET\n'),
            'this is a zip archive or a workbook; export it as CSV'],
    };
    for (const [what, [content, message]] of Object.entries(notCsv)) {
        test(what, (t) => {
            refuseLink(prepare(t, { 'bad.csv': content }), ['bad.csv'], 1, `bad.csv: ${message}`);
        });
    }

    test('a quote that is opened in a long file', (t) => {
        const folder = prepare(t, { 'bad.csv': `${head}2,"SECRET,x\n${'3,y,z\n'.repeat(3_000_000)}` });
        refuseLink(folder, ['bad.csv'], 1, 'bad.csv, line 3: the row is longer than 16 MiB; most ' +
            'likely the quote opened on line 3 is never closed');
    });

    test('in the middle of standard input, which is called that', (t) => {
        refuseLink(prepare(t), ['-'], 1, 'standard input, line 3: row has 2 columns, the header has 3',
            { input: head + '2,SECRET\n' });
    });

    test('in a later file: told by its name and its own line', (t) => {
        const folder = prepare(t, { 'bad.csv': head + '2,SECRET\n' });
        refuseLink(folder, ['people.csv', 'bad.csv'], 1,
            'bad.csv, line 3: row has 2 columns, the header has 3');
    });

    test('a compressed file that was cut off', (t) => {
        const whole = gzipSync(formatCsv([['id', 'name'],
            ...Array.from({ length: 5000 }, (_, i) => [i, `SECRET ${i * 7919 % 5000}`])]));
        for (const bytes of [12, whole.length >> 1, whole.length - 1]) {
            const folder = prepare(t, { 'bad.csv.gz': whole.subarray(0, bytes) });
            refuseLink(folder, ['bad.csv.gz'], 1, 'bad.csv.gz: the compressed data are damaged: they ' +
                'end too early, the file was cut off\nhint: transfer the file or compress it again');
        }
    });

    test('a compressed file that was changed', (t) => {
        const whole = gzipSync('id,name\n1,SECRET\n');
        whole[whole.length - 6] ^= 1; // the checksum
        refuseLink(prepare(t, { 'bad.csv.gz': whole }), ['bad.csv.gz'], 1, 'bad.csv.gz: the compressed ' +
            'data are damaged: incorrect data check\nhint: transfer the file or compress it again');
    });
});

describe('columns and ids', () => {
    test('files with different columns: all that is wrong, before any row is read', (t) => {
        const folder = prepare(t, { 'more.csv': 'town,id,sex\nSECRET,,\n', 'bad.csv': 'id,name,city\n1\n' });
        refuseLink(folder, ['people.csv', 'bad.csv', 'more.csv'], 1,
            'more.csv: its columns are not those of people.csv\n' +
            'unknown: town\nunknown: sex\nmissing: name\nmissing: city\n' +
            'hint: files that are linked together need the same header, in any order');
        refuseLink(folder, ['-', 'more.csv'], 1,
            /^tuva-empi: more.csv: its columns are not those of standard input$/m,
            { input: 'id,name\n' });
    });

    test('a doubled id: both lines, not the id', (t) => {
        const csv = 'id,name\nSECRET 7,a\n"8\n8",b\nSECRET 9,c\nSECRET 7,d\n';
        refuseLink(prepare(t, { 'bad.csv': csv }), ['--id-column', 'id', 'bad.csv'], 1,
            'bad.csv, line 6: the id is that of bad.csv, line 2\n' +
            'hint: ids have to be unique over all files; leave --id-column out to number the rows instead');
    });

    test('an id that is doubled in another file', (t) => {
        const folder = prepare(t, { 'b.csv': 'city,name,id\nx,a,5\ny,b,1\n' });
        refuseLink(folder, ['--id-column', 'id', 'people.csv', 'b.csv'], 1,
            /^tuva-empi: b\.csv, line 3: the id is that of people\.csv, line 2$/m);
    });

    test('an empty id', (t) => {
        for (const id of ['', '""']) {
            const folder = prepare(t, { 'bad.csv': `id,name\n1,SECRET a\n${id},SECRET b\n` });
            refuseLink(folder, ['--id-column', 'id', 'bad.csv'], 1,
                'bad.csv, line 3: the id is empty (column "id")\n' +
                'hint: every record needs an id; leave --id-column out to number the rows instead');
        }
    });

    test('no such id column', (t) => {
        refuseLink(prepare(t), ['--id-column', 'nope', 'people.csv'], 1,
            'people.csv has no column "nope" for --id-column\n' +
            'its columns are: id, name, city\n' +
            'hint: name one of its columns, or leave --id-column out to number the rows');
    });

    test('a column that the crosswalk is to add', (t) => {
        const folder = prepare(t, { 'bad.csv': 'cluster_id,name\n1,SECRET\n' });
        refuseLink(folder, ['bad.csv'], 1,
            'bad.csv has a column cluster_id, which --crosswalk is to add\nhint: rename the column');
    });

    test('more columns than there is room for', (t) => {
        const names = Array.from({ length: 1025 }, (_, i) => `c${i}`);
        const folder = prepare(t, { 'bad.csv': `${names.join(',')}\n` });
        refuseLink(folder, ['bad.csv'], 1, /1025 columns; at most 1024/);
        const more = Array.from({ length: 4097 }, (_, i) => `c${i}`);
        put(folder, 'bad.csv', `${more.join(',')}\n`);
        refuseLink(folder, ['bad.csv'], 1, /^tuva-empi: bad\.csv, line 1: 4097 columns/);
    });

    test('columns of the model of which only the case differs', (t) => {
        const folder = prepare(t, { 'bad.csv': 'Name,id,name\nSECRET a,b,c\n' });
        refuseLink(folder, ['bad.csv'], 1,
            'bad.csv has the columns "Name" and "name", which the model cannot tell apart\n' +
            'hint: names in a model ignore case; rename one of the columns');
        put(folder, 'good.csv', 'ID,id,name\nx,y,ann\n');
        link(folder, ['--model', 'model.json', '--quiet', 'good.csv']);
    });
});

// ---- places ----

/** Runs the program as a user who may do nothing, or says why not. */
function unprivileged(t, folder) {
    if (process.getuid() !== 0) {
        return [];
    }
    const prefix = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all'];
    const tried = spawnSync(prefix[0], [...prefix.slice(1), program, '--version'], { cwd: folder });
    if (tried.status !== 0) {
        t.skip('runs as root, and another user cannot run the program from where it is');
        return null;
    }
    return prefix;
}

describe('places', () => {
    test('a missing file', (t) => {
        refuseLink(prepare(t), ['none.csv'], 1, 'none.csv: cannot open: No such file or directory');
        refuseLink(prepare(t), ['people.csv', 'none/none.csv'], 1,
            'none/none.csv: cannot open: No such file or directory');
    });

    test('a directory', (t) => {
        const folder = prepare(t);
        mkdirSync(join(folder, 'dir.csv'));
        refuseLink(folder, ['dir.csv'], 1, 'dir.csv: is a directory, not a file');
        refuseLink(folder, ['people.csv', 'dir.csv'], 1, 'dir.csv: is a directory, not a file');
    });

    test('no permission to read', (t) => {
        const folder = prepare(t);
        const prefix = unprivileged(t, folder);
        if (prefix !== null) {
            chmodSync(folder, 0o777);
            chmodSync(join(folder, 'people.csv'), 0);
            refuseLink(folder, ['people.csv'], 1, 'people.csv: cannot open: Permission denied', { prefix });
        }
    });

    test('no permission to write', (t) => {
        const folder = prepare(t);
        const prefix = unprivileged(t, folder);
        if (prefix !== null) {
            chmodSync(folder, 0o555);
            chmodSync(join(folder, 'people.csv'), 0o444);
            refuseLink(folder, ['people.csv'], 1, 'pairs.csv: cannot create: Permission denied', { prefix });
            chmodSync(folder, 0o755);
        }
    });

    const refuseOutput = (folder, option, path, status, message) =>
        refuse(folder, ['link', '--model', 'model.json', option, path, 'people.csv'], status,
            typeof message === 'string' ? `tuva-empi: ${message}\n` : message);

    test('an output whose directory is missing, before the work', (t) => {
        const folder = prepare(t, { 'people.csv': 'id,name\nSECRET\n' });
        for (const option of ['--predictions', '--crosswalk', '--summary']) {
            refuseOutput(folder, option, 'none/out', 1,
                'none/out: cannot create: No such file or directory\n' +
                'hint: the directory none must exist; make it first');
        }
    });

    test('an output that is a directory', (t) => {
        const folder = prepare(t);
        mkdirSync(join(folder, 'dir'));
        refuseOutput(folder, '--predictions', 'dir', 1, 'dir: is a directory, not a file');
        refuseOutput(folder, '--predictions', 'dir/', 1, 'dir/: is a directory, not a file');
    });

    test('an output below a file', (t) => {
        refuseOutput(prepare(t), '--predictions', 'people.csv/out', 1,
            'people.csv/out: cannot create: Not a directory');
    });

    test('an output over an input, by whatever name', (t) => {
        const folder = prepare(t);
        symlinkSync('people.csv', join(folder, 'link.csv'));
        for (const path of ['people.csv', './people.csv', 'link.csv']) {
            const message = `--crosswalk would overwrite the input ${path}`;
            refuseOutput(folder, '--crosswalk', path, 2, `${message}\n`.trimEnd());
        }
        refuseOutput(folder, '--summary', 'model.json', 2, '--summary would overwrite the input model.json');
    });

    test('two outputs in one file, by whatever name', (t) => {
        const folder = prepare(t, { 'old.csv': 'kept' });
        symlinkSync('old.csv', join(folder, 'link.csv'));
        const twice = (a, b) => refuse(folder, ['link', '--model', 'model.json', '--predictions', a,
            '--crosswalk', b, 'people.csv'], 2,
        `tuva-empi: --predictions and --crosswalk name the same file ${b}\n`);
        twice('new.csv', 'new.csv');
        twice('new.csv', './new.csv');
        twice('old.csv', 'link.csv');
    });

    test('one input twice, by whatever name', (t) => {
        const folder = prepare(t);
        symlinkSync('people.csv', join(folder, 'link.csv'));
        refuseLink(folder, ['people.csv', './people.csv'], 2, 'people.csv and ./people.csv are the same file');
        refuseLink(folder, ['people.csv', 'link.csv'], 2, 'people.csv and link.csv are the same file');
        refuseLink(folder, ['-', '-'], 2, 'standard input is named twice');
    });

    test('an older output stays when the work fails', (t) => {
        const folder = prepare(t, { 'pairs.csv': 'old', 'bad.csv': 'name\nSECRET\n"\n' });
        refuseLink(folder, ['bad.csv'], 1, /^tuva-empi: bad\.csv, line 3/);
        assert.equal(readText(folder, 'pairs.csv'), 'old');
    });
});

// ---- models ----

describe('broken models', () => {
    const refuseModel = (t, model, message) => {
        const folder = prepare(t, { 'bad.json': model });
        return refuse(folder, ['link', '--model', 'bad.json', ...outputs, 'people.csv'], 1,
            typeof message === 'string' ? `tuva-empi: ${message}\n` : message);
    };
    const changed = (change) => {
        const model = structuredClone(nameModel);
        change(model, model.comparisons[0].comparison_levels);
        return model;
    };

    test('missing, a directory', (t) => {
        const folder = prepare(t);
        mkdirSync(join(folder, 'dir'));
        const refuseFile = (name, message) =>
            refuse(folder, ['link', '--model', name, ...outputs, 'people.csv'], 1, `tuva-empi: ${message}\n`);
        refuseFile('none.json', 'none.json: cannot open: No such file or directory');
        refuseFile('dir', 'dir: is a directory, not a file');
    });

    test('told before standard input has ended', async (t) => {
        const folder = prepare(t);
        const running = start(folder, ['link', '--model', 'none.json', ...outputs, '-']);
        assert.deepEqual(await running.ended, { status: 1, signal: null });
        assert.match(running.stderr, /^tuva-empi: none\.json: cannot open: No such file or directory$/m);
    });

    test('not JSON', (t) => {
        refuseModel(t, '', /^tuva-empi: bad\.json: line 1, column \d+: not valid JSON: /);
        refuseModel(t, '{"comparisons": [}', /^tuva-empi: bad\.json: line 1, column 18: not valid JSON: /);
        refuseModel(t, 'link_type: dedupe_only', /^tuva-empi: bad\.json: line 1, column \d+: not valid JSON: /);
        refuseModel(t, '{"comparisons": NaN}',
            /not valid JSON[^\n]*\nhint: JSON has no NaN and no Infinity; write a number, or leave the key out\n/);
        refuseModel(t, '{"comparisons": [], "comparisons": []}', /not valid JSON: duplicate object key/);
        refuseModel(t, '[]', /must be an object, not a list/);
        refuseModel(t, readFileSync(program).subarray(0, 4096), /^tuva-empi: bad\.json: .*not valid JSON/);
    });

    test('nothing in it', (t) => {
        refuseModel(t, '{}', 'bad.json has 1 fault\ncomparisons: is missing');
    });

    test('unknown keys, with what was meant', (t) => {
        refuseModel(t, changed((model) => (model.link_typo = 'x')),
            'bad.json has 1 fault\nlink_typo: unknown key; did you mean "link_type"?');
        refuseModel(t, changed((_, levels) => (levels[1].m_probabilty = 1)), 'bad.json has 1 fault\n' +
            'comparisons.0.comparison_levels.1.m_probabilty: unknown key; did you mean "m_probability"?');
    });

    test('wrong values, all at once', (t) => {
        refuseModel(t, changed((model, levels) => {
            model.probability_two_random_records_match = 2;
            levels[0].is_null_level = 'yes';
            levels[1].m_probability = 'x';
            levels[2].u_probability = -1;
            delete levels[1].sql_condition;
        }), new RegExp('^tuva-empi: bad\\.json has 5 faults\n' +
            '(probability_two_random_records_match|comparisons\\.0\\.comparison_levels\\.[012]\\.\\w+): '));
    });

    test('an unknown column', (t) => {
        refuseModel(t, changed((_, levels) => (levels[1].sql_condition = 'nope_l = nope_r')),
            /^tuva-empi: bad\.json has 1 fault\ncomparisons\.0\.comparison_levels\.1\.sql_condition: column "nope_l" does not exist \(at character 1\);.* columns are: city, id, name$/m);
        refuseModel(t, changed((model) => (model.blocking_rules_to_generate_predictions = ['l.nope = r.name'])),
            /^blocking_rules_to_generate_predictions\.0: column "nope" does not exist \(at character 3\);.* columns are: city, id, name$/m);
        refuseModel(t, changed((_, levels) => (levels[1].tf_adjustment_column = 'nope')),
            /^comparisons\.0\.comparison_levels\.1\.tf_adjustment_column: column "nope" does not exist; columns are: /m);
    });

    const conditions = {
        'a syntax error': ['name_l = = name_r', /\(at character 10\)/],
        'an unknown function': ['levenstein(name_l, name_r) < 2', /levenshtein/],
        'a subquery': ['name_l in (select name from people)', /at character/],
        'a statement': ['name_l = name_r; drop table x', /at character/],
        'a function that reads files': ["read_csv('people.csv') = name_l", /read_csv/],
        'text compared with a number': ['name_l > 5', /cast/],
        'a number from text without a cast': ['abs(name_l) < 5', /cast/],
        'a wrong number of arguments': ['levenshtein(name_l) < 2', /not 1 argument/],
        'an open text': ["name_l = 'x", /at character/],
        'a bad regular expression': ["regexp_matches(name_l, '(')", /at character|pattern|expression/],
        'too deep': ['('.repeat(1000) + 'name_l = name_r' + ')'.repeat(1000), /nest|deep/],
    };
    for (const [what, [condition, message]] of Object.entries(conditions)) {
        test(what, (t) => {
            const { stderr } = refuseModel(t, changed((_, levels) => (levels[1].sql_condition = condition)),
                /^tuva-empi: bad\.json has 1 fault\ncomparisons\.0\.comparison_levels\.1\.sql_condition: /);
            assert.match(stderr, message);
        });
    }

    test('a model that only links, without sources', (t) => {
        refuseModel(t, changed((model) => (model.link_type = 'link_only')),
            /link_type: link_only needs the column "source_dataset", which tells the sources apart\nhint: /);
    });

    test('the same file in records and model position', (t) => {
        const folder = prepare(t);
        refuse(folder, ['link', '--model', 'people.csv', 'people.csv'], 1,
            /^tuva-empi: people\.csv: line 1, column \d+: not valid JSON/);
    });
});

// ---- options ----

describe('options', () => {
    const usage = (t, args, message) => {
        const folder = prepare(t);
        refuse(folder, ['link', '--model', 'model.json', '--predictions', 'pairs.csv', ...args], 2, message);
        assert.deepEqual(readdirSync(folder).sort(), ['model.json', 'people.csv']);
    };
    const refusals = {
        'both thresholds': [['--threshold-match-probability', '0.5', '--threshold-match-weight', '1'],
            /^tuva-empi: give --threshold-match-probability or --threshold-match-weight, not both\n/],
        'a probability above 1': [['--threshold-match-probability', '1.5'], /1\.5 is outside 0 to 1/],
        'a probability below 0': [['--cluster-probability', '-0.1'], /-0\.1 is outside 0 to 1/],
        'no number': [['--threshold-match-weight', 'high'], /"high" is not a number/],
        'infinity': [['--threshold-match-weight', 'inf'], /"inf" is not a number/],
        'no threads': [['--threads', '0'], /0 is outside 1 to 1024/],
        'half a thread': [['--threads', '1.5'], /"1\.5" is not a whole number/],
        'no size': [['--memory-limit', 'much'], /"much" is not a size\nhint: write bytes, or a unit: 2GiB, 512M\n/],
        'a size of nothing': [['--memory-limit', '0'], /"0" is not a size/],
        'an empty path': [['--crosswalk', ''], /--crosswalk: the value is empty/],
        'an unknown option': [['--thredas', '2'], /unknown option --thredas\nhint: did you mean --threads\?/],
        'an option without its value': [['--crosswalk'], /--crosswalk needs a value \(OUT\.csv\)/],
        'a value for a flag': [['--detail=yes'], /--detail takes no value/],
    };
    for (const [what, [args, message]] of Object.entries(refusals)) {
        test(what, (t) => usage(t, args.length === 1 && args[0] === '--crosswalk'
            ? ['people.csv', ...args] : [...args, 'people.csv'], message));
    }

    test('no file', (t) => usage(t, [], /^tuva-empi: FILE\.csv \[FILE\.csv \.\.\.\] is missing\nhint: see: tuva-empi link --help\n$/));

    test('--detail without predictions', (t) => {
        refuse(prepare(t), ['link', '--model', 'model.json', '--detail', 'people.csv'], 2,
            'tuva-empi: --detail needs --predictions\n');
    });

    test('model and records both from standard input', (t) => {
        refuse(prepare(t), ['link', '--model', '-', '-'], 2,
            'tuva-empi: standard input cannot hold both the model and the records\n');
    });

    test('a file whose name begins with a dash', (t) => {
        const folder = prepare(t, { '-x.csv': 'name\nann\n' });
        link(folder, ['--model', 'model.json', '--quiet', '--', '-x.csv']);
    });
});
