/*
 * read_parallel.c: an orders relation read by several processes.
 *
 * When a report plans the query that reads its orders, the planner is offered
 * a path with LtvScatter (scatter.c): each process scatters the rows that it
 * scans into a store of its own.  A worker hands its store over in a shared
 * temporary file, and in another one, the directory, says where the rows of
 * each part are and what was counted.  What becomes of the rows is
 * visit_parallel.c's matter, or the leader reads them part by part.  Where every
 * row is a customer's history, a process visits it at once, and what goes to
 * the file is what the visitor has gathered.
 *
 * The processes meet in a segment of shared memory that stays until the report
 * has done with the rows.
 */
#include "orders/source_shared.h"

#include <dlfcn.h>
#include <fcntl.h>

#include "access/parallel.h"
#include "catalog/pg_proc.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "tcop/tcopprot.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/tempfile.h"

static create_upper_paths_hook_type next_hook = NULL;

static const ScatterKind orders_kind;

/*
 * Planning
 *
 * The query of a report is known by the parameters it is planned with: it has
 * none, but these have a mark.  Other queries may be planned meanwhile, by a
 * function that is called to plan ours, and have parameters of their own;
 * subqueries of ours have a parent.
 */

static void
mark_of_reports(ParseState *state, void *arg)
{
}

static bool
is_marked(const PlannerInfo *root)
{
	ParamListInfo params = root->glob->boundParams;

	return root->parent_root == NULL && params != NULL && params->parserSetup == mark_of_reports;
}

/* To receive a row takes about as long as one more operator. */
static Cost
cost_of_receiving(double rows)
{
	return rows * cpu_operator_cost;
}

/* Several processes receive rows, too; for the leader alone that is not in the costs yet. */
static void
add_parallel_path(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *output_rel)
{
	Path	   *input = linitial(input_rel->partial_pathlist);
	CustomPath *scatter = scatter_make_path(output_rel, input, &orders_kind);
	double		no_rows = 0;
	ListCell   *cell;

	scatter->path.total_cost = scatter->path.startup_cost = input->total_cost + cost_of_receiving(input->rows);
	ltv_inherit_disabled(&scatter->path, input);
	foreach(cell, output_rel->pathlist)
	{
		Path	   *path = lfirst(cell);

		path->total_cost += cost_of_receiving(path->rows);
	}
	add_path(output_rel, (Path *) create_gather_path(root, output_rel, &scatter->path, input->pathtarget, NULL, &no_rows));
}

/* The planner looks for the last paths of a query. */
static void
upper_paths(PlannerInfo *root, UpperRelationKind stage, RelOptInfo *input_rel, RelOptInfo *output_rel, void *extra)
{
	if (next_hook != NULL)
		next_hook(root, stage, input_rel, output_rel, extra);
	if (stage == UPPERREL_FINAL && is_marked(root) && input_rel->partial_pathlist != NIL && output_rel->consider_parallel)
		add_parallel_path(root, input_rel, output_rel);
}

static bool
key_is_parallel_safe(const KeyType *key)
{
	return key->kind != KEY_GENERIC ||
		(func_parallel(key->hash.fn_oid) == PROPARALLEL_SAFE && func_parallel(key->equal.fn_oid) == PROPARALLEL_SAFE);
}

/*
 * Whether all that is called for a row while the relation is read is safe in
 * parallel.  If not, even a plan in which only the leader receives rows must
 * not be parallel: an unsafe function may begin a subtransaction, say.
 */
static bool
calls_are_parallel_safe(const Source *source)
{
	return source->visit_row == NULL && !source->sorted &&
		(!source->relation.distinct || source->visitor != NULL || (source->wants & WANT_GUESTS)) &&
		key_is_parallel_safe(&source->id) &&
		(!source->has_order || key_is_parallel_safe(&source->order)) &&
		(!source->has_item || text_form_is_parallel_safe(&source->item)) &&
		(!source->has_tie || text_form_is_parallel_safe(&source->tie)) &&
		(!source->has_segment || text_form_is_parallel_safe(&source->segments->form)) &&
		(!has_column(&source->relation, ORDERS_CURRENCY) || text_form_is_parallel_safe(&source->currency));
}

/* Plan the query that reads the relation. */
PlannedStmt *
source_plan(const Source *source, Query *query)
{
	ParamListInfo params = NULL;
	bool		safe = calls_are_parallel_safe(source);

	/* guests are visited as they come */
	if (safe && !(source->wants & WANT_GUESTS))
	{
		params = makeParamList(0);
		params->parserSetup = mark_of_reports;
	}
	return pg_plan_query(query, source->query, safe ? CURSOR_OPT_PARALLEL_OK : 0, params);
}

/*
 * The leader
 */

static char *
store_file_name(uint32 number)
{
	return psprintf("orders.%u", number);
}

static char *
directory_file_name(uint32 number)
{
	return psprintf("directory.%u", number);
}

/*
 * The file that this library was loaded from.  (A worker of a team looks for
 * it before it has the settings of the session, so dynamic_library_path does
 * not help it.)
 */
