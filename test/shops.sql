-- Random shops for the topics of the reports, and slow, obvious SQL that says what is right.  Nothing here calls the
-- extension but to store histories.
--
-- shops lists 5 shapes x 3 types of ids, each as orders, as lines of orders and as stored histories.  The seed is the one
-- number below; whatever it is, reports and oracles must agree.
SET client_min_messages = warning;
\ir chance.sql

CREATE FUNCTION seed() RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 20240229';

-- a number from 0 to 1 for the i-th thing of a kind
CREATE FUNCTION dice(i int, kind int) RETURNS double precision LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(i::bigint * 1000 + kind, seed()::bigint) & 1048575) / 1048576.0 $$;

-- order rows of a shape: customer (NULL = guest), day, amount, cost (NULL = unknown)
CREATE FUNCTION shape_rows(shape text) RETURNS TABLE (customer int, ordered_on date, amount numeric, cost numeric)
LANGUAGE sql AS
$$
    -- everybody orders once, in two years
    SELECT i, date '2022-06-01' + (dice(i, 1) * 730)::int, round((dice(i, 2) * 30000)::numeric, 0), round((dice(i, 3) * 9000)::numeric, 0)
    FROM generate_series(1, 200) i WHERE shape = 'one_time'
UNION ALL
    -- a delivery every 30 days or so, up to 24 times
    SELECT i, date '2022-01-01' + (dice(i, 1) * 600)::int + n * 30 + (dice(i * 50 + n, 2) * 5)::int, 2980, 900
    FROM generate_series(1, 80) i, generate_series(0, 23) n WHERE shape = 'subscribers' AND n <= dice(i, 3) * 24
UNION ALL
    -- every third row is a refund: some come first, some customers have nothing else
    SELECT (dice(i, 1) * 150)::int, date '2022-01-01' + (dice(i, 2) * 850)::int,
        CASE WHEN dice(i, 3) < 0.33 THEN -round((dice(i, 4) * 4000)::numeric, 2) - 0.01 ELSE round((dice(i, 4) * 12000)::numeric, 2) END,
        round((dice(i, 5) * 2000)::numeric, 1)
    FROM generate_series(1, 500) i WHERE shape = 'refunds'
UNION ALL
    SELECT (dice(i, 1) ^ 2 * 120)::int, date '2024-02-29', round((dice(i, 2) * 5000)::numeric, 0), 100
    FROM generate_series(1, 250) i WHERE shape = 'one_day'
UNION ALL
    -- up to 40 orders in ten years, amounts of 0 to 3 decimal places, some costs unknown
    SELECT i, date '2014-03-01' + (dice(i, 1) * 3000)::int + (dice(i * 50 + n, 2) ^ 3 * (1000 * dice(i, 4)))::int,
        round((dice(i * 50 + n, 3) * 20000)::numeric, (dice(i, 5) * 3)::int), CASE WHEN dice(i, 6) > 0.1 THEN 700.5 END
    FROM generate_series(1, 150) i, generate_series(0, 39) n WHERE shape = 'ten_years' AND n <= dice(i, 7) ^ 4 * 40
UNION ALL
    -- in every shop: the edges of the year that ends with 2024-02-29, that day, the day after, and guests
    SELECT 100000 + d.k, d.day, 9000 + d.k, 1000 FROM
        (VALUES (1, date '2023-02-28'), (1, '2023-03-01'), (2, '2024-02-29'), (3, '2024-03-01'), (2, '2023-03-01')) d(k, day)
    WHERE shape <> 'one_day'
UNION ALL
    SELECT NULL, date '2024-02-01' + i, CASE WHEN i % 4 = 0 THEN -10 ELSE 500 + i END, NULL FROM generate_series(0, 40) i
$$;

-- the day of the question: what lines are as of
CREATE FUNCTION as_of() RETURNS date LANGUAGE sql STABLE AS $$ SELECT current_setting('shops.as_of')::date $$;
CREATE TABLE shops (shape text, ids text, form text, relation regclass, base regclass);

