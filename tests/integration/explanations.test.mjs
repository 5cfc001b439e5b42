// Explanations against Splink's formulas, written down here once more and fed with frequencies that are
// counted from the data: what the program shows is what its job saw, and it adds up.

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Index, person } from './index-support.mjs';
import { exact, makeModel } from './support.mjs';

let index;
before(() => (index = new Index()));
beforeEach(() => index.run('flush', '--yes'));
after(() => index.remove());
const shown = (...args) => JSON.parse(index.run('potential-matches', ...args, '--json').stdout);

const near = (actual, expected, what) =>
    assert.ok(Math.abs(actual - expected) <= 1e-9, `${what}: ${actual}, not ${expected}`);

// ---- models ----

const prior = 0.01;

/** An exact comparison that minds how common the value is. */
function adjusted(column, more = {}) {
    const comparison = exact(column, 0.9, 0.07);
    Object.assign(comparison.comparison_levels[1], { tf_adjustment_column: column, label_for_charts: `same ${column}` }, more);
    return comparison;
}

/** Alike names are adjusted as well, from the u of equal ones; the two frequencies differ then. */
function alike(column) {
    const comparison = adjusted(column, { tf_adjustment_weight: 0.5 });
    comparison.comparison_levels.splice(2, 0, { sql_condition: `substr(${column}_l, 1, 1) = substr(${column}_r, 1, 1)`,
        m_probability: 0.3, u_probability: 0.2, tf_adjustment_column: column, tf_adjustment_weight: 0.75 });
    return comparison;
}

const two = [exact('phone', 0.8, 0.2), adjusted('first_name'), alike('last_name')];
const three = [adjusted('city', { tf_minimum_u_value: 0.2 }), ...two];
const rules = ['l.phone = r.phone'];

// ---- what is expected ----

/** The share of a value among all that are there. */
function frequency(records, column, value) {
    const values = records.map((record) => record[column]).filter((each) => each);
    return values.filter((each) => each === value).length / values.length;
}

/** The levels that this test's models have, by what they say. */
function levelOf({ output_column_name: column, comparison_levels: levels }, left, right) {
    const [a, b] = [left[column], right[column]];
    if (!a || !b) {
        return 0;
    }
    return a === b ? 1 : levels.length === 4 && a[0] === b[0] ? 2 : levels.length - 1;
}

function explainComparison(comparison, left, right, records) {
    const { output_column_name: column, comparison_levels: levels } = comparison;
    const level = levelOf(comparison, left, right);
    const at = levels[level];
    const common = Math.max(...[left, right].map((record) => frequency(records, column, record[column])),
        at.tf_minimum_u_value ?? 0);
    return {
        name: column,
        level,
        label: at.label_for_charts ?? at.sql_condition,
        is_null_level: level === 0,
        weight: level === 0 ? 0 : Math.log2(at.m_probability / at.u_probability),
        term_frequency_adjusted: at.tf_adjustment_column !== undefined,
        term_frequency_weight: at.tf_adjustment_column === undefined ? 0
            : (at.tf_adjustment_weight ?? 1) * Math.log2(levels[1].u_probability / common),
    };
}

// ---- what is there ----

/** All results of open groups, each with its two source ids. */
function readResults() {
    return shown('--page-size', '1000').potential_matches.flatMap(({ id }) => {
        const { results, persons } = shown('show', id, '--page-size', '1000').potential_match;
        const source = new Map(persons.flatMap(({ records }) => records).map((record) => [record.id, record.source_person_id]));
        return results.map((result) => ({ ...result, left: source.get(result.person_record_l_id),
            right: source.get(result.person_record_r_id) }));
    });
}

/** `records` are those that the result's job saw. */
function checkResult(result, comparisons, records) {
    const [left, right] = [result.left, result.right].map((id) => records.find((each) => each.source_person_id === id));
    const { prior_weight: first, term_frequency_weight: shared, comparisons: parts } = result.explanation;
    near(first, Math.log2(prior / (1 - prior)), 'prior');
    assert.equal(shared, 0);
    assert.equal(parts.length, comparisons.length);
    parts.forEach(({ weight, term_frequency_weight: part, ...rest }, i) => {
        const { weight: own, term_frequency_weight: added, ...others } = explainComparison(comparisons[i], left, right, records);
        assert.deepEqual(rest, others);
        near(weight, own, rest.name);
        near(part, added, `frequencies of ${rest.name}`);
    });
    near(parts.reduce((sum, { weight, term_frequency_weight: part }) => sum + weight + part, first), result.match_weight, 'sum');
}

const adjusting = ({ explanation }) => explanation.comparisons.filter((each) => each.term_frequency_adjusted);

/** A column for the evidence is there where a level adjusts, and takes no room where none does. */
function checkStored(results, comparisons) {
    const stored = new Map(index.sql(`select id, cardinality(term_frequency_weights) as parts from empi.prediction_result`)
        .map(({ id, parts }) => [`prre_${id}`, parts]));
    assert.equal(stored.size, results.length);
    for (const result of results) {
        const parts = stored.get(result.id);
        assert.equal(Number(parts), adjusting(result).length > 0 ? comparisons.length : 0, `${parts}`);
    }
}

