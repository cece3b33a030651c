/*
 * report_levers.c: which of the six elements of a lifetime value to pull
 * first.
 */
#include "compat.h"

#include "utils/builtins.h"

#include "arithmetic.h"
#include "elements.h"

/* The columns of ltv_levers, in order. */
enum
{
	LEVERS_ELEMENT,
	LEVERS_BASE,
	LEVERS_IMPROVED,
	LEVERS_LTV,
	LEVERS_GAIN,
	LEVERS_RANK,
	LEVERS_COLUMNS
};

typedef struct Lever
{
	LtvElement	element;
	int			rank;			/* 0 without a gain */
	Fraction	improved;		/* the element */
	Fraction	ltv;			/* with only this element improved */
	Fraction	gain;			/* under the same denominator for all levers */
} Lever;

/*
 * An element made better by a share of its size: costs fall, all else grows.
 * A margin stops at 1.
 */
static Fraction
improve(LtvElement element, Fraction base, Numeric improvement)
{
	Numeric		zero = int64_to_numeric(0);
	Fraction	better = base;
	Numeric		change;

	if (base.over == NULL)
		return base;
	change = multiply(base.over, improvement);
	if (sign_of(change) < 0)
		change = subtract(zero, change);
	if (element == LTV_ACQUISITION_COST || element == LTV_RETENTION_COST)
		better.over = subtract(base.over, change);
	else
		better.over = add(base.over, change);
	if (element == LTV_GROSS_MARGIN)
	{
		Numeric		all = base.under == NULL ? int64_to_numeric(1) : base.under;
		Numeric		most = compare(base.over, all) > 0 ? base.over : all;

		if (compare(better.over, most) > 0)
			better.over = most;
	}
	return better;
}

static Lever
pull(const Fraction *elements, LtvElement element, Numeric improvement)
{
	Lever		lever = {.element = element};
	Fraction	base = lifetime_fraction(elements);
	Fraction	changed[LTV_ELEMENTS];

	lever.improved = improve(element, elements[element], improvement);
	if (lever.improved.over == NULL || base.over == NULL)
		return lever;
	memcpy(changed, elements, sizeof(changed));
	changed[element] = lever.improved;
	lever.ltv = lifetime_fraction(changed);

	/* no denominator has changed */
	lever.gain = (Fraction) {subtract(lever.ltv.over, base.over), base.under};
	return lever;
}

/* Is the gain of a larger than that of b?  Levers without one come last. */
static bool
gains_more(const Lever *a, const Lever *b)
{
	if (a->gain.over == NULL || b->gain.over == NULL)
		return a->gain.over != NULL && b->gain.over == NULL;
	return compare(a->gain.over, b->gain.over) > 0;
}

/* Largest gain first, equal ones in the order of the elements; equal gains rank alike. */
static void
rank_levers(Lever *levers)
{
	for (int i = 1; i < LTV_ELEMENTS; i++)
	{
		Lever		moved = levers[i];
		int			j = i;

		for (; j > 0 && gains_more(&moved, &levers[j - 1]); j--)
			levers[j] = levers[j - 1];
		levers[j] = moved;
	}
	for (int i = 0; i < LTV_ELEMENTS && levers[i].gain.over != NULL; i++)
		levers[i].rank = i > 0 && !gains_more(&levers[i - 1], &levers[i]) ? levers[i - 1].rank : i + 1;
}

PG_FUNCTION_INFO_V1(ltv_levers);

/* (orders, as_of, gross_margin, acquisition_cost, retention_cost, active_years, improvement) */
Datum
ltv_levers(PG_FUNCTION_ARGS)
{
	Fraction	elements[LTV_ELEMENTS];
	ShopYears	years;
	Lever		levers[LTV_ELEMENTS];
	Numeric		improvement;

	elements_begin(&years, fcinfo, elements);
	improvement = PG_GETARG_NUMERIC(ELEMENTS_ARGUMENTS);
	CheckShare(improvement, "improvement");
	elements_measure(&years, elements);

	for (LtvElement i = 0; i < LTV_ELEMENTS; i++)
		levers[i] = pull(elements, i, improvement);
	rank_levers(levers);
	for (int i = 0; i < LTV_ELEMENTS; i++)
	{
		const Lever *lever = &levers[i];
		Datum		values[LEVERS_COLUMNS];
		bool		nulls[LEVERS_COLUMNS] = {0};

		values[LEVERS_ELEMENT] = CStringGetTextDatum(ltv_element_names[lever->element]);
		set_numeric(values, nulls, LEVERS_BASE, fraction_value(elements[lever->element]));
		set_numeric(values, nulls, LEVERS_IMPROVED, fraction_value(lever->improved));
		set_numeric(values, nulls, LEVERS_LTV, fraction_value(lever->ltv));
		set_numeric(values, nulls, LEVERS_GAIN, fraction_value(lever->gain));
		values[LEVERS_RANK] = Int32GetDatum(lever->rank);
		nulls[LEVERS_RANK] = lever->rank == 0;
		report_row(&years.population.report, values, nulls);
	}
	return report_end(&years.population.report);
}
