/*
 * as_of: what came after the day of the question does not exist, in any
 * report, be it a line of an order that was there before.
 */
SET datestyle = 'ISO, YMD';
CREATE SCHEMA as_of_test;
SET search_path = as_of_test, public;
SET client_min_messages = warning;
SET jit = off;

/*
 * By hand.  Order 1 gets a line in February and is returned in March; of a
 * guest's order the return comes in March; customer 3 comes in March only.
 */
CREATE TABLE shop (customer_id integer, order_id integer, ordered_on date, amount integer, item text);
INSERT INTO shop VALUES (1, 1, '2024-01-10', 3000, 'tea'), (1, 1, '2024-02-03', 50, 'card'), (1, 1, '2024-03-01', -3000, 'tea'), (2, 2, '2024-01-31', 100, 'tea'),
	(NULL, 4, '2024-01-20', 700, 'tea'), (NULL, 4, '2024-03-05', -800, 'tea'), (3, 3, '2024-03-10', 9, 'gift');
-- 3000 + 100; with the line of February 3150; with the return 50 + 100; and with customer 3 159, when the guest's order is none (700 - 800)
SELECT as_of, customers, orders, revenue, guest_orders FROM unnest('{2024-01-09,2024-02-01,2024-02-29,2024-03-01,2024-03-31}'::date[]) as_of, ltv_overview('shop', as_of);
SELECT customer_id, orders, revenue FROM ltv_customer_summary('shop', '2024-02-01', NULL::integer) ORDER BY 1;
SELECT period_start, orders, revenue FROM ltv_periods('shop', '2024-01-31');
-- the flow from one day to another knows what is known on the later one: the order of January was 3050 by then, and both are orders of January
SELECT from_stage, to_stage, customers, revenue FROM ltv_stage_flow('shop', '2024-01-31', '2024-02-29');
-- a refund that later lines would make an order, and the other way round
CREATE TABLE turned (customer_id integer, order_id integer, ordered_on date, amount integer);
INSERT INTO turned VALUES (1, 1, '2024-01-10', -5), (1, 1, '2024-02-10', 9), (2, 2, '2024-01-10', 5), (2, 2, '2024-02-10', -9);
SELECT as_of, s.customer_id, s.orders, s.revenue FROM unnest('{2024-01-31,2024-02-29}'::date[]) as_of, ltv_customer_summary('turned', as_of, NULL::integer) s ORDER BY 1, 2;
-- numbers and currencies of later rows end no report; a day at infinity is no later day
CREATE TABLE later (customer_id integer, ordered_on date, amount numeric, currency text);
INSERT INTO later VALUES (1, '2024-01-10', 5, 'JPY'), (1, '2024-02-01', 'NaN', 'JPY'), (1, '2024-02-02', 0.0000001, 'USD'), (NULL, '2024-02-03', 'Infinity', NULL);
SELECT revenue FROM ltv_overview('later', '2024-01-31');
SELECT revenue FROM ltv_overview('later', '2024-02-01');
INSERT INTO later VALUES (1, 'infinity', 5, 'JPY');
SELECT revenue FROM ltv_overview('later', '2024-01-31');
-- decimal places are those of the rows up to then; a stored history shows those of all its purchases
CREATE TABLE places (customer_id integer, ordered_on date, amount numeric);
INSERT INTO places VALUES (1, '2024-01-10', 5), (1, '2024-02-10', 0.25);
CREATE VIEW places_stored AS SELECT customer_id, ltv_history(ordered_on, amount) AS history FROM places GROUP BY customer_id;
SELECT as_of, s.revenue AS orders, h.revenue AS history FROM unnest('{2024-01-31,2024-02-29}'::date[]) as_of, ltv_overview('places', as_of) s, ltv_overview('places_stored', as_of) h;

/*
 * Every report says over all rows what it says over those up to as_of, where
 * there are no others.  Shops of lines, without and with order_id, read by one
 * process and by several; rows without a day are there, too.
 */
