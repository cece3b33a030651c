/*
 * items.h: items of orders as small numbers.
 */
#ifndef LTV_ITEMS_H
#define LTV_ITEMS_H

#include "base/compat.h"

#include "base/recordset.h"
#include "reports/report_table.h"

#define ITEM_UNKNOWN PG_UINT32_MAX

/* Items met so far; number 0 is the missing one. */
typedef struct Items
{
	MemoryContext context;
	RecordSet  *by_hash;
	uint32		count;
	uint32		room;
	struct ItemName *names;
} Items;

extern Items *items_create(void);
extern uint32 items_find(Items *items, struct varlena *item);
extern uint32 items_number(Items *items, struct varlena *item);
extern struct varlena *items_text(const Items *items, uint32 item);
extern char *items_name(const Items *items, uint32 item);
extern void items_send(const Items *items, Stream *stream);
extern uint32 *items_receive(Items *items, Stream *stream);
extern int	items_compare(const Items *items, uint32 a, uint32 b);
extern void row_item(Row *row, const Items *items, uint32 item);

#endif							/* LTV_ITEMS_H */
