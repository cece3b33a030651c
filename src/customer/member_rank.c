/*
 * member_rank.c: the rank of a member by revenue and orders of the last
 * months, and what lacks for the next one.
 *
 * Bands rise, so the ranks whose bands are reached are the lowest ones, whether
 * both bands are needed or either.
 */
#include "base/compat.h"

#include "base/array.h"
#include "base/enum_label.h"
#include "customer/customer.h"
#include "customer/money.h"

/* What a shop asks for: ranks, and for each above the lowest its bands. */
typedef struct Ladder
{
	int			ranks;
	Datum	   *names;
	int128	   *revenue;		/* at DECIMAL_MAX_SCALE places; NULL: not asked for */
	int		   *scales;			/* of revenue as it was written */
	int32	   *orders;			/* NULL: not asked for */
	bool		either;			/* one of the two bands is enough */
} Ladder;

/* What a member has bought in the months. */
typedef struct Bought
{
	int128		revenue;		/* at DECIMAL_MAX_SCALE places */
	int			scale;			/* of the amounts */
	int64		orders;
} Bought;

/* The elements of an argument that is an array. */
static Datum *
elements_argument(FunctionCallInfo fcinfo, int argument, const char *name, int *count)
{
	bool	   *nulls;
	Datum	   *elements = array_elements(PG_GETARG_ARRAYTYPE_P(argument), name, &nulls, count);

	for (int i = 0; i < *count; i++)
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("element %d of %s must not be null", i + 1, name),
					 errhint("Every rank has a name, and every rank but the lowest its bands; bands that no rank asks for are a NULL in place of the array.")));
	return elements;
}

/* The bands of an argument: one for each rank but the lowest. */
static Datum *
bands_argument(FunctionCallInfo fcinfo, int argument, const char *name, int ranks)
{
	int			count;
	Datum	   *bands = elements_argument(fcinfo, argument, name, &count);

	if (count != ranks - 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d names need %d %s, not %d", ranks, ranks - 1, name, count),
				 errdetail("The lowest rank, which is named first, has no band: everybody has it."),
				 errhint("Three ranks are written names => '{regular,silver,gold}', revenue_bands => '{10000,50000}', order_bands => '{2,5}'.")));
	return bands;
}

/* A band is above the one before it, and the first above 0. */
static void
CheckRises(bool rises, int band, const char *name)
{
	if (rises)
		return;
	if (band == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be above 0", name),
				 errhint("Everybody has the lowest rank; the first band is that of the second name.")));
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s must rise, but band %d is not above band %d", name, band + 1, band),
			 errhint("Write names and bands from the lowest rank to the highest; give NULL for %s that are not asked for.", name)));
}

static void
read_revenue_bands(FunctionCallInfo fcinfo, Ladder *ladder)
{
	Datum	   *bands = bands_argument(fcinfo, 3, "revenue_bands", ladder->ranks);

	ladder->revenue = palloc(ladder->ranks * sizeof(int128));
	ladder->scales = palloc(ladder->ranks * sizeof(int));
	for (int i = 0; i < ladder->ranks - 1; i++)
	{
		int64		value;
		DecimalStatus status = decimal_read(PG_DETOAST_DATUM_PACKED(bands[i]), &value, &ladder->scales[i]);

		if (status != DECIMAL_OK)
			decimal_report(status, "revenue_bands", bands[i]);
		ladder->revenue[i] = money_of(value, ladder->scales[i]);
		CheckRises(ladder->revenue[i] > (i == 0 ? 0 : ladder->revenue[i - 1]), i, "revenue_bands");
	}
}

static void
read_order_bands(FunctionCallInfo fcinfo, Ladder *ladder)
{
	Datum	   *bands = bands_argument(fcinfo, 4, "order_bands", ladder->ranks);

	ladder->orders = palloc(ladder->ranks * sizeof(int32));
	for (int i = 0; i < ladder->ranks - 1; i++)
	{
		ladder->orders[i] = DatumGetInt32(bands[i]);
		CheckRises(ladder->orders[i] > (i == 0 ? 0 : ladder->orders[i - 1]), i, "order_bands");
	}
}

/* the labels of the enum ltv_need */
static const char *const needs[] = {"both", "either"};

