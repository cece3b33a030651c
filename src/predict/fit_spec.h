/*
 * fit_spec.h: what is asked of ltv_fit.
 */
#ifndef LTV_FIT_SPEC_H
#define LTV_FIT_SPEC_H

#include "base/compat.h"

#include "access/htup.h"

#include "predict/fitted.h"

/* the unit where none is asked for: weeks */
#define FIT_UNIT_DAYS	7

typedef enum SeasonSpec
{
	SEASON_NONE,
	SEASON_IF_POSSIBLE,			/* of the kind 'auto' where none is named */
	SEASON_ESTIMATED,
	SEASON_GIVEN
} SeasonSpec;

/* The fields of the composite ltv_fit_spec. */
typedef struct FitSpec
{
	LtvmKind	kind;
	int32		unit_days;
	int32		regularity;		/* 0: to be chosen, or a kind without one */
	SeasonSpec	season;
	double		factors[LTVM_MONTHS];	/* of a season that is given, scaled; else 0 */
	bool		scaled;			/* they did not come to a year */
	bool		lenient;		/* what cannot be fitted is a model that says so, no error */
} FitSpec;

/* The spec read last, with its bytes: a query has one for all its rows. */
#define FIT_SPEC_MEMO_SIZE 192

typedef struct FitSpecMemo
{
	Size		size;			/* 0 while there is none */
	char		bytes[FIT_SPEC_MEMO_SIZE];
	FitSpec		spec;
} FitSpecMemo;

/* What holds where nobody speaks of a season. */
static inline SeasonSpec
season_of_kind(LtvmKind kind)
{
	return kind == LTVM_AUTO ? SEASON_IF_POSSIBLE : SEASON_NONE;
}

extern const FitSpec *fit_spec_read(HeapTupleHeader row, FitSpecMemo *memo);

#endif							/* LTV_FIT_SPEC_H */
