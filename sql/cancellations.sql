/*
 * cancellations: contracts by calendar period.
 *
 * Counted by hand for a few contracts, and by plain SQL for random ones.
 */
\set ECHO none
SET datestyle = 'ISO, YMD';
SET client_min_messages = warning;
CREATE SCHEMA cancellations_test;
SET search_path = cancellations_test, public;
\getenv top PG_ABS_SRCDIR
\set helpers :top '/test/helpers.sql'
\i :helpers
\set ECHO all

/*
 * By hand.  January: 1, 2 and 6 start, 6 ends as well (new).  February: 3 and 4 start, 2 ends on the first day, so it was active at the start, 3 ends
 * (new), 1 pauses.  March: nothing starts; 4 ends, 1 is back.  April is empty but for 5, which ends after as_of.
 */
CREATE TABLE contract (contract text, started_on date, ended_on date, reason text, channel text, paused_from date, resumed_on date);
INSERT INTO contract VALUES ('1', '2024-01-01', NULL, NULL, 'web', '2024-02-10', '2024-03-10'), ('2', '2024-01-31', '2024-02-01', 'price', 'tv', NULL, NULL), ('3', '2024-02-01', '2024-02-29', 'price', 'web', NULL, NULL), ('4', '2024-02-15', '2024-03-31', NULL, 'web', NULL, NULL),
	('5', '2024-04-01', '2024-05-01', 'moved', 'tv', '2024-05-01', NULL), ('6', '2024-01-10', '2024-01-20', 'too much', 'tv', NULL, NULL), ('7', '2024-05-01', NULL, NULL, 'tv', NULL, NULL), (NULL, '2024-01-01', '2024-02-02', NULL, NULL, NULL, NULL), ('9', NULL, '2024-02-02', NULL, NULL, NULL, NULL), ('10', '-infinity', 'infinity', NULL, NULL, NULL, NULL);
SELECT period_start, reason, active_at_start AS start, started, cancelled, cancelled_new AS new, paused, resumed, active_at_end AS end, round(cancel_rate::numeric, 4) AS rate, share_of_cancelled FROM ltv_cancellations('contract', '2024-04-30');
SELECT period_start, reason, active_at_start AS start, started, cancelled, cancelled_new AS new, paused, resumed, active_at_end AS end, round(cancel_rate::numeric, 4) AS rate, share_of_cancelled AS share FROM ltv_cancellations('contract', '2024-04-30', split => 'reason');
SELECT segment, period_start, active_at_start AS start, started, cancelled, cancelled_new AS new, active_at_end AS end, cancel_rate FROM ltv_cancellations('contract', '2024-04-30', 'quarter', by => 'channel');
SELECT count(*) AS periods FROM ltv_cancellations('contract', '2023-12-31');
-- without columns for pauses
CREATE VIEW bare AS SELECT contract, started_on, ended_on FROM contract;
SELECT period_start, paused, resumed FROM ltv_cancellations('bare', '2024-01-31');

/*
 * Plain SQL (the seed is 20260108)
 */
