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

/*
 * Money: what a customer is worth and may cost
 */
CREATE FUNCTION ltv_annual(quantity numeric, unit_price numeric, purchases numeric) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_annual(numeric, numeric, numeric) IS 'annual LTV: quantity x unit price x purchases a year';

CREATE FUNCTION ltv_lifetime(average_order_value numeric, gross_margin numeric, annual_orders numeric, active_years numeric, acquisition_cost numeric DEFAULT 0, retention_cost numeric DEFAULT 0) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_lifetime(numeric, numeric, numeric, numeric, numeric, numeric) IS 'lifetime value: order value x margin x orders a year x years - acquisition cost - retention cost x years';

CREATE FUNCTION ltv_profit(ltv numeric, cpo numeric, cost numeric, customers numeric) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_profit(numeric, numeric, numeric, numeric) IS 'profit: (LTV - CPO - cost) x customers';

CREATE FUNCTION ltv_max_cpo(ltv numeric, cost numeric, target_profit numeric DEFAULT 0) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_max_cpo(numeric, numeric, numeric) IS 'what one new customer may cost: LTV - cost - target profit';

CREATE FUNCTION ltv_cpo(advertising_cost numeric, customers numeric) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_cpo(numeric, numeric) IS 'what one new customer did cost: advertising cost / new customers';

CREATE FUNCTION ltv_meets_benchmark(annual_revenue numeric, annual_orders numeric, policy ltv_policy DEFAULT ltv_policy()) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_meets_benchmark(numeric, numeric, ltv_policy) IS 'do annual revenue and annual orders both reach the benchmark of the policy';

CREATE FUNCTION ltv_plan(unit_price numeric, quantity numeric, annual_orders numeric, gross_margin numeric, cpo numeric DEFAULT 0, shipping_cost numeric DEFAULT 0, retention_cost numeric DEFAULT 0, customers numeric DEFAULT 1, policy ltv_policy DEFAULT ltv_policy(),
	OUT annual_revenue numeric, OUT contribution numeric, OUT profit_per_customer numeric, OUT annual_profit numeric, OUT max_cpo numeric, OUT break_even_orders numeric, OUT shipping_ratio numeric, OUT shipping_within_limit boolean, OUT meets_benchmark boolean, OUT missing_revenue numeric, OUT missing_orders numeric)
	AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_plan(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, ltv_policy) IS 'one product planned for a year before its first sale: one row';

CREATE FUNCTION ltv_bundle(unit_price numeric, unit_cost numeric, quantities integer[], discounts numeric[],
	OUT quantity integer, OUT discount numeric, OUT unit_price numeric, OUT order_value numeric, OUT gross_profit numeric, OUT gain numeric, OUT loss numeric, OUT step_up_share numeric)
	RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;
COMMENT ON FUNCTION ltv_bundle(numeric, numeric, integer[], numeric[]) IS 'price ladder: per tier what it brings, and which share of its buyers must have stepped up from a single piece';

/*
 * Effects: two arms of customers compared
 */
CREATE TYPE ltv_effect_estimate AS (
	treated_customers bigint,
	control_customers bigint,
	treated_mean double precision,
	control_mean double precision,
	difference double precision,
	lift double precision,
	difference_low double precision,
	difference_high double precision,
	standard_error double precision,
	degrees_of_freedom double precision,
	p_value double precision
);
COMMENT ON TYPE ltv_effect_estimate IS 'treated and untreated customers compared, with a 95 percent interval of the difference and a p-value';

