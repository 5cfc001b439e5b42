// What `tuva-empi link` writes: predictions, thresholds, crosswalk, summary; the same bytes always.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync, symlinkSync, chmodSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
    assertNear, connect, dataPath, exact, formatCsv, formatTable, link, makeFolder, makeModel, parseCsv,
    parseTable, put, readTable, readText, run,
} from './support.mjs';

// ---- a model whose weights are whole numbers ----

// Prior odds 1; every level's factor a power of two: weights and probabilities are exact.
const level = (condition, m, u) => ({
    sql_condition: condition, m_probability: m, u_probability: u,
});
const exactModel = makeModel([{
    output_column_name: 'code',
    comparison_levels: [
        { sql_condition: 'code_l IS NULL OR code_r IS NULL', is_null_level: true },
        level('code_l = code_r', 0.5, 2 ** -7),
        level('substr(code_l, 1, 2) = substr(code_r, 1, 2)', 0.25, 0.25),
        level('substr(code_l, 1, 1) = substr(code_r, 1, 1)', 2 ** -7, 0.5),
        level('ELSE', 2 ** -10, 1),
    ],
}], ['1 = 1'], { probability_two_random_records_match: 0.5 });
// Pairs:  1-2 same code (6), 1-3 and 2-3 two letters (0), 1-4 … one letter (-6), with 5 none (-10).
const codes = 'code,row\nabc,1\nabc,2\nabd,3\naxx,4\nzzz,5\n,6\n';

function linkCodes(t, ...args) {
    const folder = makeFolder(t);
    put(folder, 'model.json', exactModel);
    put(folder, 'codes.csv', codes);
    link(folder, ['--model', 'model.json', '--predictions', 'pairs.csv', '--quiet', ...args,
        'codes.csv']);
    return folder;
}

const keptPairs = (t, ...args) =>
    readTable(linkCodes(t, ...args), 'pairs.csv').map((row) => `${row.id_l}-${row.id_r}`);

