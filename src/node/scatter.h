/*
 * scatter.h: the plan node LtvScatter, by which several processes read.
 */
#ifndef LTV_SCATTER_H
#define LTV_SCATTER_H

#include "base/compat.h"

#include "nodes/execnodes.h"
#include "nodes/extensible.h"
#include "storage/dsm.h"
#include "tcop/dest.h"

/*
 * What becomes of the rows.  The leader's receiver belongs to whoever runs the
 * plan; a worker opens one of its own at its first row.  That is shut down
 * after the last one, and hands over what it has.
 */
typedef struct ScatterKind
{
	const char *name;			/* by which a worker finds it */
	Size		shared_size;	/* of what the processes share */
	void		(*share) (DestReceiver *receiver, void *shared, dsm_segment *segment);	/* before workers start */
	void		(*share_again) (DestReceiver *receiver, void *shared);	/* all is read again; NULL where it never is */
	DestReceiver *(*open) (void *shared, TupleDesc desc);	/* in a worker */
	uint64		(*disk) (const DestReceiver *receiver);	/* bytes of temporary files that it has written; of a worker, when it is shut down */
} ScatterKind;

extern void scatter_init(void);
extern void scatter_add_kind(const ScatterKind *kind);
extern CustomPath *scatter_make_path(RelOptInfo *rel, Path *input, const ScatterKind *kind);
extern bool scatter_is_planned(const Plan *plan);
extern double scatter_expected_rows(const Plan *plan);
extern bool scatter_attach(PlanState *gather, DestReceiver *receiver);

#endif							/* LTV_SCATTER_H */
