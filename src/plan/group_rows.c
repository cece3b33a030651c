/*
 * group_rows.c: the rows that LtvHistories puts together.
 *
 * They are kept in a pool (row_pool.c).  Where several processes receive rows,
 * a worker hands over its own in shared temporary files: one or two with the
 * rows, and a directory that says where in these the rows of each part are.
 */
#include "plan/group_rows.h"

#include <fcntl.h>

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/sharedfileset.h"
#include "utils/lsyscache.h"

#include "base/tempfile.h"
#include "node/plan.h"
#include "orders/reading.h"

#define SHARED_ROWS_MAGIC (UINT64CONST(0x6c7476726f777300) + sizeof(SharedRows))

/* What the processes share. */
typedef struct SharedRows
{
	uint64		magic;			/* another version of ltv has laid it out in another way */
	dsm_handle	segment;		/* which this is in */
	SharedFileSet files;
	pg_atomic_uint32 workers;	/* that have received rows */
	GroupShape	shape;			/* of the rows */
	int			bits;			/* of the stores with keys */
	Size		row_size;		/* in these */
} SharedRows;

/*
 * Receiving
 */

pg_noreturn static void
report_other_keys(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("keys in GROUP BY are told apart in another way since the query began"),
			 errhint("An operator class of their type was changed meanwhile. Run the query again.")));
}

/* The values of several columns become one key. */
static void
pack_keys(GroupRows *rows)
{
	MemoryContext old = MemoryContextSwitchTo(rows->keyed->context);
	KeyType		key;

	rows->packed = packed_key_create(rows->desc, rows->shape.columns, rows->shape.keys, &key);
	if (rows->packed == NULL)
		report_other_keys();
	pool_set_key(rows->keyed, &key);
	MemoryContextSwitchTo(old);
}

/* What a pool receives begins with this column of a row: the only one of the group, or the last one, in whose place there is a key then. */
static inline int
first_received(const GroupRows *rows)
{
	return rows->shape.columns - 1;
}

/* A pool of such rows; those without a key are one group, so there all have the same. */
static RowPool *
open_rows(const GroupRows *rows, bool keyless)
{
	int			first = first_received(rows);
	MemoryContext old = MemoryContextSwitchTo(rows->context);
	Size		quarter = get_hash_memory_limit() / 4;
	RowPool    *pool;
	ColumnType	columns[ORDERS_COLUMNS] = {{InvalidOid, InvalidOid, InvalidOid}};
	static const OrdersColumn order[] = {
		[INPUT_KEY] = ORDERS_CUSTOMER,
		[INPUT_DAY] = ORDERS_DAY,
		[INPUT_AMOUNT] = ORDERS_AMOUNT,
		[INPUT_QUANTITY] = ORDERS_QUANTITY,
		[INPUT_COST] = ORDERS_COST,
		[INPUT_CONTACT] = ORDERS_CONTACT,
	};

	for (int i = 0; i < rows->desc->natts - first; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(rows->desc, first + i);

		columns[order[i]] = (ColumnType) {getBaseType(attribute->atttypid), attribute->atttypid, attribute->attcollation};
	}
	if (keyless || first > 0)
		columns[ORDERS_CUSTOMER] = (ColumnType) {INT8OID, INT8OID, InvalidOid};
	pool = pool_open(columns, order, rows->desc->natts - first, keyless ? quarter : 3 * quarter);
	pool->layout.contact_is_flag = true;
	/* one group stays in one part */
	pool->scattered = keyless;
	MemoryContextSwitchTo(old);
	return pool;
}

/* A file of a worker; where rows are read again and again, nothing is left of a name. */
#define FILE_NAME_SIZE 32

static const char *
file_name(char *name, const char *what, uint32 worker)
{
	snprintf(name, FILE_NAME_SIZE, "%s.%u", what, worker);
	return name;
}

/* The rows of a worker's store will go to such a file. */
static void
share_store(RowStore *store, const GroupRows *rows, const char *what)
{
	char		name[FILE_NAME_SIZE];

	rowstore_share(store, &rows->shared->files.fs, file_name(name, what, rows->number));
}

