-- Ids of types of one's own: hashes that collide, for customers and for orders, and casts to text that are not output.
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA ids_test;
SET search_path = ids_test, public;
-- an integer whose values all have the same hash
CREATE TYPE odd;
CREATE FUNCTION odd_in(cstring) RETURNS odd AS 'int4in' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION odd_out(odd) RETURNS cstring AS 'int4out' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE odd (INPUT = odd_in, OUTPUT = odd_out, LIKE = integer);
CREATE FUNCTION odd_eq(odd, odd) RETURNS boolean AS 'int4eq' LANGUAGE internal IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR = (FUNCTION = odd_eq, LEFTARG = odd, RIGHTARG = odd, COMMUTATOR = =, HASHES);
CREATE FUNCTION odd_hash(odd) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN 7;
CREATE FUNCTION odd_hash_extended(odd, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE RETURN 7;
CREATE OPERATOR CLASS odd_ops DEFAULT FOR TYPE odd USING hash AS OPERATOR 1 =, FUNCTION 1 odd_hash(odd), FUNCTION 2 odd_hash_extended(odd, bigint);
CREATE CAST (integer AS odd) WITHOUT FUNCTION;
CREATE CAST (odd AS integer) WITHOUT FUNCTION;
RESET client_min_messages;

-- 1,500 lines of 600 orders of 40 customers, and ten with the same order
CREATE TABLE lines AS SELECT i % 600 % 40 AS customer_id, i % 600 AS order_id, date '2024-01-01' + i * 61 % 360 AS ordered_on, 100 + i * 37 % 901 AS amount FROM generate_series(1, 1500) i;
INSERT INTO lines SELECT 40 + i, 600 + i, date '2024-03-01', 1000 FROM generate_series(0, 9) i;
CREATE VIEW shop AS SELECT customer_id::odd, order_id::odd, ordered_on, amount FROM lines;
-- an order is on the day of its first line
CREATE VIEW plain AS
SELECT customer_id, count(*) AS orders, sum(amount) AS revenue, min(ordered_on) AS first_order, max(ordered_on) AS last_order
FROM (SELECT customer_id, order_id, min(ordered_on) AS ordered_on, sum(amount) AS amount FROM lines GROUP BY customer_id, order_id) o GROUP BY customer_id;
SELECT count(*) AS customers, count(*) FILTER (WHERE (s.orders, s.revenue, s.first_order, s.last_order) IS DISTINCT FROM (p.orders, p.revenue, p.first_order, p.last_order)) AS wrong
FROM ltv_customer_summary('shop', '2024-12-31') s FULL JOIN plain p ON s.customer_id = p.customer_id::text;
SELECT count(*) AS customers, count(*) FILTER (WHERE (s.orders, s.revenue) IS DISTINCT FROM (p.orders, p.revenue)) AS wrong
FROM ltv_customer_summary('shop', '2024-12-31', NULL::odd) s FULL JOIN plain p ON s.customer_id::integer = p.customer_id;
-- without an order of the type, customers with the same revenue come in any
SELECT count(*) AS customers, count(*) FILTER (WHERE (s.recency_days, s.frequency, s.monetary, s.r, s.f, s.m) IS DISTINCT FROM (p.recency_days, p.frequency, p.monetary, p.r, p.f, p.m)) AS wrong,
       bool_and(s.sorted) AS sorted
FROM (SELECT *, monetary <= coalesce(lag(monetary) OVER (), monetary) AS sorted FROM ltv_rfm('shop', '2024-12-31', NULL::odd)) s
FULL JOIN ltv_rfm('lines', '2024-12-31', NULL::integer) p ON s.customer_id::integer = p.customer_id;
-- the same where revenues lie so far apart that 96 bits do not tell them: 40,000 times 18 digits, two customers alike, one who gave all that back
CREATE VIEW rich AS SELECT c::odd AS customer_id, date '2024-01-01' AS ordered_on, CASE WHEN n = 0 THEN 0 WHEN c < 3 THEN 999999999999999999 ELSE -999999999999999999 END AS amount
FROM generate_series(1, 3) c, generate_series(0, 40000) n;
SELECT array_agg(monetary / 40000) AS monetary, array_agg(m) AS m, min(customer_id::integer) FILTER (WHERE monetary > 0) AS one, max(customer_id::integer) FILTER (WHERE monetary > 0) AS other FROM ltv_rfm('rich', '2024-12-31', NULL::odd);
-- the set of customers behind the repeat rate of rows: 31 of 50 twice
SELECT ltv_repeat_rate((i % 50)::odd) AS rate, 31 / 50.0 AS by_hand FROM generate_series(0, 80) i;
SELECT ltv_customer_set_combine('integer {}', 'integer {}') AS nobody, ltv_customer_set_repeat_rate('integer {}') IS NULL AS no_rate;

-- customer_id is shown as customer_id::text would be, also by a cast that takes a typmod, and one that also asks how it was written
CREATE TYPE shade AS ENUM ('light', 'dark');
CREATE TYPE tone AS ENUM ('low', 'high');
CREATE FUNCTION shade_text(shade, integer) RETURNS text LANGUAGE sql IMMUTABLE STRICT RETURN 'shade ' || enum_range(NULL, $1)::text || ' ' || $2;
CREATE FUNCTION tone_text(tone, integer, boolean) RETURNS text LANGUAGE sql IMMUTABLE STRICT RETURN 'tone ' || enum_range(NULL, $1)::text || ' ' || $2 || ' ' || $3;
CREATE CAST (shade AS text) WITH FUNCTION shade_text(shade, integer);
CREATE CAST (tone AS text) WITH FUNCTION tone_text(tone, integer, boolean);
CREATE VIEW shades AS SELECT shade 'dark' AS customer_id, date '2024-01-01' AS ordered_on, 100 AS amount;
CREATE VIEW tones AS SELECT tone 'low' AS customer_id, date '2024-01-01' AS ordered_on, 100 AS amount;
SELECT s.customer_id, s.customer_id = shades.customer_id::text AS as_text FROM ltv_customer_summary('shades', '2024-12-31') s, shades;
SELECT s.customer_id, s.customer_id = tones.customer_id::text AS as_text FROM ltv_customer_summary('tones', '2024-12-31') s, tones;

-- so it is where the text is asked for, and by the reports that only take the relation and the day
SELECT (SELECT customer_id FROM ltv_customer_summary('shades', '2024-12-31', NULL::text)), (SELECT customer_id FROM ltv_customer_summary('tones', '2024-12-31', NULL::text)) AS tones,
       (SELECT customer_id FROM ltv_rfm('shades', '2024-12-31', NULL::text)) AS rfm, (SELECT customer_id FROM ltv_rfm('tones', '2024-12-31')) AS rfm_tones;
CREATE TABLE ids AS SELECT i % 60 - 20 AS id, date '2024-01-01' + i * 61 % 360 AS ordered_on, (i * 37 % 901)::numeric AS amount FROM generate_series(1, 900) i;
CREATE FUNCTION text_ids(type text) RETURNS TABLE (summary bigint, rfm bigint, predict bigint, customers bigint, in_order boolean) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('CREATE VIEW typed AS SELECT %s AS customer_id, ordered_on, amount FROM ids', CASE type WHEN 'boolean' THEN 'id > 0' WHEN 'inet' THEN '''10.0.0.0''::inet + (id + 20)' WHEN 'uuid' THEN 'md5(id::text)::uuid'
		WHEN 'date' THEN 'date ''2020-01-01'' + id' ELSE 'id::' || type END);
	RETURN QUERY EXECUTE format('WITH s AS (SELECT *, customer_id::text AS t FROM ltv_customer_summary(''typed'', ''2024-12-31'', NULL::%1$s)),
		r AS (SELECT *, customer_id::text AS t FROM ltv_rfm(''typed'', ''2024-12-31'', NULL::%1$s) WITH ORDINALITY), p AS (SELECT *, customer_id::text AS t FROM ltv_predict(''typed'', ''2024-12-31'', NULL::%1$s))
		SELECT (SELECT count(*) FROM s JOIN ltv_customer_summary(''typed'', ''2024-12-31'', NULL::text) x ON x.customer_id = t WHERE (s.orders, s.revenue) = (x.orders, x.revenue)),
			(SELECT count(*) FROM r JOIN ltv_rfm(''typed'', ''2024-12-31'') x ON x.customer_id = t JOIN ltv_rfm(''typed'', ''2024-12-31'', NULL::text) y ON y.customer_id = t WHERE (r.recency_days, r.monetary, r.m) = (x.recency_days, x.monetary, x.m) AND x = y),
			(SELECT count(*) FROM p JOIN ltv_predict(''typed'', ''2024-12-31'') x ON x.customer_id = t JOIN ltv_predict(''typed'', ''2024-12-31'', NULL::text) y ON y.customer_id = t WHERE p.predicted_value = x.predicted_value AND x = y),
			(SELECT count(DISTINCT customer_id::text) FROM typed),
			(SELECT array_agg(t ORDER BY ordinality) FROM r) = ARRAY(SELECT customer_id FROM ltv_rfm(''typed'', ''2024-12-31''))', type);
	DROP VIEW typed;
END $$;
SELECT type, t.* FROM unnest('{smallint,integer,bigint,numeric,text,varchar(9),name,char(9),boolean,date,uuid,inet,odd}'::text[]) type, text_ids(type) t;
SELECT pg_typeof(customer_id), count(*) FROM ltv_rfm('lines', '2024-12-31') GROUP BY 1;
SELECT pg_typeof(customer_id), count(*) FROM ltv_predict('lines', '2024-12-31') GROUP BY 1;
-- with more arguments a number would be an id_type
SELECT * FROM ltv_rfm('lines', '2024-12-31', 5, 4) LIMIT 1;
SELECT * FROM ltv_rfm('lines', '2024-12-31', bins => 4) LIMIT 1;

-- a label of an enum of the extension that is gone
BEGIN;
ALTER TYPE ltv_stage RENAME VALUE 'dormant' TO 'asleep';
SELECT * FROM ltv_stages('tones', '2024-12-31');
ROLLBACK;