// ---- records ----

let state = 1;
/** The same every time, and with the high bits of a linear congruence, which are random enough. */
function pick(list) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return list[Math.floor(state / 2 ** 32 * list.length)];
}

let made = 0;
/** Names are skewed, some are missing, and several records have the same phone. */
const makeRecords = (count, names) => Array.from({ length: count }, () => person(`r${made++}`, {
    phone: `55${pick([...Array(15).keys()])}`,
    first_name: pick(['Ana', 'Ana', 'Ana', 'Bo', 'Cy', null, '']),
    last_name: pick([...names, null]),
    city: pick(['Rome', 'Rome', 'Oslo', 'Bonn', null]),
}));
const early = () => makeRecords(60, ['Smith', 'Smith', 'Smythe', 'Sand', 'Weber', 'Wu']);
const late = () => makeRecords(40, ['Weber', 'Weber', 'Weber', 'Wu', 'Smith']);

for (const [name, comparisons] of Object.entries({ two, three })) {
    describe(`${name} comparisons that adjust`, () => {
        const model = makeModel(comparisons, rules, { probability_two_random_records_match: prior });
        const load = (records) => index.load(records, model, '0', '1');

        test('each part is what its values\' frequencies say, also after frequencies have changed', () => {
            const [old, fresh] = [early(), late()];
            load(old);
            const first = readResults();
            const parts = first.map((result) => adjusting(result).length);
            assert.deepEqual([...new Set(parts)].sort(), Array.from({ length: comparisons.length }, (_, i) => i),
                'pairs of which none, some and all adjust');
            first.forEach((result) => checkResult(result, comparisons, old));
            checkStored(first, comparisons);

            load(fresh);
            const all = readResults();
            const known = new Map(first.map((result) => [result.id, result]));
            const added = all.filter(({ id }) => !known.has(id));
            assert.equal(all.length - added.length, first.length);
            assert.ok(added.length > first.length / 2);
            added.forEach((result) => checkResult(result, comparisons, [...old, ...fresh]));
            all.filter(({ id }) => known.has(id)).forEach((result) => assert.deepEqual(result, known.get(result.id)));
            // As computed now the old ones would not add up any more.
            const stale = first.filter((result) => adjusting(result).length > 0);
            assert.ok(stale.every((result) => assert.throws(() => checkResult(result, comparisons, [...old, ...fresh])) === undefined));
            checkStored(all, comparisons);
        });

        test('of a job before migration 2 the sum is known, or the only part', () => {
            load(early());
            const results = readResults();
            index.sql('update empi.prediction_result set term_frequency_weights = null');
            const old = new Map(readResults().map((result) => [result.id, result.explanation]));
            for (const result of results) {
                const explanation = old.get(result.id);
                const several = adjusting(result).length > 1;
                let sum = explanation.prior_weight + explanation.term_frequency_weight;
                explanation.comparisons.forEach(({ term_frequency_weight: part, ...rest }, i) => {
                    const { term_frequency_weight: known, ...others } = result.explanation.comparisons[i];
                    assert.deepEqual(rest, others);
                    if (several && rest.term_frequency_adjusted) {
                        assert.equal(part, null);
                    } else {
                        near(part, known, rest.name);
                    }
                    sum += rest.weight + (part ?? 0);
                });
                assert.ok(several || explanation.term_frequency_weight === 0);
                near(sum, result.match_weight, 'sum');
            }
            const several = results.find((result) => adjusting(result).length > 1);
            const group = shown('--source-person-id', several.left).potential_matches[0].id;
            assert.match(index.run('potential-matches', 'show', group).stdout, /\n +how common the values are +[-+]\d+\.\d\d\nmatch weight /);
        });
    });
}

describe('what frequencies', () => {
    test('do not matter to leaves no evidence', () => {
        index.load(early(), makeModel([exact('phone'), exact('city')], rules), '0', '1');
        const results = readResults();
        assert.ok(results.every((result) => adjusting(result).length === 0 && result.explanation.term_frequency_weight === 0));
        checkStored(results, []);
    });

    test('cannot tell, for u is 0, is null', () => {
        const city = adjusted('city', { u_probability: 0 });
        index.load([1, 2].map((i) => person(`z${i}`, { phone: '1', city: 'Rome' })), makeModel([exact('phone'), city], rules), '0', '1');
        const [{ explanation }] = readResults();
        assert.deepEqual(index.sql('select term_frequency_weights as weights from empi.prediction_result'), [{ weights: '{0,-Infinity}' }]);
        assert.deepEqual([explanation.comparisons[1].weight, explanation.comparisons[1].term_frequency_weight,
            explanation.term_frequency_weight], [null, null, 0]);
    });
});
