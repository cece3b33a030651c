-- Numbers: read from numeric, summed, divided and written back, against the server's own arithmetic, as text, so that
-- the display scale counts too.
SET datestyle = 'ISO, YMD';
CREATE SCHEMA decimal_test;
SET search_path = decimal_test, public;
CREATE FUNCTION attempt(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
    EXECUTE query INTO r;
    RETURN r;
EXCEPTION WHEN OTHERS THEN
    RETURN sqlstate || ' ' || sqlerrm;
END $$;

\set seed 0.271828
\echo seed :seed
SELECT setseed(:seed);
-- 20,000 numbers of 1 to 18 digits with 0 to 6 decimal places, a third of them negative; many are powers of ten,
-- multiples of 10,000 and the like, where stored digits vanish
CREATE TABLE n AS
SELECT i, i % 500 AS g, v * ('1e-' || places)::numeric AS v, places
FROM (
    SELECT i, (CASE WHEN random() < 0.33 THEN -1 ELSE 1 END *
               CASE (random() * 5)::int
                   WHEN 0 THEN 10::numeric ^ (random() * 17)::int
                   WHEN 1 THEN 10000::numeric ^ (random() * 4)::int * (random() * 99)::int
                   ELSE mod(floor(random() * 1e9)::numeric * 1e9 + floor(random() * 1e9)::numeric, 10::numeric ^ (1 + floor(random() * 17))::int)
               END)::numeric(18, 0) AS v,
           (i % 7)::int AS places
    FROM generate_series(1, 20000) i
) t;
SELECT min(places), max(places), max(scale(v)), bool_or(v < 0), bool_or(v = 0), max(length(replace(abs(v)::text, '.', ''))) >= 17 AS long FROM n;

-- each number by itself
SELECT count(*) FILTER (WHERE ltv_revenue(h)::text <> v::text) AS revenue,
       count(*) FILTER (WHERE ltv_quantity(h)::text <> v::text) AS quantity,
       count(*) FILTER (WHERE ltv_cost(h)::text <> v::text) AS cost,
       count(*) FILTER (WHERE ltv_gross_profit(h)::text <> (v - v)::text) AS gross_profit,
       count(*) FILTER (WHERE ltv_average_order_value(h)::text IS DISTINCT FROM (CASE WHEN v >= 0 THEN v / 1 END)::text) AS average,
       count(*) FILTER (WHERE ltv_refunded(h)::text <> (CASE WHEN v < 0 THEN v ELSE v - v END)::text) AS refunded,
       count(*) FILTER (WHERE h::text::ltv_history <> h) AS text,
       count(*) FILTER (WHERE h::text NOT LIKE '%"amount":' || v || ',"quantity":' || v || ',"cost":' || v || '}]'
                          AND (v <> 1 OR scale(v) > 0)) AS written
FROM (SELECT i, v, ltv_history('2024-01-01', v, v, v) AS h FROM n GROUP BY i, v) t;
-- groups: sums and quotients, of one scale and of mixed ones.  At 6 places 12 digits are left before the point.
CREATE TABLE small AS SELECT i, g, CASE WHEN abs(v) < 1e12 THEN v ELSE mod(v, 1e12) END AS v FROM n;
SELECT count(*) FILTER (WHERE ltv_revenue(h)::text <> s::text) AS revenue,
       count(*) FILTER (WHERE ltv_average_order_value(h)::text IS DISTINCT FROM (s / nullif(orders, 0))::text) AS average,
       count(*) FILTER (WHERE ltv_gross_profit(h)::text <> (s - s)::text) AS gross_profit,
       count(*) AS groups
FROM (SELECT g, ltv_history('2024-01-01', v, v, v) AS h, sum(v) AS s, count(*) FILTER (WHERE v >= 0) AS orders FROM small GROUP BY g
      UNION ALL
      SELECT g * 10 + scale(v), ltv_history('2024-01-01', v, v, v), sum(v), count(*) FILTER (WHERE v >= 0) FROM n GROUP BY g * 10 + scale(v)
      UNION ALL
      SELECT i % 4000, ltv_history('2024-01-01', v, v, v), sum(v), count(*) FILTER (WHERE v >= 0) FROM small GROUP BY i % 4000) t;
-- quotients of every magnitude: value 1 to 10^17 at every scale, 1 to 700 orders
SELECT count(*) AS quotients, count(*) FILTER (WHERE ltv_average_order_value(h)::text <> (ltv_revenue(h) / ltv_orders(h))::text) AS differ
FROM (
    SELECT m, places, k, ltv_history('2024-01-01', CASE WHEN x = 1 THEN m * round(10::numeric ^ e) * ('1e-' || places)::numeric ELSE 0 END) AS h
    FROM generate_series(0, 16, 2) e, generate_series(0, 6, 3) places, unnest('{1,2,9,5}'::int[]) m, unnest('{1,2,3,6,7,13,99,700}'::int[]) k,
         generate_series(1, k) x
    WHERE e + places < 18
    GROUP BY e, places, m, k
) t;
-- months: days / 30
SELECT count(*) FILTER (WHERE ltv_active_months(format('[{"on":"2000-01-01","amount":1}, {"on":"%s","amount":1}]', date '2000-01-01' + d)::ltv_history)::text
                              <> (d::numeric / 30)::text) AS differ
FROM generate_series(0, 12000, 7) d;
SELECT ltv_active_months('[{"on":"4714-11-24 BC","amount":1}, {"on":"5874897-12-31","amount":1}]') = (date '5874897-12-31' - date '4714-11-24 BC')::numeric / 30 AS widest;

-- the edges: 18 digits, decimal places as written included; 6 places; zeros behind the 6th are nothing
SELECT v, attempt(format('SELECT ltv_history(%L, %L::numeric)', '2024-01-01', v)) AS history
FROM unnest('{999999999999999999, -999999999999999999, 1000000000000000000, -1000000000000000000, 1e17, 1e18, 1e40, 1e4000,
              99999999999999999.9, 99999999999999999.99, 999999999999.999999, 9999999999999.999999, -999999999999.999999,
              100000000000000000.0, 1000000000000.000000, 100000000000.000000, 0.000001, -0.000001, 0.0000001, -0.0000010, 1.0000000, 1.2345670000000,
              0.00000000000000000001, 0.000000, -0.00, 0, 1e-7, 1e-100, 12345.6789, 10000, 100000000, 0.0001, 0.00001, 9999.9999, 99999999.9999,
              NaN, Infinity, -Infinity}'::text[]) v;
SELECT what, attempt(format('SELECT ltv_history(%L, %s)', '2024-01-01', args)) AS history
FROM (VALUES ('quantity', '1, ''NaN'''), ('quantity', '1, 1e18'), ('quantity', '1, 0.0000001'), ('quantity', '1, -2.50'),
             ('cost', '1, 1, ''Infinity'''), ('cost', '1, 1, 1e18'), ('cost', '1, 1, 1e-9'), ('cost', '1, 1, -0.5')) t(what, args);
-- what fits alone need not fit at the common scale: an error, never a rounding
SELECT attempt($$SELECT ltv_history('2024-01-01', a) FROM (VALUES (1e17), (0.01)) v(a)$$);
SELECT attempt($$SELECT ltv_history('2024-01-01', 1, q) FROM (VALUES (1e17), (0.01)) v(q)$$);
SELECT attempt($$SELECT ltv_history('2024-01-01', 1, 1, c) FROM (VALUES (1e17), (0.01)) v(c)$$);
SELECT attempt($$SELECT '[{"on":"2024-01-01","amount":99999999999999999}]'::ltv_history || '[{"on":"2024-01-01","amount":0.01}]'$$);
-- sums past 18 digits, and past 64 bits, are exact
SELECT ltv_revenue(h), ltv_quantity(h), ltv_cost(h), ltv_gross_profit(h)
FROM (SELECT ltv_history('2024-01-01', 999999999999999999, 999999999999999999, -999999999999999999) AS h FROM generate_series(1, 1000)) t;
SELECT ltv_revenue(h) = 1000 * 999999999999.999999 AS revenue, ltv_gross_profit(h) = 1000 * (999999999999.999999 + 999999999999999999) AS gross_profit,
       ltv_average_order_value(h) AS average
FROM (SELECT ltv_history('2024-01-01', 999999999999.999999, 1, -999999999999999999) AS h FROM generate_series(1, 1000)) t;
-- in an orders relation the same numbers come from integer columns and from numeric ones of any stored form
CREATE TABLE o (customer_id int, ordered_on date, amount numeric, quantity numeric, cost numeric);
INSERT INTO o SELECT i, '2024-01-01', v, v, v FROM n;
SELECT count(*) FILTER (WHERE s.revenue::text <> v::text OR s.quantity::text <> v::text OR s.gross_profit::text <> (v - v)::text
                           OR s.average_order_value::text IS DISTINCT FROM (CASE WHEN v >= 0 THEN v / 1 END)::text) AS differ, count(*)
FROM ltv_customer_summary('o', '2024-12-31', NULL::int) s JOIN n ON i = customer_id;
ALTER TABLE o ALTER amount TYPE bigint USING trunc(amount), ALTER quantity TYPE smallint USING mod(trunc(quantity), 32768), ALTER cost TYPE int USING mod(trunc(cost), 2147483648);
SELECT count(*) FILTER (WHERE s.revenue::text <> o.amount::text OR s.quantity::text <> o.quantity::text OR s.gross_profit::text <> (o.amount - o.cost)::text) AS differ
FROM ltv_customer_summary('o', '2024-12-31', NULL::int) s JOIN o USING (customer_id);
INSERT INTO o VALUES (0, '2024-01-01', 1000000000000000000, 1, 1);
SELECT attempt($$SELECT count(*) FROM ltv_customer_summary('o', '2024-12-31')$$);
UPDATE o SET amount = -9223372036854775808 WHERE customer_id = 0;
SELECT attempt($$SELECT count(*) FROM ltv_customer_summary('o', '2024-12-31')$$);