describe('predictions', () => {
    test('one row a pair: ids, match_key, weight, probability', (t) => {
        assert.equal(readText(linkCodes(t, '--threshold-match-weight', '-6'), 'pairs.csv'),
            'id_l,id_r,match_key,match_weight,match_probability\n' +
            '1,2,0,6.0,0.9846153846153847\n' +
            '1,3,0,0.0,0.5\n' +
            '1,4,0,-6.0,0.015384615384615385\n' +
            '1,6,0,0.0,0.5\n' +
            '2,3,0,0.0,0.5\n' +
            '2,4,0,-6.0,0.015384615384615385\n' +
            '2,6,0,0.0,0.5\n' +
            '3,4,0,-6.0,0.015384615384615385\n' +
            '3,6,0,0.0,0.5\n' +
            '4,6,0,0.0,0.5\n' +
            '5,6,0,0.0,0.5\n');
    });

    test('--detail adds gamma and Bayes factor of each comparison', (t) => {
        const rows = parseCsv(readText(linkCodes(t, '--detail'), 'pairs.csv'));
        assert.deepEqual(rows.slice(0, 6), [
            ['id_l', 'id_r', 'match_key', 'match_weight', 'match_probability', 'gamma_code', 'bf_code'],
            ['1', '2', '0', '6.0', '0.9846153846153847', '3', '64.0'],
            ['1', '3', '0', '0.0', '0.5', '2', '1.0'],
            ['1', '4', '0', '-6.0', '0.015384615384615385', '1', '0.015625'],
            ['1', '5', '0', '-10.0', '0.000975609756097561', '0', '0.0009765625'],
            ['1', '6', '0', '0.0', '0.5', '-1', '1.0'],
        ]);
    });

    test('--detail adds the adjustment and both frequencies, by the prefixes of the model', (t) => {
        const name = exact('name', 0.5, 0.25);
        name.comparison_levels[1].tf_adjustment_column = 'name';
        const city = exact('city', 0.5, 0.25);
        city.comparison_levels[1].tf_adjustment_column = 'NAME';
        city.comparison_levels[1].disable_tf_exact_match_detection = true;
        const folder = makeFolder(t);
        put(folder, 'model.json', makeModel([name, city, exact('sex')], ['1 = 1'], {
            comparison_vector_value_column_prefix: 'g_',
            bayes_factor_column_prefix: 'b_',
            term_frequency_adjustment_column_prefix: 'f_',
        }));
        put(folder, 'a.csv', 'name,city,sex\nann,x,f\nann,x,f\nbob,x,m\n,x,m\nann,,m\n');
        link(folder, ['--model', 'model.json', '--predictions', 'pairs.csv', '--detail', '--quiet',
            'a.csv']);
        const [header, first] = parseCsv(readText(folder, 'pairs.csv'));
        assert.deepEqual(header.slice(5), ['g_name', 'b_name', 'b_tf_adj_name', 'f_name_l', 'f_name_r',
            'g_city', 'b_city', 'b_tf_adj_city', 'g_sex', 'b_sex']);
        // Three of the four names are ann: 0.25 / 0.75.
        assert.deepEqual(first.slice(5, 7), ['1', '2.0']);
        assertNear(first[7], 1 / 3, 'adjustment');
        assert.deepEqual(first.slice(8, 10), ['0.75', '0.75']);
        const rows = parseTable(readText(folder, 'pairs.csv'));
        const unknown = rows.find((row) => row.id_l === '1' && row.id_r === '4');
        assert.deepEqual([unknown.g_name, unknown.b_name, unknown.b_tf_adj_name, unknown.f_name_l,
            unknown.f_name_r], ['-1', '1.0', '1.0', '0.75', null]);
        // Only one side has a frequency for the adjusted city: it counts for both.
        assertNear(unknown.b_tf_adj_city, 1 / 3, 'adjustment with one value missing');
    });

    test('a pair that reaches no level has no gamma and is certainly no match', (t) => {
        const comparison = { output_column_name: 'name', comparison_levels: [
            level('name_l = name_r', 0.5, 0.25),
            level('substr(name_l, 1, 1) = substr(name_r, 1, 1)', 0.5, 0.25)] };
        const folder = makeFolder(t);
        put(folder, 'model.json', makeModel([comparison], ['1 = 1']));
        put(folder, 'a.csv', 'name\nann\nbob\n');
        link(folder, ['--model', 'model.json', '--predictions', 'pairs.csv', '--detail', '--quiet', 'a.csv']);
        const [row] = readTable(folder, 'pairs.csv');
        assert.equal(row.gamma_name, null);
        assert.equal(row.bf_name, null);
        assertNear(row.match_weight, -996.5784284662087, 'weight');
        assert.ok(Number(row.match_probability) > 0);
    });

    test('ids as they are, quoted where CSV wants it, sorted by byte', (t) => {
        const ids = ['é', 'b', 'a,"1"', 'B', '10', '9', ' x', 'two\nlines'];
        const folder = makeFolder(t);
        put(folder, 'model.json', makeModel([exact('name')], ['l.name = r.name']));
        put(folder, 'a.csv', formatCsv([['id', 'name'], ...ids.map((id) => [id, 'ann'])]));
        link(folder, ['--model', 'model.json', '--id-column', 'id', '--predictions', 'pairs.csv',
            '--crosswalk', 'crosswalk.csv', '--cluster-probability', '0', '--quiet', 'a.csv']);
        const sorted = [' x', '10', '9', 'B', 'a,"1"', 'b', 'two\nlines', 'é'];
        const expected = sorted.flatMap((left, i) => sorted.slice(i + 1).map((right) => [left, right]));
        assert.deepEqual(readTable(folder, 'pairs.csv').map((row) => [row.id_l, row.id_r]), expected);
        assert.deepEqual(readTable(folder, 'crosswalk.csv').map((row) => row.cluster_id),
            ids.map(() => ' x'));
    });
});

