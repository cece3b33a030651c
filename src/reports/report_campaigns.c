/*
 * report_campaigns.c: campaigns that prove themselves: who was treated against
 * who was held out, by what both bought after it and before.
 *
 * A customer counts in a campaign once all the days after it have been seen.
 * Before it as many days are looked at: there the arms should be alike, and
 * what is adjusted is adjusted for that.  Customers without an order count with
 * nothing.
 *
 * Besides, all customers whose campaign has begun are compared by what they
 * bought so far, with an interval that stays valid however often one looks.
 */
#include "reports/report_kind.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "base/recordset.h"
#include "customer/customer.h"
#include "model/stats.h"
#include "money/pair_sums.h"
#include "orders/campaigns.h"
#include "reports/items.h"

static const CompositeType row_type = COMPOSITE_TYPE("ltv_campaigns_row",
	TEXTOID, TEXTOID, DATEOID, INT8OID, INT8OID, INT8OID, FLOAT8OID, FLOAT8OID, NUMERICOID, NUMERICOID, NUMERICOID, NUMERICOID,
	FLOAT8OID, FLOAT8OID, FLOAT8OID,
	FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
	FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
	FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
	FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID,
	FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, TEXTOID);

#define WITHIN_LIMIT	10000

/* What a customer bought in some days; money in units as in a Money. */
typedef struct Outcome
{
	int64		orders;
	int128		revenue;
	int128		profit;
	int64		cost_unknown;	/* purchases */
} Outcome;

/* Of an arm the customer with the largest revenue. */
typedef struct Largest
{
	bool		known;
	Money		outcome;
	Money		before;
} Largest;

typedef struct Campaign
{
	int64		key;			/* its number among the campaigns */
	int64		latest;			/* the visit that met it last, and in which arm */
	bool		latest_treated;
	DateADT		first_day;
	int64		members;
	int64		future;			/* of these, it begins for them after as_of */
	int64		waiting;		/* of these, it has begun, but the days are not over */
	int64		customers[ARMS];	/* the others, who are counted */
	int64		responses[ARMS];	/* of these, with an order */
	Money		cost;
	Money		revenue[ARMS];
	int64		cost_unknown;	/* purchases in the days, before or after */
	bool		has_share;
	double		share;			/* planned */
	PairSums	orders_of[ARMS];
	PairSums	revenue_of[ARMS];
	PairSums	profit_of[ARMS];
	Largest		largest[ARMS];
	PairSums	so_far[ARMS];	/* of all for whom it has begun: revenue up to as_of, and in all the days before */
} Campaign;

typedef struct CampaignsReport
{
	Population	population;		/* as_of and scales; nobody is admitted */
	int32		within_days;
	int64		visits;
	Items	   *names;
	RecordSet  *campaigns;
} CampaignsReport;

/*
 * Visits
 */

/* What a history has from a day to the one before another. */
static Outcome
outcome_between(const History *history, DateADT from, DateADT end)
{
	Outcome		outcome = {0};
	Takings		takings = {0};
	int			until = history_count_until(history, end - 1);

	for (int i = history_count_until(history, from - 1); i < until; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		outcome.orders += is_order(&history->purchases[i]);
		takings_add_purchase(&takings, &history->purchases[i], history->scales);
	}
	outcome.revenue = takings.revenue;
	outcome.profit = takings.revenue - takings.cost;
	outcome.cost_unknown = takings.cost_unknown;
	return outcome;
}

pg_noreturn static void
report_member(const char *campaign, const char *what, const char *hint)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("campaign %s %s", campaign, what),
			 errhint("%s", hint)));
}

/* Once for each customer and campaign. */
static void
CheckOnce(const CampaignsReport *report, Campaign *campaign, const Membership *member)
{
	if (campaign->latest == report->visits && campaign->latest_treated != member->treated)
		report_member(member->campaign, "has a customer in both arms",
					  "Leave such customers out by a view, or find out which arm they were in: SELECT customer_id ... GROUP BY customer_id HAVING count(DISTINCT treated) > 1.");
	if (campaign->latest == report->visits)
		report_member(member->campaign, "has a customer in several rows",
					  "Write a view with one row for each customer of a campaign, its cost the sum of all.");
	campaign->latest = report->visits;
	campaign->latest_treated = member->treated;
}

