/*
 * ask.c: all that can be asked of one history, each answer compared with what
 * the reference says.
 */
#include "functions.h"
#include "reference.h"

#include <math.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/numeric.h"

#define PLACES 6

/*
 * Numbers
 */

/* The text of units at a scale: -12.50 */
char *
decimal_text(int128 value, int scale)
{
	char	   *text = palloc(64);
	char	   *p = text + 63;
	uint128		rest = value < 0 ? -(uint128) value : (uint128) value;

	*p = '\0';
	for (int i = 0; i <= scale || rest > 0; i++)
	{
		if (i == scale && scale > 0)
			*--p = '.';
		*--p = (char) ('0' + (int) (rest % 10));
		rest /= 10;
	}
	if (value < 0)
		*--p = '-';
	return p;
}

/* Whether a numeric is this many units at this display scale. */
static bool
is_number(Datum number, int128 value, int scale)
{
	return strcmp(number_text(number), decimal_text(value, scale)) == 0;
}

/*
 * Whether a numeric is the quotient of units at a scale and a divisor, rounded
 * half away from zero at its last digit.
 */
static bool
is_quotient(Datum number, int128 value, int scale, int64 divisor)
{
	const char *text = number_text(number);
	bool		negative = *text == '-';
	int128		units = 0;
	int			places = -1;
	int128		twice_rest;

	for (const char *p = text + negative; *p != '\0'; p++)
	{
		if (*p != '.')
			units = units * 10 + (*p - '0');
		if (places >= 0 || *p == '.')
			places++;
	}
	places = Max(places, 0);
	if (places < scale || (negative && value >= 0))
		return false;
	if (value < 0)
		value = -value;
	twice_rest = 2 * (value * ten_to(places - scale) - units * divisor);
	return twice_rest >= -divisor && twice_rest < divisor;
}

static void
require_number(Answer answer, int128 value, int scale)
{
	require(is_number(must(answer), value, scale));
}

/* A quotient that the server's own division would have made is none of ours. */
static void
require_quotient(Answer answer, int128 value, int scale, int64 divisor)
{
	if (answer.sqlstate != ERRCODE_FEATURE_NOT_SUPPORTED)
		require(is_quotient(must(answer), value, scale, divisor));
}

static void
require_null(Answer answer)
{
	require(answer.sqlstate == 0 && answer.isnull);
}

/* Whether a history is, byte by byte, the one that the reference writes. */
void
require_history(Datum history, const Reference *reference)
{
	struct varlena *expected = reference_write(reference);
	struct varlena *actual = (struct varlena *) DatumGetPointer(history);

	require(VARATT_IS_4B_U(actual) && VARSIZE(actual) == VARSIZE(expected));
	require(memcmp(VARDATA(actual), VARDATA(expected), VARSIZE(expected) - VARHDRSZ) == 0);
}

/*
 * Figures, from the definitions in doc/ltv.md
 */

/* Sums over purchases, at 6 places. */
typedef struct Sums
{
	int64		orders;
	int128		revenue;
	int128		refunded;
	int128		quantity;
	int128		cost;
	bool		cost_known;
	int64		first;			/* days of the first and last order */
	int64		last;
} Sums;

/* The sums over the purchases from one day to another. */
static Sums
sums_of(const Reference *reference, int64 from, int64 to)
{
	Sums		sums = {.cost_known = true};

	for (int i = 0; i < reference->count; i++)
	{
		const Row  *row = &reference->rows[i];

		if (row->day < from || row->day > to)
			continue;
		sums.revenue += row->number[AMOUNT];
		sums.quantity += row->number[QUANTITY];
		sums.cost += row->number[COST];
		sums.cost_known &= row->cost_known;
		if (row->number[AMOUNT] < 0)
			sums.refunded += row->number[AMOUNT];
		else
		{
			if (sums.orders == 0 || row->day < sums.first)
				sums.first = row->day;
			if (sums.orders == 0 || row->day > sums.last)
				sums.last = row->day;
			sums.orders++;
		}
	}
	return sums;
}

/* A sum at 6 places, in units of a scale. */
static int128
at_scale(int128 sum, int scale)
{
	require(sum % ten_to(PLACES - scale) == 0);
	return sum / ten_to(PLACES - scale);
}

#define EVER	INT64CONST(4000000000)