describe('thresholds', () => {
    test('none: all pairs', (t) => {
        assert.equal(keptPairs(t).length, 15);
        assert.equal(keptPairs(t, '--threshold-match-probability', '0').length, 15);
    });

    test('a weight keeps pairs at it', (t) => {
        assert.deepEqual(keptPairs(t, '--threshold-match-weight', '6'), ['1-2']);
        assert.deepEqual(keptPairs(t, '--threshold-match-weight', '6.000001'), []);
        assert.equal(keptPairs(t, '--threshold-match-weight', '0').length, 8);
        assert.equal(keptPairs(t, '--threshold-match-weight', '-6').length, 11);
        assert.equal(keptPairs(t, '--threshold-match-weight=-1e300').length, 15);
    });

    test('a probability keeps pairs at it', (t) => {
        assert.equal(keptPairs(t, '--threshold-match-probability', '0.5').length, 8);
        assert.equal(keptPairs(t, '--threshold-match-probability', '0.5000001').length, 1);
        assert.deepEqual(keptPairs(t, '--threshold-match-probability', '0.98'), ['1-2']);
    });

    test('probability 1 keeps what is certain to the last digit', (t) => {
        assert.deepEqual(keptPairs(t, '--threshold-match-probability', '1'), []);
        const folder = makeFolder(t);
        put(folder, 'model.json', makeModel([exact('name', 0.5, 1e-30)], ['1 = 1']));
        put(folder, 'a.csv', 'name\nann\nann\nbob\n');
        link(folder, ['--model', 'model.json', '--predictions', 'pairs.csv', '--quiet',
            '--threshold-match-probability', '1', 'a.csv']);
        assert.deepEqual(readTable(folder, 'pairs.csv').map((row) => row.match_probability), ['1.0']);
    });

    test('clusters have a threshold of their own, at or above', (t) => {
        const clusters = (...args) => readTable(
            linkCodes(t, '--crosswalk', 'crosswalk.csv', ...args), 'crosswalk.csv')
            .map((row) => row.cluster_id).join('');
        assert.equal(clusters(), '113456', '0.95 when nothing is said');
        assert.equal(clusters('--cluster-probability', '0.5'), '111111', 'through the missing code');
        assert.equal(clusters('--cluster-probability', '0.51'), '113456');
        assert.equal(clusters('--cluster-probability', '0.99'), '123456');
        assert.equal(clusters('--cluster-probability', '0'), '111111');
        assert.equal(clusters('--cluster-probability', '1'), '123456');
    });

    test('only kept pairs join clusters', (t) => {
        const folder = linkCodes(t, '--crosswalk', 'crosswalk.csv', '--cluster-probability', '0.1',
            '--threshold-match-weight', '5');
        assert.equal(readTable(folder, 'crosswalk.csv').map((row) => row.cluster_id).join(''), '113456');
    });
});

describe('the same answer', () => {
    const people = (folder, ...args) => link(folder, ['--model', dataPath('people/model.json'),
        '--detail', '--predictions', 'pairs.csv', '--crosswalk', 'crosswalk.csv', '--quiet', ...args]);
    const results = (folder) => [readText(folder, 'pairs.csv'), readText(folder, 'crosswalk.csv')];

    test('to the byte with 1, 2 and 7 threads', (t) => {
        const [one, two, seven] = ['1', '2', '7'].map((threads) => {
            const folder = makeFolder(t);
            people(folder, '--threads', threads, dataPath('people/records.csv'));
            return results(folder);
        });
        assert.ok(one[0].length > 1e6);
        assert.ok(one[0] === two[0] && one[0] === seven[0], 'predictions');
        assert.ok(one[1] === two[1] && one[1] === seven[1], 'crosswalk');
    });

    test('with a threshold, as of all pairs those above it', (t) => {
        const [all, some] = [[], ['--threshold-match-weight', '3.5']].map((more) => {
            const folder = makeFolder(t);
            people(folder, ...more, dataPath('people/records.csv'));
            return readText(folder, 'pairs.csv').trimEnd().split('\n');
        });
        const expected = all.filter((row, i) => i === 0 || Number(row.split(',')[3]) >= 3.5);
        assert.ok(expected.length > 1000 && expected.length < all.length / 2);
        assert.deepEqual(some, expected);
    });

    // Deterministic, so that a failure can be looked at again.
    function shuffle(items) {
        const out = [...items];
        let state = 42;
        for (let i = out.length - 1; i > 0; i--) {
            state = (state * 1103515245 + 12345) % 2 ** 31;
            const j = state % (i + 1);
            [out[i], out[j]] = [out[j], out[i]];
        }
        return out;
    }

    const [header, ...rows] = readFileSync(dataPath('people/records.csv'), 'utf8').trimEnd().split('\n');
    const order = shuffle(rows.map((_, i) => i));

    test('for shuffled rows with an id column: predictions to the byte, clusters by id', (t) => {
        const [plain, mixed] = [rows, order.map((i) => rows[i])].map((lines) => {
            const folder = makeFolder(t);
            put(folder, 'people.csv', [header, ...lines, ''].join('\n'));
            people(folder, '--id-column', 'source_person_id', 'people.csv');
            return results(folder);
        });
        assert.ok(plain[0] === mixed[0], 'predictions');
        assert.deepEqual(mixed[1].split('\n').sort(), plain[1].split('\n').sort());
    });

    test('for shuffled rows without: the same records together', (t) => {
        const [plain, mixed] = [rows, order.map((i) => rows[i])].map((lines) => {
            const folder = makeFolder(t);
            put(folder, 'people.csv', [header, ...lines, ''].join('\n'));
            people(folder, 'people.csv');
            return readTable(folder, 'crosswalk.csv').map((row) => Number(row.cluster_id) - 1);
        });
        // Row i of the shuffled file is row order[i]; a cluster is named by its lowest row.
        const lowest = new Map();
        mixed.forEach((cluster, i) => lowest.set(cluster, Math.min(lowest.get(cluster) ?? Infinity, order[i])));
        mixed.forEach((cluster, i) => assert.equal(lowest.get(cluster), plain[order[i]]));
    });
});

