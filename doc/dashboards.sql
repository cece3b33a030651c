-- Views for a dashboard: a view for each tile, numbers that charts take as they are, rates in percent.  See dashboards.md.
-- Run it in a schema of its own, after CREATE EXTENSION ltv, where there is a view shop_orders:
--   CREATE SCHEMA dashboard; SET search_path = dashboard, public; \i dashboards.sql

-- The day of every tile: yesterday in the shop's zone, the last day that is complete.  Change it here.
CREATE VIEW today AS SELECT (now() AT TIME ZONE 'Asia/Tokyo')::date - 1 AS as_of;

-- key figures: one row
CREATE MATERIALIZED VIEW key_figures AS
SELECT as_of, customers::integer, repeaters::integer, ltv_percent(repeat_rate) AS repeat_rate_percent, orders::integer,
  round(revenue) AS revenue, round(revenue_per_customer) AS revenue_per_customer, round(average_order_value) AS average_order_value,
  round(annual_orders_per_customer::numeric, 2) AS annual_orders_per_customer, round(annual_revenue_per_customer) AS annual_revenue_per_customer,
  churned_customers::integer
FROM today, ltv_overview('shop_orders', as_of);

-- new and returning by month; a month that has not ended says so
CREATE MATERIALIZED VIEW months AS
SELECT period_start AS month, (period_start + interval '1 month')::date <= as_of + 1 AS complete, new_customers::integer, returning_customers::integer,
  round(new_revenue) AS new_revenue, round(returning_revenue) AS returning_revenue, orders::integer
FROM today, ltv_periods('shop_orders', as_of, 'month');

-- the same by fiscal year from April
CREATE VIEW fiscal_years AS
SELECT extract(year FROM month - interval '3 months')::integer AS fiscal_year, bool_and(complete) AND count(*) = 12 AS complete,
  sum(new_customers)::integer AS new_customers, sum(new_revenue) AS new_revenue, sum(returning_revenue) AS returning_revenue
FROM months GROUP BY 1;

-- cohorts by month of the first order, one row each, who came back in percent: for a spreadsheet
CREATE MATERIALIZED VIEW cohorts AS
SELECT cohort AS month, max(customers)::integer AS customers,
  ltv_percent(max(retention) FILTER (WHERE period_index = 1)) AS m1, ltv_percent(max(retention) FILTER (WHERE period_index = 2)) AS m2,
  ltv_percent(max(retention) FILTER (WHERE period_index = 3)) AS m3, ltv_percent(max(retention) FILTER (WHERE period_index = 4)) AS m4,
  ltv_percent(max(retention) FILTER (WHERE period_index = 5)) AS m5, ltv_percent(max(retention) FILTER (WHERE period_index = 6)) AS m6,
  ltv_percent(max(retention) FILTER (WHERE period_index = 7)) AS m7, ltv_percent(max(retention) FILTER (WHERE period_index = 8)) AS m8,
  ltv_percent(max(retention) FILTER (WHERE period_index = 9)) AS m9, ltv_percent(max(retention) FILTER (WHERE period_index = 10)) AS m10,
  ltv_percent(max(retention) FILTER (WHERE period_index = 11)) AS m11, ltv_percent(max(retention) FILTER (WHERE period_index = 12)) AS m12
FROM today, ltv_cohorts('shop_orders', as_of, 'month')
WHERE (cohort + make_interval(months => period_index + 1))::date <= as_of + 1
GROUP BY cohort;

-- from one order to the next
CREATE MATERIALIZED VIEW steps AS
SELECT step AS order_number, customers::integer, ltv_percent(next_rate) AS next_percent, ltv_percent(rate_from_first) AS percent_of_all,
  round(median_days_to_next)::integer AS days_to_next
FROM today, ltv_steps('shop_orders', as_of, 10);

-- revenue by tenths of the customers
CREATE MATERIALIZED VIEW deciles AS
SELECT decile, customers::integer, round(revenue) AS revenue, ltv_percent(share) AS share_percent, ltv_percent(cumulative_share) AS cumulative_percent
FROM today, ltv_deciles('shop_orders', as_of);

-- where customers stand
CREATE MATERIALIZED VIEW stages AS
SELECT stage::text, customers::integer, ltv_percent(share) AS share_percent, round(revenue) AS revenue
FROM today, ltv_stages('shop_orders', as_of);

-- customers, one row each: for lists, filters, and the mailing tool
CREATE MATERIALIZED VIEW customers AS
SELECT customer_id::text, orders::integer, round(revenue) AS revenue, round(average_order_value) AS average_order_value, first_order, last_order,
  days_since_last_order, round(annual_revenue) AS annual_revenue, stage::text
FROM today, ltv_customer_summary('shop_orders', as_of);

-- what REFRESH MATERIALIZED VIEW CONCURRENTLY wants
CREATE UNIQUE INDEX key_figures_key ON key_figures (as_of);
CREATE UNIQUE INDEX months_key ON months (month);
CREATE UNIQUE INDEX cohorts_key ON cohorts (month);
CREATE UNIQUE INDEX steps_key ON steps (order_number);
CREATE UNIQUE INDEX deciles_key ON deciles (decile);
CREATE UNIQUE INDEX stages_key ON stages (stage);
CREATE UNIQUE INDEX customers_key ON customers (customer_id);