static void
ask_sums(Datum h, const Reference *reference)
{
	Sums		sums = sums_of(reference, -EVER, EVER);
	const int  *scale = reference->scale;
	int			profit_scale = Max(scale[AMOUNT], scale[COST]);

	require(DatumGetInt64(must(CALL(ltv_orders, VALUE(h)))) == sums.orders);
	require_number(CALL(ltv_revenue, VALUE(h)), at_scale(sums.revenue, scale[AMOUNT]), scale[AMOUNT]);
	require_number(CALL(ltv_refunded, VALUE(h)), at_scale(sums.refunded, scale[AMOUNT]), scale[AMOUNT]);
	require_number(CALL(ltv_quantity, VALUE(h)), at_scale(sums.quantity, scale[QUANTITY]), scale[QUANTITY]);
	if (sums.cost_known)
	{
		require_number(CALL(ltv_cost, VALUE(h)), at_scale(sums.cost, scale[COST]), scale[COST]);
		require_number(CALL(ltv_gross_profit, VALUE(h)), at_scale(sums.revenue - sums.cost, profit_scale),
					   profit_scale);
	}
	else
	{
		require_null(CALL(ltv_cost, VALUE(h)));
		require_null(CALL(ltv_gross_profit, VALUE(h)));
	}
	if (sums.orders > 0)
		require_quotient(CALL(ltv_average_order_value, VALUE(h)), at_scale(sums.revenue, scale[AMOUNT]),
						 scale[AMOUNT], sums.orders);
	else
		require_null(CALL(ltv_average_order_value, VALUE(h)));
}

static void
ask_days(Datum h, const Reference *reference, int64 day)
{
	Sums		sums = sums_of(reference, -EVER, EVER);
	Sums		until = sums_of(reference, -EVER, day);
	Answer		first = CALL(ltv_first_order, VALUE(h));
	Answer		last = CALL(ltv_last_order, VALUE(h));
	Answer		interval = CALL(ltv_mean_interval_days, VALUE(h));
	Answer		months = CALL(ltv_active_months, VALUE(h));
	Answer		since = CALL(ltv_days_since_last, VALUE(h), VALUE(DateADTGetDatum((DateADT) day)));

	require(DatumGetBool(must(CALL(ltv_is_repeater, VALUE(h)))) == (sums.orders >= 2));
	if (sums.orders > 0)
	{
		require(DatumGetDateADT(must(first)) == sums.first);
		require(DatumGetDateADT(must(last)) == sums.last);
		require_quotient(months, sums.last - sums.first, 0, 30);
	}
	else
	{
		require_null(first);
		require_null(last);
		require_null(months);
	}
	if (sums.orders >= 2)
		require(DatumGetFloat8(must(interval)) == (double) (sums.last - sums.first) / (double) (sums.orders - 1));
	else
		require_null(interval);
	if (until.orders > 0)
		require(DatumGetInt32(must(since)) == day - until.last);
	else
		require_null(since);
}

/* The days of the orders, one by one. */
static void
ask_nth_orders(Datum h, const Reference *reference)
{
	int			n = 0;

	require(CALL(ltv_nth_order, VALUE(h), VALUE(Int32GetDatum(0))).sqlstate == ERRCODE_INVALID_PARAMETER_VALUE);
	for (int i = 0; i < reference->count && n < 20; i++)
		if (reference->rows[i].number[AMOUNT] >= 0)
		{
			Answer		answer = CALL(ltv_nth_order, VALUE(h), VALUE(Int32GetDatum(++n)));

			require(DatumGetDateADT(must(answer)) == reference->rows[i].day);
		}
	require_null(CALL(ltv_nth_order, VALUE(h), VALUE(Int32GetDatum(reference->count + 1))));
}

/* What contacts from one day to another cost. */
static int128
cost_of_contacts(const Reference *reference, int64 from, int64 to)
{
	int128		cost = 0;

	for (int i = 0; i < reference->contacts; i++)
		if (reference->contact_rows[i].day >= from && reference->contact_rows[i].day <= to)
			cost += reference->contact_rows[i].number[COST];
	return cost;
}

