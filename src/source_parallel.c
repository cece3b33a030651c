/*
 * source_parallel.c: an orders relation read by several processes.
 *
 * Where the server would compute sum() over the relation in parallel, each
 * process scatters the rows that it scans into a store of its own.  The
 * vehicle is an aggregate: its transition function receives a row as
 * source.c's DestReceiver would, and the state of a worker, on its way to the
 * leader, is where in a shared temporary file the rows of each part are.  What
 * becomes of the rows is source_joint.c's matter, or the leader reads them part
 * by part.  Where every row is a customer's history, a process visits it at
 * once, and what goes to the file is what the visitor has gathered.
 *
 * The processes meet in a segment of shared memory whose handle is an argument
 * of the aggregate.  It stands beside random bytes that only the query of the
 * report knows, so that nobody else can call the aggregate.
 */
#include "source_shared.h"

#include <dlfcn.h>

#include "access/htup_details.h"
#include "access/parallel.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/nodeHash.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/cost.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(ltv_gather_accum);
PG_FUNCTION_INFO_V1(ltv_gather_combine);
PG_FUNCTION_INFO_V1(ltv_gather_serialize);
PG_FUNCTION_INFO_V1(ltv_gather_deserialize);
PG_FUNCTION_INFO_V1(ltv_gather_final);

/* The argument that leads to what the processes share. */
typedef struct OrdersHandle
{
	char		header[VARHDRSZ];
	dsm_handle	segment;
	uint64		secret[2];
} OrdersHandle;

/* The state of the aggregate in one process. */
typedef struct Gatherer
{
	OrdersHandle handle;
	Source	   *source;
	bool		worker;
	uint32		number;			/* of the worker */
	Datum		values[ORDERS_COLUMNS];
	bool		isnull[ORDERS_COLUMNS];
} Gatherer;

/*
 * The processes
 */

pg_noreturn static void
refuse(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("ltv_gather can only be called by the reports of ltv")));
}

/*
 * What a handle leads to.  The leader has made it; a worker comes to it and
 * stays until it exits, which the leader waits for.
 */
static SharedOrders *
find_orders(const OrdersHandle *handle)
{
	dsm_segment *segment = dsm_find_mapping(handle->segment);
	bool		attached = segment != NULL;
	SharedOrders *orders;

	if (!attached && IsParallelWorker())
		segment = dsm_attach(handle->segment);
	if (segment == NULL || dsm_segment_map_length(segment) < sizeof(SharedOrders))
		refuse();
	orders = dsm_segment_address(segment);
	if (orders->magic != SHARED_ORDERS_MAGIC || memcmp(orders->secret, handle->secret, sizeof(orders->secret)) != 0)
		refuse();
	if (!attached)
	{
		dsm_pin_mapping(segment);
		SharedFileSetAttach(&orders->files, segment);
	}
	return orders;
}

static char *
store_file_name(uint32 number)
{
	return psprintf("orders.%u", number);
}

/* The source of a worker: the leader's, without rows. */
Source *
source_of_worker(SharedOrders *orders)
{
	Source	   *source = palloc0(sizeof(Source));

	source->context = CurrentMemoryContext;
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
	return source;
}

/* A worker keeps the rows that it scans, or visits them where each is a customer. */
static Source *
begin_reading(SharedOrders *orders, uint32 *number)
{
	Source	   *source = source_of_worker(orders);

	*number = pg_atomic_add_fetch_u32(&orders->processes, 1);
	if (source->relation.distinct)
		source_begin_visiting(source, orders, *number);
	else
	{
		source->store = rowstore_create(orders->bits, get_hash_memory_limit());
		source->scattered = true;
		rowstore_share(source->store, &orders->files.fs, store_file_name(*number));
	}
	return source;
}

static Gatherer *
begin_gathering(FunctionCallInfo fcinfo)
{
	MemoryContext context;
	MemoryContext old;
	Gatherer   *gatherer;
	struct varlena *handle;
	SharedOrders *orders;

	if (AggCheckCallContext(fcinfo, &context) != AGG_CONTEXT_AGGREGATE)
		refuse();
	old = MemoryContextSwitchTo(context);
	gatherer = palloc0(sizeof(Gatherer));
	handle = PG_ARGISNULL(1) ? NULL : PG_DETOAST_DATUM(PG_GETARG_DATUM(1));
	if (handle != NULL && VARSIZE(handle) == sizeof(OrdersHandle))
		memcpy(&gatherer->handle, handle, sizeof(OrdersHandle));
	orders = find_orders(&gatherer->handle);
	gatherer->worker = orders->leader != MyProcPid;
	gatherer->source = gatherer->worker ? begin_reading(orders, &gatherer->number) : orders->source;
	MemoryContextSwitchTo(old);
	return gatherer;
}

