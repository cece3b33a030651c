/* ltv: the living install script, copied to ltv--VERSION.sql at build */
\echo Use "CREATE EXTENSION ltv" to load this file. \quit

/*
 * TEMPORARY: the policy belongs to another section; delete this block on merge.
 */
CREATE TYPE ltv_policy AS (benchmark_annual_revenue numeric, benchmark_annual_orders integer, dormant_days integer, churned_days integer, cpm_lapsed_days integer, cpm_steady_days integer, cpm_loyal_days integer, cpm_revenue numeric);
CREATE FUNCTION ltv_policy(benchmark_annual_revenue numeric DEFAULT 18000, benchmark_annual_orders integer DEFAULT 3, dormant_days integer DEFAULT 180, churned_days integer DEFAULT 365, cpm_lapsed_days integer DEFAULT 240, cpm_steady_days integer DEFAULT 90, cpm_loyal_days integer DEFAULT 210, cpm_revenue numeric DEFAULT 70000) RETURNS ltv_policy LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN ROW($1, $2, $3, $4, $5, $6, $7, $8)::ltv_policy;
/* END OF TEMPORARY BLOCK */

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
