-- ltv_acquisition: what new customers cost, and what they bring in
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\set shops :top '/test/label_shops.sql'
\set ECHO none
\i :shops
\i :helpers
\set ECHO all

/*
 * By hand, as of 2024-06-30, within 60 days: who came up to 1 May is observed.  A cost of goods of 40 %.
 * Customer 1, web: trial on 15 January, main on 10 February and on 15 March, day 60; what comes on the next day is too late.  A letter of 80 in February; one of 7
 * before the first order counts for nothing.  Contribution 600 in month 0, 3000 - 80 in month 1, 3000 in month 2: 6520 of 11000.
 * 2, web: trial on 31 January, sent back in February: 600, then -600.  3, tv: main on 20 January, 3000, and a letter of 50 on 20 March, day 60: 2950 of 5000.
 * 4, web: trial on 29 February, main on 30 April, day 61: 600 of 1000.  5, of no code: main on 10 February, 2000 of 3000.
 * 6, web: trial on 2 May, main in June, not observed.  7, web: trial on 1 May, 600 of 1000.  8 sends back alone, and guests are nobody.
 * Spent: January 3000 on web and 1000 on tv, February 2000 on web, and leads in a row without a cost; March 500 on paper, which brings nobody.
 */
CREATE TABLE small (customer_id int, order_id int, ordered_on date, amount int, cost int, item text, code text, contact text);
INSERT INTO small VALUES
  (1, 1, '2024-01-15', 1000, 400, 'trial', 'web', NULL), (1, 2, '2024-02-10', 5000, 2000, 'main', 'web', NULL), (1, 3, '2024-03-15', 5000, 2000, 'main', 'tv', NULL), (1, 4, '2024-03-16', 7000, 2800, 'main', 'web', NULL),
  (1, NULL, '2024-01-01', NULL, 7, NULL, NULL, 'letter'), (1, NULL, '2024-02-01', NULL, 80, NULL, NULL, 'letter'), (1, NULL, '2024-03-16', NULL, 80, NULL, NULL, 'letter'),
  (2, 5, '2024-01-31', 1000, 400, 'trial', 'web', NULL), (2, 6, '2024-02-03', -1000, -400, 'trial', 'web', NULL), (3, 7, '2024-01-20', 5000, 2000, 'main', 'tv', NULL), (3, NULL, '2024-03-20', NULL, 50, NULL, NULL, 'letter'),
  (4, 8, '2024-02-29', 1000, 400, 'trial', 'web', NULL), (4, 9, '2024-04-30', 5000, 2000, 'main', 'web', NULL), (5, 10, '2024-02-10', 3000, 1000, 'main', NULL, NULL),
  (6, 11, '2024-05-02', 1000, 400, 'trial', 'web', NULL), (6, 12, '2024-06-01', 5000, 2000, 'main', 'web', NULL), (7, 13, '2024-05-01', 1000, 400, 'trial', 'web', NULL), (7, 14, '2024-07-01', 1000, 400, 'main', 'web', NULL),
  (8, 15, '2024-01-02', -100, -40, 'main', 'web', NULL), (NULL, 16, '2024-01-02', 100, 40, 'main', 'web', NULL);
CREATE TABLE spend (spent_on date, cost numeric(12,0), leads int, code text);
INSERT INTO spend VALUES ('2024-01-10', 3000, 10, 'web'), ('2024-01-20', 1000, NULL, 'tv'), ('2024-02-05', 2000, 5, 'web'), ('2024-02-29', NULL, 3, 'web'), ('2024-03-10', 500, 2, 'paper'),
  ('2024-05-20', 900, 4, 'web'), ('2024-06-30', 100, 1, NULL), ('2024-07-01', 9999, 99, 'web'), (NULL, NULL, NULL, 'web');
