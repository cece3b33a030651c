-- ltv_repeat_rate and ltv_kpis: aggregates over customers
\getenv abs_srcdir PG_ABS_SRCDIR
\set shops :abs_srcdir '/test/shops.sql'
\set helpers :abs_srcdir '/test/helpers.sql'
CREATE SCHEMA population;
SET search_path = population, public;
\set ECHO none
\i :shops
\i :helpers
\set ECHO all

-- The three ways to a repeat rate, and plain SQL: in every shop the same, and not all alike.
CREATE FUNCTION rates(base regclass) RETURNS TABLE (by_sql float8, by_id float8, by_history float8, by_kpis float8, by_stored float8) LANGUAGE plpgsql SET jit = off AS
$$
BEGIN
    RETURN QUERY EXECUTE format('SELECT
        (SELECT avg((n >= 2)::int)::float8 FROM (SELECT count(*) AS n FROM %1$s WHERE customer_id IS NOT NULL AND amount >= 0 GROUP BY customer_id) c),
        (SELECT ltv_repeat_rate(customer_id) FROM %1$s WHERE amount >= 0),
        (SELECT ltv_repeat_rate(h) FROM (SELECT ltv_history(ordered_on, amount) AS h FROM %1$s WHERE customer_id IS NOT NULL GROUP BY customer_id) c),
        (SELECT (ltv_kpis(h, ''2100-01-01'')).repeat_rate FROM (SELECT ltv_history(ordered_on, amount) AS h FROM %1$s WHERE customer_id IS NOT NULL GROUP BY customer_id) c),
        (SELECT ltv_repeat_rate(h) FROM (SELECT ltv_rollup(history) AS h FROM %1$s_histories WHERE customer_id IS NOT NULL GROUP BY customer_id) c)', base);
END
$$;
SELECT count(*) AS shops, count(DISTINCT round(by_sql::numeric, 9)) > 3 AS not_alike,
    count(*) FILTER (WHERE NOT (by_id = by_history AND by_history = by_kpis AND by_kpis = by_stored AND abs(by_sql - by_id) < 1e-15)) AS different
FROM shops, rates(base) WHERE form = 'orders';

-- ltv_kpis says of the customers of a shop what ltv_overview says of the shop, which has its own oracle; for any policy, and
-- without one for the default
CREATE FUNCTION kpis_differ(base regclass, as_of date, policy ltv_policy) RETURNS bigint LANGUAGE plpgsql SET jit = off AS
$$
DECLARE
    result bigint;
BEGIN
    EXECUTE format('SELECT differences($1, $2) + CASE WHEN %3$L::ltv_policy = ltv_policy() THEN differences($3, $2) ELSE 0 END', base, as_of, policy) INTO result USING
        format('SELECT (ltv_kpis(h, %2$L, %3$L::ltv_policy)).* FROM (SELECT ltv_history(ordered_on, amount, quantity, cost) AS h FROM %1$s WHERE customer_id IS NOT NULL GROUP BY customer_id) c', base, as_of, policy),
        format('SELECT customers, repeaters, repeat_rate, repeat_rate_low, repeat_rate_high, orders, orders_per_customer, revenue, revenue_per_customer, average_order_value, active_months,
            annual_customers, annual_orders_per_customer, annual_revenue_per_customer, benchmark_customers, dormant_customers, churned_customers, gross_profit, retention_cost, quantity_per_order, unit_price FROM ltv_overview(%1$L, %2$L, %3$L::ltv_policy)', base, as_of, policy),
        format('SELECT (ltv_kpis(h, %2$L)).* FROM (SELECT ltv_history(ordered_on, amount, quantity, cost) AS h FROM %1$s WHERE customer_id IS NOT NULL GROUP BY customer_id) c', base, as_of);
    RETURN result;
END
$$;
SELECT shape, count(*) AS compared, sum(kpis_differ(base, as_of, policy)) AS different FROM shops, questions WHERE form = 'orders' AND ids = 'text' GROUP BY shape ORDER BY shape;

-- The interval of the repeat rate: published examples of Wilson's interval (R. G. Newcombe, Statistics in Medicine 17, 1998,
-- p. 857, table I, method 3), to the four digits printed there
SELECT n, x, round(k.repeat_rate_low::numeric, 4) AS low, round(k.repeat_rate_high::numeric, 4) AS high, published
FROM (VALUES (263, 81, '.2553 .3662'), (148, 15, '.0624 .1605'), (20, 0, '.0000 .1611'), (29, 1, '.0061 .1718')) v(n, x, published),
    LATERAL (SELECT (ltv_kpis(CASE WHEN i <= x THEN '[{"on":"2024-01-01","amount":1},{"on":"2024-01-02","amount":1}]' ELSE '[{"on":"2024-01-01","amount":1}]' END::ltv_history, '2024-12-31')).* FROM generate_series(1, n) i) k;

-- Truth tables: no row, null, empty, refunds only, later than as_of, one, many
CREATE TABLE one (note text, h ltv_history);
INSERT INTO one VALUES ('null', NULL), ('empty', '[]'), ('refund', '[{"on":"2024-01-01","amount":-1}]'), ('later', '[{"on":"2025-01-01","amount":1}]'),
    ('one', '[{"on":"2024-01-01","amount":1,"cost":0.5}]'), ('free', '[{"on":"2024-01-01","amount":0}]'), ('two', '[{"on":"2024-01-01","amount":1},{"on":"2024-01-01","amount":1}]');
SELECT note, ltv_repeat_rate(h) AS rate, ltv_kpis(h, '2024-12-31') AS kpis FROM one GROUP BY note ORDER BY note;
SELECT ltv_repeat_rate(h) AS rate, ltv_kpis(h, '2024-12-31') AS kpis FROM one;
SELECT ltv_repeat_rate(h) IS NULL AS rate, ltv_kpis(h, '2024-12-31') IS NULL AS kpis FROM one WHERE false;
SELECT ltv_kpis(h, NULL) IS NULL AS no_day, ltv_kpis(h, '2024-12-31', NULL) IS NULL AS no_policy FROM one;
SELECT ltv_repeat_rate(id) FROM (VALUES (1)) v(id) WHERE false;
SELECT ltv_repeat_rate(id) FROM (VALUES (NULL::int), (NULL)) v(id);
SELECT ltv_repeat_rate(id) FROM (VALUES (NULL::int), (7)) v(id);
SELECT ltv_repeat_rate(id) FROM (VALUES (7), (NULL::int), (7)) v(id);
SELECT ltv_repeat_rate(id) FROM (VALUES (7), (8), (7), (7)) v(id);
SELECT ltv_repeat_rate(id) FILTER (WHERE id < 8), ltv_repeat_rate(DISTINCT id), ltv_repeat_rate(id ORDER BY id DESC) FROM (VALUES (7), (8), (7), (7)) v(id);
SELECT ltv_kpis(h, 'infinity') FROM one;
SELECT ltv_kpis(h, '2024-12-31', ROW(1, 1, 5, 4, 1, 1, 1, 1, 0.4, 0.7, 0.5, 12)::ltv_policy) FROM one;

-- Ids of any type: each of 20 values in 30 rows; equal is what the type calls equal
CREATE TYPE two_keys AS (shop int, customer text);
CREATE DOMAIN member AS text CHECK (VALUE <> '');
CREATE FUNCTION by_type(id text, rows int DEFAULT 30, ids int DEFAULT 20) RETURNS TABLE (type text, rate float8, right_rate boolean) LANGUAGE plpgsql SET jit = off AS
$$
BEGIN
    RETURN QUERY EXECUTE format('SELECT max(pg_typeof(id)::text), ltv_repeat_rate(id), round(ltv_repeat_rate(id)::numeric, 9) =
            (SELECT round(avg((n >= 2)::int), 9) FROM (SELECT count(*) AS n FROM (SELECT %1$s AS id FROM generate_series(1, %2$s) i) x WHERE id IS DISTINCT FROM NULL GROUP BY id) c)
        FROM (SELECT %1$s AS id FROM generate_series(1, %2$s) i) x', regexp_replace(id, '\mN\M', '(i % ' || ids || ')', 'g'), rows);
END
$$;
SELECT by_type.* FROM unnest(ARRAY['N', 'N::smallint', 'N::bigint - 5', 'N::text', 'N::varchar', 'N::char(9)', 'N::text::name', '(N % 5)::text::"char"', '(N > 3)', 'md5(N::text)::uuid',
    'N / 3.0', '(ARRAY[1.0, 1.00, 1.000, 2])[1 + N % 4]', '(ARRAY[''0'', ''-0'', ''NaN'', ''NaN'', ''inf''])[1 + N % 5]::float8', 'date ''2024-01-01'' + N', 'timestamptz ''2024-01-01 UTC'' + N * interval ''1 hour''', 'N * interval ''1 day''',
    '(ARRAY[interval ''1 day'', ''24:00'', ''2 days''])[1 + N % 3]', 'N::text::bytea', '(''10.0.0.'' || N)::inet', '(''08:00:2b:01:02:'' || lpad(N::text, 2, ''0''))::macaddr', 'jsonb_build_object(''id'', N)',
    '(ARRAY[''new'', ''loyal''])[1 + N % 2]::ltv_stage', 'ARRAY[N, N / 2]', 'row(N / 2, ''x'' || N)::two_keys', '(''m'' || N)::member', 'repeat(''long'', 5000) || N', 'N::text || repeat(''x'', N * 10)',
    'CASE WHEN N > 5 THEN N END']) AS id, LATERAL by_type(id);
-- where a type has no hash function there is a message
SELECT ltv_repeat_rate(point(1, 1));
-- rows without a name, of columns that may be null: 30 keys of a shop and an id, 20 of them twice; the row of two nulls is a key, and no row at all is none
SELECT by_type.* FROM unnest(ARRAY['(N % 3, N)', 'ROW(N)', '(N, ''customer '' || N, NULL::date, N / 3.0)', '(ARRAY[N], row(N, ''x'' || N)::two_keys)', 'CASE WHEN N > 5 THEN (1, N) END', '(nullif(N % 3, 0), NULLIF(N, 4))']) AS id, LATERAL by_type(id, 50, 30);
SELECT ltv_repeat_rate((NULL::int, NULL::text)) AS row_of_nulls, ltv_repeat_rate(NULL::record) IS NULL AS no_row FROM generate_series(1, 2);
SELECT ltv_repeat_rate((1, point(1, 2)));
SELECT ltv_repeat_rate(r) FROM (VALUES (ROW(1, 2)), (ROW(1, 2, 3))) v(r);
-- such keys have no text that another session could read
SELECT ltv_customer_set_in('record {"(1,2)"}');
-- equal under a collation that takes letters of both cases as one, where the server has such collations
SET client_min_messages = error;
CREATE TABLE collated (rate float8);
DO $$
BEGIN
    CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    INSERT INTO collated SELECT ltv_repeat_rate(id COLLATE any_case) FROM unnest('{a,A,b,c}'::text[]) id;
EXCEPTION WHEN feature_not_supported OR undefined_object OR invalid_parameter_value THEN
    INSERT INTO collated VALUES (1 / 3.0);
END
$$;
RESET client_min_messages;
SELECT round(rate::numeric, 3) AS rate FROM collated;

-- More customers than fit into memory are finished on disk, with the same result.  160000 rows, customers 0 to 80000: who has
-- an odd number orders once, the others two or three times, so the rate is 40001 / 80001.
CREATE TABLE big AS SELECT CASE WHEN i <= 80000 THEN i ELSE (i - 80000) / 2 * 2 END AS id, date '2024-01-01' + i % 300 AS day FROM generate_series(1, 160000) i;
ANALYZE big;
CREATE FUNCTION temporary_files() RETURNS bigint LANGUAGE sql VOLATILE AS
$$ SELECT count(*) FROM pg_ls_tmpdir() WHERE name LIKE 'pgsql_tmp' || pg_backend_pid() || '.%' $$;
SET max_parallel_workers_per_gather = 0;
SET work_mem = '64kB';
SELECT rate, CASE WHEN rate > 0 THEN temporary_files() END > 0 AS on_disk FROM (SELECT ltv_repeat_rate(id) AS rate FROM big OFFSET 0) s;
SELECT rate, CASE WHEN rate > 0 THEN temporary_files() END > 0 AS on_disk FROM (SELECT ltv_repeat_rate('customer ' || id) AS rate FROM big OFFSET 0) s;
SELECT temporary_files() AS left_over;
SELECT by_type.* FROM unnest(ARRAY['N', 'N::text', 'md5(N::text)::uuid', 'N::numeric', 'repeat(N::text, 1 + N % 9)', '(''08:00:2b:01:02:'' || lpad((N % 99)::text, 2, ''0''))::macaddr', 'ARRAY[N]',
    'CASE N WHEN 77 THEN repeat(''long'', 500000) ELSE N::text END']) AS id, LATERAL by_type(id, 30000, 22000);
-- one customer with most of the orders
SELECT ltv_repeat_rate(CASE WHEN id % 100 = 0 THEN id ELSE -1 END) FROM big;
-- groups, sorted and hashed, and more than one aggregate at a time
CREATE TABLE right_rates AS SELECT day, avg((n >= 2)::int)::float8 AS rate FROM (SELECT id % 7 AS day, id, count(*) AS n FROM big GROUP BY id % 7, id) c GROUP BY day;
SET enable_hashagg = off;
SELECT count(*) AS groups, count(*) FILTER (WHERE abs(r.rate - b.rate) > 1e-12 OR b.rate <> b.other) AS different
FROM (SELECT id % 7 AS day, ltv_repeat_rate(id) AS rate, ltv_repeat_rate(id::text) AS other FROM big GROUP BY id % 7) b JOIN right_rates r USING (day);
SET enable_hashagg = on;
SET enable_sort = off;
SELECT count(*) AS groups, count(*) FILTER (WHERE abs(r.rate - b.rate) > 1e-12 OR b.rate <> b.other) AS different
FROM (SELECT id % 7 AS day, ltv_repeat_rate(id) AS rate, ltv_repeat_rate(id::text) AS other FROM big GROUP BY id % 7) b JOIN right_rates r USING (day);
RESET enable_sort;
-- small groups, more of them than fit into memory
SELECT count(*) AS groups, sum(rate) AS sum FROM (SELECT ltv_repeat_rate(id) AS rate FROM big GROUP BY id / 16) g;
-- no aggregate has a memory context for each group, through which the server would go whenever it asks how much memory there is: counted while 5,000 groups are there
SET work_mem = '256MB';
SET enable_hashagg = on;
SET enable_sort = off;
SELECT plan_has('SELECT id % 5000, ltv_repeat_rate(id) FROM big GROUP BY 1', 'HashAggregate') AS hashed;
SELECT count(*) AS groups, min(contexts) > 0 AS counted, max(contexts) < 300 AS few
FROM (SELECT id % 5000 AS g, (SELECT count(*) FROM pg_backend_memory_contexts) AS contexts, ltv_repeat_rate(id) AS by_id, ltv_repeat_rate(id::text) AS by_text, ltv_repeat_rate((id, day)) AS by_row,
		ltv_repeat_rate(h), ltv_kpis(h, '2024-12-31'), ltv_rollup(h), ltv_history(day, id), ltv_effect(id % 2 = 0, id::float8), ltv_effect(id % 2 = 0, id % 3 = 0), ltv_forecast(m, h, '2024-12-31', 90)
	FROM (SELECT id, day, ltv_history_merge('[]', '[{"on":"2024-01-05","amount":3000}]') AS h, jsonb_populate_record(NULL::ltv_model, '{"kind":"bg/nbd","parameters":[0.5,7.1,0.3,2.9],"unit_days":7}') AS m FROM big WHERE id < 30000) b GROUP BY id % 5000) g;
-- larger groups, up to where a table becomes a set, against plain SQL
SELECT groups, count(*) AS rows, count(*) FILTER (WHERE rate IS DISTINCT FROM expected) AS different FROM unnest('{3,50,1000,20000}'::int[]) groups,
	LATERAL (SELECT g, ltv_repeat_rate(c) AS rate FROM (SELECT hashint4(i) & 1048575 AS r, i % groups AS g FROM generate_series(1, 100000) i) i, LATERAL (SELECT g + groups * (r % greatest(70000 / groups, 1)) AS c) c GROUP BY g) a
	JOIN LATERAL (SELECT g, avg((n > 1)::int)::float8 AS expected FROM (SELECT g, c, count(*) AS n FROM (SELECT hashint4(i) & 1048575 AS r, i % groups AS g FROM generate_series(1, 100000) i) i, LATERAL (SELECT g + groups * (r % greatest(70000 / groups, 1)) AS c) c GROUP BY g, c) c GROUP BY g) e USING (g)
GROUP BY groups ORDER BY groups;
RESET enable_sort;
SET work_mem = '64kB';
-- again and again in one query: what is on disk goes away each time
SELECT g, rate FROM generate_series(1, 4) g, LATERAL (SELECT ltv_repeat_rate(id) AS rate FROM big WHERE id % g = 0) r;
-- as a window function, growing and moving
SELECT count(*) FILTER (WHERE rate IS DISTINCT FROM (SELECT ltv_repeat_rate(x.id) FROM big x WHERE x.id < 300 AND (x.day, x.id) <= (w.day, w.id))) AS different
FROM (SELECT id, day, ltv_repeat_rate(id) OVER (ORDER BY day, id) AS rate FROM big WHERE id < 300) w;
SELECT count(DISTINCT rate) FROM (SELECT ltv_repeat_rate(id) OVER () AS rate FROM big WHERE id < 20000 LIMIT 3) w;
-- an error with files open, and a cursor that is left half-way
SELECT ltv_repeat_rate(1 / (id - 79000)) FROM big;
SELECT ltv_repeat_rate(CASE WHEN i = 160001 THEN 1 / (i - 160001) ELSE i END) FROM generate_series(1, 160001) i;
BEGIN;
DECLARE half CURSOR FOR SELECT rate FROM generate_series(1, 3) g, LATERAL (SELECT ltv_repeat_rate(id + g) AS rate FROM big) r;
FETCH 1 FROM half;
ROLLBACK;
SELECT temporary_files() AS left_over;
RESET work_mem;
SELECT ltv_repeat_rate(id) FROM big;
SET work_mem = '1GB';
SELECT ltv_repeat_rate(id) FROM big;
RESET work_mem;

CREATE TABLE stored AS SELECT id, ltv_history(day, id % 5000, 1, id % 3000) AS h FROM big GROUP BY id;
ANALYZE stored;
CREATE TABLE serial AS SELECT ltv_repeat_rate(h) AS by_history, ltv_kpis(h, '2024-06-30') AS kpis FROM stored;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT plan_has('SELECT ltv_repeat_rate(id) FROM big', 'Partial Aggregate') AS by_id, plan_has('SELECT ltv_repeat_rate(h), ltv_kpis(h, ''2024-06-30'') FROM stored', 'Partial Aggregate') AS by_history;
SELECT ltv_repeat_rate(id), ltv_repeat_rate('customer ' || id) AS text, ltv_repeat_rate(md5(id::text)::uuid) AS uuid, ltv_repeat_rate(id::numeric) AS numeric, ltv_repeat_rate((id % 7, id)) AS row FROM big;
SELECT count(*) AS groups, count(*) FILTER (WHERE abs(r.rate - b.rate) > 1e-12) AS different FROM (SELECT id % 7 AS day, ltv_repeat_rate(id) AS rate FROM big GROUP BY id % 7) b JOIN right_rates r USING (day);
SELECT ltv_repeat_rate(h) = by_history AS by_history, ltv_kpis(h, '2024-06-30') = kpis AS kpis, (kpis).customers FROM stored, serial GROUP BY by_history, kpis;
SELECT ltv_repeat_rate(id) FROM big WHERE id < 0;
SET work_mem = '64kB';
SELECT ltv_repeat_rate(id), ltv_repeat_rate('customer ' || id) AS text FROM big;
-- of what workers have, little is left where most orders are of few customers: 800 of 801, and the one with all the others
SELECT ltv_repeat_rate(CASE WHEN id % 100 = 0 THEN id ELSE -1 END) = 801 / 802.0::float8 AS few, ltv_repeat_rate(CASE WHEN id % 100 = 0 THEN 'customer ' || id END) = 800 / 801.0::float8 AS fewer FROM big;
RESET work_mem;
-- what workers hand over is about as much as they have read, and the planner knows: it takes them where it takes long to make the rows
SET parallel_tuple_cost = 0.1;
CREATE FUNCTION slowly(id int) RETURNS int LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 1000 AS 'BEGIN RETURN id; END';
SELECT call, plan_has('SELECT ' || call, 'Partial Aggregate') AS partial FROM unnest('{count(id) FROM big,ltv_repeat_rate(id) FROM big,"id % 7, ltv_repeat_rate(id) FROM big GROUP BY 1",ltv_repeat_rate(slowly(id)) FROM big,ltv_repeat_rate(a.id) FROM big a LEFT JOIN stored USING (id)}'::text[]) call;
SELECT call, plan_has('SELECT ' || call, 'Partial Aggregate') AS partial FROM unnest('{"ltv_fit(id, id, id, ''bg/nbd'') FROM big","ltv_fit(slowly(id), id, id, ''bg/nbd'') FROM big","ltv_fit(h, ''2024-06-30'', ''bg/nbd'') FROM stored"}'::text[]) call;
-- a call of the combine function by name is one call, and no more
CREATE FUNCTION cost_of(query text) RETURNS float8 LANGUAGE plpgsql AS $$ DECLARE plan json; BEGIN EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan; RETURN plan->0->'Plan'->>'Total Cost'; END $$;
SELECT cost_of('SELECT ltv_customer_set_combine(set, set) FROM (SELECT ''integer {1}''::ltv_customer_set AS set FROM big OFFSET 0) s') < 2 * cost_of('SELECT set FROM (SELECT ''integer {1}''::ltv_customer_set AS set FROM big OFFSET 0) s') AS cheap;
SET parallel_tuple_cost = 0;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE parted (id int, day date) PARTITION BY HASH (day);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO parted SELECT id, day FROM big;
ANALYZE parted;
SET enable_partitionwise_aggregate = on;
SELECT plan_has('SELECT ltv_repeat_rate(id) FROM parted', 'Partial Aggregate') AS per_partition;
SELECT ltv_repeat_rate(id) FROM parted;
RESET enable_partitionwise_aggregate;
RESET max_parallel_workers_per_gather;

-- States: combined in any order, with null on either side; text and binary round trips
CREATE AGGREGATE set_of(anyelement) (SFUNC = ltv_customer_set_accum, STYPE = ltv_customer_set, COMBINEFUNC = ltv_customer_set_combine);
CREATE AGGREGATE repeat_state(ltv_history) (SFUNC = ltv_repeat_rate_accum, STYPE = bigint[]);
CREATE AGGREGATE kpi_state(ltv_history, date) (SFUNC = ltv_kpis_accum, STYPE = bigint[]);
CREATE TABLE states AS SELECT s.id % 3 AS part, set_of(b.id) AS set, repeat_state(h) AS rate, kpi_state(h, '2024-06-30') AS kpi FROM stored s JOIN big b USING (id) WHERE s.id < 3000 GROUP BY 1;
INSERT INTO states SELECT 3, set_of(id), NULL, NULL FROM big WHERE id < 100;
INSERT INTO states SELECT 4, set_of(id::text || '{"'), NULL, NULL FROM big WHERE id < 10;
INSERT INTO states SELECT 5, set_of(NULL::int), repeat_state(NULL), kpi_state(NULL, NULL) FROM big;
SELECT part, set FROM states WHERE part > 3 ORDER BY part;
WITH s AS (SELECT a.part AS a, b.part AS b, ltv_customer_set_combine(a.set, b.set) AS set, ltv_repeat_rate_combine(a.rate, b.rate) AS rate, ltv_kpis_combine(a.kpi, b.kpi) AS kpi
    FROM states a, states b WHERE a.part <> 4 AND b.part <> 4 AND a.part <> b.part)
SELECT count(*), count(*) FILTER (WHERE ltv_customer_set_repeat_rate(x.set) IS DISTINCT FROM ltv_customer_set_repeat_rate(y.set) OR x.rate IS DISTINCT FROM y.rate OR x.kpi IS DISTINCT FROM y.kpi) AS different
FROM s x JOIN s y ON x.a = y.b AND x.b = y.a;
SELECT ltv_customer_set_combine(NULL, NULL) IS NULL AS set, ltv_repeat_rate_combine(NULL, NULL) IS NULL AS rate, ltv_kpis_combine(NULL, NULL) IS NULL AS kpis,
    ltv_customer_set_repeat_rate(NULL) IS NULL AS final_set, ltv_repeat_rate_final(NULL) IS NULL AS final_rate, ltv_kpis_final(NULL) IS NULL AS final_kpis;
-- parts 0, 1 and 2 together are the whole
SELECT ltv_customer_set_repeat_rate(ltv_customer_set_combine(ltv_customer_set_combine(a.set, b.set), c.set)) = (SELECT ltv_repeat_rate(id) FROM big WHERE id < 3000) AS sets,
    ltv_kpis_final(ltv_kpis_combine(ltv_kpis_combine(a.kpi, b.kpi), c.kpi)) = (SELECT ltv_kpis(h, '2024-06-30') FROM stored s JOIN big b USING (id) WHERE s.id < 3000) AS kpis
FROM states a, states b, states c WHERE a.part = 0 AND b.part = 1 AND c.part = 2;
SELECT count(*), count(*) FILTER (WHERE set::text::ltv_customer_set::text <> set::text) AS different FROM states;
-- large ones, with ids that are equal without looking alike, and many orders of some: the odd ids are 40000 customers with one order, the even ones 40001, all but one with more
SET work_mem = '64kB';
CREATE TABLE large AS SELECT id % 2 AS part, set_of(id) AS by_id, set_of(CASE WHEN day < '2024-05-01' THEN id::numeric ELSE round(id::numeric, 2) END) AS by_number, set_of('customer ' || id / 500) AS by_text FROM big GROUP BY 1;
SELECT part, ltv_customer_set_repeat_rate(by_id) * (40001 - part) AS by_id, ltv_customer_set_repeat_rate(by_number) * (40001 - part) AS by_number, ltv_customer_set_repeat_rate(by_text) AS by_text,
    array_length(string_to_array(by_id::text, ','), 1) AS ids, array_length(string_to_array(by_number::text, ','), 1) AS numbers, array_length(string_to_array(by_text::text, ','), 1) AS texts FROM large ORDER BY part;
SELECT ltv_customer_set_repeat_rate(ltv_customer_set_combine(a.by_id, b.by_id)) * 80001 AS by_id, ltv_customer_set_repeat_rate(ltv_customer_set_combine(a.by_number, b.by_number)) * 80001 AS by_number,
    ltv_customer_set_repeat_rate(ltv_customer_set_combine(b.by_id, b.by_id)) AS twice, ltv_customer_set_repeat_rate(ltv_customer_set_accum(a.by_id, 0)) * 40001 AS one_more,
    ltv_customer_set_repeat_rate(a.by_id::text::ltv_customer_set) * 40001 AS read_again FROM large a, large b WHERE a.part = 0 AND b.part = 1;
RESET work_mem;
SELECT current_setting('data_directory') || '/base/pgsql_tmp/pgsql_tmp_ltv_population' AS file \gset
COPY (SELECT part, set, rate, kpi FROM states) TO :'file' (FORMAT binary);
CREATE TABLE returned (LIKE states);
COPY returned FROM :'file' (FORMAT binary);
SELECT count(*), count(*) FILTER (WHERE a.set::text IS DISTINCT FROM b.set::text OR a.rate IS DISTINCT FROM b.rate OR a.kpi IS DISTINCT FROM b.kpi) AS different FROM states a JOIN returned b USING (part);
-- a state does not change when it is looked at, nor when something is added to a copy
SELECT ltv_customer_set_accum(set, 'new'::text), set, ltv_customer_set_repeat_rate(set) FROM states WHERE part = 4;

-- Garbage is refused
SELECT 'bigint'::ltv_customer_set;
SELECT ''::ltv_customer_set;
SELECT '{1}'::ltv_customer_set;
SELECT 'bigint {1,'::ltv_customer_set;
SELECT 'bigint {one}'::ltv_customer_set;
SELECT 'bigint {1,NULL}'::ltv_customer_set;
SELECT 'bigint {{1},{2}}'::ltv_customer_set;
SELECT 'no_such_type {1}'::ltv_customer_set;
SELECT '"unfinished {1}'::ltv_customer_set;
SELECT 'internal {1}'::ltv_customer_set;
SELECT 'anyelement {1}'::ltv_customer_set;
SELECT '- {1}'::ltv_customer_set;
SELECT '999999999 {1}'::ltv_customer_set;
SELECT ltv_customer_set_repeat_rate('point {"(1,1)"}');
SELECT ltv_customer_set_accum('text {a}', 5);
SELECT ltv_customer_set_combine('text {a}', 'bigint {5}');
SELECT ltv_customer_set_repeat_rate('bigint {}') IS NULL AS empty, ltv_customer_set_repeat_rate('bigint {5,5,5,6}') AS thrice;
SELECT ltv_repeat_rate_final('{1}'), ltv_repeat_rate_final('{}');
SELECT ltv_repeat_rate_final('{-1,5}');
SELECT ltv_repeat_rate_final('{{1,5}}');
SELECT ltv_repeat_rate_accum('{1,NULL}', '[]');
SELECT ltv_repeat_rate_combine('{1,5,5}', '{1,2}');
SELECT ltv_kpis_accum('{1,2}', '[]', '2024-12-31');
SELECT ltv_kpis_combine('{1}', '{1}');
SELECT ltv_kpis_final(array_fill(-1::bigint, '{10}') || array_fill(0::bigint, '{9}'));
SELECT ltv_kpis_final(array_fill(9::bigint, '{19}'));
SELECT ltv_kpis_final(array_fill(4::bigint, '{10}') || '{7,0,0,0,0,0,0,0,0}');
SELECT ltv_kpis_final(('{5,6}' || array_fill(0::bigint, '{17}')));
SELECT (ltv_kpis_final(array_fill(4503599627370496::bigint, '{9}') || '{0,6,9223372036854775807,-1,6,-9223372036854775808,0,0,9223372036854775807,-1}')).customers;
-- a set of one type cannot be slipped into an aggregate over another
CREATE AGGREGATE wrong(int) (SFUNC = ltv_customer_set_accum, STYPE = ltv_customer_set, INITCOND = 'text {a}');
SELECT wrong(id) FROM big;

SET client_min_messages = warning;
DROP SCHEMA population CASCADE;