/* A pool of rows without a key. */
static RowPool *
open_keyless(const GroupRows *rows)
{
	RowPool    *pool = open_rows(rows, true);

	if (rows->number > 0)
		share_store(pool->store, rows, "keyless");
	return pool;
}

/* Put a row of so many columns into a pool, under a key in place of its first column. */
static void
receive_under(RowPool *pool, Datum key, const Datum *row_values, const bool *row_isnull, int columns)
{
	Datum		values[INPUT_CONTACT + 1];
	bool		isnull[INPUT_CONTACT + 1];

	memcpy(values, row_values, columns * sizeof(Datum));
	memcpy(isnull, row_isnull, columns * sizeof(bool));
	values[INPUT_KEY] = key;
	isnull[INPUT_KEY] = false;
	pool_receive(pool, values, isnull);
}

static void
receive_keyless(GroupRows *rows, const TupleTableSlot *row)
{
	if (rows->keyless == NULL)
		rows->keyless = open_keyless(rows);
	receive_under(rows->keyless, Int64GetDatum(0), row->tts_values, row->tts_isnull, row->tts_tupleDescriptor->natts);
}

static bool
receive_slot(TupleTableSlot *row, DestReceiver *self)
{
	GroupRows  *rows = (GroupRows *) self;
	int			columns = row->tts_tupleDescriptor->natts - first_received(rows);
	const Datum *values = row->tts_values + first_received(rows);
	const bool *isnull = row->tts_isnull + first_received(rows);
	bool		contact;

	slot_getallattrs(row);
	contact = columns > INPUT_CONTACT && !isnull[INPUT_CONTACT] && DatumGetBool(values[INPUT_CONTACT]);
	CheckContactAmount(contact, isnull[INPUT_AMOUNT]);
	if (!isnull[INPUT_DAY] && (contact || !isnull[INPUT_AMOUNT]))
		CheckPurchaseDay(DatumGetDateADT(values[INPUT_DAY]));
	if (rows->packed != NULL)
		receive_under(rows->keyed, packed_key_of(rows->packed, row->tts_values, row->tts_isnull), values, isnull, columns);
	else if (isnull[INPUT_KEY])
		receive_keyless(rows, row);
	else
		pool_receive(rows->keyed, values, isnull);
	return true;
}

/* Prepare to receive rows with these columns. */
void
group_rows_open(GroupRows *rows, TupleDesc desc, GroupShape shape)
{
	*rows = (GroupRows) {.receiver.receiveSlot = receive_slot, .context = CurrentMemoryContext, .desc = desc, .shape = shape};
	rows->keyed = open_rows(rows, false);
	if (shape.columns > 1)
		pack_keys(rows);
}

/* Receive all rows that a node gives. */
void
group_rows_receive(GroupRows *rows, PlanState *node)
{
	TupleTableSlot *row;

	while (row = ExecProcNode(node), !TupIsNull(row))
		receive_slot(row, &rows->receiver);
}

void
group_rows_close(GroupRows *rows)
{
	if (rows->keyed != NULL)
		pool_close(rows->keyed);
	if (rows->keyless != NULL)
		pool_close(rows->keyless);
	rows->keyed = rows->keyless = NULL;
	rows->packed = NULL;
}

/*
 * Several processes
 */

/* The leader will adopt the rows of workers. */
static void
share(DestReceiver *receiver, void *memory, dsm_segment *segment)
{
	GroupRows  *rows = (GroupRows *) receiver;
	SharedRows *shared = memory;

	rows->shared = shared;
	shared->magic = SHARED_ROWS_MAGIC;
	shared->segment = dsm_segment_handle(segment);
	SharedFileSetInit(&shared->files, segment);
	pg_atomic_init_u32(&shared->workers, 0);
	shared->shape = rows->shape;
	shared->bits = rowstore_bits(rows->keyed->store->budget);
	shared->row_size = rows->keyed->layout.row_size;
}

/* All is read again; what workers have handed over before is no longer needed. */
static void
share_again(DestReceiver *receiver, void *memory)
{
	SharedRows *shared = memory;

	((GroupRows *) receiver)->shared = shared;
	SharedFileSetDeleteAll(&shared->files);
	pg_atomic_write_u32(&shared->workers, 0);
}

