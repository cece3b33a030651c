/*
 * policy: the composite ltv_policy, its defaults and its checks.
 *
 * Expected values are those of the design: what a policy is by default is
 * written here once more, by hand.
 */
\set ECHO none
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA policy_test;
SET search_path = policy_test, public;
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\i :shops
\set ECHO all

-- the defaults
\x on
SELECT * FROM ltv_policy();
\x off
SELECT ltv_policy() = ROW(18000, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy AS defaults;

-- by name, each of them alone: every other one stays
SELECT count(*) FILTER (WHERE made = wanted) AS as_wanted, count(*) FILTER (WHERE made = ltv_policy()) AS unchanged FROM (VALUES
	(ltv_policy(benchmark_annual_revenue => 1.5), ROW(1.5, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy),
	(ltv_policy(benchmark_annual_orders => 1), ROW(18000, 1, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy),
	(ltv_policy(dormant_days => 1), ROW(18000, 3, 1, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy),
	(ltv_policy(churned_days => 999), ROW(18000, 3, 180, 999, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy),
	(ltv_policy(cpm_lapsed_days => 1), ROW(18000, 3, 180, 365, 1, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy),
	(ltv_policy(cpm_steady_days => 1), ROW(18000, 3, 180, 365, 240, 1, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy),
	(ltv_policy(cpm_loyal_days => 999), ROW(18000, 3, 180, 365, 240, 90, 999, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy),
	(ltv_policy(cpm_revenue => 1), ROW(18000, 3, 180, 365, 240, 90, 210, 1, 0.40, 0.70, 0.50, 12)::ltv_policy),
	(ltv_policy(benchmark_repeat_rate => 0.3), ROW(18000, 3, 180, 365, 240, 90, 210, 70000, 0.3, 0.70, 0.50, 12)::ltv_policy),
	(ltv_policy(returning_share_high => 0.8), ROW(18000, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.8, 0.50, 12)::ltv_policy),
	(ltv_policy(returning_share_low => 0.6), ROW(18000, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.6, 12)::ltv_policy),
	(ltv_policy(benchmark_months => 24), ROW(18000, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 24)::ltv_policy)) t(made, wanted);

-- by position, and the limits: zero everywhere, equal days, the largest numbers
SELECT ltv_policy(1, 2, 3, 4, 5, 6, 7, 8, 0.9, 0.11, 0.10, 12) AS by_position, ltv_policy(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) AS zero,
	ltv_policy(dormant_days => 365, cpm_steady_days => 210) AS equal_days;
SELECT ltv_policy(999999999999999999, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647, 2147483647, 999999999999.999999, 1, 1, 1, 2147483647) AS largest;

-- a policy is a value: it can be stored, compared and dumped as text
CREATE TABLE policies (name text, policy ltv_policy);
INSERT INTO policies VALUES ('usual', ltv_policy()), ('strict', ltv_policy(dormant_days => 60, churned_days => 120));
SELECT name, policy, (policy).churned_days, policy = (policy::text)::ltv_policy AS through_text FROM policies ORDER BY name COLLATE "C";

-- every check of ltv_policy()
SELECT given, error_of(format('SELECT ltv_policy(%s)', given)) FROM (VALUES
	('benchmark_annual_revenue => -0.01'), ('benchmark_annual_orders => -1'), ('dormant_days => -1'), ('churned_days => -1'),
	('cpm_lapsed_days => -1'), ('cpm_steady_days => -1'), ('cpm_loyal_days => -1'), ('cpm_revenue => -1'),
	('benchmark_repeat_rate => -0.1'), ('benchmark_repeat_rate => 40'), ('returning_share_high => 1.000001'), ('returning_share_low => 0.71'), ('returning_share_high => 0.49'),
	('benchmark_months => 0'), ('benchmark_months => -12'), ('benchmark_repeat_rate => NULL'), ('returning_share_high => NULL'), ('returning_share_low => NULL'), ('benchmark_months => NULL'),
	('benchmark_repeat_rate => ''NaN'''), ('benchmark_repeat_rate => 0.3333333'),
	('dormant_days => 366'), ('churned_days => 179'), ('cpm_steady_days => 211'), ('cpm_loyal_days => 89'),
	('benchmark_annual_revenue => NULL'), ('benchmark_annual_orders => NULL'), ('dormant_days => NULL'), ('churned_days => NULL'),
	('cpm_lapsed_days => NULL'), ('cpm_steady_days => NULL'), ('cpm_loyal_days => NULL'), ('cpm_revenue => NULL'),
	('benchmark_annual_revenue => ''NaN'''), ('cpm_revenue => ''NaN'''), ('benchmark_annual_revenue => ''infinity'''), ('cpm_revenue => ''-infinity'''),
	('benchmark_annual_revenue => 0.0000001'), ('benchmark_annual_revenue => 1000000000000000000'), ('cpm_revenue => 1e20')) t(given);

/*
 * A row made by hand has passed no check; whatever uses it makes up for that.
 */
SELECT given, users, error_of(format(statement, given))
FROM (VALUES
	('ROW(NULL, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)'), ('ROW(18000, NULL, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)'), ('ROW(18000, 3, NULL, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)'),
	('ROW(18000, 3, 180, NULL, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)'), ('ROW(18000, 3, 180, 365, NULL, 90, 210, 70000, 0.40, 0.70, 0.50, 12)'), ('ROW(18000, 3, 180, 365, 240, NULL, 210, 70000, 0.40, 0.70, 0.50, 12)'),
	('ROW(18000, 3, 180, 365, 240, 90, NULL, 70000, 0.40, 0.70, 0.50, 12)'), ('ROW(18000, 3, 180, 365, 240, 90, 210, NULL, 0.40, 0.70, 0.50, 12)'), ('ROW(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)'),
	('ROW(18000, 3, 180, 365, 240, 90, 210, 70000, 40, 0.70, 0.50, 12)'), ('ROW(18000, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.71, 12)'), ('ROW(18000, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 0)'),
	('ROW(''NaN'', 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)'), ('ROW(-1, 3, 180, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)'), ('ROW(18000, 3, 366, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)'),
	('ROW(18000, 3, 180, 365, 240, 211, 210, 70000, 0.40, 0.70, 0.50, 12)'), ('ROW(18000, 3, 180, 365, 240, 90, 210, ''infinity'', 0.40, 0.70, 0.50, 12)')) g(given),
	LATERAL (VALUES
	('ltv_stage', 'SELECT ltv_stage(''[{"on":"2024-01-01","amount":1}]'', ''2024-01-01'', %s::ltv_policy)')) u(users, statement);
CREATE TABLE orders (customer_id integer, ordered_on date, amount integer);
INSERT INTO orders VALUES (1, '2024-01-01', 1);
SELECT users, error_of(format(statement, 'ROW(18000, 3, 180, NULL, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12)::ltv_policy')) FROM (VALUES
	('ltv_summarize', 'SELECT ltv_summarize(''[]'', ''2024-01-01'', %s)'),
	('ltv_customer_summary', 'SELECT ltv_customer_summary(''orders'', ''2024-01-01'', policy => %s)'),
	('ltv_customer_summary, typed', 'SELECT ltv_customer_summary(''orders'', ''2024-01-01'', NULL::integer, %s)')) u(users, statement);
-- no policy at all: strict functions give NULL, reports say so
SELECT ltv_stage('[{"on":"2024-01-01","amount":1}]', '2024-01-01', NULL) IS NULL AS stage, ltv_summarize('[]', '2024-01-01', NULL) IS NULL AS summary,
	error_of('SELECT ltv_customer_summary(''orders'', ''2024-01-01'', policy => NULL)') AS report;

-- policies that change from row to row within one call site
SELECT n, ltv_stage('[{"on":"2024-01-01","amount":1}]', '2024-01-11', policy) FROM (VALUES (1, ltv_policy()), (2, ltv_policy(dormant_days => 9)),
	(3, ltv_policy(dormant_days => 9, churned_days => 9)), (4, ltv_policy()), (5, ltv_policy(1, 1)), (6, ltv_policy(dormant_days => 10))) t(n, policy) ORDER BY n;

-- a type that was altered: what was added at the end means nothing, anything else is an error
BEGIN;
DROP TABLE policies;
ALTER TYPE ltv_policy ADD ATTRIBUTE more integer;
SELECT ltv_stage('[{"on":"2024-01-01","amount":1}]', '2024-01-11', ROW(18000, 3, 9, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12, 1)::ltv_policy);
ALTER TYPE ltv_policy ALTER ATTRIBUTE cpm_revenue TYPE integer;
SELECT error_of('SELECT ltv_stage(''[]'', ''2024-01-11'', ROW(18000, 3, 9, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12, 1)::ltv_policy)');
ALTER TYPE ltv_policy DROP ATTRIBUTE benchmark_annual_orders;
SELECT error_of('SELECT ltv_stage(''[]'', ''2024-01-11'', ROW(18000, 9, 365, 240, 90, 210, 70000, 0.40, 0.70, 0.50, 12, 1)::ltv_policy)');
ROLLBACK;
