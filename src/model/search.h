/*
 * search.h: the way to the maximum of a log-likelihood; not for use outside this directory.
 *
 * A search runs in coordinates in which every way a likelihood can degenerate is a single coordinate going to infinity.
 */
#ifndef LTVM_SEARCH_H
#define LTVM_SEARCH_H

#include "model/likelihood.h"

/* A log-likelihood with derivatives in the coordinates. */
typedef struct LtvmValue
{
	double		value;
	double		rounding;		/* about the error of value */
	double		g[LTVM_MAX_PARAMETERS];
	double		h[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];
} LtvmValue;

/* How a search ended. */
typedef enum LtvmOutcome
{
	LTVM_MAXIMUM,
	LTVM_FAR,				/* a coordinate left the neighbourhood of the data */
	LTVM_STUCK,
	LTVM_NO_BETTER,			/* came to a maximum that is known, or far below it */
	LTVM_INTERRUPTED
} LtvmOutcome;

/* A point that was reached, and how. */
typedef struct LtvmPoint
{
	double		theta[LTVM_MAX_PARAMETERS];
	LtvmValue		value;
	LtvmOutcome		outcome;
} LtvmPoint;

/* The highest maximum without an end that is known, where a search from another start need not go again. */
typedef struct LtvmKnown
{
	LtvmPoint	all;
	LtvmPoint	sample;			/* the same where there are many patterns: of the sample */
} LtvmKnown;

typedef struct LtvmProblem LtvmProblem;

/* What is to be maximized. */
struct LtvmProblem
{
	LtvmKind	kind;
	int			regularity;		/* of the model: 0 where it has none */
	bool		(*sum) (const LtvmProblem *problem, const LtvmModel *model, LtvmSum *sum);	/* false when interrupted */
	const int	(*limits)[2];	/* what the lower and the upper end of each coordinate mean */
	bool		nbd;			/* orders of customers who never leave */
	bool		leaves_in_time;
	bool		quick;			/* and many patterns: one start unless it ends in a limit */
	bool		height_only;	/* where the maximum lies does not matter, only how high it is */
	const LtvmPattern *patterns;
	const LtvmSpend *spends;
	int			n;
	const LtvmInterrupt *interrupt;
	LtvmKnown  *known;			/* or NULL */
	int			dim;
	double		to_log[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS];	/* ln parameters = to_log * coordinates */
	double		scale[LTVM_MAX_PARAMETERS];		/* where a coordinate is for ordinary data */
	double		reach[LTVM_MAX_PARAMETERS];		/* at this distance from scale it is on its way to infinity */
	double		end[LTVM_MAX_PARAMETERS];		/* distance from scale that stands for infinity */
	double		prior[LTVM_MAX_PARAMETERS];	/* where a coordinate is thought to be beforehand, */
	double		prior_sd[LTVM_MAX_PARAMETERS];	/* and how far from there; 0: nothing is thought */
	double		nbd_value;		/* log-likelihood where nobody leaves, once it is known */
	int			leave;			/* the coordinate whose lower end means that nobody leaves, else -1 */
	bool		fixed[LTVM_MAX_PARAMETERS];
	int			evaluations;
	bool		interrupted;
};

extern void ltvm_parameters_at(const LtvmProblem *problem, const double *theta, LtvmModel *model);

/*
 * Inverse of minus the Hessian over the free coordinates, with `ridge` times the diagonal added; zero elsewhere.  False
 * if that is not positive definite.
 */
extern bool ltvm_invert_information(const LtvmProblem *problem, const LtvmValue *value, double ridge,
									double inverse[LTVM_MAX_PARAMETERS][LTVM_MAX_PARAMETERS]);

/* From point->theta to a maximum, or wherever point->outcome says.  False without memory. */
extern bool ltvm_maximize(LtvmProblem *problem, LtvmPoint *point);

/*
 * A likelihood without a maximum inside: coordinate after coordinate that went far is set to its end, and the rest fitted
 * again; but not towards "nobody leaves", which is a model of its own.  False without memory.
 */
extern bool ltvm_pin_far_coordinates(LtvmProblem *problem, LtvmPoint *point);

#endif							/* LTVM_SEARCH_H */
