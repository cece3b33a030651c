/*
 * fit_state.h: the state of the aggregates ltv_fit.
 */
#ifndef LTV_FIT_STATE_H
#define LTV_FIT_STATE_H

#include "base/compat.h"

#include "utils/expandeddatum.h"

#include "predict/fitted.h"

/* One pattern, laid out as an LtvmPattern; weight 0 marks an empty slot. */
typedef struct Slot
{
	double		frequency;
	double		recency;		/* or the mean amount */
	double		t;				/* or 0 */
	double		weight;			/* customers */
} Slot;

/* What is to be fitted, and how. */
typedef struct FitHead
{
	uint8		kind;			/* LtvmKind */
	uint8		regularity;		/* 0: to be chosen, or a kind without one */
	uint8		flags;			/* FIT_... */
	int32		unit_days;		/* 0 where the unit is not known */
	double		season[LTVM_MONTHS];	/* that is given, or 0 */
} FitHead;

#define FIT_LENIENT		1		/* what cannot be fitted is a model that says so */
#define FIT_NO_GAPS		2		/* the gaps are not known */
#define FIT_DAYS		4		/* a season is given or looked for: order days in place of patterns */
#define FIT_ONE_DAY		8		/* all customers must be as of one day */
#define FIT_GIVEN		16		/* the season */
#define FIT_SCALED		32		/* and it did not come to a year */
#define FIT_FLAGS		63

typedef struct FitState
{
	ExpandedObjectHeader header;
	FitHead		head;
	int64		left_out;		/* customers whose mean amount is not above 0 */
	uint64		gaps[4];		/* of the order days: GapSums, their low words first */
	uint32		used;			/* slots in use */
	uint32		slot_count;		/* a power of two */
	Slot	   *slots;
	DateADT		as_of;			/* of the first customer */
	bool		several_days;	/* others are as of another day, or of one that is not known */
	uint64	   *months;			/* with patterns of histories, all as of one day: see order_days.h */
	char	   *days;			/* see order_days.h */
	Size		days_size;
	Size		days_room;
	char	   *packed;			/* while it is being flattened, or NULL */
	Size		packed_size;
} FitState;

pg_noreturn extern void report_fit_state(void);
extern FitState *fit_state_to_change(FunctionCallInfo fcinfo, const FitHead *head);
extern FitState *fit_state_to_read(Datum value);
extern Datum fit_state_result(FunctionCallInfo fcinfo, FitState *state);
extern void fit_state_add(FitState *state, double frequency, double recency, double t, double weight);
extern void fit_state_add_days(FitState *state, const History *history, DateADT as_of);
extern void fit_state_add_months(FitState *state, const History *history, DateADT as_of);
extern void fit_state_add_state(FitState *state, const FitState *more);
extern void fit_state_add_gaps(FitState *state, const GapSums *more);
extern GapSums fit_state_gaps(const FitState *state);
extern Slot *fit_state_patterns(const FitState *state, int *n);

#endif							/* LTV_FIT_STATE_H */
