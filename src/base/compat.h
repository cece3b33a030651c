/*
 * compat.h: the one place where server versions differ.
 *
 * Every file includes this first; it brings in postgres.h.
 */
#ifndef LTV_COMPAT_H
#define LTV_COMPAT_H

#include "postgres.h"

#include "fmgr.h"

#if PG_VERSION_NUM < 150000
#error "ltv needs PostgreSQL 15 or newer"
#endif

#ifndef HAVE_INT128
#error "ltv needs a compiler with 128-bit integers: its sums are exact"
#endif

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* Since 18 a module tells its name and version; the version is that of the control file. */
#if PG_VERSION_NUM >= 180000
#define LTV_MODULE_MAGIC PG_MODULE_MAGIC_EXT(.name = "ltv", .version = LTV_VERSION)
#else
#define LTV_MODULE_MAGIC PG_MODULE_MAGIC
#endif

/* since 18 the mark of a function that does not return stands before it */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/*
 * In a loop over whatever a shop may have: an interrupt is looked for often
 * enough to be answered at once, and too seldom to cost anything.
 */
#define LTV_CHECK_FOR_INTERRUPTS(i) \
	do \
	{ \
		if (((i) & 0xFFFF) == 0xFFFF) \
			CHECK_FOR_INTERRUPTS(); \
	} while (0)

/*
 * The JSON parser: since 16 its callbacks return a result code, since 17 the
 * caller provides the lexer.  (The including file has common/jsonapi.h.)
 */
#if PG_VERSION_NUM >= 160000
#define LtvJsonResult	JsonParseErrorType
#define LTV_JSON_RETURN	return JSON_SUCCESS
#else
#define LtvJsonResult	void
#define LTV_JSON_RETURN	return
#endif

#if PG_VERSION_NUM >= 170000
#define ltv_json_lexer(text, size) \
	makeJsonLexContextCstringLen(NULL, text, size, GetDatabaseEncoding(), true)
#else
#define ltv_json_lexer(text, size) \
	makeJsonLexContextCstringLen(text, size, GetDatabaseEncoding(), true)
#endif

/*
 * Run a query to its end; since 18 the executor need not be told that it is
 * not run in parts.  (The including file has executor/executor.h.)
 */
#if PG_VERSION_NUM >= 180000
#define ltv_executor_run(query) ExecutorRun(query, ForwardScanDirection, 0)
#else
#define ltv_executor_run(query) ExecutorRun(query, ForwardScanDirection, 0, true)
#endif

/* Since 18 a tuple may have room for the caller before it.  (The including file has access/htup_details.h.) */
#if PG_VERSION_NUM >= 180000
#define ltv_form_minimal_tuple(desc, values, nulls) heap_form_minimal_tuple(desc, values, nulls, 0)
#else
#define ltv_form_minimal_tuple(desc, values, nulls) heap_form_minimal_tuple(desc, values, nulls)
#endif

/* Since 18 what EXPLAIN writes with has a header of its own. */
#if PG_VERSION_NUM >= 180000
#define LTV_EXPLAIN_FORMAT_H "commands/explain_format.h"
#else
#define LTV_EXPLAIN_FORMAT_H "commands/explain.h"
#endif

/* What a query is grouped by; since 16 less what is redundant.  (The including file has nodes/pathnodes.h.) */
#if PG_VERSION_NUM >= 160000
#define ltv_group_clause(root) ((root)->processed_groupClause)
#else
#define ltv_group_clause(root) ((root)->parse->groupClause)
#endif

/* All that a query reads; since 16 outer joins are counted among it.  (The including file has nodes/pathnodes.h.) */
#if PG_VERSION_NUM >= 160000
#define ltv_all_relations(root) ((root)->all_query_rels)
#else
#define ltv_all_relations(root) ((root)->all_baserels)
#endif

/* Since 18 a path counts how often it does what is switched off. */
#if PG_VERSION_NUM >= 180000
#define ltv_inherit_disabled(path, input) ((path)->disabled_nodes = (input)->disabled_nodes)
#else
#define ltv_inherit_disabled(path, input) ((void) 0)
#endif

/* Memory that will be read soon. */
#if defined(__GNUC__)
#define prefetch_memory(address) __builtin_prefetch(address)
#else
#define prefetch_memory(address) ((void) (address))
#endif

/* Since 16 one function asks for the rights on an object of any kind.  (The including file has utils/acl.h.) */
#if PG_VERSION_NUM >= 160000
#define ltv_function_aclcheck(function, role) object_aclcheck(ProcedureRelationId, function, role, ACL_EXECUTE)
#else
#define ltv_function_aclcheck(function, role) pg_proc_aclcheck(function, role, ACL_EXECUTE)
#endif

/* since 18 a descriptor keeps the most needed of each attribute a second time */
#if PG_VERSION_NUM >= 180000
#define ltv_attribute_changed(desc, i)	populate_compact_attribute(desc, i)
#else
#define ltv_attribute_changed(desc, i)	((void) 0)
#endif

/*
 * Since 17 a segment of shared memory can be had by its name; since 19 what
 * makes it has an argument.  (The including file has storage/dsm_registry.h.)
 */
#if PG_VERSION_NUM >= 170000
#define LTV_NAMED_SEGMENT
#if PG_VERSION_NUM >= 190000
#define LTV_NAMED_SEGMENT_INIT(name, init) static void name(void *segment, void *arg) { init(segment); }
#define ltv_named_segment(name, size, init, found) GetNamedDSMSegment(name, size, init, found, NULL)
#else
#define LTV_NAMED_SEGMENT_INIT(name, init) static void name(void *segment) { init(segment); }
#define ltv_named_segment(name, size, init, found) GetNamedDSMSegment(name, size, init, found)
#endif
#endif

#endif							/* LTV_COMPAT_H */
