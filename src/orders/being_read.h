/*
 * being_read.h: a relation while a query over it runs: what errors say about
 * it, and that no view is read for ever.
 */
#ifndef LTV_BEING_READ_H
#define LTV_BEING_READ_H

#include "base/compat.h"

typedef struct BeingRead
{
	ErrorContextCallback callback;
	Oid			relid;
	const char *name;
	bool		orders;			/* an orders relation; or one besides */
	const char *query;			/* ours, which nobody else shows; or NULL */
	Oid			reader;			/* the role with whose rights it is read */
} BeingRead;

extern void being_read_begin(BeingRead *being);
extern void being_read_end(const BeingRead *being);

#endif							/* LTV_BEING_READ_H */