CREATE TABLE lines AS SELECT CASE WHEN i % 11 > 0 THEN i * i % 97 END AS customer_id, i / 3 AS order_id, CASE WHEN i % 101 > 0 THEN date '2022-01-01' + i / 3 + i % 3 * (i * 7 % 60) END AS ordered_on,
	(i * 37 % 900 - CASE WHEN i % 7 = 0 THEN 800 ELSE 0 END)::numeric AS amount, i % 4 AS quantity, CASE WHEN i % 50 > 0 THEN i % 300 END AS cost, chr(97 + i % 5) AS item, 'JPY' AS currency, CASE WHEN i % 5 = 0 THEN i % 60 END AS contract FROM generate_series(1, 3000) i;
CREATE VIEW orders AS SELECT customer_id, ordered_on, amount, quantity, cost, item, currency FROM lines;
CREATE VIEW text_lines AS SELECT 'C' || customer_id AS customer_id, order_id, ordered_on, amount, quantity, cost, item FROM lines;
CREATE VIEW sorted_lines AS SELECT customer_id::money AS customer_id, order_id, ordered_on, amount, quantity, cost, item FROM lines;
CREATE FUNCTION day() RETURNS date LANGUAGE sql STABLE AS $$ SELECT current_setting('shop.day')::date $$;
CREATE VIEW lines_cut AS SELECT * FROM lines WHERE ordered_on <= day() OR ordered_on IS NULL;
CREATE VIEW orders_cut AS SELECT * FROM orders WHERE ordered_on <= day() OR ordered_on IS NULL;
CREATE VIEW text_lines_cut AS SELECT * FROM text_lines WHERE ordered_on <= day() OR ordered_on IS NULL;
CREATE VIEW sorted_lines_cut AS SELECT * FROM sorted_lines WHERE ordered_on <= day() OR ordered_on IS NULL;
CREATE TABLE campaigns_integer AS SELECT c AS campaign, i AS customer_id, i % 3 > 0 AS treated, date '2022-03-01' + 100 * c AS on_day, i AS cost FROM generate_series(1, 100) i, generate_series(1, 6) c;
CREATE VIEW campaigns_text AS SELECT campaign, 'C' || customer_id AS customer_id, treated, on_day, cost FROM campaigns_integer;
CREATE VIEW campaigns_money AS SELECT campaign, customer_id::money AS customer_id, treated, on_day FROM campaigns_integer;
CREATE TABLE spend AS SELECT date '2022-01-05' + i * 20 AS spent_on, 100 * i AS cost, i AS leads, chr(97 + i % 6) AS item FROM generate_series(1, 60) i;
CREATE TABLE calls (call text);
INSERT INTO calls VALUES ('ltv_overview(R, D)'), ('ltv_customer_summary(R, D)'), ('ltv_periods(R, D)'), ('ltv_periods(R, D, ''week'')'), ('ltv_steps(R, D)'), ('ltv_cohorts(R, D)'), ('ltv_windows(R, D)'), ('ltv_deciles(R, D)'), ('ltv_stages(R, D)'), ('ltv_cpm_groups(R, D)'),
	('ltv_stage_flow(R, D - 200, D)'), ('ltv_windows(R, D, ''{60}'', by => ''item'')'), ('ltv_item_flow(R, D)'), ('ltv_labels(R, D)'), ('ltv_silences(R, D)'), ('ltv_deliveries(R, D)'), ('ltv_campaigns(R, (''campaigns_'' || pg_typeof(NULL::T))::regclass, D)'), ('ltv_growth(R, D, 90)'), ('ltv_acquisition(R, ''spend'', D)'), ('ltv_acquisition(R, ''spend'', D, ''quarter'', 60, 5, ''item'', ''{a,c}'', ''item'')'), ('ltv_baskets(R, D, min_orders => 1)'), ('ltv_baskets(R, D, ''quantity'', 30, 1, D - 400)'), ('ltv_funnel(R, ''{a,b,c}'', D)'), ('ltv_funnel(R, ''{1,2}'', D, ''quantity'', 60, D - 400)'), ('ltv_labels(R, D, ''quantity'', 30, D - 200)'), ('ltv_economics(R, D, gross_margin => 0.5)'), ('ltv_levers(R, D, gross_margin => 0.5, acquisition_cost => 10)'), ('ltv_payback(R, D, acquisition_cost => 100, gross_margin => 0.5)'),
	('ltv_free_shipping(R, D, threshold => 500, shipping_cost => 10, gross_margin => 0.5)'), ('ltv_validate(R, D, D - 200)'), ('ltv_backtest(R, D, 90, 2)'), ('ltv_equity(R, D, 200, ''mbg/nbd'', 0.5)'), ('ltv_equity(R, D, 90, period => ''month'', by => ''item'')'), ('ltv_loyal_chance(R, ''{item}'', D)'), ('ltv_loyal_chance(R, ''{}'', D, NULL::T, 90, ltv_policy(1000, 2))'), ('ltv_rfm(R, D, NULL::T)'), ('ltv_rfm(R, D)'), ('ltv_predict(R, D, NULL::T)'), ('ltv_predict(R, D)');
