/* ltv: the living install script, copied to ltv--VERSION.sql at build */
\echo Use "CREATE EXTENSION ltv" to load this file. \quit

--
-- ltv_history: the purchases of one customer
--

CREATE TYPE ltv_history;

CREATE FUNCTION ltv_history_in(cstring) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_out(ltv_history) RETURNS cstring AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_recv(internal) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_send(ltv_history) RETURNS bytea AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE TYPE ltv_history (
    INPUT = ltv_history_in,
    OUTPUT = ltv_history_out,
    RECEIVE = ltv_history_recv,
    SEND = ltv_history_send,
    ALIGNMENT = double,
    STORAGE = extended
);
COMMENT ON TYPE ltv_history IS 'all purchases of one customer: day, amount, quantity and cost of each, sorted and exact';
COMMENT ON FUNCTION ltv_history_in(cstring) IS 'I/O';
COMMENT ON FUNCTION ltv_history_out(ltv_history) IS 'I/O';
COMMENT ON FUNCTION ltv_history_recv(internal) IS 'I/O';
COMMENT ON FUNCTION ltv_history_send(ltv_history) IS 'I/O';

CREATE FUNCTION ltv_history_to_jsonb(h ltv_history) RETURNS jsonb AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_to_jsonb(ltv_history) IS 'implementation of the cast to jsonb';
CREATE FUNCTION ltv_history_from_jsonb(j jsonb) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_from_jsonb(jsonb) IS 'implementation of the cast from jsonb';
CREATE CAST (ltv_history AS jsonb) WITH FUNCTION ltv_history_to_jsonb(ltv_history);
CREATE CAST (jsonb AS ltv_history) WITH FUNCTION ltv_history_from_jsonb(jsonb);

-- order and hashing, by value

