/*
 * customer.c: the figures of one customer, computed in one walk over the
 * purchases.  Accessors, ltv_summarize and every report share these.
 */
#include "customer/customer.h"

#include "catalog/pg_enum.h"
#include "utils/datetime.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

/* a month of the trade is 30 days */
#define MONTH_DAYS 30

/* of the annual window */
#define YEAR_MONTHS 12

/*
 * The first day of the months that end with as_of: as_of - interval 'n months'
 * + 1 day, where the day of a shorter month is its last.
 */
DateADT
window_start(DateADT as_of, int32 months)
{
	int			year;
	int			month;
	int			day;
	int64		count;			/* of months since the year 0 */

	j2date(as_of + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	count = (int64) year * 12 + month - 1 - months;
	year = (int) (count / 12 - (count % 12 < 0));
	month = (int) (count - (int64) year * 12) + 1;
	if (day > day_tab[isleap(year)][month - 1])
		day = day_tab[isleap(year)][month - 1];
	if (!IS_VALID_JULIAN(year, month, day))
		return DATEVAL_NOBEGIN;
	return date2j(year, month, day) - POSTGRES_EPOCH_JDATE + 1;
}

/* The day, and the year that ends with it. */
Moment
moment_of(DateADT as_of)
{
	if (DATE_NOT_FINITE(as_of))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("as_of must be a day, not %s", DATE_IS_NOBEGIN(as_of) ? "-infinity" : "infinity")));
	return (Moment) {as_of, window_start(as_of, YEAR_MONTHS)};
}

void
totals_clear(Totals *totals)
{
	memset(totals, 0, sizeof(Totals));
	totals->cost_known = true;
}

void
totals_add(Totals *totals, const Purchase *purchase)
{
	if (is_order(purchase))
		totals->orders++;
	else
		totals->refunded += purchase->amount;
	totals->revenue += purchase->amount;
	totals->quantity += purchase->quantity;
	totals->cost += purchase->cost;
	totals->cost_known &= purchase->cost_known;
}

/* The days of the first and the last order among the first purchases. */
bool
order_days(const History *history, int count, DateADT *first, DateADT *last)
{
	int			i = 0;
	int			j = count - 1;

	while (i < count && !is_order(&history->purchases[i]))
		i++;
	if (i == count)
		return false;
	while (!is_order(&history->purchases[j]))
		j--;
	*first = history->purchases[i].day;
	*last = history->purchases[j].day;
	return true;
}

static bool
reaches_benchmark(const Totals *totals, Scales scales, const Policy *policy)
{
	return totals->orders >= policy->benchmark_annual_orders &&
		totals->revenue * decimal_power[DECIMAL_MAX_SCALE - scales.amount] >=
		policy->benchmark_annual_revenue;
}

/* The same over the first purchases, in a window that is not the annual one. */
static bool
reaches_benchmark_within(const History *history, int count, DateADT as_of, const Policy *policy)
{
	DateADT		start = window_start(as_of, policy->benchmark_months);
	Totals		totals;

	totals_clear(&totals);
	for (int i = count - 1; i >= 0 && history->purchases[i].day >= start; i--)
		totals_add(&totals, &history->purchases[i]);
	return reaches_benchmark(&totals, history->scales, policy);
}

static Stage
stage_of(const Figures *figures, const Policy *policy)
{
	if (figures->since_last > policy->churned_days)
		return STAGE_CHURNED;
	if (figures->since_last > policy->dormant_days)
		return STAGE_DORMANT;
	if (figures->meets_benchmark)
		return STAGE_LOYAL;
	return figures->total.orders >= 2 ? STAGE_REPEAT : STAGE_NEW;
}