/* Contacts count from the day of the first order on. */
static void
ask_contacts(Datum h, const Reference *reference, int64 day)
{
	Sums		sums = sums_of(reference, -EVER, EVER);
	Sums		until = sums_of(reference, -EVER, day);
	Answer		last = CALL(ltv_last_contact, VALUE(h), VALUE(DateADTGetDatum((DateADT) day)));
	int128		cost = 0;
	int64		contacts = 0;
	int64		last_day = -EVER;

	for (int i = 0; i < reference->contacts; i++)
	{
		const Row  *row = &reference->contact_rows[i];

		if (sums.orders > 0 && row->day >= sums.first)
		{
			contacts++;
			cost += row->number[COST];
		}
		if (until.orders > 0 && row->day >= until.first && row->day <= day)
			last_day = Max(last_day, row->day);
	}
	require(DatumGetInt64(must(CALL(ltv_contacts, VALUE(h)))) == contacts);
	require_number(CALL(ltv_retention_cost, VALUE(h)), at_scale(cost, reference->contact_scale), reference->contact_scale);
	if (last_day == -EVER)
		require_null(last);
	else
		require(DatumGetDateADT(must(last)) == last_day);
}

static void
ask_model_input(Datum h, const Reference *reference, int64 day)
{
	Sums		until = sums_of(reference, -EVER, day);
	Answer		answer;
	int64		days = 0;
	int64		previous = -EVER;
	long double repeat = 0;
	bool		isnull;
	double		monetary;

	returns_row(ltv_model_input, "vvvv");
	answer = CALL(ltv_model_input, VALUE(h), VALUE(DateADTGetDatum((DateADT) day)), VALUE(Int32GetDatum(7)));
	if (until.orders == 0)
	{
		require_null(answer);
		return;
	}
	for (int i = 0; i < reference->count; i++)
	{
		const Row  *row = &reference->rows[i];

		if (row->number[AMOUNT] < 0 || row->day > day)
			continue;
		days += row->day != previous;
		previous = row->day;
		if (row->day != until.first)
			repeat += (long double) row->number[AMOUNT] / 1e6L;
	}
	require(DatumGetInt64(row_column(must(answer), 0, &isnull)) == days - 1);
	require(DatumGetFloat8(row_column(answer.value, 1, &isnull)) == (double) (until.last - until.first) / 7);
	require(DatumGetFloat8(row_column(answer.value, 2, &isnull)) == (double) (day - until.first) / 7);
	monetary = DatumGetFloat8(row_column(answer.value, 3, &isnull));
	if (days == 1)
		require(monetary == 0);
	else
		require(fabsl(monetary - repeat / (days - 1)) <= 1e-12L * fabsl(repeat / (days - 1)));
}

static void
ask_purchases(Datum h, const Reference *reference)
{
	const int  *scale = reference->scale;

	returns_row(ltv_purchases, "vvnnnv");
	require(CALL(ltv_purchases, VALUE(h)).sqlstate == 0);
	require(rows_count() == reference->count);
	for (int i = 0; i < reference->count; i++)
	{
		const Row  *row = &reference->rows[i];
		bool		isnull;
		Datum		cost;

		require(DatumGetInt32(rows_column(i, 0, &isnull)) == i + 1);
		require(DatumGetDateADT(rows_column(i, 1, &isnull)) == row->day);
		for (Part part = AMOUNT; part < COST; part++)
			require(is_number(rows_column(i, 2 + part, &isnull), at_scale(row->number[part], scale[part]), scale[part]));
		cost = rows_column(i, 4, &isnull);
		require(isnull == !row->cost_known);
		require(isnull || is_number(cost, at_scale(row->number[COST], scale[COST]), scale[COST]));
		cost = rows_column(i, 5, &isnull);
		require(isnull == (i == 0));
		require(isnull || DatumGetInt32(cost) == row->day - row[-1].day);
	}
}

/*
 * Policy, stage and summary
 */

/* What ltv_policy was given, in its order. */
typedef struct Policies
{
	int			revenue;
	int			orders;
	int			dormant;
	int			churned;
	int			lapsed;
	int			steady;
	int			loyal;
	int			cpm_revenue;
	int			months;			/* of the benchmark */
} Policies;

static Policies
make_policies(uint32 seed)
{
	Policies	policies = {18000, 3, 180, 365, 240, 90, 210, 70000, 12};

	if (seed % 2 == 1)
		policies = (Policies) {seed % 101, seed % 5, seed % 97, seed % 97 + seed % 311, seed % 89, seed % 61,
			seed % 61 + seed % 83, seed % 211, 1 + seed % 47};
	return policies;
}