-- the customer number as an id of a type
CREATE FUNCTION id_expression(ids text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE ids WHEN 'integer' THEN 'customer' WHEN 'text' THEN '''会員-'' || customer' ELSE 'md5(customer::text)::uuid' END $$;

DO $$
DECLARE
    shape text;
    ids text;
    base text;
BEGIN
    FOREACH shape IN ARRAY '{one_time,subscribers,refunds,one_day,ten_years}'::text[] LOOP
        FOREACH ids IN ARRAY '{integer,text,uuid}'::text[] LOOP
            base := format('shop_%s_%s', shape, ids);
            -- the rows in no order at all
            EXECUTE format('CREATE TABLE %I AS SELECT %s AS customer_id, ordered_on, amount, 1 + coalesce(customer, 0) %% 3 AS quantity, cost,
                row_number() OVER (ORDER BY customer, ordered_on, amount, cost) AS order_id
                FROM shape_rows(%L) ORDER BY md5(ordered_on::text || amount || coalesce(customer, 0))', base, id_expression(ids), shape);
            -- one to three lines an order; the first one has the day
            EXECUTE format('CREATE TABLE %I AS SELECT customer_id, ordered_on + (k * 2)::int AS ordered_on,
                CASE WHEN lines = 1 THEN amount WHEN k = 0 THEN amount - (lines - 1) * 33 ELSE 33 END AS amount,
                CASE WHEN k = 0 THEN quantity ELSE 0 END AS quantity,
                CASE WHEN k = 0 THEN cost ELSE 0 END AS cost, order_id
                FROM (SELECT *, 1 + order_id %% 3 AS lines FROM %I) o, generate_series(0, lines - 1) k
                ORDER BY md5(order_id::text || k)', base || '_lines', base);
            EXECUTE format('CREATE VIEW %I AS SELECT customer_id, min(ordered_on) AS ordered_on, sum(amount) AS amount, sum(quantity)::int AS quantity,
                CASE WHEN count(*) = count(cost) THEN sum(cost) END AS cost FROM %I WHERE ordered_on <= as_of() GROUP BY customer_id, order_id', base || '_whole', base || '_lines');
            EXECUTE format('CREATE TABLE %I AS SELECT customer_id, ltv_history(ordered_on, amount, quantity, cost) AS history
                FROM %I GROUP BY customer_id, extract(year FROM ordered_on)', base || '_histories', base);
            INSERT INTO shops VALUES (shape, ids, 'orders', base::regclass, base::regclass),
                (shape, ids, 'lines', (base || '_lines')::regclass, (base || '_whole')::regclass),
                (shape, ids, 'histories', (base || '_histories')::regclass, base::regclass);
        END LOOP;
    END LOOP;
END
$$;

-- Questions: days and policies
CREATE TABLE questions (as_of date, policy ltv_policy);
INSERT INTO questions SELECT as_of, policy
FROM unnest('{2024-02-29,2023-02-28,2024-03-01,2030-01-01,1999-12-31}'::date[]) as_of,
    (VALUES (ltv_policy()), (ltv_policy(5000, 2, 60, 150, 100, 30, 120, 12000.5))) p(policy);

-- The customers with a purchase up to a day, by definition; orders are rows with amount >= 0.
CREATE FUNCTION oracle_customers(base regclass, as_of date, policy ltv_policy)
RETURNS TABLE (customer_id text, orders bigint, revenue numeric, cost numeric, first_order date, last_order date, annual_orders bigint,
    annual_revenue numeric, meets_benchmark boolean, stage text, cpm text) LANGUAGE plpgsql SET jit = off AS
$$
BEGIN
    RETURN QUERY EXECUTE format($query$
        WITH customer AS (
            SELECT customer_id::text AS id, count(*) FILTER (WHERE amount >= 0) AS orders, sum(amount) AS revenue,
                CASE WHEN count(*) = count(cost) THEN sum(cost) END AS cost,
                min(ordered_on) FILTER (WHERE amount >= 0) AS first_order, max(ordered_on) FILTER (WHERE amount >= 0) AS last_order,
                count(*) FILTER (WHERE amount >= 0 AND ordered_on > $1 - interval '1 year') AS annual_orders,
                coalesce(sum(amount) FILTER (WHERE ordered_on > $1 - interval '1 year'), 0) AS annual_revenue
            FROM %s WHERE customer_id IS NOT NULL AND ordered_on <= $1 GROUP BY customer_id
        ), judged AS (
            SELECT *, annual_revenue >= ($2).benchmark_annual_revenue AND annual_orders >= ($2).benchmark_annual_orders AS good
            FROM customer
        )
        SELECT id, orders, revenue, cost, first_order, last_order, annual_orders, annual_revenue, good,
            CASE WHEN orders = 0 THEN NULL
                WHEN $1 - last_order > ($2).churned_days THEN 'churned'
                WHEN $1 - last_order > ($2).dormant_days THEN 'dormant'
                WHEN good THEN 'loyal' WHEN orders >= 2 THEN 'repeat' ELSE 'new' END,
            CASE WHEN $1 - last_order >= ($2).cpm_lapsed_days THEN 'lapsed_' ELSE '' END ||
            CASE WHEN orders = 0 THEN NULL
                WHEN orders = 1 THEN 'first'
                WHEN last_order - first_order < ($2).cpm_steady_days THEN 'toddling'
                WHEN revenue < ($2).cpm_revenue THEN 'steady'
                WHEN last_order - first_order < ($2).cpm_loyal_days THEN 'trendy'
                ELSE 'loyal' END
        FROM judged
    $query$, base) USING as_of, policy;
END
$$;

CREATE FUNCTION differences(one text, other text) RETURNS bigint LANGUAGE sql AS $$ SELECT (rows_and_differences(one, other))[2] $$;

-- A report against its oracle, over all shops and questions: over orders it must say what the oracle says, over lines and
-- stored histories what it says over orders (over those that lines are on that day).  Both are queries with the placeholders RELATION, AS_OF and POLICY.
CREATE FUNCTION compare_everywhere(report text, oracle text)
RETURNS TABLE (shape text, compared bigint, with_rows bigint, oracle_differs bigint, lines_differ bigint, histories_differ bigint) LANGUAGE plpgsql SET jit = off AS
$$
BEGIN
    RETURN QUERY
    WITH asked AS MATERIALIZED (
        SELECT s.shape, s.form, filled(report, s.relation, q.as_of, q.policy) AS question,
            CASE s.form WHEN 'orders' THEN filled(oracle, s.base, q.as_of, q.policy) ELSE filled(report, s.base, q.as_of, q.policy) END AS answer, q.as_of
        FROM shops s, questions q
    ), compared AS MATERIALIZED (
        SELECT a.shape, form, CASE WHEN set_config('shops.as_of', a.as_of::text, false) IS NOT NULL THEN differences(question, answer) > 0 END AS differs,
            form = 'orders' AND (rows_and_differences(question, question))[1] > 0 AS has_rows
        FROM asked a
    )
    SELECT c.shape, count(*), count(*) FILTER (WHERE has_rows), count(*) FILTER (WHERE differs AND form = 'orders'),
        count(*) FILTER (WHERE differs AND form = 'lines'), count(*) FILTER (WHERE differs AND form = 'histories')
    FROM compared c GROUP BY c.shape ORDER BY c.shape;
END
$$;

CREATE FUNCTION filled(query text, relation regclass, as_of date, policy ltv_policy) RETURNS text LANGUAGE sql AS
$$
    SELECT replace(replace(replace(query, 'RELATION', quote_literal(relation::text)), 'AS_OF', quote_literal(as_of) || '::date'),
        'POLICY', quote_literal(policy::text) || '::ltv_policy')
$$;
RESET client_min_messages;