/* ltv_gather's transition function: a row of the relation. */
Datum
ltv_gather_accum(PG_FUNCTION_ARGS)
{
	Gatherer   *gatherer = PG_ARGISNULL(0) ? begin_gathering(fcinfo) : (Gatherer *) PG_GETARG_POINTER(0);
	Source	   *source = gatherer->source;

	for (int i = 0; i < source->columns; i++)
	{
		gatherer->values[i] = fcinfo->args[i + 2].value;
		gatherer->isnull[i] = fcinfo->args[i + 2].isnull;
	}
	source_receive(source, gatherer->values, gatherer->isnull);
	PG_RETURN_POINTER(gatherer);
}

/*
 * From the workers to the leader
 */

/*
 * The rows of a worker, or what it has gathered, go to its file; of the
 * leader's nothing need travel but that there are some.  Names go as they are:
 * pq_sendstring would translate them to an encoding that is not the leader's.
 */
Datum
ltv_gather_serialize(PG_FUNCTION_ARGS)
{
	Gatherer   *gatherer = (Gatherer *) PG_GETARG_POINTER(0);
	Source	   *source = gatherer->source;
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, (char *) &gatherer->handle, sizeof(OrdersHandle));
	pq_sendbyte(&buf, gatherer->worker);
	if (gatherer->worker)
	{
		pq_sendint32(&buf, gatherer->number);
		pq_sendint64(&buf, source->counts.rows);
		pq_sendint64(&buf, source->counts.guests);
		pq_sendint64(&buf, source->counts.skipped);
		pq_sendint32(&buf, source->ncurrencies);
		for (int i = 0; i < source->ncurrencies; i++)
			pq_sendbytes(&buf, source->currencies[i], (int) strlen(source->currencies[i]) + 1);
		if (source->relation.distinct)
			source_send_result(source);
		else
		{
			rowstore_hand_over(source->store, &buf);
			rowstore_free(source->store);
		}
	}
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/* What arrives is looked at in ltv_gather_combine. */
Datum
ltv_gather_deserialize(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(PG_GETARG_BYTEA_PP(0));
}

static void
note_worker(Source *source, StringInfo buf)
{
	uint32		number = pq_getmsgint(buf, 4);
	int			ncurrencies;

	source->counts.rows += pq_getmsgint64(buf);
	source->counts.guests += pq_getmsgint64(buf);
	source->counts.skipped += pq_getmsgint64(buf);
	ncurrencies = (int) pq_getmsgint(buf, 4);
	for (int i = 0; i < ncurrencies; i++)
		note_currency_name(source, pq_getmsgrawstring(buf));
	source_note_store(source, number, buf->data + buf->cursor, buf->len - buf->cursor);
}

/* What a process has gathered joins what the leader has. */
Datum
ltv_gather_combine(PG_FUNCTION_ARGS)
{
	Gatherer   *gatherer = PG_ARGISNULL(0) ? NULL : (Gatherer *) PG_GETARG_POINTER(0);
	MemoryContext context;
	StringInfoData buf;
	bytea	   *state;
	SharedOrders *orders;

	/* (the state of a process without a row is NULL, and the server does not ask then) */
	if (AggCheckCallContext(fcinfo, &context) != AGG_CONTEXT_AGGREGATE || PG_ARGISNULL(1))
		refuse();
	if (gatherer == NULL)
		gatherer = MemoryContextAllocZero(context, sizeof(Gatherer));
	state = (bytea *) PG_GETARG_POINTER(1);
	/* (read where it lies) */
	memset(&buf, 0, sizeof(buf));
	buf.data = VARDATA_ANY(state);
	buf.len = VARSIZE_ANY_EXHDR(state);
	pq_copymsgbytes(&buf, (char *) &gatherer->handle, sizeof(OrdersHandle));
	orders = find_orders(&gatherer->handle);
	gatherer->source = orders->source;
	if (pq_getmsgbyte(&buf))
		note_worker(gatherer->source, &buf);
	PG_RETURN_POINTER(gatherer);
}