static Datum
policy_row(const Policies *policies)
{
	char		revenue[16];
	char		cpm_revenue[16];

	returns_row(ltv_policy, "nvvvvvvnnnnv");
	snprintf(revenue, sizeof(revenue), "%d", policies->revenue);
	snprintf(cpm_revenue, sizeof(cpm_revenue), "%d", policies->cpm_revenue);
	return must(CALL(ltv_policy, VALUE(number_from_text(revenue)), VALUE(Int32GetDatum(policies->orders)),
					 VALUE(Int32GetDatum(policies->dormant)), VALUE(Int32GetDatum(policies->churned)),
					 VALUE(Int32GetDatum(policies->lapsed)), VALUE(Int32GetDatum(policies->steady)),
					 VALUE(Int32GetDatum(policies->loyal)), VALUE(number_from_text(cpm_revenue)),
					 VALUE(number_from_text("0.40")), VALUE(number_from_text("0.70")), VALUE(number_from_text("0.50")),
					 VALUE(Int32GetDatum(policies->months))));
}

/* The day after the same day so many months before; the last day of that month where there is none. */
static int64
months_before(int64 day, int months)
{
	int			year;
	int			month;
	int			of_month;
	int64		start;
	int64		end;

	j2date((int) (day + POSTGRES_EPOCH_JDATE), &year, &month, &of_month);
	for (int i = 0; i < months; i++)
	{
		year -= month == 1;
		month = month == 1 ? 12 : month - 1;
	}
	start = date2j(year, month, 1);
	end = date2j(year + (month == 12), month % 12 + 1, 1) - 1;
	return Min(start + of_month - 1, end) - POSTGRES_EPOCH_JDATE + 1;
}

static bool
meets_benchmark(const Reference *reference, int64 day, const Policies *policies)
{
	Sums		sums = sums_of(reference, months_before(day, policies->months), day);

	return sums.orders >= policies->orders && sums.revenue >= policies->revenue * ten_to(PLACES);
}

static const char *
stage_name(const Sums *total, bool meets, int64 since, const Policies *policies)
{
	if (since > policies->churned)
		return "churned";
	if (since > policies->dormant)
		return "dormant";
	if (meets)
		return "loyal";
	return total->orders >= 2 ? "repeat" : "new";
}

static const char *
segment_name(const Sums *total, int64 since, const Policies *policies)
{
	bool		lapsed = since >= policies->lapsed;
	int64		tenure = total->last - total->first;

	if (total->orders == 1)
		return lapsed ? "lapsed_first" : "first";
	if (tenure < policies->steady)
		return lapsed ? "lapsed_toddling" : "toddling";
	if (total->revenue < policies->cpm_revenue * ten_to(PLACES))
		return lapsed ? "lapsed_steady" : "steady";
	if (tenure < policies->loyal)
		return lapsed ? "lapsed_trendy" : "trendy";
	return lapsed ? "lapsed_loyal" : "loyal";
}

/* The columns of a summary about contacts. */
static void
compare_contacts(const NullableDatum *column, const Reference *reference, const Sums *total, int64 day)
{
	bool		none = total->orders == 0;
	int64		from = Max(total->first, months_before(day, 12));
	int			scale = reference->contact_scale;
	int64		last = -EVER;

	for (int i = 0; i < reference->contacts && !none; i++)
		if (reference->contact_rows[i].day >= total->first && reference->contact_rows[i].day <= day)
			last = Max(last, reference->contact_rows[i].day);
	require(is_number(column[0].value, none ? 0 : at_scale(cost_of_contacts(reference, total->first, day), scale), scale));
	require(is_number(column[1].value, none ? 0 : at_scale(cost_of_contacts(reference, from, day), scale), scale));
	require(column[2].isnull == (last == -EVER));
	require(column[2].isnull || DatumGetDateADT(column[2].value) == last);
}

