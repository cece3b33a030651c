-- Queries compared with one that is run once for several of them: expect(other) keeps its rows in the table wanted, and then it is
-- rows_and_differences(one, 'TABLE wanted').  Included by the files that make shops, after chance.sql (psql, with ECHO none).
CREATE FUNCTION expect(query text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DROP TABLE IF EXISTS pg_temp.wanted;
  EXECUTE 'CREATE TEMP TABLE wanted AS ' || query;
END
$$;

-- For slow, obvious SQL: whatever the settings that the reports run under, that SQL is no slower.
CREATE FUNCTION expect_plainly(query text) RETURNS void LANGUAGE sql
  SET work_mem = '4MB' SET plan_cache_mode = auto SET max_parallel_workers_per_gather = 0 SET enable_hashagg = on SET enable_sort = on
  AS $$ SELECT expect(query) $$;
