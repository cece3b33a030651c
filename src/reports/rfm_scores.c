/*
 * rfm_scores.c: scores of ltv_rfm by fixed borders, and the groups that scores
 * make.
 */
#include "reports/rfm_scores.h"

#include "catalog/pg_type.h"
#include "base/array.h"
#include "base/decimal.h"
#include "customer/customer.h"
#include "customer/money.h"

/* scores of the table of groups */
#define TABLE_SCORES 5

/* The elements of an array of borders, with room for what they are. */
static Datum *
read_borders(Datum argument, const char *name, Bands *bands)
{
	bool	   *nulls;
	Datum	   *elements = array_elements(DatumGetArrayTypeP(argument), name, &nulls, &bands->count);

	if (bands->count < 1 || bands->count > SCORES_LIMIT - 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must have 1 to %d borders, not %d", name, SCORES_LIMIT - 1, bands->count),
				 errhint("Four borders make the scores 1 to 5; leave %s out to score by shares of the customers.", name)));
	for (int i = 0; i < bands->count; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s must not contain a null", name),
					 errhint("Leave %s out to score by shares of the customers.", name)));
	bands->borders = palloc(bands->count * sizeof(int128));
	return elements;
}

static void
CheckRises(const Bands *bands, const char *name)
{
	for (int i = 1; i < bands->count; i++)
		if (bands->borders[i] <= bands->borders[i - 1])
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must rise, but border %d is not above border %d", name, i + 1, i),
					 errhint("Write borders from the lowest to the highest.")));
}

/* Borders of days or orders, the first of which is so much at least. */
void
bands_of_integers(Datum array, const char *name, int32 least, Bands *bands)
{
	Datum	   *elements = read_borders(array, name, bands);

	for (int i = 0; i < bands->count; i++)
		bands->borders[i] = DatumGetInt32(elements[i]);
	if (bands->borders[0] < least)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be %d or more each, not %d", name, least, (int) bands->borders[0]),
				 errhint("Borders are days since the last order, or orders, from the lowest to the highest.")));
	CheckRises(bands, name);
}

void
bands_of_money(Datum array, const char *name, Bands *bands)
{
	Datum	   *elements = read_borders(array, name, bands);

	for (int i = 0; i < bands->count; i++)
	{
		int64		value;
		int			scale;
		DecimalStatus status = decimal_read(PG_DETOAST_DATUM_PACKED(elements[i]), &value, &scale);

		if (status != DECIMAL_OK)
			decimal_report(status, name, elements[i]);
		bands->borders[i] = money_of(value, scale);
	}
	CheckRises(bands, name);
}

/* How many borders a value reaches. */
int
bands_reached(const Bands *bands, int128 value)
{
	int			low = 0;
	int			high = bands->count;

	while (low < high)
	{
		int			middle = (low + high) / 2;

		if (value >= bands->borders[middle])
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* A score among so many, as one of the five of the table, from 0 on. */
static inline int
table_score(int score, int scores)
{
	return (TABLE_SCORES * score + scores - 1) / scores - 1;
}

RfmGroup
rfm_group_of(int r, int r_scores, int f, int f_scores)
{
	/* recency 1 to 5, in each frequency 1 to 5 */
	static const RfmGroup table[TABLE_SCORES][TABLE_SCORES] = {
		{RFM_LOST, RFM_LOST, RFM_AT_RISK, RFM_AT_RISK, RFM_CANNOT_LOSE},
		{RFM_HIBERNATING, RFM_HIBERNATING, RFM_AT_RISK, RFM_AT_RISK, RFM_CANNOT_LOSE},
		{RFM_ABOUT_TO_SLEEP, RFM_ABOUT_TO_SLEEP, RFM_NEED_ATTENTION, RFM_LOYAL, RFM_LOYAL},
		{RFM_PROMISING, RFM_POTENTIAL_LOYAL, RFM_POTENTIAL_LOYAL, RFM_LOYAL, RFM_CHAMPIONS},
		{RFM_NEW, RFM_PROMISING, RFM_POTENTIAL_LOYAL, RFM_CHAMPIONS, RFM_CHAMPIONS},
	};

	return table[table_score(r, r_scores)][table_score(f, f_scores)];
}

void
rfm_groups_read(Oid type, Oid *oids)
{
	static const char *const names[RFM_GROUPS] = {
		"champions", "loyal", "potential_loyal", "new", "promising", "need_attention",
		"about_to_sleep", "at_risk", "cannot_lose", "hibernating", "lost"
	};

	enum_labels_read(type, names, RFM_GROUPS, oids);
}
