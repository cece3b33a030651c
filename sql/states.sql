-- Reports as values: states of every report against the report itself, over the same customers
SET client_min_messages = warning;
SET datestyle = 'ISO, YMD';
CREATE SCHEMA states_test;
SET search_path = states_test, public;
\getenv top PG_ABS_SRCDIR
\set shops :top '/test/random_shops.sql'
\set ECHO none
\i :shops
\set ECHO all

-- one history for each customer, and what a customer is grouped by
CREATE TABLE shop (customer_id integer, history ltv_history, channel text);
CREATE VIEW one_channel AS SELECT customer_id, history FROM shop WHERE channel IS NOT DISTINCT FROM nullif(current_setting('states_test.channel'), '');
CREATE PROCEDURE make_shop(seed integer) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM random_shop(seed);
    TRUNCATE shop;
    INSERT INTO shop SELECT customer_id, ltv_rollup(history), (ARRAY['web', 'paper', '店', NULL])[1 + chance(seed || ' channel ' || customer_id, 4)] FROM shop_histories GROUP BY customer_id;
    -- every third customer got letters, from before the first order on
    UPDATE shop SET history = history || (SELECT ltv_history(date '2022-01-01' + customer_id * 7 + n * 100, NULL, 1, 1.5 * n, true) FROM generate_series(1, 6) n) WHERE customer_id % 3 = 0;
END $$;

-- the report, its state and its rows, with what decides what is gathered and what only computes
CREATE TABLE call (report text, called text, gathered text, computed text);
INSERT INTO call VALUES
  ('overview', '%s, ltv_policy()', '%s, ltv_policy()', ''),
  ('overview', '%s, ltv_policy(benchmark_annual_revenue => 4000.5, churned_days => 200)', '%s, ltv_policy(benchmark_annual_revenue => 4000.5, churned_days => 200)', ''),
  ('periods', '%s', '%s, ''month'', ltv_policy()', ''),
  ('periods', '%s, ''week''', '%s, ''week'', ltv_policy()', ''),
  ('periods', '%s, ''year'', ltv_policy(dormant_days => 10, churned_days => 30)', '%s, ''year'', ltv_policy(dormant_days => 10, churned_days => 30)', ''),
  ('steps', '%s, 12', '%s, 12, NULL, ltv_policy()', ''),
  ('steps', '%s, 2, policy => ltv_policy(dormant_days => 20, churned_days => 50)', '%s, 2, NULL, ltv_policy(dormant_days => 20, churned_days => 50)', ''),
  ('steps', '%s, 12, 60', '%s, 12, 60, ltv_policy()', ''),
  ('steps', '%s, 3, 0', '%s, 3, 0, ltv_policy()', ''),
  ('cohorts', '%s', '%s, ''month''', ''),
  ('cohorts', '%s, ''quarter''', '%s, ''quarter''', ''),
  ('cohorts', '%s, ''day''', '%s, ''day''', ''),
  ('windows', '%s', '%s, ''{30,60,90,180,365}''', ''),
  ('windows', '%s, ''{700,0,90,90}''', '%s, ''{90,700,0,90}''', ''),
  ('windows', '%s, ''{90}'', policy => ltv_policy(1000, 1)', '%s, ''{90}''', ', ltv_policy(1000, 1)'),
  ('silences', '%s, ''{30,90,200}'', 100, ''all''', '%s, ''{200,90,30}'', 100, ''all''', ''),
  ('silences', '%s', '%s, ''{30,60,90,120,180,240,365,540,730}'', 365, ''repeat''', ''),
  ('growth', '%s, 300, policy => ltv_policy(benchmark_annual_revenue => 2000, benchmark_annual_orders => 2)', '%s, 300, ltv_policy(benchmark_annual_revenue => 2000, benchmark_annual_orders => 2)', ''),
  ('deciles', '%s', '%s', ''),
  ('stages', '%s', '%s, ltv_policy()', ''),
  ('stage_flow', 'date ''2022-12-31'', %s', 'date ''2022-12-31'', %s, ltv_policy()', ''),
  ('cpm_groups', '%s, ltv_policy(cpm_revenue => 9000)', '%s, ltv_policy(cpm_revenue => 9000)', ''),
  ('economics', '%s, 0.4', '%s', ', 0.4'),
  ('economics', '%s, 0.35, 500, 100.5, NULL, ltv_policy(benchmark_annual_revenue => 300)', '%s', ', 0.35, 500, 100.5, NULL, ltv_policy(benchmark_annual_revenue => 300)'),
  ('levers', '%s, 0.4, 500', '%s', ', 0.4, 500'),
  ('levers', '%s, 0.4, 500, improvement => 0.2', '%s', ', 0.4, 500, improvement => 0.2'),
  ('payback', '%s, 1000', '%s, ''month''', ', 1000'),
  ('payback', '%s, 900.25, 0.5, ''year''', '%s, ''year''', ', 900.25, 0.5'),
  ('free_shipping', '%s, 5000, 600, 0.4', '%s, 5000, 0.8', ', 600, 0.4'),
  ('free_shipping', '%s, 7000.50, 600, 0.4, 0.333', '%s, 7000.50, 0.333', ', 600, 0.4');

