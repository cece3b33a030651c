/* ltv: the living install script, copied to ltv--VERSION.sql at build */
\echo Use "CREATE EXTENSION ltv" to load this file. \quit

--
-- Data and days
--

CREATE FUNCTION ltv_day(moment timestamptz, zone text) RETURNS date AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_day(timestamptz, text) IS 'the day of a moment in a time zone, such as ''Asia/Tokyo''';
CREATE FUNCTION ltv_day(moment timestamp, zone text) RETURNS date AS 'MODULE_PATHNAME', 'ltv_day_without_zone' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_day(timestamp, text) IS 'an error that says how to make a moment of a timestamp without time zone';
CREATE FUNCTION ltv_day(moment date, zone text) RETURNS date AS 'MODULE_PATHNAME', 'ltv_day_of_date' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_day(date, text) IS 'an error: a date is a day already';

--
-- Words and percentages, for what is shown to people
--

CREATE FUNCTION ltv_percent(rate double precision, digits integer DEFAULT 1) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_percent(double precision, integer) IS 'a rate or share in percent, rounded to so many decimal places';
CREATE FUNCTION ltv_term(value anyenum, language text DEFAULT 'ja') RETURNS text AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_term(anyenum, text) IS 'the word of the trade for a value of an enum of ltv, in Japanese (ja) or English (en)';

--
-- Histories
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
COMMENT ON TYPE ltv_history IS 'all purchases of one customer: day, amount, quantity and cost of each, sorted and exact; and the contacts: day and cost of what was spent on the customer without an order';
COMMENT ON FUNCTION ltv_history_in(cstring) IS 'I/O';
COMMENT ON FUNCTION ltv_history_out(ltv_history) IS 'I/O';
COMMENT ON FUNCTION ltv_history_recv(internal) IS 'I/O';
COMMENT ON FUNCTION ltv_history_send(ltv_history) IS 'I/O';

-- text, json and jsonb

CREATE FUNCTION ltv_history_to_json(h ltv_history) RETURNS json AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_to_json(ltv_history) IS 'implementation of the cast to json';
CREATE FUNCTION ltv_history_to_jsonb(h ltv_history) RETURNS jsonb AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_to_jsonb(ltv_history) IS 'implementation of the cast to jsonb';
CREATE FUNCTION ltv_history_from_jsonb(j jsonb) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_from_jsonb(jsonb) IS 'implementation of the cast from jsonb';
CREATE CAST (ltv_history AS jsonb) WITH FUNCTION ltv_history_to_jsonb(ltv_history);
CREATE CAST (jsonb AS ltv_history) WITH FUNCTION ltv_history_from_jsonb(jsonb);
COMMENT ON CAST (ltv_history AS jsonb) IS 'the text form as jsonb';
COMMENT ON CAST (jsonb AS ltv_history) IS 'checked like the text form';
CREATE CAST (ltv_history AS json) WITH FUNCTION ltv_history_to_json(ltv_history);
CREATE CAST (json AS ltv_history) WITH INOUT;
COMMENT ON CAST (ltv_history AS json) IS 'the text form as json; also what to_jsonb, row_to_json and their like make of a history';
COMMENT ON CAST (json AS ltv_history) IS 'checked like the text form';

-- building; the state of the aggregates is a history in the form described in doc/format.md

