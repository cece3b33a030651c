/*
 * columns.h: several columns of the orders by which customers are told apart.
 */
#ifndef LTV_COLUMNS_H
#define LTV_COLUMNS_H

#include "base/compat.h"

#include "orders/relation.h"

extern void columns_read(FunctionCallInfo fcinfo, int arg, NamedColumns *names);
extern void columns_pack(Relation rel, const NamedColumns *names, OrdersRelation *relation);
extern struct varlena *columns_by(const struct varlena *packed);
extern struct varlena *columns_values(const struct varlena *packed, bool by);

#endif							/* LTV_COLUMNS_H */