CREATE FUNCTION ltv_history_eq(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_ne(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_lt(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_le(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_gt(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_ge(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_cmp(a ltv_history, b ltv_history) RETURNS integer AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_hash(h ltv_history) RETURNS integer AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_history_hash_extended(h ltv_history, seed bigint) RETURNS bigint AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_eq(ltv_history, ltv_history) IS 'implementation of = operator';
COMMENT ON FUNCTION ltv_history_ne(ltv_history, ltv_history) IS 'implementation of <> operator';
COMMENT ON FUNCTION ltv_history_lt(ltv_history, ltv_history) IS 'implementation of < operator';
COMMENT ON FUNCTION ltv_history_le(ltv_history, ltv_history) IS 'implementation of <= operator';
COMMENT ON FUNCTION ltv_history_gt(ltv_history, ltv_history) IS 'implementation of > operator';
COMMENT ON FUNCTION ltv_history_ge(ltv_history, ltv_history) IS 'implementation of >= operator';
COMMENT ON FUNCTION ltv_history_cmp(ltv_history, ltv_history) IS 'less-equal-greater';
COMMENT ON FUNCTION ltv_history_hash(ltv_history) IS 'hash';
COMMENT ON FUNCTION ltv_history_hash_extended(ltv_history, bigint) IS 'hash';

CREATE OPERATOR = (FUNCTION = ltv_history_eq, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR <> (FUNCTION = ltv_history_ne, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel);
CREATE OPERATOR < (FUNCTION = ltv_history_lt, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR <= (FUNCTION = ltv_history_le, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
CREATE OPERATOR > (FUNCTION = ltv_history_gt, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
CREATE OPERATOR >= (FUNCTION = ltv_history_ge, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel);

CREATE OPERATOR CLASS ltv_history_ops DEFAULT FOR TYPE ltv_history USING btree AS
    OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
    FUNCTION 1 ltv_history_cmp(ltv_history, ltv_history);
CREATE OPERATOR CLASS ltv_history_ops DEFAULT FOR TYPE ltv_history USING hash AS
    OPERATOR 1 =,
    FUNCTION 1 ltv_history_hash(ltv_history),
    FUNCTION 2 ltv_history_hash_extended(ltv_history, bigint);

-- combining and slicing

CREATE FUNCTION ltv_history_merge(a ltv_history, b ltv_history) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_merge(ltv_history, ltv_history) IS 'implementation of || operator';
CREATE FUNCTION ltv_history_subtract(a ltv_history, b ltv_history) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_subtract(ltv_history, ltv_history) IS 'implementation of - operator';
CREATE OPERATOR || (FUNCTION = ltv_history_merge, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = ||);
COMMENT ON OPERATOR || (ltv_history, ltv_history) IS 'the purchases of both histories';
CREATE OPERATOR - (FUNCTION = ltv_history_subtract, LEFTARG = ltv_history, RIGHTARG = ltv_history);
COMMENT ON OPERATOR - (ltv_history, ltv_history) IS 'the purchases of the first history less those of the second, which must all be there';

CREATE FUNCTION ltv_between(h ltv_history, from_day date, to_day date) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_between(ltv_history, date, date) IS 'the purchases from one day to another, both included; a null day is open';

-- aggregates; the state is a history in the form described in doc/format.md

CREATE FUNCTION ltv_history_accum(state ltv_history, ordered_on date, amount numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_history_accum(state ltv_history, ordered_on date, amount numeric, quantity numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_history_accum(state ltv_history, ordered_on date, amount numeric, quantity numeric, cost numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_history_discard(state ltv_history, ordered_on date, amount numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_history_discard(state ltv_history, ordered_on date, amount numeric, quantity numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_history_discard(state ltv_history, ordered_on date, amount numeric, quantity numeric, cost numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_history_combine(state ltv_history, h ltv_history) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_rollup_discard(state ltv_history, h ltv_history) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_history_final(state ltv_history) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_accum(ltv_history, date, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_accum(ltv_history, date, numeric, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_accum(ltv_history, date, numeric, numeric, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_discard(ltv_history, date, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_discard(ltv_history, date, numeric, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_discard(ltv_history, date, numeric, numeric, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_combine(ltv_history, ltv_history) IS 'aggregate combine function';
COMMENT ON FUNCTION ltv_rollup_discard(ltv_history, ltv_history) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_final(ltv_history) IS 'aggregate final function';

CREATE AGGREGATE ltv_history(ordered_on date, amount numeric) (
    SFUNC = ltv_history_accum, STYPE = ltv_history, SSPACE = 80, FINALFUNC = ltv_history_final, COMBINEFUNC = ltv_history_combine,
    MSFUNC = ltv_history_accum, MINVFUNC = ltv_history_discard, MSTYPE = ltv_history, MSSPACE = 80, MFINALFUNC = ltv_history_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_history(date, numeric) IS 'the history of the orders of one customer; rows without day or amount are skipped';
CREATE AGGREGATE ltv_history(ordered_on date, amount numeric, quantity numeric) (
    SFUNC = ltv_history_accum, STYPE = ltv_history, SSPACE = 80, FINALFUNC = ltv_history_final, COMBINEFUNC = ltv_history_combine,
    MSFUNC = ltv_history_accum, MINVFUNC = ltv_history_discard, MSTYPE = ltv_history, MSSPACE = 80, MFINALFUNC = ltv_history_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_history(date, numeric, numeric) IS 'the same with quantities; a null quantity is 1';
CREATE AGGREGATE ltv_history(ordered_on date, amount numeric, quantity numeric, cost numeric) (
    SFUNC = ltv_history_accum, STYPE = ltv_history, SSPACE = 80, FINALFUNC = ltv_history_final, COMBINEFUNC = ltv_history_combine,
    MSFUNC = ltv_history_accum, MINVFUNC = ltv_history_discard, MSTYPE = ltv_history, MSSPACE = 80, MFINALFUNC = ltv_history_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_history(date, numeric, numeric, numeric) IS 'the same with quantities and costs; a null cost is unknown';
CREATE AGGREGATE ltv_rollup(h ltv_history) (
    SFUNC = ltv_history_combine, STYPE = ltv_history, SSPACE = 80, FINALFUNC = ltv_history_final, COMBINEFUNC = ltv_history_combine,
    MSFUNC = ltv_history_combine, MINVFUNC = ltv_rollup_discard, MSTYPE = ltv_history, MSSPACE = 80, MFINALFUNC = ltv_history_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_rollup(ltv_history) IS 'histories merged: of stores, months or shards';

--
-- Days
--

CREATE FUNCTION ltv_day(moment timestamptz, zone text) RETURNS date AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_day(timestamptz, text) IS 'the day of a moment in a time zone, such as ''Asia/Tokyo''';

--
-- Policy, stages and the summary of a customer
--

CREATE TYPE ltv_policy AS (
    benchmark_annual_revenue numeric,
    benchmark_annual_orders integer,
    dormant_days integer,
    churned_days integer,
    cpm_lapsed_days integer,
    cpm_steady_days integer,
    cpm_loyal_days integer,
    cpm_revenue numeric
);
COMMENT ON TYPE ltv_policy IS 'what a shop calls loyal, dormant and churned; made by ltv_policy()';
COMMENT ON COLUMN ltv_policy.benchmark_annual_revenue IS 'revenue of a good customer in a year';
COMMENT ON COLUMN ltv_policy.benchmark_annual_orders IS 'orders of a good customer in a year';
COMMENT ON COLUMN ltv_policy.dormant_days IS 'dormant after more days than this without an order';
COMMENT ON COLUMN ltv_policy.churned_days IS 'churned after more days than this without an order';
COMMENT ON COLUMN ltv_policy.cpm_lapsed_days IS 'customer portfolio: lapsed from this many days without an order on';
COMMENT ON COLUMN ltv_policy.cpm_steady_days IS 'customer portfolio: toddling below this many days from first to last order';
COMMENT ON COLUMN ltv_policy.cpm_loyal_days IS 'customer portfolio: loyal from this many days from first to last order on';
COMMENT ON COLUMN ltv_policy.cpm_revenue IS 'customer portfolio: trendy or loyal from this revenue on';

CREATE FUNCTION ltv_policy(
    benchmark_annual_revenue numeric DEFAULT 18000, benchmark_annual_orders integer DEFAULT 3,
    dormant_days integer DEFAULT 180, churned_days integer DEFAULT 365,
    cpm_lapsed_days integer DEFAULT 240, cpm_steady_days integer DEFAULT 90, cpm_loyal_days integer DEFAULT 210,
    cpm_revenue numeric DEFAULT 70000
) RETURNS ltv_policy AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_policy(numeric, integer, integer, integer, integer, integer, integer, numeric) IS 'a checked policy, with the defaults of mail-order practice';

CREATE TYPE ltv_stage AS ENUM ('new', 'repeat', 'loyal', 'dormant', 'churned');
COMMENT ON TYPE ltv_stage IS 'the relationship with a customer';

CREATE TYPE ltv_customer AS (
    orders bigint,
    quantity numeric,
    revenue numeric,
    gross_profit numeric,
    first_order date,
    last_order date,
    active_months numeric,
    average_order_value numeric,
    mean_interval_days double precision,
    days_since_last_order integer,
    annual_orders bigint,
    annual_revenue numeric,
    annual_quantity numeric,
    is_repeater boolean,
    meets_benchmark boolean,
    stage ltv_stage
);
COMMENT ON TYPE ltv_customer IS 'the summary of a customer, see ltv_summarize';
COMMENT ON COLUMN ltv_customer.orders IS 'number of orders (purchases whose amount is not below zero)';
COMMENT ON COLUMN ltv_customer.quantity IS 'units bought';
COMMENT ON COLUMN ltv_customer.revenue IS 'the sum of amounts, refunds included: the lifetime value so far';
COMMENT ON COLUMN ltv_customer.gross_profit IS 'revenue less cost; null if a cost is unknown';
COMMENT ON COLUMN ltv_customer.first_order IS 'day of the first order';
COMMENT ON COLUMN ltv_customer.last_order IS 'day of the last order';
COMMENT ON COLUMN ltv_customer.active_months IS '(last order - first order) / 30';
COMMENT ON COLUMN ltv_customer.average_order_value IS 'revenue / orders';
COMMENT ON COLUMN ltv_customer.mean_interval_days IS '(last order - first order) / (orders - 1); null for fewer than two orders';
COMMENT ON COLUMN ltv_customer.days_since_last_order IS 'as_of - last order';
COMMENT ON COLUMN ltv_customer.annual_orders IS 'orders in the year that ends with as_of';
COMMENT ON COLUMN ltv_customer.annual_revenue IS 'revenue in the year that ends with as_of';
COMMENT ON COLUMN ltv_customer.annual_quantity IS 'units bought in the year that ends with as_of';
COMMENT ON COLUMN ltv_customer.is_repeater IS 'two orders or more';
COMMENT ON COLUMN ltv_customer.meets_benchmark IS 'annual revenue and annual orders reach the benchmark of the policy';
COMMENT ON COLUMN ltv_customer.stage IS 'the relationship on as_of; null without an order';

--
-- Asking one history
--

CREATE FUNCTION ltv_orders(h ltv_history) RETURNS bigint AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_orders(ltv_history) IS 'number of orders';
CREATE FUNCTION ltv_revenue(h ltv_history) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_revenue(ltv_history) IS 'sum of amounts, refunds included';
CREATE FUNCTION ltv_refunded(h ltv_history) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_refunded(ltv_history) IS 'sum of the amounts below zero: zero or negative';
CREATE FUNCTION ltv_quantity(h ltv_history) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_quantity(ltv_history) IS 'units bought';
CREATE FUNCTION ltv_cost(h ltv_history) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_cost(ltv_history) IS 'sum of costs; null if one is unknown';
CREATE FUNCTION ltv_gross_profit(h ltv_history) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_gross_profit(ltv_history) IS 'revenue less cost; null if a cost is unknown';
CREATE FUNCTION ltv_first_order(h ltv_history) RETURNS date AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_first_order(ltv_history) IS 'day of the first order';
CREATE FUNCTION ltv_last_order(h ltv_history) RETURNS date AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_last_order(ltv_history) IS 'day of the last order';
CREATE FUNCTION ltv_nth_order(h ltv_history, n integer) RETURNS date AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_nth_order(ltv_history, integer) IS 'day of the n-th order; null when there are fewer';
CREATE FUNCTION ltv_active_months(h ltv_history) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_active_months(ltv_history) IS '(last order - first order) / 30';
CREATE FUNCTION ltv_average_order_value(h ltv_history) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_average_order_value(ltv_history) IS 'revenue / orders';
CREATE FUNCTION ltv_mean_interval(h ltv_history) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_mean_interval(ltv_history) IS 'days between orders: (last order - first order) / (orders - 1)';
CREATE FUNCTION ltv_days_since_last(h ltv_history, as_of date) RETURNS integer AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_days_since_last(ltv_history, date) IS 'days from the last order up to as_of to as_of';
CREATE FUNCTION ltv_is_repeater(h ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_is_repeater(ltv_history) IS 'two orders or more';
CREATE FUNCTION ltv_purchases(h ltv_history, OUT n integer, OUT ordered_on date, OUT amount numeric, OUT quantity numeric, OUT cost numeric, OUT days_since_previous integer)
RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 4;
COMMENT ON FUNCTION ltv_purchases(ltv_history) IS 'the purchases as rows, by day';
CREATE FUNCTION ltv_stage(h ltv_history, as_of date, policy ltv_policy DEFAULT ltv_policy()) RETURNS ltv_stage AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_stage(ltv_history, date, ltv_policy) IS 'the relationship on as_of; null without an order';
CREATE FUNCTION ltv_summarize(h ltv_history, as_of date, policy ltv_policy DEFAULT ltv_policy()) RETURNS ltv_customer AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_summarize(ltv_history, date, ltv_policy) IS 'the summary of a customer: purchases up to as_of, and the year that ends with it';
CREATE FUNCTION ltv_model_input(h ltv_history, as_of date, unit_days integer DEFAULT 7, OUT frequency bigint, OUT recency double precision, OUT t double precision, OUT monetary double precision)
RETURNS record AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_model_input(ltv_history, date, integer) IS 'what the purchase models take: repeat purchase days, first to last and first to as_of in units, mean amount of the repeat days';

--
-- Reports over an orders relation
--

CREATE FUNCTION ltv_customer_summary(orders regclass, as_of date DEFAULT CURRENT_DATE, policy ltv_policy DEFAULT ltv_policy())
RETURNS TABLE (
    customer_id text, orders bigint, quantity numeric, revenue numeric, gross_profit numeric, first_order date, last_order date,
    active_months numeric, average_order_value numeric, mean_interval_days double precision, days_since_last_order integer,
    annual_orders bigint, annual_revenue numeric, annual_quantity numeric, is_repeater boolean, meets_benchmark boolean, stage ltv_stage
) AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 100000;
COMMENT ON FUNCTION ltv_customer_summary(regclass, date, ltv_policy) IS 'the summary of every customer with a purchase up to as_of, customer_id as text; columns as in ltv_customer';
CREATE FUNCTION ltv_customer_summary(orders regclass, as_of date, id_type anyelement, policy ltv_policy DEFAULT ltv_policy())
RETURNS TABLE (
    customer_id anyelement, orders bigint, quantity numeric, revenue numeric, gross_profit numeric, first_order date, last_order date,
    active_months numeric, average_order_value numeric, mean_interval_days double precision, days_since_last_order integer,
    annual_orders bigint, annual_revenue numeric, annual_quantity numeric, is_repeater boolean, meets_benchmark boolean, stage ltv_stage
) AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 100000;
COMMENT ON FUNCTION ltv_customer_summary(regclass, date, anyelement, ltv_policy) IS 'the same with customer_id in its own type, named by a null such as NULL::bigint';

--
-- Reports over an orders relation: periods, steps, cohorts, windows, RFM, deciles, items
--

CREATE FUNCTION ltv_periods(orders regclass, as_of date DEFAULT CURRENT_DATE, period text DEFAULT 'month')
RETURNS TABLE (
    period_start date, customers bigint, new_customers bigint, returning_customers bigint, repeat_customers bigint, acquired_customers bigint,
    orders bigint, revenue numeric, new_revenue numeric, returning_revenue numeric, repeater_share double precision, repeat_rate double precision
) AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 100 COST 100000;
COMMENT ON FUNCTION ltv_periods(regclass, date, text) IS 'what happened in each calendar period (day, week, month, quarter, year) from the first order of all to as_of, in this order, empty ones included.
period_start: its first day; customers: with an order in it; new_customers: with the first order of all in it; returning_customers: the others; repeat_customers: with an order in it that is not their first; acquired_customers: new ones so far; orders, revenue: of the period, refunds on their own day; new_revenue: revenue of the new customers; returning_revenue: the rest; repeater_share: repeat_customers / customers; repeat_rate: repeat_customers / acquired_customers';

CREATE FUNCTION ltv_steps(orders regclass, as_of date DEFAULT CURRENT_DATE, max_step integer DEFAULT 12, policy ltv_policy DEFAULT ltv_policy())
RETURNS TABLE (
    step integer, customers bigint, rate_from_first double precision, next_rate double precision, stopped bigint, churned bigint,
    median_days_to_next double precision, average_order_value numeric
) AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 12 COST 100000;
COMMENT ON FUNCTION ltv_steps(regclass, date, integer, ltv_policy) IS 'the way from the first order to the n-th, by n, as far as somebody came but not beyond max_step.
step: n; customers: with an n-th order; rate_from_first: customers / customers of step 1; next_rate: customers with an (n+1)-th order / customers; stopped: with exactly n orders; churned: of those, in stage churned on as_of; median_days_to_next: from the n-th to the (n+1)-th order, over those who made it; average_order_value: of the n-th orders';

CREATE FUNCTION ltv_cohorts(orders regclass, as_of date DEFAULT CURRENT_DATE, period text DEFAULT 'month')
RETURNS TABLE (
    cohort date, period_index integer, customers bigint, active bigint, retention double precision, orders bigint,
    revenue numeric, cumulative_revenue numeric, revenue_per_customer numeric,
    gross_profit numeric, cumulative_gross_profit numeric, gross_profit_per_customer numeric
) AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1000 COST 100000;
COMMENT ON FUNCTION ltv_cohorts(regclass, date, text) IS 'customers by the calendar period of their first order, followed period by period up to as_of, by cohort and period_index, cells without orders included.
cohort: first day of the period of the first order; period_index: periods since, from 0; customers: all of the cohort; active: with an order in that period; retention: active / customers; orders, revenue: of the cohort in that period; cumulative_revenue: up to it; revenue_per_customer: cumulative_revenue / customers; gross_profit, cumulative_gross_profit, gross_profit_per_customer: the same for revenue less cost, null if a cost is unknown';

CREATE FUNCTION ltv_windows(orders regclass, as_of date DEFAULT CURRENT_DATE, days integer[] DEFAULT '{30,60,90,180,365}')
RETURNS TABLE (
    window_days integer, customers bigint, second_order_customers bigint, f2_rate double precision, orders_per_customer double precision,
    revenue_per_customer numeric, gross_profit_per_customer numeric
) AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 5 COST 100000;
COMMENT ON FUNCTION ltv_windows(regclass, date, integer[]) IS 'what customers do within the first days from their first order on, for each window of days, the shortest first; over the customers whose first order is at least that many days before as_of.
window_days: the window, its last day included; customers: observed for all of it; second_order_customers: with a second order in it; f2_rate: second_order_customers / customers; orders_per_customer, revenue_per_customer, gross_profit_per_customer: within it, first order included, / customers; gross profit is null if a cost is unknown';

CREATE FUNCTION ltv_rfm(orders regclass, as_of date, id_type anyelement, bins integer DEFAULT 5)
RETURNS TABLE (customer_id anyelement, recency_days integer, frequency bigint, monetary numeric, r integer, f integer, m integer)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 100000;
COMMENT ON FUNCTION ltv_rfm(regclass, date, anyelement, integer) IS 'recency, frequency and money of every customer with scores from 1 to bins, by monetary, the largest first, then by customer_id; id_type is a null of its type, such as NULL::bigint.
recency_days: as_of - last order; frequency: orders; monetary: revenue, refunds included; r, f, m: 1 + floor(bins * share of customers who are strictly worse: more days, fewer orders, less revenue)';

CREATE FUNCTION ltv_deciles(orders regclass, as_of date DEFAULT CURRENT_DATE)
RETURNS TABLE (
    decile integer, customers bigint, revenue numeric, share double precision, cumulative_share double precision,
    average_revenue numeric, minimum_revenue numeric
) AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10 COST 100000;
COMMENT ON FUNCTION ltv_deciles(regclass, date) IS 'customers by revenue in ten equal groups, the best first; where they do not divide, the first groups are larger by one.
decile: 1 to 10; customers: in the group; revenue: of the group; share: of all revenue; cumulative_share: share of this group and those before; average_revenue: revenue / customers; minimum_revenue: the least revenue of a customer of the group';

CREATE FUNCTION ltv_entry_items(orders regclass, as_of date DEFAULT CURRENT_DATE, horizon_days integer DEFAULT 365)
RETURNS TABLE (item text, customers bigint, repeat_rate double precision, orders_per_customer double precision, revenue_per_customer numeric)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 100 COST 100000;
COMMENT ON FUNCTION ltv_entry_items(regclass, date, integer) IS 'customers by the item of their first order, over those whose first order is at least horizon_days before as_of; by customers, the most first, then by item.
item: of the first order, null where it has none; customers: who came for it; repeat_rate: those with a second order within the horizon / customers; orders_per_customer, revenue_per_customer: within the horizon, first order included, / customers';

CREATE FUNCTION ltv_item_flow(orders regclass, as_of date DEFAULT CURRENT_DATE)
RETURNS TABLE (from_step integer, from_item text, to_item text, customers bigint, share double precision)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1000 COST 100000;
COMMENT ON FUNCTION ltv_item_flow(regclass, date) IS 'from the item of the n-th order to the item of the next, by from_step, then customers, the most first, then items.
from_step: n; from_item, to_item: of the n-th and of the next order, null where it has none; customers: who went this way; share: customers / all who went on from from_item at this step';
