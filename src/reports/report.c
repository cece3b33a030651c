/*
 * report.c: what all reports over an orders relation share: arguments looked
 * at, customers visited, rows put out.
 *
 * A report is a file of its own: it fills a struct that begins with a Report
 * while customers pass by, and puts out its rows.
 */
#include "reports/sent_rows.h"

#include "base/key.h"

#include "access/htup_details.h"
#include "catalog/pg_proc.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/*
 * The server does not lock a function that it calls.  As long as the report is,
 * nobody drops the extension, whose types and labels are looked up now and then.
 */
static void
hold_function(Oid function)
{
	LockDatabaseObject(ProcedureRelationId, function, 0, AccessShareLock);
	if (!SearchSysCacheExists1(PROCOID, ObjectIdGetDatum(function)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function with OID %u does not exist", function),
				 errdetail("The extension ltv has been dropped since the report was called.")));
}

static void
report_null(Oid function, int arg)
{
	char	  **names;
	Oid		   *types;
	char	   *modes;
	HeapTuple	proc = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		has_default;

	if (!HeapTupleIsValid(proc))
		elog(ERROR, "cache lookup failed for function %u", function);
	get_func_arg_info(proc, &types, &names, &modes);
	has_default = arg >= ((Form_pg_proc) GETSTRUCT(proc))->pronargs - ((Form_pg_proc) GETSTRUCT(proc))->pronargdefaults;
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("argument \"%s\" must not be null", names != NULL ? names[arg] : "?"),
			 has_default ? errhint("Leave an argument out to get its default.") : errhint("Give it a value: it has no default.")));
}

/* Arguments by position; all must be given but those whose bit is set in nullable. */
void
CheckArgumentsGiven(FunctionCallInfo fcinfo, uint32 nullable)
{
	for (int i = 0; i < PG_NARGS(); i++)
		if (PG_ARGISNULL(i) && (nullable & ARGUMENT_BIT(i)) == 0)
			report_null(fcinfo->flinfo->fn_oid, i);
}

/* The type that the caller asks for must be that of the column, if it is not text. */
static void
CheckIdType(const Report *report, Oid asked)
{
	Oid			found = source_id_type(report->source);

	/* the type under a domain will do, but no other domain: its checks have not been made */
	if (asked != found && asked != getBaseType(found))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"customer_id\" of relation \"%s\" has type %s, not %s",
						source_name(report->source), format_type_be(found), format_type_be(asked)),
				 errhint("Pass NULL::%s as id_type, or NULL::text for ids as text.", format_type_be(found))));
}

/* Begin the rows of a report. */
void
report_begin_rows(Report *report, FunctionCallInfo fcinfo, const CompositeType *type)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;

	report->context = CurrentMemoryContext;
	report->sending = report->received = NULL;
	report->leading = 0;
	InitMaterializedSRF(fcinfo, 0);
	composite_begin(&report->row, rsinfo->setDesc, type);
	report->rows = rsinfo->setResult;
}

/* Begin a report that reads no orders. */
void
report_begin_without_orders(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, uint32 nullable)
{
	hold_function(fcinfo->flinfo->fn_oid);
	CheckArgumentsGiven(fcinfo, nullable);
	report_begin_rows(report, fcinfo, type);
}

/* Begin what makes one value of all customers, and no rows. */
void
report_begin_value(Report *report, FunctionCallInfo fcinfo, int wants)
{
	hold_function(fcinfo->flinfo->fn_oid);
	CheckArgumentsGiven(fcinfo, 0);
	report->context = CurrentMemoryContext;
	report->sending = report->received = NULL;
	report->source = source_open(fcinfo, 0, wants, (NamedColumns) {.label = NULL});
}

/* Open the relation and begin the result. */
static void
open_report(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, int wants, NamedColumns names)
{
	report->source = source_open(fcinfo, 0, wants, names);
	report_begin_rows(report, fcinfo, type);
	report->id_form.is_text = true;
}

/*
 * Begin a report whose first argument is the orders relation.  type is that of
 * its rows, wants says which columns of orders it needs.
 */