const char *
source_own_library(void)
{
	Dl_info		info;

	if (dladdr(source_init, &info) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not find out where the library of ltv is")));
	return info.dli_fname;
}

/* What workers need to know of a source. */
static void
describe(const Source *source, SharedOrders *orders)
{
	orders->wants = source->wants;
	memcpy(orders->position, source->position, sizeof(orders->position));
	orders->columns = source->columns;
	orders->histories = source->relation.histories;
	orders->distinct = source->relation.distinct;
	orders->until = source->until;
	orders->row_size = source->row_size;
	memcpy(orders->column_types, source->relation.columns, sizeof(orders->column_types));
	strlcpy(orders->name, source->relation.name, NAMEDATALEN);
	if (source->visitor != NULL)
	{
		strlcpy(orders->library, source_own_library(), MAXPGPATH);
		strlcpy(orders->visitor, source->visitor->name, NAMEDATALEN);
		orders->report_size = source->visitor->size;
		memcpy(orders->report, source->visit_arg, source->visitor->size);
	}
}

/* Prepare to share what a plan reads, if it does so in several processes. */
void
source_begin_parallel(Source *source, PlannedStmt *plan)
{
	SharedOrders *orders;

	if (!scatter_is_planned(plan->planTree))
		return;
	source->segment = dsm_create(offsetof(SharedOrders, report) + (source->visitor != NULL ? source->visitor->size : 0),
								 DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (source->segment == NULL)
	{
		/* the server has no shared memory left for it: without workers the leader reads all */
		plan->parallelModeNeeded = false;
		return;
	}
	orders = dsm_segment_address(source->segment);
	memset(orders, 0, sizeof(*orders));
	orders->magic = SHARED_ORDERS_MAGIC;
	SharedFileSetInit(&orders->files, source->segment);
	pg_atomic_init_u32(&orders->processes, LEADER);
	orders->bits = rowstore_bits(source->store->budget);
	describe(source, orders);
	source_scatter_to(source, orders->bits);
	rowstore_share(source->store, &orders->files.fs, store_file_name(LEADER));
}

/* Before workers start: this leads them to what the processes share. */
static void
share(DestReceiver *receiver, void *shared, dsm_segment *segment)
{
	*(dsm_handle *) shared = dsm_segment_handle(((OrdersReceiver *) receiver)->source->segment);
}

/* What a worker has counted, and where its rows are. */
static void
note_worker(Source *source, uint32 number)
{
	SharedOrders *orders = dsm_segment_address(source->segment);
	BufFile    *file = BufFileOpenFileSet(&orders->files.fs, directory_file_name(number), O_RDONLY, false);
	SourceCounts counts;
	int			ncurrencies;
	uint32		length;

	tempfile_read(file, &counts, sizeof(counts));
	source->counts.rows += counts.rows;
	source->counts.guests += counts.guests;
	source->counts.skipped += counts.skipped;
	tempfile_read(file, &ncurrencies, sizeof(ncurrencies));
	for (int i = 0; i < ncurrencies; i++)
		note_currency_name(source, tempfile_read_value(file, &length));
	if (source->relation.distinct)
		source_note_store(source, number, NULL, 0);
	else
	{
		char	   *directory = tempfile_read_value(file, &length);

		source_note_store(source, number, directory, (int) length);
	}
	BufFileClose(file);
}

/* Take note of what workers have handed over; they have ended. */
void
source_note_workers(Source *source)
{
	const SharedOrders *orders;
	uint32		workers;

	if (source->segment == NULL)
		return;
	orders = dsm_segment_address(source->segment);
	workers = pg_atomic_read_u32(&unconstify(SharedOrders *, orders)->processes);
	for (uint32 number = LEADER + 1; number <= workers; number++)
		note_worker(source, number);
}

/*
 * A worker
 */

/* The source of a worker: the leader's, without rows. */
Source *
source_of_worker(dsm_handle segment)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "ltv source", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Source	   *source = palloc0(sizeof(Source));
	SharedOrders *orders;

	source->context = context;
	source->segment = dsm_attach(segment);
	if (source->segment == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the report that a worker process was started for has ended")));
	orders = dsm_segment_address(source->segment);
	if (orders->magic != SHARED_ORDERS_MAGIC)
		source_refuse_leader();
	SharedFileSetAttach(&orders->files, source->segment);
	source->wants = orders->wants;
	source->relation.name = pstrdup(orders->name);
	source->relation.histories = orders->histories;
	source->relation.distinct = orders->distinct;
	source->until = orders->until;
	memcpy(source->relation.columns, orders->column_types, sizeof(orders->column_types));
	memcpy(source->position, orders->position, sizeof(orders->position));
	source->columns = orders->columns;
	source_prepare(source);
	if (source->sorted || source->row_size != orders->row_size)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("customers in relation \"%s\" are told apart in another way since the report began", source->relation.name),
				 errhint("An operator class of their type was dropped meanwhile. Call the report again.")));
	MemoryContextSwitchTo(old);
	return source;
}