static void
note_share(Campaign *campaign, const Membership *member)
{
	double		share = strtod(member->share, NULL);

	if (*member->share == '\0')
		return;
	if (!(share >= 0 && share <= 1))
		report_member(member->campaign, psprintf("has share %s, which is not from 0 to 1", member->share),
					  "It is the planned share of the treated, 0.9 where a tenth is held out.");
	if (campaign->has_share && campaign->share != share)
		report_member(member->campaign, "has several shares",
					  "It is the planned share of the treated, the same in all rows of a campaign. Where the plan changed, there are two campaigns.");
	campaign->has_share = true;
	campaign->share = share;
}

static void
add_cost(Campaign *campaign, const Membership *member)
{
	Datum		number;
	int64		cost;
	int			scale;
	DecimalStatus status;

	if (*member->cost == '\0')
		return;
	number = DirectFunctionCall3(numeric_in, CStringGetDatum(member->cost), ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	status = decimal_read((struct varlena *) DatumGetPointer(number), &cost, &scale);
	if (status != DECIMAL_OK)
		decimal_report(status, "cost", number);
	money_add(&campaign->cost, cost, scale);
}

/* Of two with the same revenue the one who bought less before. */
static void
note_largest(Largest *largest, int128 outcome, int128 before)
{
	int128		most = money_units(&largest->outcome);

	if (largest->known && (outcome < most || (outcome == most && before >= money_units(&largest->before))))
		return;
	memset(largest, 0, sizeof(*largest));
	largest->known = true;
	money_add_units(&largest->outcome, outcome, 0);
	money_add_units(&largest->before, before, 0);
}

static void
count_member(CampaignsReport *report, Campaign *campaign, const History *history, const Membership *member, const Outcome *before)
{
	Outcome		after = outcome_between(history, member->on_day, member->on_day + report->within_days);
	int			arm = member->treated ? TREATED : CONTROL;

	campaign->customers[arm]++;
	campaign->responses[arm] += after.orders > 0;
	add_cost(campaign, member);
	money_add_units(&campaign->revenue[arm], after.revenue, history->scales.amount);
	campaign->cost_unknown += after.cost_unknown + before->cost_unknown;
	pair_sums_add(&campaign->orders_of[arm], after.orders, before->orders);
	pair_sums_add(&campaign->revenue_of[arm], after.revenue, before->revenue);
	pair_sums_add(&campaign->profit_of[arm], after.profit, before->profit);
	note_largest(&campaign->largest[arm], after.revenue, before->revenue);
}

/* A campaign that a customer is in. */
static void
visit_member(CampaignsReport *report, const History *history, const Membership *member)
{
	const char *name = member->campaign;
	Campaign   *campaign = recordset_at(report->campaigns, items_number(report->names, (struct varlena *) cstring_to_text(name)));
	int64		end = (int64) member->on_day + report->within_days;
	DateADT		as_of = report->population.as_of;
	Outcome		before;

	if (!member->treated_known)
		report_member(name, "has a row whose treated is null",
					  "It is true for who was written to, and false for the control group; leave others out by a view.");
	CheckOnce(report, campaign, member);
	note_share(campaign, member);
	if (campaign->members++ == 0 || member->on_day < campaign->first_day)
		campaign->first_day = member->on_day;
	if (member->on_day > as_of)
	{
		campaign->future++;
		return;
	}
	before = outcome_between(history, member->on_day - report->within_days, member->on_day);
	pair_sums_add(&campaign->so_far[member->treated ? TREATED : CONTROL],
				  outcome_between(history, member->on_day, (DateADT) Min(end, (int64) as_of + 1)).revenue, before.revenue);
	if (end <= (int64) as_of + 1)
		count_member(report, campaign, history, member, &before);
	else
		campaign->waiting++;
}

static void
visit_customer(const Customer *customer, void *arg)
{
	CampaignsReport *report = arg;
	Scales	   *finest = &report->population.scales;

	if (customer->kinds == NULL)
		return;
	report->visits++;
	finest->amount = Max(finest->amount, customer->history->scales.amount);
	for (uint32 i = 0; i < customer->nkinds; i++)
	{
		Membership	member;

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (customer->kinds[i] == NULL)
			continue;
		member = campaigns_membership(customer->kinds[i]);
		visit_member(report, customer->history, &member);
	}
}

/*
 * What is gathered
 */

static void
begin_campaigns(void *arg)
{
	CampaignsReport *report = arg;

	population_restart(&report->population);
	report->visits = 0;
	report->names = items_create();
	report->campaigns = recordset_create(CurrentMemoryContext, sizeof(Campaign));
}

static void
send_campaigns(void *arg, Stream *stream)
{
	CampaignsReport *report = arg;

	population_send(&report->population, stream);
	items_send(report->names, stream);
	recordset_write(report->campaigns, stream);
}

static void
add_arm(Campaign *to, const Campaign *more, int arm)
{
	const Largest *largest = &more->largest[arm];

	to->customers[arm] += more->customers[arm];
	to->responses[arm] += more->responses[arm];
	money_add_money(&to->revenue[arm], &more->revenue[arm]);
	pair_sums_merge(&to->orders_of[arm], &more->orders_of[arm]);
	pair_sums_merge(&to->revenue_of[arm], &more->revenue_of[arm]);
	pair_sums_merge(&to->profit_of[arm], &more->profit_of[arm]);
	pair_sums_merge(&to->so_far[arm], &more->so_far[arm]);
	if (largest->known)
		note_largest(&to->largest[arm], money_units(&largest->outcome), money_units(&largest->before));
}

static void
add_campaign(CampaignsReport *report, uint32 number, const Campaign *more)
{
	Campaign   *to = recordset_at(report->campaigns, number);

	if (to->members == 0 || more->first_day < to->first_day)
		to->first_day = more->first_day;
	to->members += more->members;
	to->future += more->future;
	to->waiting += more->waiting;
	money_add_money(&to->cost, &more->cost);
	to->cost_unknown += more->cost_unknown;
	if (more->has_share)
	{
		Membership	member = {.campaign = items_name(report->names, number), .share = psprintf("%.17g", more->share)};

		note_share(to, &member);
	}
	for (int arm = 0; arm < ARMS; arm++)
		add_arm(to, more, arm);
}

static void
receive_campaigns(void *arg, Stream *stream)
{
	CampaignsReport *report = arg;
	uint32	   *numbers;
	uint32		count;
	Campaign   *more;

	population_receive(&report->population, stream);
	numbers = items_receive(report->names, stream);
	more = recordset_read(stream, sizeof(Campaign), &count);
	for (uint32 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		add_campaign(report, numbers[more[i].key], &more[i]);
	}
}

PARALLEL_VISITOR(ltv_campaigns_visitor, sizeof(CampaignsReport),
			  begin_campaigns, visit_customer, NULL, send_campaigns, receive_campaigns);

/*
 * Estimates
 */

/* A number compared in both arms. */
typedef struct Comparison
{
	Estimate	plain;
	Adjustment	adjusted;
} Comparison;

/* The unit of money in that of what is summed. */
#define MONEY_UNIT	((double) decimal_power[DECIMAL_MAX_SCALE])

static void
compare(const PairSums *sums, double unit, Comparison *comparison)
{
	PairArm		control = pair_sums_arm(&sums[CONTROL], unit);
	PairArm		treated = pair_sums_arm(&sums[TREATED], unit);

	estimate_means(&control.outcome, &treated.outcome, &comparison->plain);
	estimate_adjusted(&control, &treated, &comparison->plain, &comparison->adjusted);
}

/* Without the largest revenue of an arm. */
static void
compare_others(const Campaign *campaign, int arm, Comparison *comparison)
{
	PairSums	sums[ARMS] = {campaign->revenue_of[CONTROL], campaign->revenue_of[TREATED]};
	const Largest *largest = &campaign->largest[arm];

	pair_sums_subtract(&sums[arm], money_units(&largest->outcome), money_units(&largest->before));
	compare(sums, MONEY_UNIT, comparison);
}

static int
sign_of(double number)
{
	return (number > 0) - (number < 0);
}

/* Whether the answer is another one without the largest revenue of an arm. */
static bool
is_carried_by_one(const Campaign *campaign, const Adjustment *all)
{
	for (int arm = 0; arm < ARMS; arm++)
	{
		Comparison	others;

		compare_others(campaign, arm, &others);
		if (!isnan(others.adjusted.difference) &&
			(sign_of(others.adjusted.difference) != sign_of(all->difference) || (others.adjusted.p_value < 0.05) != (all->p_value < 0.05)))
			return true;
	}
	return false;
}

/* Of the planned split: chi-square with one degree of freedom. */
static double
split_p(const Campaign *campaign)
{
	double		n = (double) campaign->customers[TREATED] + (double) campaign->customers[CONTROL];
	double		expected = n * campaign->share;
	double		variance = expected * (1 - campaign->share);
	double		off = fabs((double) campaign->customers[TREATED] - expected);

	if (!campaign->has_share || n == 0)
		return NAN;
	if (variance == 0)
		return off > 0 ? 0 : 1;
	return 2 * normal_tail(off / sqrt(variance));
}

/* Of what was before, Welch's. */
static Estimate
balance_of(const PairSums *sums)
{
	PairArm		control = pair_sums_arm(&sums[CONTROL], MONEY_UNIT);
	PairArm		treated = pair_sums_arm(&sums[TREATED], MONEY_UNIT);
	Estimate	balance;

	estimate_means(&control.before, &treated.before, &balance);
	return balance;
}

typedef struct SoFar
{
	double		effect;
	double		low;
	double		high;
} SoFar;

/*
 * A normal mixture (Robbins 1970): with variances known it holds the truth at
 * all times at once in 95 of 100 cases.  Its one free number is fixed by what
 * was before, so it must not change any more: all must have begun.
 */
static SoFar
estimate_so_far(const Campaign *campaign)
{
	PairArm		control = pair_sums_arm(&campaign->so_far[CONTROL], MONEY_UNIT);
	PairArm		treated = pair_sums_arm(&campaign->so_far[TREATED], MONEY_UNIT);
	double		evidence = 2 * log(20);
	SoFar		so_far = {NAN, NAN, NAN};
	Estimate	now;
	Estimate	before;
	double		variance;
	double		mixture;
	double		margin;

	estimate_means(&control.outcome, &treated.outcome, &now);
	estimate_means(&control.before, &treated.before, &before);
	so_far.effect = now.difference;
	if (campaign->future > 0 || isnan(now.standard_error) || isnan(before.standard_error))
		return so_far;
	variance = now.standard_error * now.standard_error;
	mixture = before.standard_error * before.standard_error / (evidence + log1p(evidence));
	margin = sqrt((variance + mixture) * (log((variance + mixture) / mixture) + evidence));
	so_far.low = so_far.effect - margin;
	so_far.high = so_far.effect + margin;
	return so_far;
}

/*
 * Notes
 */

/* arms of so many customers say something about orders, and about money where they are about equal */
#define FEW				200
#define ABOUT_EQUAL		1.5
/* or where the smaller one has so many */
#define FEW_FOR_MONEY	10000

/* p below this is no chance, where every campaign is looked at */
#define UNLIKE			0.01

/* Where one more note goes. */
static StringInfo
next_note(StringInfo note)
{
	if (note->len > 0)
		appendStringInfoString(note, "; ");
	return note;
}

static void
note_size(StringInfo note, const Campaign *campaign)
{
	int64		smaller = Min(campaign->customers[TREATED], campaign->customers[CONTROL]);
	int64		larger = Max(campaign->customers[TREATED], campaign->customers[CONTROL]);

	if (smaller < FEW)
		appendStringInfo(next_note(note), "too few: fewer than %d customers in an arm", FEW);
	else if ((double) larger > ABOUT_EQUAL * (double) smaller && smaller < FEW_FOR_MONEY)
		appendStringInfo(next_note(note), "too few for money: fewer than %d customers in the smaller of two unequal arms", FEW_FOR_MONEY);
}

static void
note_progress(StringInfo note, const Campaign *campaign, int32 within_days)
{
	if (campaign->future == campaign->members)
		appendStringInfoString(next_note(note), "begins after as_of");
	else if (campaign->future + campaign->waiting > 0)
		appendStringInfo(next_note(note), "%lld customers not counted yet: their %d days are not over", (long long) campaign->future + campaign->waiting, within_days);
}

static char *
note_of(const Campaign *campaign, int32 within_days, const Comparison *revenue, const Estimate *balance)
{
	StringInfoData note;

	initStringInfo(&note);
	note_progress(&note, campaign, within_days);
	if (campaign->customers[TREATED] > 0 && campaign->customers[CONTROL] == 0)
		appendStringInfoString(next_note(&note), "no control group: responses only");
	if (campaign->customers[TREATED] == 0 && campaign->customers[CONTROL] > 0)
		appendStringInfoString(next_note(&note), "nobody was treated");
	if (campaign->customers[TREATED] > 0 && campaign->customers[CONTROL] > 0)
	{
		note_size(&note, campaign);
		if (balance->p_value < UNLIKE)
			appendStringInfoString(next_note(&note), "the arms were unlike before: unless drawn by lot, this compares two kinds of customers");
		if (is_carried_by_one(campaign, &revenue->adjusted))
			appendStringInfoString(next_note(&note), "a single customer carries the difference");
	}
	if (split_p(campaign) < UNLIKE)
		appendStringInfoString(next_note(&note), "the arms are not split as planned");
	if (campaign->cost_unknown > 0)
		appendStringInfoString(next_note(&note), "orders without a cost: no gross profit");
	return note.len > 0 ? note.data : NULL;
}

/*
 * Rows
 */

static void
row_real(Row *row, double number)
{
	if (isnan(number) || isinf(number))
		row_null(row);
	else
		row_value(row, Float8GetDatum(number + 0.0));
}

static void
row_effect(Row *row, const Comparison *comparison)
{
	row_real(row, comparison->plain.difference);
	row_real(row, comparison->plain.low);
	row_real(row, comparison->plain.high);
	row_real(row, comparison->adjusted.difference);
	row_real(row, comparison->adjusted.low);
	row_real(row, comparison->adjusted.high);
}

static void
put_responses(Row *row, const Campaign *campaign)
{
	row_value(row, DateADTGetDatum(campaign->first_day));
	row_count(row, campaign->customers[TREATED]);
	row_count(row, campaign->customers[CONTROL]);
	row_count(row, campaign->responses[TREATED]);
	row_rate(row, (double) campaign->responses[TREATED], (double) campaign->customers[TREATED]);
	row_rate(row, (double) campaign->responses[CONTROL], (double) campaign->customers[CONTROL]);
	row_numeric(row, money_numeric(&campaign->cost));
	row_numeric(row, campaign->responses[TREATED] > 0 ? money_divide(&campaign->cost, campaign->responses[TREATED]) : NULL);
	row_money_each(row, &campaign->revenue[TREATED], campaign->customers[TREATED]);
	row_money_each(row, &campaign->revenue[CONTROL], campaign->customers[CONTROL]);
}

/* What the treated brought more than they cost; of an interval that is not known nothing is said. */
static void
put_return(Row *row, const Campaign *campaign, const Comparison *profit)
{
	double		customers = (double) campaign->customers[TREATED];
	double		cost = (double) money_units(&campaign->cost) / MONEY_UNIT;
	const Adjustment *adjusted = &profit->adjusted;
	double		gains[] = {adjusted->difference * customers, adjusted->low * customers, adjusted->high * customers};

	for (int i = 0; i < 3; i++)
		row_real(row, gains[i]);
	row_real(row, lift_over(adjusted->difference, adjusted->control_mean));
	row_real(row, customers > 0 ? lift_over(cost / customers, adjusted->control_mean) : NAN);
	for (int i = 0; i < 3; i++)
		row_real(row, cost > 0 ? (gains[i] - cost) / cost : NAN);
}

static void
compare_profit(const Campaign *campaign, Comparison *profit)
{
	static const PairSums nobody[ARMS];

	compare(campaign->cost_unknown > 0 ? nobody : campaign->profit_of, MONEY_UNIT, profit);
}

static void
put_campaign(Row *row, const CampaignsReport *report, const Campaign *campaign, double holm)
{
	Estimate	balance = balance_of(campaign->revenue_of);
	SoFar		so_far = estimate_so_far(campaign);
	Comparison	orders;
	Comparison	revenue;
	Comparison	profit;
	char	   *note;

	compare(campaign->orders_of, 1, &orders);
	compare(campaign->revenue_of, MONEY_UNIT, &revenue);
	compare_profit(campaign, &profit);
	row_item(row, report->names, (uint32) campaign->key);
	put_responses(row, campaign);
	row_real(row, balance.difference);
	row_real(row, balance.p_value);
	row_real(row, split_p(campaign));
	row_effect(row, &orders);
	row_effect(row, &revenue);
	row_effect(row, &profit);
	row_real(row, revenue.adjusted.p_value);
	row_real(row, holm);
	row_real(row, so_far.effect);
	row_real(row, so_far.low);
	row_real(row, so_far.high);
	put_return(row, campaign, &profit);
	note = note_of(campaign, report->within_days, &revenue, &balance);
	if (note != NULL)
		row_value(row, CStringGetTextDatum(note));
	else
		row_null(row);
	row_put(row);
}

typedef Campaign *CampaignPointer;

#define ST_SORT sort_campaigns
#define ST_ELEMENT_TYPE CampaignPointer
#define ST_COMPARE_ARG_TYPE Items
#define ST_COMPARE(a, b, names) items_compare(names, (uint32) (*(a))->key, (uint32) (*(b))->key)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static void
put_campaigns(void *arg)
{
	CampaignsReport *report = arg;
	uint32		count = report->campaigns->count;
	Campaign  **sorted = (Campaign **) recordset_sorted(report->campaigns);
	double	   *holm = palloc_extended((count + 1) * sizeof(double), MCXT_ALLOC_HUGE);
	Row			row;

	sort_campaigns(sorted, count, report->names);
	for (uint32 i = 0; i < count; i++)
	{
		Comparison	revenue;

		LTV_CHECK_FOR_INTERRUPTS(i);
		compare(sorted[i]->revenue_of, MONEY_UNIT, &revenue);
		holm[i] = revenue.adjusted.p_value;
	}
	holm_adjust(holm, count);
	row_begin(&row, &report->population.report, report->population.scales);
	for (uint32 i = 0; i < count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		put_campaign(&row, report, sorted[i], holm[i]);
	}
	row_end(&row);
}

static DateADT
read_arguments(void *arg, FunctionCallInfo fcinfo)
{
	CampaignsReport *report = arg;

	report->within_days = PG_GETARG_INT32(3);
	if (report->within_days < 1 || report->within_days > WITHIN_LIMIT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("within_days must be from 1 to %d, not %d", WITHIN_LIMIT, report->within_days),
				 errhint("So many days from on_day on are looked at, and as many before it.")));
	report->population.as_of = moment_of(PG_GETARG_DATEADT(2)).as_of;
	return report->population.as_of;
}

static const ReportKind kind = {
	.name = "ltv_campaigns",
	.size = sizeof(CampaignsReport),
	.row_type = &row_type,
	.visitor = &ltv_campaigns_visitor,
	.wants = WANT_COST | WANT_ITEM | WANT_CONTACTS,
	.campaigns_arg = 1,
	.strangers = true,
	.by_arg = 4,
	.read = read_arguments,
	.put = put_campaigns,
};

PG_FUNCTION_INFO_V1(ltv_campaigns);

/* (orders, campaigns, as_of, within_days, by) */
Datum
ltv_campaigns(PG_FUNCTION_ARGS)
{
	return report_run(&kind, fcinfo);
}
