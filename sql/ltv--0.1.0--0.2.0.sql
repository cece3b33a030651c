/* ltv 0.1.0 to 0.2.0: what sql/ltv.sql has that test/upgrade/ltv--0.1.0.sql had not */
\echo Use "ALTER EXTENSION ltv UPDATE TO '0.2.0'" to load this file. \quit

--
-- Comments
--

COMMENT ON CAST (ltv_history AS jsonb) IS 'the text form as jsonb';
COMMENT ON CAST (jsonb AS ltv_history) IS 'checked like the text form';
COMMENT ON OPERATOR = (ltv_history, ltv_history) IS 'equal by value: the same purchases, whatever their scales';
COMMENT ON OPERATOR <> (ltv_history, ltv_history) IS 'not equal by value';
COMMENT ON OPERATOR < (ltv_history, ltv_history) IS 'less: by the purchases in their order, by value';
COMMENT ON OPERATOR <= (ltv_history, ltv_history) IS 'less or equal';
COMMENT ON OPERATOR > (ltv_history, ltv_history) IS 'greater';
COMMENT ON OPERATOR >= (ltv_history, ltv_history) IS 'greater or equal';
COMMENT ON OPERATOR CLASS ltv_history_ops USING btree IS 'order by value';
COMMENT ON OPERATOR CLASS ltv_history_ops USING hash IS 'hash by value';
COMMENT ON OPERATOR FAMILY ltv_history_ops USING btree IS 'order by value';
COMMENT ON OPERATOR FAMILY ltv_history_ops USING hash IS 'hash by value';
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

--
-- Casts
--

CREATE FUNCTION ltv_history_to_json(h ltv_history) RETURNS json AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_history_to_json(ltv_history) IS 'implementation of the cast to json';
CREATE CAST (ltv_history AS json) WITH FUNCTION ltv_history_to_json(ltv_history);
CREATE CAST (json AS ltv_history) WITH INOUT;
COMMENT ON CAST (ltv_history AS json) IS 'the text form as json; also what to_jsonb, row_to_json and their like make of a history';
COMMENT ON CAST (json AS ltv_history) IS 'checked like the text form';

--
-- The states of ltv_effect over numbers and of ltv_forecast are arrays of bigint, which travel as text unchanged.  The
-- aggregates stay the same objects, so what uses them goes on.
--

CREATE FUNCTION ltv_effect_mean_accum(state bigint[], treated boolean, outcome double precision) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_mean_accum(bigint[], boolean, double precision) IS 'transition function of ltv_effect over numbers';
CREATE FUNCTION ltv_effect_mean_combine(state bigint[], other bigint[]) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_mean_combine(bigint[], bigint[]) IS 'combine function of ltv_effect over numbers';
CREATE FUNCTION ltv_effect_mean_final(state bigint[]) RETURNS ltv_effect_estimate AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_effect_mean_final(bigint[]) IS 'final function of ltv_effect over numbers';
CREATE OR REPLACE AGGREGATE ltv_effect(treated boolean, outcome double precision) (SFUNC = ltv_effect_mean_accum, STYPE = bigint[], INITCOND = '{0,0,0,0,0,0,0,0}', COMBINEFUNC = ltv_effect_mean_combine, FINALFUNC = ltv_effect_mean_final, PARALLEL = SAFE);
CREATE FUNCTION ltv_forecast_accum(state bigint[], model ltv_model, h ltv_history, as_of date, horizon_days integer) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE COST 500;
CREATE FUNCTION ltv_forecast_combine(state bigint[], added bigint[]) RETURNS bigint[] AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION ltv_forecast_final(state bigint[]) RETURNS ltv_forecast_estimate AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_forecast_accum(bigint[], ltv_model, ltv_history, date, integer) IS 'aggregate transition function';
COMMENT ON FUNCTION ltv_forecast_combine(bigint[], bigint[]) IS 'aggregate combine function';
COMMENT ON FUNCTION ltv_forecast_final(bigint[]) IS 'aggregate final function';
CREATE OR REPLACE AGGREGATE ltv_forecast(model ltv_model, h ltv_history, as_of date, horizon_days integer) (
    SFUNC = ltv_forecast_accum, STYPE = bigint[], FINALFUNC = ltv_forecast_final, COMBINEFUNC = ltv_forecast_combine, PARALLEL = SAFE);

DROP FUNCTION ltv_effect_mean_accum(double precision[], boolean, double precision);
DROP FUNCTION ltv_effect_mean_combine(double precision[], double precision[]);
DROP FUNCTION ltv_effect_mean_final(double precision[]);
DROP FUNCTION ltv_forecast_accum(double precision[], ltv_model, ltv_history, date, integer);
DROP FUNCTION ltv_forecast_combine(double precision[], double precision[]);
DROP FUNCTION ltv_forecast_final(double precision[]);

--
-- Plan nodes
--

CREATE FUNCTION ltv_support(internal) RETURNS internal AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_support(internal) IS 'planner support function';
ALTER FUNCTION ltv_history_accum(ltv_history, date, numeric) SUPPORT ltv_support;
ALTER FUNCTION ltv_history_accum(ltv_history, date, numeric, numeric) SUPPORT ltv_support;
ALTER FUNCTION ltv_history_accum(ltv_history, date, numeric, numeric, numeric) SUPPORT ltv_support;
ALTER FUNCTION ltv_customer_summary(regclass, date, ltv_policy) SUPPORT ltv_support;
ALTER FUNCTION ltv_customer_summary(regclass, date, anyelement, ltv_policy) SUPPORT ltv_support;
ALTER FUNCTION ltv_predict(regclass, date, anyelement, integer, text, double precision, double precision) SUPPORT ltv_support;
ALTER FUNCTION ltv_rfm(regclass, date, anyelement, integer) SUPPORT ltv_support;

--
-- Reading an orders relation in several processes
--

CREATE FUNCTION ltv_gather_accum(state internal, handle bytea, VARIADIC orders "any") RETURNS internal AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_gather_accum(internal, bytea, "any") IS 'aggregate transition function';
CREATE FUNCTION ltv_gather_combine(state internal, other internal) RETURNS internal AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_gather_combine(internal, internal) IS 'aggregate combine function';
CREATE FUNCTION ltv_gather_serialize(state internal) RETURNS bytea AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_gather_serialize(internal) IS 'aggregate serialization function';
CREATE FUNCTION ltv_gather_deserialize(state bytea, internal) RETURNS internal AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION ltv_gather_deserialize(bytea, internal) IS 'aggregate deserialization function';
CREATE FUNCTION ltv_gather_final(state internal) RETURNS bigint AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE PARALLEL SAFE;
COMMENT ON FUNCTION ltv_gather_final(internal) IS 'aggregate final function';
CREATE AGGREGATE ltv_gather(handle bytea, VARIADIC orders "any") (
    SFUNC = ltv_gather_accum, STYPE = internal, FINALFUNC = ltv_gather_final, COMBINEFUNC = ltv_gather_combine,
    SERIALFUNC = ltv_gather_serialize, DESERIALFUNC = ltv_gather_deserialize, PARALLEL = SAFE
);
COMMENT ON AGGREGATE ltv_gather(bytea, "any") IS 'how the reports read orders in several processes; nobody else can call it';