/* How many rows were read. */
Datum
ltv_gather_final(PG_FUNCTION_ARGS)
{
	Gatherer   *gatherer = PG_ARGISNULL(0) ? NULL : (Gatherer *) PG_GETARG_POINTER(0);

	PG_RETURN_INT64(gatherer == NULL ? 0 : gatherer->source->counts.rows);
}

/*
 * The leader
 */

/* Whether an aggregate is the one in this file. */
static bool
is_ours(Oid aggregate)
{
	HeapTuple	tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
	FmgrInfo	accum;

	if (!HeapTupleIsValid(tuple))
		return false;
	fmgr_info(((Form_pg_aggregate) GETSTRUCT(tuple))->aggtransfn, &accum);
	ReleaseSysCache(tuple);
	return accum.fn_addr == ltv_gather_accum;
}

/* The aggregate, if it is in the report's schema and the user may call it. */
static Oid
find_aggregate(const Source *source)
{
	Oid			arguments[2] = {BYTEAOID, ANYOID};
	Oid			aggregate = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("ltv_gather"),
											PointerGetDatum(buildoidvector(arguments, 2)),
											ObjectIdGetDatum(get_func_namespace(source->function)));

	return OidIsValid(aggregate) && is_ours(aggregate) && ltv_function_aclcheck(aggregate, GetUserId()) == ACLCHECK_OK
		? aggregate : InvalidOid;
}

static bool
key_is_parallel_safe(const KeyType *key)
{
	return key->kind != KEY_GENERIC ||
		(func_parallel(key->hash.fn_oid) == PROPARALLEL_SAFE && func_parallel(key->equal.fn_oid) == PROPARALLEL_SAFE);
}

/*
 * Whether rows may be received in any process: only a joint visitor visits
 * meanwhile, and their order says nothing.  (Workers do not read foreign
 * tables, and the servers of those need not hear of our aggregate.)
 */
static bool
may_share(const Source *source)
{
	return max_parallel_workers_per_gather > 0 && (!source->relation.distinct || source->joint != NULL) && !source->sorted &&
		!(source->wants & WANT_GUESTS) && key_is_parallel_safe(&source->id) &&
		(!source->has_order || key_is_parallel_safe(&source->order)) &&
		(!source->has_item || text_form_is_parallel_safe(&source->item)) &&
		(!has_column(&source->relation, ORDERS_CURRENCY) || text_form_is_parallel_safe(&source->currency)) &&
		get_rel_relkind(source->relation.relid) != RELKIND_FOREIGN_TABLE;
}

/* The query with the aggregate over its columns; the handle is its parameter. */
static Query *
aggregate_query(Oid aggregate, Query *columns)
{
	Query	   *query = copyObject(columns);
	Aggref	   *call = makeNode(Aggref);
	Param	   *handle = makeNode(Param);
	ListCell   *cell;

	handle->paramkind = PARAM_EXTERN;
	handle->paramid = 1;
	handle->paramtype = BYTEAOID;
	handle->paramtypmod = -1;
	handle->location = -1;

	call->aggfnoid = aggregate;
	call->aggtype = INT8OID;
	call->aggargtypes = list_make1_oid(BYTEAOID);
	call->args = list_make1(makeTargetEntry((Expr *) handle, 1, NULL, false));
	foreach(cell, query->targetList)
	{
		TargetEntry *column = lfirst_node(TargetEntry, cell);

		call->aggargtypes = lappend_oid(call->aggargtypes, exprType((Node *) column->expr));
		call->args = lappend(call->args, makeTargetEntry(column->expr, (AttrNumber) (list_length(call->args) + 1), NULL, false));
	}
	call->aggkind = AGGKIND_NORMAL;
	call->aggsplit = AGGSPLIT_SIMPLE;
	call->aggno = -1;
	call->aggtransno = -1;
	call->location = -1;

	query->targetList = list_make1(makeTargetEntry((Expr *) call, 1, pstrdup("rows"), false));
	query->hasAggs = true;
	return query;
}

/* Whether a plan computes the aggregate in parallel: parts of it below a Gather, joined on top. */
static bool
plan_is_parallel(const PlannedStmt *plan)
{
	return plan->parallelModeNeeded && IsA(plan->planTree, Agg) &&
		((Agg *) plan->planTree)->aggsplit == AGGSPLIT_FINAL_DESERIAL;
}

