-- ltv_stages and ltv_stage_flow
\getenv abs_srcdir PG_ABS_SRCDIR
\set shops :abs_srcdir '/test/shops.sql'
CREATE SCHEMA stages;
SET search_path = stages, public;
\set ECHO none
\i :shops
\set ECHO all

-- Oracle: customers grouped by their stage; all stages as soon as there is anybody.
SELECT * FROM compare_everywhere(
    $$SELECT row_number() OVER (), stage::text, customers, round(share::numeric, 12) AS share, revenue, annual_revenue FROM ltv_stages(RELATION, AS_OF, POLICY)$$,
    $$SELECT n, s.stage, count(c.stage), round(count(c.stage) / nullif(sum(count(c.stage)) OVER (), 0), 12),
        coalesce(sum(revenue), 0), coalesce(sum(annual_revenue), 0)
    FROM unnest('{new,repeat,loyal,dormant,churned}'::text[]) WITH ORDINALITY s(stage, n)
        LEFT JOIN oracle_customers(RELATION, AS_OF, POLICY) c ON c.stage = s.stage
    WHERE EXISTS (SELECT FROM oracle_customers(RELATION, AS_OF, POLICY) x WHERE x.orders > 0) GROUP BY n, s.stage$$);

-- Oracle of the flow: the customers of the two days joined, here from half a year before as_of; and what lies in between
-- is the difference of their revenue.
SELECT * FROM compare_everywhere(
    $$SELECT row_number() OVER (), from_stage::text, to_stage::text, customers, revenue FROM ltv_stage_flow(RELATION, AS_OF - 182, AS_OF, POLICY)$$,
    $$SELECT row_number() OVER (ORDER BY b.stage::ltv_stage, a.stage::ltv_stage), b.stage, a.stage, count(*), sum(a.revenue - coalesce(b.revenue, 0))
    FROM oracle_customers(RELATION, AS_OF, POLICY) a LEFT JOIN oracle_customers(RELATION, AS_OF - 182, POLICY) b USING (customer_id)
    WHERE a.orders > 0 GROUP BY b.stage, a.stage$$);

-- The flow between a day and itself moves nobody and no money; what flows to a stage is what ltv_stages has there.
SELECT count(*) > 0 AS some, bool_and(from_stage = to_stage AND revenue = 0) AS stay FROM ltv_stage_flow('shop_refunds_text', '2024-02-29', '2024-02-29');
SELECT to_stage AS stage FROM ltv_stage_flow('shop_ten_years_uuid', '2023-12-31', '2024-02-29') f
    FULL JOIN ltv_stages('shop_ten_years_uuid', '2024-02-29') s ON s.stage = f.to_stage
    GROUP BY 1, s.customers HAVING coalesce(sum(f.customers), 0) <> coalesce(s.customers, 0);

-- By hand, as of 2024-12-31 (dormant after 180 days: last order before 2024-07-04; churned after 365: before 2024-01-01):
-- 1 churned by a day, 2 dormant just not churned, 3 dormant by a day, 4 new just not dormant, 5 repeat, 6 loyal (18000 in 3
-- orders in the year), 7 the same but one of the orders is a day too old, 8 the same but refunded to 17999, 9 refund only,
-- 10 orders the day after.
CREATE TABLE hand (customer_id text, ordered_on date, amount int);
INSERT INTO hand VALUES ('1', '2023-12-31', 100), ('2', '2024-01-01', 100), ('3', '2024-07-03', 100), ('4', '2024-07-04', 100),
    ('5', '2024-12-31', 100), ('5', '2024-12-31', 100), ('6', '2024-01-01', 8000), ('6', '2024-05-05', 8000), ('6', '2024-12-30', 2000),
    ('7', '2023-12-31', 8000), ('7', '2024-05-05', 8000), ('7', '2024-12-30', 9000),
    ('8', '2024-01-01', 8000), ('8', '2024-05-05', 8000), ('8', '2024-12-30', 2000), ('8', '2024-12-31', -1),
    ('9', '2024-05-05', -77), ('10', '2025-01-01', 100);
SELECT * FROM ltv_stages('hand', '2024-12-31');
-- customer 10 comes as new, 6 is not loyal any more as its first order is too old, 4 becomes dormant, 2 churned, the others stay
SELECT * FROM ltv_stage_flow('hand', '2024-12-31', '2025-01-01');
-- nobody: no rows
SELECT * FROM ltv_stages('hand', '2000-01-01');
SELECT * FROM ltv_stage_flow('hand', '2000-01-01', '2001-01-01');
CREATE TABLE empty (customer_id int, ordered_on date, amount int);
SELECT * FROM ltv_stages('empty', '2024-12-31');
-- refunds only: nobody
INSERT INTO empty VALUES (1, '2024-05-05', -1);
SELECT * FROM ltv_stages('empty', '2024-12-31');
SELECT * FROM ltv_stage_flow('empty', '2024-01-01', '2024-12-31');
-- one
INSERT INTO empty VALUES (1, '2024-05-05', 0);
SELECT * FROM ltv_stages('empty', '2024-12-31', ltv_policy(dormant_days => 0, churned_days => 1000));
SELECT * FROM ltv_stage_flow('empty', '2024-01-01', '2024-12-31');

-- arguments
SELECT * FROM ltv_stages(NULL, '2024-12-31');
SELECT * FROM ltv_stages('hand', NULL);
SELECT * FROM ltv_stages('hand', '-infinity');
SELECT * FROM ltv_stage_flow('hand', NULL, '2024-12-31');
SELECT * FROM ltv_stage_flow('hand', '2024-12-31', '2024-12-30');
SELECT * FROM ltv_stage_flow('hand', '-infinity', '2024-12-30');
SELECT * FROM ltv_stage_flow('hand', '2024-12-31', 'infinity');
SELECT * FROM ltv_stage_flow('hand', '4713-01-01 BC', '5874897-12-31') ORDER BY 1, 2 LIMIT 1;
-- the default of to_day and as_of is today
SELECT sum(customers) FROM ltv_stages('hand');
SELECT sum(customers) FROM ltv_stage_flow('hand', '2025-02-01');

SET client_min_messages = warning;
DROP SCHEMA stages CASCADE;
