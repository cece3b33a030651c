/*
 * report.c: what all reports over an orders relation share: arguments looked
 * at, customers visited, rows put out.
 *
 * A report is a file of its own: it fills a struct that begins with a Report
 * while customers pass by, and puts out its rows.
 */
#include "report.h"

#include "key.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/* Arguments by position; all must be given but those whose bit is set in nullable. */
static void
CheckArgumentsGiven(FunctionCallInfo fcinfo, uint32 nullable)
{
	char	  **names;
	Oid		   *types;
	char	   *modes;
	HeapTuple	proc = NULL;

	for (int i = 0; i < PG_NARGS(); i++)
	{
		if (!PG_ARGISNULL(i) || (nullable & ARGUMENT_BIT(i)) != 0)
			continue;
		proc = SearchSysCache1(PROCOID, ObjectIdGetDatum(fcinfo->flinfo->fn_oid));
		if (!HeapTupleIsValid(proc))
			elog(ERROR, "cache lookup failed for function %u", fcinfo->flinfo->fn_oid);
		get_func_arg_info(proc, &types, &names, &modes);
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", names != NULL ? names[i] : "?"),
				 errhint("Leave an argument out to get its default.")));
	}
}

/* The type that the caller asks for must be that of the column. */
static void
CheckIdType(Report *report, FunctionCallInfo fcinfo, int id_arg)
{
	Oid			asked = get_fn_expr_argtype(fcinfo->flinfo, id_arg);
	Oid			found = source_id_type(report->source);

	/* the type under a domain will do, but no other domain: its checks have not been made */
	if (asked != found && asked != getBaseType(found))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"customer_id\" of relation \"%s\" has type %s, not %s",
						source_name(report->source), format_type_be(found), format_type_be(asked)),
				 errhint("Pass NULL::%s as id_type.", format_type_be(found))));
}

/*
 * A customer_id is shown as customer_id::text would be, so that it can be
 * joined: for char(n), boolean or inet that is not what the output function
 * writes.
 */
static void
find_cast_to_text(Report *report)
{
	Oid			type = getBaseType(source_id_type(report->source));
	Oid			function;
	bool		varlena;

	switch (find_coercion_pathway(TEXTOID, type, COERCION_EXPLICIT, &function))
	{
		case COERCION_PATH_RELABELTYPE:
			report->id_is_text = true;
			return;
		case COERCION_PATH_FUNC:
			CheckMayExecute(function);
			report->id_has_cast = true;
			break;
		default:
			report->id_has_cast = false;
			getTypeOutputInfo(type, &function, &varlena);
			break;
	}
	report->id_is_text = false;
	fmgr_info(function, &report->id_function);
}

/*
 * Begin a report whose first argument is the orders relation.  wants says
 * which columns it needs, id_arg which argument names the type of
 * customer_id (and may be null).
 */
void
report_begin(Report *report, FunctionCallInfo fcinfo, int wants, int id_arg)
{
	report_begin_nullable(report, fcinfo, wants, id_arg, 0);
}

/* The same where null means something in the arguments set in nullable. */
void
report_begin_nullable(Report *report, FunctionCallInfo fcinfo, int wants, int id_arg, uint32 nullable)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	CheckArgumentsGiven(fcinfo, nullable | (id_arg >= 0 ? ARGUMENT_BIT(id_arg) : 0));
	report->context = CurrentMemoryContext;
	report->source = source_open(fcinfo, 0, wants);
	InitMaterializedSRF(fcinfo, 0);
	report->desc = rsinfo->setDesc;
	report->rows = rsinfo->setResult;
	report->id_is_text = true;
	if (id_arg == REPORT_ID_AS_TEXT)
		find_cast_to_text(report);
	else if (id_arg >= 0)
		CheckIdType(report, fcinfo, id_arg);
}

/* Visit every customer; see source_visit. */
void
report_visit(Report *report, CustomerVisitor visit, void *arg)
{
	report->counts = source_visit(report->source, visit, arg);
}

/* A cast function takes the value and, if it wants to, a typmod and whether the cast was written out. */
static Datum
call_cast(FmgrInfo *function, Datum value)
{
	switch (function->fn_nargs)
	{
		case 1:
			return FunctionCall1Coll(function, DEFAULT_COLLATION_OID, value);
		case 2:
			return FunctionCall2Coll(function, DEFAULT_COLLATION_OID, value, Int32GetDatum(-1));
		default:
			return FunctionCall3Coll(function, DEFAULT_COLLATION_OID, value, Int32GetDatum(-1), BoolGetDatum(true));
	}
}

/* A customer_id as the report shows it. */
Datum
report_id(Report *report, Datum id)
{
	if (report->id_is_text)
		return id;
	if (report->id_has_cast)
		return call_cast(&report->id_function, id);
	return CStringGetTextDatum(OutputFunctionCall(&report->id_function, id));
}

void
report_row(Report *report, Datum *values, bool *nulls)
{
	tuplestore_putvalues(report->rows, report->desc, values, nulls);
}

Datum
report_end(Report *report)
{
	source_close(report->source);
	return (Datum) 0;
}
