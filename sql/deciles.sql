-- ltv_deciles
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/report_shops.sql'
\set ECHO none
\i :shops
\set ECHO all
\set seed 'deciles 1'
CALL make_shops(:'seed');

-- by hand: twelve customers with 12 to 1, so groups of 2, 2, 1, 1, ...; equal revenues may stand in any group
CREATE TABLE small AS SELECT c AS customer_id, date '2024-01-01' AS ordered_on, c::numeric(10,2) AS amount FROM generate_series(1, 12) c;
INSERT INTO small VALUES (13, '2024-01-01', -5), (1, '2024-01-02', 1000);
SELECT * FROM ltv_deciles('small', '2024-01-01');
-- three customers, and revenue that refunds take away again
CREATE TABLE few (customer_id int, ordered_on date, amount int);
INSERT INTO few VALUES (1, '2024-01-01', 5), (2, '2024-01-01', 7), (3, '2024-01-01', 7), (2, '2024-01-01', -7), (1, '2024-01-02', -12), (4, '2024-01-01', -1);
SELECT * FROM ltv_deciles('few', '2024-01-01') WHERE decile <= 4;
SELECT * FROM ltv_deciles('few', '2024-01-02') WHERE decile <= 4;

-- a loss: a group that made nothing has no share of it, and the sign of a zero is not shown; in no report
INSERT INTO few VALUES (3, '2024-01-03', -7), (1, '2024-01-03', -1), (2, '2024-01-02', 1), (2, '2024-01-03', -1);
SELECT * FROM ltv_deciles('few', '2024-01-03') WHERE decile <= 4;
CREATE VIEW few_items AS SELECT *, CASE WHEN customer_id > 1 THEN 'soap' END AS item, amount AS cost, customer_id * 10 + (ordered_on - '2024-01-01') AS order_id FROM few;
CREATE FUNCTION rows_of(call text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE format('SELECT r::text FROM %s r', call); END $$;
SELECT call, count(*) AS rows, count(*) FILTER (WHERE shown ~ '[(,]-0[,)]') AS minus_zeros
FROM unnest(ARRAY['ltv_overview', 'ltv_stages', 'ltv_periods', 'ltv_steps', 'ltv_cohorts', 'ltv_windows', 'ltv_deciles', 'ltv_customer_summary', 'ltv_item_flow']) WITH ORDINALITY u(report, n),
	LATERAL (SELECT format('%s(%L, %L)', report, 'few_items', '2024-01-03')) c(call), rows_of(call) shown GROUP BY n, call ORDER BY n;
SELECT count(*) AS rows, count(*) FILTER (WHERE shown ~ '[(,]-0[,)]') AS minus_zeros FROM rows_of($$ltv_windows('few_items', '2024-01-03', '{1}', by => 'item')$$) shown;

-- against plain SQL; shares to 12 places, as the numbers they are quotients of are not binary
CREATE FUNCTION expected() RETURNS TABLE (decile int, customers bigint, revenue numeric, share numeric, cumulative_share numeric, average_revenue numeric, minimum_revenue numeric, place bigint)
LANGUAGE sql STABLE AS $$
  WITH b AS (SELECT sum(amount) AS revenue, ntile(10) OVER (ORDER BY sum(amount) DESC) AS decile FROM purchases GROUP BY customer_id)
  SELECT d, count(b.revenue), coalesce(sum(revenue), 0), round(coalesce(sum(revenue), 0) / nullif((SELECT sum(revenue) FROM b), 0), 12),
    round((SELECT sum(revenue) FROM b WHERE decile <= d) / nullif((SELECT sum(revenue) FROM b), 0), 12), avg(revenue), min(revenue), d
  FROM generate_series(1, 10) d LEFT JOIN b ON decile = d WHERE EXISTS (SELECT FROM b) GROUP BY d
$$;
SELECT * FROM compare('SELECT decile, customers, revenue, round(share::numeric, 12), round(cumulative_share::numeric, 12), average_revenue, minimum_revenue, ordinality
  FROM ltv_deciles(RELATION, AS_OF) WITH ORDINALITY', 'SELECT * FROM expected()');

-- orders, lines and histories
SELECT * FROM compare_relations('SELECT * FROM ltv_deciles(RELATION, AS_OF) WITH ORDINALITY');

-- bad input, and nothing to report
SELECT * FROM ltv_deciles('small', NULL);
SELECT * FROM ltv_deciles(NULL, '2024-01-01');
SELECT * FROM ltv_deciles('small', '2023-12-31');
DROP SCHEMA report_shops CASCADE;
