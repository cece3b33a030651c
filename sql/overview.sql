-- ltv_overview: the key figures of a shop
\getenv abs_srcdir PG_ABS_SRCDIR
\set shops :abs_srcdir '/test/shops.sql'
CREATE SCHEMA overview;
SET search_path = overview, public;
\set ECHO none
\i :shops
\set ECHO all
\x off

-- Oracle: counts and sums over the customers as SQL finds them, Wilson's formula written out in numeric.
CREATE FUNCTION oracle_overview(base regclass, as_of date, policy ltv_policy) RETURNS SETOF record LANGUAGE plpgsql AS
$$
DECLARE
    guests bigint;
    units numeric;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s WHERE customer_id IS NULL AND ordered_on <= $1 AND amount >= 0', base) INTO guests USING as_of;
    EXECUTE format('SELECT sum(coalesce(quantity, 1)) FROM %1$s b WHERE ordered_on <= $1 AND customer_id IN (SELECT customer_id FROM %1$s WHERE amount >= 0 AND ordered_on <= $1)', base) INTO units USING as_of;
    RETURN QUERY
    WITH c AS (SELECT * FROM oracle_customers(base, as_of, policy)),
    k AS (
        SELECT count(*) AS n, count(*) FILTER (WHERE orders >= 2) AS x, sum(orders) AS orders, sum(revenue) AS revenue, sum(last_order - first_order) AS days,
            count(*) FILTER (WHERE annual_orders > 0) AS an, sum(annual_orders) AS ao,
            sum(annual_revenue) FILTER (WHERE annual_orders > 0) AS ar,
            count(*) FILTER (WHERE meets_benchmark) AS good, count(*) FILTER (WHERE stage = 'dormant') AS dormant,
            count(*) FILTER (WHERE stage = 'churned') AS churned,
            CASE WHEN count(*) = count(cost) THEN coalesce(sum(revenue - cost), 0) END AS profit
        FROM c WHERE orders > 0
    ), w AS (
        SELECT *, 1.959963984540054 ^ 2 AS z2, x::numeric / nullif(n, 0) AS p, nullif(n, 0) AS m FROM k
    )
    SELECT n, x, round(p, 12), round((p + z2 / (2 * m) - sqrt(z2 * (p * (1 - p) / m + z2 / (4 * m * m)))) / (1 + z2 / m), 12),
        round((p + z2 / (2 * m) + sqrt(z2 * (p * (1 - p) / m + z2 / (4 * m * m)))) / (1 + z2 / m), 12),
        coalesce(orders, 0)::bigint, round(orders / m, 12), coalesce(revenue, 0), revenue / m, revenue / nullif(orders, 0),
        days / (30 * m)::numeric, an, round(ao / nullif(an, 0), 12), ar / nullif(an, 0), good, dormant, churned, profit,
        guests, (SELECT count(*) FROM c WHERE c.orders = 0), units / nullif(orders, 0), revenue / CASE WHEN units > 0 THEN units END, p >= (policy).benchmark_repeat_rate
    FROM w;
END
$$;

SELECT * FROM compare_everywhere(
    $$SELECT customers, repeaters, round(repeat_rate::numeric, 12) AS a, round(repeat_rate_low::numeric, 12) AS b, round(repeat_rate_high::numeric, 12) AS c,
        orders, round(orders_per_customer::numeric, 12) AS d, revenue, revenue_per_customer, average_order_value, active_months, annual_customers,
        round(annual_orders_per_customer::numeric, 12) AS e, annual_revenue_per_customer, benchmark_customers, dormant_customers,
        churned_customers, gross_profit, guest_orders, refund_only, quantity_per_order, unit_price, meets_repeat_rate FROM ltv_overview(RELATION, AS_OF, POLICY)$$,
    $$SELECT * FROM oracle_overview(RELATION, AS_OF, POLICY) AS o(customers bigint, repeaters bigint, a numeric, b numeric, c numeric, orders bigint,
        d numeric, revenue numeric, revenue_per_customer numeric, average_order_value numeric, active_months numeric, annual_customers bigint,
        e numeric, annual_revenue_per_customer numeric, benchmark_customers bigint, dormant_customers bigint,
        churned_customers bigint, gross_profit numeric, guest_orders bigint, refund_only bigint, quantity_per_order numeric, unit_price numeric, meets_repeat_rate boolean)$$);