/*
 * The file that this library was loaded from.  (A worker of a team looks for
 * it before it has the settings of the session, so dynamic_library_path does
 * not help it.)
 */
static const char *
own_library(void)
{
	Dl_info		info;

	if (dladdr(ltv_gather_accum, &info) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not find out where the library of ltv is")));
	return info.dli_fname;
}

/* Prepare to share; false when the server has no shared memory for it. */
static bool
begin_sharing(Source *source, OrdersHandle *handle)
{
	SharedOrders *orders;
	Size		report_size = source->joint != NULL ? source->joint->size : 0;

	source->segment = dsm_create(offsetof(SharedOrders, report) + report_size, DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (source->segment == NULL)
		return false;
	memset(handle, 0, sizeof(*handle));
	SET_VARSIZE(handle, sizeof(*handle));
	handle->segment = dsm_segment_handle(source->segment);
	if (!pg_strong_random(handle->secret, sizeof(handle->secret)))
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not generate random bytes")));
	orders = dsm_segment_address(source->segment);
	memset(orders, 0, sizeof(*orders));
	memcpy(orders->secret, handle->secret, sizeof(orders->secret));
	SharedFileSetInit(&orders->files, source->segment);
	pg_atomic_init_u32(&orders->processes, LEADER);
	orders->source = source;
	orders->leader = MyProcPid;
	orders->wants = source->wants;
	orders->bits = rowstore_bits(source->store->budget);
	memcpy(orders->position, source->position, sizeof(orders->position));
	orders->columns = source->columns;
	orders->histories = source->relation.histories;
	orders->distinct = source->relation.distinct;
	orders->until = source->until;
	orders->row_size = source->row_size;
	memcpy(orders->column_types, source->relation.columns, sizeof(orders->column_types));
	strlcpy(orders->name, source->relation.name, NAMEDATALEN);
	if (source->joint != NULL)
	{
		strlcpy(orders->library, own_library(), MAXPGPATH);
		strlcpy(orders->visitor, source->joint->name, NAMEDATALEN);
		orders->report_size = report_size;
		memcpy(orders->report, source->visit_arg, report_size);
	}
	orders->magic = SHARED_ORDERS_MAGIC;
	source_scatter_to(source, orders->bits);
	rowstore_share(source->store, &orders->files.fs, store_file_name(LEADER));
	return true;
}

static void
run_plan(Source *source, PlannedStmt *plan, OrdersHandle *handle)
{
	ParamListInfo params = makeParamList(1);

	params->params[0].value = PointerGetDatum(handle);
	params->params[0].isnull = false;
	params->params[0].pflags = PARAM_FLAG_CONST;
	params->params[0].ptype = BYTEAOID;
	source_run(source, plan, None_Receiver, params);
}

/*
 * Read the relation in several processes; false, and nothing is read, when
 * the server finds that not worthwhile or not possible.
 */
bool
source_read_parallel(Source *source, Query *query)
{
	Oid			aggregate = may_share(source) ? find_aggregate(source) : InvalidOid;
	OrdersHandle handle;
	PlannedStmt *plan;

	if (!OidIsValid(aggregate))
		return false;
	plan = pg_plan_query(aggregate_query(aggregate, query), source->query, CURSOR_OPT_PARALLEL_OK, NULL);
	if (!plan_is_parallel(plan) || !begin_sharing(source, &handle))
		return false;
	run_plan(source, plan, &handle);
	return true;
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
	memcpy(handed->directory, directory, size);
	source->handed = lappend(source->handed, handed);
	MemoryContextSwitchTo(old);
}

/* Take over the rows of a process. */
void
source_adopt(RowStore *store, SharedOrders *orders, const HandedStore *handed)
{
	StringInfoData directory;

	/* (read where it lies) */
	memset(&directory, 0, sizeof(directory));
	directory.data = (char *) handed->directory;
	directory.len = handed->size;
	rowstore_adopt(store, &orders->files.fs, store_file_name(handed->number), &directory);
}

/* Take over the rows that were handed over. */
void
source_adopt_handed(Source *source)
{
	ListCell   *cell;

	foreach(cell, source->handed)
	{
		source_adopt(source->store, dsm_segment_address(source->segment), lfirst(cell));
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