static void
scatter(RowPool *pool, int bits)
{
	if (!pool->scattered)
		pool_scatter_to(pool, bits);
}

/* What there is of the rows in files of this process. */
static uint64
rows_on_disk(const GroupRows *rows)
{
	return pool_on_disk(rows->keyed) + (rows->keyless != NULL ? pool_on_disk(rows->keyless) : 0);
}

/* A worker has received all its rows. */
static void
hand_over(DestReceiver *self)
{
	GroupRows  *rows = (GroupRows *) self;
	char		name[FILE_NAME_SIZE];
	BufFile    *directory = BufFileCreateFileSet(&rows->shared->files.fs, file_name(name, "directory", rows->number));
	bool		keyless = rows->keyless != NULL;

	pool_hand_over(rows->keyed, directory);
	tempfile_write(directory, &keyless, sizeof(keyless));
	if (keyless)
		pool_hand_over(rows->keyless, directory);
	BufFileExportFileSet(directory);
	BufFileClose(directory);
	rows->handed_over = rows_on_disk(rows);
	group_rows_close(rows);
}

static uint64
disk(const DestReceiver *self)
{
	const GroupRows *rows = (const GroupRows *) self;

	return rows->number > 0 ? rows->handed_over : rows_on_disk(rows);
}

static void
destroy(DestReceiver *self)
{
	pfree(self);
}

/* Prepare to receive rows as a worker does. */
static DestReceiver *
open_worker(void *memory, TupleDesc desc)
{
	SharedRows *shared = memory;
	GroupRows  *rows = palloc(sizeof(GroupRows));

	if (shared->magic != SHARED_ROWS_MAGIC)
		reading_refuse_leader();
	SharedFileSetAttach(&shared->files, dsm_find_mapping(shared->segment));
	group_rows_open(rows, desc, shared->shape);
	if (rows->keyed->layout.sorted || rows->keyed->layout.row_size != shared->row_size)
		report_other_keys();
	scatter(rows->keyed, shared->bits);
	rows->receiver.rShutdown = hand_over;
	rows->receiver.rDestroy = destroy;
	rows->shared = shared;
	rows->number = pg_atomic_add_fetch_u32(&shared->workers, 1);
	share_store(rows->keyed->store, rows, "keyed");
	return &rows->receiver;
}

const ScatterKind group_rows_kind = {
	.name = "groups",
	.shared_size = sizeof(SharedRows),
	.share = share,
	.share_again = share_again,
	.open = open_worker,
	.disk = disk,
};

static void
adopt_store(RowStore *store, const GroupRows *rows, const char *name, BufFile *directory)
{
	StringInfoData extents;
	uint32		length;

	/* (read where it lies) */
	memset(&extents, 0, sizeof(extents));
	extents.data = tempfile_read_value(directory, &length);
	extents.len = (int) length;
	rowstore_adopt(store, &rows->shared->files.fs, name, &extents);
	pfree(extents.data);
}

static void
adopt_worker(GroupRows *rows, uint32 number)
{
	char		name[FILE_NAME_SIZE];
	BufFile    *directory = BufFileOpenFileSet(&rows->shared->files.fs, file_name(name, "directory", number), O_RDONLY, false);
	bool		keyless;

	adopt_store(rows->keyed->store, rows, file_name(name, "keyed", number), directory);
	tempfile_read(directory, &keyless, sizeof(keyless));
	if (keyless)
	{
		if (rows->keyless == NULL)
			rows->keyless = open_keyless(rows);
		adopt_store(rows->keyless->store, rows, file_name(name, "keyless", number), directory);
	}
	BufFileClose(directory);
}

/* Take over the rows of all workers; they have ended. */
void
group_rows_adopt(GroupRows *rows)
{
	uint32		workers = rows->shared != NULL ? pg_atomic_read_u32(&rows->shared->workers) : 0;

	if (workers > 0)
		scatter(rows->keyed, rows->shared->bits);
	for (uint32 number = 1; number <= workers; number++)
	{
		CHECK_FOR_INTERRUPTS();
		adopt_worker(rows, number);
	}
}
