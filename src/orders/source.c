/*
 * source.c: an orders relation as a stream of customers.
 *
 * The relation's rows are read with an ordinary query, with the caller's
 * rights and snapshot, straight into a pool (row_pool.c), which keeps them
 * and puts the customers together.
 */
#include "orders/source.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "node/scatter.h"
#include "orders/being_read.h"
#include "orders/campaigns.h"
#include "orders/reading.h"

/* An orders relation being read. */
struct Source
{
	OrdersRelation relation;
	Reading		reading;
	const char *query;			/* while it runs */
	RowVisitor	visit_row;		/* who looks at rows instead of receiving them; or NULL */
	void	   *visit_arg;
	MemoryContextCallback end;	/* when the memory goes, be it by an error */
};

/* An item that would only tell which order is the first tells no more than a segment that is the same column. */
static void
leave_out_item(OrdersRelation *relation, int wants)
{
	if ((wants & WANT_ITEM) == 0 && relation->item_expression == NULL && relation->segment_expression == NULL && has_column(relation, ORDERS_SEGMENT) &&
		strcmp(relation->item_name, relation->segment_name) == 0)
		relation->columns[ORDERS_ITEM].type = InvalidOid;
}

static void
end_progress(void *slot)
{
	progress_end(slot);
}

/* Show that the report runs, until its memory goes. */
static void
begin_progress(Source *source, Oid function)
{
	RowPool    *pool = source->reading.pool;

	pool->progress = progress_begin(get_func_name(function));
	source->end.func = end_progress;
	source->end.arg = pool->progress;
	MemoryContextRegisterResetCallback(pool->context, &source->end);
}

/* Look at the relation that an argument names, and prepare to read it. */
Source *
source_open(FunctionCallInfo fcinfo, int relation_arg, int wants, NamedColumns names)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv source", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Source	   *source = palloc0(sizeof(Source));
	OrdersRelation *relation = &source->relation;
	RowPool    *pool = palloc0(sizeof(RowPool));

	source->reading.pool = pool;
	pool->context = context;
	begin_progress(source, fcinfo->flinfo->fn_oid);
	orders_relation_open(fcinfo, relation_arg, names, relation);
	leave_out_item(relation, wants);
	pool->wants = wants;
	pool->distinct = relation->distinct;
	pool->campaigns = relation->campaigns != NULL;
	pool->layout.histories = relation->histories;
	memcpy(pool->layout.columns, relation->columns, sizeof(relation->columns));
	pool_init(pool, relation->name, relation->customer_name);
	MemoryContextSwitchTo(old);
	return source;
}

/* of the source that was closed last */
static SourceCounts latest_counts;

/* What has been read and visited so far. */
const SourceCounts *
source_counts(const Source *source)
{
	return &source->reading.pool->counts;
}

/* What had been, when the latest source of this process was closed. */
SourceCounts
source_latest_counts(void)
{
	return latest_counts;
}

const OrdersRelation *
source_relation(const Source *source)
{
	return &source->relation;
}

const RowLayout *
source_layout(const Source *source)
{
	return &source->reading.pool->layout;
}

Oid
source_id_type(const Source *source)
{
	return source->relation.columns[ORDERS_CUSTOMER].declared;
}

bool
source_has_items(const Source *source)
{
	return has_column(&source->relation, ORDERS_ITEM);
}

/* What the report does from now on, for who looks at ltv_progress. */
void
source_phase(const Source *source, ProgressPhase phase)
{
	progress_phase(source->reading.pool->progress, phase);
}

const char *
source_name(const Source *source)
{
	return source->relation.name;
}

/*
 * Reading
 */

static void
append_column(StringInfo query, const OrdersRelation *relation, OrdersColumn column, bool further)
{
	if (further)
		appendStringInfoString(query, ", ");
	if (column == ORDERS_ITEM && relation->item_expression != NULL)
		appendStringInfoString(query, relation->item_expression);
	else if (column == ORDERS_SEGMENT && relation->segment_expression != NULL)
		appendStringInfoString(query, relation->segment_expression);
	else
		appendStringInfo(query, "%s%s", relation->join != NULL ? "o." : "", quote_identifier(orders_column_name(relation, column)));
}

/*
 * The text of the query over the relation.
 *
 * It is made of names alone: of the columns, out of our own list or one that
 * the relation was found to have, quoted, and of the relation, looked up by its OID, with its schema, quoted by the server's
 * rules.  No value of a row or an argument ever gets into it.  There is no
 * function, operator, type or cast in it either (ORDER BY takes the default
 * operator class of the type), so search_path has no say; where contracts are
 * joined, campaigns read beside the orders, or several columns read as the
 * segment, they are written with their schema.
 */
