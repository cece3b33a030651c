-- The documented questions that reports over periods, steps, cohorts, windows, RFM, deciles and items answer (see the reference).
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA questions;
SET search_path = questions, public;

-- A shop of 2,000 customers over two years, see there
\getenv abs_srcdir PG_ABS_SRCDIR
\set shop :abs_srcdir '/test/question_shop.sql'
\set ECHO none
\i :shop
\set ECHO all

-- F2 conversion (F2転換率) by entry item (入口商品): second order within 90 days
SELECT segment AS item, customers, round(f2_rate::numeric, 4) AS f2_rate, round(orders_per_customer::numeric, 3) AS orders, round(revenue_per_customer) AS ltv
FROM ltv_windows('shop_orders', '2024-12-31', '{90}', by => 'item') ORDER BY customers DESC, item;
-- the same without the report
WITH f AS (SELECT DISTINCT ON (customer_id) * FROM shop_orders WHERE amount >= 0 ORDER BY customer_id, ordered_on, amount)
SELECT item, count(*), round(avg((SELECT count(*) > 1 FROM shop_orders o WHERE o.customer_id = f.customer_id AND amount >= 0 AND ordered_on <= f.ordered_on + 90)::int), 4) AS f2_rate
FROM f WHERE ordered_on <= date '2024-12-31' - 90 GROUP BY item ORDER BY 2 DESC, 1;

-- The customers who made 80 % of revenue: how many are they?
SELECT decile, customers, revenue, round(share::numeric, 4) AS share, round(cumulative_share::numeric, 4) AS cumulative_share FROM ltv_deciles('shop_orders', '2024-12-31');
WITH c AS (
  SELECT customer_id, monetary, sum(monetary) OVER (ORDER BY monetary DESC, customer_id) - monetary AS before, sum(monetary) OVER () AS total
  FROM ltv_rfm('shop_orders', '2024-12-31', NULL::int))
SELECT count(*) AS customers, round(sum(monetary) / max(total), 4) AS share FROM c WHERE before < 0.8 * total;
WITH r AS (SELECT sum(amount) AS revenue FROM shop_orders WHERE ordered_on <= '2024-12-31' GROUP BY customer_id),
  s AS (SELECT revenue, row_number() OVER (ORDER BY revenue DESC) AS place, sum(revenue) OVER (ORDER BY revenue DESC ROWS UNBOUNDED PRECEDING) AS so_far FROM r)
SELECT min(place) AS customers FROM s WHERE so_far >= 0.8 * (SELECT sum(revenue) FROM r);

-- Returning and new revenue per month against the rule of thumb: 60 % from those who come back, 40 % from new customers
SELECT to_char(period_start, 'YYYY-MM') AS month, new_customers AS new, returning_customers AS returning, new_revenue, returning_revenue,
  round(100 * returning_revenue / nullif(revenue, 0), 1) AS returning_percent,
  CASE WHEN returning_revenue >= 0.7 * revenue THEN 'too few new' WHEN returning_revenue < 0.5 * revenue THEN 'too few return' ELSE 'balanced' END AS balance
FROM ltv_periods('shop_orders', '2024-12-31') WHERE period_start >= '2024-01-01';

-- Monday 1: new customers, F2 rate and LTV at 30, 60, 90, 180, 360 days, by month of the first order and medium; only customers who
-- have had all the days are counted.  Histories, grouped as one likes
WITH c AS (SELECT customer_id, medium, ltv_history(ordered_on, amount) AS h FROM shop_orders JOIN members USING (customer_id) WHERE ordered_on <= '2024-12-31' GROUP BY 1, 2),
  f AS (SELECT medium, ltv_first_order(h) AS first_day, w, ltv_between(h, ltv_first_order(h), ltv_first_order(h) + w) AS h FROM c, unnest('{30,60,90,180,360}'::int[]) w)