typedef struct WorkerReceiver
{
	OrdersReceiver orders;
	uint32		number;			/* of the worker, from 1 on */
} WorkerReceiver;

/* Write out the rows of a store; the directory says what is where, and what their segments' numbers lead to. */
void
source_hand_over_store(Source *source, StringInfo directory)
{
	rowstore_hand_over(source->store, directory);
	if (source->has_segment)
		segment_numbers_send(source->segments, directory);
}

/* The same, and the directory goes to a file. */
void
source_hand_over(Source *source, BufFile *file)
{
	StringInfoData directory;

	initStringInfo(&directory);
	source_hand_over_store(source, &directory);
	tempfile_write_value(file, directory.data, (uint32) directory.len);
	pfree(directory.data);
}

/*
 * The rows of a worker, or what it has gathered, go to its files.  (Names of
 * currencies go as they are: all processes have the encoding of the database.)
 */
static void
hand_over(DestReceiver *self)
{
	const WorkerReceiver *receiver = (WorkerReceiver *) self;
	Source	   *source = receiver->orders.source;
	SharedOrders *orders = dsm_segment_address(source->segment);
	BufFile    *file = BufFileCreateFileSet(&orders->files.fs, directory_file_name(receiver->number));

	tempfile_write(file, &source->counts, sizeof(source->counts));
	tempfile_write(file, &source->ncurrencies, sizeof(source->ncurrencies));
	for (int i = 0; i < source->ncurrencies; i++)
		tempfile_write_value(file, source->currencies[i], (uint32) strlen(source->currencies[i]) + 1);
	if (source->relation.distinct)
		source_send_result(source);
	else
		source_hand_over(source, file);
	BufFileExportFileSet(file);
	BufFileClose(file);
	source_close(source);
}

static void
destroy(DestReceiver *self)
{
	pfree(self);
}

/* A worker keeps the rows that it scans, or visits them where each is a customer. */
static DestReceiver *
open_worker(void *shared, TupleDesc desc)
{
	WorkerReceiver *receiver = palloc(sizeof(WorkerReceiver));
	Source	   *source = source_of_worker(*(const dsm_handle *) shared);
	SharedOrders *orders = dsm_segment_address(source->segment);
	MemoryContext old = MemoryContextSwitchTo(source->context);

	source_init_receiver(&receiver->orders, source);
	receiver->orders.receiver.rShutdown = hand_over;
	receiver->orders.receiver.rDestroy = destroy;
	receiver->number = pg_atomic_add_fetch_u32(&orders->processes, 1);
	if (source->has_segment)
		segment_numbers_give(source->segments, receiver->number, get_hash_memory_limit());
	if (source->relation.distinct)
		source_begin_visiting(source, orders, receiver->number);
	else
	{
		source->store = rowstore_create(orders->bits, get_hash_memory_limit());
		source->scattered = true;
		rowstore_share(source->store, &orders->files.fs, store_file_name(receiver->number));
	}
	MemoryContextSwitchTo(old);
	return &receiver->orders.receiver;
}

static const ScatterKind orders_kind = {
	.name = "orders",
	.shared_size = sizeof(dsm_handle),
	.share = share,
	.open = open_worker,
};

void
source_init(void)
{
	scatter_add_kind(&orders_kind);
	next_hook = create_upper_paths_hook;
	create_upper_paths_hook = upper_paths;
}

/*
 * Stores handed over
 */

/* Keep in mind where the rows of a process are. */
void
source_note_store(Source *source, uint32 number, const char *directory, int size)
{
	MemoryContext old = MemoryContextSwitchTo(source->context);
	HandedStore *handed = palloc(MAXALIGN(offsetof(HandedStore, directory) + size));

	handed->number = number;
	handed->size = size;
	if (size > 0)
		memcpy(handed->directory, directory, size);
	source->handed = lappend(source->handed, handed);
	MemoryContextSwitchTo(old);
}

/* Take over the rows of a process, into a store. */
void
source_adopt(Source *source, RowStore *store, const HandedStore *handed)
{
	SharedOrders *orders = dsm_segment_address(source->segment);
	StringInfoData directory;

	/* (read where it lies) */
	memset(&directory, 0, sizeof(directory));
	directory.data = (char *) handed->directory;
	directory.len = handed->size;
	rowstore_adopt(store, &orders->files.fs, store_file_name(handed->number), &directory);
	if (source->has_segment)
		segment_numbers_receive(source->segments, handed->number, &directory);
}

/* Take over the rows that were handed over. */
void
source_adopt_handed(Source *source)
{
	ListCell   *cell;

	foreach(cell, source->handed)
	{
		source_adopt(source, source->store, lfirst(cell));
	}
}

/* Add what workers have gathered while they read. */
void
source_receive_handed(Source *source)
{
	ListCell   *cell;

	foreach(cell, source->handed)
	{
		source_receive_result(source, dsm_segment_address(source->segment), ((const HandedStore *) lfirst(cell))->number);
	}
}

/* What others have written is no longer needed. */
void
source_end_parallel(Source *source)
{
	if (source->segment != NULL)
		dsm_detach(source->segment);
	source->segment = NULL;
}