static void
read_ladder(FunctionCallInfo fcinfo, Ladder *ladder)
{
	memset(ladder, 0, sizeof(Ladder));
	ladder->names = elements_argument(fcinfo, 2, "names", &ladder->ranks);
	if (ladder->ranks == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("names must name at least one rank"),
				 errhint("Name the lowest rank first, for example '{regular,silver,gold}'.")));
	if (PG_ARGISNULL(3) && PG_ARGISNULL(4))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("revenue_bands and order_bands must not both be null"),
				 errhint("A rank depends on revenue, on orders, or on both.")));
	if (!PG_ARGISNULL(3))
		read_revenue_bands(fcinfo, ladder);
	if (!PG_ARGISNULL(4))
		read_order_bands(fcinfo, ladder);
	ladder->either = enum_label_number(PG_GETARG_OID(6), needs, lengthof(needs), "of type ltv_need is not known") == 1;
}

/* Orders and revenue, refunds included, of the months that end with a day. */
static Bought
bought_in(StoredHistory *stored, DateADT as_of, int32 months)
{
	DateADT		from = window_start(as_of, months);
	History		history;
	Totals		totals;
	Bought		bought;
	int			count;

	history_open(stored, &history);
	count = history_count_until(&history, as_of);
	totals_clear(&totals);
	for (int i = 0; i < count; i++)
		if (history.purchases[i].day >= from)
			totals_add(&totals, &history.purchases[i]);
	bought.scale = history.scales.amount;
	bought.revenue = money_of(totals.revenue, bought.scale);
	bought.orders = totals.orders;
	history_free(&history);
	return bought;
}

static bool
reaches_band(const Ladder *ladder, int band, const Bought *bought)
{
	bool		revenue = ladder->revenue != NULL && bought->revenue >= ladder->revenue[band];
	bool		orders = ladder->orders != NULL && bought->orders >= ladder->orders[band];

	if (ladder->either)
		return revenue || orders;
	return (revenue || ladder->revenue == NULL) && (orders || ladder->orders == NULL);
}

static const CompositeType rank_type = COMPOSITE_TYPE("ltv_member_rank_row", TEXTOID, TEXTOID, NUMERICOID, INT8OID);

/* The columns for a member who has reached so many bands. */
static void
rank_columns(const Ladder *ladder, int reached, const Bought *bought, Datum *values, bool *nulls)
{
	bool		top = reached == ladder->ranks - 1;

	nulls[0] = false;
	values[0] = ladder->names[reached];
	nulls[1] = top;
	nulls[2] = top || ladder->revenue == NULL;
	nulls[3] = top || ladder->orders == NULL;
	if (!nulls[1])
		values[1] = ladder->names[reached + 1];
	if (!nulls[2])
		values[2] = NumericGetDatum(decimal_of_sum(Max(ladder->revenue[reached] - bought->revenue, 0),
												   Max(ladder->scales[reached], bought->scale)));
	if (!nulls[3])
		values[3] = Int64GetDatum(Max(ladder->orders[reached] - bought->orders, 0));
}

PG_FUNCTION_INFO_V1(ltv_member_rank);

/* the rank of a member, the next one, and what lacks for it */
Datum
ltv_member_rank(PG_FUNCTION_ARGS)
{
	int32		months;
	DateADT		as_of;
	CompositeRow *row;
	Datum		result;
	Ladder		ladder;
	Bought		bought;
	int			reached = 0;

	if (composite_recall(fcinfo, &result))
		PG_RETURN_DATUM(result);
	/* which bands are asked for may be left open, nothing else */
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2) || PG_ARGISNULL(5) || PG_ARGISNULL(6))
		PG_RETURN_NULL();
	months = PG_GETARG_INT32(5);
	if (months < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("months must be 1 or more, not %d", months),
				 errhint("12 looks at the year that ends with as_of, 1200 at all that a member has ever bought.")));
	as_of = moment_of(PG_GETARG_DATEADT(1)).as_of;
	read_ladder(fcinfo, &ladder);
	bought = bought_in(PG_GETARG_HISTORY_PP(0), as_of, months);
	while (reached < ladder.ranks - 1 && reaches_band(&ladder, reached, &bought))
		reached++;
	row = composite_of_call(fcinfo, &rank_type);
	rank_columns(&ladder, reached, &bought, row->values, row->nulls);
	PG_RETURN_DATUM(composite_remember(fcinfo, VARLENA_ARG(0) | VARLENA_ARG(2) | VARLENA_ARG(3) | VARLENA_ARG(4), row));
}
