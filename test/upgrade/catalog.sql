/*
 * What the catalogs hold about the extension ltv, as lines of text without a number that differs from one installation
 * to the next: a line for each object and each of its facts, its comment, its privileges, and what depends on what.
 * Two installations are equal when these lines are.
 */
\set QUIET on
SET search_path = pg_catalog;
CREATE TEMP VIEW member AS
WITH RECURSIVE m(classid, objid) AS (
	SELECT 'pg_extension'::regclass::oid, oid FROM pg_extension WHERE extname = 'ltv'
	UNION
	-- its members, and what they are made of: array types, row types, operators of a class, and so on
	SELECT d.classid, d.objid FROM m JOIN pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid
	WHERE (d.deptype = CASE WHEN m.classid = 'pg_extension'::regclass THEN 'e' ELSE 'i' END
		OR (d.deptype = 'a' AND d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass)))
		-- but for what holds long values of a table, whose name has a number
		AND (d.classid <> 'pg_class'::regclass OR d.objid NOT IN (SELECT oid FROM pg_class WHERE relnamespace = 'pg_toast'::regnamespace))
)
SELECT classid, objid, pg_describe_object(classid, objid, 0) AS name FROM m;
-- a row of a catalog by its columns; numbers of objects are written as names
CREATE TEMP VIEW fact(name, fact, value) AS
SELECT m.name, f.key, f.value FROM member m, LATERAL (
	SELECT to_jsonb(r) - 'oid' AS facts FROM (SELECT e.*, e.extconfig::regclass[] AS extconfig_, e.extnamespace::regnamespace AS extnamespace_, e.extowner::regrole AS extowner_ FROM pg_extension e) r WHERE m.classid = 'pg_extension'::regclass AND r.oid = m.objid
	UNION ALL
	SELECT to_jsonb(r) - 'oid' FROM (SELECT p.*, pronamespace::regnamespace AS pronamespace_, proowner::regrole AS proowner_, prolang::text AS prolang_, provariadic::regtype AS provariadic_, prosupport AS prosupport_,
		prorettype::regtype AS prorettype_, proargtypes::regtype[] AS proargtypes_, proallargtypes::regtype[] AS proallargtypes_, pg_get_function_arguments(oid) AS proargdefaults_ FROM pg_proc p) r WHERE m.classid = 'pg_proc'::regclass AND r.oid = m.objid
	UNION ALL
	SELECT to_jsonb(r) FROM (SELECT a.*, aggsortop::regoperator AS aggsortop_, aggtranstype::regtype AS aggtranstype_, aggmtranstype::regtype AS aggmtranstype_ FROM pg_aggregate a) r WHERE m.classid = 'pg_proc'::regclass AND r.aggfnoid = m.objid
	UNION ALL
	SELECT to_jsonb(r) - 'oid' FROM (SELECT t.*, typnamespace::regnamespace AS typnamespace_, typowner::regrole AS typowner_, typrelid::regclass AS typrelid_, typelem::regtype AS typelem_, typarray::regtype AS typarray_, typbasetype::regtype AS typbasetype_,
		typcollation::regcollation AS typcollation_ FROM pg_type t) r WHERE m.classid = 'pg_type'::regclass AND r.oid = m.objid
	UNION ALL
	SELECT jsonb_build_object('label ' || row_number() OVER (ORDER BY enumsortorder), enumlabel) FROM pg_enum WHERE m.classid = 'pg_type'::regclass AND enumtypid = m.objid
	UNION ALL
	SELECT to_jsonb(c) - ARRAY['oid', 'reltype', 'relfilenode', 'reltoastrelid', 'relfrozenxid', 'relminmxid', 'relnamespace', 'relowner'] FROM pg_class c WHERE m.classid = 'pg_class'::regclass AND c.oid = m.objid
	UNION ALL
	SELECT jsonb_build_object('column ' || attnum, (to_jsonb(r) - ARRAY['attrelid', 'attcacheoff', 'atttypid', 'attcollation', 'attoptions']) || jsonb_build_object('comment', col_description(attrelid, attnum)))
	-- the option pg_attver, of PostgreSQL 15.20, says where in the log the column was written
	FROM (SELECT a.*, ARRAY(SELECT o FROM unnest(attoptions) o WHERE o NOT LIKE 'pg_attver=%') AS attoptions_, atttypid::regtype AS atttypid_, attcollation::regcollation AS attcollation_ FROM pg_attribute a) r WHERE m.classid = 'pg_class'::regclass AND r.attrelid = m.objid
	UNION ALL
	SELECT to_jsonb(r) - 'oid' FROM (SELECT o.*, oprnamespace::regnamespace AS oprnamespace_, oprowner::regrole AS oprowner_, oprleft::regtype AS oprleft_, oprright::regtype AS oprright_, oprresult::regtype AS oprresult_, oprcom::regoperator AS oprcom_,
		oprnegate::regoperator AS oprnegate_ FROM pg_operator o) r WHERE m.classid = 'pg_operator'::regclass AND r.oid = m.objid
	UNION ALL
	SELECT to_jsonb(r) - 'oid' FROM (SELECT o.*, opcnamespace::regnamespace AS opcnamespace_, opcowner::regrole AS opcowner_, opcintype::regtype AS opcintype_, opckeytype::regtype AS opckeytype_, amname AS opcmethod_, pg_describe_object('pg_opfamily'::regclass, opcfamily, 0) AS opcfamily_
		FROM pg_opclass o JOIN pg_am am ON am.oid = opcmethod) r WHERE m.classid = 'pg_opclass'::regclass AND r.oid = m.objid
	UNION ALL
	SELECT to_jsonb(r) - ARRAY['oid', 'opfmethod'] FROM (SELECT f.*, opfnamespace::regnamespace AS opfnamespace_, opfowner::regrole AS opfowner_ FROM pg_opfamily f) r WHERE m.classid = 'pg_opfamily'::regclass AND r.oid = m.objid
	UNION ALL
	SELECT to_jsonb(r) - ARRAY['oid', 'amopfamily', 'amopmethod'] FROM (SELECT a.*, amoplefttype::regtype AS amoplefttype_, amoprighttype::regtype AS amoprighttype_, amopopr::regoperator AS amopopr_ FROM pg_amop a) r WHERE m.classid = 'pg_amop'::regclass AND r.oid = m.objid
	UNION ALL
	SELECT to_jsonb(r) - ARRAY['oid', 'amprocfamily'] FROM (SELECT a.*, amproclefttype::regtype AS amproclefttype_, amprocrighttype::regtype AS amprocrighttype_, amproc::regprocedure AS amproc_ FROM pg_amproc a) r WHERE m.classid = 'pg_amproc'::regclass AND r.oid = m.objid
	UNION ALL
	SELECT to_jsonb(r) - 'oid' FROM (SELECT c.*, castsource::regtype AS castsource_, casttarget::regtype AS casttarget_, castfunc::regprocedure AS castfunc_ FROM pg_cast c) r WHERE m.classid = 'pg_cast'::regclass AND r.oid = m.objid
	UNION ALL
	SELECT jsonb_build_object('comment', obj_description(m.objid, m.classid::regclass::name))
	UNION ALL
	SELECT jsonb_build_object('privileges at installation', to_jsonb(privtype::text || ' ' || initprivs::text)) FROM pg_init_privs i WHERE i.classoid = m.classid AND i.objoid = m.objid
) s, jsonb_each_text(s.facts) f;
SELECT line FROM (
	-- what has a name beside its number is shown by its name
	SELECT name || ': ' || rtrim(fact, '_') || ' = ' || coalesce(value, '(null)') AS line FROM fact f
	WHERE NOT EXISTS (SELECT FROM fact n WHERE n.name = f.name AND n.fact = f.fact || '_')
	UNION ALL
	SELECT m.name || ' ' || d.deptype::text || ' -> ' || pg_describe_object(d.refclassid, d.refobjid, d.refobjsubid) FROM member m JOIN pg_depend d USING (classid, objid)
) s ORDER BY line COLLATE "C";