static void
compare_summary(Datum row, const Reference *reference, const Sums *total, const Sums *annual, int64 day,
				const Policies *policies)
{
	const int  *scale = reference->scale;
	int			profit_scale = Max(scale[AMOUNT], scale[COST]);
	bool		none = total->orders == 0;
	NullableDatum column[19];

	for (int i = 0; i < 19; i++)
		column[i].value = row_column(row, i, &column[i].isnull);
	require(DatumGetInt64(column[0].value) == total->orders);
	require(is_number(column[1].value, at_scale(total->quantity, scale[QUANTITY]), scale[QUANTITY]));
	require(is_number(column[2].value, at_scale(total->revenue, scale[AMOUNT]), scale[AMOUNT]));
	require(column[3].isnull == !total->cost_known);
	require(column[3].isnull ||
			is_number(column[3].value, at_scale(total->revenue - total->cost, profit_scale), profit_scale));
	for (int i = 4; i < 10; i++)
		require(column[i].isnull == (i == 8 ? total->orders < 2 : none));
	require(DatumGetInt64(column[10].value) == annual->orders);
	require(is_number(column[11].value, at_scale(annual->revenue, scale[AMOUNT]), scale[AMOUNT]));
	require(is_number(column[12].value, at_scale(annual->quantity, scale[QUANTITY]), scale[QUANTITY]));
	require(DatumGetBool(column[13].value) == (total->orders >= 2));
	require(DatumGetBool(column[14].value) == meets_benchmark(reference, day, policies));
	require(column[15].isnull == none);
	compare_contacts(column + 16, reference, total, day);
	if (none)
		return;
	require(DatumGetDateADT(column[4].value) == total->first);
	require(DatumGetDateADT(column[5].value) == total->last);
	require(is_quotient(column[6].value, total->last - total->first, 0, 30));
	require(is_quotient(column[7].value, at_scale(total->revenue, scale[AMOUNT]), scale[AMOUNT], total->orders));
	require(column[8].isnull || DatumGetFloat8(column[8].value) ==
			(double) (total->last - total->first) / (double) (total->orders - 1));
	require(DatumGetInt32(column[9].value) == day - total->last);
	require(strcmp(label_of(DatumGetObjectId(column[15].value)),
				   stage_name(total, meets_benchmark(reference, day, policies), day - total->last, policies)) == 0);
}

static void
ask_summary(Datum h, const Reference *reference, int64 day, uint32 seed)
{
	Policies	policies = make_policies(seed);
	NullableDatum policy = VALUE(policy_row(&policies));
	NullableDatum as_of = VALUE(DateADTGetDatum((DateADT) day));
	Sums		total = sums_of(reference, -EVER, day);
	Sums		annual = sums_of(reference, months_before(day, 12), day);
	Answer		stage = CALL(ltv_stage, VALUE(h), as_of, policy);
	Answer		segment = CALL(ltv_cpm, VALUE(h), as_of, policy);
	Answer		summary;

	if (total.orders == 0)
	{
		require_null(stage);
		require_null(segment);
	}
	else
	{
		require(strcmp(label_of(DatumGetObjectId(must(stage))),
					   stage_name(&total, meets_benchmark(reference, day, &policies), day - total.last, &policies)) == 0);
		require(strcmp(label_of(DatumGetObjectId(must(segment))),
					   segment_name(&total, day - total.last, &policies)) == 0);
	}
	returns_row(ltv_summarize, "vnnnvvnnvvvnnvvvnnv");
	/* the second time it is remembered */
	for (int i = 0; i < 2; i++)
	{
		summary = CALL(ltv_summarize, VALUE(h), as_of, policy);
		if (summary.sqlstate != ERRCODE_FEATURE_NOT_SUPPORTED)
			compare_summary(must(summary), reference, &total, &annual, day, &policies);
	}
}

/*
 * The text
 */