/* What contacts from the first order on say; most customers have none. */
static void
contact_figures(const Contacts *contacts, Moment moment, Figures *figures)
{
	int			until;

	figures->contact_scale = contacts->scale;
	figures->contacts = 0;
	figures->retention_cost = figures->annual_retention_cost = 0;
	if (contacts->count == 0 || figures->total.orders == 0)
		return;
	until = contacts_until(contacts, moment.as_of);
	figures->contacts = until - contacts_until(contacts, figures->first - 1);
	if (figures->contacts == 0)
		return;
	figures->last_contact = contacts->list[until - 1].day;
	figures->retention_cost = contacts_cost(contacts, figures->first, moment.as_of);
	figures->annual_retention_cost = contacts_cost(contacts, Max(figures->first, moment.year_start), moment.as_of);
}

/* All figures of a customer; purchases and contacts after the moment do not exist. */
void
figures_of(const History *history, Moment moment, const Policy *policy, Figures *figures)
{
	int			count = history_count_until(history, moment.as_of);

	figures->purchases = count;
	totals_clear(&figures->total);
	totals_clear(&figures->annual);
	for (int i = 0; i < count; i++)
	{
		const Purchase *purchase = &history->purchases[i];

		totals_add(&figures->total, purchase);
		if (purchase->day >= moment.year_start)
			totals_add(&figures->annual, purchase);
	}
	figures->meets_benchmark = policy->benchmark_months == YEAR_MONTHS ?
		reaches_benchmark(&figures->annual, history->scales, policy) :
		reaches_benchmark_within(history, count, moment.as_of, policy);
	figures->first = figures->last = moment.as_of;
	order_days(history, count, &figures->first, &figures->last);
	figures->since_last = moment.as_of - figures->last;
	figures->stage = stage_of(figures, policy);
	contact_figures(&history->contacts, moment, figures);
}

void
CheckUnitDays(int32 unit_days)
{
	if (unit_days < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unit_days must be 1 or more, not %d", unit_days),
				 errhint("7 counts in weeks, 1 in days.")));
}

/* What the models take of the purchases up to a day. */
ModelInput
model_input_of(const History *history, DateADT as_of)
{
	ModelInput	input = {0, 0, 0, 0, history->scales.amount};
	int			count = history_count_until(history, as_of);

	for (int i = 0; i < count; i++)
	{
		const Purchase *purchase = &history->purchases[i];

		if (!is_order(purchase))
			continue;
		if (input.days == 0)
			input.first = purchase->day;
		if (input.days == 0 || purchase->day != input.last)
			input.days++;
		input.last = purchase->day;
		if (input.last != input.first)
			input.repeat_revenue += purchase->amount;
	}
	return input;
}

/* The mean amount of the repeat days, 0 without any. */
double
mean_repeat_amount(const ModelInput *input)
{
	if (input->days < 2)
		return 0.0;
	return (double) input->repeat_revenue / (double) decimal_power[input->scale] / (double) (input->days - 1);
}

/* Revenue less cost, of which none is unknown, at the finer of the two scales. */
Numeric
gross_profit_of(DecimalRoom *room, const Totals *totals, Scales scales)
{
	int			scale = Max(scales.amount, scales.cost);

	Assert(totals->cost_known);
	return decimal_make_in(room, totals->revenue * decimal_power[scale - scales.amount] -
						   totals->cost * decimal_power[scale - scales.cost], scale);
}

Numeric
active_months_of(DateADT first, DateADT last)
{
	return decimal_divide((int128) last - first, 0, MONTH_DAYS);
}

/*
 * What is kept from one customer to the next.  A shop's customers share a few
 * thousand day spans, so their months are divided out once per report.
 */
#define MONTHS_CACHED 4096

struct ColumnsCache
{
	MemoryContext context;
	Numeric		months[MONTHS_CACHED];
	DecimalRoom rooms[CUSTOMER_COLUMNS];
};

ColumnsCache *
columns_cache_create(void)
{
	ColumnsCache *cache = palloc0(sizeof(ColumnsCache));

	cache->context = CurrentMemoryContext;
	return cache;
}

static Numeric
cached_months(ColumnsCache *cache, DateADT first, DateADT last)
{
	int64		span = (int64) last - first;

	if (span >= MONTHS_CACHED)
		return active_months_of(first, last);
	if (cache->months[span] == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(cache->context);

		cache->months[span] = active_months_of(first, last);
		MemoryContextSwitchTo(old);
	}
	return cache->months[span];
}