CREATE FUNCTION pick(what text, n integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN (('x' || substr(md5('20260108 ' || what), 1, 7))::bit(28)::integer % n);
CREATE TABLE many AS SELECT c AS contract, date '2022-01-01' + pick('start ' || c, 900) AS started_on, NULL::date AS ended_on, (ARRAY['price', 'too much', 'Ä', NULL])[1 + pick('reason ' || c, 4)] AS reason, (ARRAY['web', 'tv', NULL])[1 + pick('channel ' || c, 3)] AS channel FROM generate_series(1, 2000) c;
UPDATE many SET ended_on = started_on + pick('end ' || contract, 400) WHERE pick('ended ' || contract, 4) > 0;
CREATE FUNCTION plain(as_of date, every text) RETURNS TABLE (segment text, period_start date, active bigint, started bigint, cancelled bigint, new bigint) LANGUAGE sql STABLE AS $$
SELECT s.channel, p::date, count(*) FILTER (WHERE started_on < p AND (ended_on IS NULL OR ended_on >= p OR ended_on > as_of)), count(*) FILTER (WHERE started_on >= p AND started_on < p + ('1 ' || every)::interval AND started_on <= as_of),
	count(*) FILTER (WHERE ended_on >= p AND ended_on < p + ('1 ' || every)::interval AND ended_on <= as_of), count(*) FILTER (WHERE ended_on >= p AND ended_on < p + ('1 ' || every)::interval AND ended_on <= as_of AND started_on >= p)
FROM (SELECT channel, min(started_on) AS first FROM many WHERE started_on <= as_of GROUP BY 1) s, LATERAL generate_series(date_trunc(every, s.first), as_of, ('1 ' || every)::interval) p, many m WHERE m.channel IS NOT DISTINCT FROM s.channel GROUP BY 1, 2 $$;
CREATE FUNCTION compare(as_of date, every text, OUT rows bigint, OUT different bigint) LANGUAGE sql AS $$
SELECT count(*), count(*) FILTER (WHERE (g.active_at_start, g.started, g.cancelled, g.cancelled_new, g.active_at_end) IS DISTINCT FROM (p.active, p.started, p.cancelled, p.new, p.active + p.started - p.cancelled)
	OR g.cancel_rate IS DISTINCT FROM (p.cancelled - p.new) / nullif(p.active, 0)::float8)
FROM ltv_cancellations('many', as_of, every::ltv_period, by => 'channel') g FULL JOIN plain(as_of, every) p ON coalesce(g.segment, '-') = coalesce(p.segment, '-') AND g.period_start = p.period_start $$;
SELECT every, as_of, c.* FROM unnest('{week,month,year}'::text[]) every, unnest('{2022-06-15,2024-12-31}'::date[]) as_of, LATERAL compare(as_of, every) c ORDER BY 1, 2;
-- by reason: the sums are those of the whole, and each is what SQL counts
SELECT count(*) AS periods, bool_and(w.cancelled = s.cancelled AND w.cancelled_new = s.new AND near(w.cancel_rate, s.rate, 1e-12) AND near(s.share, 1, 1e-12)) AS same
FROM ltv_cancellations('many', '2024-12-31') w JOIN (SELECT period_start, sum(cancelled) AS cancelled, sum(cancelled_new) AS new, sum(cancel_rate) AS rate, sum(share_of_cancelled) AS share FROM ltv_cancellations('many', '2024-12-31', split => 'reason') GROUP BY 1) s USING (period_start) WHERE w.active_at_start > 0;
SELECT count(*) AS rows, count(*) FILTER (WHERE g.cancelled IS DISTINCT FROM p.cancelled) AS different FROM ltv_cancellations('many', '2024-12-31', split => 'reason', by => 'channel') g
FULL JOIN (SELECT channel, reason, date_trunc('month', ended_on)::date AS period_start, count(*) AS cancelled FROM many WHERE ended_on <= '2024-12-31' GROUP BY 1, 2, 3) p ON coalesce(g.segment, '-') = coalesce(p.channel, '-') AND coalesce(g.reason, '-') = coalesce(p.reason, '-') AND g.period_start = p.period_start;
-- in the order of bytes, the missing one last
SELECT segment, reason FROM ltv_cancellations('many', '2024-12-31', 'year', 'reason', 'channel') WITH ORDINALITY WHERE period_start = '2023-01-01' ORDER BY ordinality;

/*
 * Bad input
 */
CREATE VIEW backwards AS SELECT contract, ended_on AS started_on, started_on AS ended_on FROM contract WHERE ended_on > started_on AND isfinite(ended_on);
CREATE VIEW paused_at AS SELECT contract, started_on, ended_on, now() AS paused_from FROM contract;
SELECT answer_to(format('SELECT count(*) FROM ltv_cancellations(%s)', arguments)) FROM unnest(ARRAY['''contract'', NULL', 'NULL, ''2024-04-30''', '''contract'', ''2024-04-30'', NULL', '''contract'', ''2024-04-30'', split => ''why''', '''contract'', ''2024-04-30'', by => ''ctid''', '''backwards'', ''2024-04-30''', '''paused_at'', ''2024-04-30''']) arguments;

\set ECHO none
DROP SCHEMA cancellations_test CASCADE;
