/*
 * rfm_scores.h: scores of ltv_rfm by fixed borders, and the groups that scores
 * make.
 */
#ifndef LTV_RFM_SCORES_H
#define LTV_RFM_SCORES_H

#include "base/compat.h"

#include "funcapi.h"

/* the most scores of a kind; one more than borders */
#define SCORES_LIMIT 1000

/* In the order of the enum ltv_rfm_group. */
typedef enum RfmGroup
{
	RFM_CHAMPIONS,
	RFM_LOYAL,
	RFM_POTENTIAL_LOYAL,
	RFM_NEW,
	RFM_PROMISING,
	RFM_NEED_ATTENTION,
	RFM_ABOUT_TO_SLEEP,
	RFM_AT_RISK,
	RFM_CANNOT_LOSE,
	RFM_HIBERNATING,
	RFM_LOST
} RfmGroup;

#define RFM_GROUPS (RFM_LOST + 1)

/* Borders that rise: days, orders, or money at DECIMAL_MAX_SCALE places. */
typedef struct Bands
{
	int			count;			/* 0: there are none */
	int128	   *borders;
} Bands;

extern void bands_of_integers(Datum array, const char *name, int32 least, Bands *bands);
extern void bands_of_money(Datum array, const char *name, Bands *bands);
extern int	bands_reached(const Bands *bands, int128 value);
extern RfmGroup rfm_group_of(int r, int r_scores, int f, int f_scores);
extern void rfm_groups_read(Oid type, Oid *oids);

#endif							/* LTV_RFM_SCORES_H */