SELECT period_start, cost, leads, new_customers AS new, cost_per_lead AS cpl, new_per_lead AS npl, round(cost_per_new_customer, 2) AS cpa, main_customers AS main, round(upgrade_rate::numeric, 4) AS rate, round(cpo, 2) AS cpo, first_revenue AS first, round(first_roas::numeric, 4) AS first_roas
FROM ltv_acquisition('small', 'spend', '2024-06-30', within_days => 60, main => '{main}');
SELECT period_start, observed_customers AS observed, round(revenue_per_customer, 2) AS revenue, round(contribution_per_customer, 2) AS contribution, round(roas::numeric, 4) AS roas, round(max_cpo, 2) AS max_cpo, round(contribution_to_cpo::numeric, 4) AS to_cpo, round(profit, 2) AS profit, payback_index AS payback, complete
FROM ltv_acquisition('small', 'spend', '2024-06-30', within_days => 60, main => '{main}');
-- by code: costs without customers, customers without costs, and both without a code
SELECT segment, period_start, cost, leads, new_customers AS new, main_customers AS main, round(cpo, 2) AS cpo, contribution_per_customer AS contribution, max_cpo, round(contribution_to_cpo::numeric, 4) AS to_cpo, profit, payback_index AS payback, complete
FROM ltv_acquisition('small', 'spend', '2024-06-30', within_days => 60, main => '{main}', by => 'code');
-- all time in one row, of all and of each code; a profit of 1000 of each main customer is asked for
SELECT segment, period_start, cost, new_customers AS new, main_customers AS main, observed_customers AS observed, round(contribution_per_customer, 2) AS contribution, max_cpo, round(profit, 2) AS profit, payback_index AS payback, complete
FROM ltv_acquisition('small', 'spend', '2024-04-30', NULL, 30, 1000, by => 'code');
SELECT segment, period_start, cost, leads, new_customers AS new, observed_customers AS observed, complete FROM ltv_acquisition('small', 'spend', '2024-06-30', period => NULL);
-- without main all are main customers; a value of one letter of several; what carries an empty one
SELECT period_start, new_customers AS new, main_customers AS main, upgrade_rate AS rate FROM ltv_acquisition('small', 'spend', '2024-02-29', within_days => 0);
SELECT period_start, main_customers AS main FROM ltv_acquisition('small', 'spend', '2024-02-29', within_days => 0, main => '{trial,main}');
SELECT period_start, main_customers AS main FROM ltv_acquisition('small', 'spend', '2024-06-30', 'quarter', 60, 0, 'code', '{"",tv}');
-- a horizon longer than the data: nobody is observed, and nothing is said of what they bring in
SELECT period_start, observed_customers AS observed, revenue_per_customer, contribution_per_customer, roas, max_cpo, contribution_to_cpo, profit, payback_index, complete, cpo FROM ltv_acquisition('small', 'spend', '2024-02-29', within_days => 2147483647);
-- before the first cost and the first order
SELECT count(*) FROM ltv_acquisition('small', 'spend', '2023-12-31');
SELECT count(*) FROM ltv_acquisition('small', 'spend', '2023-12-31', NULL, by => 'code');
-- without leads, and without known costs of goods
CREATE VIEW plain_spend AS SELECT spent_on, cost::bigint AS cost FROM spend;
CREATE VIEW without_costs AS SELECT customer_id, ordered_on, amount FROM small WHERE contact IS NULL;
SELECT period_start, leads, cost_per_lead, new_per_lead, roas, contribution_per_customer, max_cpo, contribution_to_cpo, profit, payback_index, complete FROM ltv_acquisition('without_costs', 'plain_spend', '2024-04-30', within_days => 30);
-- money comes back: it lowers the cost; nothing comes back for nothing, or less
CREATE VIEW returned AS SELECT spent_on, -cost AS cost FROM plain_spend WHERE spent_on < '2024-02-01' UNION ALL SELECT '2024-01-31', 4010.50 UNION ALL SELECT '2024-02-01', 0;
SELECT period_start, cost, round(cost_per_new_customer, 4) AS cpa, first_roas, roas, contribution_to_cpo AS to_cpo, profit, payback_index AS payback FROM ltv_acquisition('small', 'returned', '2024-04-30', within_days => 60);

-- against plain SQL
CREATE TABLE costs (spent_on date, cost numeric, leads numeric, medium text);
CREATE TABLE letters (customer_id int, ordered_on date, cost numeric);
CREATE VIEW with_letters AS SELECT customer_id, order_id, ordered_on, amount, quantity, cost, item, coupon, medium, NULL::text AS contact FROM shop_lines
  UNION ALL SELECT customer_id, NULL, ordered_on, NULL, NULL, cost, NULL, NULL, NULL, 'letter' FROM letters;
