/*
 * report_levers.c: which of the six elements of a lifetime value to pull
 * first.
 */
#include "base/compat.h"

#include "utils/builtins.h"

#include "base/arithmetic.h"
#include "reports/elements.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_levers_row", TEXTOID, TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, INT4OID);

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

typedef struct LeversReport
{
	Elements	elements;
	Numeric		improvement;
} LeversReport;

static void
read_computing(void *report, FunctionCallInfo fcinfo)
{
	LeversReport *levers = report;

	levers->improvement = PG_GETARG_NUMERIC(ELEMENTS_ARGUMENTS);
	CheckShare(levers->improvement, "improvement");
	elements_read_given(&levers->elements, fcinfo);
}

static void
put_levers(void *arg)
{
	LeversReport *report = arg;
	Fraction	elements[LTV_ELEMENTS];
	Lever		levers[LTV_ELEMENTS];
	Row			row;

	elements_measure(&report->elements, elements);
	for (LtvElement i = 0; i < LTV_ELEMENTS; i++)
		levers[i] = pull(elements, i, report->improvement);
	rank_levers(levers);
	row_begin(&row, &report->elements.years.population.report, NO_SCALES);
	for (int i = 0; i < LTV_ELEMENTS; i++)
	{
		const Lever *lever = &levers[i];

		row_value(&row, CStringGetTextDatum(ltv_element_names[lever->element]));
		row_numeric(&row, fraction_value(elements[lever->element]));
		row_numeric(&row, fraction_value(lever->improved));
		row_numeric(&row, fraction_value(lever->ltv));
		row_numeric(&row, fraction_value(lever->gain));
		if (lever->rank > 0)
			row_value(&row, Int32GetDatum(lever->rank));
		else
			row_null(&row);
		row_put(&row);
	}
	row_end(&row);
}

const ReportKind ltv_levers_kind = {
	.name = "ltv_levers",
	.size = sizeof(LeversReport),
	.row_type = &row_type,
	.visitor = &ltv_years_visitor,
	.wants = WANT_COST | WANT_CONTACTS,
	.nullable = ELEMENTS_NULLABLE,
	.by_arg = ELEMENTS_ARGUMENTS + 1,
	.read = elements_read,
	.read_computing = read_computing,
	.check = elements_check,
	.put = put_levers,
};

PG_FUNCTION_INFO_V1(ltv_levers);

/* (orders, as_of, gross_margin, acquisition_cost, retention_cost, active_years, improvement, by) */
Datum
ltv_levers(PG_FUNCTION_ARGS)
{
	return report_run(&ltv_levers_kind, fcinfo);
}
