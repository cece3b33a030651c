/*
 * deliveries.h: how long a subscription runs, in deliveries.
 *
 * Fader and Hardie (2007): each contract ends after a delivery with a chance of its own, which is Beta(alpha, beta) over
 * the contracts.  S(t) is the share that makes delivery t + 1: t renewals survived.
 *	sBG	alpha, beta		S(t) = B(alpha, beta + t) / B(alpha, beta)
 *	BdW	alpha, beta, c	S(t) = B(alpha, beta + t^c) / B(alpha, beta)
 * The second (Fader, Hardie, Liu, Davin, Steenburgh 2018) lets the chance of the single contract rise (c > 1) or fall.
 */
#ifndef LTVM_DELIVERIES_H
#define LTVM_DELIVERIES_H

#include "model/fit.h"

#define LTVM_MAX_CONTRACT_PARAMETERS 3

typedef enum LtvmContractKind
{
	LTVM_SBG,
	LTVM_BDW
} LtvmContractKind;

typedef struct LtvmContractModel
{
	LtvmContractKind kind;
	double		p[LTVM_MAX_CONTRACT_PARAMETERS];
} LtvmContractModel;

/* Contracts by deliveries so far: element n - 1 of the arrays has those with n. */
typedef struct LtvmContracts
{
	int			count;			/* elements */
	const double *ended;
	const double *running;
} LtvmContracts;

/* Why there is no fit. */
typedef enum LtvmContractStatus
{
	LTVM_CONTRACTS_FITTED,
	LTVM_CONTRACTS_INTERRUPTED,
	LTVM_CONTRACTS_NONE_ENDED,
	LTVM_CONTRACTS_NONE_RENEWED,
	LTVM_CONTRACTS_TOO_SHORT
} LtvmContractStatus;

/* What the likelihood rises towards, where it has no maximum inside: bits. */
#define LTVM_CONTRACTS_SAME_CHANCE	1	/* alpha, beta to infinity, ratio kept: one chance for all */
#define LTVM_CONTRACTS_AT_ONCE		2	/* alpha, beta to 0: some end at once, the others never */
#define LTVM_CONTRACTS_SHAPE		4	/* c to 0 or beyond measure */

typedef struct LtvmContractFit
{
	LtvmContractModel model;
	int			count;			/* parameters */
	double		standard_errors[LTVM_MAX_CONTRACT_PARAMETERS];	/* NaN for what a limit leaves undetermined */
	double		covariance[LTVM_MAX_CONTRACT_PARAMETERS][LTVM_MAX_CONTRACT_PARAMETERS];	/* of the logarithms */
	double		contracts;
	double		log_likelihood;
	bool		converged;
	int			iterations;
	double		gradient_norm;	/* in ln(alpha/beta), ln(alpha beta)/2, ln c */
	int			limits;
} LtvmContractFit;

/* 'sbg', 'bdw' */
extern bool ltvm_contract_kind_from_name(const char *name, LtvmContractKind *kind);
extern const char *ltvm_contract_kind_name(LtvmContractKind kind);
extern int	ltvm_contract_parameter_count(LtvmContractKind kind);
extern bool ltvm_contract_parameters_fit(LtvmContractKind kind, const double *p);

/* ln S(t), t >= 0 */
extern double ltvm_ln_renewed(const LtvmContractModel *model, double t);

extern double ltvm_contracts_log_likelihood(const LtvmContractModel *model, const LtvmContracts *contracts);

extern LtvmContractStatus ltvm_fit_contracts(LtvmContractKind kind, const LtvmContracts *contracts,
											 const LtvmInterrupt *interrupt, LtvmContractFit *fit);
extern const char *ltvm_contracts_reason(LtvmContractStatus status);
extern const char *ltvm_contracts_note(const LtvmContractFit *fit);

/* Whether a contract that never is looked at any more is expected to make endlessly many deliveries. */
extern bool ltvm_deliveries_are_endless(const LtvmContractModel *model);

/*
 * Further deliveries of a contract that has made so many and runs, each worth 1 / (1 + discount) of the one before; horizon
 * INFINITY for all.  Infinite where they are endless and neither ends the sum.
 */
extern double ltvm_expected_deliveries(const LtvmContractModel *model, double deliveries, double horizon,
									   double discount);

#endif							/* LTVM_DELIVERIES_H */