void
report_begin(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, int wants)
{
	report_begin_named(report, fcinfo, type, wants, 0, (NamedColumns) {.label = NULL});
}

/* The same where arguments name columns of the relation, and null means something in those set in nullable. */
void
report_begin_named(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, int wants, uint32 nullable, NamedColumns names)
{
	hold_function(fcinfo->flinfo->fn_oid);
	CheckArgumentsGiven(fcinfo, nullable);
	open_report(report, fcinfo, type, wants | (names.label != NULL || OidIsValid(names.contracts) ? WANT_ITEM : 0), names);
}

/*
 * Begin a report with a row for each customer, whose first two columns are
 * customer_id and segment.  id_arg names the type of customer_id (and may be
 * null): its own, or text.  by_arg names what divides customers; a function of
 * an older script may lack it, and 0 is none.  Null means something in further
 * arguments set in nullable.
 */
void
report_begin_customers(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, int wants, int id_arg, int by_arg, uint32 nullable)
{
	report_begin_customers_named(report, fcinfo, type, wants, id_arg, by_arg, nullable,
								 (NamedColumns) {.by_unread = (report->unasked & COLUMN_BIT(SEGMENT_COLUMN)) != 0});
}

/* The same where further arguments name columns of the relation. */
void
report_begin_customers_named(Report *report, FunctionCallInfo fcinfo, const CompositeType *type, int wants, int id_arg, int by_arg, uint32 nullable, NamedColumns names)
{
	bool		by = by_arg > 0 && by_arg < PG_NARGS();
	Oid			asked;

	nullable |= (id_arg >= 0 ? ARGUMENT_BIT(id_arg) : 0) | (by ? ARGUMENT_BIT(by_arg) : 0);
	if (by && !PG_ARGISNULL(by_arg))
		names.by = text_to_cstring(PG_GETARG_TEXT_PP(by_arg));
	report->segments = names.by != NULL && !names.by_unread;
	report_begin_named(report, fcinfo, type, wants, nullable, names);
	asked = id_arg >= 0 ? get_fn_expr_argtype(fcinfo->flinfo, id_arg) : TEXTOID;
	if (asked == TEXTOID)
		text_form_init(&report->id_form, source_id_type(report->source));
	else
		CheckIdType(report, asked);
}

/* Visit every customer, with what is known on a day: the latest one that a figure of the report looks at; see source_visit. */
void
report_visit(Report *report, DateADT until, CustomerVisitor visit, void *arg)
{
	report->counts = source_visit(report->source, until, visit, arg);
}

/* The same, perhaps in several processes; see source_visit_parallel. */
void
report_visit_parallel(Report *report, DateADT until, const ParallelVisitor *visitor, void *arg)
{
	report->counts = source_visit_parallel(report->source, until, visitor, arg);
}

/* The same, but the caller asks for the customers who are left; the visitor sends so many columns.  See source_walk. */
void
report_walk(Report *report, DateADT until, const ParallelVisitor *visitor, int columns, void *arg)
{
	report->counts = source_walk(report->source, until, visitor, text_form_is_parallel_safe(&report->id_form), columns, report->few, arg);
}

/* A customer_id as the report shows it. */
Datum
report_id(Report *report, Datum id)
{
	return text_form_of(&report->id_form, id);
}

/* Put out the row that has been filled in. */
void
report_row(Report *report)
{
	if (report->sending != NULL)
		report_send_row(report);
	else
		composite_store(&report->row, report->rows);
}

Datum
report_end(Report *report)
{
	source_close(report->source);
	return (Datum) 0;
}

/* The whole of a report that could give out its rows one after the other. */
Datum
report_all_rows(const RowReport *rows, FunctionCallInfo fcinfo)
{
	Report	   *report = palloc0(rows->size);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;

	rows->open(report, fcinfo);
	source_phase(report->source, PROGRESS_SENDING);
	old = MemoryContextSwitchTo(context);
	for (uint32 i = 1; rows->next(report); i++)
	{
		CHECK_FOR_INTERRUPTS();
		report_row(report);
		if (i % ROWS_TO_RESET == 0)
			MemoryContextReset(context);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	return report_end(report);
}
