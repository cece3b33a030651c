/*
 * fitted.h: the composite ltv_model on the server's side of the models.
 * (The mathematics is in src/model/, which knows nothing of the server.)
 */
#ifndef LTV_FITTED_H
#define LTV_FITTED_H

#include "base/compat.h"

#include "access/htup.h"
#include "lib/stringinfo.h"

#include "model/fit.h"
#include "model/model.h"
#include "model/season.h"

#include "customer/customer.h"
#include "predict/gaps.h"

extern const CompositeType model_type;

/* the columns of the composite ltv_model */
typedef enum ModelField
{
	MODEL_KIND,
	MODEL_PARAMETERS,
	MODEL_STANDARD_ERRORS,
	MODEL_UNIT_DAYS,
	MODEL_COVARIANCE,
	MODEL_CUSTOMERS,
	MODEL_LOG_LIKELIHOOD,
	MODEL_CONVERGED,
	MODEL_ITERATIONS,
	MODEL_GRADIENT_NORM,
	MODEL_NOTE,
	MODEL_DETAILS,
	MODEL_REGULARITY,
	MODEL_SEASON,
	MODEL_FIELDS
} ModelField;

/* The fields of an ltv_model that predictions need. */
typedef struct FittedModel
{
	LtvmModel	model;
	LtvmClock	clock;			/* of its season, or the calendar */
	bool		fitted;			/* false: there are no parameters, as the data had none to give */
	int			count;			/* parameters */
	int32		unit_days;		/* 0 where the unit is not known */
	bool		at_limit;		/* note says that the parameters are at a limit */
	bool		has_covariance;
	double		covariance[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];	/* of the logarithms */
	bool		has_cautious;	/* details have the second model of a fit at a limit, see LtvmFit */
	double		cautious[LTVM_MAX_PARAMETERS];
	double		cautious_covariance[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];
	LtvmShocks	shocks;			/* from the details */
} FittedModel;

/* The model read last, with its bytes: a query has one for all its rows. */
#define MODEL_MEMO_SIZE 2048

typedef struct ModelMemo
{
	Size		size;			/* 0 while there is none */
	char		bytes[MODEL_MEMO_SIZE];
	FittedModel fitted;
} ModelMemo;

extern const FittedModel *model_read(HeapTupleHeader row, ModelMemo *memo);
extern LtvmKind kind_argument(Datum name);
extern LtvmKind kind_or_auto_argument(Datum name);
extern void CheckModelKind(const LtvmModel *model, bool spend, const char *what);
extern void CheckModelUnit(const FittedModel *fitted);
extern void CheckHorizon(double horizon, const char *name);
extern LtvmPast past_of(const LtvmClock *clock, const ModelInput *input, DateADT as_of, double unit_days);

/* The day by which the next order has come with the probability, or false. */
extern bool next_order_day(const LtvmModel *model, const LtvmClock *clock, const LtvmPast *past, DateADT as_of, double unit_days,
						   double probability, DateADT *day);

/* The state of an aggregate after a row that says nothing. */
static inline Datum
unchanged_state(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/* model_details.c */
extern Datum model_details(const LtvmFit *fit);
extern void model_read_details(Datum details, FittedModel *fitted);

/* fit_aggregate.c */
extern void report_fit_status(LtvmKind asked, LtvmFitStatus status);
extern LtvmFitStatus try_fit_orders(LtvmKind kind, int regularity, const LtvmGaps *gaps, const LtvmPattern *patterns, int n, LtvmFit *fit);
extern void add_note(StringInfo notes, const char *note);
extern LtvmFitStatus try_fit_season(LtvmKind kind, int regularity, const LtvmGaps *gaps, const char *days, Size size,
									const LtvmCalendar *calendar, LtvmFit *fit);
extern char *fit_note(const LtvmFit *fit);
extern char *not_fitted_note(LtvmFitStatus status);
extern void find_shocks(DateADT as_of, int unit_days, const LtvmPattern *patterns, int n, const uint64 *months, LtvmFit *fit);
extern LtvmFitStatus try_fit_spend(const LtvmSpend *spends, int n, LtvmFit *fit);

#endif							/* LTV_FITTED_H */