static char *
query_text(Source *source)
{
	RowLayout  *layout = &source->reading.pool->layout;
	bool		used[ORDERS_COLUMNS];
	StringInfoData query;

	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
		used[column] = has_column(&source->relation, column);
	used[ORDERS_QUANTITY] = layout->has_quantity;
	used[ORDERS_COST] = layout->has_cost || (source->reading.pool->keeps_contacts && has_column(&source->relation, ORDERS_COST));
	used[ORDERS_ITEM] = layout->has_item;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	layout->ncolumns = 0;
	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
	{
		layout->position[column] = used[column] ? layout->ncolumns++ : -1;
		if (used[column])
			append_column(&query, &source->relation, column, layout->ncolumns > 1);
	}
	appendStringInfo(&query, " FROM %s", source->relation.campaigns != NULL ? campaigns_query(&source->relation, used) : source->relation.qualified);
	if (source->relation.join != NULL)
		appendStringInfo(&query, " AS o %s", source->relation.join);
	if (layout->sorted)
		appendStringInfo(&query, " ORDER BY %s", quote_identifier(source->relation.customer_name));
	return query.data;
}

/*
 * The query, analysed.  The relation is locked, but its schema may have been
 * renamed since we looked, so that the text finds another relation under the
 * name.  With the caller's rights it may be read, but not as what it is not.
 */
static Query *
analyse_query(Source *source)
{
	List	   *parsed = pg_parse_query(source->query);
	List	   *queries = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, parsed), source->query, NULL, 0, NULL);
	Query	   *query = linitial_node(Query, queries);

	for (OrdersColumn column = 0; column < ORDERS_COLUMNS; column++)
	{
		int			position = source->reading.pool->layout.position[column];

		if (position >= 0 &&
			exprType((Node *) list_nth_node(TargetEntry, query->targetList, position)->expr) != source->relation.columns[column].declared)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("relation \"%s\" is another one since the report began", source->relation.name),
					 errhint("Its schema has been renamed meanwhile. Call the report again.")));
	}
	return query;
}

static void
CheckOneCurrency(const RowPool *pool)
{
	StringInfoData list;

	if (pool->ncurrencies < 2)
		return;
	initStringInfo(&list);
	for (int i = 0; i < pool->ncurrencies; i++)
		appendStringInfo(&list, "%s%s", i > 0 ? ", " : "", pool->currencies[i]);
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("relation \"%s\" has orders in several currencies", pool->relation),
			 errdetail("Found: %s%s.", list.data, pool->ncurrencies == CURRENCIES_NAMED ? ", and perhaps more" : ""),
			 errhint("Write a view with one currency (WHERE currency = 'JPY'), or one that converts the amounts.")));
}

/* Where the rows go. */
typedef struct SourceReceiver
{
	ReadingReceiver rows;
	Source	   *source;
} SourceReceiver;

/* For who looks at the rows as they are. */
static bool
receive_looked_at(TupleTableSlot *slot, DestReceiver *self)
{
	Source	   *source = ((SourceReceiver *) self)->source;
	MemoryContext old = MemoryContextSwitchTo(source->reading.pool->scratch);

	progress_count(source->reading.pool->progress, &source->reading.pool->received);
	slot_getallattrs(slot);
	source->visit_row(&source->reading.pool->layout, (OrdersRow) {slot->tts_values, slot->tts_isnull}, source->visit_arg);
	MemoryContextSwitchTo(old);
	MemoryContextReset(source->reading.pool->scratch);
	return true;
}

/* Run a plan of the query, with the caller's rights and snapshot. */
static void
run_plan(Source *source, PlannedStmt *plan)
{
	SourceReceiver receiver = {.source = source};
	DestReceiver *dest = &receiver.rows.rows.receiver;
	QueryDesc  *run;

	reading_init_receiver(&receiver.rows, &source->reading);
	if (source->visit_row != NULL)
		dest->receiveSlot = receive_looked_at;
	run = CreateQueryDesc(plan, source->query, GetActiveSnapshot(), InvalidSnapshot, dest, NULL, NULL, 0);
	ExecutorStart(run, 0);
	(void) scatter_attach(run->planstate, dest);
	ltv_executor_run(run);
	ExecutorFinish(run);
	ExecutorEnd(run);
	FreeQueryDesc(run);
}

static void
CheckReadOnly(Source *source, PlannedStmt *plan)
{
	if (!CommandIsReadOnly(plan))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("reading orders from relation \"%s\" would lock rows", source->relation.name),
				 errhint("Leave FOR UPDATE and its like out of the view.")));
}