SELECT to_char(first_day, 'YYYY-MM') AS month, medium, w AS days, count(*) AS customers, count(*) FILTER (WHERE ltv_orders(h) >= 2) AS f2,
  round(avg((ltv_orders(h) >= 2)::int), 4) AS f2_rate, round(avg(ltv_revenue(h))) AS ltv
FROM f WHERE first_day + w <= '2024-12-31' AND first_day BETWEEN '2023-02-01' AND '2023-03-31' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
-- one medium of one month as a shop of its own
CREATE VIEW search_2023_02 AS
  SELECT o.* FROM shop_orders o JOIN members USING (customer_id)
  WHERE medium = 'search' AND (SELECT min(ordered_on) FROM shop_orders f WHERE f.customer_id = o.customer_id AND f.amount >= 0) BETWEEN '2023-02-01' AND '2023-02-28';
SELECT days, customers, second_order_customers AS f2, round(f2_rate::numeric, 4) AS f2_rate, round(revenue_per_customer) AS ltv, round(gross_profit_per_customer) AS profit
FROM ltv_windows('search_2023_02', '2024-12-31', '{30,60,90,180,360}');
-- by month of the first order alone, one query: the cohorts of a year and what they brought in half a year
SELECT to_char(cohort, 'YYYY-MM') AS month, customers, round(retention::numeric, 4) AS retention, round(revenue_per_customer) AS ltv, round(gross_profit_per_customer) AS profit
FROM ltv_cohorts('shop_orders', '2024-12-31') WHERE period_index = 6 AND cohort < '2024-01-01';

-- Monday 2: the residual rate (残存率) per order number, and where it drops most
SELECT step, customers, round(rate_from_first::numeric, 4) AS residual, round(next_rate::numeric, 4) AS next_rate, stopped, churned, median_days_to_next AS days,
  stopped = max(stopped) OVER () AS drops_most
FROM ltv_steps('shop_orders', '2024-12-31', 6);

-- Monday 3: payback (投資回収期間) per month of the first order, given what a new customer cost
SELECT to_char(cohort, 'YYYY-MM') AS month, min(customers) AS customers, min(period_index) FILTER (WHERE gross_profit_per_customer >= 4000) AS months_to_pay_back
FROM ltv_cohorts('shop_orders', '2024-12-31') WHERE cohort BETWEEN '2023-01-01' AND '2023-06-30' GROUP BY cohort ORDER BY cohort;

-- Monday 4: RFM classes against last month
SELECT coalesce(b.r, 0) AS r_before, a.r, count(*) AS customers, sum(a.monetary - coalesce(b.monetary, 0)) AS revenue_since
FROM ltv_rfm('shop_orders', '2024-12-31', NULL::int, 3) a LEFT JOIN ltv_rfm('shop_orders', '2024-11-30', NULL::int, 3) b USING (customer_id)
GROUP BY 1, 2 ORDER BY 1, 2;

-- Monday 5: LTV by entry product within a year, and where customers go from it
SELECT segment AS item, customers, round(f2_rate::numeric, 4) AS f2_rate, round(revenue_per_customer) AS ltv FROM ltv_windows('shop_orders', '2024-12-31', '{365}', by => 'item') ORDER BY customers DESC, item;
SELECT * FROM (
  SELECT from_item, to_item, customers, round(share::numeric, 4) AS share, row_number() OVER (PARTITION BY from_item ORDER BY customers DESC, to_item) AS place
  FROM ltv_item_flow('shop_orders', '2024-12-31') WHERE from_step = 1) f
WHERE place <= 2 ORDER BY from_item, place;

-- Monday 6: the customers of one cell, to write to: good ones who have been away for long
SELECT customer_id, medium, recency_days, frequency, monetary FROM ltv_rfm('shop_orders', '2024-12-31', NULL::int) JOIN members USING (customer_id)
WHERE r <= 2 AND f = 5 AND m = 5 ORDER BY monetary DESC, customer_id LIMIT 5;

DROP SCHEMA questions CASCADE;