/* The oids of the labels of an enum of the extension; none where a row type lacks the column. */
void
enum_labels_read(Oid type, const char *const *names, int count, Oid *oids)
{
	memset(oids, 0, count * sizeof(Oid));
	for (int i = 0; i < count && OidIsValid(type); i++)
	{
		oids[i] = GetSysCacheOid2(ENUMTYPOIDNAME, Anum_pg_enum_oid,
								  ObjectIdGetDatum(type), CStringGetDatum(names[i]));
		if (!OidIsValid(oids[i]))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("type %s has no label \"%s\"", format_type_be(type), names[i]),
					 errhint("The labels belong to the extension; restore them by creating it anew.")));
	}
}

void
stage_labels_read(Oid type, Oid *oids)
{
	static const char *const names[STAGE_COUNT] = {"new", "repeat", "loyal", "dormant", "churned"};

	enum_labels_read(type, names, STAGE_COUNT, oids);
}

const CompositeType customer_type = COMPOSITE_TYPE("ltv_customer", CUSTOMER_TYPES);

/* The columns of ltv_customer; they are there until the next customer's. */
void
customer_columns(const Figures *figures, Scales scales, const Oid *stage_labels,
				 ColumnsCache *cache, Datum *values, bool *nulls)
{
	const Totals *total = &figures->total;
	const Totals *annual = &figures->annual;
	bool		none = total->orders == 0;
	int64		span = (int64) figures->last - figures->first;
	int			i = 0;

	memset(nulls, 0, CUSTOMER_COLUMNS * sizeof(bool));
#define COLUMN(datum)				(values[i] = (datum), i++)
#define COLUMN_UNLESS(null, datum)	(values[i] = (nulls[i] = (null)) ? (Datum) 0 : (datum), i++)
	COLUMN(Int64GetDatum(total->orders));
	COLUMN(NumericGetDatum(decimal_make_in(&cache->rooms[i], total->quantity, scales.quantity)));
	COLUMN(NumericGetDatum(decimal_make_in(&cache->rooms[i], total->revenue, scales.amount)));
	COLUMN_UNLESS(!total->cost_known, NumericGetDatum(gross_profit_of(&cache->rooms[i], total, scales)));
	COLUMN_UNLESS(none, DateADTGetDatum(figures->first));
	COLUMN_UNLESS(none, DateADTGetDatum(figures->last));
	COLUMN_UNLESS(none, NumericGetDatum(cached_months(cache, figures->first, figures->last)));
	COLUMN_UNLESS(none, NumericGetDatum(decimal_divide_in(&cache->rooms[i], total->revenue, scales.amount, total->orders)));
	COLUMN_UNLESS(total->orders < 2, Float8GetDatum((double) span / (double) (total->orders - 1)));
	COLUMN_UNLESS(none, Int32GetDatum(figures->since_last));
	COLUMN(Int64GetDatum(annual->orders));
	COLUMN(NumericGetDatum(decimal_make_in(&cache->rooms[i], annual->revenue, scales.amount)));
	COLUMN(NumericGetDatum(decimal_make_in(&cache->rooms[i], annual->quantity, scales.quantity)));
	COLUMN(BoolGetDatum(total->orders >= 2));
	COLUMN(BoolGetDatum(figures->meets_benchmark));
	COLUMN_UNLESS(none, ObjectIdGetDatum(stage_labels[figures->stage]));
	COLUMN(NumericGetDatum(decimal_make_in(&cache->rooms[i], figures->retention_cost, figures->contact_scale)));
	COLUMN(NumericGetDatum(decimal_make_in(&cache->rooms[i], figures->annual_retention_cost, figures->contact_scale)));
	COLUMN_UNLESS(figures->contacts == 0, DateADTGetDatum(figures->last_contact));
#undef COLUMN
#undef COLUMN_UNLESS
}