describe('files', () => {
    test('compressed when the name says so', (t) => {
        const folder = makeFolder(t);
        put(folder, 'model.json', exactModel);
        put(folder, 'codes.csv', codes);
        link(folder, ['--model', 'model.json', '--quiet', '--predictions', 'pairs.csv.gz', '--crosswalk',
            'crosswalk.csv.gz', '--summary', 'summary.json.gz', 'codes.csv']);
        for (const name of ['pairs.csv.gz', 'crosswalk.csv.gz', 'summary.json.gz']) {
            assert.deepEqual([...readFileSync(join(folder, name)).subarray(0, 2)], [0x1f, 0x8b], name);
        }
        assert.equal(readText(folder, 'pairs.csv.gz'), readText(linkCodes(t), 'pairs.csv'));
        assert.equal(readTable(folder, 'crosswalk.csv.gz').length, 6);
        assert.equal(JSON.parse(readText(folder, 'summary.json.gz')).records, 6);
    });

    test('"-" is standard output, and nothing else stands there', (t) => {
        const folder = makeFolder(t);
        put(folder, 'model.json', exactModel);
        put(folder, 'codes.csv', codes);
        const { stdout, stderr } = link(folder, ['--model', 'model.json', '--predictions', '-', 'codes.csv']);
        assert.equal(stdout, readText(linkCodes(t), 'pairs.csv'));
        assert.match(stderr, /^records/m);
        const crosswalk = link(folder, ['--model', 'model.json', '--crosswalk', '-', '--quiet', '-'],
            { input: codes });
        assert.match(crosswalk.stdout, /^cluster_id,code,row\n1,abc,1\n/);
        assert.equal(crosswalk.stderr.includes('records'), false);
    });

    test('nothing is written but what was asked for', (t) => {
        const folder = linkCodes(t);
        assert.deepEqual(readdirSync(folder).sort(), ['codes.csv', 'model.json', 'pairs.csv']);
        link(folder, ['--model', 'model.json', 'codes.csv']);
        assert.deepEqual(readdirSync(folder).sort(), ['codes.csv', 'model.json', 'pairs.csv']);
    });

    test('an older file is replaced and keeps its permissions, also behind a link', (t) => {
        const folder = makeFolder(t);
        put(folder, 'model.json', exactModel);
        put(folder, 'codes.csv', codes);
        put(folder, 'real.csv', 'old');
        chmodSync(join(folder, 'real.csv'), 0o640);
        symlinkSync('real.csv', join(folder, 'pairs.csv'));
        link(folder, ['--model', 'model.json', '--predictions', 'pairs.csv', '--quiet', 'codes.csv']);
        assert.match(readText(folder, 'real.csv'), /^id_l,id_r/);
        assert.equal(statSync(join(folder, 'real.csv')).mode & 0o777, 0o640);
    });
});

// ---- the summary ----

