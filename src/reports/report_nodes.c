/*
 * report_nodes.c: a report over a table that Citus distributes by customer_id,
 * gathered where the orders are: the nodes make states of histories, and only
 * these come here.
 *
 * It is done only where it is the same: the table itself is asked for, not a
 * view over it, for all customers, by what histories hold.  A distribution
 * column is never null, so there are no guests.  Everything else is read row by
 * row, wherever it lies.
 */
#include "reports/report_nodes.h"

#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "orders/source.h"
#include "reports/report_state.h"

/* What a report gathers from histories, or NULL. */
static const ReportState *
state_of(const ReportKind *kind)
{
	for (int i = 0; i < report_states_count; i++)
		if (report_states[i]->report == kind)
			return report_states[i];
	return NULL;
}

/* Whether histories of the relation's days and amounts are all that the report would read. */
static bool
histories_suffice(const Source *source)
{
	const OrdersRelation *relation = source_relation(source);
	const RowLayout *layout = source_layout(source);

	return relation->campaigns == NULL && relation->join == NULL && relation->item_expression == NULL &&
		!has_column(relation, ORDERS_ORDER) && !has_column(relation, ORDERS_CURRENCY) && !has_column(relation, ORDERS_CONTACT) &&
		!has_column(relation, ORDERS_SEGMENT) && !layout->has_quantity && !layout->has_cost && !layout->has_item;
}

/* Whether Citus keeps all rows of a customer on one node. */
static bool
is_distributed(const OrdersRelation *relation)
{
	Oid			types[] = {OIDOID, TEXTOID};
	Datum		values[] = {ObjectIdGetDatum(relation->relid), CStringGetTextDatum(relation->customer_name)};
	int			status = SPI_execute_with_args("SELECT FROM pg_catalog.pg_dist_partition WHERE logicalrelid OPERATOR(pg_catalog.=) $1 AND partmethod OPERATOR(pg_catalog.=) 'h'"
											   " AND pg_catalog.column_to_column_name(logicalrelid, partkey) OPERATOR(pg_catalog.=) $2",
											   lengthof(types), types, values, NULL, true, 0);

	return status == SPI_OK_SELECT && SPI_processed > 0;
}

/* A value as a literal that says its type. */
static void
append_literal(StringInfo query, Oid type, Datum value, bool isnull)
{
	Oid			output;
	bool		is_varlena;

	getTypeOutputInfo(type, &output, &is_varlena);
	appendStringInfo(query, "%s::%s", isnull ? "NULL" : quote_literal_cstr(OidOutputFunctionCall(output, value)),
					 format_type_be_qualified(type));
}

/* The statement whose only value is the state of the report. */
static char *
state_query(const ReportState *of, const OrdersRelation *relation, FunctionCallInfo fcinfo, DateADT until)
{
	const char *schema = quote_identifier(get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid)));
	const char *customer = quote_identifier(relation->customer_name);
	Oid		   *types;
	int			count;
	StringInfoData query;

	get_func_signature(fcinfo->flinfo->fn_oid, &types, &count);
	initStringInfo(&query);
	appendStringInfo(&query, "SELECT %s.%s_state(h", schema, of->report->name);
	for (int i = 0; i < STATE_ARGUMENTS && of->gathering[i].name != NULL; i++)
	{
		int			arg = of->gathering[i].arg;

		appendStringInfoString(&query, ", ");
		append_literal(&query, types[arg], PG_GETARG_DATUM(arg), PG_ARGISNULL(arg));
	}
	if (relation->histories)
		appendStringInfo(&query, ") FROM (SELECT %s.ltv_rollup(history) AS h FROM %s", schema, relation->qualified);
	else
	{
		appendStringInfo(&query, ") FROM (SELECT %s.ltv_history(ordered_on, amount) AS h FROM %s WHERE ordered_on OPERATOR(pg_catalog.<=) ", schema, relation->qualified);
		append_literal(&query, DATEOID, DateADTGetDatum(until), false);
	}
	appendStringInfo(&query, " GROUP BY %s) AS c", customer);
	return query.data;
}

/* Write and run the statement in the settings in which days and numbers are the same on every node. */
static void
run_state_query(const ReportState *of, const OrdersRelation *relation, FunctionCallInfo fcinfo, DateADT until)
{
	int			level = NewGUCNestLevel();

	(void) set_config_option("datestyle", "ISO, YMD", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("extra_float_digits", "3", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (SPI_execute(state_query(of, relation, fcinfo, until), true, 0) != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR, "a state was not given as one row");
	AtEOXact_GUC(true, level);
}

/* Gather what the report's visitor would, if it can be done on the nodes: false, if not. */
bool
report_gather_on_nodes(const ReportKind *kind, Report *report, FunctionCallInfo fcinfo, DateADT until)
{
	const ReportState *of = state_of(kind);
	const OrdersRelation *relation = source_relation(report->source);
	MemoryContext context = CurrentMemoryContext;
	bool		done;

	if (of == NULL || !histories_suffice(report->source) || !OidIsValid(get_extension_oid("citus", true)))
		return false;
	SPI_connect();
	done = is_distributed(relation);
	if (done)
	{
		bool		isnull;
		Datum		state;
		MemoryContext spi;

		source_phase(report->source, PROGRESS_WAITING);
		run_state_query(of, relation, fcinfo, until);
		state = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
		spi = MemoryContextSwitchTo(context);
		kind->visitor->begin(report);
		if (!isnull)
			report_state_receive(of, state, report);
		source_phase(report->source, PROGRESS_COMPUTING);
		MemoryContextSwitchTo(spi);
	}
	SPI_finish();
	return done;
}
