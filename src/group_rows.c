/*
 * group_rows.c: the rows that LtvHistories puts together.
 *
 * They are kept in a source (source.c).  Where several processes receive rows,
 * a worker hands over its own in shared temporary files: one or two with the
 * rows, and a directory that says where in these the rows of each part are.
 */
#include "group_rows.h"

#include <fcntl.h>

#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/nodeHash.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "plan.h"
#include "source_rows.h"
#include "tempfile.h"

/*
 * Receiving
 */

/* A source of such rows; those without a key are one group, so there all have the same. */
static Source *
open_source(const GroupRows *rows, bool keyless)
{
	MemoryContext old = MemoryContextSwitchTo(rows->context);
	Size		quarter = get_hash_memory_limit() / 4;
	Source	   *source;
	ColumnType	columns[ORDERS_COLUMNS] = {{InvalidOid, InvalidOid, InvalidOid}};
	static const OrdersColumn order[] = {
		[INPUT_KEY] = ORDERS_CUSTOMER,
		[INPUT_DAY] = ORDERS_DAY,
		[INPUT_AMOUNT] = ORDERS_AMOUNT,
		[INPUT_QUANTITY] = ORDERS_QUANTITY,
		[INPUT_COST] = ORDERS_COST,
	};

	for (int i = 0; i < rows->desc->natts; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(rows->desc, i);

		columns[order[i]] = (ColumnType) {getBaseType(attribute->atttypid), attribute->atttypid, attribute->attcollation};
	}
	if (keyless)
		columns[ORDERS_CUSTOMER] = (ColumnType) {INT8OID, INT8OID, InvalidOid};
	source = source_open_rows(columns, order, rows->desc->natts, keyless ? quarter : 3 * quarter);
	/* one group stays in one part */
	source->scattered = keyless;
	MemoryContextSwitchTo(old);
	return source;
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

/* A source of rows without a key. */
static Source *
open_keyless(const GroupRows *rows)
{
	Source	   *source = open_source(rows, true);

	if (rows->shared != NULL)
		share_store(source->store, rows, "keyless");
	return source;
}

/* Prepare to receive rows with these columns. */
void
group_rows_open(GroupRows *rows, TupleDesc desc)
{
	*rows = (GroupRows) {.context = CurrentMemoryContext, .desc = desc};
	rows->keyed = open_source(rows, false);
}

static void
receive_keyless(GroupRows *rows, const TupleTableSlot *row)
{
	Datum		values[INPUT_COST + 1];
	bool		isnull[INPUT_COST + 1];
	int			columns = row->tts_tupleDescriptor->natts;

	if (rows->keyless == NULL)
		rows->keyless = open_keyless(rows);
	memcpy(values, row->tts_values, columns * sizeof(Datum));
	memcpy(isnull, row->tts_isnull, columns * sizeof(bool));
	values[INPUT_KEY] = Int64GetDatum(0);
	isnull[INPUT_KEY] = false;
	source_receive(rows->keyless, values, isnull);
}

static void
receive(GroupRows *rows, TupleTableSlot *row)
{
	slot_getallattrs(row);
	if (!row->tts_isnull[INPUT_DAY] && !row->tts_isnull[INPUT_AMOUNT])
		CheckPurchaseDay(DatumGetDateADT(row->tts_values[INPUT_DAY]));
	if (row->tts_isnull[INPUT_KEY])
		receive_keyless(rows, row);
	else
		source_receive(rows->keyed, row->tts_values, row->tts_isnull);
}

/* Receive all rows that a node gives. */
void
group_rows_receive(GroupRows *rows, PlanState *node)
{
	TupleTableSlot *row;

	while (row = ExecProcNode(node), !TupIsNull(row))
		receive(rows, row);
}

void
group_rows_close(GroupRows *rows)
{
	if (rows->keyed != NULL)
		source_close(rows->keyed);
	if (rows->keyless != NULL)
		source_close(rows->keyless);
	rows->keyed = rows->keyless = NULL;
}

/*
 * Several processes
 */

/* The leader will adopt the rows of workers. */
void
group_rows_share(const GroupRows *rows, SharedRows *shared, dsm_segment *segment)
{
	shared->segment = dsm_segment_handle(segment);
	SharedFileSetInit(&shared->files, segment);
	pg_atomic_init_u32(&shared->workers, 0);
	shared->bits = rowstore_bits(rows->keyed->store->budget);
	shared->row_size = rows->keyed->row_size;
}

static void
scatter(Source *source, int bits)
{
	if (!source->scattered)
		source_scatter_to(source, bits);
}

/* Prepare to receive rows as a worker does. */
void
group_rows_open_worker(GroupRows *rows, TupleDesc desc, SharedRows *shared)
{
	group_rows_open(rows, desc);
	if (rows->keyed->sorted || rows->keyed->row_size != shared->row_size)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("keys in GROUP BY are told apart in another way since the query began"),
				 errhint("An operator class of their type was changed meanwhile. Run the query again.")));
	scatter(rows->keyed, shared->bits);
	rows->shared = shared;
	rows->number = pg_atomic_add_fetch_u32(&shared->workers, 1);
	share_store(rows->keyed->store, rows, "keyed");
}