/* Run the query; the rows end up in the store. */
static void
read_orders(Source *source)
{
	MemoryContext context = AllocSetContextCreate(source->reading.pool->context, "ltv query", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	BeingRead	being = {.relid = source->relation.relid, .name = source->relation.name, .orders = true};
	PlannedStmt *plan;

	source->query = being.query = query_text(source);
	being_read_begin(&being);
	plan = reading_plan(&source->reading, source->query, analyse_query(source), source->visit_row != NULL);
	CheckReadOnly(source, plan);
	reading_begin(&source->reading, plan);
	source->reading.pool->received = 0;
	progress_expect(source->reading.pool->progress, PROGRESS_READING, scatter_expected_rows(plan->planTree));
	run_plan(source, plan);
	progress_add_rest(source->reading.pool->progress, source->reading.pool->received);
	reading_note_workers(&source->reading);
	being_read_end(&being);
	CheckOneCurrency(source->reading.pool);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/*
 * Let somebody look at every row of the relation, as it is, in a memory context
 * that is emptied after each.
 */
void
source_read_rows(Source *source, RowVisitor visit, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(source->reading.pool->context);

	source->visit_row = visit;
	source->visit_arg = arg;
	read_orders(source);
	source->reading.pool->counts.rows = (int64) source->reading.pool->received;
	source_phase(source, PROGRESS_COMPUTING);
	MemoryContextSwitchTo(old);
}

/* The rows that were kept come next, from all processes. */
static void
begin_grouping(const Source *source)
{
	const SourceCounts *counts = source_counts(source);

	if (!source->reading.pool->distinct)
		progress_expect(source->reading.pool->progress, PROGRESS_GROUPING, (double) (counts->rows - counts->guests - counts->skipped));
}

/* Read the relation into the store, within some memory. */
static void
read_for(Source *source, DateADT until, CustomerVisitor visit, void *arg, Size budget)
{
	RowPool    *pool = source->reading.pool;

	pool->until = until;
	pool->visit = visit;
	pool->visit_arg = arg;
	pool_keep_rows(pool, budget);
	if (pool->layout.has_segment)
		segment_numbers_give(pool->layout.segments, LEADER, budget);
	read_orders(source);
}

/*
 * Read the relation and visit every customer once, with all purchases in
 * canonical order.  Rows of orders later than a day do not exist; of stored
 * histories the visitor has to look away itself.  Customers come in no particular order, some perhaps while
 * the relation is still being read, and with WANT_GUESTS guests before,
 * between and after them, one or more orders at a time.  The visitor is called
 * in a memory context that is emptied after each customer.
 */
SourceCounts
source_visit(Source *source, DateADT until, CustomerVisitor visit, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(source->reading.pool->context);

	read_for(source, until, visit, arg, get_hash_memory_limit());
	begin_grouping(source);
	reading_visit(&source->reading);
	reading_end(&source->reading);
	source_phase(source, PROGRESS_COMPUTING);
	MemoryContextSwitchTo(old);
	return source->reading.pool->counts;
}

/* The same, in several processes where that is worthwhile. */
SourceCounts
source_visit_parallel(Source *source, DateADT until, const ParallelVisitor *visitor, void *arg)
{
	visitor->begin(arg);
	source->reading.visitor = visitor;
	return source_visit(source, until, visitor->visit, arg);
}

/*
 * Read the relation for a caller that asks for one customer after the other,
 * with source_next.  Those who can be visited while the relation is read are,
 * in several processes if they may be; and so are all others where several have read
 * it, unless the caller may only want a few of them, or it takes as long to
 * send the columns of a row as to make it.  What the visitor has made of customers
 * is then in the streams of source_next_result, and they are not among those
 * of source_next.
 */
SourceCounts
source_walk(Source *source, DateADT until, const ParallelVisitor *visitor, bool in_parallel, int columns, bool few, void *arg)
{
	MemoryContext old = MemoryContextSwitchTo(source->reading.pool->context);

	visitor->begin(arg);
	source->reading.visitor = in_parallel ? visitor : NULL;
	read_for(source, until, visitor->visit, arg, get_hash_memory_limit());
	begin_grouping(source);
	reading_walk(&source->reading, columns, few);
	MemoryContextSwitchTo(old);
	return source->reading.pool->counts;
}

/* The next of these, who is there until the one after; false when there is none left. */
bool
source_next(Source *source, Customer *customer)
{
	return pool_next(source->reading.pool, customer);
}

/* What the next process has made of its customers, where several have; NULL when there is none left. */
Stream *
source_next_result(Source *source)
{
	return reading_next_result(&source->reading);
}

void
source_close(Source *source)
{
	reading_end(&source->reading);
	latest_counts = source->reading.pool->counts;
	MemoryContextDelete(source->reading.pool->context);
}