CREATE FUNCTION ltv_effect_mean_accum(state double precision[], treated boolean, outcome double precision) RETURNS double precision[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_mean_accum(double precision[], boolean, double precision) IS 'transition function of ltv_effect over numbers';

CREATE FUNCTION ltv_effect_mean_combine(state double precision[], other double precision[]) RETURNS double precision[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_mean_combine(double precision[], double precision[]) IS 'combine function of ltv_effect over numbers';

CREATE FUNCTION ltv_effect_mean_final(state double precision[]) RETURNS ltv_effect_estimate AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_mean_final(double precision[]) IS 'final function of ltv_effect over numbers';

CREATE AGGREGATE ltv_effect(treated boolean, outcome double precision) (SFUNC = ltv_effect_mean_accum, STYPE = double precision[], INITCOND = '{0,0,0,0,0,0,0,0}', COMBINEFUNC = ltv_effect_mean_combine, FINALFUNC = ltv_effect_mean_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_effect(boolean, double precision) IS 'difference of the mean outcome of treated and untreated customers, by Welch''s test';

CREATE FUNCTION ltv_effect_share_accum(state bigint[], treated boolean, outcome boolean) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_share_accum(bigint[], boolean, boolean) IS 'transition function of ltv_effect over yes and no';

CREATE FUNCTION ltv_effect_share_combine(state bigint[], other bigint[]) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_share_combine(bigint[], bigint[]) IS 'combine function of ltv_effect over yes and no';

CREATE FUNCTION ltv_effect_share_final(state bigint[]) RETURNS ltv_effect_estimate AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_share_final(bigint[]) IS 'final function of ltv_effect over yes and no';

CREATE AGGREGATE ltv_effect(treated boolean, outcome boolean) (SFUNC = ltv_effect_share_accum, STYPE = bigint[], INITCOND = '{0,0,0,0}', COMBINEFUNC = ltv_effect_share_combine, FINALFUNC = ltv_effect_share_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_effect(boolean, boolean) IS 'difference of the share of treated and untreated customers with a yes, with Newcombe''s interval';

/*
 * Money of a shop: reports over an orders relation
 */
CREATE FUNCTION ltv_economics(orders regclass, as_of date DEFAULT CURRENT_DATE, gross_margin numeric DEFAULT NULL, acquisition_cost numeric DEFAULT NULL, retention_cost numeric DEFAULT 0, active_years numeric DEFAULT 1, policy ltv_policy DEFAULT ltv_policy())
RETURNS TABLE (average_order_value numeric, gross_margin numeric, annual_orders numeric, active_years numeric, acquisition_cost numeric, retention_cost numeric, ltv numeric, max_cpo numeric, profit numeric, payback_months numeric, meets_benchmark boolean, customers bigint, orders bigint, revenue numeric, gross_profit numeric, previous_customers bigint, lost_customers bigint, churn numeric)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1 COST 100000;
COMMENT ON FUNCTION ltv_economics(regclass, date, numeric, numeric, numeric, numeric, ltv_policy) IS 'unit economics of a shop in one row, over the year that ends with as_of: the six elements, average_order_value = revenue / orders, gross_margin as given or gross_profit / revenue, annual_orders = orders / customers, active_years as given or previous_customers / lost_customers, the two costs as given; ltv = value x margin x orders x years - acquisition - retention x years; max_cpo, the same before acquisition; profit = ltv x customers; payback_months, whole months until the acquisition cost is back, null when it is not within the active years; meets_benchmark; customers with an order, their orders, revenue and gross_profit; previous_customers, with an order in the year before, lost_customers, those without one since, churn = lost / previous';

CREATE FUNCTION ltv_levers(orders regclass, as_of date DEFAULT CURRENT_DATE, gross_margin numeric DEFAULT NULL, acquisition_cost numeric DEFAULT NULL, retention_cost numeric DEFAULT 0, active_years numeric DEFAULT 1, improvement numeric DEFAULT 0.10)
RETURNS TABLE (element text, base numeric, improved numeric, ltv numeric, gain numeric, rank integer)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 6 COST 100000;
COMMENT ON FUNCTION ltv_levers(regclass, date, numeric, numeric, numeric, numeric, numeric) IS 'which element of the lifetime value to pull first, largest gain first: base as in ltv_economics; improved by improvement x its size, costs down, a margin up to 1; ltv with only this element improved; gain, that less the ltv as it is; rank, equal gains alike';

CREATE FUNCTION ltv_payback(orders regclass, as_of date DEFAULT CURRENT_DATE, acquisition_cost numeric DEFAULT NULL, gross_margin numeric DEFAULT NULL, period text DEFAULT 'month')
RETURNS TABLE (cohort date, customers bigint, periods bigint, payback_period bigint, gross_profit numeric, gross_profit_per_customer numeric)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 100 COST 100000;
COMMENT ON FUNCTION ltv_payback(regclass, date, numeric, numeric, text) IS 'payback per cohort (first day of the period of the first order): customers; periods observed, its own and that of as_of included; payback_period, the first period_index at which cumulative gross profit covers acquisition_cost x customers, null while it does not; gross_profit up to as_of, from costs or as revenue x gross_margin; gross_profit_per_customer';

CREATE FUNCTION ltv_free_shipping(orders regclass, as_of date DEFAULT CURRENT_DATE, threshold numeric DEFAULT NULL, shipping_cost numeric DEFAULT NULL, gross_margin numeric DEFAULT NULL, reach numeric DEFAULT 0.8)
RETURNS TABLE (orders bigint, above bigint, near bigint, mean_missing numeric, cost numeric, gain_per_step_up numeric, step_up_share numeric)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1 COST 100000;
COMMENT ON FUNCTION ltv_free_shipping(regclass, date, numeric, numeric, numeric, numeric) IS 'would free shipping from a threshold on pay, over the year that ends with as_of: orders; above, at the threshold or more; near, from reach x threshold up to it; mean_missing of the near ones; cost = shipping_cost x above; gain_per_step_up = mean_missing x gross_margin - shipping_cost; step_up_share = cost / (near x gain_per_step_up), the share of the near ones that must step up, null when it cannot pay';
