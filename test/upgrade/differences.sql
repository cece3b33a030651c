\set QUIET on
/*
 * What is stored in the shop of shop.sql against what comes out now: one line each, with the number of differences.
 * Sums and days are also worked out in plain SQL.
 */
SELECT 'histories in the table', count(*) FROM shop.stored s FULL JOIN (SELECT customer_id, ltv.ltv_history(ordered_on, amount, quantity, cost) AS history FROM shop.orders WHERE customer_id IS NOT NULL GROUP BY customer_id) n USING (customer_id)
WHERE s.customer_id < 1000 AND (s.history::text IS DISTINCT FROM n.history::text OR ltv.ltv_history_send(s.history) IS DISTINCT FROM ltv.ltv_history_send(n.history));
SELECT 'histories against plain SQL', count(*) FROM shop.stored s FULL JOIN (SELECT customer_id, sum(amount) AS revenue, count(*) FILTER (WHERE amount >= 0) AS orders, min(ordered_on) FILTER (WHERE amount >= 0) AS first_order FROM shop.orders WHERE customer_id IS NOT NULL GROUP BY customer_id) n USING (customer_id)
WHERE s.customer_id < 1000 AND (ltv.ltv_revenue(s.history), ltv.ltv_orders(s.history), ltv.ltv_first_order(s.history)) IS DISTINCT FROM (n.revenue, n.orders, n.first_order);
SELECT 'generated column', count(*) FROM shop.stored WHERE revenue IS DISTINCT FROM ltv.ltv_revenue(history);
SELECT 'summaries', count(*) FROM shop.stored WHERE summary::text IS DISTINCT FROM ltv.ltv_summarize(history, '2024-12-31', policy)::text;
SELECT 'stages and segments', count(*) FROM shop.stored WHERE (stage, segment) IS DISTINCT FROM (ltv.ltv_stage(history, '2024-12-31', policy), ltv.ltv_cpm(history, '2024-12-31'));
SELECT 'arrays and domains', count(*) FROM shop.stored WHERE several::text IS DISTINCT FROM ARRAY[history, ltv.ltv_between(history, NULL, '2023-12-31')]::text OR checked::text IS DISTINCT FROM history::text;
SELECT 'partitions', (SELECT count(*) FROM shop.stored) - (SELECT count(*) FROM shop.parts p JOIN shop.stored s USING (customer_id) WHERE p.history OPERATOR(ltv.=) s.history);
SELECT 'models', count(*) FROM shop.models m, LATERAL (SELECT ltv.ltv_fit(history, '2024-12-31', m.kind) AS model FROM shop.stored WHERE customer_id < 1000) n WHERE m.model::text IS DISTINCT FROM n.model::text;
SELECT 'states', count(*) FROM shop.states WHERE (ltv.ltv_fit_final(fit)).customers IS DISTINCT FROM 2 OR ltv.ltv_repeat_rate_final(repeat_rate) IS DISTINCT FROM 1 OR (ltv.ltv_kpis_final(kpis)).customers IS DISTINCT FROM 1 OR ltv.ltv_customer_set_repeat_rate(customers) IS DISTINCT FROM 1 / 3.0::double precision;
SELECT 'the summary as it was', count(*) FROM (SELECT * FROM shop.customers EXCEPT ALL SELECT * FROM ltv.ltv_customer_summary('shop.orders', '2024-12-31', NULL::integer)) d;
SELECT 'cohorts as they were', count(*) FROM (SELECT * FROM shop.cohorts EXCEPT ALL SELECT * FROM ltv.ltv_cohorts('shop.orders', '2024-12-31')) d;
-- a history that a tree or hash index does not find is a difference
SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_bitmapscan = off;
BEGIN;
DROP INDEX shop.stored_hash;
SELECT 'tree index', count(*) FROM shop.histories h WHERE NOT EXISTS (SELECT FROM shop.stored s WHERE s.history OPERATOR(ltv.=) h.history AND s.customer_id < 1000);
ROLLBACK;
BEGIN;
DROP INDEX shop.stored_history, shop.stored_customer_history;
SELECT 'hash index', count(*) FROM shop.histories h WHERE NOT EXISTS (SELECT FROM shop.stored s WHERE s.history OPERATOR(ltv.=) h.history);
ROLLBACK;
SELECT 'tree index, in order', count(*) FROM (SELECT history, lag(history) OVER (ORDER BY history) AS before FROM shop.stored WHERE customer_id < 1000) s WHERE before OPERATOR(ltv.>) history;
RESET ALL;
