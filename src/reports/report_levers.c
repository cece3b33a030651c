/*
 * report_levers.c: which of the six elements of a lifetime value to pull
 * first.
 */
#include "base/compat.h"

#include "utils/builtins.h"

#include "base/arithmetic.h"
#include "reports/rivals.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_levers_row",
	TEXTOID, TEXTOID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID, INT4OID, TEXTOID, INT8OID, NUMERICOID, NUMERICOID, NUMERICOID);

/* The arguments, by position; a state's rows have those up to the improvement. */
enum
{
	LEVERS_ARG_IMPROVEMENT = ELEMENTS_ARGUMENTS,
	LEVERS_ARG_AGAINST,
	LEVERS_ARG_MIN_CUSTOMERS,
	LEVERS_ARG_BY
};

typedef struct Lever
{
	LtvElement	element;
	int			rank;			/* 0 without a gain */
	Fraction	improved;		/* the element */
	Fraction	ltv;			/* with only this element improved */
	Fraction	gain;			/* under the same denominator for all levers */
	Best		best;			/* of the segments compared */
	Numeric		gain_at_best;	/* NULL without one */
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

/* What the lifetime value would be with what the best segment is sure of, less what it is. */
static Numeric
gain_at(const Fraction *elements, const Lever *lever)
{
	Fraction	base = lifetime_fraction(elements);
	Fraction	changed[LTV_ELEMENTS];

	if (lever->best.low == NULL || base.over == NULL)
		return NULL;
	memcpy(changed, elements, sizeof(changed));
	changed[lever->element] = (Fraction) {lever->best.low, NULL};
	return subtract(fraction_value(lifetime_fraction(changed)), fraction_value(base));
}

typedef struct LeversReport
{
	ShopYears	years;
	Rivals		rivals;			/* only against */
	GivenElements given;
	Numeric		improvement;
	bool		against;
	int32		min_customers;
} LeversReport;

static void
find_best(const LeversReport *report, const Fraction *elements, Lever *lever)
{
	/* what is given is so for every segment */
	if (report->given[lever->element].over != NULL)
		return;
	lever->best = rivals_best(&report->rivals, lever->element, report->min_customers, report->years.population.scales);
	lever->gain_at_best = gain_at(elements, lever);
}

/* Is the gain of a larger than that of b?  Levers without one come last. */
static bool
gains_more(const LeversReport *report, const Lever *a, const Lever *b)
{
	Numeric		gain = report->against ? a->gain_at_best : a->gain.over;
	Numeric		other = report->against ? b->gain_at_best : b->gain.over;

	if (gain == NULL || other == NULL)
		return gain != NULL && other == NULL;
	return compare(gain, other) > 0;
}

/* Largest gain first, equal ones in the order of the elements; equal gains rank alike. */
static void
rank_levers(const LeversReport *report, Lever *levers)
{
	const Lever none = {.rank = 0};

	for (int i = 1; i < LTV_ELEMENTS; i++)
	{
		Lever		moved = levers[i];
		int			j = i;

		for (; j > 0 && gains_more(report, &moved, &levers[j - 1]); j--)
			levers[j] = levers[j - 1];
		levers[j] = moved;
	}
	for (int i = 0; i < LTV_ELEMENTS && gains_more(report, &levers[i], &none); i++)
		levers[i].rank = i > 0 && !gains_more(report, &levers[i - 1], &levers[i]) ? levers[i - 1].rank : i + 1;
}

static void
read_computing(void *arg, FunctionCallInfo fcinfo)
{
	LeversReport *report = arg;

	report->improvement = PG_GETARG_NUMERIC(LEVERS_ARG_IMPROVEMENT);
	CheckShare(report->improvement, "improvement");
	elements_read_given(report->given, fcinfo);
}

static void
put_best(const LeversReport *report, const Lever *lever, Row *row)
{
	const Best *best = &lever->best;

	if (best->value == 0)
	{
		for (int i = 0; i < 5; i++)
			row_null(row);
		return;
	}
	row_item(row, report->rivals.values, best->value);
	row_count(row, best->customers);
	row_numeric(row, fraction_value(best->element));
	row_numeric(row, best->low);
	row_numeric(row, lever->gain_at_best);
}

static void
put_lever(const LeversReport *report, const Lever *lever, Fraction base, Row *row)
{
	row_value(row, CStringGetTextDatum(ltv_element_names[lever->element]));
	row_numeric(row, fraction_value(base));
	row_numeric(row, fraction_value(lever->improved));
	row_numeric(row, fraction_value(lever->ltv));
	row_numeric(row, fraction_value(lever->gain));
	if (lever->rank > 0)
		row_value(row, Int32GetDatum(lever->rank));
	else
		row_null(row);
	put_best(report, lever, row);
	row_put(row);
}

static void
put_levers(void *arg)
{
	LeversReport *report = arg;
	Fraction	elements[LTV_ELEMENTS];
	Lever		levers[LTV_ELEMENTS];
	Row			row;

	elements_measure(&report->years, report->given, elements);
	for (LtvElement i = 0; i < LTV_ELEMENTS; i++)
	{
		levers[i] = pull(elements, i, report->improvement);
		if (report->against)
			find_best(report, elements, &levers[i]);
	}
	rank_levers(report, levers);
	row_begin(&row, &report->years.population.report, NO_SCALES);
	for (int i = 0; i < LTV_ELEMENTS; i++)
		put_lever(report, &levers[i], elements[levers[i].element], &row);
	row_end(&row);
}

const ReportKind ltv_levers_kind = {
	ELEMENTS_KIND("ltv_levers", LeversReport, read_computing, put_levers, LEVERS_ARG_BY),
	.visitor = &ltv_years_visitor,
	.against_arg = LEVERS_ARG_AGAINST,
};

/*
 * Against the shop's own segments
 */

static void
begin_rivals(void *arg)
{
	LeversReport *report = arg;

	ltv_years_visitor.begin(&report->years);
	rivals_create(&report->rivals);
}

/* The value is read as the segment, or, where by names that, as the item. */
static void
visit_rival(const Customer *customer, void *arg)
{
	LeversReport *report = arg;
	Buyer		buyer;
	TwoYears	one;

	if (!years_visit(&report->years, customer, &buyer, &one))
		return;
	two_years_add(&report->years.all, &one);
	rivals_add(&report->rivals, customer->items != NULL ? customer->items[buyer.first] : customer->segment.text, &one);
}

static void
send_rivals(void *arg, Stream *stream)
{
	LeversReport *report = arg;

	ltv_years_visitor.send(&report->years, stream);
	rivals_send(&report->rivals, stream);
}

static void
receive_rivals(void *arg, Stream *stream)
{
	LeversReport *report = arg;

	ltv_years_visitor.receive(&report->years, stream);
	rivals_receive(&report->rivals, stream);
}

PARALLEL_VISITOR(ltv_rivals_visitor, offsetof(LeversReport, given),
				 begin_rivals, visit_rival, NULL, send_rivals, receive_rivals);

static void
read_against(void *arg, FunctionCallInfo fcinfo)
{
	LeversReport *report = arg;

	report->against = true;
	report->min_customers = PG_GETARG_INT32(LEVERS_ARG_MIN_CUSTOMERS);
	if (report->min_customers < 2)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_customers must be 2 or more, not %d", report->min_customers),
				 errhint("Of few segments with few customers the best is best by chance.")));
	read_computing(arg, fcinfo);
}

static const ReportKind against_kind = {
	ELEMENTS_KIND("ltv_levers", LeversReport, read_against, put_levers, LEVERS_ARG_BY),
	.visitor = &ltv_rivals_visitor,
	.against_arg = LEVERS_ARG_AGAINST,
};

PG_FUNCTION_INFO_V1(ltv_levers);

/* (orders, as_of, gross_margin, acquisition_cost, retention_cost, active_years, improvement, against, min_customers, by) */
Datum
ltv_levers(PG_FUNCTION_ARGS)
{
	return report_run(PG_ARGISNULL(LEVERS_ARG_AGAINST) ? &ltv_levers_kind : &against_kind, fcinfo);
}