-- the reports that are not in the list
SELECT p.oid::regprocedure AS report FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e' JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'ltv'
WHERE p.proretset AND p.proargnames[1] = 'orders' AND NOT EXISTS (SELECT FROM calls WHERE call LIKE replace(p.proname, '_', '\_') || '(%');
CREATE FUNCTION compare(relation text, OUT calls bigint, OUT rows bigint, OUT different text[]) LANGUAGE plpgsql AS $$
DECLARE
	d date;
	c text;
	whole text[];
	cut text[];
	type text := (SELECT format_type(atttypid, NULL) FROM pg_attribute WHERE attrelid = relation::regclass AND attname = 'customer_id');
BEGIN
	calls := 0; rows := 0;
	FOREACH d IN ARRAY '{2021-12-31,2022-12-31,2023-12-30,2024-10-01}'::date[] LOOP
		PERFORM set_config('shop.day', d::text, false);
		FOR c IN SELECT replace(replace(call, 'D', quote_literal(d) || '::date'), 'NULL::T', 'NULL::' || type) FROM as_of_test.calls WHERE call LIKE 'ltv\_%' LOOP
			BEGIN
				EXECUTE format('SELECT array_agg(r::text ORDER BY r::text COLLATE "C") FROM %s r', replace(c, 'R', quote_literal(relation))) INTO whole;
			EXCEPTION WHEN invalid_parameter_value OR data_exception OR undefined_column THEN
				whole := ARRAY[SQLERRM];
			END;
			BEGIN
				EXECUTE format('SELECT array_agg(r::text ORDER BY r::text COLLATE "C") FROM %s r', replace(c, 'R', quote_literal(relation || '_cut'))) INTO cut;
			EXCEPTION WHEN invalid_parameter_value OR data_exception OR undefined_column THEN
				cut := ARRAY[replace(SQLERRM, '_cut', '')];
			END;
			calls := calls + 1;
			rows := rows + coalesce(cardinality(cut), 0);
			IF whole IS DISTINCT FROM cut THEN
				different := different || c;
			END IF;
		END LOOP;
	END LOOP;
END $$;
SELECT r AS relation, c.calls, c.rows > 1000 AS many_rows, c.different FROM unnest('{orders,lines,text_lines,sorted_lines}'::text[]) r, compare(r) c;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT r AS relation, c.calls, c.rows > 1000 AS many_rows, c.different FROM unnest('{orders,lines,text_lines}'::text[]) r, compare(r) c;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP SCHEMA as_of_test CASCADE;