-- the rows of a query in their order, but for guests, who have no history
CREATE FUNCTION rows_of(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text;
BEGIN
    EXECUTE 'SELECT string_agg((to_jsonb(r) - ''guest_orders'')::text, E''\n'') FROM ' || query || ' AS r' INTO answer;
    RETURN coalesce(answer, 'none');
END $$;
CREATE FUNCTION reported(c call, relation text, as_of date) RETURNS text LANGUAGE sql AS $$
SELECT rows_of(format('ltv_%s(%L, %s)', c.report, relation, format(c.called, quote_literal(as_of) || '::date')))
$$;
CREATE FUNCTION gathered(c call, as_of date, h text DEFAULT 'history') RETURNS text LANGUAGE sql AS $$
SELECT format('ltv_%s_state(%s, %s)', c.report, h, format(c.gathered, quote_literal(as_of) || '::date'))
$$;
CREATE FUNCTION shown(c call, state text) RETURNS text LANGUAGE sql AS $$
SELECT rows_of(format('(SELECT (%s) AS s) AS g, ltv_%s_rows(g.s%s)', state, c.report, c.computed))
$$;

-- what differs from the report, of one state of all customers and of states by channel
CREATE FUNCTION differences(seeds int[]) RETURNS TABLE (seed int, report text, called text, what text, here text, there text) LANGUAGE plpgsql AS $$
DECLARE
    c call;
    as_of date;
    found text;
    expected text;
    by_channel text;
    compared int := 0;
BEGIN
    FOREACH seed IN ARRAY seeds LOOP
        CALL make_shop(seed);
        as_of := date '2023-01-01' + chance('as of ' || seed, 900);
        FOR c IN SELECT * FROM call LOOP
            report := c.report; called := c.called;
            expected := reported(c, 'shop', as_of);
            compared := compared + (expected <> 'none')::int;
            what := 'whole'; here := shown(c, format('SELECT %s FROM shop', gathered(c, as_of))); there := expected;
            IF here <> there THEN RETURN NEXT; END IF;
            by_channel := format('SELECT channel, %s AS s FROM shop GROUP BY channel', gathered(c, as_of));
            what := 'rolled up'; here := shown(c, format('SELECT ltv_rollup(s ORDER BY md5(channel || %s)) FROM (%s) p', seed, by_channel));
            IF here <> there THEN RETURN NEXT; END IF;
            what := 'rolled up the other way'; here := shown(c, format('SELECT ltv_rollup(s ORDER BY md5(channel || %s) DESC) FROM (%s) p', seed, by_channel));
            IF here <> there THEN RETURN NEXT; END IF;
            what := 'as text'; here := shown(c, format('SELECT ltv_rollup(s::text::ltv_report_state) FROM (%s) p', by_channel));
            IF here <> there THEN RETURN NEXT; END IF;
            EXECUTE format('SELECT (SELECT %s FROM shop)::text, (SELECT ltv_rollup(s) FROM (%s) p)::text', gathered(c, as_of), by_channel) INTO here, there;
            what := 'bytes';
            IF here IS DISTINCT FROM there THEN RETURN NEXT; END IF;
            FOR found IN SELECT DISTINCT coalesce(channel, '') FROM shop LOOP
                PERFORM set_config('states_test.channel', found, false);
                there := reported(c, 'one_channel', as_of);
                what := 'channel ' || found; here := shown(c, format('SELECT s FROM (%s) p WHERE channel IS NOT DISTINCT FROM nullif(%L, '''')', by_channel, found));
                IF here <> there THEN RETURN NEXT; END IF;
                what := 'filter ' || found; here := shown(c, format('SELECT %s FILTER (WHERE channel IS NOT DISTINCT FROM nullif(%L, '''')) FROM shop', gathered(c, as_of), found));
                IF here <> there THEN RETURN NEXT; END IF;
            END LOOP;
        END LOOP;
    END LOOP;
    seed := NULL; report := NULL; called := NULL; what := 'reports with rows'; here := compared; there := NULL;
    RETURN NEXT;
END $$;
SELECT * FROM differences(ARRAY(SELECT generate_series(1, 6)));

-- A shop that is compared by hand: customer 1 orders for 10 and 20 in January and March, customer 2 for 5 in February, and customer 3 gets a refund only.
-- Until 31 March: two cohorts of one, active in their own periods, and the first one again two months later
CREATE TABLE small (customer_id integer, channel text, history ltv_history);
INSERT INTO small VALUES (1, 'web', '[{"on":"2024-01-05","amount":10},{"on":"2024-03-05","amount":20}]'), (2, 'web', '[{"on":"2024-02-05","amount":5}]'), (3, 'paper', '[{"on":"2024-02-05","amount":-5}]');
SELECT channel, r.cohort, r.period_index, r.customers, r.active, r.revenue, r.cumulative_revenue, r.segment IS NULL AS whole
FROM (SELECT channel, ltv_cohorts_state(history, '2024-03-31', 'month') AS s FROM small GROUP BY channel) g, ltv_cohorts_rows(s) r ORDER BY channel, cohort, period_index;
-- with totals beside the channels: 2 customers of the web, none of paper, 2 in all; one of them is a repeater
SELECT coalesce(channel, 'all') AS channel, r.customers, r.repeaters, r.repeat_rate, r.revenue, r.refund_only, r.guest_orders
FROM (SELECT channel, ltv_overview_state(history, '2024-03-31', ltv_policy()) AS s FROM small GROUP BY ROLLUP (channel)) g, ltv_overview_rows(s) r ORDER BY r.customers, g.channel;
-- nobody and nothing: no state, and no rows of it; rows with a null count for nothing
SELECT ltv_windows_state(history, '2024-03-31', '{30}') IS NULL AS nobody FROM small WHERE false;
SELECT ltv_windows_state(history::ltv_history, day, days) IS NULL AS nulls FROM (VALUES (NULL, date '2024-03-31', '{30}'::int[]), ('[]', NULL, '{30}'), ('[]', '2024-03-31', NULL)) t(history, day, days);
SELECT count(*) AS rows_of_null FROM ltv_overview_rows(NULL);
SELECT ltv_rollup(s) IS NULL AS nothing FROM (VALUES (NULL::ltv_report_state)) t(s);
SELECT ltv_rollup(s)::text = (SELECT ltv_deciles_state(history, '2024-03-31')::text FROM small) AS nulls_in_between
FROM (SELECT ltv_deciles_state(history, '2024-03-31') AS s FROM small GROUP BY customer_id UNION ALL SELECT NULL) t;
-- customers without an order: one row of zeros, as the report has it
SELECT customers, orders, revenue, refund_only FROM (SELECT ltv_overview_state(history, '2024-03-31', ltv_policy()) AS s FROM small WHERE customer_id = 3) g, ltv_overview_rows(s);

-- What by and cohort are in a report is GROUP BY here: states by channel and by the period of the first order have the rows that the report has by and by cohort
CREATE FUNCTION divided_states(report text, called text, gathered text) RETURNS TABLE (period text, segments bigint, rows bigint, differences bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOREACH period IN ARRAY '{day,month,year}'::text[] LOOP
        EXECUTE format('WITH a AS (SELECT to_jsonb(r) AS r FROM ltv_%1$s(''shop'', ''2024-06-30'', %2$s, cohort => %3$L, by => ''channel'') r),
            b AS (SELECT to_jsonb(r) || jsonb_build_object(''segment'', channel, ''cohort'', g.cohort)
                  FROM (SELECT channel, date_trunc(%3$L, ltv_first_order(ltv_between(history, NULL, ''2024-06-30'')))::date AS cohort, ltv_%1$s_state(history, ''2024-06-30'', %4$s) AS s FROM shop GROUP BY 1, 2) g,
                    ltv_%1$s_rows(s) r WHERE g.cohort IS NOT NULL)
          SELECT (SELECT count(DISTINCT (r->''segment'', r->''cohort'')) FROM a), (SELECT count(*) FROM a), (SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) d)', report, called, period, gathered)
          INTO segments, rows, differences;
        RETURN NEXT;
    END LOOP;
END $$;
SELECT report, called, period, segments > 4 AS segments, rows > 8 AS rows, differences
FROM (VALUES ('windows', '''{30,365}''', '''{30,365}'''), ('steps', '4', '4, NULL, ltv_policy()'), ('steps', '4, 100', '4, 100, ltv_policy()'), ('growth', '300', '300, ltv_policy()')) c(report, called, gathered), LATERAL divided_states(report, called, gathered);

CREATE VIEW two AS SELECT a.history AS a, b.history AS b FROM small a, small b WHERE a.customer_id = 1 AND b.customer_id = 2;
-- called by hand, outside of an aggregate: row by row, and combined; rows by hand: 3 months, 2 steps, cohorts of 3 and 2 months, 2 silences, 10 tenths, 5 stages, the flows new to repeat and from nothing to new, 10 groups, 6 elements
SELECT 'overview' AS report, ltv_report_state_combine(ltv_overview_accum(NULL, a, '2024-03-31', ltv_policy()), ltv_overview_accum(NULL, b, '2024-03-31', ltv_policy()))::text = ltv_overview_accum(ltv_overview_accum(NULL, b, '2024-03-31', ltv_policy()), a, '2024-03-31', ltv_policy())::text AS combined,
  ltv_overview_accum(ltv_overview_accum(NULL, b, '2024-03-31', ltv_policy()), a, '2024-03-31', ltv_policy())::text = (SELECT ltv_overview_state(history, '2024-03-31', ltv_policy())::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_overview_rows(ltv_overview_accum(ltv_overview_accum(NULL, b, '2024-03-31', ltv_policy()), a, '2024-03-31', ltv_policy()))) AS rows FROM two
UNION ALL SELECT 'periods' AS report, ltv_report_state_combine(ltv_periods_accum(NULL, a, '2024-03-31', 'month', ltv_policy()), ltv_periods_accum(NULL, b, '2024-03-31', 'month', ltv_policy()))::text = ltv_periods_accum(ltv_periods_accum(NULL, b, '2024-03-31', 'month', ltv_policy()), a, '2024-03-31', 'month', ltv_policy())::text AS combined,
  ltv_periods_accum(ltv_periods_accum(NULL, b, '2024-03-31', 'month', ltv_policy()), a, '2024-03-31', 'month', ltv_policy())::text = (SELECT ltv_periods_state(history, '2024-03-31', 'month', ltv_policy())::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_periods_rows(ltv_periods_accum(ltv_periods_accum(NULL, b, '2024-03-31', 'month', ltv_policy()), a, '2024-03-31', 'month', ltv_policy()))) AS rows FROM two
UNION ALL SELECT 'steps' AS report, ltv_report_state_combine(ltv_steps_accum(NULL, a, '2024-03-31', 3, NULL, ltv_policy()), ltv_steps_accum(NULL, b, '2024-03-31', 3, NULL, ltv_policy()))::text = ltv_steps_accum(ltv_steps_accum(NULL, b, '2024-03-31', 3, NULL, ltv_policy()), a, '2024-03-31', 3, NULL, ltv_policy())::text AS combined,
  ltv_steps_accum(ltv_steps_accum(NULL, b, '2024-03-31', 3, NULL, ltv_policy()), a, '2024-03-31', 3, NULL, ltv_policy())::text = (SELECT ltv_steps_state(history, '2024-03-31', 3, NULL, ltv_policy())::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_steps_rows(ltv_steps_accum(ltv_steps_accum(NULL, b, '2024-03-31', 3, NULL, ltv_policy()), a, '2024-03-31', 3, NULL, ltv_policy()))) AS rows FROM two
UNION ALL SELECT 'cohorts' AS report, ltv_report_state_combine(ltv_cohorts_accum(NULL, a, '2024-03-31', 'month'), ltv_cohorts_accum(NULL, b, '2024-03-31', 'month'))::text = ltv_cohorts_accum(ltv_cohorts_accum(NULL, b, '2024-03-31', 'month'), a, '2024-03-31', 'month')::text AS combined,
  ltv_cohorts_accum(ltv_cohorts_accum(NULL, b, '2024-03-31', 'month'), a, '2024-03-31', 'month')::text = (SELECT ltv_cohorts_state(history, '2024-03-31', 'month')::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_cohorts_rows(ltv_cohorts_accum(ltv_cohorts_accum(NULL, b, '2024-03-31', 'month'), a, '2024-03-31', 'month'))) AS rows FROM two
UNION ALL SELECT 'windows' AS report, ltv_report_state_combine(ltv_windows_accum(NULL, a, '2024-03-31', '{30}'), ltv_windows_accum(NULL, b, '2024-03-31', '{30}'))::text = ltv_windows_accum(ltv_windows_accum(NULL, b, '2024-03-31', '{30}'), a, '2024-03-31', '{30}')::text AS combined,
  ltv_windows_accum(ltv_windows_accum(NULL, b, '2024-03-31', '{30}'), a, '2024-03-31', '{30}')::text = (SELECT ltv_windows_state(history, '2024-03-31', '{30}')::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_windows_rows(ltv_windows_accum(ltv_windows_accum(NULL, b, '2024-03-31', '{30}'), a, '2024-03-31', '{30}'))) AS rows FROM two
UNION ALL SELECT 'silences' AS report, ltv_report_state_combine(ltv_silences_accum(NULL, a, '2024-03-31', '{10,20}', 30, 'all'), ltv_silences_accum(NULL, b, '2024-03-31', '{10,20}', 30, 'all'))::text = ltv_silences_accum(ltv_silences_accum(NULL, b, '2024-03-31', '{10,20}', 30, 'all'), a, '2024-03-31', '{10,20}', 30, 'all')::text AS combined,
  ltv_silences_accum(ltv_silences_accum(NULL, b, '2024-03-31', '{10,20}', 30, 'all'), a, '2024-03-31', '{10,20}', 30, 'all')::text = (SELECT ltv_silences_state(history, '2024-03-31', '{10,20}', 30, 'all')::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_silences_rows(ltv_silences_accum(ltv_silences_accum(NULL, b, '2024-03-31', '{10,20}', 30, 'all'), a, '2024-03-31', '{10,20}', 30, 'all'))) AS rows FROM two
UNION ALL SELECT 'growth' AS report, ltv_report_state_combine(ltv_growth_accum(NULL, a, '2024-03-31', 30, ltv_policy()), ltv_growth_accum(NULL, b, '2024-03-31', 30, ltv_policy()))::text = ltv_growth_accum(ltv_growth_accum(NULL, b, '2024-03-31', 30, ltv_policy()), a, '2024-03-31', 30, ltv_policy())::text AS combined,
  ltv_growth_accum(ltv_growth_accum(NULL, b, '2024-03-31', 30, ltv_policy()), a, '2024-03-31', 30, ltv_policy())::text = (SELECT ltv_growth_state(history, '2024-03-31', 30, ltv_policy())::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_growth_rows(ltv_growth_accum(ltv_growth_accum(NULL, b, '2024-03-31', 30, ltv_policy()), a, '2024-03-31', 30, ltv_policy()))) AS rows FROM two
UNION ALL SELECT 'deciles' AS report, ltv_report_state_combine(ltv_deciles_accum(NULL, a, '2024-03-31'), ltv_deciles_accum(NULL, b, '2024-03-31'))::text = ltv_deciles_accum(ltv_deciles_accum(NULL, b, '2024-03-31'), a, '2024-03-31')::text AS combined,
  ltv_deciles_accum(ltv_deciles_accum(NULL, b, '2024-03-31'), a, '2024-03-31')::text = (SELECT ltv_deciles_state(history, '2024-03-31')::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_deciles_rows(ltv_deciles_accum(ltv_deciles_accum(NULL, b, '2024-03-31'), a, '2024-03-31'))) AS rows FROM two
UNION ALL SELECT 'stages' AS report, ltv_report_state_combine(ltv_stages_accum(NULL, a, '2024-03-31', ltv_policy()), ltv_stages_accum(NULL, b, '2024-03-31', ltv_policy()))::text = ltv_stages_accum(ltv_stages_accum(NULL, b, '2024-03-31', ltv_policy()), a, '2024-03-31', ltv_policy())::text AS combined,
  ltv_stages_accum(ltv_stages_accum(NULL, b, '2024-03-31', ltv_policy()), a, '2024-03-31', ltv_policy())::text = (SELECT ltv_stages_state(history, '2024-03-31', ltv_policy())::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_stages_rows(ltv_stages_accum(ltv_stages_accum(NULL, b, '2024-03-31', ltv_policy()), a, '2024-03-31', ltv_policy()))) AS rows FROM two
UNION ALL SELECT 'stage_flow' AS report, ltv_report_state_combine(ltv_stage_flow_accum(NULL, a, '2024-01-31', '2024-03-31', ltv_policy()), ltv_stage_flow_accum(NULL, b, '2024-01-31', '2024-03-31', ltv_policy()))::text = ltv_stage_flow_accum(ltv_stage_flow_accum(NULL, b, '2024-01-31', '2024-03-31', ltv_policy()), a, '2024-01-31', '2024-03-31', ltv_policy())::text AS combined,
  ltv_stage_flow_accum(ltv_stage_flow_accum(NULL, b, '2024-01-31', '2024-03-31', ltv_policy()), a, '2024-01-31', '2024-03-31', ltv_policy())::text = (SELECT ltv_stage_flow_state(history, '2024-01-31', '2024-03-31', ltv_policy())::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_stage_flow_rows(ltv_stage_flow_accum(ltv_stage_flow_accum(NULL, b, '2024-01-31', '2024-03-31', ltv_policy()), a, '2024-01-31', '2024-03-31', ltv_policy()))) AS rows FROM two
UNION ALL SELECT 'cpm_groups' AS report, ltv_report_state_combine(ltv_cpm_groups_accum(NULL, a, '2024-03-31', ltv_policy()), ltv_cpm_groups_accum(NULL, b, '2024-03-31', ltv_policy()))::text = ltv_cpm_groups_accum(ltv_cpm_groups_accum(NULL, b, '2024-03-31', ltv_policy()), a, '2024-03-31', ltv_policy())::text AS combined,
  ltv_cpm_groups_accum(ltv_cpm_groups_accum(NULL, b, '2024-03-31', ltv_policy()), a, '2024-03-31', ltv_policy())::text = (SELECT ltv_cpm_groups_state(history, '2024-03-31', ltv_policy())::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_cpm_groups_rows(ltv_cpm_groups_accum(ltv_cpm_groups_accum(NULL, b, '2024-03-31', ltv_policy()), a, '2024-03-31', ltv_policy()))) AS rows FROM two
UNION ALL SELECT 'economics' AS report, ltv_report_state_combine(ltv_economics_accum(NULL, a, '2024-03-31'), ltv_economics_accum(NULL, b, '2024-03-31'))::text = ltv_economics_accum(ltv_economics_accum(NULL, b, '2024-03-31'), a, '2024-03-31')::text AS combined,
  ltv_economics_accum(ltv_economics_accum(NULL, b, '2024-03-31'), a, '2024-03-31')::text = (SELECT ltv_economics_state(history, '2024-03-31')::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_economics_rows(ltv_economics_accum(ltv_economics_accum(NULL, b, '2024-03-31'), a, '2024-03-31'), 0.5)) AS rows FROM two
UNION ALL SELECT 'levers' AS report, ltv_report_state_combine(ltv_levers_accum(NULL, a, '2024-03-31'), ltv_levers_accum(NULL, b, '2024-03-31'))::text = ltv_levers_accum(ltv_levers_accum(NULL, b, '2024-03-31'), a, '2024-03-31')::text AS combined,
  ltv_levers_accum(ltv_levers_accum(NULL, b, '2024-03-31'), a, '2024-03-31')::text = (SELECT ltv_levers_state(history, '2024-03-31')::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_levers_rows(ltv_levers_accum(ltv_levers_accum(NULL, b, '2024-03-31'), a, '2024-03-31'), 0.5, 10)) AS rows FROM two
UNION ALL SELECT 'payback' AS report, ltv_report_state_combine(ltv_payback_accum(NULL, a, '2024-03-31', 'month'), ltv_payback_accum(NULL, b, '2024-03-31', 'month'))::text = ltv_payback_accum(ltv_payback_accum(NULL, b, '2024-03-31', 'month'), a, '2024-03-31', 'month')::text AS combined,
  ltv_payback_accum(ltv_payback_accum(NULL, b, '2024-03-31', 'month'), a, '2024-03-31', 'month')::text = (SELECT ltv_payback_state(history, '2024-03-31', 'month')::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_payback_rows(ltv_payback_accum(ltv_payback_accum(NULL, b, '2024-03-31', 'month'), a, '2024-03-31', 'month'), 10)) AS rows FROM two
UNION ALL SELECT 'free_shipping' AS report, ltv_report_state_combine(ltv_free_shipping_accum(NULL, a, '2024-03-31', 10, 0.5), ltv_free_shipping_accum(NULL, b, '2024-03-31', 10, 0.5))::text = ltv_free_shipping_accum(ltv_free_shipping_accum(NULL, b, '2024-03-31', 10, 0.5), a, '2024-03-31', 10, 0.5)::text AS combined,
  ltv_free_shipping_accum(ltv_free_shipping_accum(NULL, b, '2024-03-31', 10, 0.5), a, '2024-03-31', 10, 0.5)::text = (SELECT ltv_free_shipping_state(history, '2024-03-31', 10, 0.5)::text FROM small WHERE customer_id < 3) AS aggregated, (SELECT count(*) FROM ltv_free_shipping_rows(ltv_free_shipping_accum(ltv_free_shipping_accum(NULL, b, '2024-03-31', 10, 0.5), a, '2024-03-31', 10, 0.5), 1, 0.5)) AS rows FROM two;

-- other reports, other arguments: an error that names both
CREATE TABLE state AS
SELECT ltv_cohorts_state(history, '2024-03-31', 'month') AS cohorts, ltv_cohorts_state(history, '2024-03-31', 'week') AS weeks, ltv_payback_state(history, '2024-03-31', 'month') AS payback,
       ltv_windows_state(history, '2024-03-31', '{90,30}') AS windows, ltv_windows_state(history, '2024-03-30', '{30,90}') AS day_before, ltv_stages_state(history, '2024-03-31', ltv_policy()) AS stages,
       ltv_stages_state(history, '2024-03-31', ltv_policy(dormant_days => 100)) AS dormant, ltv_free_shipping_state(history, '2024-03-31', 10, 0.8) AS shipping, ltv_free_shipping_state(history, '2024-03-31', 10.0, 0.80) AS shipping_places
FROM small;
SELECT a || ' and ' || b AS merged, answer_to(format('SELECT ltv_rollup(s ORDER BY n) FROM (SELECT 1 AS n, %I AS s FROM state UNION ALL SELECT 2, %I FROM state) t', a, b)) AS answer
FROM (VALUES ('cohorts', 'payback'), ('cohorts', 'weeks'), ('windows', 'day_before'), ('stages', 'dormant'), ('shipping', 'shipping_places')) t(a, b);
SELECT answer_to('SELECT count(*) FROM state, ltv_payback_rows(cohorts, 100)') AS rows_of_another;
SELECT answer_to('SELECT ltv_cohorts_state(history, date ''2024-03-31'' + customer_id, ''month'') FROM small') AS day_of_the_row;
-- the order in which days are given says nothing
SELECT ltv_windows_state(history, '2024-03-31', '{30,90}')::text = (SELECT windows::text FROM state) AS same FROM small;
-- arguments that the report refuses
SELECT a AS asked, answer_to(format('SELECT ltv_%s FROM small', a)) AS answer FROM unnest(ARRAY['cohorts_state(history, ''infinity'', ''month'')', 'steps_state(history, ''2024-03-31'', 0, NULL, ltv_policy())', 'steps_state(history, ''2024-03-31'', 3, -1, ltv_policy())',
  'windows_state(history, ''2024-03-31'', ''{-1}'')', 'windows_state(history, ''2024-03-31'', ''{1,NULL}'')', 'stage_flow_state(history, ''2024-03-31'', ''2024-03-30'', ltv_policy())',
  'stages_state(history, ''2024-03-31'', ROW(1,1,30,20,1,1,1,1,0.4,0.7,0.5,12)::ltv_policy)', 'free_shipping_state(history, ''2024-03-31'', 0, 0.8)', 'free_shipping_state(history, ''2024-03-31'', 10, 1)']) a;
SELECT a AS asked, answer_to(format('SELECT count(*) FROM (SELECT %s) g, ltv_%s', s, a)) AS answer FROM (VALUES ('ltv_payback_state(history, ''2024-03-31'', ''month'') AS s FROM small', 'payback_rows(s)'),
  ('ltv_free_shipping_state(history, ''2024-03-31'', 10, 0.8) AS s FROM small', 'free_shipping_rows(s, 1)'), ('ltv_economics_state(history, ''2024-03-31'') AS s FROM small', 'economics_rows(s)'),
  ('ltv_economics_state(history, ''2024-03-31'') AS s FROM small', 'economics_rows(s, 0.5, policy => NULL)'), ('ltv_levers_state(history, ''2024-03-31'') AS s FROM small', 'levers_rows(s, 0.5, improvement => 2)')) t(s, a);

-- plans: in parallel, hashed and sorted, with more groups than work_mem holds, grouping sets, and as a window
CREATE TABLE many AS SELECT i AS customer_id, i % 5000 AS segment, ltv_history(date '2022-01-01' + (i * 37 + n * n * 61) % 900, (i * 13 + n * 7) % 500) AS history FROM generate_series(1, 20000) i, generate_series(0, i % 4) n GROUP BY i;
ANALYZE many;
CREATE TABLE expected AS SELECT segment, ltv_cohorts_state(history, '2024-06-30', 'quarter')::text AS cohorts, ltv_deciles_state(history, '2024-06-30')::text AS deciles, ltv_overview_state(history, '2024-06-30', ltv_policy())::text AS overview FROM many GROUP BY segment;
CREATE FUNCTION same_as_expected() RETURNS text LANGUAGE sql AS $$
SELECT format('%s groups, %s others', count(*), count(*) FILTER (WHERE (e.cohorts, e.deciles, e.overview) IS DISTINCT FROM (g.cohorts, g.deciles, g.overview)))
FROM expected e FULL JOIN (SELECT segment, ltv_cohorts_state(history, '2024-06-30', 'quarter')::text AS cohorts, ltv_deciles_state(history, '2024-06-30')::text AS deciles, ltv_overview_state(history, '2024-06-30', ltv_policy())::text AS overview FROM many GROUP BY segment) g USING (segment)
$$;
SET enable_hashagg = off;
SET enable_sort = on;
SELECT plan_has('SELECT segment, ltv_deciles_state(history, ''2024-06-30'') FROM many GROUP BY segment', 'GroupAggregate') AS sorted, same_as_expected();
RESET enable_hashagg;
SET work_mem = '64kB';
SET enable_hashagg = on;
SET enable_sort = off;
SELECT plan_has('SELECT segment, ltv_deciles_state(history, ''2024-06-30'') FROM many GROUP BY segment', 'HashAggregate') AS hashed, same_as_expected();
RESET enable_sort;
RESET enable_hashagg;
RESET work_mem;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT plan_has('SELECT segment, ltv_deciles_state(history, ''2024-06-30'') FROM many GROUP BY segment', 'Partial') AS parallel, same_as_expected();
SELECT (SELECT ltv_steps_state(history, '2024-06-30', 5, 200, ltv_policy()) FROM many)::text = (SELECT ltv_rollup(s)::text FROM (SELECT ltv_steps_state(history, '2024-06-30', 5, 200, ltv_policy()) AS s FROM many GROUP BY segment) t) AS rolled_up;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
-- each total of grouping sets is what its parts roll up to
SELECT count(*) AS totals, count(*) FILTER (WHERE g.s::text = r.s::text) AS equal
FROM (SELECT segment % 7 AS a, segment % 3 AS b, ltv_windows_state(history, '2024-06-30', '{30,365}') AS s FROM many GROUP BY CUBE (segment % 7, segment % 3)) g
JOIN LATERAL (SELECT ltv_rollup(s) AS s FROM (SELECT segment % 7 AS a, segment % 3 AS b, ltv_windows_state(history, '2024-06-30', '{30,365}') AS s FROM many GROUP BY 1, 2) p
              WHERE (g.a IS NULL OR p.a = g.a) AND (g.b IS NULL OR p.b = g.b)) r ON true;
-- each group with arguments of its own
SELECT count(*) AS days, count(*) FILTER (WHERE s::text = (SELECT ltv_periods_state(history, day, 'month', ltv_policy())::text FROM many WHERE segment < 50)) AS equal
FROM (SELECT day, ltv_periods_state(history, day, 'month', ltv_policy()) AS s FROM many, generate_series(date '2022-01-31', '2024-06-30', '1 month') AS t(moment), LATERAL (SELECT moment::date) d(day) WHERE segment < 50 GROUP BY day) g;
-- a running total by customer
SELECT bool_and(running = alone) AS running FROM (SELECT customer_id, ltv_deciles_state(history, '2024-06-30') OVER (ORDER BY customer_id)::text AS running,
  (SELECT ltv_deciles_state(history, '2024-06-30')::text FROM many m WHERE m.customer_id <= o.customer_id) AS alone FROM many o WHERE customer_id <= 50) t;

-- sizes: what is kept is packed
SELECT pg_column_size(ltv_windows_state(history, '2024-06-30', '{30,60,90,180,365}')) < 250 AS windows, pg_column_size(ltv_periods_state(history, '2024-06-30', 'month', ltv_policy())) < 1000 AS periods,
       pg_column_size(ltv_cohorts_state(history, '2024-06-30', 'month')) < 8000 AS cohorts, pg_column_size(ltv_steps_state(history, '2024-06-30', 12, NULL, ltv_policy())) < 10000 AS steps FROM many;

-- bytes: every third bit of a small state, so each byte twice or more, is turned round.  An error, or a value that says itself again, also when it is merged; and its rows come or are refused
CREATE FUNCTION try_state(state text, report text, computed text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    s ltv_report_state;
    again text;
BEGIN
    BEGIN
        s := state::ltv_report_state;
    EXCEPTION WHEN data_exception THEN
        RETURN 'refused';
    END;
    SELECT ltv_rollup(x)::text INTO again FROM (VALUES (s), (NULL)) t(x);
    IF s::text <> state OR again <> state THEN
        RETURN 'another: ' || state || ' ' || again;
    END IF;
    BEGIN
        EXECUTE format('SELECT count(*) FROM ltv_%s_rows($1%s)', report, computed) USING s;
    EXCEPTION WHEN invalid_parameter_value OR program_limit_exceeded THEN
        RETURN 'taken, but without rows';
    END;
    RETURN 'taken';
END $$;
CREATE FUNCTION each_bit(state text, report text, computed text) RETURNS TABLE (answer text, count bigint) LANGUAGE sql AS $$
SELECT a, count(*) FROM (SELECT decode(substr(state, 3), 'hex')) b(bytes), generate_series(0, 8 * length(bytes) - 1, 3) n,
  LATERAL (SELECT try_state('\x' || encode(set_bit(bytes, n, 1 - get_bit(bytes, n)), 'hex'), report, computed)) t(a) GROUP BY a
$$;
CREATE TABLE small_state AS
SELECT DISTINCT ON (report) report, computed, answer_to(format('SELECT ltv_%s_state(history, %s) FROM small', report, format(gathered, 'date ''2024-03-31'''))) AS state FROM call ORDER BY report, gathered DESC, computed;
SELECT report, string_agg(answer, ', ' ORDER BY answer) AS answers FROM small_state, each_bit(state, report, computed) GROUP BY report ORDER BY report;
-- three bytes exchanged by chance; some bytes taken out; some written twice; and the end of another state
CREATE FUNCTION mangled(state text, other text, seed text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    bytes bytea := decode(substr(state, 3), 'hex');
    place int := chance(seed || ' place', length(bytes)) + 1;
    many int := chance(seed || ' many', 4) + 1;
BEGIN
    CASE chance(seed || ' how', 4)
        WHEN 0 THEN
            FOR n IN 1..3 LOOP
                bytes := set_byte(bytes, chance(seed || ' byte ' || n, length(bytes)), chance(seed || ' value ' || n, 256));
            END LOOP;
        WHEN 1 THEN bytes := overlay(bytes PLACING '' FROM place FOR many);
        WHEN 2 THEN bytes := overlay(bytes PLACING substr(bytes, place, many) FROM place FOR 0);
        ELSE bytes := substr(bytes, 1, place) || substr(decode(substr(other, 3), 'hex'), place);
    END CASE;
    RETURN '\x' || encode(bytes, 'hex');
END $$;
SELECT string_agg(DISTINCT try_state(mangled(a.state, b.state, a.report || ' ' || b.report || ' ' || n), a.report, a.computed), ', ') AS answers FROM small_state a, small_state b, generate_series(1, 8) n;
-- cut off anywhere, and with a byte more
SELECT count(*) > 500 AS cut, count(*) FILTER (WHERE try_state(left(state, n), report, computed) <> 'refused') AS taken FROM small_state, generate_series(0, length(state) - 1) n;
SELECT count(*) AS longer, count(*) FILTER (WHERE try_state(state || '00', report, computed) = 'refused') AS refused FROM small_state;
SELECT t AS state, answer_to(format('SELECT %L::ltv_report_state', t)) AS answer FROM unnest(ARRAY['', '\x', 'x', '\x0', '\xzz', '\x01', '\x02', '\x0100', '\x01ffffffffffffffffff01', '\x010b6c74765f636f686f727473', (SELECT overlay(state PLACING '63' FROM 7 FOR 2) FROM small_state WHERE report = 'deciles'),
  (SELECT replace(state, encode('0.333', 'hex'), encode('0-333', 'hex')) FROM small_state WHERE report = 'free_shipping')]) t;
-- and as values that are stored already: a superuser can call any bytes a state.  Whoever reads them says what they are
CREATE CAST (bytea AS ltv_report_state) WITHOUT FUNCTION;
SELECT left(b, 60) AS stored, answer_to(format('SELECT ltv_rollup(%L::bytea::ltv_report_state)', b)) AS rolled_up, answer_to(format('SELECT count(*) FROM ltv_deciles_rows(%L::bytea::ltv_report_state)', b)) AS rows
FROM (SELECT state FROM small_state WHERE report = 'deciles') d, unnest(ARRAY['', '\x01', overlay(state PLACING '02' FROM 3 FOR 2), left(state, -2), state || '00', state]) b;
SELECT answer_to(format('SELECT ltv_deciles_accum(%L::bytea::ltv_report_state, ''[]'', ''2024-03-31'')', left(state, -2))) AS added_to,
  answer_to(format('SELECT ltv_report_state_combine(NULL, %L::bytea::ltv_report_state)', left(state, -2))) AS combined FROM small_state WHERE report = 'deciles';
DROP CAST (bytea AS ltv_report_state);
-- the same in binary form
\getenv directory PG_ABS_BUILDDIR
\set file :directory '/results/states.binary'
COPY (SELECT report, ltv_report_state_send(state::ltv_report_state) = decode(substr(state, 3), 'hex') AS plain, state::ltv_report_state FROM small_state) TO :'file' (FORMAT binary);
CREATE TABLE copied (report text, plain boolean, state ltv_report_state);
COPY copied FROM :'file' (FORMAT binary);
SELECT count(*) AS copied, count(*) FILTER (WHERE plain AND c.state::text = s.state) AS equal FROM copied c JOIN small_state s USING (report);
DROP SCHEMA states_test CASCADE;
