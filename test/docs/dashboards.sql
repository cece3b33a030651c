-- For doc/dashboards.md: the sample shop, and the views of both files over it, on its last day.
DROP ROLE IF EXISTS dashboard_reader;
\cd test/sample
\i load.sql
\cd ../../doc
CREATE SCHEMA dashboard;
SET search_path = dashboard, public;
\i dashboards.sql
CREATE SCHEMA "ダッシュボード";
SET search_path = "ダッシュボード", public;
\i dashboards.ja.sql
RESET search_path;
CREATE OR REPLACE VIEW dashboard.today AS SELECT date '2025-03-31' AS as_of;
CREATE OR REPLACE VIEW "ダッシュボード"."基準日" AS SELECT date '2025-03-31' AS "基準日";
DO $$
DECLARE
  view regclass;
BEGIN
  FOR view IN SELECT oid FROM pg_class WHERE relkind = 'm' LOOP
    EXECUTE format('REFRESH MATERIALIZED VIEW %s', view);
  END LOOP;
END $$;