describe('summary', () => {
    const sizeClass = (size) => (size <= 4 ? String(size) : size <= 10 ? '5-10' : '11+');

    test('agrees with what was written', (t) => {
        const folder = makeFolder(t);
        const { stderr } = link(folder, ['--model', dataPath('people/model.json'), '--predictions',
            'pairs.csv', '--crosswalk', 'crosswalk.csv', '--summary', 'summary.json', '--threads', '2',
            '--cluster-probability', '0.8', dataPath('people/records.csv')]);
        const summary = JSON.parse(readText(folder, 'summary.json'));
        const pairs = readTable(folder, 'pairs.csv');
        assert.equal(summary.records, 6044);
        assert.equal(summary.threads, 2);
        assert.equal(summary.pairs, pairs.length);
        assert.equal(summary.pairs_kept, pairs.length);
        assert.equal(summary.blocking_rules.length, 6);
        summary.blocking_rules.forEach((rule, i) => {
            assert.equal(rule.match_key, i);
            assert.equal(rule.pairs, pairs.filter((pair) => pair.match_key === String(i)).length);
            assert.ok(rule.candidates >= rule.pairs);
            assert.ok(rule.largest_block >= 2);
        });
        assert.equal(summary.blocking_rules[2].blocking_rule,
            'l."social_security_number" = r."social_security_number"');
        assert.equal(summary.candidates,
            summary.blocking_rules.reduce((sum, rule) => sum + rule.candidates, 0));
        checkClusters(summary.clusters, pairs, readTable(folder, 'crosswalk.csv'));
        checkCosts(summary);
        assert.deepEqual(summary.values_not_computed, []);
        assert.equal(summary.warnings.length, 1);
        assert.match(summary.warnings[0], /^3 levels of the model were never trained/);
        assert.match(stderr, new RegExp(`^clusters +${grouped(summary.clusters.count)}, `, 'm'));
        assert.match(stderr, /^pairs +29,525 scored, 29,525 kept$/m);
    });

    const grouped = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ',');

    function checkClusters(clusters, pairs, crosswalk) {
        const roots = connect(crosswalk.length, pairs.filter((pair) => pair.match_probability >= 0.8)
            .map((pair) => [pair.id_l - 1, pair.id_r - 1]));
        assert.deepEqual(crosswalk.map((row) => row.cluster_id - 1), roots);
        const sizes = new Map();
        roots.forEach((cluster) => sizes.set(cluster, (sizes.get(cluster) ?? 0) + 1));
        const bySize = { 1: 0, 2: 0, 3: 0, 4: 0, '5-10': 0, '11+': 0 };
        sizes.forEach((size) => bySize[sizeClass(size)]++);
        assert.deepEqual(clusters, {
            count: sizes.size, largest: Math.max(...sizes.values()), by_size: bySize });
    }

    function checkCosts(summary) {
        assert.deepEqual(summary.phases.map((phase) => phase.name), ['read', 'prepare', 'score', 'write']);
        const seconds = summary.phases.reduce((sum, phase) => sum + phase.seconds, 0);
        assert.ok(Math.abs(summary.seconds - seconds) < 1e-6 && seconds > 0 && seconds < 300);
        const peaks = summary.phases.map((phase) => phase.peak_memory_bytes);
        assert.ok(peaks.every((peak, i) => peak > 1e6 && (i === 0 || peak >= peaks[i - 1])));
        assert.equal(summary.peak_memory_bytes, Math.max(...peaks));
    }

    test('kept pairs and clusters follow the thresholds', (t) => {
        const folder = linkCodes(t, '--threshold-match-weight', '0', '--summary', 'summary.json',
            '--cluster-probability', '0.9');
        const summary = JSON.parse(readText(folder, 'summary.json'));
        assert.equal(summary.pairs, 15);
        assert.equal(summary.pairs_kept, 8);
        assert.deepEqual(summary.clusters,
            { count: 5, largest: 2, by_size: { 1: 4, 2: 1, 3: 0, 4: 0, '5-10': 0, '11+': 0 } });
    });

    test('for a person: aligned, on standard error, nothing with --quiet', (t) => {
        const folder = makeFolder(t);
        put(folder, 'model.json', exactModel);
        put(folder, 'codes.csv', codes);
        const { stdout, stderr } = link(folder, ['--model', 'model.json', 'codes.csv']);
        assert.equal(stdout, '');
        const lines = stderr.split('\n').filter((line) => /^(records|pairs|clusters|time|memory) /.test(line));
        assert.equal(lines.length, 5);
        const end = lines.map((line) => line.match(/^\w+ +[\d.,]*\d/)[0].length);
        assert.equal(new Set(end).size, 1, `numbers end in one column:\n${stderr}`);
        assert.match(stderr, /^ {2}rule 0 +15 pairs {3}1 = 1$/m);
        put(folder, 'long.json', { ...exactModel, blocking_rules_to_generate_predictions:
            [`\n\tl.code\r\n  =  r.code${' and l.row = r.row'.repeat(9)}`] });
        const long = link(folder, ['--model', 'long.json', 'codes.csv']);
        assert.match(long.stderr, /^ {2}rule 0 +0 pairs {3}l\.code = r\.code and .{30,45} \.\.\.$/m);
        const quiet = link(folder, ['--model', 'model.json', '--quiet', 'codes.csv']);
        assert.doesNotMatch(quiet.stderr, /records|pairs  /);
    });
});