CREATE VIEW letters_first AS SELECT * FROM with_letters ORDER BY contact, md5(with_letters::text);
CREATE PROCEDURE make_costs(seed text) LANGUAGE sql AS $$
TRUNCATE costs, letters;
INSERT INTO costs SELECT date '2022-11-01' + pick(seed, 'spent ' || i, 900), CASE WHEN pick(seed, 'nothing ' || i, 8) > 0 THEN round((pick(seed, 'cost ' || i, 60000) - 3000) / 100.0, pick(seed, 'places ' || i, 3)) END,
  CASE WHEN pick(seed, 'asked ' || i, 3) > 0 THEN pick(seed, 'leads ' || i, 9) END, (ARRAY['web', '新聞', NULL, 'radio'])[1 + pick(seed, 'on ' || i, 4)] FROM generate_series(1, 60) i;
INSERT INTO letters SELECT 1 + pick(seed, 'to ' || i, 60), date '2022-12-15' + pick(seed, 'sent ' || i, 500), nullif(pick(seed, 'stamp ' || i, 90) - 5, 0) / 10.0 FROM generate_series(1, 250) i;
$$;
CREATE FUNCTION expected(every text, within int, target numeric, wanted text[], by_medium bool)
RETURNS TABLE (segment text, period_start date, cost numeric, leads numeric, new bigint, cpl numeric, npl float8, cpa numeric, main bigint, rate float8, cpo numeric, first numeric, first_roas numeric,
  observed bigint, revenue numeric, contribution numeric, roas numeric, max_cpo numeric, to_cpo numeric, profit numeric, payback int, complete bool, place bigint) LANGUAGE sql STABLE AS $$
WITH started AS (
    SELECT customer_id, ordered_on AS day, amount, CASE WHEN by_medium THEN coalesce(medium, '(none)') ELSE '' END AS segment, coalesce(date_trunc(every, ordered_on)::date, '-infinity') AS period, ordered_on + within <= as_of() AS observed,
      wanted IS NULL OR EXISTS (SELECT FROM purchase x JOIN line l USING (p) WHERE x.customer_id = f.customer_id AND x.n IS NOT NULL AND x.ordered_on <= f.ordered_on + within AND l.label = ANY (wanted)) AS main
    FROM purchase f WHERE n = 1),
  events AS (
    SELECT s.segment, s.period, x.ordered_on, s.day, x.amount, x.cost, 0 AS letter FROM started s JOIN purchase x USING (customer_id) WHERE s.observed AND x.ordered_on BETWEEN s.day AND s.day + within
    UNION ALL SELECT s.segment, s.period, x.ordered_on, s.day, 0, 0, coalesce(x.cost, 0) FROM started s JOIN letters x USING (customer_id) WHERE s.observed AND x.ordered_on BETWEEN s.day AND s.day + within),
  months AS (
    SELECT e.segment, period, (extract(year FROM ordered_on) - extract(year FROM day)) * 12 + extract(month FROM ordered_on) - extract(month FROM day) AS month,
      sum(amount) AS revenue, sum(amount - coalesce(e.cost, 0) - letter) AS contribution, count(*) FILTER (WHERE e.cost IS NULL) AS unknown FROM events e GROUP BY 1, 2, 3),
  running AS (SELECT m.segment, period, month, sum(contribution) OVER w AS contribution, sum(unknown) OVER w AS unknown FROM months m WINDOW w AS (PARTITION BY m.segment, period ORDER BY month)),
  earned AS (SELECT m.segment, period, sum(revenue) AS revenue, CASE WHEN sum(unknown) = 0 THEN sum(contribution) END AS contribution FROM months m GROUP BY 1, 2),
  acquired AS (SELECT s.segment, period, count(*) AS new, count(*) FILTER (WHERE s.main) AS main, sum(amount) AS first, count(*) FILTER (WHERE s.observed) AS observed FROM started s GROUP BY 1, 2),
  spent AS (SELECT CASE WHEN by_medium THEN coalesce(medium, '(none)') ELSE '' END AS segment, coalesce(date_trunc(every, spent_on)::date, '-infinity') AS period, coalesce(sum(c.cost), 0) AS cost, coalesce(sum(c.leads), 0) AS leads
    FROM costs c WHERE spent_on <= as_of() AND (c.cost IS NOT NULL OR c.leads IS NOT NULL) GROUP BY 1, 2),
  rows AS (SELECT segment, period, coalesce(s.cost, 0) AS cost, coalesce(s.leads, 0) AS leads, coalesce(a.new, 0) AS new, coalesce(a.main, 0) AS main, coalesce(a.first, 0) AS first, coalesce(a.observed, 0) AS observed,
      coalesce(e.revenue, 0) AS revenue, CASE WHEN coalesce(a.observed, 0) = 0 THEN 0 ELSE e.contribution END AS contribution
    FROM spent s FULL JOIN acquired a USING (segment, period) LEFT JOIN earned e USING (segment, period))
