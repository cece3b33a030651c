/* Every relation of the schema shop: how many rows it has, and a digest of them in any order.  For psql. */
SELECT format($$SELECT %L, count(*), md5(string_agg(t::text, E'\n' ORDER BY t::text COLLATE "C")) FROM %s t$$, oid::regclass, oid::regclass)
FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'v', 'm', 'p') ORDER BY relname COLLATE "C" \gexec