CREATE FUNCTION ltv_support(internal) RETURNS internal AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_support(internal) IS 'planner support function';
CREATE FUNCTION ltv_history_accum(state ltv_history, ordered_on date, amount numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE SUPPORT ltv_support;
CREATE FUNCTION ltv_history_accum(state ltv_history, ordered_on date, amount numeric, quantity numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE SUPPORT ltv_support;
CREATE FUNCTION ltv_history_accum(state ltv_history, ordered_on date, amount numeric, quantity numeric, cost numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE SUPPORT ltv_support;
CREATE FUNCTION ltv_history_accum(state ltv_history, ordered_on date, amount numeric, quantity numeric, cost numeric, contact boolean) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_history_accum(ltv_history, date, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_accum(ltv_history, date, numeric, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_accum(ltv_history, date, numeric, numeric, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_accum(ltv_history, date, numeric, numeric, numeric, boolean) IS 'aggregate transition function';
CREATE FUNCTION ltv_history_discard(state ltv_history, ordered_on date, amount numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_history_discard(state ltv_history, ordered_on date, amount numeric, quantity numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_history_discard(state ltv_history, ordered_on date, amount numeric, quantity numeric, cost numeric) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_history_discard(state ltv_history, ordered_on date, amount numeric, quantity numeric, cost numeric, contact boolean) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_discard(ltv_history, date, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_discard(ltv_history, date, numeric, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_discard(ltv_history, date, numeric, numeric, numeric) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_history_discard(ltv_history, date, numeric, numeric, numeric, boolean) IS 'aggregate transition function';
CREATE FUNCTION ltv_history_combine(state ltv_history, h ltv_history) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_combine(ltv_history, ltv_history) IS 'aggregate combine function';
CREATE FUNCTION ltv_history_final(state ltv_history) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
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

CREATE AGGREGATE ltv_history(ordered_on date, amount numeric, quantity numeric, cost numeric, contact boolean) (
  SFUNC = ltv_history_accum, STYPE = ltv_history, SSPACE = 80, FINALFUNC = ltv_history_final, COMBINEFUNC = ltv_history_combine,
  MSFUNC = ltv_history_accum, MINVFUNC = ltv_history_discard, MSTYPE = ltv_history, MSSPACE = 80, MFINALFUNC = ltv_history_final,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_history(date, numeric, numeric, numeric, boolean) IS 'the same with contacts: where contact is true, the row is money spent without an order; its amount must be null, a null cost is 0';

-- combining and slicing

CREATE FUNCTION ltv_rollup_discard(state ltv_history, h ltv_history) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_rollup_discard(ltv_history, ltv_history) IS 'aggregate transition function';

CREATE AGGREGATE ltv_rollup(h ltv_history) (
  SFUNC = ltv_history_combine, STYPE = ltv_history, SSPACE = 80, FINALFUNC = ltv_history_final, COMBINEFUNC = ltv_history_combine,
  MSFUNC = ltv_history_combine, MINVFUNC = ltv_rollup_discard, MSTYPE = ltv_history, MSSPACE = 80, MFINALFUNC = ltv_history_final,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_rollup(ltv_history) IS 'histories merged: of stores, months or shards';

CREATE FUNCTION ltv_history_merge(a ltv_history, b ltv_history) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_merge(ltv_history, ltv_history) IS 'implementation of || operator';
CREATE OPERATOR || (FUNCTION = ltv_history_merge, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = ||);
COMMENT ON OPERATOR || (ltv_history, ltv_history) IS 'the purchases and contacts of both histories';
CREATE FUNCTION ltv_history_subtract(a ltv_history, b ltv_history) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_subtract(ltv_history, ltv_history) IS 'implementation of - operator';
CREATE OPERATOR - (FUNCTION = ltv_history_subtract, LEFTARG = ltv_history, RIGHTARG = ltv_history);
COMMENT ON OPERATOR - (ltv_history, ltv_history) IS 'the purchases and contacts of the first history less those of the second, which must all be there';
CREATE FUNCTION ltv_between(h ltv_history, from_day date, to_day date) RETURNS ltv_history AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_between(ltv_history, date, date) IS 'the purchases and contacts from one day to another, both included; a null day is open';

-- comparing, by value

CREATE FUNCTION ltv_history_eq(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_eq(ltv_history, ltv_history) IS 'implementation of = operator';
CREATE FUNCTION ltv_history_ne(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_ne(ltv_history, ltv_history) IS 'implementation of <> operator';
CREATE FUNCTION ltv_history_lt(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_lt(ltv_history, ltv_history) IS 'implementation of < operator';
CREATE FUNCTION ltv_history_le(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_le(ltv_history, ltv_history) IS 'implementation of <= operator';
CREATE FUNCTION ltv_history_gt(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_gt(ltv_history, ltv_history) IS 'implementation of > operator';
CREATE FUNCTION ltv_history_ge(a ltv_history, b ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_ge(ltv_history, ltv_history) IS 'implementation of >= operator';
CREATE FUNCTION ltv_history_cmp(a ltv_history, b ltv_history) RETURNS integer AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_cmp(ltv_history, ltv_history) IS 'less-equal-greater';
CREATE FUNCTION ltv_history_hash(h ltv_history) RETURNS integer AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_hash(ltv_history) IS 'hash';
CREATE FUNCTION ltv_history_hash_extended(h ltv_history, seed bigint) RETURNS bigint AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_hash_extended(ltv_history, bigint) IS 'hash';
CREATE OPERATOR = (FUNCTION = ltv_history_eq, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = =, NEGATOR = <>, RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
COMMENT ON OPERATOR = (ltv_history, ltv_history) IS 'equal by value: the same purchases, whatever their scales';
CREATE OPERATOR <> (FUNCTION = ltv_history_ne, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = <>, NEGATOR = =, RESTRICT = neqsel, JOIN = neqjoinsel);
COMMENT ON OPERATOR <> (ltv_history, ltv_history) IS 'not equal by value';
CREATE OPERATOR < (FUNCTION = ltv_history_lt, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = >, NEGATOR = >=, RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
COMMENT ON OPERATOR < (ltv_history, ltv_history) IS 'less: by the purchases in their order, by value';
CREATE OPERATOR <= (FUNCTION = ltv_history_le, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = >=, NEGATOR = >, RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
COMMENT ON OPERATOR <= (ltv_history, ltv_history) IS 'less or equal';
CREATE OPERATOR > (FUNCTION = ltv_history_gt, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = <, NEGATOR = <=, RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
COMMENT ON OPERATOR > (ltv_history, ltv_history) IS 'greater';
CREATE OPERATOR >= (FUNCTION = ltv_history_ge, LEFTARG = ltv_history, RIGHTARG = ltv_history, COMMUTATOR = <=, NEGATOR = <, RESTRICT = scalargesel, JOIN = scalargejoinsel);
COMMENT ON OPERATOR >= (ltv_history, ltv_history) IS 'greater or equal';

CREATE OPERATOR CLASS ltv_history_ops DEFAULT FOR TYPE ltv_history USING btree AS
  OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >,
  FUNCTION 1 ltv_history_cmp(ltv_history, ltv_history);

CREATE OPERATOR CLASS ltv_history_ops DEFAULT FOR TYPE ltv_history USING hash AS
  OPERATOR 1 =,
  FUNCTION 1 ltv_history_hash(ltv_history),
  FUNCTION 2 ltv_history_hash_extended(ltv_history, bigint);
COMMENT ON OPERATOR CLASS ltv_history_ops USING btree IS 'order by value';
COMMENT ON OPERATOR CLASS ltv_history_ops USING hash IS 'hash by value';
COMMENT ON OPERATOR FAMILY ltv_history_ops USING btree IS 'order by value';
COMMENT ON OPERATOR FAMILY ltv_history_ops USING hash IS 'hash by value';

--
-- One customer
--

-- accessors

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
CREATE FUNCTION ltv_mean_interval_days(h ltv_history) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_mean_interval_days(ltv_history) IS 'days between orders: (last order - first order) / (orders - 1)';
CREATE FUNCTION ltv_days_since_last(h ltv_history, as_of date) RETURNS integer AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_days_since_last(ltv_history, date) IS 'days from the last order up to as_of to as_of';
CREATE FUNCTION ltv_is_repeater(h ltv_history) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_is_repeater(ltv_history) IS 'two orders or more';
CREATE FUNCTION ltv_contacts(h ltv_history) RETURNS bigint AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_contacts(ltv_history) IS 'number of contacts from the day of the first order on; 0 without an order';
CREATE FUNCTION ltv_retention_cost(h ltv_history) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_retention_cost(ltv_history) IS 'what the contacts from the day of the first order on cost; 0 without any';
CREATE FUNCTION ltv_last_contact(h ltv_history, as_of date) RETURNS date AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_last_contact(ltv_history, date) IS 'day of the last contact up to as_of, from the day of the first order on; null without any';

-- the purchases, and what the models take of them

CREATE TYPE ltv_purchases_row AS (
  n integer,
  ordered_on date,
  amount numeric,
  quantity numeric,
  cost numeric,
  days_since_previous integer
);
COMMENT ON TYPE ltv_purchases_row IS 'a purchase of a history, see ltv_purchases';
COMMENT ON COLUMN ltv_purchases_row.n IS 'place among the purchases, from 1 on';
COMMENT ON COLUMN ltv_purchases_row.ordered_on IS 'day';
COMMENT ON COLUMN ltv_purchases_row.amount IS 'amount, below zero for a refund';
COMMENT ON COLUMN ltv_purchases_row.quantity IS 'units bought';
COMMENT ON COLUMN ltv_purchases_row.cost IS 'cost; null where it is unknown';
COMMENT ON COLUMN ltv_purchases_row.days_since_previous IS 'days since the purchase before; null for the first';

CREATE FUNCTION ltv_purchases(h ltv_history)
RETURNS SETOF ltv_purchases_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 4;
COMMENT ON FUNCTION ltv_purchases(ltv_history) IS 'the purchases as rows, by day';

CREATE TYPE ltv_model_input_row AS (
  frequency bigint,
  recency double precision,
  t double precision,
  monetary double precision
);
COMMENT ON TYPE ltv_model_input_row IS 'what the purchase models take of a customer, see ltv_model_input';
COMMENT ON COLUMN ltv_model_input_row.frequency IS 'repeat purchase days: days with an order after the first';
COMMENT ON COLUMN ltv_model_input_row.recency IS 'from the first to the last order, in units';
COMMENT ON COLUMN ltv_model_input_row.t IS 'from the first order to as_of, in units';
COMMENT ON COLUMN ltv_model_input_row.monetary IS 'mean amount of the repeat purchase days';

CREATE FUNCTION ltv_model_input(h ltv_history, as_of date, unit_days integer DEFAULT 7)
RETURNS ltv_model_input_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_model_input(ltv_history, date, integer) IS 'what the purchase models take: repeat purchase days, first to last and first to as_of in units, mean amount of the repeat days';

-- policy, stage and summary

CREATE TYPE ltv_policy AS (
  benchmark_annual_revenue numeric,
  benchmark_annual_orders integer,
  dormant_days integer,
  churned_days integer,
  cpm_lapsed_days integer,
  cpm_steady_days integer,
  cpm_loyal_days integer,
  cpm_revenue numeric,
  benchmark_repeat_rate numeric,
  returning_share_high numeric,
  returning_share_low numeric,
  benchmark_months integer
);
COMMENT ON TYPE ltv_policy IS 'what a shop calls loyal, dormant and churned; made by ltv_policy()';
COMMENT ON COLUMN ltv_policy.benchmark_annual_revenue IS 'revenue of a good customer in a year, or in benchmark_months';
COMMENT ON COLUMN ltv_policy.benchmark_annual_orders IS 'orders of a good customer in a year, or in benchmark_months';
COMMENT ON COLUMN ltv_policy.dormant_days IS 'dormant after more days than this without an order';
COMMENT ON COLUMN ltv_policy.churned_days IS 'churned after more days than this without an order';
COMMENT ON COLUMN ltv_policy.cpm_lapsed_days IS 'customer portfolio: lapsed from this many days without an order on';
COMMENT ON COLUMN ltv_policy.cpm_steady_days IS 'customer portfolio: toddling below this many days from first to last order';
COMMENT ON COLUMN ltv_policy.cpm_loyal_days IS 'customer portfolio: loyal from this many days from first to last order on';
COMMENT ON COLUMN ltv_policy.cpm_revenue IS 'customer portfolio: trendy or loyal from this revenue on';
COMMENT ON COLUMN ltv_policy.benchmark_repeat_rate IS 'repeat rate of a good shop';
COMMENT ON COLUMN ltv_policy.returning_share_high IS 'above this share of returning customers a period has too few new ones';
COMMENT ON COLUMN ltv_policy.returning_share_low IS 'below this share of returning customers a period has too few of them';
COMMENT ON COLUMN ltv_policy.benchmark_months IS 'months of the window in which the benchmark is to be reached';

CREATE FUNCTION ltv_policy(
  benchmark_annual_revenue numeric DEFAULT 18000, benchmark_annual_orders integer DEFAULT 3,
  dormant_days integer DEFAULT 180, churned_days integer DEFAULT 365,
  cpm_lapsed_days integer DEFAULT 240, cpm_steady_days integer DEFAULT 90, cpm_loyal_days integer DEFAULT 210,
  cpm_revenue numeric DEFAULT 70000,
  benchmark_repeat_rate numeric DEFAULT 0.40, returning_share_high numeric DEFAULT 0.70, returning_share_low numeric DEFAULT 0.50,
  benchmark_months integer DEFAULT 12
) RETURNS ltv_policy AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_policy(numeric, integer, integer, integer, integer, integer, integer, numeric, numeric, numeric, numeric, integer) IS 'a checked policy, with the defaults of mail-order practice';

CREATE TYPE ltv_stage AS ENUM ('new', 'repeat', 'loyal', 'dormant', 'churned');
COMMENT ON TYPE ltv_stage IS 'the relationship with a customer';
CREATE FUNCTION ltv_stage(h ltv_history, as_of date, policy ltv_policy DEFAULT ltv_policy()) RETURNS ltv_stage AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_stage(ltv_history, date, ltv_policy) IS 'the relationship on as_of; null without an order';

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
  stage ltv_stage,
  retention_cost numeric,
  annual_retention_cost numeric,
  last_contact date
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
COMMENT ON COLUMN ltv_customer.retention_cost IS 'what contacts from the day of the first order on cost; 0 without any';
COMMENT ON COLUMN ltv_customer.annual_retention_cost IS 'the same in the year that ends with as_of';
COMMENT ON COLUMN ltv_customer.last_contact IS 'day of the last contact, from the day of the first order on; null without any';

CREATE FUNCTION ltv_summarize(h ltv_history, as_of date, policy ltv_policy DEFAULT ltv_policy()) RETURNS ltv_customer AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_summarize(ltv_history, date, ltv_policy) IS 'the summary of a customer: purchases up to as_of, and the year that ends with it';

-- the rank of a member

CREATE TYPE ltv_need AS ENUM ('both', 'either');
COMMENT ON TYPE ltv_need IS 'what a rank needs: its bands of revenue and of orders, or one of them';
CREATE TYPE ltv_member_rank_row AS (
  rank text,
  next_rank text,
  missing_revenue numeric,
  missing_orders bigint
);
COMMENT ON TYPE ltv_member_rank_row IS 'the rank of a member, see ltv_member_rank';
COMMENT ON COLUMN ltv_member_rank_row.rank IS 'the highest rank whose bands are reached';
COMMENT ON COLUMN ltv_member_rank_row.next_rank IS 'the rank above it; null for the highest';
COMMENT ON COLUMN ltv_member_rank_row.missing_revenue IS 'revenue that lacks for next_rank, 0 where its band is reached; null for the highest rank and without revenue_bands';
COMMENT ON COLUMN ltv_member_rank_row.missing_orders IS 'orders that lack for next_rank, 0 where its band is reached; null for the highest rank and without order_bands';

CREATE FUNCTION ltv_member_rank(
  h ltv_history, as_of date, names text[], revenue_bands numeric[], order_bands integer[],
  months integer DEFAULT 12, need ltv_need DEFAULT 'both'
) RETURNS ltv_member_rank_row AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_member_rank(ltv_history, date, text[], numeric[], integer[], integer, ltv_need) IS 'the rank of a member by revenue and orders of the months that end with as_of, and what lacks for the next one';

--
-- All customers
--

-- a look at the orders, and the summary of every customer

CREATE TYPE ltv_check_row AS (
  finding text,
  rows bigint,
  example text,
  meaning text
);
COMMENT ON TYPE ltv_check_row IS 'a finding in an orders relation, see ltv_check';
COMMENT ON COLUMN ltv_check_row.finding IS 'what was looked for';
COMMENT ON COLUMN ltv_check_row.rows IS 'rows in which it was found';
COMMENT ON COLUMN ltv_check_row.example IS 'one of them';
COMMENT ON COLUMN ltv_check_row.meaning IS 'what it is, and what becomes of such rows';

CREATE FUNCTION ltv_check(orders regclass, as_of date DEFAULT CURRENT_DATE)
RETURNS SETOF ltv_check_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 14 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_check(regclass, date) IS 'what is in an orders relation: rows read and used, and whatever is left out or would surprise';

CREATE TYPE ltv_customer_summary_row AS (
  customer_id text,
  segment text,
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
  stage ltv_stage,
  retention_cost numeric,
  annual_retention_cost numeric,
  last_contact date,
  first_item text,
  last_item text,
  top_item text
);
COMMENT ON TYPE ltv_customer_summary_row IS 'the summary of a customer of a shop, see ltv_customer_summary';
COMMENT ON COLUMN ltv_customer_summary_row.customer_id IS 'the customer, as text';
COMMENT ON COLUMN ltv_customer_summary_row.segment IS 'what the column that by names holds at the first order, as text; of somebody with refunds only, in the earliest row; null without by, and where it is null';
COMMENT ON COLUMN ltv_customer_summary_row.orders IS 'number of orders (purchases whose amount is not below zero)';
COMMENT ON COLUMN ltv_customer_summary_row.quantity IS 'units bought';
COMMENT ON COLUMN ltv_customer_summary_row.revenue IS 'the sum of amounts, refunds included: the lifetime value so far';
COMMENT ON COLUMN ltv_customer_summary_row.gross_profit IS 'revenue less cost; null if a cost is unknown';
COMMENT ON COLUMN ltv_customer_summary_row.first_order IS 'day of the first order';
COMMENT ON COLUMN ltv_customer_summary_row.last_order IS 'day of the last order';
COMMENT ON COLUMN ltv_customer_summary_row.active_months IS '(last order - first order) / 30';
COMMENT ON COLUMN ltv_customer_summary_row.average_order_value IS 'revenue / orders';
COMMENT ON COLUMN ltv_customer_summary_row.mean_interval_days IS '(last order - first order) / (orders - 1); null for fewer than two orders';
COMMENT ON COLUMN ltv_customer_summary_row.days_since_last_order IS 'as_of - last order';
COMMENT ON COLUMN ltv_customer_summary_row.annual_orders IS 'orders in the year that ends with as_of';
COMMENT ON COLUMN ltv_customer_summary_row.annual_revenue IS 'revenue in the year that ends with as_of';
COMMENT ON COLUMN ltv_customer_summary_row.annual_quantity IS 'units bought in the year that ends with as_of';
COMMENT ON COLUMN ltv_customer_summary_row.is_repeater IS 'two orders or more';
COMMENT ON COLUMN ltv_customer_summary_row.meets_benchmark IS 'annual revenue and annual orders reach the benchmark of the policy';
COMMENT ON COLUMN ltv_customer_summary_row.stage IS 'the relationship on as_of; null without an order';
COMMENT ON COLUMN ltv_customer_summary_row.retention_cost IS 'what contacts from the day of the first order on cost; 0 without any';
COMMENT ON COLUMN ltv_customer_summary_row.annual_retention_cost IS 'the same in the year that ends with as_of';
COMMENT ON COLUMN ltv_customer_summary_row.last_contact IS 'day of the last contact, from the day of the first order on; null without any';
COMMENT ON COLUMN ltv_customer_summary_row.first_item IS 'item of the dearest line of the first order';
COMMENT ON COLUMN ltv_customer_summary_row.last_item IS 'item of the dearest line of the last order';
COMMENT ON COLUMN ltv_customer_summary_row.top_item IS 'item whose lines brought the most revenue, refunds included; null without an order';

CREATE FUNCTION ltv_customer_summary(orders regclass, as_of date DEFAULT CURRENT_DATE, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS SETOF ltv_customer_summary_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_customer_summary(regclass, date, ltv_policy, text) IS 'the summary of every customer with a purchase up to as_of, customer_id as text';

CREATE FUNCTION ltv_customer_summary(orders regclass, as_of date, id_type anyelement, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS TABLE (
  customer_id anyelement, segment text, orders bigint, quantity numeric, revenue numeric, gross_profit numeric, first_order date, last_order date,
  active_months numeric, average_order_value numeric, mean_interval_days double precision, days_since_last_order integer,
  annual_orders bigint, annual_revenue numeric, annual_quantity numeric, is_repeater boolean, meets_benchmark boolean, stage ltv_stage,
  retention_cost numeric, annual_retention_cost numeric, last_contact date,
  first_item text, last_item text, top_item text
) AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_customer_summary(regclass, date, anyelement, ltv_policy, text) IS 'the same with customer_id in its own type, named by a null such as NULL::bigint, or as text (NULL::text)';

-- the repeat rate of histories; the state is {customers, repeaters}

CREATE FUNCTION ltv_repeat_rate_accum(state bigint[], h ltv_history) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_repeat_rate_accum(bigint[], ltv_history) IS 'aggregate transition function';
CREATE FUNCTION ltv_repeat_rate_combine(state bigint[], other bigint[]) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_repeat_rate_combine(bigint[], bigint[]) IS 'aggregate combine function';
CREATE FUNCTION ltv_repeat_rate_final(state bigint[]) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_repeat_rate_final(bigint[]) IS 'aggregate final function';

CREATE AGGREGATE ltv_repeat_rate(h ltv_history) (
  SFUNC = ltv_repeat_rate_accum, STYPE = bigint[], SSPACE = 40, FINALFUNC = ltv_repeat_rate_final, COMBINEFUNC = ltv_repeat_rate_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_repeat_rate(ltv_history) IS 'customers with two orders or more / customers with an order; null for none';

-- the repeat rate of order rows; the state is the set of customers, each once or twice

CREATE TYPE ltv_customer_set;
CREATE FUNCTION ltv_customer_set_in(cstring) RETURNS ltv_customer_set AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_customer_set_out(ltv_customer_set) RETURNS cstring AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_customer_set_recv(internal) RETURNS ltv_customer_set AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION ltv_customer_set_send(ltv_customer_set) RETURNS bytea AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE TYPE ltv_customer_set (
  INPUT = ltv_customer_set_in,
  OUTPUT = ltv_customer_set_out,
  RECEIVE = ltv_customer_set_recv,
  SEND = ltv_customer_set_send,
  ALIGNMENT = double,
  STORAGE = extended
);
COMMENT ON TYPE ltv_customer_set IS 'ids of customers, those of repeaters twice: the state of ltv_repeat_rate over order rows';
COMMENT ON FUNCTION ltv_customer_set_in(cstring) IS 'I/O';
COMMENT ON FUNCTION ltv_customer_set_out(ltv_customer_set) IS 'I/O';
COMMENT ON FUNCTION ltv_customer_set_recv(internal) IS 'I/O';
COMMENT ON FUNCTION ltv_customer_set_send(ltv_customer_set) IS 'I/O';

CREATE FUNCTION ltv_customer_set_accum(state ltv_customer_set, customer_id anyelement) RETURNS ltv_customer_set AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_customer_set_accum(ltv_customer_set, anyelement) IS 'aggregate transition function';
CREATE FUNCTION ltv_customer_set_accum(state ltv_customer_set, customer_id smallint) RETURNS ltv_customer_set AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_customer_set_accum(ltv_customer_set, smallint) IS 'aggregate transition function';
CREATE FUNCTION ltv_customer_set_accum(state ltv_customer_set, customer_id integer) RETURNS ltv_customer_set AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_customer_set_accum(ltv_customer_set, integer) IS 'aggregate transition function';
CREATE FUNCTION ltv_customer_set_accum(state ltv_customer_set, customer_id bigint) RETURNS ltv_customer_set AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_customer_set_accum(ltv_customer_set, bigint) IS 'aggregate transition function';
CREATE FUNCTION ltv_customer_set_accum(state ltv_customer_set, customer_id oid) RETURNS ltv_customer_set AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_customer_set_accum(ltv_customer_set, oid) IS 'aggregate transition function';
CREATE FUNCTION ltv_customer_set_accum(state ltv_customer_set, customer_id uuid) RETURNS ltv_customer_set AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_customer_set_accum(ltv_customer_set, uuid) IS 'aggregate transition function';
CREATE FUNCTION ltv_customer_set_combine(state ltv_customer_set, other ltv_customer_set) RETURNS ltv_customer_set AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_customer_set_combine(ltv_customer_set, ltv_customer_set) IS 'aggregate combine function';
CREATE FUNCTION ltv_customer_set_repeat_rate(state ltv_customer_set) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_customer_set_repeat_rate(ltv_customer_set) IS 'aggregate final function';

CREATE AGGREGATE ltv_repeat_rate(customer_id anyelement) (
  SFUNC = ltv_customer_set_accum, STYPE = ltv_customer_set, SSPACE = 256, FINALFUNC = ltv_customer_set_repeat_rate, COMBINEFUNC = ltv_customer_set_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_repeat_rate(anyelement) IS 'over one row per order: customers with two rows or more / customers; rows without a customer do not count; null for none';

CREATE AGGREGATE ltv_repeat_rate(customer_id smallint) (
  SFUNC = ltv_customer_set_accum, STYPE = ltv_customer_set, SSPACE = 256, FINALFUNC = ltv_customer_set_repeat_rate, COMBINEFUNC = ltv_customer_set_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_repeat_rate(smallint) IS 'the same for ids of this type: an aggregate of one type can be computed in the shards';

CREATE AGGREGATE ltv_repeat_rate(customer_id integer) (
  SFUNC = ltv_customer_set_accum, STYPE = ltv_customer_set, SSPACE = 256, FINALFUNC = ltv_customer_set_repeat_rate, COMBINEFUNC = ltv_customer_set_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_repeat_rate(integer) IS 'the same for ids of this type: an aggregate of one type can be computed in the shards';

CREATE AGGREGATE ltv_repeat_rate(customer_id bigint) (
  SFUNC = ltv_customer_set_accum, STYPE = ltv_customer_set, SSPACE = 256, FINALFUNC = ltv_customer_set_repeat_rate, COMBINEFUNC = ltv_customer_set_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_repeat_rate(bigint) IS 'the same for ids of this type: an aggregate of one type can be computed in the shards';

CREATE AGGREGATE ltv_repeat_rate(customer_id oid) (
  SFUNC = ltv_customer_set_accum, STYPE = ltv_customer_set, SSPACE = 256, FINALFUNC = ltv_customer_set_repeat_rate, COMBINEFUNC = ltv_customer_set_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_repeat_rate(oid) IS 'the same for ids of this type: an aggregate of one type can be computed in the shards';

CREATE AGGREGATE ltv_repeat_rate(customer_id uuid) (
  SFUNC = ltv_customer_set_accum, STYPE = ltv_customer_set, SSPACE = 256, FINALFUNC = ltv_customer_set_repeat_rate, COMBINEFUNC = ltv_customer_set_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_repeat_rate(uuid) IS 'the same for ids of this type: an aggregate of one type can be computed in the shards';

-- key figures; the state is the struct Kpi of src/customer/kpi.h as an array

CREATE TYPE ltv_kpi AS (
  customers bigint,
  repeaters bigint,
  repeat_rate double precision,
  repeat_rate_low double precision,
  repeat_rate_high double precision,
  orders bigint,
  orders_per_customer double precision,
  revenue numeric,
  revenue_per_customer numeric,
  average_order_value numeric,
  active_months numeric,
  annual_customers bigint,
  annual_orders_per_customer double precision,
  annual_revenue_per_customer numeric,
  benchmark_customers bigint,
  dormant_customers bigint,
  churned_customers bigint,
  gross_profit numeric,
  retention_cost numeric,
  quantity_per_order numeric,
  unit_price numeric
);
COMMENT ON TYPE ltv_kpi IS 'key figures of a population of customers, see ltv_kpis';
COMMENT ON COLUMN ltv_kpi.customers IS 'customers with an order';
COMMENT ON COLUMN ltv_kpi.repeaters IS 'customers with two orders or more';
COMMENT ON COLUMN ltv_kpi.repeat_rate IS 'repeaters / customers';
COMMENT ON COLUMN ltv_kpi.repeat_rate_low IS 'lower end of the 95 percent interval of repeat_rate (Wilson)';
COMMENT ON COLUMN ltv_kpi.repeat_rate_high IS 'upper end of the 95 percent interval of repeat_rate (Wilson)';
COMMENT ON COLUMN ltv_kpi.orders IS 'orders of these customers';
COMMENT ON COLUMN ltv_kpi.orders_per_customer IS 'orders / customers';
COMMENT ON COLUMN ltv_kpi.revenue IS 'revenue of these customers, refunds included';
COMMENT ON COLUMN ltv_kpi.revenue_per_customer IS 'revenue / customers: the mean lifetime value so far';
COMMENT ON COLUMN ltv_kpi.average_order_value IS 'revenue / orders';
COMMENT ON COLUMN ltv_kpi.active_months IS 'mean over customers of (last order - first order) / 30';
COMMENT ON COLUMN ltv_kpi.annual_customers IS 'customers with an order in the year that ends with as_of';
COMMENT ON COLUMN ltv_kpi.annual_orders_per_customer IS 'orders in that year / annual_customers';
COMMENT ON COLUMN ltv_kpi.annual_revenue_per_customer IS 'revenue in that year of the annual_customers / annual_customers';
COMMENT ON COLUMN ltv_kpi.benchmark_customers IS 'customers whose annual revenue and annual orders reach the benchmark of the policy';
COMMENT ON COLUMN ltv_kpi.dormant_customers IS 'customers of stage dormant';
COMMENT ON COLUMN ltv_kpi.churned_customers IS 'customers of stage churned';
COMMENT ON COLUMN ltv_kpi.gross_profit IS 'revenue less cost; null if a cost of these customers is unknown';
COMMENT ON COLUMN ltv_kpi.retention_cost IS 'what contacts with these customers cost, each from the day of the first order on';
COMMENT ON COLUMN ltv_kpi.quantity_per_order IS 'units / orders';
COMMENT ON COLUMN ltv_kpi.unit_price IS 'revenue / units; null without units';

CREATE FUNCTION ltv_kpis_accum(state bigint[], h ltv_history, as_of date) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_kpis_accum(bigint[], ltv_history, date) IS 'aggregate transition function';
CREATE FUNCTION ltv_kpis_accum(state bigint[], h ltv_history, as_of date, policy ltv_policy) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_kpis_accum(bigint[], ltv_history, date, ltv_policy) IS 'aggregate transition function';
CREATE FUNCTION ltv_kpis_combine(state bigint[], other bigint[]) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_kpis_combine(bigint[], bigint[]) IS 'aggregate combine function';
CREATE FUNCTION ltv_kpis_final(state bigint[]) RETURNS ltv_kpi AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_kpis_final(bigint[]) IS 'aggregate final function';

CREATE AGGREGATE ltv_kpis(h ltv_history, as_of date) (
  SFUNC = ltv_kpis_accum, STYPE = bigint[], SSPACE = 204, FINALFUNC = ltv_kpis_final, COMBINEFUNC = ltv_kpis_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_kpis(ltv_history, date) IS 'key figures of customers on as_of, with the default policy; columns as in ltv_kpi';

CREATE AGGREGATE ltv_kpis(h ltv_history, as_of date, policy ltv_policy) (
  SFUNC = ltv_kpis_accum, STYPE = bigint[], SSPACE = 204, FINALFUNC = ltv_kpis_final, COMBINEFUNC = ltv_kpis_combine,
  PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_kpis(ltv_history, date, ltv_policy) IS 'key figures of customers on as_of; columns as in ltv_kpi';

-- reports

CREATE TYPE ltv_overview_row AS (
  segment text,
  customers bigint,
  repeaters bigint,
  repeat_rate double precision,
  repeat_rate_low double precision,
  repeat_rate_high double precision,
  orders bigint,
  orders_per_customer double precision,
  revenue numeric,
  revenue_per_customer numeric,
  average_order_value numeric,
  active_months numeric,
  annual_customers bigint,
  annual_orders_per_customer double precision,
  annual_revenue_per_customer numeric,
  benchmark_customers bigint,
  dormant_customers bigint,
  churned_customers bigint,
  gross_profit numeric,
  retention_cost numeric,
  quantity_per_order numeric,
  unit_price numeric,
  guest_orders bigint,
  refund_only bigint,
  meets_repeat_rate boolean
);
COMMENT ON TYPE ltv_overview_row IS 'the key figures of a shop, see ltv_overview';
COMMENT ON COLUMN ltv_overview_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_overview_row.customers IS 'customers with an order';
COMMENT ON COLUMN ltv_overview_row.repeaters IS 'customers with two orders or more';
COMMENT ON COLUMN ltv_overview_row.repeat_rate IS 'repeaters / customers';
COMMENT ON COLUMN ltv_overview_row.repeat_rate_low IS 'lower end of the 95 percent interval of repeat_rate (Wilson)';
COMMENT ON COLUMN ltv_overview_row.repeat_rate_high IS 'upper end of the 95 percent interval of repeat_rate (Wilson)';
COMMENT ON COLUMN ltv_overview_row.orders IS 'orders of these customers';
COMMENT ON COLUMN ltv_overview_row.orders_per_customer IS 'orders / customers';
COMMENT ON COLUMN ltv_overview_row.revenue IS 'revenue of these customers, refunds included';
COMMENT ON COLUMN ltv_overview_row.revenue_per_customer IS 'revenue / customers: the mean lifetime value so far';
COMMENT ON COLUMN ltv_overview_row.average_order_value IS 'revenue / orders';
COMMENT ON COLUMN ltv_overview_row.active_months IS 'mean over customers of (last order - first order) / 30';
COMMENT ON COLUMN ltv_overview_row.annual_customers IS 'customers with an order in the year that ends with as_of';
COMMENT ON COLUMN ltv_overview_row.annual_orders_per_customer IS 'orders in that year / annual_customers';
COMMENT ON COLUMN ltv_overview_row.annual_revenue_per_customer IS 'revenue in that year of the annual_customers / annual_customers';
COMMENT ON COLUMN ltv_overview_row.benchmark_customers IS 'customers whose annual revenue and annual orders reach the benchmark of the policy';
COMMENT ON COLUMN ltv_overview_row.dormant_customers IS 'customers of stage dormant';
COMMENT ON COLUMN ltv_overview_row.churned_customers IS 'customers of stage churned';
COMMENT ON COLUMN ltv_overview_row.gross_profit IS 'revenue less cost; null if a cost of these customers is unknown';
COMMENT ON COLUMN ltv_overview_row.retention_cost IS 'what contacts with these customers cost, each from the day of the first order on';
COMMENT ON COLUMN ltv_overview_row.quantity_per_order IS 'units / orders';
COMMENT ON COLUMN ltv_overview_row.unit_price IS 'revenue / units; null without units';
COMMENT ON COLUMN ltv_overview_row.guest_orders IS 'orders without a customer, in no other figure';
COMMENT ON COLUMN ltv_overview_row.refund_only IS 'customers with refunds but no order, in no other figure';
COMMENT ON COLUMN ltv_overview_row.meets_repeat_rate IS 'repeat_rate reaches benchmark_repeat_rate of the policy';

CREATE FUNCTION ltv_overview(orders regclass, as_of date DEFAULT CURRENT_DATE, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS SETOF ltv_overview_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_overview(regclass, date, ltv_policy, text) IS 'one row of key figures on as_of: the columns of ltv_kpi, and two more';

CREATE TYPE ltv_stages_row AS (
  segment text,
  stage ltv_stage,
  customers bigint,
  share double precision,
  revenue numeric,
  annual_revenue numeric,
  retention_cost numeric
);
COMMENT ON TYPE ltv_stages_row IS 'the customers in a stage, see ltv_stages';
COMMENT ON COLUMN ltv_stages_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_stages_row.stage IS 'the stage on as_of';
COMMENT ON COLUMN ltv_stages_row.customers IS 'customers in it';
COMMENT ON COLUMN ltv_stages_row.share IS 'of all customers with an order';
COMMENT ON COLUMN ltv_stages_row.revenue IS 'of these customers so far, refunds included';
COMMENT ON COLUMN ltv_stages_row.annual_revenue IS 'of these customers in the year that ends with as_of';
COMMENT ON COLUMN ltv_stages_row.retention_cost IS 'what contacts with these customers cost so far, each from the day of the first order on';

CREATE FUNCTION ltv_stages(orders regclass, as_of date DEFAULT CURRENT_DATE, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS SETOF ltv_stages_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 5 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_stages(regclass, date, ltv_policy, text) IS 'one row per stage, in the order of ltv_stage, also for empty ones; no row without a customer';

CREATE TYPE ltv_stage_flow_row AS (
  segment text,
  from_stage ltv_stage,
  to_stage ltv_stage,
  customers bigint,
  revenue numeric
);
COMMENT ON TYPE ltv_stage_flow_row IS 'the customers who went from one stage to another, see ltv_stage_flow';
COMMENT ON COLUMN ltv_stage_flow_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_stage_flow_row.from_stage IS 'on from_day; null without an order by then';
COMMENT ON COLUMN ltv_stage_flow_row.to_stage IS 'on to_day';
COMMENT ON COLUMN ltv_stage_flow_row.customers IS 'customers with this pair of stages';
COMMENT ON COLUMN ltv_stage_flow_row.revenue IS 'of these customers after from_day and up to to_day, refunds included';

CREATE FUNCTION ltv_stage_flow(orders regclass, from_day date, to_day date DEFAULT CURRENT_DATE, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS SETOF ltv_stage_flow_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 30 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_stage_flow(regclass, date, date, ltv_policy, text) IS 'one row per pair of stages that a customer has, by from_stage and to_stage, nulls last';

CREATE TYPE ltv_cpm AS ENUM (
  'first', 'toddling', 'steady', 'trendy', 'loyal',
  'lapsed_first', 'lapsed_toddling', 'lapsed_steady', 'lapsed_trendy', 'lapsed_loyal'
);
COMMENT ON TYPE ltv_cpm IS 'groups of the customer portfolio (CPM): five kinds of customers, and the same five lapsed';

CREATE FUNCTION ltv_cpm(h ltv_history, as_of date, policy ltv_policy DEFAULT ltv_policy()) RETURNS ltv_cpm AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_cpm(ltv_history, date, ltv_policy) IS 'the group of the customer portfolio on as_of; null without an order';

CREATE TYPE ltv_cpm_groups_row AS (
  segment text,
  cpm ltv_cpm,
  customers bigint,
  share double precision,
  revenue numeric
);
COMMENT ON TYPE ltv_cpm_groups_row IS 'the customers in a group of the customer portfolio, see ltv_cpm_groups';
COMMENT ON COLUMN ltv_cpm_groups_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_cpm_groups_row.cpm IS 'the group of the customer portfolio (CPM) on as_of';
COMMENT ON COLUMN ltv_cpm_groups_row.customers IS 'customers in it';
COMMENT ON COLUMN ltv_cpm_groups_row.share IS 'of all customers with an order';
COMMENT ON COLUMN ltv_cpm_groups_row.revenue IS 'of these customers so far, refunds included';

CREATE FUNCTION ltv_cpm_groups(orders regclass, as_of date DEFAULT CURRENT_DATE, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS SETOF ltv_cpm_groups_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_cpm_groups(regclass, date, ltv_policy, text) IS 'one row per group of the customer portfolio (CPM), in the order of ltv_cpm, also for empty ones; no row without a customer';

CREATE TYPE ltv_period AS ENUM ('day', 'week', 'month', 'quarter', 'year');
COMMENT ON TYPE ltv_period IS 'calendar periods; a week begins on Monday';

CREATE TYPE ltv_balance AS ENUM ('too few returning', 'balanced', 'too few new');
COMMENT ON TYPE ltv_balance IS 'whether new and returning customers of a period are in balance';

CREATE TYPE ltv_periods_row AS (
  segment text,
  period_start date,
  customers bigint,
  new_customers bigint,
  returning_customers bigint,
  repeat_customers bigint,
  acquired_customers bigint,
  orders bigint,
  revenue numeric,
  new_revenue numeric,
  returning_revenue numeric,
  repeater_share double precision,
  period_repeat_rate double precision,
  retention_cost numeric,
  returning_share double precision,
  returning_revenue_share double precision,
  balance ltv_balance,
  churned_customers bigint,
  reactivated_customers bigint,
  refunded numeric,
  complete boolean
);
COMMENT ON TYPE ltv_periods_row IS 'what happened in a period, see ltv_periods';
COMMENT ON COLUMN ltv_periods_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_periods_row.period_start IS 'first day of the period';
COMMENT ON COLUMN ltv_periods_row.customers IS 'customers with an order in it';
COMMENT ON COLUMN ltv_periods_row.new_customers IS 'customers whose first order of all is in it';
COMMENT ON COLUMN ltv_periods_row.returning_customers IS 'the other customers';
COMMENT ON COLUMN ltv_periods_row.repeat_customers IS 'customers with an order in it that is not their first';
COMMENT ON COLUMN ltv_periods_row.acquired_customers IS 'new customers so far';
COMMENT ON COLUMN ltv_periods_row.orders IS 'orders of the period';
COMMENT ON COLUMN ltv_periods_row.revenue IS 'revenue of the period, refunds on their own day';
COMMENT ON COLUMN ltv_periods_row.new_revenue IS 'revenue of the new customers';
COMMENT ON COLUMN ltv_periods_row.returning_revenue IS 'the rest of the revenue';
COMMENT ON COLUMN ltv_periods_row.repeater_share IS 'repeat_customers / customers';
COMMENT ON COLUMN ltv_periods_row.period_repeat_rate IS 'repeat_customers / acquired_customers';
COMMENT ON COLUMN ltv_periods_row.retention_cost IS 'what contacts in the period cost, with customers from the day of their first order on';
COMMENT ON COLUMN ltv_periods_row.returning_share IS 'returning_customers / customers';
COMMENT ON COLUMN ltv_periods_row.returning_revenue_share IS 'returning_revenue / revenue';
COMMENT ON COLUMN ltv_periods_row.balance IS 'whether returning_share is within the borders of the policy';
COMMENT ON COLUMN ltv_periods_row.churned_customers IS 'customers whose silence became longer than churned_days in it';
COMMENT ON COLUMN ltv_periods_row.reactivated_customers IS 'customers with an order in it that ended such a silence';
COMMENT ON COLUMN ltv_periods_row.refunded IS 'sum of the amounts below zero: zero or negative';
COMMENT ON COLUMN ltv_periods_row.complete IS 'the period has ended by as_of';

CREATE FUNCTION ltv_periods(orders regclass, as_of date DEFAULT CURRENT_DATE, period ltv_period DEFAULT 'month', policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS SETOF ltv_periods_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 100 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_periods(regclass, date, ltv_period, ltv_policy, text) IS 'what happened in each calendar period (day, week, month, quarter, year) from the first order of all to as_of, in this order, empty ones included';

CREATE TYPE ltv_steps_row AS (
  segment text,
  cohort date,
  step integer,
  customers bigint,
  rate_from_first double precision,
  next_rate double precision,
  stopped bigint,
  churned bigint,
  median_days_to_next double precision,
  average_order_value numeric
);
COMMENT ON TYPE ltv_steps_row IS 'a step from one order to the next, see ltv_steps';
COMMENT ON COLUMN ltv_steps_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_steps_row.cohort IS 'the period of the first order of these customers, as its first day; null without cohort';
COMMENT ON COLUMN ltv_steps_row.step IS 'n: the number of the order';
COMMENT ON COLUMN ltv_steps_row.customers IS 'customers with an n-th order; with within_days, one at least so many days before as_of';
COMMENT ON COLUMN ltv_steps_row.rate_from_first IS 'customers / customers of step 1; with within_days the product of the next_rates before';
COMMENT ON COLUMN ltv_steps_row.next_rate IS 'customers with an (n+1)-th order / customers; with within_days, one within so many days';
COMMENT ON COLUMN ltv_steps_row.stopped IS 'the other customers: those with exactly n orders; with within_days, without one in time';
COMMENT ON COLUMN ltv_steps_row.churned IS 'of those, in stage churned on as_of';
COMMENT ON COLUMN ltv_steps_row.median_days_to_next IS 'from the n-th to the (n+1)-th order, over those who made it';
COMMENT ON COLUMN ltv_steps_row.average_order_value IS 'of the n-th orders';

CREATE FUNCTION ltv_steps(orders regclass, as_of date DEFAULT CURRENT_DATE, max_step integer DEFAULT 12, within_days integer DEFAULT NULL, cohort ltv_period DEFAULT NULL, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS SETOF ltv_steps_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 12 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_steps(regclass, date, integer, integer, ltv_period, ltv_policy, text) IS 'the way from the first order to the n-th, by n, as far as somebody came but not beyond max_step';

CREATE TYPE ltv_campaigns_row AS (
  segment text,
  campaign text,
  on_day date,
  treated_customers bigint,
  control_customers bigint,
  response_customers bigint,
  response_rate double precision,
  control_response_rate double precision,
  cost numeric,
  cost_per_response numeric,
  revenue_per_customer numeric,
  control_revenue_per_customer numeric,
  balance double precision,
  balance_p double precision,
  split_p double precision,
  orders_effect double precision,
  orders_low double precision,
  orders_high double precision,
  adjusted_orders_effect double precision,
  adjusted_orders_low double precision,
  adjusted_orders_high double precision,
  revenue_effect double precision,
  revenue_low double precision,
  revenue_high double precision,
  adjusted_revenue_effect double precision,
  adjusted_revenue_low double precision,
  adjusted_revenue_high double precision,
  profit_effect double precision,
  profit_low double precision,
  profit_high double precision,
  adjusted_profit_effect double precision,
  adjusted_profit_low double precision,
  adjusted_profit_high double precision,
  p_value double precision,
  p_holm double precision,
  effect_so_far double precision,
  always_low double precision,
  always_high double precision,
  incremental_profit double precision,
  incremental_profit_low double precision,
  incremental_profit_high double precision,
  profit_lift double precision,
  break_even_lift double precision,
  roi double precision,
  roi_low double precision,
  roi_high double precision,
  note text
);
COMMENT ON TYPE ltv_campaigns_row IS 'a campaign against its control group, see ltv_campaigns';
COMMENT ON COLUMN ltv_campaigns_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, where it is null, and for customers without an order';
COMMENT ON COLUMN ltv_campaigns_row.campaign IS 'the campaign, as text';
COMMENT ON COLUMN ltv_campaigns_row.on_day IS 'the first day on which it began for a customer';
COMMENT ON COLUMN ltv_campaigns_row.treated_customers IS 'customers with the treatment whose days are over';
COMMENT ON COLUMN ltv_campaigns_row.control_customers IS 'the same of the control group';
COMMENT ON COLUMN ltv_campaigns_row.response_customers IS 'of treated_customers, those with an order within the days';
COMMENT ON COLUMN ltv_campaigns_row.response_rate IS 'response_customers / treated_customers';
COMMENT ON COLUMN ltv_campaigns_row.control_response_rate IS 'the same of the control group';
COMMENT ON COLUMN ltv_campaigns_row.cost IS 'what the campaign cost for all these customers';
COMMENT ON COLUMN ltv_campaigns_row.cost_per_response IS 'cost / response_customers';
COMMENT ON COLUMN ltv_campaigns_row.revenue_per_customer IS 'what a treated customer bought within the days, refunds taken off';
COMMENT ON COLUMN ltv_campaigns_row.control_revenue_per_customer IS 'the same of the control group';
COMMENT ON COLUMN ltv_campaigns_row.balance IS 'revenue per customer in as many days before, treated less control: near 0 where the arms were alike';
COMMENT ON COLUMN ltv_campaigns_row.balance_p IS 'p-value of no difference before, by Welchs test';
COMMENT ON COLUMN ltv_campaigns_row.split_p IS 'p-value of the sizes of the arms as planned by share; null without share';
COMMENT ON COLUMN ltv_campaigns_row.orders_effect IS 'orders per customer within the days, treated less control';
COMMENT ON COLUMN ltv_campaigns_row.orders_low IS 'lower end of its 95 percent interval';
COMMENT ON COLUMN ltv_campaigns_row.orders_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_campaigns_row.adjusted_orders_effect IS 'the same, adjusted for the days before; null with fewer than three customers in an arm';
COMMENT ON COLUMN ltv_campaigns_row.adjusted_orders_low IS 'lower end of its 95 percent interval';
COMMENT ON COLUMN ltv_campaigns_row.adjusted_orders_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_campaigns_row.revenue_effect IS 'revenue per customer within the days, treated less control';
COMMENT ON COLUMN ltv_campaigns_row.revenue_low IS 'lower end of its 95 percent interval';
COMMENT ON COLUMN ltv_campaigns_row.revenue_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_campaigns_row.adjusted_revenue_effect IS 'the same, adjusted for the days before; null with fewer than three customers in an arm';
COMMENT ON COLUMN ltv_campaigns_row.adjusted_revenue_low IS 'lower end of its 95 percent interval';
COMMENT ON COLUMN ltv_campaigns_row.adjusted_revenue_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_campaigns_row.profit_effect IS 'gross profit per customer within the days, treated less control; null where a cost is unknown, as all of the gross profit';
COMMENT ON COLUMN ltv_campaigns_row.profit_low IS 'lower end of its 95 percent interval';
COMMENT ON COLUMN ltv_campaigns_row.profit_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_campaigns_row.adjusted_profit_effect IS 'the same, adjusted for the days before; null with fewer than three customers in an arm';
COMMENT ON COLUMN ltv_campaigns_row.adjusted_profit_low IS 'lower end of its 95 percent interval';
COMMENT ON COLUMN ltv_campaigns_row.adjusted_profit_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_campaigns_row.p_value IS 'two-sided, of no adjusted_revenue_effect';
COMMENT ON COLUMN ltv_campaigns_row.p_holm IS 'the same, as Holm adjusts it for all campaigns shown, of the segment';
COMMENT ON COLUMN ltv_campaigns_row.effect_so_far IS 'revenue per customer up to as_of, treated less control, of all for whom the campaign has begun, their days over or not';
COMMENT ON COLUMN ltv_campaigns_row.always_low IS 'lower end of a 95 percent interval of it that stays valid for who looks every day; null until it has begun for all';
COMMENT ON COLUMN ltv_campaigns_row.always_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_campaigns_row.incremental_profit IS 'adjusted_profit_effect x treated_customers, before cost';
COMMENT ON COLUMN ltv_campaigns_row.incremental_profit_low IS 'lower end of its 95 percent interval';
COMMENT ON COLUMN ltv_campaigns_row.incremental_profit_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_campaigns_row.profit_lift IS 'adjusted_profit_effect / what a control customer brings, adjusted the same way';
COMMENT ON COLUMN ltv_campaigns_row.break_even_lift IS 'the profit_lift that pays the cost';
COMMENT ON COLUMN ltv_campaigns_row.roi IS '(incremental_profit - cost) / cost';
COMMENT ON COLUMN ltv_campaigns_row.roi_low IS 'lower end of its 95 percent interval';
COMMENT ON COLUMN ltv_campaigns_row.roi_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_campaigns_row.note IS 'what to bear in mind: arms that were unlike before, too few customers, a single one that carries the difference; null where there is nothing';

CREATE FUNCTION ltv_campaigns(orders regclass, campaigns regclass, as_of date DEFAULT CURRENT_DATE, within_days integer DEFAULT 90, by text DEFAULT NULL)
RETURNS SETOF ltv_campaigns_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 20 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_campaigns(regclass, regclass, date, integer, text) IS 'campaigns: responses and what they cost, and the effect on orders, revenue and gross profit against the control group';

CREATE TYPE ltv_cancellations_row AS (
  segment text,
  period_start date,
  reason text,
  active_at_start bigint,
  started bigint,
  cancelled bigint,
  cancelled_new bigint,
  paused bigint,
  resumed bigint,
  active_at_end bigint,
  cancel_rate double precision,
  share_of_cancelled double precision
);
COMMENT ON TYPE ltv_cancellations_row IS 'contracts in a period, see ltv_cancellations';
COMMENT ON COLUMN ltv_cancellations_row.segment IS 'what the column that by names holds for these contracts, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_cancellations_row.period_start IS 'first day of the period';
COMMENT ON COLUMN ltv_cancellations_row.reason IS 'with split: what its column holds for the contracts that ended, as text; null where it is null, and without split';
COMMENT ON COLUMN ltv_cancellations_row.active_at_start IS 'contracts that had started before the period and not ended before it; paused ones are active';
COMMENT ON COLUMN ltv_cancellations_row.started IS 'contracts that started in the period; null with split';
COMMENT ON COLUMN ltv_cancellations_row.cancelled IS 'contracts that ended in the period';
COMMENT ON COLUMN ltv_cancellations_row.cancelled_new IS 'of those, started in the same period';
COMMENT ON COLUMN ltv_cancellations_row.paused IS 'contracts with paused_from in the period; null with split, and without such a column';
COMMENT ON COLUMN ltv_cancellations_row.resumed IS 'contracts with resumed_on in the period; null with split, and without such a column';
COMMENT ON COLUMN ltv_cancellations_row.active_at_end IS 'active_at_start + started - cancelled; null with split';
COMMENT ON COLUMN ltv_cancellations_row.cancel_rate IS '(cancelled - cancelled_new) / active_at_start';
COMMENT ON COLUMN ltv_cancellations_row.share_of_cancelled IS 'with split: cancelled / all that ended in the period';

CREATE FUNCTION ltv_cancellations(contracts regclass, as_of date DEFAULT CURRENT_DATE, period ltv_period DEFAULT 'month', split text DEFAULT NULL, by text DEFAULT NULL)
RETURNS SETOF ltv_cancellations_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 100 COST 10000;
COMMENT ON FUNCTION ltv_cancellations(regclass, date, ltv_period, text, text) IS 'contracts by calendar period: active, started, ended, with the rate of those that end, or what those that ended say why';

CREATE TYPE ltv_deliveries_row AS (
  segment text,
  cohort date,
  delivery integer,
  delivered bigint,
  delivered_share double precision,
  at_risk bigint,
  cancelled_at_risk bigint,
  continued bigint,
  cancelled bigint,
  waiting bigint,
  next_rate double precision,
  next_rate_low double precision,
  next_rate_high double precision,
  residual_rate double precision,
  residual_rate_low double precision,
  residual_rate_high double precision,
  revenue_per_contract numeric
);
COMMENT ON TYPE ltv_deliveries_row IS 'subscriptions from one delivery to the next, see ltv_deliveries';
COMMENT ON COLUMN ltv_deliveries_row.segment IS 'what the column that by names holds at the first delivery of these contracts, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_deliveries_row.cohort IS 'the period of the first delivery of these contracts, as its first day; null without cohort';
COMMENT ON COLUMN ltv_deliveries_row.delivery IS 'n: the number of the delivery';
COMMENT ON COLUMN ltv_deliveries_row.delivered IS 'contracts that made it';
COMMENT ON COLUMN ltv_deliveries_row.delivered_share IS 'delivered / delivered of the first';
COMMENT ON COLUMN ltv_deliveries_row.at_risk IS 'of the delivered, those whose next delivery could have been seen: this one is at least interval x (1 + grace) before as_of';
COMMENT ON COLUMN ltv_deliveries_row.cancelled_at_risk IS 'of at_risk, ended before the next one';
COMMENT ON COLUMN ltv_deliveries_row.continued IS 'of the delivered, those that made the next one';
COMMENT ON COLUMN ltv_deliveries_row.cancelled IS 'of the delivered, those that ended after this one';
COMMENT ON COLUMN ltv_deliveries_row.waiting IS 'delivered - continued - cancelled';
COMMENT ON COLUMN ltv_deliveries_row.next_rate IS '1 - cancelled_at_risk / at_risk';
COMMENT ON COLUMN ltv_deliveries_row.next_rate_low IS 'lower end of its 95 percent interval';
COMMENT ON COLUMN ltv_deliveries_row.next_rate_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_deliveries_row.residual_rate IS 'share of the contracts that make this delivery, by Kaplan and Meier: the product of the next_rates before it';
COMMENT ON COLUMN ltv_deliveries_row.residual_rate_low IS 'lower end of its 95 percent interval, with Greenwood''s variance';
COMMENT ON COLUMN ltv_deliveries_row.residual_rate_high IS 'upper end of the interval';
COMMENT ON COLUMN ltv_deliveries_row.revenue_per_contract IS 'sum up to this delivery of residual_rate x mean revenue of such a delivery: what a contract that begins brings so far';

CREATE FUNCTION ltv_deliveries(orders regclass, as_of date DEFAULT CURRENT_DATE, contracts regclass DEFAULT NULL, max_delivery integer DEFAULT 12, interval_days integer DEFAULT NULL, grace numeric DEFAULT 1.0, cohort ltv_period DEFAULT NULL, by text DEFAULT NULL)
RETURNS SETOF ltv_deliveries_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 12 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_deliveries(regclass, date, regclass, integer, integer, numeric, ltv_period, text) IS 'subscriptions: how many contracts come to the n-th delivery, how many end there, and what a contract that begins brings so far';
CREATE TYPE ltv_after AS ENUM ('first', 'repeat', 'all');
COMMENT ON TYPE ltv_after IS 'what a silence comes after: the first day with an order, a later one, or either';

CREATE TYPE ltv_silences_row AS (
  segment text,
  days integer,
  gaps bigint,
  returned bigint,
  return_rate double precision,
  return_rate_low double precision,
  return_rate_high double precision,
  customers_now bigint,
  revenue_now numeric
);
COMMENT ON TYPE ltv_silences_row IS 'what became of silences of so many days, see ltv_silences';
COMMENT ON COLUMN ltv_silences_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_silences_row.days IS 'days without an order after a day with one';
COMMENT ON COLUMN ltv_silences_row.gaps IS 'such silences that, and the horizon after them, are over by as_of; a customer may have several';
COMMENT ON COLUMN ltv_silences_row.returned IS 'of those, ended by an order within the horizon';
COMMENT ON COLUMN ltv_silences_row.return_rate IS 'returned / gaps';
COMMENT ON COLUMN ltv_silences_row.return_rate_low IS 'lower end of the 95 % interval of return_rate, which allows for customers with several silences';
COMMENT ON COLUMN ltv_silences_row.return_rate_high IS 'upper end of the 95 % interval of return_rate';
COMMENT ON COLUMN ltv_silences_row.customers_now IS 'customers whose latest order is at least so many days before as_of';
COMMENT ON COLUMN ltv_silences_row.revenue_now IS 'what these have bought so far';

CREATE FUNCTION ltv_silences(orders regclass, as_of date DEFAULT CURRENT_DATE, days integer[] DEFAULT '{30,60,90,120,180,240,365,540,730}', horizon_days integer DEFAULT 365, after ltv_after DEFAULT 'repeat', by text DEFAULT NULL)
RETURNS SETOF ltv_silences_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 9 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_silences(regclass, date, integer[], integer, ltv_after, text) IS 'how often somebody comes back within the horizon after a silence of so many days, for each number of days, the least first; and who is silent for as long now';

CREATE FUNCTION ltv_suggest_policy(orders regclass, as_of date DEFAULT CURRENT_DATE, dormant_return numeric DEFAULT 0.30, churned_return numeric DEFAULT 0.10, horizon_days integer DEFAULT 365, after ltv_after DEFAULT 'repeat', policy ltv_policy DEFAULT ltv_policy())
RETURNS ltv_policy
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE COST 100000;
COMMENT ON FUNCTION ltv_suggest_policy(regclass, date, numeric, numeric, integer, ltv_after, ltv_policy) IS 'the policy with the least dormant_days and churned_days from which on no more than these shares of the silent come back within the horizon; to be stored, not asked for anew each night';

CREATE TYPE ltv_growth_row AS (
  segment text,
  cohort date,
  customers bigint,
  became_loyal bigint,
  loyal_rate double precision,
  loyal_rate_low double precision,
  loyal_rate_high double precision,
  median_days_to_loyal double precision,
  median_orders_to_loyal double precision,
  observed_loyal bigint,
  loyal_lost bigint,
  loyal_lost_rate double precision,
  loyal_lost_rate_low double precision,
  loyal_lost_rate_high double precision,
  median_days_loyal double precision
);
COMMENT ON TYPE ltv_growth_row IS 'how customers become loyal and are lost, see ltv_growth';
COMMENT ON COLUMN ltv_growth_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_growth_row.cohort IS 'the period of the first order of these customers, as its first day; null without cohort';
COMMENT ON COLUMN ltv_growth_row.customers IS 'customers whose first order is at least the horizon before as_of';
COMMENT ON COLUMN ltv_growth_row.became_loyal IS 'of those, who reached the benchmark on a day with an order within the horizon from the first';
COMMENT ON COLUMN ltv_growth_row.loyal_rate IS 'became_loyal / customers';
COMMENT ON COLUMN ltv_growth_row.loyal_rate_low IS 'lower end of the 95 % interval of loyal_rate (Wilson)';
COMMENT ON COLUMN ltv_growth_row.loyal_rate_high IS 'upper end of the 95 % interval of loyal_rate';
COMMENT ON COLUMN ltv_growth_row.median_days_to_loyal IS 'from the first order to becoming loyal, over those who did';
COMMENT ON COLUMN ltv_growth_row.median_orders_to_loyal IS 'orders up to becoming loyal, over those who did';
COMMENT ON COLUMN ltv_growth_row.observed_loyal IS 'of those who became loyal, at least the horizon before as_of';
COMMENT ON COLUMN ltv_growth_row.loyal_lost IS 'of those, who were silent for longer than dormant_days within the horizon from becoming loyal';
COMMENT ON COLUMN ltv_growth_row.loyal_lost_rate IS 'loyal_lost / observed_loyal';
COMMENT ON COLUMN ltv_growth_row.loyal_lost_rate_low IS 'lower end of the 95 % interval of loyal_lost_rate (Wilson)';
COMMENT ON COLUMN ltv_growth_row.loyal_lost_rate_high IS 'upper end of the 95 % interval of loyal_lost_rate';
COMMENT ON COLUMN ltv_growth_row.median_days_loyal IS 'from becoming loyal to the end of such a silence, by Kaplan and Meier over all who became loyal; null while more than half are there';

CREATE FUNCTION ltv_growth(orders regclass, as_of date DEFAULT CURRENT_DATE, horizon_days integer DEFAULT 365, cohort ltv_period DEFAULT NULL, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS SETOF ltv_growth_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_growth(regclass, date, integer, ltv_period, ltv_policy, text) IS 'how many customers become loyal within the horizon, how soon, and how long they stay it';

CREATE TYPE ltv_cohorts_row AS (
  segment text,
  cohort date,
  period_index integer,
  customers bigint,
  active bigint,
  retention double precision,
  orders bigint,
  revenue numeric,
  cumulative_revenue numeric,
  revenue_per_customer numeric,
  gross_profit numeric,
  cumulative_gross_profit numeric,
  gross_profit_per_customer numeric,
  retention_cost numeric,
  repeaters bigint,
  repeat_rate double precision,
  complete boolean
);
COMMENT ON TYPE ltv_cohorts_row IS 'a cohort in a period, see ltv_cohorts';
COMMENT ON COLUMN ltv_cohorts_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_cohorts_row.cohort IS 'first day of the period of the first order';
COMMENT ON COLUMN ltv_cohorts_row.period_index IS 'periods since, from 0 on';
COMMENT ON COLUMN ltv_cohorts_row.customers IS 'all customers of the cohort';
COMMENT ON COLUMN ltv_cohorts_row.active IS 'customers with an order in that period';
COMMENT ON COLUMN ltv_cohorts_row.retention IS 'active / customers';
COMMENT ON COLUMN ltv_cohorts_row.orders IS 'of the cohort in that period';
COMMENT ON COLUMN ltv_cohorts_row.revenue IS 'of the cohort in that period';
COMMENT ON COLUMN ltv_cohorts_row.cumulative_revenue IS 'revenue up to that period';
COMMENT ON COLUMN ltv_cohorts_row.revenue_per_customer IS 'cumulative_revenue / customers';
COMMENT ON COLUMN ltv_cohorts_row.gross_profit IS 'revenue less cost of that period; null if a cost is unknown';
COMMENT ON COLUMN ltv_cohorts_row.cumulative_gross_profit IS 'gross profit up to that period; null if a cost is unknown';
COMMENT ON COLUMN ltv_cohorts_row.gross_profit_per_customer IS 'cumulative_gross_profit / customers';
COMMENT ON COLUMN ltv_cohorts_row.retention_cost IS 'what contacts with the cohort in that period cost, from the day of the first order on';
COMMENT ON COLUMN ltv_cohorts_row.repeaters IS 'customers of the cohort with two orders or more by the end of the period';
COMMENT ON COLUMN ltv_cohorts_row.repeat_rate IS 'repeaters / customers';
COMMENT ON COLUMN ltv_cohorts_row.complete IS 'the period has ended by as_of';

CREATE FUNCTION ltv_cohorts(orders regclass, as_of date DEFAULT CURRENT_DATE, period ltv_period DEFAULT 'month', by text DEFAULT NULL)
RETURNS SETOF ltv_cohorts_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1000 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_cohorts(regclass, date, ltv_period, text) IS 'customers by the calendar period of their first order, followed period by period up to as_of, by cohort and period_index, cells without orders included';

CREATE TYPE ltv_windows_row AS (
  segment text,
  cohort date,
  days integer,
  customers bigint,
  second_order_customers bigint,
  f2_rate double precision,
  orders_per_customer double precision,
  revenue_per_customer numeric,
  gross_profit_per_customer numeric,
  quantity_per_order numeric,
  unit_price numeric,
  meets_benchmark boolean
);
COMMENT ON TYPE ltv_windows_row IS 'what customers do in their first days, see ltv_windows';
COMMENT ON COLUMN ltv_windows_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_windows_row.cohort IS 'the period of the first order of these customers, as its first day; null without cohort';
COMMENT ON COLUMN ltv_windows_row.days IS 'the window, its last day included';
COMMENT ON COLUMN ltv_windows_row.customers IS 'customers observed for all of it';
COMMENT ON COLUMN ltv_windows_row.second_order_customers IS 'customers with a second order in it';
COMMENT ON COLUMN ltv_windows_row.f2_rate IS 'second_order_customers / customers';
COMMENT ON COLUMN ltv_windows_row.orders_per_customer IS 'within it, first order included, / customers';
COMMENT ON COLUMN ltv_windows_row.revenue_per_customer IS 'within it, first order included, / customers';
COMMENT ON COLUMN ltv_windows_row.gross_profit_per_customer IS 'within it / customers; null if a cost is unknown';
COMMENT ON COLUMN ltv_windows_row.quantity_per_order IS 'units / orders';
COMMENT ON COLUMN ltv_windows_row.unit_price IS 'revenue / units; null without units';
COMMENT ON COLUMN ltv_windows_row.meets_benchmark IS 'revenue_per_customer and orders_per_customer both reach the benchmark of the policy';

CREATE FUNCTION ltv_windows(orders regclass, as_of date DEFAULT CURRENT_DATE, days integer[] DEFAULT '{30,60,90,180,365}', cohort ltv_period DEFAULT NULL, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS SETOF ltv_windows_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 5 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_windows(regclass, date, integer[], ltv_period, ltv_policy, text) IS 'what customers do within the first days from their first order on, for each window of days, the shortest first; over the customers whose first order is at least that many days before as_of';

CREATE TYPE ltv_rfm_group AS ENUM (
  'champions', 'loyal', 'potential_loyal', 'new', 'promising', 'need_attention',
  'about_to_sleep', 'at_risk', 'cannot_lose', 'hibernating', 'lost'
);
COMMENT ON TYPE ltv_rfm_group IS 'groups of customers by recency and frequency';

CREATE TYPE ltv_rfm_row AS (
  customer_id text,
  segment text,
  recency_days integer,
  frequency bigint,
  monetary numeric,
  r integer,
  f integer,
  m integer,
  rfm_group ltv_rfm_group
);
COMMENT ON TYPE ltv_rfm_row IS 'recency, frequency and money of a customer, see ltv_rfm';
COMMENT ON COLUMN ltv_rfm_row.customer_id IS 'the customer, as text';
COMMENT ON COLUMN ltv_rfm_row.segment IS 'what the column that by names holds at the first order, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_rfm_row.recency_days IS 'as_of - last order';
COMMENT ON COLUMN ltv_rfm_row.frequency IS 'orders';
COMMENT ON COLUMN ltv_rfm_row.monetary IS 'revenue, refunds included';
COMMENT ON COLUMN ltv_rfm_row.r IS 'score of recency: 1 + floor(bins * share of customers with more days); with recency_bands 1 + how many of them are no fewer days';
COMMENT ON COLUMN ltv_rfm_row.f IS 'score of frequency: 1 + floor(bins * share of customers with fewer orders); with frequency_bands 1 + how many of them the orders reach';
COMMENT ON COLUMN ltv_rfm_row.m IS 'score of money: 1 + floor(bins * share of customers with less revenue); with monetary_bands 1 + how many of them the revenue reaches';
COMMENT ON COLUMN ltv_rfm_row.rfm_group IS 'what r and f together say; with other than 5 scores each is first made ceil(5 * score / scores)';

CREATE FUNCTION ltv_rfm(orders regclass, as_of date)
RETURNS SETOF ltv_rfm_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_rfm(regclass, date) IS 'recency, frequency and money of every customer with scores from 1 to 5, by monetary, the largest first, then by customer_id in the order of its own type; customer_id as text';

CREATE FUNCTION ltv_rfm(orders regclass, as_of date, id_type anyelement, bins integer DEFAULT 5, recency_bands integer[] DEFAULT NULL, frequency_bands integer[] DEFAULT NULL, monetary_bands numeric[] DEFAULT NULL, by text DEFAULT NULL)
RETURNS TABLE (customer_id anyelement, segment text, recency_days integer, frequency bigint, monetary numeric, r integer, f integer, m integer, rfm_group ltv_rfm_group)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_rfm(regclass, date, anyelement, integer, integer[], integer[], numeric[], text) IS 'recency, frequency and money of every customer with scores from 1 to bins, or by fixed borders, by monetary, the largest first, then by customer_id; columns as in ltv_rfm_row; id_type is a null of the type that customer_id is to have: its own, such as NULL::bigint, or text';

CREATE TYPE ltv_loyal_chance_row AS (
  customer_id text,
  segment text,
  orders bigint,
  age integer,
  loyal_chance double precision,
  earlier_customers bigint,
  earlier_loyal bigint
);
COMMENT ON TYPE ltv_loyal_chance_row IS 'how likely a customer who is not loyal yet is to become it, see ltv_loyal_chance';
COMMENT ON COLUMN ltv_loyal_chance_row.customer_id IS 'the customer, as text';
COMMENT ON COLUMN ltv_loyal_chance_row.segment IS 'what the column that by names holds at the first order, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_loyal_chance_row.orders IS 'orders so far';
COMMENT ON COLUMN ltv_loyal_chance_row.age IS 'whole periods of 30 days since the first order';
COMMENT ON COLUMN ltv_loyal_chance_row.loyal_chance IS 'the chance to become loyal within the horizon: earlier_loyal / earlier_customers, shrunk towards the share whatever the columns hold; null where no earlier customer had as many orders at this age';
COMMENT ON COLUMN ltv_loyal_chance_row.earlier_customers IS 'earlier customers with as many orders at the same age, not loyal then, with the same values of the columns at their first order';
COMMENT ON COLUMN ltv_loyal_chance_row.earlier_loyal IS 'of these, those who became loyal within the horizon';

CREATE FUNCTION ltv_loyal_chance(orders regclass, columns text[], as_of date)
RETURNS SETOF ltv_loyal_chance_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_loyal_chance(regclass, text[], date) IS 'how likely each customer who is not loyal yet is to become it within a year, by what became of earlier customers like this one, by loyal_chance, the largest first, then by customer_id in the order of its own type; customer_id as text';

CREATE FUNCTION ltv_loyal_chance(orders regclass, columns text[], as_of date, id_type anyelement, horizon_days integer DEFAULT 365, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS TABLE (customer_id anyelement, segment text, orders bigint, age integer, loyal_chance double precision, earlier_customers bigint, earlier_loyal bigint)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_loyal_chance(regclass, text[], date, anyelement, integer, ltv_policy, text) IS 'how likely each customer who is not loyal yet is to become it within the horizon, by what became of earlier customers with the same values of the columns, by loyal_chance, the largest first, then by customer_id; columns as in ltv_loyal_chance_row; id_type is a null of the type that customer_id is to have: its own, such as NULL::bigint, or text';

CREATE TYPE ltv_deciles_row AS (
  segment text,
  decile integer,
  customers bigint,
  revenue numeric,
  share double precision,
  cumulative_share double precision,
  average_revenue numeric,
  minimum_revenue numeric
);
COMMENT ON TYPE ltv_deciles_row IS 'a tenth of the customers by revenue, see ltv_deciles';
COMMENT ON COLUMN ltv_deciles_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_deciles_row.decile IS '1 to 10, the best first';
COMMENT ON COLUMN ltv_deciles_row.customers IS 'customers in the group';
COMMENT ON COLUMN ltv_deciles_row.revenue IS 'of the group';
COMMENT ON COLUMN ltv_deciles_row.share IS 'of all revenue';
COMMENT ON COLUMN ltv_deciles_row.cumulative_share IS 'revenue of this group and those before / all revenue';
COMMENT ON COLUMN ltv_deciles_row.average_revenue IS 'revenue / customers';
COMMENT ON COLUMN ltv_deciles_row.minimum_revenue IS 'the least revenue of a customer of the group';

CREATE FUNCTION ltv_deciles(orders regclass, as_of date DEFAULT CURRENT_DATE, by text DEFAULT NULL)
RETURNS SETOF ltv_deciles_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_deciles(regclass, date, text) IS 'customers by revenue in ten equal groups, the best first; where they do not divide, the first groups are larger by one';

CREATE TYPE ltv_item_flow_row AS (
  segment text,
  from_step integer,
  from_item text,
  to_item text,
  customers bigint,
  share double precision,
  average_from_amount numeric,
  average_to_amount numeric,
  dearer_customers bigint
);
COMMENT ON TYPE ltv_item_flow_row IS 'the customers who went from one item to another, see ltv_item_flow';
COMMENT ON COLUMN ltv_item_flow_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_item_flow_row.from_step IS 'n: the number of the first of the two orders';
COMMENT ON COLUMN ltv_item_flow_row.from_item IS 'value of the label of the n-th order; null where it has none';
COMMENT ON COLUMN ltv_item_flow_row.to_item IS 'value of the label of the next order; null where it has none';
COMMENT ON COLUMN ltv_item_flow_row.customers IS 'customers who went this way';
COMMENT ON COLUMN ltv_item_flow_row.share IS 'customers / all who went on from from_item at this step';
COMMENT ON COLUMN ltv_item_flow_row.average_from_amount IS 'mean amount of the first of the two orders';
COMMENT ON COLUMN ltv_item_flow_row.average_to_amount IS 'mean amount of the next order';
COMMENT ON COLUMN ltv_item_flow_row.dearer_customers IS 'of the customers, those who paid more for a piece in the next order, on the dearest line of each';

CREATE FUNCTION ltv_item_flow(orders regclass, as_of date DEFAULT CURRENT_DATE, label text DEFAULT 'item', from_day date DEFAULT NULL, by text DEFAULT NULL)
RETURNS SETOF ltv_item_flow_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1000 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_item_flow(regclass, date, text, date, text) IS 'from the item, or what another column says, of the n-th order to that of the next, by from_step, then customers, the most first, then items';

CREATE TYPE ltv_labels_row AS (
  segment text,
  label text,
  is_first_order boolean,
  orders bigint,
  order_share double precision,
  customers bigint,
  revenue numeric,
  order_revenue numeric,
  average_order_value numeric,
  gross_profit numeric,
  refunded numeric,
  observed_customers bigint,
  reordered_customers bigint,
  reorder_rate double precision,
  reorder_rate_low double precision,
  reorder_rate_high double precision,
  contacts bigint,
  contacted_customers bigint,
  contact_cost numeric
);
COMMENT ON TYPE ltv_labels_row IS 'the orders that carry a value of a label, see ltv_labels';
COMMENT ON COLUMN ltv_labels_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_labels_row.label IS 'the value; null: orders of which no line has one';
COMMENT ON COLUMN ltv_labels_row.is_first_order IS 'whether they are first orders of their customers; refunds are not';
COMMENT ON COLUMN ltv_labels_row.orders IS 'orders with a line that carries the value; one with several values counts for each';
COMMENT ON COLUMN ltv_labels_row.order_share IS 'orders / all orders with the same is_first_order';
COMMENT ON COLUMN ltv_labels_row.customers IS 'customers with such an order';
COMMENT ON COLUMN ltv_labels_row.revenue IS 'of the lines that carry the value, refunds included: the rows add up to that of the shop';
COMMENT ON COLUMN ltv_labels_row.order_revenue IS 'of these orders as a whole, with their other lines';
COMMENT ON COLUMN ltv_labels_row.average_order_value IS 'order_revenue / orders';
COMMENT ON COLUMN ltv_labels_row.gross_profit IS 'revenue less the cost of these lines; null where a cost is unknown';
COMMENT ON COLUMN ltv_labels_row.refunded IS 'of the revenue, what refunds are; zero or below';
COMMENT ON COLUMN ltv_labels_row.observed_customers IS 'of the customers, those whose first order in this row is at least within_days before as_of';
COMMENT ON COLUMN ltv_labels_row.reordered_customers IS 'of these, those who ordered again, whatever it was, within so many days of it';
COMMENT ON COLUMN ltv_labels_row.reorder_rate IS 'reordered_customers / observed_customers';
COMMENT ON COLUMN ltv_labels_row.reorder_rate_low IS 'lower end of its 95 % Wilson interval';
COMMENT ON COLUMN ltv_labels_row.reorder_rate_high IS 'upper end of its 95 % Wilson interval';
COMMENT ON COLUMN ltv_labels_row.contacts IS 'with the label contact: contacts of this kind, from the day of the first order on; else null';
COMMENT ON COLUMN ltv_labels_row.contacted_customers IS 'customers with such a contact';
COMMENT ON COLUMN ltv_labels_row.contact_cost IS 'what these contacts cost';

CREATE FUNCTION ltv_labels(orders regclass, as_of date DEFAULT CURRENT_DATE, label text DEFAULT 'item', within_days integer DEFAULT 90, from_day date DEFAULT NULL, by text DEFAULT NULL)
RETURNS SETOF ltv_labels_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 100 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_labels(regclass, date, text, integer, date, text) IS 'orders by what they carry, a coupon, item or channel, first orders and others apart: first orders first, then by orders, the most first, then by label';

CREATE TYPE ltv_funnel_row AS (
  segment text,
  cohort date,
  step integer,
  label text,
  customers bigint,
  same_order_customers bigint,
  rate_from_first double precision,
  rate_from_previous double precision,
  median_days_from_previous double precision,
  step_revenue numeric,
  revenue_per_customer numeric
);
COMMENT ON TYPE ltv_funnel_row IS 'a step on the way from what customers come for, see ltv_funnel';
COMMENT ON COLUMN ltv_funnel_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_funnel_row.cohort IS 'first day of the period of the first order of these customers; null without cohort';
COMMENT ON COLUMN ltv_funnel_row.step IS 'from 1 on';
COMMENT ON COLUMN ltv_funnel_row.label IS 'the value of the step';
COMMENT ON COLUMN ltv_funnel_row.customers IS 'customers who reached it, with an order after the one that reached the step before';
COMMENT ON COLUMN ltv_funnel_row.same_order_customers IS 'customers who did not, but whose order that reached the step before carries this value as well';
COMMENT ON COLUMN ltv_funnel_row.rate_from_first IS 'customers / customers of the first step';
COMMENT ON COLUMN ltv_funnel_row.rate_from_previous IS 'customers / customers of the step before';
COMMENT ON COLUMN ltv_funnel_row.median_days_from_previous IS 'from the order that reached the step before to the one that reached this one';
COMMENT ON COLUMN ltv_funnel_row.step_revenue IS 'of the orders that reached the step';
COMMENT ON COLUMN ltv_funnel_row.revenue_per_customer IS 'all that these customers bought from the day of their entry to within_days later / customers';

CREATE FUNCTION ltv_funnel(orders regclass, steps text[], as_of date DEFAULT CURRENT_DATE, label text DEFAULT 'item', within_days integer DEFAULT 365, from_day date DEFAULT NULL, cohort ltv_period DEFAULT NULL, by text DEFAULT NULL)
RETURNS SETOF ltv_funnel_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_funnel(regclass, text[], date, text, integer, date, ltv_period, text) IS 'how many who ordered what the first step says came to order what the next steps say, within so many days, by step; over those whose first such order is at least within_days before as_of';

CREATE TYPE ltv_baskets_row AS (
  segment text,
  from_label text,
  to_label text,
  together bigint,
  baskets_from bigint,
  baskets_to bigint,
  baskets bigint,
  support double precision,
  confidence double precision,
  lift double precision
);
COMMENT ON TYPE ltv_baskets_row IS 'two values that are bought together, see ltv_baskets';
COMMENT ON COLUMN ltv_baskets_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_baskets_row.from_label IS 'the one value';
COMMENT ON COLUMN ltv_baskets_row.to_label IS 'the other value';
COMMENT ON COLUMN ltv_baskets_row.together IS 'baskets with both: orders, or with within_days customers who bought both within so many days';
COMMENT ON COLUMN ltv_baskets_row.baskets_from IS 'baskets with the one';
COMMENT ON COLUMN ltv_baskets_row.baskets_to IS 'baskets with the other';
COMMENT ON COLUMN ltv_baskets_row.baskets IS 'all baskets with a value';
COMMENT ON COLUMN ltv_baskets_row.support IS 'together / baskets';
COMMENT ON COLUMN ltv_baskets_row.confidence IS 'together / baskets_from';
COMMENT ON COLUMN ltv_baskets_row.lift IS 'confidence / (baskets_to / baskets): 1 where the two have nothing to do with each other';

CREATE FUNCTION ltv_baskets(orders regclass, as_of date DEFAULT CURRENT_DATE, label text DEFAULT 'item', within_days integer DEFAULT 0, min_orders integer DEFAULT 5, from_day date DEFAULT NULL, by text DEFAULT NULL)
RETURNS SETOF ltv_baskets_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1000 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_baskets(regclass, date, text, integer, integer, date, text) IS 'pairs of values that are bought together, in one order or by one customer within so many days, in min_orders baskets at least: by together, the most first, then by from_label and to_label';

--
-- Money
--

-- formulas

CREATE FUNCTION ltv_annual(quantity numeric, unit_price numeric, purchases numeric) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_annual(numeric, numeric, numeric) IS 'annual LTV: quantity x unit price x orders a year';
CREATE FUNCTION ltv_lifetime(average_order_value numeric, gross_margin numeric, annual_orders numeric, active_years numeric, acquisition_cost numeric DEFAULT 0, retention_cost numeric DEFAULT 0) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_lifetime(numeric, numeric, numeric, numeric, numeric, numeric) IS 'lifetime value: order value x margin x orders a year x years - acquisition cost - retention cost x years';
CREATE FUNCTION ltv_profit(ltv numeric, cpo numeric, cost numeric, customers numeric) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_profit(numeric, numeric, numeric, numeric) IS 'profit: (LTV - CPO - cost) x customers';
CREATE FUNCTION ltv_max_cpo(ltv numeric, cost numeric, target_profit numeric DEFAULT 0) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_max_cpo(numeric, numeric, numeric) IS 'what one new customer may cost: LTV - cost - target profit';
CREATE FUNCTION ltv_cpo(advertising_cost numeric, new_customers numeric) RETURNS numeric AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_cpo(numeric, numeric) IS 'what one new customer did cost: advertising cost / new customers';
CREATE FUNCTION ltv_meets_benchmark(annual_revenue numeric, annual_orders numeric, policy ltv_policy DEFAULT ltv_policy()) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_meets_benchmark(numeric, numeric, ltv_policy) IS 'do annual revenue and annual orders both reach the benchmark of the policy';

CREATE TYPE ltv_plan_row AS (
  annual_revenue numeric,
  contribution numeric,
  profit_per_customer numeric,
  annual_profit numeric,
  max_cpo numeric,
  break_even_orders numeric,
  shipping_ratio numeric,
  shipping_within_limit boolean,
  meets_benchmark boolean,
  missing_revenue numeric,
  missing_orders numeric
);
COMMENT ON TYPE ltv_plan_row IS 'a product planned for a year, see ltv_plan';
COMMENT ON COLUMN ltv_plan_row.annual_revenue IS 'unit_price x quantity x annual_orders';
COMMENT ON COLUMN ltv_plan_row.contribution IS 'annual_revenue x gross_margin - shipping_cost x annual_orders - retention_cost';
COMMENT ON COLUMN ltv_plan_row.profit_per_customer IS 'contribution - cpo';
COMMENT ON COLUMN ltv_plan_row.annual_profit IS 'profit_per_customer x customers';
COMMENT ON COLUMN ltv_plan_row.max_cpo IS 'what one new customer may cost: the contribution';
COMMENT ON COLUMN ltv_plan_row.break_even_orders IS 'the fewest whole orders a year with profit_per_customer of 0 or more; null when there is no such number';
COMMENT ON COLUMN ltv_plan_row.shipping_ratio IS 'shipping_cost / (unit_price x quantity); null for what is given away';
COMMENT ON COLUMN ltv_plan_row.shipping_within_limit IS 'the ratio is at most 10 percent';
COMMENT ON COLUMN ltv_plan_row.meets_benchmark IS 'annual revenue and annual orders reach the benchmark of the policy';
COMMENT ON COLUMN ltv_plan_row.missing_revenue IS 'what annual_revenue lacks of the benchmark, 0 when nothing';
COMMENT ON COLUMN ltv_plan_row.missing_orders IS 'what annual_orders lack of the benchmark, 0 when nothing';

CREATE FUNCTION ltv_plan(unit_price numeric, quantity numeric, annual_orders numeric, gross_margin numeric, cpo numeric DEFAULT 0, shipping_cost numeric DEFAULT 0, retention_cost numeric DEFAULT 0, customers numeric DEFAULT 1, policy ltv_policy DEFAULT ltv_policy())
RETURNS ltv_plan_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_plan(numeric, numeric, numeric, numeric, numeric, numeric, numeric, numeric, ltv_policy) IS 'one product planned for a year before its first sale: one row';

CREATE TYPE ltv_bundle_row AS (
  quantity integer,
  discount numeric,
  unit_price numeric,
  order_value numeric,
  gross_profit numeric,
  gain_per_step_up numeric,
  loss numeric,
  step_up_share numeric
);
COMMENT ON TYPE ltv_bundle_row IS 'a tier of a price ladder, see ltv_bundle';
COMMENT ON COLUMN ltv_bundle_row.quantity IS 'pieces';
COMMENT ON COLUMN ltv_bundle_row.discount IS 'share off the price of a piece';
COMMENT ON COLUMN ltv_bundle_row.unit_price IS 'of a piece, discount off';
COMMENT ON COLUMN ltv_bundle_row.order_value IS 'quantity x that';
COMMENT ON COLUMN ltv_bundle_row.gross_profit IS 'order_value - quantity x unit cost';
COMMENT ON COLUMN ltv_bundle_row.gain_per_step_up IS 'gross_profit - that of a single piece at full price';
COMMENT ON COLUMN ltv_bundle_row.loss IS 'quantity x full price of a piece x discount';
COMMENT ON COLUMN ltv_bundle_row.step_up_share IS 'loss / (gain_per_step_up + loss): the share of the buyers who must have stepped up from a single piece; null when it cannot pay';

CREATE FUNCTION ltv_bundle(unit_price numeric, unit_cost numeric, quantities integer[], discounts numeric[])
RETURNS SETOF ltv_bundle_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5;
COMMENT ON FUNCTION ltv_bundle(numeric, numeric, integer[], numeric[]) IS 'price ladder: per tier what it brings, and which share of its buyers must have stepped up from a single piece';

-- reports over a shop

CREATE TYPE ltv_economics_row AS (
  segment text,
  average_order_value numeric,
  gross_margin numeric,
  annual_orders numeric,
  active_years numeric,
  acquisition_cost numeric,
  retention_cost numeric,
  ltv numeric,
  max_cpo numeric,
  profit numeric,
  payback_months numeric,
  meets_benchmark boolean,
  customers bigint,
  orders bigint,
  revenue numeric,
  gross_profit numeric,
  quantity_per_order numeric,
  unit_price numeric,
  previous_customers bigint,
  lost_customers bigint,
  churn numeric
);
COMMENT ON TYPE ltv_economics_row IS 'unit economics of a shop, see ltv_economics';
COMMENT ON COLUMN ltv_economics_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_economics_row.average_order_value IS 'revenue / orders';
COMMENT ON COLUMN ltv_economics_row.gross_margin IS 'as given, or gross_profit / revenue';
COMMENT ON COLUMN ltv_economics_row.annual_orders IS 'orders / customers';
COMMENT ON COLUMN ltv_economics_row.active_years IS 'as given, or previous_customers / lost_customers';
COMMENT ON COLUMN ltv_economics_row.acquisition_cost IS 'as given';
COMMENT ON COLUMN ltv_economics_row.retention_cost IS 'as given, or the cost of all contacts of the year to whoever has ever ordered / customers; null where it is not given and there are no contacts';
COMMENT ON COLUMN ltv_economics_row.ltv IS 'value x margin x orders x years - acquisition - retention x years';
COMMENT ON COLUMN ltv_economics_row.max_cpo IS 'the same before acquisition';
COMMENT ON COLUMN ltv_economics_row.profit IS 'ltv x customers';
COMMENT ON COLUMN ltv_economics_row.payback_months IS 'whole months until the acquisition cost is back; null when it is not within the active years';
COMMENT ON COLUMN ltv_economics_row.meets_benchmark IS 'revenue and orders per customer reach the benchmark of the policy';
COMMENT ON COLUMN ltv_economics_row.customers IS 'customers with an order in the year';
COMMENT ON COLUMN ltv_economics_row.orders IS 'their orders in the year';
COMMENT ON COLUMN ltv_economics_row.revenue IS 'their revenue in the year';
COMMENT ON COLUMN ltv_economics_row.gross_profit IS 'their revenue less cost; null if a cost is unknown';
COMMENT ON COLUMN ltv_economics_row.quantity_per_order IS 'their units in the year / orders';
COMMENT ON COLUMN ltv_economics_row.unit_price IS 'revenue / units; null without units';
COMMENT ON COLUMN ltv_economics_row.previous_customers IS 'customers with an order in the year before';
COMMENT ON COLUMN ltv_economics_row.lost_customers IS 'of those, without an order since';
COMMENT ON COLUMN ltv_economics_row.churn IS 'lost_customers / previous_customers';

CREATE FUNCTION ltv_economics(orders regclass, as_of date DEFAULT CURRENT_DATE, gross_margin numeric DEFAULT NULL, acquisition_cost numeric DEFAULT NULL, retention_cost numeric DEFAULT 0, active_years numeric DEFAULT 1, policy ltv_policy DEFAULT ltv_policy(), by text DEFAULT NULL)
RETURNS SETOF ltv_economics_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_economics(regclass, date, numeric, numeric, numeric, numeric, ltv_policy, text) IS 'unit economics of a shop in one row, over the year that ends with as_of: the six elements of the lifetime value, what follows from them, and what was counted';

CREATE TYPE ltv_levers_row AS (
  segment text,
  element text,
  base numeric,
  improved numeric,
  ltv numeric,
  gain numeric,
  rank integer,
  best_segment text,
  best_customers bigint,
  best numeric,
  best_low numeric,
  gain_at_best numeric
);
COMMENT ON TYPE ltv_levers_row IS 'an element of the lifetime value and what it would bring, see ltv_levers';
COMMENT ON COLUMN ltv_levers_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_levers_row.element IS 'the element, by the name of its column in ltv_economics';
COMMENT ON COLUMN ltv_levers_row.base IS 'as in ltv_economics';
COMMENT ON COLUMN ltv_levers_row.improved IS 'by improvement x its size: costs down, a margin up to 1';
COMMENT ON COLUMN ltv_levers_row.ltv IS 'with only this element improved';
COMMENT ON COLUMN ltv_levers_row.gain IS 'that less the ltv as it is';
COMMENT ON COLUMN ltv_levers_row.rank IS 'by gain, and with against by gain_at_best, the largest first; equal gains rank alike';
COMMENT ON COLUMN ltv_levers_row.best_segment IS 'the value of the column that against names whose customers have the best element; null without against, where no segment has so many customers, and where the element is given';
COMMENT ON COLUMN ltv_levers_row.best_customers IS 'of these, those whose element it is: with an order in the year, for active_years in the year before';
COMMENT ON COLUMN ltv_levers_row.best IS 'their element';
COMMENT ON COLUMN ltv_levers_row.best_low IS 'the worse end of its 95 % interval';
COMMENT ON COLUMN ltv_levers_row.gain_at_best IS 'the ltv with this element at best_low, less the ltv as it is';

CREATE FUNCTION ltv_levers(orders regclass, as_of date DEFAULT CURRENT_DATE, gross_margin numeric DEFAULT NULL, acquisition_cost numeric DEFAULT NULL, retention_cost numeric DEFAULT 0, active_years numeric DEFAULT 1, improvement numeric DEFAULT 0.10, against text DEFAULT NULL, min_customers integer DEFAULT 100, by text DEFAULT NULL)
RETURNS SETOF ltv_levers_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 6 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_levers(regclass, date, numeric, numeric, numeric, numeric, numeric, text, integer, text) IS 'which element of the lifetime value to pull first, one row per element, the largest gain first';

CREATE TYPE ltv_payback_row AS (
  segment text,
  cohort date,
  customers bigint,
  periods bigint,
  payback_index integer,
  gross_profit numeric,
  gross_profit_per_customer numeric,
  retention_cost numeric
);
COMMENT ON TYPE ltv_payback_row IS 'when a cohort has earned back what its customers cost, see ltv_payback';
COMMENT ON COLUMN ltv_payback_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_payback_row.cohort IS 'first day of the period of the first order';
COMMENT ON COLUMN ltv_payback_row.customers IS 'all customers of the cohort';
COMMENT ON COLUMN ltv_payback_row.periods IS 'periods observed, its own and that of as_of included';
COMMENT ON COLUMN ltv_payback_row.payback_index IS 'the first period_index at which cumulative gross profit less retention_cost covers acquisition_cost x customers; null while it does not';
COMMENT ON COLUMN ltv_payback_row.gross_profit IS 'up to as_of, from costs or as revenue x gross_margin';
COMMENT ON COLUMN ltv_payback_row.gross_profit_per_customer IS 'gross_profit / customers';
COMMENT ON COLUMN ltv_payback_row.retention_cost IS 'what contacts with the cohort cost up to as_of, from the day of the first order on';

CREATE FUNCTION ltv_payback(orders regclass, as_of date DEFAULT CURRENT_DATE, acquisition_cost numeric DEFAULT NULL, gross_margin numeric DEFAULT NULL, period ltv_period DEFAULT 'month', by text DEFAULT NULL)
RETURNS SETOF ltv_payback_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 100 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_payback(regclass, date, numeric, numeric, ltv_period, text) IS 'payback of each cohort, the customers by the calendar period of their first order: when their gross profit less the cost of contacts covers what they cost';

CREATE TYPE ltv_acquisition_row AS (
  segment text,
  period_start date,
  cost numeric,
  leads bigint,
  new_customers bigint,
  cost_per_lead numeric,
  new_per_lead double precision,
  cost_per_new_customer numeric,
  main_customers bigint,
  upgrade_rate double precision,
  cpo numeric,
  first_revenue numeric,
  first_roas double precision,
  observed_customers bigint,
  revenue_per_customer numeric,
  contribution_per_customer numeric,
  roas double precision,
  max_cpo numeric,
  contribution_to_cpo double precision,
  profit numeric,
  payback_index integer,
  complete boolean
);
COMMENT ON TYPE ltv_acquisition_row IS 'what the new customers of a period cost and bring in, see ltv_acquisition';
COMMENT ON COLUMN ltv_acquisition_row.segment IS 'what the column that by names holds at the first order of these customers, and for these costs, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_acquisition_row.period_start IS 'first day of the period of the first orders and of the costs; null where period is null';
COMMENT ON COLUMN ltv_acquisition_row.cost IS 'what was spent in it, up to as_of';
COMMENT ON COLUMN ltv_acquisition_row.leads IS 'sum of leads; null without such a column';
COMMENT ON COLUMN ltv_acquisition_row.new_customers IS 'customers with their first order in it';
COMMENT ON COLUMN ltv_acquisition_row.cost_per_lead IS 'cost / leads';
COMMENT ON COLUMN ltv_acquisition_row.new_per_lead IS 'new_customers / leads, of the same period; may be above 1';
COMMENT ON COLUMN ltv_acquisition_row.cost_per_new_customer IS 'cost / new_customers';
COMMENT ON COLUMN ltv_acquisition_row.main_customers IS 'of the new customers, with an order up to within_days after the first (that one included) that carries a value of main; without main all of them';
COMMENT ON COLUMN ltv_acquisition_row.upgrade_rate IS 'main_customers / new_customers';
COMMENT ON COLUMN ltv_acquisition_row.cpo IS 'cost / main_customers';
COMMENT ON COLUMN ltv_acquisition_row.first_revenue IS 'amount of the first orders of the new customers';
COMMENT ON COLUMN ltv_acquisition_row.first_roas IS 'first_revenue / cost';
COMMENT ON COLUMN ltv_acquisition_row.observed_customers IS 'of the new customers, with the first order at least within_days before as_of';
COMMENT ON COLUMN ltv_acquisition_row.revenue_per_customer IS 'what the observed bought from the day of their first order to within_days after it, less refunds / observed_customers';
COMMENT ON COLUMN ltv_acquisition_row.contribution_per_customer IS 'their gross profit less what contacts with them cost, in these days / observed_customers; null while a cost of theirs is unknown';
COMMENT ON COLUMN ltv_acquisition_row.roas IS 'revenue_per_customer / cost_per_new_customer';
COMMENT ON COLUMN ltv_acquisition_row.max_cpo IS 'contribution_per_customer x new_customers / main_customers - target_profit; null until the row is complete';
COMMENT ON COLUMN ltv_acquisition_row.contribution_to_cpo IS 'contribution_per_customer x new_customers / cost; null until the row is complete';
COMMENT ON COLUMN ltv_acquisition_row.profit IS 'contribution_per_customer x new_customers - cost; -cost without new customers';
COMMENT ON COLUMN ltv_acquisition_row.payback_index IS 'the first calendar month, from that of each first order on (0), at whose end the contributions within these days cover the cost; null while they do not, and until the row is complete';
COMMENT ON COLUMN ltv_acquisition_row.complete IS 'all of the new customers are observed';

CREATE FUNCTION ltv_acquisition(orders regclass, spend regclass, as_of date DEFAULT CURRENT_DATE, period ltv_period DEFAULT 'month', within_days integer DEFAULT 365, target_profit numeric DEFAULT 0, label text DEFAULT 'item', main text[] DEFAULT NULL, by text DEFAULT NULL)
RETURNS SETOF ltv_acquisition_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 100 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_acquisition(regclass, regclass, date, ltv_period, integer, numeric, text, text[], text) IS 'what the new customers of each calendar period cost and what they bring in: what was spent beside the customers whose first order is in the period';

CREATE TYPE ltv_free_shipping_row AS (
  segment text,
  orders bigint,
  above bigint,
  near bigint,
  mean_missing numeric,
  free_shipping_cost numeric,
  gain_per_step_up numeric,
  step_up_share numeric
);
COMMENT ON TYPE ltv_free_shipping_row IS 'whether free shipping from a threshold on pays, see ltv_free_shipping';
COMMENT ON COLUMN ltv_free_shipping_row.segment IS 'what the column that by names holds at the first order of these customers, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_free_shipping_row.orders IS 'orders of the year';
COMMENT ON COLUMN ltv_free_shipping_row.above IS 'orders at the threshold or more';
COMMENT ON COLUMN ltv_free_shipping_row.near IS 'orders from reach x threshold up to it';
COMMENT ON COLUMN ltv_free_shipping_row.mean_missing IS 'what the near ones lack of the threshold, on average';
COMMENT ON COLUMN ltv_free_shipping_row.free_shipping_cost IS 'shipping_cost x above';
COMMENT ON COLUMN ltv_free_shipping_row.gain_per_step_up IS 'mean_missing x gross_margin - shipping_cost';
COMMENT ON COLUMN ltv_free_shipping_row.step_up_share IS 'free_shipping_cost / (near x gain_per_step_up): the share of the near ones that must step up; null when it cannot pay';

CREATE FUNCTION ltv_free_shipping(orders regclass, as_of date DEFAULT CURRENT_DATE, threshold numeric DEFAULT NULL, shipping_cost numeric DEFAULT NULL, gross_margin numeric DEFAULT NULL, reach numeric DEFAULT 0.8, by text DEFAULT NULL)
RETURNS SETOF ltv_free_shipping_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 1 COST 100000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_free_shipping(regclass, date, numeric, numeric, numeric, numeric, text) IS 'would free shipping from a threshold on pay, in one row over the year that ends with as_of';

--
-- Reports as values: what a report gathers of histories, by any GROUP BY, and its rows
--

CREATE TYPE ltv_report_state;
CREATE FUNCTION ltv_report_state_in(cstring) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_report_state_in(cstring) IS 'input: \x and the bytes in hexadecimal digits';
CREATE FUNCTION ltv_report_state_out(ltv_report_state) RETURNS cstring AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_report_state_out(ltv_report_state) IS 'output';
CREATE FUNCTION ltv_report_state_recv(internal) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_report_state_recv(internal) IS 'binary input';
CREATE FUNCTION ltv_report_state_send(ltv_report_state) RETURNS bytea AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_report_state_send(ltv_report_state) IS 'binary output';
CREATE TYPE ltv_report_state (
  INPUT = ltv_report_state_in, OUTPUT = ltv_report_state_out, RECEIVE = ltv_report_state_recv, SEND = ltv_report_state_send,
  INTERNALLENGTH = VARIABLE, ALIGNMENT = int4, STORAGE = extended
);
COMMENT ON TYPE ltv_report_state IS 'what a report has gathered of some customers: its rows come from ltv_<report>_rows, and ltv_rollup merges such values';

CREATE FUNCTION ltv_report_state_combine(state ltv_report_state, more ltv_report_state) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_report_state_combine(ltv_report_state, ltv_report_state) IS 'aggregate combine function';
CREATE AGGREGATE ltv_rollup(state ltv_report_state) (
  SFUNC = ltv_report_state_combine, STYPE = ltv_report_state, SSPACE = 4096, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_rollup(ltv_report_state) IS 'states of one report with the same arguments merged: of segments, days or shards';

CREATE FUNCTION ltv_overview_accum(state ltv_report_state, h ltv_history, as_of date, policy ltv_policy) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_overview_accum(ltv_report_state, ltv_history, date, ltv_policy) IS 'aggregate transition function';
CREATE AGGREGATE ltv_overview_state(h ltv_history, as_of date, policy ltv_policy) (
  SFUNC = ltv_overview_accum, STYPE = ltv_report_state, SSPACE = 512, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_overview_state(ltv_history, date, ltv_policy) IS 'what ltv_overview gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_overview_rows(state ltv_report_state)
RETURNS SETOF ltv_overview_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1 COST 1000;
COMMENT ON FUNCTION ltv_overview_rows(ltv_report_state) IS 'the rows of ltv_overview over the customers of a state; none of a null';

CREATE FUNCTION ltv_periods_accum(state ltv_report_state, h ltv_history, as_of date, period ltv_period, policy ltv_policy) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_periods_accum(ltv_report_state, ltv_history, date, ltv_period, ltv_policy) IS 'aggregate transition function';
CREATE AGGREGATE ltv_periods_state(h ltv_history, as_of date, period ltv_period, policy ltv_policy) (
  SFUNC = ltv_periods_accum, STYPE = ltv_report_state, SSPACE = 8192, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_periods_state(ltv_history, date, ltv_period, ltv_policy) IS 'what ltv_periods gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_periods_rows(state ltv_report_state)
RETURNS SETOF ltv_periods_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 100 COST 1000;
COMMENT ON FUNCTION ltv_periods_rows(ltv_report_state) IS 'the rows of ltv_periods over the customers of a state; none of a null';

CREATE FUNCTION ltv_steps_accum(state ltv_report_state, h ltv_history, as_of date, max_step integer, within_days integer, policy ltv_policy) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_steps_accum(ltv_report_state, ltv_history, date, integer, integer, ltv_policy) IS 'aggregate transition function';
CREATE AGGREGATE ltv_steps_state(h ltv_history, as_of date, max_step integer, within_days integer, policy ltv_policy) (
  SFUNC = ltv_steps_accum, STYPE = ltv_report_state, SSPACE = 8192, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_steps_state(ltv_history, date, integer, integer, ltv_policy) IS 'what ltv_steps gathers of these customers; a row with a null but in within_days counts for nothing';
CREATE FUNCTION ltv_steps_rows(state ltv_report_state)
RETURNS SETOF ltv_steps_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 12 COST 1000;
COMMENT ON FUNCTION ltv_steps_rows(ltv_report_state) IS 'the rows of ltv_steps over the customers of a state; none of a null';

CREATE FUNCTION ltv_cohorts_accum(state ltv_report_state, h ltv_history, as_of date, period ltv_period) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_cohorts_accum(ltv_report_state, ltv_history, date, ltv_period) IS 'aggregate transition function';
CREATE AGGREGATE ltv_cohorts_state(h ltv_history, as_of date, period ltv_period) (
  SFUNC = ltv_cohorts_accum, STYPE = ltv_report_state, SSPACE = 16384, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_cohorts_state(ltv_history, date, ltv_period) IS 'what ltv_cohorts gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_cohorts_rows(state ltv_report_state)
RETURNS SETOF ltv_cohorts_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1000 COST 1000;
COMMENT ON FUNCTION ltv_cohorts_rows(ltv_report_state) IS 'the rows of ltv_cohorts over the customers of a state; none of a null';

CREATE FUNCTION ltv_windows_accum(state ltv_report_state, h ltv_history, as_of date, days integer[]) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_windows_accum(ltv_report_state, ltv_history, date, integer[]) IS 'aggregate transition function';
CREATE AGGREGATE ltv_windows_state(h ltv_history, as_of date, days integer[]) (
  SFUNC = ltv_windows_accum, STYPE = ltv_report_state, SSPACE = 1024, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_windows_state(ltv_history, date, integer[]) IS 'what ltv_windows gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_windows_rows(state ltv_report_state, policy ltv_policy DEFAULT ltv_policy())
RETURNS SETOF ltv_windows_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5 COST 1000;
COMMENT ON FUNCTION ltv_windows_rows(ltv_report_state, ltv_policy) IS 'the rows of ltv_windows over the customers of a state; none of a null';

CREATE FUNCTION ltv_silences_accum(state ltv_report_state, h ltv_history, as_of date, days integer[], horizon_days integer, after ltv_after) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_silences_accum(ltv_report_state, ltv_history, date, integer[], integer, ltv_after) IS 'aggregate transition function';
CREATE AGGREGATE ltv_silences_state(h ltv_history, as_of date, days integer[], horizon_days integer, after ltv_after) (
  SFUNC = ltv_silences_accum, STYPE = ltv_report_state, SSPACE = 2048, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_silences_state(ltv_history, date, integer[], integer, ltv_after) IS 'what ltv_silences gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_silences_rows(state ltv_report_state)
RETURNS SETOF ltv_silences_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 9 COST 1000;
COMMENT ON FUNCTION ltv_silences_rows(ltv_report_state) IS 'the rows of ltv_silences over the customers of a state; none of a null';

CREATE FUNCTION ltv_growth_accum(state ltv_report_state, h ltv_history, as_of date, horizon_days integer, policy ltv_policy) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_growth_accum(ltv_report_state, ltv_history, date, integer, ltv_policy) IS 'aggregate transition function';
CREATE AGGREGATE ltv_growth_state(h ltv_history, as_of date, horizon_days integer, policy ltv_policy) (
  SFUNC = ltv_growth_accum, STYPE = ltv_report_state, SSPACE = 4096, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_growth_state(ltv_history, date, integer, ltv_policy) IS 'what ltv_growth gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_growth_rows(state ltv_report_state)
RETURNS SETOF ltv_growth_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1 COST 1000;
COMMENT ON FUNCTION ltv_growth_rows(ltv_report_state) IS 'the rows of ltv_growth over the customers of a state; none of a null';

CREATE FUNCTION ltv_deciles_accum(state ltv_report_state, h ltv_history, as_of date) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_deciles_accum(ltv_report_state, ltv_history, date) IS 'aggregate transition function';
CREATE AGGREGATE ltv_deciles_state(h ltv_history, as_of date) (
  SFUNC = ltv_deciles_accum, STYPE = ltv_report_state, SSPACE = 4096, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_deciles_state(ltv_history, date) IS 'what ltv_deciles gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_deciles_rows(state ltv_report_state)
RETURNS SETOF ltv_deciles_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10 COST 1000;
COMMENT ON FUNCTION ltv_deciles_rows(ltv_report_state) IS 'the rows of ltv_deciles over the customers of a state; none of a null';

CREATE FUNCTION ltv_stages_accum(state ltv_report_state, h ltv_history, as_of date, policy ltv_policy) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_stages_accum(ltv_report_state, ltv_history, date, ltv_policy) IS 'aggregate transition function';
CREATE AGGREGATE ltv_stages_state(h ltv_history, as_of date, policy ltv_policy) (
  SFUNC = ltv_stages_accum, STYPE = ltv_report_state, SSPACE = 1024, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_stages_state(ltv_history, date, ltv_policy) IS 'what ltv_stages gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_stages_rows(state ltv_report_state)
RETURNS SETOF ltv_stages_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 5 COST 1000;
COMMENT ON FUNCTION ltv_stages_rows(ltv_report_state) IS 'the rows of ltv_stages over the customers of a state; none of a null';

CREATE FUNCTION ltv_stage_flow_accum(state ltv_report_state, h ltv_history, from_day date, to_day date, policy ltv_policy) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_stage_flow_accum(ltv_report_state, ltv_history, date, date, ltv_policy) IS 'aggregate transition function';
CREATE AGGREGATE ltv_stage_flow_state(h ltv_history, from_day date, to_day date, policy ltv_policy) (
  SFUNC = ltv_stage_flow_accum, STYPE = ltv_report_state, SSPACE = 2560, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_stage_flow_state(ltv_history, date, date, ltv_policy) IS 'what ltv_stage_flow gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_stage_flow_rows(state ltv_report_state)
RETURNS SETOF ltv_stage_flow_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 30 COST 1000;
COMMENT ON FUNCTION ltv_stage_flow_rows(ltv_report_state) IS 'the rows of ltv_stage_flow over the customers of a state; none of a null';

CREATE FUNCTION ltv_cpm_groups_accum(state ltv_report_state, h ltv_history, as_of date, policy ltv_policy) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_cpm_groups_accum(ltv_report_state, ltv_history, date, ltv_policy) IS 'aggregate transition function';
CREATE AGGREGATE ltv_cpm_groups_state(h ltv_history, as_of date, policy ltv_policy) (
  SFUNC = ltv_cpm_groups_accum, STYPE = ltv_report_state, SSPACE = 1024, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_cpm_groups_state(ltv_history, date, ltv_policy) IS 'what ltv_cpm_groups gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_cpm_groups_rows(state ltv_report_state)
RETURNS SETOF ltv_cpm_groups_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 10 COST 1000;
COMMENT ON FUNCTION ltv_cpm_groups_rows(ltv_report_state) IS 'the rows of ltv_cpm_groups over the customers of a state; none of a null';

CREATE FUNCTION ltv_economics_accum(state ltv_report_state, h ltv_history, as_of date) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_economics_accum(ltv_report_state, ltv_history, date) IS 'aggregate transition function';
CREATE AGGREGATE ltv_economics_state(h ltv_history, as_of date) (
  SFUNC = ltv_economics_accum, STYPE = ltv_report_state, SSPACE = 512, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_economics_state(ltv_history, date) IS 'what ltv_economics gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_economics_rows(state ltv_report_state, gross_margin numeric DEFAULT NULL, acquisition_cost numeric DEFAULT NULL, retention_cost numeric DEFAULT 0, active_years numeric DEFAULT 1, policy ltv_policy DEFAULT ltv_policy())
RETURNS SETOF ltv_economics_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1 COST 1000;
COMMENT ON FUNCTION ltv_economics_rows(ltv_report_state, numeric, numeric, numeric, numeric, ltv_policy) IS 'the rows of ltv_economics over the customers of a state; none of a null';

CREATE FUNCTION ltv_levers_accum(state ltv_report_state, h ltv_history, as_of date) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_levers_accum(ltv_report_state, ltv_history, date) IS 'aggregate transition function';
CREATE AGGREGATE ltv_levers_state(h ltv_history, as_of date) (
  SFUNC = ltv_levers_accum, STYPE = ltv_report_state, SSPACE = 512, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_levers_state(ltv_history, date) IS 'what ltv_levers gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_levers_rows(state ltv_report_state, gross_margin numeric DEFAULT NULL, acquisition_cost numeric DEFAULT NULL, retention_cost numeric DEFAULT 0, active_years numeric DEFAULT 1, improvement numeric DEFAULT 0.10)
RETURNS SETOF ltv_levers_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 6 COST 1000;
COMMENT ON FUNCTION ltv_levers_rows(ltv_report_state, numeric, numeric, numeric, numeric, numeric) IS 'the rows of ltv_levers over the customers of a state; none of a null';

CREATE FUNCTION ltv_payback_accum(state ltv_report_state, h ltv_history, as_of date, period ltv_period) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_payback_accum(ltv_report_state, ltv_history, date, ltv_period) IS 'aggregate transition function';
CREATE AGGREGATE ltv_payback_state(h ltv_history, as_of date, period ltv_period) (
  SFUNC = ltv_payback_accum, STYPE = ltv_report_state, SSPACE = 16384, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_payback_state(ltv_history, date, ltv_period) IS 'what ltv_payback gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_payback_rows(state ltv_report_state, acquisition_cost numeric DEFAULT NULL, gross_margin numeric DEFAULT NULL)
RETURNS SETOF ltv_payback_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 100 COST 1000;
COMMENT ON FUNCTION ltv_payback_rows(ltv_report_state, numeric, numeric) IS 'the rows of ltv_payback over the customers of a state; none of a null';

CREATE FUNCTION ltv_free_shipping_accum(state ltv_report_state, h ltv_history, as_of date, threshold numeric, reach numeric) RETURNS ltv_report_state AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_free_shipping_accum(ltv_report_state, ltv_history, date, numeric, numeric) IS 'aggregate transition function';
CREATE AGGREGATE ltv_free_shipping_state(h ltv_history, as_of date, threshold numeric, reach numeric) (
  SFUNC = ltv_free_shipping_accum, STYPE = ltv_report_state, SSPACE = 512, COMBINEFUNC = ltv_report_state_combine, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_free_shipping_state(ltv_history, date, numeric, numeric) IS 'what ltv_free_shipping gathers of these customers; a row with a null counts for nothing';
CREATE FUNCTION ltv_free_shipping_rows(state ltv_report_state, shipping_cost numeric DEFAULT NULL, gross_margin numeric DEFAULT NULL)
RETURNS SETOF ltv_free_shipping_row
AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 1 COST 1000;
COMMENT ON FUNCTION ltv_free_shipping_rows(ltv_report_state, numeric, numeric) IS 'the rows of ltv_free_shipping over the customers of a state; none of a null';

--
-- Effects
--

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
COMMENT ON COLUMN ltv_effect_estimate.treated_customers IS 'customers with the treatment and an outcome';
COMMENT ON COLUMN ltv_effect_estimate.control_customers IS 'customers without the treatment and with an outcome';
COMMENT ON COLUMN ltv_effect_estimate.treated_mean IS 'mean outcome, or share of yes, of the treated';
COMMENT ON COLUMN ltv_effect_estimate.control_mean IS 'the same of the others';
COMMENT ON COLUMN ltv_effect_estimate.difference IS 'treated_mean - control_mean';
COMMENT ON COLUMN ltv_effect_estimate.lift IS 'difference / control_mean';
COMMENT ON COLUMN ltv_effect_estimate.difference_low IS 'lower end of the 95 percent interval of difference';
COMMENT ON COLUMN ltv_effect_estimate.difference_high IS 'upper end of the 95 percent interval of difference';
COMMENT ON COLUMN ltv_effect_estimate.standard_error IS 'of difference; for shares of the test';
COMMENT ON COLUMN ltv_effect_estimate.degrees_of_freedom IS 'of Welch''s t distribution; null for shares';
COMMENT ON COLUMN ltv_effect_estimate.p_value IS 'two-sided, of no difference';

CREATE FUNCTION ltv_effect_mean_accum(state bigint[], treated boolean, outcome double precision) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_mean_accum(bigint[], boolean, double precision) IS 'transition function of ltv_effect over numbers';
CREATE FUNCTION ltv_effect_mean_combine(state bigint[], other bigint[]) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_mean_combine(bigint[], bigint[]) IS 'combine function of ltv_effect over numbers';
CREATE FUNCTION ltv_effect_mean_final(state bigint[]) RETURNS ltv_effect_estimate AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_mean_final(bigint[]) IS 'final function of ltv_effect over numbers';
CREATE AGGREGATE ltv_effect(treated boolean, outcome double precision) (SFUNC = ltv_effect_mean_accum, STYPE = bigint[], INITCOND = '{0,0,0,0,0,0,0,0}', COMBINEFUNC = ltv_effect_mean_combine, FINALFUNC = ltv_effect_mean_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_effect(boolean, double precision) IS 'difference of the mean outcome of treated and untreated customers, by Welch''s test';
CREATE FUNCTION ltv_effect_share_accum(state bigint[], treated boolean, outcome boolean) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_share_accum(bigint[], boolean, boolean) IS 'transition function of ltv_effect over yes and no';
CREATE FUNCTION ltv_effect_share_combine(state bigint[], other bigint[]) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_share_combine(bigint[], bigint[]) IS 'combine function of ltv_effect over yes and no';
CREATE FUNCTION ltv_effect_share_final(state bigint[]) RETURNS ltv_effect_estimate AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_share_final(bigint[]) IS 'final function of ltv_effect over yes and no';
CREATE AGGREGATE ltv_effect(treated boolean, outcome boolean) (SFUNC = ltv_effect_share_accum, STYPE = bigint[], INITCOND = '{0,0,0,0}', COMBINEFUNC = ltv_effect_share_combine, FINALFUNC = ltv_effect_share_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_effect(boolean, boolean) IS 'difference of the share of treated and untreated customers with a yes, with Newcombe''s interval';

CREATE TYPE ltv_adjusted_effect_estimate AS (
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
  p_value double precision,
  adjusted_difference double precision,
  adjusted_lift double precision,
  adjusted_low double precision,
  adjusted_high double precision,
  adjusted_standard_error double precision,
  adjusted_degrees_of_freedom double precision,
  adjusted_p_value double precision,
  interval_shrunk double precision,
  treated_before double precision,
  control_before double precision,
  correlation double precision
);
COMMENT ON TYPE ltv_adjusted_effect_estimate IS 'treated and untreated customers compared, as they are and adjusted for a number from before, with 95 percent intervals and p-values';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.treated_customers IS 'customers with the treatment, an outcome and a number from before';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.control_customers IS 'customers without the treatment and with both';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.treated_mean IS 'mean outcome of the treated, not adjusted';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.control_mean IS 'the same of the others';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.difference IS 'treated_mean - control_mean';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.lift IS 'difference / control_mean';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.difference_low IS 'lower end of the 95 percent interval of difference';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.difference_high IS 'upper end of the 95 percent interval of difference';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.standard_error IS 'of difference';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.degrees_of_freedom IS 'of Welch''s t distribution';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.p_value IS 'two-sided, of no difference';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.adjusted_difference IS 'difference of the arms where both have the same mean before; null with fewer than three customers in an arm, as all that follows';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.adjusted_lift IS 'adjusted_difference / mean of the untreated there';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.adjusted_low IS 'lower end of the 95 percent interval of adjusted_difference';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.adjusted_high IS 'upper end of the 95 percent interval of adjusted_difference';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.adjusted_standard_error IS 'of adjusted_difference';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.adjusted_degrees_of_freedom IS 'of its t distribution';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.adjusted_p_value IS 'two-sided, of no difference';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.interval_shrunk IS '1 - width of the adjusted interval / width of the plain one; below 0 where it grew';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.treated_before IS 'mean of before of the treated';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.control_before IS 'the same of the others';
COMMENT ON COLUMN ltv_adjusted_effect_estimate.correlation IS 'of outcome and before within the arms';

CREATE FUNCTION ltv_effect_adjusted_accum(state bigint[], treated boolean, outcome double precision, before double precision) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_adjusted_accum(bigint[], boolean, double precision, double precision) IS 'transition function of ltv_effect over numbers with one from before';
CREATE FUNCTION ltv_effect_adjusted_combine(state bigint[], other bigint[]) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_adjusted_combine(bigint[], bigint[]) IS 'combine function of ltv_effect over numbers with one from before';
CREATE FUNCTION ltv_effect_adjusted_final(state bigint[]) RETURNS ltv_adjusted_effect_estimate AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_adjusted_final(bigint[]) IS 'final function of ltv_effect over numbers with one from before';
CREATE AGGREGATE ltv_effect(treated boolean, outcome double precision, before double precision) (SFUNC = ltv_effect_adjusted_accum, STYPE = bigint[], INITCOND = '{0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}', COMBINEFUNC = ltv_effect_adjusted_combine, FINALFUNC = ltv_effect_adjusted_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_effect(boolean, double precision, double precision) IS 'difference of the mean outcome of treated and untreated customers, plain and adjusted for a number from before';

CREATE FUNCTION ltv_effect_customers(mean double precision, sd double precision, lift double precision, power double precision DEFAULT 0.8, alpha double precision DEFAULT 0.05, correlation double precision DEFAULT 0) RETURNS bigint AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_customers(double precision, double precision, double precision, double precision, double precision, double precision) IS 'customers that each arm needs to show a lift of the mean';

CREATE FUNCTION ltv_holdout(customer_id anyelement, salt text, share numeric) RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_holdout(anyelement, text, numeric) IS 'whether the customer is drawn into the share that a campaign leaves alone; the same for ever, and in any program with SHA-256';

--
-- Models
--

-- fits

CREATE TYPE ltv_model AS (
  kind text,
  parameters double precision[],
  standard_errors double precision[],
  unit_days integer,
  covariance double precision[],
  customers bigint,
  log_likelihood double precision,
  converged boolean,
  iterations integer,
  gradient_norm double precision,
  note text,
  details jsonb,
  regularity integer,
  season double precision[]
);
COMMENT ON TYPE ltv_model IS 'a fitted purchase or spend model, made by the aggregate ltv_fit';
COMMENT ON COLUMN ltv_model.kind IS 'bg/nbd, mbg/nbd, pareto/nbd, bg/cnbd, mbg/cnbd or gamma-gamma';
COMMENT ON COLUMN ltv_model.parameters IS 'in the order of the papers: r, alpha, a, b; r, alpha, s, beta; p, q, v';
COMMENT ON COLUMN ltv_model.standard_errors IS 'of the parameters, from the observed information; null where a limit leaves one undetermined';
COMMENT ON COLUMN ltv_model.unit_days IS 'days in a unit of time; null after a fit to plain numbers';
COMMENT ON COLUMN ltv_model.covariance IS 'of the logarithms of the parameters';
COMMENT ON COLUMN ltv_model.customers IS 'customers the model was fitted to';
COMMENT ON COLUMN ltv_model.log_likelihood IS 'at the parameters';
COMMENT ON COLUMN ltv_model.converged IS 'whether the optimum, or a limit named in note, was reached';
COMMENT ON COLUMN ltv_model.iterations IS 'passes over the patterns of customers';
COMMENT ON COLUMN ltv_model.gradient_norm IS 'length of the gradient in the logarithms of the parameters';
COMMENT ON COLUMN ltv_model.note IS 'what is special about the fit; null for an ordinary optimum';
COMMENT ON COLUMN ltv_model.details IS 'of a model at a limit: {"cautious": a second one that does not go there, for intervals}; {"shocks": what all customers share in a month, for intervals, or a tenth that is assumed of a young shop}; else null';
COMMENT ON COLUMN ltv_model.regularity IS 'k of bg/cnbd and mbg/cnbd: every k-th event is an order, 1 without a rhythm; null for other kinds';
COMMENT ON COLUMN ltv_model.season IS 'twelve factors from January on by which the clock of the model runs faster, 365 days of them coming to 365; null: none';

CREATE TYPE ltv_fit_spec AS (
  kind text,
  unit_days integer,
  regularity integer,
  season double precision[],
  strict boolean
);
COMMENT ON TYPE ltv_fit_spec IS 'what ltv_fit is asked for; made by ltv_fit_spec()';
COMMENT ON COLUMN ltv_fit_spec.kind IS 'of model: auto (the one with the lowest BIC), bg/nbd, mbg/nbd, pareto/nbd, bg/cnbd, mbg/cnbd or gamma-gamma';
COMMENT ON COLUMN ltv_fit_spec.unit_days IS 'days in a unit of time';
COMMENT ON COLUMN ltv_fit_spec.regularity IS 'k of bg/cnbd and mbg/cnbd, 1 to 16; null: by likelihood';
COMMENT ON COLUMN ltv_fit_spec.season IS 'twelve factors from January on; empty: estimated, taken when it helps out of time; null: the same with auto, none with another kind';
COMMENT ON COLUMN ltv_fit_spec.strict IS 'whether customers to whom the model cannot be fitted are an error; else the model says so in note, and predicts null';

CREATE FUNCTION ltv_fit_spec(kind text DEFAULT 'auto', unit_days integer DEFAULT 7, regularity integer DEFAULT NULL, season double precision[] DEFAULT NULL, strict boolean DEFAULT true) RETURNS ltv_fit_spec AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_fit_spec(text, integer, integer, double precision[], boolean) IS 'a checked spec for ltv_fit';

CREATE FUNCTION ltv_fit_accum(state bytea, h ltv_history, as_of date, kind text) RETURNS bytea AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 60;
CREATE FUNCTION ltv_fit_accum(state bytea, h ltv_history, as_of date, spec ltv_fit_spec) RETURNS bytea AS 'MODULE_PATHNAME', 'ltv_fit_accum_spec' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 60;
CREATE FUNCTION ltv_fit_accum(state bytea, frequency double precision, recency double precision, t double precision, kind text) RETURNS bytea AS 'MODULE_PATHNAME', 'ltv_fit_accum_numbers' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_fit_accum(state bytea, frequency double precision, recency double precision, t double precision, kind text, customers bigint) RETURNS bytea AS 'MODULE_PATHNAME', 'ltv_fit_accum_numbers' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_fit_accum(state bytea, frequency double precision, recency double precision, t double precision, kind text, customers bigint, log_gaps double precision, log_gaps_half double precision) RETURNS bytea AS 'MODULE_PATHNAME', 'ltv_fit_accum_numbers' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_fit_accum(state bytea, frequency double precision, recency double precision, t double precision, spec ltv_fit_spec) RETURNS bytea AS 'MODULE_PATHNAME', 'ltv_fit_accum_numbers_spec' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_fit_accum(state bytea, frequency double precision, recency double precision, t double precision, spec ltv_fit_spec, customers bigint) RETURNS bytea AS 'MODULE_PATHNAME', 'ltv_fit_accum_numbers_spec' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_fit_accum(state bytea, frequency double precision, recency double precision, t double precision, spec ltv_fit_spec, customers bigint, log_gaps double precision, log_gaps_half double precision) RETURNS bytea AS 'MODULE_PATHNAME', 'ltv_fit_accum_numbers_spec' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_fit_accum(state bytea, frequency double precision, monetary double precision, kind text) RETURNS bytea AS 'MODULE_PATHNAME', 'ltv_fit_accum_spend' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_fit_accum(state bytea, frequency double precision, monetary double precision, kind text, customers bigint) RETURNS bytea AS 'MODULE_PATHNAME', 'ltv_fit_accum_spend' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_fit_accum(bytea, ltv_history, date, text) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_fit_accum(bytea, ltv_history, date, ltv_fit_spec) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_fit_accum(bytea, double precision, double precision, double precision, text) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_fit_accum(bytea, double precision, double precision, double precision, text, bigint) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_fit_accum(bytea, double precision, double precision, double precision, text, bigint, double precision, double precision) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_fit_accum(bytea, double precision, double precision, double precision, ltv_fit_spec) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_fit_accum(bytea, double precision, double precision, double precision, ltv_fit_spec, bigint) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_fit_accum(bytea, double precision, double precision, double precision, ltv_fit_spec, bigint, double precision, double precision) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_fit_accum(bytea, double precision, double precision, text) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_fit_accum(bytea, double precision, double precision, text, bigint) IS 'aggregate transition function';
CREATE FUNCTION ltv_fit_combine(state bytea, added bytea) RETURNS bytea AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_fit_combine(bytea, bytea) IS 'aggregate combine function';
CREATE FUNCTION ltv_fit_final(state bytea) RETURNS ltv_model AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_fit_final(bytea) IS 'aggregate final function';

CREATE AGGREGATE ltv_fit(h ltv_history, as_of date, kind text) (
  SFUNC = ltv_fit_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_fit_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(ltv_history, date, text) IS 'a model of the given kind, fitted to the purchases up to as_of in weeks';

CREATE AGGREGATE ltv_fit(h ltv_history, as_of date, spec ltv_fit_spec) (
  SFUNC = ltv_fit_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_fit_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(ltv_history, date, ltv_fit_spec) IS 'the same of a kind and in units that a spec says';

CREATE AGGREGATE ltv_fit(frequency double precision, recency double precision, t double precision, kind text) (
  SFUNC = ltv_fit_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_fit_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(double precision, double precision, double precision, text) IS 'a model of orders, fitted to summaries that come from elsewhere';

CREATE AGGREGATE ltv_fit(frequency double precision, recency double precision, t double precision, kind text, customers bigint) (
  SFUNC = ltv_fit_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_fit_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(double precision, double precision, double precision, text, bigint) IS 'the same for rows that stand for several customers each';

CREATE AGGREGATE ltv_fit(frequency double precision, recency double precision, t double precision, kind text, customers bigint, log_gaps double precision, log_gaps_half double precision) (
  SFUNC = ltv_fit_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_fit_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(double precision, double precision, double precision, text, bigint, double precision, double precision) IS 'the same with the sums of ln gap and of ln(gap - half a day) over the gaps between order days of these customers, in weeks; for kinds with a regularity';

CREATE AGGREGATE ltv_fit(frequency double precision, recency double precision, t double precision, spec ltv_fit_spec) (
  SFUNC = ltv_fit_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_fit_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(double precision, double precision, double precision, ltv_fit_spec) IS 'a model that a spec says, fitted to summaries that come from elsewhere in the unit of the spec';

CREATE AGGREGATE ltv_fit(frequency double precision, recency double precision, t double precision, spec ltv_fit_spec, customers bigint) (
  SFUNC = ltv_fit_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_fit_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(double precision, double precision, double precision, ltv_fit_spec, bigint) IS 'the same for rows that stand for several customers each';

CREATE AGGREGATE ltv_fit(frequency double precision, recency double precision, t double precision, spec ltv_fit_spec, customers bigint, log_gaps double precision, log_gaps_half double precision) (
  SFUNC = ltv_fit_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_fit_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(double precision, double precision, double precision, ltv_fit_spec, bigint, double precision, double precision) IS 'the same with the sums of ln gap and of ln(gap - half a day) over the gaps between order days of these customers';

CREATE AGGREGATE ltv_fit(frequency double precision, monetary double precision, kind text) (
  SFUNC = ltv_fit_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_fit_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(double precision, double precision, text) IS 'a gamma-gamma model of order values, fitted to summaries that come from elsewhere';

CREATE AGGREGATE ltv_fit(frequency double precision, monetary double precision, kind text, customers bigint) (
  SFUNC = ltv_fit_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_fit_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit(double precision, double precision, text, bigint) IS 'the same for rows that stand for several customers each';

CREATE FUNCTION ltv_season_accum(state bytea, h ltv_history, as_of date) RETURNS bytea AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_season_accum(bytea, ltv_history, date) IS 'aggregate transition function';
CREATE FUNCTION ltv_season_final(state bytea) RETURNS double precision[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_season_final(bytea) IS 'aggregate final function';

CREATE AGGREGATE ltv_season(h ltv_history, as_of date) (
  SFUNC = ltv_season_accum, STYPE = bytea, SSPACE = 100000, FINALFUNC = ltv_season_final, COMBINEFUNC = ltv_fit_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_season(ltv_history, date) IS 'twelve factors of repeat orders from January on, shrunk by how much the years agree; null where they cannot be estimated';

-- what a model says of a customer

CREATE FUNCTION ltv_p_alive(model ltv_model, h ltv_history, as_of date) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_p_alive(ltv_model, ltv_history, date) IS 'probability that the customer is still one on as_of; null without an order';
CREATE FUNCTION ltv_p_alive(model ltv_model, frequency double precision, recency double precision, t double precision) RETURNS double precision AS 'MODULE_PATHNAME', 'ltv_p_alive_numbers' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_p_alive(ltv_model, double precision, double precision, double precision) IS 'the same over plain numbers in the unit of the model';
CREATE FUNCTION ltv_expected_orders(model ltv_model, h ltv_history, as_of date, horizon_days integer) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_expected_orders(ltv_model, ltv_history, date, integer) IS 'expected order days in the horizon after as_of; null without an order';
CREATE FUNCTION ltv_expected_orders(model ltv_model, frequency double precision, recency double precision, t double precision, horizon double precision) RETURNS double precision AS 'MODULE_PATHNAME', 'ltv_expected_orders_numbers' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_expected_orders(ltv_model, double precision, double precision, double precision, double precision) IS 'the same over plain numbers in the unit of the model';
CREATE FUNCTION ltv_p_order_within(model ltv_model, h ltv_history, as_of date, days integer) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_p_order_within(ltv_model, ltv_history, date, integer) IS 'probability of at least one order in the horizon after as_of; null without an order';
CREATE FUNCTION ltv_p_order_within(model ltv_model, frequency double precision, recency double precision, t double precision, horizon double precision) RETURNS double precision AS 'MODULE_PATHNAME', 'ltv_p_order_within_numbers' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_p_order_within(ltv_model, double precision, double precision, double precision, double precision) IS 'the same over plain numbers in the unit of the model';
CREATE FUNCTION ltv_next_order(model ltv_model, h ltv_history, as_of date, probability double precision DEFAULT 0.5) RETURNS date AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION ltv_next_order(ltv_model, ltv_history, date, double precision) IS 'the day by which the next order has come with the probability; null when that is never reached, and without an order';
CREATE FUNCTION ltv_expected_gap_days(model ltv_model, h ltv_history, as_of date) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_expected_gap_days(ltv_model, ltv_history, date) IS 'expected days to the next order of a customer who is still one; null without an order';
CREATE FUNCTION ltv_expected_gap(model ltv_model, frequency double precision, recency double precision, t double precision) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_expected_gap(ltv_model, double precision, double precision, double precision) IS 'the same over plain numbers, in the unit of the model instead of days';
CREATE FUNCTION ltv_expected_order_value(model ltv_model, h ltv_history, as_of date) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_expected_order_value(ltv_model, ltv_history, date) IS 'expected amount of an order day of the customer, by a gamma-gamma model; null without an order';
CREATE FUNCTION ltv_expected_order_value(model ltv_model, frequency double precision, monetary double precision) RETURNS double precision AS 'MODULE_PATHNAME', 'ltv_expected_order_value_numbers' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_expected_order_value(ltv_model, double precision, double precision) IS 'the same over plain numbers';
CREATE FUNCTION ltv_log_likelihood(model ltv_model, frequency double precision, recency double precision, t double precision) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_log_likelihood(ltv_model, double precision, double precision, double precision) IS 'logarithm of the likelihood of one customer''s orders';
CREATE FUNCTION ltv_log_likelihood(model ltv_model, frequency double precision, monetary double precision) RETURNS double precision AS 'MODULE_PATHNAME', 'ltv_log_likelihood_spend' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 100;
COMMENT ON FUNCTION ltv_log_likelihood(ltv_model, double precision, double precision) IS 'logarithm of the likelihood of one customer''s mean amount';

-- deliveries

CREATE FUNCTION ltv_fit_deliveries_accum(state bigint[], deliveries integer, ended boolean, kind text) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_fit_deliveries_accum(bigint[], integer, boolean, text) IS 'transition function of ltv_fit_deliveries';
CREATE FUNCTION ltv_fit_deliveries_combine(state bigint[], added bigint[]) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_fit_deliveries_combine(bigint[], bigint[]) IS 'combine function of ltv_fit_deliveries';
CREATE FUNCTION ltv_fit_deliveries_final(state bigint[]) RETURNS ltv_model AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000;
COMMENT ON FUNCTION ltv_fit_deliveries_final(bigint[]) IS 'final function of ltv_fit_deliveries';
CREATE AGGREGATE ltv_fit_deliveries(deliveries integer, ended boolean, kind text) (SFUNC = ltv_fit_deliveries_accum, STYPE = bigint[], COMBINEFUNC = ltv_fit_deliveries_combine, FINALFUNC = ltv_fit_deliveries_final, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_fit_deliveries(integer, boolean, text) IS 'model of the deliveries of subscriptions, sbg or bdw, fitted by maximum likelihood';
CREATE FUNCTION ltv_expected_deliveries(model ltv_model, deliveries integer, horizon integer DEFAULT NULL, discount double precision DEFAULT NULL) RETURNS double precision AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION ltv_expected_deliveries(ltv_model, integer, integer, double precision) IS 'further deliveries of a subscription that has had so many and runs, within a horizon of deliveries, discounted from one to the next; null where endlessly many are expected';

-- and of a group

CREATE TYPE ltv_forecast_estimate AS (
  customers bigint,
  expected_orders double precision,
  standard_error double precision,
  expected_orders_low double precision,
  expected_orders_high double precision,
  note text
);
COMMENT ON TYPE ltv_forecast_estimate IS 'the expected order days of a group of customers, with a 95 % interval';
COMMENT ON COLUMN ltv_forecast_estimate.customers IS 'customers with an order up to as_of';
COMMENT ON COLUMN ltv_forecast_estimate.expected_orders IS 'expected order days in the horizon';
COMMENT ON COLUMN ltv_forecast_estimate.standard_error IS 'of the order days that will be seen: spread of the process and uncertainty of the parameters';
COMMENT ON COLUMN ltv_forecast_estimate.expected_orders_low IS 'lower end of the 95 % interval';
COMMENT ON COLUMN ltv_forecast_estimate.expected_orders_high IS 'upper end of the 95 % interval';
COMMENT ON COLUMN ltv_forecast_estimate.note IS 'that the model is at a limit, which makes the interval too narrow; null for an ordinary one';

CREATE FUNCTION ltv_forecast_accum(state bigint[], model ltv_model, h ltv_history, as_of date, horizon_days integer) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 500;
COMMENT ON FUNCTION ltv_forecast_accum(bigint[], ltv_model, ltv_history, date, integer) IS 'aggregate transition function';
CREATE FUNCTION ltv_forecast_combine(state bigint[], added bigint[]) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_forecast_combine(bigint[], bigint[]) IS 'aggregate combine function';
CREATE FUNCTION ltv_forecast_final(state bigint[]) RETURNS ltv_forecast_estimate AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_forecast_final(bigint[]) IS 'aggregate final function';

CREATE AGGREGATE ltv_forecast(model ltv_model, h ltv_history, as_of date, horizon_days integer) (
  SFUNC = ltv_forecast_accum, STYPE = bigint[], FINALFUNC = ltv_forecast_final, COMBINEFUNC = ltv_forecast_combine, PARALLEL = SAFE);
COMMENT ON AGGREGATE ltv_forecast(ltv_model, ltv_history, date, integer) IS 'expected order days of a whole group in the horizon after as_of, with a 95 % interval';

-- reports

CREATE TYPE ltv_predict_row AS (
  customer_id text,
  segment text,
  p_alive double precision,
  expected_orders double precision,
  expected_order_value double precision,
  predicted_value double precision,
  next_order_on date,
  no_order_90_days double precision,
  churn_risk double precision,
  note text
);
COMMENT ON TYPE ltv_predict_row IS 'what a customer is expected to order and to be worth, see ltv_predict';
COMMENT ON COLUMN ltv_predict_row.customer_id IS 'the customer, as text';
COMMENT ON COLUMN ltv_predict_row.segment IS 'what the column that by names holds at the first order, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_predict_row.p_alive IS 'probability of still being a customer on as_of';
COMMENT ON COLUMN ltv_predict_row.expected_orders IS 'order days in the horizon';
COMMENT ON COLUMN ltv_predict_row.expected_order_value IS 'amount of an order day';
COMMENT ON COLUMN ltv_predict_row.predicted_value IS 'orders x value x the share that is not given back x gross margin, discounted by month';
COMMENT ON COLUMN ltv_predict_row.next_order_on IS 'the day by which the next order has come with probability .5; null when that is not reached';
COMMENT ON COLUMN ltv_predict_row.no_order_90_days IS 'probability of no order within 90 days';
COMMENT ON COLUMN ltv_predict_row.churn_risk IS 'probability of being a customer no more, 1 - p_alive';
COMMENT ON COLUMN ltv_predict_row.note IS 'what is special about the model, in each row; null for an ordinary one';

CREATE FUNCTION ltv_predict(orders regclass, as_of date)
RETURNS SETOF ltv_predict_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 1000000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_predict(regclass, date) IS 'what every customer is expected to order in the year after as_of and to be worth, by the model that suits them best; customer_id as text';

CREATE FUNCTION ltv_predict(orders regclass, as_of date, id_type anyelement, horizon_days integer DEFAULT 365, kind text DEFAULT 'auto', gross_margin numeric DEFAULT 1, annual_discount double precision DEFAULT 0, by text DEFAULT NULL)
RETURNS TABLE (customer_id anyelement, segment text, p_alive double precision, expected_orders double precision, expected_order_value double precision, predicted_value double precision, next_order_on date, no_order_90_days double precision, churn_risk double precision, note text)
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10000 COST 1000000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_predict(regclass, date, anyelement, integer, text, numeric, double precision, text) IS 'what every customer is expected to order in the horizon after as_of and to be worth; columns as in ltv_predict_row; id_type is a null of the type that customer_id is to have: its own, such as NULL::bigint, or text';

CREATE TYPE ltv_validate_row AS (
  repeat_orders text,
  customers bigint,
  actual_orders bigint,
  expected_orders double precision,
  bias double precision,
  mean_absolute_error double precision,
  root_mean_square_error double precision,
  mean_deviance double precision,
  gini double precision,
  covered boolean,
  note text
);
COMMENT ON TYPE ltv_validate_row IS 'the prediction for a class of customers and what they did, see ltv_validate';
COMMENT ON COLUMN ltv_validate_row.repeat_orders IS 'repeat orders up to split_day: 0 to 6, 7+, all';
COMMENT ON COLUMN ltv_validate_row.customers IS 'customers of the class';
COMMENT ON COLUMN ltv_validate_row.actual_orders IS 'order days after split_day, up to as_of';
COMMENT ON COLUMN ltv_validate_row.expected_orders IS 'what the model expected';
COMMENT ON COLUMN ltv_validate_row.bias IS 'expected / actual orders - 1; this and what follows only in the row all';
COMMENT ON COLUMN ltv_validate_row.mean_absolute_error IS 'of the order days of a customer';
COMMENT ON COLUMN ltv_validate_row.root_mean_square_error IS 'of the order days of a customer';
COMMENT ON COLUMN ltv_validate_row.mean_deviance IS 'Poisson deviance of a customer; null where nothing was expected and an order came';
COMMENT ON COLUMN ltv_validate_row.gini IS 'how well the expectation ranks customers: 1 as their orders do, 0 as chance does';
COMMENT ON COLUMN ltv_validate_row.covered IS 'whether the total lies in the 95 % interval of the forecast';
COMMENT ON COLUMN ltv_validate_row.note IS 'what is special about the model; null for an ordinary one';

CREATE FUNCTION ltv_validate(orders regclass, as_of date, split_day date, kind text DEFAULT 'auto')
RETURNS SETOF ltv_validate_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 9 COST 1000000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_validate(regclass, date, date, text) IS 'a model fitted up to split_day against the order days after it, up to as_of, by class of repeat orders before';

CREATE TYPE ltv_backtest_row AS (
  split_day date,
  kind text,
  customers bigint,
  actual_orders bigint,
  expected_orders double precision,
  expected_orders_low double precision,
  expected_orders_high double precision,
  bias double precision,
  mean_absolute_error double precision,
  root_mean_square_error double precision,
  mean_deviance double precision,
  gini double precision,
  covered boolean,
  note text
);
COMMENT ON TYPE ltv_backtest_row IS 'what a model would have said at a day in the past, and what came, see ltv_backtest';
COMMENT ON COLUMN ltv_backtest_row.split_day IS 'the last day that the model knew';
COMMENT ON COLUMN ltv_backtest_row.kind IS 'of model, as asked for; last year: the orders of the same customers in the same days a year before';
COMMENT ON COLUMN ltv_backtest_row.customers IS 'customers with an order up to split_day; of last year those who had one a year before';
COMMENT ON COLUMN ltv_backtest_row.actual_orders IS 'their order days in the horizon after split_day';
COMMENT ON COLUMN ltv_backtest_row.expected_orders IS 'what was expected of them; null where no model could be fitted';
COMMENT ON COLUMN ltv_backtest_row.expected_orders_low IS 'lower end of the 95 % interval';
COMMENT ON COLUMN ltv_backtest_row.expected_orders_high IS 'upper end of the 95 % interval';
COMMENT ON COLUMN ltv_backtest_row.bias IS 'expected / actual orders - 1';
COMMENT ON COLUMN ltv_backtest_row.mean_absolute_error IS 'of the order days of a customer';
COMMENT ON COLUMN ltv_backtest_row.root_mean_square_error IS 'of the order days of a customer';
COMMENT ON COLUMN ltv_backtest_row.mean_deviance IS 'Poisson deviance of a customer; null where nothing was expected and an order came';
COMMENT ON COLUMN ltv_backtest_row.gini IS 'how well the expectation ranks customers: 1 as their orders do, 0 as chance does';
COMMENT ON COLUMN ltv_backtest_row.covered IS 'whether the actual orders lie in the interval';
COMMENT ON COLUMN ltv_backtest_row.note IS 'what is special about the model, or why there is none; null for an ordinary one';

CREATE FUNCTION ltv_backtest(orders regclass, as_of date, horizon_days integer DEFAULT 365, splits integer DEFAULT 12, kinds text[] DEFAULT '{auto}')
RETURNS SETOF ltv_backtest_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 24 COST 1000000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_backtest(regclass, date, integer, integer, text[]) IS 'models as they would have been fitted at the end of past months, against the order days of the horizon after each; the last split is horizon_days before as_of';

CREATE TYPE ltv_equity_row AS (
  segment text,
  period_start date,
  days integer,
  customers bigint,
  expected_orders double precision,
  predicted_value double precision,
  predicted_value_low double precision,
  predicted_value_high double precision,
  new_customers double precision,
  new_customers_low double precision,
  new_customers_high double precision,
  new_value double precision,
  new_value_low double precision,
  new_value_high double precision,
  total_value double precision,
  total_value_low double precision,
  total_value_high double precision,
  note text
);
COMMENT ON TYPE ltv_equity_row IS 'what customers will be worth in days to come, see ltv_equity';
COMMENT ON COLUMN ltv_equity_row.segment IS 'what the column that by names holds at the first order, as text; null without by, and where it is null';
COMMENT ON COLUMN ltv_equity_row.period_start IS 'first day of the calendar period, which may lie before as_of; null without period';
COMMENT ON COLUMN ltv_equity_row.days IS 'days of the row: those of the period that lie in the horizon';
COMMENT ON COLUMN ltv_equity_row.customers IS 'customers with an order up to as_of';
COMMENT ON COLUMN ltv_equity_row.expected_orders IS 'their order days in these days; null where no model could be fitted, as what follows from it';
COMMENT ON COLUMN ltv_equity_row.predicted_value IS 'what they will be worth in these days: orders x value x the share that is not given back x gross margin';
COMMENT ON COLUMN ltv_equity_row.predicted_value_low IS 'lower end of the 95 % interval';
COMMENT ON COLUMN ltv_equity_row.predicted_value_high IS 'upper end of the 95 % interval';
COMMENT ON COLUMN ltv_equity_row.new_customers IS 'customers who will be won in these days: as many as a year before; null without a whole year of orders';
COMMENT ON COLUMN ltv_equity_row.new_customers_low IS 'lower end of the 95 % interval';
COMMENT ON COLUMN ltv_equity_row.new_customers_high IS 'upper end of the 95 % interval';
COMMENT ON COLUMN ltv_equity_row.new_value IS 'what customers won after as_of will be worth in these days; null where nobody has been observed for so long';
COMMENT ON COLUMN ltv_equity_row.new_value_low IS 'lower end of the 95 % interval';
COMMENT ON COLUMN ltv_equity_row.new_value_high IS 'upper end of the 95 % interval';
COMMENT ON COLUMN ltv_equity_row.total_value IS 'both: predicted_value + new_value';
COMMENT ON COLUMN ltv_equity_row.total_value_low IS 'lower end of the 95 % interval';
COMMENT ON COLUMN ltv_equity_row.total_value_high IS 'upper end of the 95 % interval';
COMMENT ON COLUMN ltv_equity_row.note IS 'what is special about the model and about what is foreseen; null for nothing';

CREATE FUNCTION ltv_equity(orders regclass, as_of date DEFAULT CURRENT_DATE, horizon_days integer DEFAULT 365, kind text DEFAULT 'auto', gross_margin numeric DEFAULT NULL, period ltv_period DEFAULT NULL, by text DEFAULT NULL)
RETURNS SETOF ltv_equity_row
AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10 COST 1000000 SUPPORT ltv_support;
COMMENT ON FUNCTION ltv_equity(regclass, date, integer, text, numeric, ltv_period, text) IS 'what the customers of today and those who will be won are worth in the horizon after as_of, with 95 % intervals; with period, for each that comes';

--
-- The living store
--

/*
 * Functions in PL/pgSQL find the schema of ltv anew each time, as it may get another name; everything else that they name
 * is in pg_catalog, or written with its schema.
 */

CREATE TABLE ltv_stores (
  number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  store regclass NOT NULL UNIQUE,
  queue regclass NOT NULL UNIQUE,
  orders regclass NOT NULL,
  watch regclass[] NOT NULL,
  keys text[],
  columns text[],
  now regclass NOT NULL,
  seen text
);
COMMENT ON TABLE ltv_stores IS 'the stores that ltv_keep has made';
COMMENT ON SEQUENCE ltv_stores_number_seq IS 'numbers of stores';
COMMENT ON COLUMN ltv_stores.number IS 'what its triggers carry';
COMMENT ON COLUMN ltv_stores.store IS 'a history for each customer';
COMMENT ON COLUMN ltv_stores.queue IS 'notes of customers whose orders have changed';
COMMENT ON COLUMN ltv_stores.orders IS 'the orders relation';
COMMENT ON COLUMN ltv_stores.watch IS 'tables with triggers';
COMMENT ON COLUMN ltv_stores.keys IS 'whose customer a row of each is; null: that of its column customer_id';
COMMENT ON COLUMN ltv_stores.columns IS 'further columns of the orders relation in the store';
COMMENT ON COLUMN ltv_stores.now IS 'the view with a history for each customer as of now';
COMMENT ON COLUMN ltv_stores.seen IS 'partitions, views and columns as the last refresh saw them';
GRANT SELECT, INSERT ON ltv_stores TO PUBLIC;
-- not what is left of a store that was dropped by hand, which nobody could restore
SELECT pg_catalog.pg_extension_config_dump('ltv_stores', 'WHERE ARRAY[store, queue, now]::oid[] <@ ARRAY(SELECT oid FROM pg_catalog.pg_class)');
SELECT pg_catalog.pg_extension_config_dump('ltv_stores_number_seq', '');

CREATE FUNCTION ltv_stores_check() RETURNS trigger AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ltv_stores_check() IS 'trigger of ltv_stores: rows are about stores of their own';
CREATE TRIGGER ltv_stores_check BEFORE INSERT OR UPDATE OR DELETE ON ltv_stores FOR EACH ROW EXECUTE FUNCTION ltv_stores_check();
ALTER TABLE ltv_stores ENABLE ALWAYS TRIGGER ltv_stores_check;
COMMENT ON TRIGGER ltv_stores_check ON ltv_stores IS 'rows are about stores of their own';

CREATE FUNCTION ltv_note() RETURNS trigger AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION ltv_note() IS 'trigger of watched tables: notes whose rows were touched';
CREATE FUNCTION ltv_store_tables(orders regclass) RETURNS regclass[] AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION ltv_store_tables(regclass) IS 'the tables that an orders relation reads; an error when it depends on anything else';
CREATE FUNCTION ltv_store_equality(customer regtype) RETURNS text AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_store_equality(regtype) IS 'the operator by which two ids are one customer';
CREATE FUNCTION ltv_store_forget(store regclass) RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION ltv_store_forget(regclass) IS 'takes a store out of ltv_stores, for ltv_unkeep';

CREATE FUNCTION ltv_store_query(orders regclass, condition text, columns text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  names text[] := ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = orders AND attnum > 0 AND NOT attisdropped);
  quantity boolean := 'quantity' = ANY (names);
  cost boolean := 'cost' = ANY (names);
  contact boolean := 'contact' = ANY (names);
  used text := format('o.customer_id IS NOT NULL AND o.ordered_on IS NOT NULL AND %s AND %s', CASE WHEN contact THEN '(o.amount IS NOT NULL OR o.contact IS NOT NULL)' ELSE 'o.amount IS NOT NULL' END, condition);
  item text := CASE WHEN 'item' = ANY (names) THEN 'o.item::text COLLATE "C", ' END;
  whole text;
BEGIN
  IF NOT 'ordered_on' = ANY (names) THEN
    RETURN format('SELECT o.customer_id, %1$s.ltv_rollup(o.history) AS history%2$s FROM %3$s o WHERE o.customer_id IS NOT NULL AND o.history IS NOT NULL AND %4$s GROUP BY o.customer_id', ltv,
      (SELECT string_agg(format(', (array_agg(o.%1$I ORDER BY %2$s.ltv_first_order(o.history), o.%1$I::text COLLATE "C"))[1] AS %1$I', c, ltv), '' ORDER BY n) FROM unnest(columns) WITH ORDINALITY u (c, n)), orders, condition);
  END IF;
  -- a row that is an order, or a contact
  whole := format('SELECT o.customer_id, o.ordered_on, o.amount::numeric AS amount%s%s%s%s FROM %s o WHERE %s',
    CASE WHEN quantity THEN ', coalesce(o.quantity, 1)::numeric AS quantity' END, CASE WHEN cost THEN ', o.cost::numeric AS cost' END, CASE WHEN contact THEN ', o.contact IS NOT NULL AS contact' END,
    (SELECT string_agg(format(', o.%I', c), '' ORDER BY n) FROM unnest(columns) WITH ORDINALITY u (c, n)), orders, used);
  -- lines of an order; what a column says is what it says on the dearest one
  IF 'order_id' = ANY (names) THEN
    whole := format('%s AND (o.order_id IS NULL%s) UNION ALL SELECT o.customer_id, min(o.ordered_on), sum(o.amount)::numeric%s%s%s%s FROM %s o WHERE %s AND o.order_id IS NOT NULL%s GROUP BY o.customer_id, o.order_id', whole,
      CASE WHEN contact THEN ' OR o.contact IS NOT NULL' END, CASE WHEN quantity THEN ', sum(coalesce(o.quantity, 1))::numeric' END,
      CASE WHEN cost THEN ', CASE WHEN count(o.cost) = count(*) THEN sum(o.cost)::numeric END' END, CASE WHEN contact THEN ', false' END,
      (SELECT string_agg(format(', (array_agg(o.%1$I ORDER BY o.amount DESC, %2$so.%1$I::text COLLATE "C"))[1]', c, item), '' ORDER BY n) FROM unnest(columns) WITH ORDINALITY u (c, n)), orders, used,
      CASE WHEN contact THEN ' AND o.contact IS NULL' END);
  END IF;
  -- the first order is one that is no refund, where there is one; those of a day stand as purchases are sorted
  RETURN format('SELECT l.customer_id, %s.ltv_history(l.ordered_on, l.amount%s%s%s) AS history%s FROM (%s) l GROUP BY l.customer_id', ltv,
    CASE WHEN quantity THEN ', l.quantity' WHEN cost OR contact THEN ', 1' END, CASE WHEN cost THEN ', l.cost' WHEN contact THEN ', NULL' END, CASE WHEN contact THEN ', l.contact' END,
    (SELECT string_agg(format(', (array_agg(l.%1$I ORDER BY l.amount < 0, l.ordered_on, l.amount%2$s%3$s, l.%1$I::text COLLATE "C"))[1] AS %1$I', c, CASE WHEN quantity THEN ', l.quantity' END, CASE WHEN cost THEN ', l.cost' END), '' ORDER BY n)
      FROM unnest(columns) WITH ORDINALITY u (c, n)), whole);
END $function$;
COMMENT ON FUNCTION ltv_store_query(regclass, text, text[]) IS 'the query that makes the rows of a store';

CREATE FUNCTION ltv_store_statement(number integer, everybody boolean) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  k record;
  equal text;
  query text;
BEGIN
  EXECUTE format('SELECT store, queue, orders, columns FROM %s.ltv_stores WHERE number = $1', ltv) INTO k USING number;
  EXECUTE format('SELECT %s.ltv_store_equality(atttypid) FROM pg_attribute WHERE attrelid = $1 AND attname = $2', ltv) INTO equal USING k.store, 'customer_id';
  EXECUTE format('SELECT %s.ltv_store_query($1, $2, $3)', ltv) INTO query USING k.orders, CASE WHEN everybody THEN 'true' ELSE format('o.customer_id %s ANY ($1)', equal) END, k.columns;
  -- notes and histories as one snapshot sees them; who has no history any more has none in the source
  RETURN format('WITH taken AS (DELETE FROM %1$s q WHERE %2$s), fresh AS MATERIALIZED (%3$s)
    MERGE INTO %4$s s
    USING (SELECT f.customer_id, f.history%5$s FROM fresh f
      UNION ALL SELECT c.customer_id, NULL%6$s FROM %7$s AS c (customer_id) WHERE NOT EXISTS (SELECT FROM fresh f WHERE f.customer_id %8$s c.customer_id)) n
    ON s.customer_id %8$s n.customer_id%14$s
    WHEN MATCHED AND n.history IS NULL THEN DELETE
    WHEN MATCHED AND (%9$s.ltv_history_send(s.history) <> %9$s.ltv_history_send(n.history)%10$s) THEN UPDATE SET history = n.history%11$s
    WHEN NOT MATCHED AND n.history IS NOT NULL THEN INSERT (customer_id, history%12$s) VALUES (n.customer_id, n.history%13$s)',
    k.queue, CASE WHEN everybody THEN 'true' ELSE format('q.customer_id %s ANY (SELECT unnest($1))', equal) END, query, k.store,
    (SELECT string_agg(format(', f.%I', c), '' ORDER BY n) FROM unnest(k.columns) WITH ORDINALITY u (c, n)),
    repeat(', NULL', cardinality(k.columns)), CASE WHEN everybody THEN k.store::text ELSE '(SELECT unnest($1))' END, equal, ltv,
    (SELECT string_agg(format(' OR s.%1$I::text IS DISTINCT FROM n.%1$I::text', c), '' ORDER BY n) FROM unnest(k.columns) WITH ORDINALITY u (c, n)),
    (SELECT string_agg(format(', %1$I = n.%1$I', c), '' ORDER BY n) FROM unnest(k.columns) WITH ORDINALITY u (c, n)),
    (SELECT string_agg(format(', %I', c), '' ORDER BY n) FROM unnest(k.columns) WITH ORDINALITY u (c, n)),
    (SELECT string_agg(format(', n.%I', c), '' ORDER BY n) FROM unnest(k.columns) WITH ORDINALITY u (c, n)),
    -- for the planner, which else reads the whole store where it takes the histories for many
    CASE WHEN NOT everybody THEN format(' AND s.customer_id %s ANY ($1)', equal) END);
END $function$;
COMMENT ON FUNCTION ltv_store_statement(integer, boolean) IS 'the statement that brings customers of a store up to date, and takes their notes: those of an array, or everybody';

CREATE FUNCTION ltv_store_view(store regclass, queue regclass, orders regclass, columns text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  noted text := format('EXISTS (SELECT FROM %s n WHERE n.customer_id IS NULL)', queue);
  equal text;
  selected text;
  everybody text;
BEGIN
  EXECUTE format('SELECT %s.ltv_store_equality(atttypid) FROM pg_attribute WHERE attrelid = $1 AND attname = $2', ltv) INTO equal USING store, 'customer_id';
  -- those without a note from the store, those with one from the orders; a note without a customer stands for everybody
  EXECUTE format('SELECT %s.ltv_store_query($1, $2, $3)', ltv) INTO selected USING orders,
    format('NOT %2$s AND o.customer_id %3$s ANY (SELECT q.customer_id FROM %1$s q WHERE q.sqlstate IS NULL)', queue, noted, equal), columns;
  EXECUTE format('SELECT %s.ltv_store_query($1, $2, $3)', ltv) INTO everybody USING orders,
    format('%2$s AND NOT EXISTS (SELECT FROM %1$s q WHERE q.sqlstate IS NOT NULL AND q.customer_id %3$s o.customer_id AND NOT EXISTS (SELECT FROM %1$s u WHERE u.sqlstate IS NULL AND u.customer_id %3$s q.customer_id))', queue, noted, equal), columns;
  RETURN format('SELECT s.customer_id, s.history%s FROM %s s WHERE NOT %s AND NOT EXISTS (SELECT FROM %s q WHERE q.customer_id %s s.customer_id) UNION ALL %s UNION ALL %s',
    (SELECT string_agg(format(', s.%I', c), '' ORDER BY n) FROM unnest(columns) WITH ORDINALITY u (c, n)), store, noted, queue, equal, selected, everybody);
END $function$;
COMMENT ON FUNCTION ltv_store_view(regclass, regclass, regclass, text[]) IS 'the query of a store''s view';

CREATE FUNCTION ltv_store_watch(number integer) RETURNS boolean
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  name text := format('ltv_note_%s', number);
  watched regclass[];
  t record;
  g record;
  unseen boolean := false;
BEGIN
  EXECUTE format('SELECT watch FROM %s.ltv_stores WHERE number = $1', ltv) INTO watched USING number;
  -- parents first: partitions have the trigger for rows from them
  FOR t IN
    WITH RECURSIVE below(relid, depth) AS (SELECT unnest(watched)::oid, 0 UNION SELECT inhrelid, depth + 1 FROM pg_inherits JOIN below ON inhparent = relid)
    SELECT relid::regclass AS relation, relid, relkind, relowner FROM below JOIN pg_class ON oid = relid GROUP BY relid, relkind, relowner ORDER BY max(depth), relid
  LOOP
    IF t.relkind = 'f' THEN
      RAISE EXCEPTION 'a store cannot be kept of foreign table %, whose changes nobody here sees', t.relation USING ERRCODE = 'feature_not_supported', HINT = 'Take it out of the watched table, or the store away with ltv_unkeep, and keep one of a view that leaves it out.';
    END IF;
    FOR g IN
      SELECT name || suffix AS name, event FROM (VALUES
        ('', 'AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW'),
        ('_begin', 'BEFORE INSERT ON %s FOR EACH STATEMENT'),
        ('_end', 'AFTER INSERT ON %s FOR EACH STATEMENT'),
        ('_truncate', 'AFTER TRUNCATE ON %s FOR EACH STATEMENT')) v (suffix, event)
    LOOP
      -- looked up for each one: an event trigger may have called this function meanwhile
      CONTINUE WHEN EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.relid AND tgname = g.name);
      IF NOT pg_has_role(t.relowner, 'USAGE') THEN
        RAISE EXCEPTION 'must be owner of table % to watch it', t.relation USING ERRCODE = 'insufficient_privilege', HINT = 'Give it to the owner of the store with ALTER TABLE ... OWNER TO, or let a superuser call ltv_note_all.';
      END IF;
      EXECUTE format('CREATE TRIGGER %I ' || g.event || ' EXECUTE FUNCTION %s.ltv_note(%s)', g.name, t.relation, ltv, number);
      EXECUTE format('ALTER TABLE %s %s ENABLE ALWAYS TRIGGER %I', CASE WHEN g.event LIKE '%STATEMENT' THEN 'ONLY' END, t.relation, g.name);
      unseen := unseen OR g.event LIKE '%EACH ROW';
    END LOOP;
  END LOOP;
  RETURN unseen;
END $function$;
COMMENT ON FUNCTION ltv_store_watch(integer) IS 'makes the triggers of a store that are missing; whether rows of a table were not noted before';

CREATE FUNCTION ltv_store_seen(orders regclass, watch regclass[]) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  RETURN (WITH RECURSIVE tables(relid) AS (
      SELECT unnest(watch)::oid UNION SELECT inhrelid FROM pg_inherits JOIN tables ON inhparent = relid
    ), views(relid) AS (
      SELECT orders::oid UNION
      SELECT d.refobjid FROM views v JOIN pg_rewrite r ON r.ev_class = v.relid
        JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
    )
    SELECT hashtextextended(string_agg(part, ' ' ORDER BY part COLLATE "C"), 0)::text FROM (
      SELECT format('%s %s', c.oid, c.relfilenode) FROM pg_class c JOIN tables ON c.oid = relid
      UNION ALL
      -- what was taken out and put back may have changed meanwhile
      SELECT format('%s %s %s', i.inhrelid, i.inhparent, i.xmin) FROM pg_inherits i JOIN tables ON i.inhparent = relid
      UNION ALL
      SELECT format('%s %s', r.oid, hashtextextended(r.ev_action::text, 0)) FROM pg_rewrite r JOIN views ON r.ev_class = relid
    ) s (part));
END $function$;
COMMENT ON FUNCTION ltv_store_seen(regclass, regclass[]) IS 'changes with the partitions of watched tables, with their files, and with the views over them';

CREATE FUNCTION ltv_store_columns(orders regclass, columns text[]) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
  RETURN (SELECT ' ' || string_agg(format('%s:%s', attnum, attname), ',' ORDER BY attnum) FROM pg_attribute
    WHERE attrelid = orders AND attnum > 0 AND attname = ANY ('{customer_id,ordered_on,amount,quantity,cost,contact,order_id,item,history}'::text[] || columns));
END $function$;
COMMENT ON FUNCTION ltv_store_columns(regclass, text[]) IS 'which columns of the orders relation a store and its view are made of';

CREATE FUNCTION ltv_store_sources(read regclass[], watch regclass[]) RETURNS void
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  a record;
BEGIN
  FOR a IN SELECT r AS relation FROM unnest(read) r
    WHERE NOT EXISTS (WITH RECURSIVE above(relid) AS (SELECT r::oid UNION SELECT inhparent FROM pg_inherits JOIN above ON inhrelid = relid) SELECT FROM above WHERE relid = ANY (watch)) LOOP
    RAISE WARNING 'orders read table %, which is not watched', a.relation USING HINT = 'What changes there is not followed until ltv_note_all is called.';
  END LOOP;
END $function$;
COMMENT ON FUNCTION ltv_store_sources(regclass[], regclass[]) IS 'a warning of each table that is read and not watched';

CREATE FUNCTION ltv_store_look(number integer) RETURNS void
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  k record;
  names text[];
  needed text;
BEGIN
  EXECUTE format('SELECT store, queue, orders, watch, columns FROM %s.ltv_stores WHERE number = $1', ltv) INTO k USING number;
  IF NOT EXISTS (SELECT FROM pg_class WHERE oid = k.orders) THEN
    RAISE EXCEPTION 'the orders relation of store "%" is gone', k.store USING ERRCODE = 'undefined_table', HINT = 'Take the store away with ltv_unkeep, and keep one of another relation.';
  END IF;
  names := ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = k.orders AND attnum > 0 AND NOT attisdropped);
  FOREACH needed IN ARRAY CASE WHEN 'history' = ANY (names) THEN '{customer_id}'::text[] ELSE '{customer_id,ordered_on,amount}' END || k.columns LOOP
    IF NOT needed = ANY (names) THEN
      RAISE EXCEPTION 'relation "%" has no column "%" any more', k.orders, needed USING ERRCODE = 'undefined_column',
        HINT = 'Give the column its name again, or take the store away with ltv_unkeep and keep it anew.';
    END IF;
  END LOOP;
  FOREACH needed IN ARRAY '{customer_id}'::text[] || k.columns LOOP
    IF EXISTS (SELECT FROM pg_attribute o JOIN pg_attribute s USING (attname) WHERE o.attrelid = k.orders AND s.attrelid = k.store AND attname = needed AND o.atttypid <> s.atttypid) THEN
      RAISE EXCEPTION 'column "%" of relation "%" has another type than in store "%"', needed, k.orders, k.store USING ERRCODE = 'datatype_mismatch',
        HINT = 'Take the store away with ltv_unkeep and keep it anew.';
    END IF;
  END LOOP;
  IF NOT EXISTS (SELECT FROM pg_class WHERE oid = k.queue) OR EXISTS (SELECT FROM pg_index WHERE indrelid = k.queue) OR 3 <> (SELECT count(*) FROM pg_attribute WHERE attrelid = k.queue AND attnum > 0) THEN
    RAISE EXCEPTION 'the queue of store "%" is gone, or has an index or other columns', k.store USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Changes were not noted meanwhile. Drop the index and call ltv_note_all, or take the store away with ltv_unkeep and keep it again.';
  END IF;
  IF EXISTS (SELECT FROM unnest(k.watch) w JOIN pg_class c ON c.oid = w WHERE NOT has_table_privilege(c.oid, 'TRIGGER')) THEN
    RAISE EXCEPTION 'the owner of store "%" may not watch its tables any more', k.store USING ERRCODE = 'insufficient_privilege',
      HINT = 'Changes were not noted meanwhile. GRANT TRIGGER on the tables to the owner of the store, and call ltv_note_all.';
  END IF;
END $function$;
COMMENT ON FUNCTION ltv_store_look(integer) IS 'an error when a store cannot be brought up to date';

CREATE FUNCTION ltv_store_bring(number integer, statement text, ids anyarray) RETURNS bigint
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  half integer := cardinality(ids) / 2;
  k record;
  equal text;
  changed bigint;
BEGIN
  BEGIN
    EXECUTE statement USING ids;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed;
  EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    changed := 0;
  END;
  IF half > 0 THEN
    EXECUTE format('SELECT %1$s.ltv_store_bring($1, $2, $3) + %1$s.ltv_store_bring($1, $2, $4)', ltv) INTO changed USING number, statement, ids[:half], ids[half + 1:];
    RETURN changed;
  END IF;
  EXECUTE format('SELECT store, queue FROM %s.ltv_stores WHERE number = $1', ltv) INTO k USING number;
  EXECUTE format('SELECT %s.ltv_store_equality(atttypid) FROM pg_attribute WHERE attrelid = $1 AND attname = $2', ltv) INTO equal USING k.store, 'customer_id';
  -- one who makes no history: the notes first, as they are seen now; what is committed from here on has notes of its own, and is read here or the next time
  EXECUTE format('DELETE FROM %s q WHERE q.customer_id %s ANY ($1)', k.queue, equal) USING ids;
  BEGIN
    EXECUTE statement USING ids;
    GET DIAGNOSTICS changed = ROW_COUNT;
  EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
    EXECUTE format('INSERT INTO %s SELECT unnest($1), $2, $3', k.queue) USING ids, SQLSTATE, SQLERRM;
    EXECUTE format('DELETE FROM %s s WHERE s.customer_id %s ANY ($1)', k.store, equal) USING ids;
    GET DIAGNOSTICS changed = ROW_COUNT;
  END;
  RETURN changed;
END $function$;
COMMENT ON FUNCTION ltv_store_bring(integer, text, anyarray) IS 'brings customers of a store up to date, by halves when they cannot be all at once, and marks the notes of those who make no history; how many rows of the store have changed';

CREATE FUNCTION ltv_store_refresh(number integer, seen text, OUT changed bigint, OUT now_seen text)
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  k record;
  everybody boolean;
  who text;
  statement text;
  unseen boolean;
  v record;
  cost text := current_setting('random_page_cost');
BEGIN
  EXECUTE format('SELECT %s.ltv_store_look($1)', ltv) USING number;
  EXECUTE format('SELECT store, queue, orders, watch, columns, now FROM %s.ltv_stores WHERE number = $1', ltv) INTO k USING number;
  -- what there is, before the statement that reads: what changes between the two is seen the next time
  EXECUTE format('SELECT %s.ltv_store_seen($1, $2)', ltv) INTO now_seen USING k.orders, k.watch;
  EXECUTE format('SELECT $1 || %s.ltv_store_columns($2, $3)', ltv) INTO now_seen USING now_seen, k.orders, k.columns;
  IF seen <> now_seen THEN
    EXECUTE format('INSERT INTO %s DEFAULT VALUES', k.queue);
    -- a view may be another one than ltv_keep was told of
    IF seen NOT LIKE ' %' THEN
      EXECUTE format('SELECT %1$s.ltv_store_sources(%1$s.ltv_store_tables($1), $2)', ltv) USING k.orders, k.watch;
    END IF;
  END IF;
  EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE customer_id IS NULL)', k.queue) INTO everybody;
  EXECUTE format('SELECT %s.ltv_store_statement($1, $2)', ltv) INTO statement USING number, everybody;
  IF everybody THEN
    BEGIN
      EXECUTE statement;
      GET DIAGNOSTICS changed = ROW_COUNT;
    EXCEPTION WHEN data_exception OR program_limit_exceeded THEN
      -- the note first, as it is seen now: what is committed from here on has notes of its own
      EXECUTE format('DELETE FROM %s WHERE customer_id IS NULL', k.queue);
      EXECUTE format('SELECT %s.ltv_store_statement($1, false)', ltv) INTO statement USING number;
      who := format('SELECT customer_id FROM %s WHERE customer_id IS NOT NULL UNION SELECT customer_id FROM %s UNION SELECT customer_id FROM %s WHERE customer_id IS NOT NULL', k.orders, k.store, k.queue);
    END;
  ELSE
    PERFORM set_config('random_page_cost', least(cost::float8, 1.1)::text, true);
    who := format('SELECT DISTINCT customer_id FROM %s WHERE sqlstate IS NULL AND customer_id IS NOT NULL', k.queue);
  END IF;
  -- arrays, of which the planner knows how many they are and where; of no more than memory is wanted for
  IF who IS NOT NULL THEN
    EXECUTE format('SELECT coalesce(sum(%s.ltv_store_bring($1, $2, ids)), 0)
      FROM (SELECT array_agg(customer_id) AS ids FROM (SELECT customer_id, (row_number() OVER (ORDER BY customer_id) - 1) / 100000 AS batch FROM (%s) c) c GROUP BY batch) b', ltv, who)
      INTO changed USING number, statement;
  END IF;
  -- a statement is planned before it gets its snapshot: of a partition attached between the two it has taken the note and not read the rows
  EXECUTE format('SELECT %s.ltv_store_seen($1, $2)', ltv) INTO who USING k.orders, k.watch;
  IF who <> split_part(now_seen, ' ', 1) THEN
    EXECUTE format('INSERT INTO %s DEFAULT VALUES', k.queue);
  END IF;
  -- last, as it locks new partitions against writes until the end of the transaction, and the view, which has been made of other columns
  IF seen <> now_seen THEN
    PERFORM set_config('random_page_cost', cost, true);
    EXECUTE format('SELECT %s.ltv_store_watch($1)', ltv) INTO unseen USING number;
    -- what was written to a new child by transactions that have ended since it was read
    IF unseen THEN
      EXECUTE format('INSERT INTO %s DEFAULT VALUES', k.queue);
    END IF;
    FOR v IN SELECT nspname, reloptions, has_schema_privilege(n.oid, 'CREATE') AS may FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE c.oid = k.now AND substr(seen, strpos(seen, ' ')) <> substr(now_seen, strpos(now_seen, ' ')) LOOP
      IF NOT v.may THEN
        RAISE EXCEPTION 'view % has to be made anew, as the orders have other columns', k.now USING ERRCODE = 'insufficient_privilege', HINT = format('GRANT CREATE ON SCHEMA %I TO %I.', v.nspname, current_user);
      END IF;
      EXECUTE format('SELECT %s.ltv_store_view($1, $2, $3, $4)', ltv) INTO statement USING k.store, k.queue, k.orders, k.columns;
      EXECUTE format('CREATE OR REPLACE VIEW %s%s AS %s', k.now, ' WITH (' || array_to_string(v.reloptions, ', ') || ')', statement);
    END LOOP;
  END IF;
END $function$;
COMMENT ON FUNCTION ltv_store_refresh(integer, text) IS 'brings a store up to date, for ltv_refresh';
REVOKE ALL ON FUNCTION ltv_store_refresh(integer, text) FROM PUBLIC;

CREATE FUNCTION ltv_store_check(orders regclass, store name, watch regclass[], keys text[], columns text[]) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  place text := (SELECT quote_ident(nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = orders);
  view_hint text := 'Write a view that names them, for example CREATE VIEW shop_orders AS SELECT user_id AS customer_id, ltv_day(created_at, ''Asia/Tokyo'') AS ordered_on, total AS amount FROM ...';
  needed text[];
  read regclass[];
  a record;
BEGIN
  IF orders IS NULL OR store IS NULL OR watch IS NULL OR array_position(watch, NULL) IS NOT NULL OR array_position(columns, NULL) IS NOT NULL THEN
    RAISE EXCEPTION 'orders, store, the tables to watch and further columns must not be null' USING ERRCODE = 'null_value_not_allowed', HINT = 'ltv_keep(''shop_orders'', ''shop_store'', ''{orders}'') watches one table.';
  END IF;
  IF cardinality(watch) = 0 OR array_ndims(watch) > 1 OR array_ndims(keys) > 1 OR array_ndims(columns) > 1 OR cardinality(keys) <> cardinality(watch) THEN
    RAISE EXCEPTION 'there are % tables to watch and % keys', cardinality(watch), coalesce(cardinality(keys), 0) USING ERRCODE = 'invalid_parameter_value', HINT = 'watch has one table or more, and keys, if they are given, one for each: a column, an expression, or NULL for customer_id.';
  END IF;
  IF cardinality(watch) > (SELECT count(DISTINCT w) FROM unnest(watch) w) THEN
    RAISE EXCEPTION 'a table stands twice among those to watch' USING ERRCODE = 'invalid_parameter_value', HINT = 'A row is noted for one customer, whom its key names. Keep orders that belong to two customers as two rows.';
  END IF;
  EXECUTE format('SELECT %s.ltv_store_tables($1)', ltv) INTO read USING orders;

  -- the columns of the orders relation
  needed := CASE WHEN EXISTS (SELECT FROM pg_attribute WHERE attrelid = orders AND attname = 'history' AND atttypid = (ltv || '.ltv_history')::regtype) THEN '{customer_id,history}' ELSE '{customer_id,ordered_on,amount}' END;
  FOR a IN SELECT c, t.typname, t.typcategory FROM (SELECT unnest(needed) AS c UNION SELECT unnest(columns)) n LEFT JOIN pg_attribute ON attrelid = orders AND attname = c AND attnum > 0 AND NOT attisdropped LEFT JOIN pg_type t ON t.oid = atttypid LOOP
    IF a.typname IS NULL THEN
      RAISE EXCEPTION 'relation "%" has no column "%"', orders, a.c USING ERRCODE = 'undefined_column', HINT = view_hint;
    END IF;
    IF a.c = ANY (columns) AND (a.c IN ('customer_id', 'history') OR a.typcategory = 'A' OR cardinality(array_positions(columns, a.c)) > 1 OR needed <> '{customer_id,history}' AND a.c IN ('ordered_on', 'amount', 'quantity', 'cost', 'contact')) THEN
      RAISE EXCEPTION 'column "%" cannot be a further column of a store', a.c USING ERRCODE = 'invalid_parameter_value', HINT = 'It is there already, beside the history or in it, or an array, which is no value to divide customers by.';
    END IF;
  END LOOP;
  FOR a IN SELECT attname AS c, atttypid::regtype AS type, t.typcategory, coalesce(nullif(typbasetype, 0), t.oid)::regtype AS base FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
    WHERE attrelid = orders AND NOT attisdropped AND attname IN ('ordered_on', 'amount', 'quantity', 'cost') LOOP
    IF a.c = 'ordered_on' AND a.base <> 'date'::regtype OR a.c <> 'ordered_on' AND NOT a.base = ANY ('{smallint,integer,bigint,numeric}'::regtype[]) THEN
      RAISE EXCEPTION 'column "%" of relation "%" has type %, but must be %', a.c, orders, a.type, CASE a.c WHEN 'ordered_on' THEN 'date' ELSE 'an integer type or numeric' END USING ERRCODE = 'datatype_mismatch', HINT = view_hint;
    END IF;
  END LOOP;

  EXECUTE format('SELECT %s.ltv_store_equality(atttypid) FROM pg_attribute WHERE attrelid = $1 AND attname = $2', ltv) USING orders, 'customer_id';

  -- names
  IF EXISTS (SELECT FROM pg_namespace WHERE store LIKE '%.%' AND nspname = btrim(split_part(store, '.', 1), '"')) THEN
    RAISE EXCEPTION 'the name "%" of the store has a schema', store USING ERRCODE = 'invalid_name', HINT = 'Give the name alone: a store is made in the schema of the orders relation.';
  END IF;
  IF octet_length(store::text) > 57 THEN
    RAISE EXCEPTION 'the name "%" is too long for a store', store USING ERRCODE = 'name_too_long', HINT = 'Its queue has the name with _queue behind it: 57 bytes are left.';
  END IF;
  FOR a IN SELECT format('%s.%I', place, store || suffix) AS name FROM unnest('{"",_queue,_now}'::text[]) suffix LOOP
    IF to_regclass(a.name) IS NOT NULL THEN
      RAISE EXCEPTION 'relation % already exists', a.name USING ERRCODE = 'duplicate_table', HINT = 'A store is a table, with a queue and a view beside it, in the schema of the orders relation. ltv_unkeep takes one away.';
    END IF;
  END LOOP;

  -- the tables to watch
  FOR a IN SELECT w AS relation, keys[n] AS key, relname, relkind, relowner FROM unnest(watch) WITH ORDINALITY u (w, n) LEFT JOIN pg_class c ON c.oid = w LOOP
    IF a.relkind IS NULL OR a.relkind NOT IN ('r', 'p') THEN
      RAISE EXCEPTION '"%" is not a table', a.relation USING ERRCODE = 'wrong_object_type', HINT = 'Watched are the tables that the orders relation reads, not views over them.';
    END IF;
    IF NOT pg_has_role(a.relowner, 'USAGE') THEN
      RAISE EXCEPTION 'must be owner of table %', a.relation USING ERRCODE = 'insufficient_privilege', HINT = 'A store is kept by the owner of the tables that it watches, or by a member of that role.';
    END IF;
    EXECUTE format('SELECT %s.ltv_store_check_key($1, $2, $3)', ltv) USING orders, a.relation, a.key;
  END LOOP;
  EXECUTE format('SELECT %s.ltv_store_sources($1, $2)', ltv) USING read, watch;
END $function$;
COMMENT ON FUNCTION ltv_store_check(regclass, name, regclass[], text[], text[]) IS 'an error when a store cannot be kept';

CREATE FUNCTION ltv_store_check_key(orders regclass, relation regclass, key text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  id text := (SELECT format_type(atttypid, -1) FROM pg_attribute WHERE attrelid = orders AND attname = 'customer_id');
  base oid := (SELECT coalesce(nullif(typbasetype, 0), t.oid) FROM pg_attribute JOIN pg_type t ON t.oid = atttypid WHERE attrelid = orders AND attname = 'customer_id');
  a record;
BEGIN
  SELECT attnum, attgenerated, coalesce(nullif(typbasetype, 0), t.oid) AS base INTO a FROM pg_attribute JOIN pg_type t ON t.oid = atttypid
    WHERE attrelid = relation AND attname = coalesce(key, 'customer_id') AND attnum > 0 AND NOT attisdropped;
  IF NOT FOUND AND key IS NULL THEN
    RAISE EXCEPTION 'table % has no column "customer_id"', relation USING ERRCODE = 'undefined_column', HINT = 'Say in keys whose customer a row is: a column, or an expression over the row.';
  ELSIF NOT FOUND THEN
    BEGIN
      -- in WHERE, where it can be one value for a row only
      EXECUTE format('SELECT FROM (SELECT (NULL::%3$s).*) AS %4$I WHERE (%1$s)::%2$s IS NULL AND false', key, id, relation, (SELECT relname FROM pg_class WHERE oid = relation));
    EXCEPTION WHEN syntax_error_or_access_rule_violation OR invalid_schema_name OR data_exception OR feature_not_supported THEN
      RAISE EXCEPTION 'the key of table % fails: %', relation, SQLERRM USING ERRCODE = SQLSTATE, HINT = 'A key is a column or an expression over a row of the table; what is not in pg_catalog is written with its schema.';
    END;
  ELSIF a.attgenerated = 'v' THEN
    RAISE EXCEPTION 'column "%" of table % is computed when it is read', coalesce(key, 'customer_id'), relation USING ERRCODE = 'feature_not_supported', HINT = 'Give the expression as the key.';
  ELSIF a.base <> base AND NOT EXISTS (SELECT FROM pg_cast WHERE castsource = a.base AND casttarget = base AND castmethod = 'b' AND castcontext = 'i') THEN
    RAISE EXCEPTION 'column "%" of table % has another type than customer_id of the orders, which is %', coalesce(key, 'customer_id'), relation, id USING ERRCODE = 'datatype_mismatch', HINT = format('Give an expression as the key: (%I)::%s.', coalesce(key, 'customer_id'), id);
  ELSIF NOT EXISTS (SELECT FROM pg_index WHERE indrelid = relation AND indisvalid AND indkey[0] = a.attnum) THEN
    RAISE WARNING 'table % has no index on "%"', relation, coalesce(key, 'customer_id') USING HINT = 'Without it each refresh reads the whole table: CREATE INDEX CONCURRENTLY.';
  END IF;
END $function$;
COMMENT ON FUNCTION ltv_store_check_key(regclass, regclass, text) IS 'an error when a key of a watched table will not do';

-- what is public

CREATE FUNCTION ltv_keep(orders regclass, store name, watch regclass[], keys text[] DEFAULT NULL, columns text[] DEFAULT NULL) RETURNS regclass
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  place text := (SELECT quote_ident(nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = orders);
  its text := format('%s.%I', place, coalesce(store, 'store'));
  queue text := format('%s.%I', place, coalesce(store, 'store') || '_queue');
  now text := format('%s.%I', place, coalesce(store, 'store') || '_now');
  selected text;
  number integer;
BEGIN
  EXECUTE format('SELECT %s.ltv_store_check($1, $2, $3, $4, $5)', ltv) USING orders, store, watch, keys, columns;
  EXECUTE format('SELECT %s.ltv_store_query($1, $2, $3)', ltv) INTO selected USING orders, 'true', columns;
  EXECUTE format('CREATE TABLE %s WITH (fillfactor = 80) AS %s WITH NO DATA', its, selected);
  EXECUTE format('ALTER TABLE %s ALTER history SET NOT NULL, ADD PRIMARY KEY (customer_id)', its);
  -- what a domain refuses is none of the queue's business, so ids are of the type that a UNION takes for a domain: its base.  Deletes are published, too,
  -- where all tables are
  EXECUTE format('CREATE TABLE %s USING heap AS SELECT customer_id, NULL::text AS sqlstate, NULL::text AS error FROM %s UNION ALL SELECT NULL, NULL, NULL WITH NO DATA', queue, its);
  EXECUTE format('ALTER TABLE %s REPLICA IDENTITY FULL', queue);

  EXECUTE format('SELECT %s.ltv_store_view($1, $2, $3, $4)', ltv) INTO selected USING its::regclass, queue::regclass, orders, columns;
  EXECUTE format('CREATE VIEW %s AS %s', now, selected);
  EXECUTE format('COMMENT ON TABLE %s IS %L', its, format('a history for each customer of %s, brought up to date by ltv_refresh', orders));
  EXECUTE format('COMMENT ON TABLE %s IS %L', queue, format('customers of %s whose orders have changed since the last ltv_refresh', its));
  EXECUTE format('COMMENT ON VIEW %s IS %L', now, format('a history for each customer of %s as of now', orders));

  EXECUTE format('INSERT INTO %1$s.ltv_stores (store, queue, orders, watch, keys, columns, now, seen) VALUES ($1, $2, $3, $4, $5, $6, $7, %1$s.ltv_store_columns($3, $6)) RETURNING number', ltv) INTO number
    USING its::regclass, queue::regclass, orders, watch, keys, columns, now::regclass;
  EXECUTE format('SELECT %s.ltv_store_watch($1)', ltv) USING number;
  EXECUTE format('INSERT INTO %s DEFAULT VALUES', queue);
  RETURN its::regclass;
END $function$;
COMMENT ON FUNCTION ltv_keep(regclass, name, regclass[], text[], text[]) IS 'makes a store of a history for each customer, with triggers on the watched tables; the first ltv_refresh fills it';

CREATE FUNCTION ltv_refresh(store regclass) RETURNS bigint AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION ltv_refresh(regclass) IS 'brings a store up to date; how many of its rows have changed';
CREATE FUNCTION ltv_note_all(store regclass) RETURNS void AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION ltv_note_all(regclass) IS 'notes everybody for the next ltv_refresh, and watches what partitions there are now';

CREATE FUNCTION ltv_unkeep(store regclass) RETURNS void
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  k record;
  t record;
BEGIN
  EXECUTE format('SELECT number, store, queue, now FROM %s.ltv_stores WHERE $1 IN (store, queue)', ltv) INTO k USING store;
  EXECUTE format('SELECT %s.ltv_store_forget($1)', ltv) USING store;
  FOR t IN
    SELECT tgrelid::regclass AS relation, tgname AS name FROM pg_trigger
    WHERE tgfoid = (ltv || '.ltv_note()')::regprocedure AND tgparentid = 0 AND tgname ~ format('^ltv_note_%s(_(begin|end|truncate))?$', k.number)
  LOOP
    EXECUTE format('DROP TRIGGER %I ON %s', t.name, t.relation);
  END LOOP;
  -- the view reads both; what somebody else has made of them is in the way
  FOR t IN SELECT oid::regclass AS relation FROM pg_class WHERE oid = k.now LOOP
    EXECUTE format('DROP VIEW %s', t.relation);
  END LOOP;
  FOR t IN SELECT oid::regclass AS relation FROM pg_class WHERE oid IN (k.store, k.queue) LOOP
    EXECUTE format('DROP TABLE %s', t.relation);
  END LOOP;
END $function$;
COMMENT ON FUNCTION ltv_unkeep(regclass) IS 'takes a store away, with its queue, its view and its triggers';

CREATE FUNCTION ltv_store_errors(store regclass) RETURNS TABLE (customer_id text, sqlstate text, error text)
LANGUAGE plpgsql STABLE STRICT PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp AS $function$
DECLARE
  ltv text := (SELECT quote_ident(nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'ltv');
  queue regclass;
BEGIN
  EXECUTE format('SELECT queue FROM %s.ltv_stores WHERE $1 IN (store, queue)', ltv) INTO queue USING store;
  IF queue IS NULL THEN
    RAISE EXCEPTION '"%" is no store that ltv keeps', store USING ERRCODE = 'wrong_object_type', HINT = 'ltv_keep makes one; the table ltv_stores names them all.';
  END IF;
  RETURN QUERY EXECUTE format('SELECT q.customer_id::text, q.sqlstate, q.error FROM %s q WHERE q.sqlstate IS NOT NULL ORDER BY q.customer_id', queue);
END $function$;
COMMENT ON FUNCTION ltv_store_errors(regclass) IS 'customers whose orders make no history: they are neither in the store nor in its view';

--
-- What is running
--

CREATE FUNCTION ltv_running_reports(OUT pid integer, OUT report text, OUT phase text, OUT rows_done bigint, OUT rows_estimated bigint)
RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C STABLE PARALLEL UNSAFE ROWS 10;
COMMENT ON FUNCTION ltv_running_reports() IS 'implementation of ltv_progress: the reports that are running';

CREATE VIEW ltv_progress AS
SELECT pid, report, phase, rows_done, rows_estimated FROM ltv_running_reports();
COMMENT ON VIEW ltv_progress IS 'the reports that are running now on this server, in all databases: those of roles whose rights the reader has, all for pg_read_all_stats; from PostgreSQL 17 on, an error before';
COMMENT ON COLUMN ltv_progress.pid IS 'process of the session, as in pg_stat_activity';
COMMENT ON COLUMN ltv_progress.report IS 'the function';
COMMENT ON COLUMN ltv_progress.phase IS 'starting, reading (rows of the orders relation), grouping (customers are put together), computing, sending (of reports with a row for each customer), waiting for nodes';
COMMENT ON COLUMN ltv_progress.rows_done IS 'rows read or put together in this phase, by all processes of the report';
COMMENT ON COLUMN ltv_progress.rows_estimated IS 'how many it will be: reading, the estimate of the planner; grouping, as many as were kept; null before it is known';
GRANT SELECT ON ltv_progress TO PUBLIC;

--
-- The catalog: every function that somebody may call, and each column that it gives
--

CREATE FUNCTION ltv_catalog_term(name text) RETURNS text AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_catalog_term(text) IS 'implementation of ltv_catalog: the word of the trade in Japanese for a function or column; null where there is none, and where the encoding of the database has no Japanese';

/*
 * What comments say is taken from them: a figure that is a quotient is written "numerator / denominator" there, of which
 * the denominator ends at a comma, a colon, a semicolon or a further sum.  What they do not say stands here: a word in
 * English where it is not the name itself, and what is taken for another figure.
 */
CREATE VIEW ltv_catalog AS
WITH word (name, term, other) AS (VALUES
  ('ltv_acquisition', 'acquisition by medium', 'ltv_payback: one cost for every new customer, here it is what was spent'),
  ('ltv_annual', 'planned annual LTV', 'annual_revenue_per_customer: what customers did buy in the year'),
  ('ltv_backtest', 'backtest', 'ltv_validate: one split, by class of customers'),
  ('ltv_baskets', 'market basket analysis', 'ltv_item_flow: from one order to the next'),
  ('ltv_campaigns', 'campaigns against a control group', 'ltv_effect: the test alone, over outcomes that you have'),
  ('ltv_cancellations', 'churn of contracts by calendar period', 'ltv_deliveries: by number of the delivery'),
  ('ltv_cohorts', 'cohort analysis', 'ltv_windows: days since the first order, only of customers observed for all of them'),
  ('ltv_cost', 'cost of goods', 'ltv_retention_cost: what was spent without an order'),
  ('ltv_cpm', 'customer portfolio (CPM)', 'ltv_stage: the relationship by silence and benchmark'),
  ('ltv_cpo', 'cost per order', 'ltv_max_cpo: what it may be'),
  ('ltv_deciles', 'decile analysis', 'ltv_rfm: three scores for every customer'),
  ('ltv_deliveries', 'retention of subscriptions by delivery', 'ltv_cancellations: by calendar period'),
  ('ltv_economics', 'unit economics', 'ltv_overview: counts and sums of the shop'),
  ('ltv_effect', 'effect of a treatment', 'ltv_campaigns: from the orders on, with what it cost'),
  ('ltv_equity', 'customer equity', 'ltv_predict: each of today''s customers'),
  ('ltv_funnel', 'funnel, upgrade from trial to main product', 'ltv_steps: by number of the order, whatever it was'),
  ('ltv_gross_profit', 'gross profit', 'ltv_profit: less CPO, times customers'),
  ('ltv_holdout', 'control group by lot', NULL),
  ('ltv_item_flow', 'item to item', 'ltv_baskets: in one order, or at any time within the days'),
  ('ltv_labels', 'orders by coupon, item or channel', 'by: divides customers by their first order, here it is orders'),
  ('ltv_levers', 'sensitivity of the six elements', NULL),
  ('ltv_lifetime', 'lifetime value by the six elements', 'ltv_revenue: what the customer did buy'),
  ('ltv_loyal_chance', 'chance to become loyal', 'ltv_growth: how many of all became loyal'),
  ('ltv_max_cpo', 'highest cost per order', 'ltv_cpo: what it was'),
  ('ltv_overview', 'key figures of the shop', 'ltv_kpis: the same as an aggregate over histories'),
  ('ltv_p_alive', 'probability of being alive', 'ltv_p_order_within: of an order within so many days'),
  ('ltv_payback', 'payback', 'ltv_acquisition: with what was spent in each period'),
  ('ltv_periods', 'calendar periods, new and returning', 'ltv_cohorts: customers by the period of their first order'),
  ('ltv_repeat_rate', 'repeat rate', 'f2_rate and next_rate of ltv_steps: with days to do it in; period_repeat_rate: of one period'),
  ('ltv_retention_cost', 'retention cost', 'ltv_cost: goods, and what varies with the order'),
  ('ltv_revenue', 'lifetime value so far', 'ltv_lifetime: of an average customer, planned'),
  ('ltv_rfm', 'RFM analysis', 'ltv_deciles: by revenue alone'),
  ('ltv_silences', 'return after silence', 'ltv_steps: who goes on to the next order'),
  ('ltv_stage', 'stage of the relationship', 'ltv_cpm: the customer portfolio, with other borders'),
  ('ltv_steps', 'conversion from order to order (F2, F3)', 'ltv_funnel: by what was ordered'),
  ('ltv_validate', 'holdout validation', 'ltv_backtest: many splits, several models'),
  ('ltv_windows', 'LTV by days since the first order', 'ltv_cohorts: by calendar period, partly observed ones among them'),
  ('annual_orders_per_customer', NULL, 'orders_per_customer: without a limit of time; annual_orders of ltv_economics is the same as this'),
  ('annual_revenue', NULL, 'revenue: of all time'),
  ('annual_revenue_per_customer', 'annual LTV', 'revenue_per_customer: of all time'),
  ('average_order_value', 'average order value (AOV)', 'unit_price: per piece; revenue_per_customer: per customer'),
  ('cancel_rate', 'churn rate of contracts', 'churn of ltv_economics: of customers, from year to year'),
  ('churn', 'churn rate', 'churn_risk: of one customer, by a model; cancel_rate: of contracts'),
  ('churn_risk', NULL, 'churn: of a shop, counted'),
  ('churned_customers', NULL, 'churned_customers of ltv_periods: who became it in the period'),
  ('confidence', 'confidence of the rule', 'support: of all baskets'),
  ('cost', NULL, 'retention_cost: what was spent without an order; in ltv_acquisition and ltv_campaigns what was spent on them'),
  ('cost_per_lead', 'cost per acquisition or request (CPA, CPR)', 'cpo: per customer of the main product'),
  ('cost_per_new_customer', 'customer acquisition cost (CAC)', 'cpo: per customer of the main product'),
  ('cpo', 'cost per order', 'cost_per_lead (CPA), cost_per_new_customer; max_cpo: what it may be'),
  ('customers', NULL, 'orders; guests and who has refunds only are in neither'),
  ('f2_rate', 'F2 conversion', 'repeat_rate: second orders of whenever'),
  ('frequency', NULL, 'of ltv_rfm: orders; of ltv_model_input: days with an order after the first'),
  ('gross_profit', NULL, 'profit, contribution: less what else was spent'),
  ('lift', NULL, 'of ltv_baskets: confidence / share of all baskets; of ltv_effect: difference / mean of the control group'),
  ('ltv', 'lifetime value', 'revenue_per_customer: what was bought so far; predicted_value: what is expected'),
  ('max_cpo', 'highest cost per order', 'cpo: what it was'),
  ('monetary', NULL, 'of ltv_rfm: revenue; of ltv_model_input: mean amount of the repeat days'),
  ('next_rate', 'conversion to the next order', 'rate_from_first: of those who began'),
  ('orders', NULL, 'rows: lines of one order_id are one order, a refund is none'),
  ('p_alive', 'probability of being alive', '1 - no_order_90_days: of an order within 90 days'),
  ('payback_index', NULL, 'payback_months: of an average customer, planned'),
  ('payback_months', 'payback period', 'payback_index: of a cohort, counted'),
  ('period_repeat_rate', 'repeat rate of the period', 'repeat_rate: of all time; repeater_share: of the customers of the period'),
  ('predicted_value', 'predicted lifetime value', 'revenue_per_customer: what was bought so far'),
  ('profit', NULL, 'gross_profit: before the costs of customers'),
  ('rate_from_first', NULL, 'next_rate: of those who came to the step before'),
  ('recency', NULL, 'recency_days: since the last order; this is from the first order to the last'),
  ('recency_days', NULL, 'recency of ltv_model_input: from the first order to the last'),
  ('repeat_rate', 'repeat rate', 'period_repeat_rate: of one period; f2_rate: of the first orders of one period; repeater_share'),
  ('repeater_share', NULL, 'repeat_rate: of all customers; it rises when there are fewer new ones'),
  ('residual_rate', 'survival', 'next_rate: from one delivery to the next'),
  ('retention', 'retention rate', 'retention_cost; residual_rate: of contracts'),
  ('retention_cost', NULL, 'cost: of goods, with an order'),
  ('returning_customers', NULL, 'repeaters: with two orders or more, new in the period or not'),
  ('revenue', NULL, 'cumulative_revenue; annual_revenue'),
  ('revenue_per_customer', 'LTV so far', 'average_order_value: per order; annual_revenue_per_customer'),
  ('roas', 'return on advertising spend', 'roi: less the cost; contribution_to_cpo: of gross profit'),
  ('roi', 'return on investment', 'roas: revenue, the cost not taken off'),
  ('share', NULL, 'cumulative_share'),
  ('stage', 'stage of the relationship', 'cpm: group of the customer portfolio'),
  ('support', NULL, 'confidence: of the baskets with the one'),
  ('unit_price', 'price of a piece', 'average_order_value: of an order'),
  ('upgrade_rate', 'upgrade from trial to main product', 'f2_rate: a second order, whatever it was')
), called AS (
  SELECT p.oid, p.proname::text AS name, p.prokind, p.proargmodes, p.proargnames, p.proallargtypes, p.prorettype, p.pronamespace, obj_description(p.oid, 'pg_proc') AS purpose
  FROM pg_extension e JOIN pg_depend d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
    JOIN pg_proc p ON p.oid = d.objid
  WHERE e.extname = 'ltv' AND (p.proname !~ '^ltv_store_' OR p.proname = 'ltv_store_errors') AND p.proname !~ '_(accum|combine|final|discard)$|^ltv_customer_set_'
    AND obj_description(p.oid, 'pg_proc') !~ '^(I/O|hash$|less-equal-greater|input|output|binary input|binary output|implementation of|an error|planner support|trigger of)'
), given AS (
  SELECT c.oid, a.attnum AS position, a.attname::text AS name, coalesce(polymorphic.type, format_type(a.atttypid, a.atttypmod)) AS type, a.atttypid, col_description(a.attrelid, a.attnum) AS meaning
  FROM called c LEFT JOIN pg_type r ON r.oid = c.prorettype AND r.typtype = 'c'
    LEFT JOIN pg_type named ON r.oid IS NULL AND c.proargmodes @> '{t}' AND named.typnamespace = c.pronamespace AND named.typname = c.name || '_row'
    JOIN pg_attribute a ON a.attrelid = coalesce(r.typrelid, named.typrelid) AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN LATERAL (SELECT format_type(ty, NULL) AS type FROM unnest(c.proargnames, c.proargmodes, c.proallargtypes) AS u (na, mo, ty) WHERE mo = 't' AND na = a.attname) AS polymorphic ON true
  WHERE c.name !~ '_rows$'
), shown AS (
  SELECT c.name AS function_name, CASE WHEN c.prokind = 'a' THEN 'aggregate' WHEN c.proargnames[1] = 'orders' THEN 'report' ELSE 'function' END AS kind,
    pg_get_function_arguments(c.oid) AS arguments, c.purpose, g.position, g.name AS column_name, coalesce(g.type, pg_get_function_result(c.oid)) AS type,
    coalesce(g.meaning, c.purpose) AS meaning, coalesce(g.name, c.name) AS name, coalesce(g.atttypid, c.prorettype) AS typid
  FROM called c LEFT JOIN given g USING (oid)
)
SELECT s.function_name, s.kind, s.arguments, s.purpose, s.position, s.column_name, s.type,
  CASE
    WHEN s.typid = 'date'::regtype THEN 'day'
    WHEN s.typid = 'boolean'::regtype THEN 'yes or no'
    WHEN s.typid NOT IN ('smallint'::regtype, 'integer'::regtype, 'bigint'::regtype, 'numeric'::regtype, 'double precision'::regtype) THEN NULL
    WHEN s.function_name = 'ltv_effect' AND s.name ~ 'difference|mean$|before$|error$|_low$|_high$' THEN 'that of the outcome'
    WHEN s.function_name = 'ltv_levers' AND s.name ~ '^(base|improved|best|best_low)$' THEN 'that of the element'
    WHEN s.name ~ '(_|^)days(_|$)' AND s.name <> 'no_order_90_days' THEN 'days'
    WHEN s.name = 'ltv_percent' THEN 'percent'
    WHEN s.name ~ '_months$' THEN 'months'
    WHEN s.name ~ '_years$' THEN 'years'
    WHEN s.typid IN ('numeric'::regtype, 'double precision'::regtype) AND s.name !~ '_cost$|^loss$' AND (s.name ~ '(_|^)(rate|share|retention|churn|margin|discount|risk|chance|alive|confidence|support|ratio|shrunk|p)(_|$)'
      OR s.name IN ('no_order_90_days', 'p_value', 'correlation', 'gini', 'ltv_p_order_within')) THEN 'share of 1'
    WHEN s.name ~ '(_|^)(roas|roi|lift|bias)(_|$)|per_lead$|contribution_to_cpo' AND s.name <> 'cost_per_lead' THEN 'ratio'
    WHEN s.function_name IN ('ltv_deliveries', 'ltv_cancellations') AND s.typid = 'bigint'::regtype THEN 'contracts'
    WHEN s.name ~ '^new_customers' OR s.typid = 'bigint'::regtype AND s.name ~ 'customers(_now)?$|loyal|^(repeaters|active|leads|stopped|churned|waiting|refund_only)$' THEN 'customers'
    WHEN s.name ~ 'orders_per_customer|^(adjusted_)?orders_(effect|low|high)$' THEN 'orders per customer'
    WHEN s.name ~ '(_|^)orders(_|$)|^(near|above)$|mean_absolute_error|root_mean_square_error' THEN 'orders'
    WHEN s.name ~ 'quantity' THEN 'pieces'
    WHEN s.typid = 'numeric'::regtype OR s.name ~ 'revenue|profit|value|effect|balance|always|cost|monetary' THEN 'money'
    ELSE 'number'
  END AS unit,
  coalesce(regexp_replace(substring(s.meaning FROM ' / ([(][^)]*[)]|[a-z][^,;:(]*)'), '^([^(].*?) [-+] .*$', '\1'), substring(s.meaning FROM '^of (all [^,;:]+)')) AS denominator,
  s.meaning, ltv_catalog_term(s.name) AS term_ja, coalesce(w.term, replace(regexp_replace(s.name, '^ltv_', ''), '_', ' ')) AS term_en, w.other AS not_to_be_confused_with
FROM shown s LEFT JOIN word w ON w.name = s.name
ORDER BY s.function_name COLLATE "C", s.arguments COLLATE "C", s.position;
COMMENT ON VIEW ltv_catalog IS 'every function to call, with its arguments in their order, and a row for each column that it gives';
COMMENT ON COLUMN ltv_catalog.function_name IS 'the function';
COMMENT ON COLUMN ltv_catalog.kind IS 'report (over an orders relation), aggregate or function';
COMMENT ON COLUMN ltv_catalog.arguments IS 'in their order, with names, types and defaults';
COMMENT ON COLUMN ltv_catalog.purpose IS 'what the function is for';
COMMENT ON COLUMN ltv_catalog.position IS 'place of the column in the row; null where the function gives one value, or rows of another function';
COMMENT ON COLUMN ltv_catalog.column_name IS 'the column of the result';
COMMENT ON COLUMN ltv_catalog.type IS 'its type, or that of the result';
COMMENT ON COLUMN ltv_catalog.unit IS 'what it counts or measures: money is in the currency of the shop, a share of 1 is no percentage; null for what is no number, day or truth value';
COMMENT ON COLUMN ltv_catalog.denominator IS 'of a quotient, what it is divided by';
COMMENT ON COLUMN ltv_catalog.meaning IS 'the definition';
COMMENT ON COLUMN ltv_catalog.term_ja IS 'the word of the trade in Japanese, where there is one';
COMMENT ON COLUMN ltv_catalog.term_en IS 'the term in English';
COMMENT ON COLUMN ltv_catalog.not_to_be_confused_with IS 'what is near to it and something else';
GRANT SELECT ON ltv_catalog TO PUBLIC;