-- By hand.  As of 2024-12-31: customer 1 ordered 3000 and 5000 and got 1000 back; customer 2 ordered 20000 in 2022; customer 3
-- has a refund only; customer 4 orders the day after; customer 5 orders on the day itself; three rows of guests, of which one
-- is a refund and one is the day after.  Customer 1: 60 days from first to last order.
CREATE TABLE hand (customer_id int, ordered_on date, amount int, cost int);
INSERT INTO hand VALUES (1, '2024-06-01', 3000, 1000), (1, '2024-07-31', 5000, 1500), (1, '2024-08-05', -1000, 0),
    (2, '2022-05-05', 20000, 9000), (3, '2024-01-01', -500, 0), (4, '2025-01-01', 700, 1), (5, '2024-12-31', 800, 300),
    (NULL, '2024-01-01', 100, 0), (NULL, '2024-01-01', -100, 0), (NULL, '2025-01-01', 100, 0);
\x on
-- 3 customers, 1 repeater, 4 orders, revenue 7000 + 20000 + 800, active months (60/30 + 0 + 0) / 3, two customers in the year
-- with 3 orders and 7800; nobody reaches 18000 and 3 orders; customer 2 is churned; profit 27800 - 11800
SELECT * FROM ltv_overview('hand', '2024-12-31');
-- a benchmark of 5000 and 2 orders is reached by customer 1; one of nothing by everybody
SELECT benchmark_customers FROM ltv_overview('hand', '2024-12-31', ltv_policy(5000, 2));
SELECT benchmark_customers FROM ltv_overview('hand', '2024-12-31', ltv_policy(0, 0));
-- a cost that is unknown makes the profit unknown, but not when it is a guest's, a refund-only customer's or a later one's
UPDATE hand SET cost = NULL WHERE customer_id IS NULL OR customer_id IN (3, 4);
SELECT gross_profit FROM ltv_overview('hand', '2024-12-31');
UPDATE hand SET cost = NULL WHERE customer_id = 2;
SELECT gross_profit FROM ltv_overview('hand', '2024-12-31');
-- one of three comes again: 0.333333 is reached, 0.333334 is not; a unit each, where no quantity says otherwise
SELECT meets_repeat_rate, quantity_per_order, unit_price FROM ltv_overview('hand', '2024-12-31', ltv_policy(benchmark_repeat_rate => 0.333333));
SELECT meets_repeat_rate FROM ltv_overview('hand', '2024-12-31', ltv_policy(benchmark_repeat_rate => 0.333334));
-- nobody: before the first order, and in an empty relation
SELECT * FROM ltv_overview('hand', '2000-01-01');
CREATE TABLE empty (customer_id int, ordered_on date, amount int);
SELECT customers, repeat_rate, revenue, gross_profit, guest_orders, refund_only FROM ltv_overview('empty', '2024-12-31');
\x off

-- Lines of a guest's order are one order, of the earliest day, and a refund when they sum up to less than zero.
CREATE TABLE guest_lines (customer_id int, order_id text, ordered_on date, amount numeric);
INSERT INTO guest_lines VALUES (NULL, 'a', '2024-12-31', 10), (NULL, 'a', '2025-01-02', -4), (NULL, 'b', '2024-05-05', 3), (NULL, 'b', '2024-05-05', -3.01),
    (NULL, NULL, '2024-05-05', 1), (NULL, NULL, '2024-05-05', 1), (NULL, 'c', '2025-01-01', 5), (NULL, 'd', NULL, 5);
SELECT guest_orders FROM ltv_overview('guest_lines', '2024-12-31');
-- more of them than fit into memory: 30000 orders of two lines each
INSERT INTO guest_lines SELECT NULL, 'x' || i % 30000, '2024-01-01', 1 FROM generate_series(1, 60000) i;
SET work_mem = '64kB';
SELECT guest_orders FROM ltv_overview('guest_lines', '2024-12-31');
RESET work_mem;
INSERT INTO guest_lines VALUES (NULL, 'z', '2024-05-05', 999999999999999999), (NULL, 'z', '2024-05-05', 999999999999999999);
SELECT guest_orders FROM ltv_overview('guest_lines', '2024-12-31');

-- arguments
SELECT * FROM ltv_overview(NULL, '2024-12-31');
SELECT * FROM ltv_overview('hand', NULL);
SELECT * FROM ltv_overview('hand', 'infinity');
SELECT * FROM ltv_overview('hand', '2024-12-31', NULL);
SELECT customers FROM ltv_overview('hand', policy => ltv_policy(dormant_days => 10, churned_days => 20)) WHERE customers > 0;

SET client_min_messages = warning;
DROP SCHEMA overview CASCADE;
