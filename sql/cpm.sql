-- ltv_cpm and ltv_cpm_groups: the customer portfolio
\getenv abs_srcdir PG_ABS_SRCDIR
\set shops :abs_srcdir '/test/shops.sql'
CREATE SCHEMA cpm;
SET search_path = cpm, public;
\set ECHO none
\i :shops
\set ECHO all

-- Oracle: customers grouped by their segment; all segments as soon as there is anybody.
SELECT * FROM compare_everywhere(
    $$SELECT row_number() OVER (), cpm::text, customers, round(share::numeric, 12) AS share, revenue FROM ltv_cpm_groups(RELATION, AS_OF, POLICY)$$,
    $$SELECT n, s.cpm, count(c.cpm), round(count(c.cpm) / nullif(sum(count(c.cpm)) OVER (), 0), 12), coalesce(sum(revenue), 0)
    FROM unnest('{first,toddling,steady,trendy,loyal,lapsed_first,lapsed_toddling,lapsed_steady,lapsed_trendy,lapsed_loyal}'::text[]) WITH ORDINALITY s(cpm, n)
        LEFT JOIN oracle_customers(RELATION, AS_OF, POLICY) c ON c.cpm = s.cpm
    WHERE EXISTS (SELECT FROM oracle_customers(RELATION, AS_OF, POLICY) x WHERE x.orders > 0) GROUP BY n, s.cpm$$);

-- and customer by customer, in three shops
CREATE TABLE rolled_up AS
SELECT base, customer_id, ltv_rollup(history) AS history FROM (
    SELECT 'shop_refunds_integer'::regclass AS base, customer_id::text, history FROM shop_refunds_integer_histories
    UNION ALL SELECT 'shop_ten_years_text', customer_id, history FROM shop_ten_years_text_histories
    UNION ALL SELECT 'shop_subscribers_uuid', customer_id::text, history FROM shop_subscribers_uuid_histories) h
WHERE customer_id IS NOT NULL GROUP BY base, customer_id;
SELECT b.base, count(*) > 200 AS many, count(DISTINCT cpm) > 1 AS some, count(*) FILTER (WHERE cpm IS DISTINCT FROM ltv_cpm(history, as_of, policy)::text) AS different
FROM questions, (SELECT DISTINCT base FROM rolled_up) b, LATERAL oracle_customers(b.base, as_of, policy) o JOIN rolled_up USING (customer_id)
WHERE rolled_up.base = b.base GROUP BY b.base ORDER BY b.base::text;

-- By hand, with the default policy (steady from 90 days on, loyal from 210, 70000 yen, lapsed from 240 days without an order):
-- days of orders before as_of, revenue of all, what it must be
SELECT d.note, d.must, ltv_cpm(h, '2024-12-31') AS is
FROM (VALUES ('one order', 'first', '{10}'::int[], 100), ('one order, however dear', 'first', '{10}', 1000000),
        ('lapsed on day 240', 'lapsed_first', '{240}', 100), ('not lapsed on day 239', 'first', '{239}', 100),
        ('two on a day', 'toddling', '{5,5}', 100), ('tenure 89', 'toddling', '{94,5}', 1000000), ('tenure 90', 'steady', '{95,5}', 69999),
        ('tenure 90, dear', 'trendy', '{95,5}', 70000), ('tenure 209', 'trendy', '{214,5}', 70000), ('tenure 210', 'loyal', '{215,5}', 70000),
        ('tenure 210, cheap', 'steady', '{215,5}', 69999), ('lapsed', 'lapsed_toddling', '{300,299}', 70000),
        ('lapsed', 'lapsed_steady', '{390,300}', 6), ('lapsed', 'lapsed_trendy', '{509,300}', 70000), ('lapsed', 'lapsed_loyal', '{510,300}', 70000),
        ('the day after is not there', 'first', '{5,-1}', 70000)) d(note, must, days, revenue),
    LATERAL (SELECT ltv_history(date '2024-12-31' - days[i], CASE i WHEN 1 THEN revenue ELSE 0 END) AS h FROM generate_subscripts(days, 1) i) x;
-- a refund takes money away, and is no order
SELECT ltv_cpm('[{"on":"2024-01-01","amount":70000},{"on":"2024-12-01","amount":0},{"on":"2024-12-02","amount":-0.01}]', '2024-12-31');
SELECT ltv_cpm('[{"on":"2024-12-01","amount":5},{"on":"2024-12-02","amount":-5}]', '2024-12-31');

-- nobody
SELECT ltv_cpm('[]', '2024-12-31') IS NULL AS empty, ltv_cpm(NULL, '2024-12-31') IS NULL AS no_history, ltv_cpm('[{"on":"2025-01-01","amount":5}]', '2024-12-31') IS NULL AS later,
    ltv_cpm('[{"on":"2024-01-01","amount":-5}]', '2024-12-31') IS NULL AS refund, ltv_cpm('[{"on":"2025-01-01","amount":5}]', NULL) IS NULL AS no_day;
SELECT * FROM ltv_cpm_groups('shop_refunds_text', '1999-12-31');

-- the order of the segments is that of the report; a shop's own thresholds
SELECT enum_range(NULL::ltv_cpm);
SELECT * FROM ltv_cpm_groups('shop_subscribers_uuid', '2023-12-31', ltv_policy(cpm_lapsed_days => 60, cpm_steady_days => 60, cpm_loyal_days => 180, cpm_revenue => 20000)) WHERE customers > 0;

-- arguments
SELECT ltv_cpm('[]', 'infinity');
SELECT ltv_cpm('[]', '2024-12-31', ROW(1, 1, 1, 1, 1, 5, 4, 1, 0.4, 0.7, 0.5, 12)::ltv_policy);
SELECT * FROM ltv_cpm_groups(NULL, '2024-12-31');
SELECT * FROM ltv_cpm_groups('shop_refunds_text', NULL);
SELECT * FROM ltv_cpm_groups('shop_refunds_text', '2024-12-31', NULL);
SELECT sum(customers) > 0 AS today FROM ltv_cpm_groups('shop_refunds_text');

SET client_min_messages = warning;
DROP SCHEMA cpm CASCADE;