/* Write out the rows of a store, and what is where to the directory. */
static void
hand_over_store(RowStore *store, BufFile *directory)
{
	StringInfoData extents;

	initStringInfo(&extents);
	rowstore_hand_over(store, &extents);
	tempfile_write_value(directory, extents.data, (uint32) extents.len);
	pfree(extents.data);
}

/* A worker has received all its rows. */
void
group_rows_hand_over(GroupRows *rows)
{
	char		name[FILE_NAME_SIZE];
	BufFile    *directory = BufFileCreateFileSet(&rows->shared->files.fs, file_name(name, "directory", rows->number));
	bool		keyless = rows->keyless != NULL;

	hand_over_store(rows->keyed->store, directory);
	tempfile_write(directory, &keyless, sizeof(keyless));
	if (keyless)
		hand_over_store(rows->keyless->store, directory);
	BufFileExportFileSet(directory);
	BufFileClose(directory);
	group_rows_close(rows);
}

static void
adopt_store(RowStore *store, SharedRows *shared, const char *name, BufFile *directory)
{
	StringInfoData extents;
	uint32		length;

	/* (read where it lies) */
	memset(&extents, 0, sizeof(extents));
	extents.data = tempfile_read_value(directory, &length);
	extents.len = (int) length;
	rowstore_adopt(store, &shared->files.fs, name, &extents);
	pfree(extents.data);
}

static void
adopt_worker(GroupRows *rows, SharedRows *shared, uint32 number)
{
	char		name[FILE_NAME_SIZE];
	BufFile    *directory = BufFileOpenFileSet(&shared->files.fs, file_name(name, "directory", number), O_RDONLY, false);
	bool		keyless;

	adopt_store(rows->keyed->store, shared, file_name(name, "keyed", number), directory);
	tempfile_read(directory, &keyless, sizeof(keyless));
	if (keyless)
	{
		if (rows->keyless == NULL)
			rows->keyless = open_keyless(rows);
		adopt_store(rows->keyless->store, shared, file_name(name, "keyless", number), directory);
	}
	BufFileClose(directory);
}

/* Take over the rows of all workers; they have ended. */
void
group_rows_adopt(GroupRows *rows, SharedRows *shared)
{
	uint32		workers = pg_atomic_read_u32(&shared->workers);

	if (workers > 0)
		scatter(rows->keyed, shared->bits);
	Assert(workers == 0 || rows->keyed->store->bits == shared->bits);
	for (uint32 number = 1; number <= workers; number++)
	{
		CHECK_FOR_INTERRUPTS();
		adopt_worker(rows, shared, number);
	}
}