// ---- warnings ----

describe('warnings', () => {
    const warnings = (t, model, csv, ...args) => {
        const folder = makeFolder(t);
        put(folder, 'model.json', model);
        put(folder, 'a.csv', csv);
        const { stderr } = link(folder, ['--model', 'model.json', '--summary', 'summary.json', ...args, 'a.csv']);
        const told = stderr.split('\n').filter((line) => line.startsWith('warning: '))
            .map((line) => line.slice('warning: '.length));
        assert.deepEqual(JSON.parse(readText(folder, 'summary.json')).warnings, told);
        return told;
    };

    test('a rule without equality, with the pairs it will make', (t) => {
        const model = makeModel([exact('name')], ['l.name = r.name', 'l.name < r.name or l.city = r.city']);
        const csv = formatTable(['name', 'city'],
            Array.from({ length: 100 }, (_, i) => ({ name: `n${i}`, city: 'x' })));
        assert.deepEqual(warnings(t, model, csv),
            ['blocking rule 1 has no equality to join on: all 4,950 pairs will be looked at']);
    });

    test('no rules at all', (t) => {
        assert.deepEqual(warnings(t, makeModel([exact('name')], []), 'name\nann\nbob\ncid\n'),
            ['the model has no blocking rules: all 3 pairs will be scored']);
    });

    test('none for a single record', (t) => {
        assert.deepEqual(warnings(t, makeModel([exact('name')], []), 'name\nann\n'), []);
    });

    test('a very large block', (t) => {
        const csv = `name,city\n${Array.from({ length: 10_000 }, (_, i) => `n${i},x\n`).join('')}`;
        const model = makeModel([exact('name')], ['l.city = r.city and l.name = r.name', 'l.city = r.city']);
        assert.deepEqual(warnings(t, model, csv, '--threshold-match-weight', '0'),
            ['blocking rule 1 puts 10,000 records into one block; it makes 49,995,000 pairs in all']);
    });

    test('levels that were never trained', (t) => {
        const name = exact('name');
        delete name.comparison_levels[1].m_probability;
        const city = exact('city');
        delete city.comparison_levels[2].u_probability;
        assert.deepEqual(warnings(t, makeModel([name], ['l.name = r.name']), 'name\nann\n'),
            ["1 level of the model was never trained and has Splink's default probabilities: " +
             'comparisons.0.comparison_levels.1']);
        assert.deepEqual(warnings(t, makeModel([name, city], ['l.name = r.name']), 'name,city\nann,x\n'),
            ["2 levels of the model were never trained and have Splink's default probabilities: " +
             'comparisons.0.comparison_levels.1, comparisons.1.comparison_levels.2']);
    });

    test('values that could not be computed, by condition', (t) => {
        const name = exact('name');
        name.comparison_levels.splice(1, 0,
            { sql_condition: "strptime(born_l, '%Y-%m-%d') = strptime(born_r, '%Y-%m-%d')",
                m_probability: 0.5, u_probability: 0.1 });
        const model = makeModel([name], ['cast(l.born as date) < cast(r.born as date)', '1 = 1']);
        const csv = 'name,born\nann,2000-01-01\nbob,1/1/2000\ncid,1/2/2000\n';
        const told = warnings(t, model, csv).filter((line) => line.includes('computed'));
        assert.equal(told.length, 2);
        assert.match(told[0], /^comparisons\.0\.comparison_levels\.1: [1-9] values? could not be computed and counted as NULL$/);
        assert.match(told[1], /^blocking_rules_to_generate_predictions\.0: [1-9] values? could not be computed and counted as NULL$/);
    });
});

test('progress for a log: no more than a line every few seconds, none with --quiet', (t) => {
    const folder = makeFolder(t);
    put(folder, 'model.json', exactModel);
    put(folder, 'codes.csv', codes);
    const result = run(folder, ['link', '--model', 'model.json', '--quiet', 'codes.csv']);
    // The warning about the rule 1 = 1 is no progress.
    assert.match(result.stderr, /^warning: [^\n]+\n$/);
    assert.doesNotMatch(link(folder, ['--model', 'model.json', 'codes.csv']).stderr, /\r|\x1b/);
});