SELECT nullif(nullif(segment, ''), '(none)'), nullif(period, '-infinity'), cost, leads, new, round(cost / nullif(leads, 0), 6), new / nullif(leads, 0)::float8, round(cost / nullif(new, 0), 6), main, main / nullif(new, 0)::float8, round(cost / nullif(main, 0), 6), first,
  CASE WHEN cost > 0 THEN round(first / cost, 9) END, observed, round(revenue / nullif(observed, 0), 6), round(contribution / nullif(observed, 0), 6), CASE WHEN cost > 0 THEN round(revenue * new / nullif(observed, 0) / cost, 9) END,
  CASE WHEN observed = new THEN round(contribution / nullif(main, 0) - target, 6) END, CASE WHEN observed = new AND cost > 0 THEN round(contribution / cost, 9) END,
  round(CASE WHEN observed = new THEN contribution ELSE contribution * new / nullif(observed, 0) END - cost, 6),
  CASE WHEN observed = new THEN (SELECT min(month) FROM running m WHERE m.segment = r.segment AND m.period = r.period AND m.unknown = 0 AND m.contribution >= r.cost) END, observed = new,
  row_number() OVER (ORDER BY nullif(segment, '(none)') COLLATE "C", period)
FROM rows r $$;
CREATE FUNCTION report_call(every text, within int, target numeric, wanted text[], by_medium bool) RETURNS text LANGUAGE sql AS $$
SELECT format($q$SELECT segment, period_start, cost, leads::numeric, new_customers, round(cost_per_lead, 6), new_per_lead, round(cost_per_new_customer, 6), main_customers, upgrade_rate, round(cpo, 6), first_revenue, round(first_roas::numeric, 9), observed_customers,
  round(revenue_per_customer, 6), round(contribution_per_customer, 6), round(roas::numeric, 9), round(max_cpo, 6), round(contribution_to_cpo::numeric, 9), round(profit, 6), payback_index, complete, ordinality
  FROM ltv_acquisition(RELATION, 'costs', AS_OF, %L, %L, %L, LABEL, %L, %L) WITH ORDINALITY$q$, every, within, target, wanted, CASE WHEN by_medium THEN 'medium' END) $$;
CALL make_costs('acquisition 1');
SELECT every, within, main, by_medium, c.* FROM (VALUES ('month', 90, 0, NULL, false), ('quarter', 30, 12.5, '{main,cream}', false), ('year', 365, -3, '{石鹸,"",welcome,2}', true), ('week', 0, 0, '{a,mail,0}', true), (NULL, 200, 0, '{trial,welcome,1,3}', true), ('month', 120, 0, NULL, true)) v(every, within, target, main, by_medium),
  compare(report_call(every, within, target, main::text[], by_medium), format('SELECT * FROM expected(%L, %s, %s, %L, %L)', every, within, target, main, by_medium), '{letters_first}', 2) c;

-- from stored histories; who is main is not known there
CREATE VIEW stored AS SELECT customer_id, ltv_history(ordered_on, amount, 1, cost, contact IS NOT NULL) AS history, min(code) AS code FROM small WHERE customer_id IS NOT NULL GROUP BY 1;
SELECT count(*) AS rows, count(*) FILTER (WHERE a IS DISTINCT FROM b) AS differences FROM ltv_acquisition('small', 'spend', '2024-06-30', within_days => 60) a FULL JOIN ltv_acquisition('stored', 'spend', '2024-06-30', within_days => 60) b USING (period_start);
SELECT segment, sum(new_customers) AS new FROM ltv_acquisition('stored', 'spend', '2024-06-30', by => 'code') GROUP BY 1 ORDER BY 1;

-- in several processes, and in little memory
CREATE TABLE large AS SELECT customer_id + 100 * i AS customer_id, order_id, ordered_on, amount, quantity, cost, item, medium, contact FROM with_letters, generate_series(1, 100) i;
ANALYZE large;
CREATE TEMP TABLE alone AS SELECT * FROM ltv_acquisition('large', 'costs', '2024-12-31', main => '{main}', by => 'medium') UNION ALL SELECT * FROM ltv_acquisition('large', 'costs', '2024-12-31');
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET work_mem = '64kB';
CREATE TEMP TABLE together AS SELECT * FROM ltv_acquisition('large', 'costs', '2024-12-31', main => '{main}', by => 'medium') UNION ALL SELECT * FROM ltv_acquisition('large', 'costs', '2024-12-31');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET work_mem;
SELECT (SELECT sum(new_customers) FROM alone) AS customers, (SELECT count(*) FROM (TABLE alone EXCEPT ALL TABLE together) x) + (SELECT count(*) FROM (TABLE together EXCEPT ALL TABLE alone) x) AS differences;