static void
begin_object(StringInfo out, int64 day)
{
	char		text[MAXDATELEN + 1];
	struct pg_tm tm;

	j2date((int) (day + POSTGRES_EPOCH_JDATE), &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	EncodeDateOnly(&tm, USE_ISO_DATES, text);
	appendStringInfo(out, "%s{\"on\":\"%s\"", out->len > 1 ? ", " : "", text);
}

static void
append_purchase(StringInfo out, const Row *row, const int *scale)
{
	begin_object(out, row->day);
	appendStringInfo(out, ",\"amount\":%s", decimal_text(at_scale(row->number[AMOUNT], scale[AMOUNT]), scale[AMOUNT]));
	if (scale[QUANTITY] > 0 || row->number[QUANTITY] != ten_to(PLACES))
		appendStringInfo(out, ",\"quantity\":%s",
						 decimal_text(at_scale(row->number[QUANTITY], scale[QUANTITY]), scale[QUANTITY]));
	if (row->cost_known)
		appendStringInfo(out, ",\"cost\":%s", decimal_text(at_scale(row->number[COST], scale[COST]), scale[COST]));
	appendStringInfoChar(out, '}');
}

/* Up to each purchase, the contacts of the days before it; behind the last one those that are left. */
static char *
expected_text(const Reference *reference)
{
	StringInfoData out;
	int			contact = 0;

	initStringInfo(&out);
	appendStringInfoChar(&out, '[');
	for (int i = 0; i <= reference->count; i++)
	{
		int64		before = i < reference->count ? reference->rows[i].day : EVER;

		for (; contact < reference->contacts && reference->contact_rows[contact].day < before; contact++)
		{
			const Row  *row = &reference->contact_rows[contact];

			begin_object(&out, row->day);
			appendStringInfo(&out, ",\"contact\":%s}",
							 decimal_text(at_scale(row->number[COST], reference->contact_scale), reference->contact_scale));
		}
		if (i < reference->count)
			append_purchase(&out, &reference->rows[i], reference->scale);
	}
	appendStringInfoChar(&out, ']');
	return out.data;
}

static void
ask_forms(Datum h, const Reference *reference)
{
	char	   *text = DatumGetCString(must(CALL(ltv_history_out, VALUE(h))));
	Datum		sent = must(CALL(ltv_history_send, VALUE(h)));
	StringInfoData message;

	require(strcmp(text, expected_text(reference)) == 0);
	require_history(must(CALL(ltv_history_in, VALUE(CStringGetDatum(text)))), reference);
	require_history(sent, reference);
	memset(&message, 0, sizeof(message));
	message.data = VARDATA(DatumGetPointer(sent));
	message.len = VARSIZE(DatumGetPointer(sent)) - VARHDRSZ;
	require_history(must(CALL(ltv_history_recv, VALUE(PointerGetDatum(&message)))), reference);
}

/* A history with itself, and a slice of it. */
static void
ask_algebra(Datum h, const Reference *reference, int64 day, uint32 seed)
{
	Reference	twice = reference_merge(reference, reference);
	Reference	slice;
	Reference	nothing;
	int64		to = day + seed % 1000;
	Aggregate	rollup = aggregate_start(AGG_CONTEXT_AGGREGATE);

	require(reference_subtract(reference, reference, &nothing) && nothing.count == 0 && nothing.contacts == 0);
	require_history(must(CALL(ltv_history_merge, VALUE(h), VALUE(h))), &twice);
	require_history(must(CALL(ltv_history_subtract, VALUE(h), VALUE(h))), &nothing);
	slice = reference_slice(reference, day, to);
	require_history(must(CALL(ltv_between, VALUE(h), VALUE(DateADTGetDatum((DateADT) day)),
							  VALUE(DateADTGetDatum((DateADT) to)))), &slice);
	slice = reference_slice(reference, day, EVER);
	require_history(must(CALL(ltv_between, VALUE(h), VALUE(DateADTGetDatum((DateADT) day)), NOTHING)), &slice);
	slice = reference_slice(reference, -EVER, day);
	require_history(must(CALL(ltv_between, VALUE(h), NOTHING, VALUE(DateADTGetDatum((DateADT) day)))), &slice);
	require(STEP(&rollup, ltv_history_combine, VALUE(h)) == 0);
	require(STEP(&rollup, ltv_history_combine, VALUE(h)) == 0);
	if (2 * reference->inputs == 0)
		require_null(CALL(ltv_history_final, VALUE(rollup.state)));
	else
		require_history(must(CALL(ltv_history_final, VALUE(rollup.state))), &twice);
	require_history(must(CALL(ltv_history_combine, VALUE(h), VALUE(h))), &twice);
	require(DatumGetInt32(must(CALL(ltv_history_cmp, VALUE(h), VALUE(h)))) == 0);
	require(DatumGetBool(must(CALL(ltv_history_eq, VALUE(h), VALUE(h)))));
}

/*
 * Ask a valid history everything; reference is the same one.  It is canonical,
 * or the state of an aggregate.
 */
void
ask_everything(Datum h, const Reference *reference, int64 day, uint32 seed)
{
	ask_forms(h, reference);
	ask_sums(h, reference);
	ask_days(h, reference, day);
	ask_nth_orders(h, reference);
	ask_contacts(h, reference, day);
	/* where the cut is with a contact */
	if (reference->contacts > 0)
		ask_contacts(h, reference, reference->contact_rows[seed % reference->contacts].day);
	ask_model_input(h, reference, day);
	ask_purchases(h, reference);
	ask_summary(h, reference, day, seed);
	/* where the annual window begins with, before or behind a purchase */
	if (reference->count > 0)
		ask_summary(h, reference, Min(reference->rows[seed % reference->count].day + 363 + seed % 4, LAST_DAY), seed);
	ask_algebra(h, reference, day, seed);
}