/*
 * Bad input
 */
CREATE VIEW without_day AS SELECT cost, code FROM spend;
CREATE VIEW without_cost AS SELECT spent_on, leads FROM spend;
CREATE VIEW at_times AS SELECT spent_on::timestamp AS spent_on, cost FROM spend;
CREATE VIEW as_text AS SELECT spent_on, cost::text AS cost FROM spend;
CREATE VIEW as_money AS SELECT spent_on, cost::numeric::money AS cost FROM spend;
CREATE VIEW as_float AS SELECT spent_on, cost::float8 AS cost FROM spend;
CREATE VIEW text_leads AS SELECT spent_on, cost, leads::text AS leads FROM spend;
CREATE VIEW half_leads AS SELECT spent_on, cost, leads / 2.0 AS leads FROM spend;
CREATE VIEW whole_leads AS SELECT spent_on, cost, leads::numeric(10,3) AS leads FROM spend;
CREATE VIEW negative_leads AS SELECT spent_on, cost, -leads AS leads FROM spend;
CREATE VIEW no_number AS SELECT spent_on, numeric 'NaN' AS cost FROM spend;
CREATE VIEW too_large AS SELECT spent_on, 1e18::numeric AS cost FROM spend;
CREATE VIEW too_fine AS SELECT spent_on, 0.0000001 AS cost FROM spend;
CREATE VIEW sometime AS SELECT NULL::date AS spent_on, cost FROM spend;
CREATE VIEW always AS SELECT CASE leads WHEN 10 THEN '-infinity' ELSE 'infinity' END::date AS spent_on, cost FROM spend WHERE leads = 10;
CREATE VIEW many_leads AS SELECT spent_on, 1 AS cost, 900000000000000000 AS leads FROM spend, generate_series(1, 11) WHERE spent_on = '2024-01-10';
CREATE INDEX an_index ON spend (spent_on);
SELECT answer_to(format('SELECT count(*) FROM ltv_acquisition(%s)', arguments)) FROM unnest(ARRAY['''small'', NULL', '''small'', ''spend'', NULL', '''small'', ''spend'', ''infinity''', '''small'', ''an_index''', '''small'', ''without_day''', '''small'', ''without_cost''', '''small'', ''at_times''',
	'''small'', ''as_text''', '''small'', ''as_money''', '''small'', ''as_float''', '''small'', ''text_leads''', '''small'', ''half_leads''', '''small'', ''whole_leads'', ''2024-06-30''', '''small'', ''negative_leads''', '''small'', ''no_number''', '''small'', ''too_large''', '''small'', ''too_fine''',
	'''small'', ''sometime''', '''small'', ''always''', '''small'', ''many_leads''', '''small'', ''spend'', within_days => -1', '''small'', ''spend'', within_days => NULL', '''small'', ''spend'', target_profit => ''NaN''', '''small'', ''spend'', target_profit => NULL', '''small'', ''spend'', main => ''{}''',
	'''small'', ''spend'', main => ''{NULL}''', '''small'', ''spend'', main => ''{{a}}''', '''small'', ''spend'', main => ''{a}'', label => NULL', '''small'', ''spend'', main => ''{a}'', label => ''coupon''', '''small'', ''spend'', by => ''item''', '''small'', ''spend'', by => ''nowhere''', '''small'', ''plain_spend'', by => ''code''',
	'''stored'', ''spend'', main => ''{a}''', '''spend'', ''small''']) WITH ORDINALITY a(arguments, n) ORDER BY n;
-- a view of costs that reads a report over itself
CREATE VIEW snake AS SELECT spent_on, cost FROM spend;
CREATE OR REPLACE VIEW snake AS SELECT period_start AS spent_on, cost::numeric(12,0) FROM ltv_acquisition('small', 'snake', '2024-06-30');
SELECT answer_to($$SELECT count(*) FROM ltv_acquisition('small', 'snake', '2024-06-30')$$);
DROP SCHEMA label_shops CASCADE;
