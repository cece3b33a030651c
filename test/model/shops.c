/*
 * shops.c: seeded shops by days, and as calendars, by counting and sorting.
 */
#include "shops.h"

#include <math.h>
#include <stdlib.h>

#include "patterns.h"

static void
add_event(Shop *shop, int customer, int day)
{
	if (shop->count > 0 && shop->customer[shop->count - 1] == customer && shop->day[shop->count - 1] == day)
		return;
	if (shop->count == shop->room)
	{
		shop->room = 2 * shop->room + 1024;
		shop->customer = realloc(shop->customer, sizeof(int) * (size_t) shop->room);
		shop->day = realloc(shop->day, sizeof(int) * (size_t) shop->room);
	}
	shop->customer[shop->count] = customer;
	shop->day[shop->count++] = day;
}

/* One customer from a first day on: whole days, a gap of k events each. */
static void
draw_days(Random *random, const LtvmModel *model, const double *speed, int customer, int first, Shop *shop)
{
	int			k = model->regularity > 1 ? model->regularity : 1;
	double		rate = draw_gamma(random, model->p[0]) / model->p[1] / 7;
	double		leaving = draw_beta(random, model->p[2], model->p[3]);
	int			day = first + 1;
	double		left = day < SHOP_DAYS ? speed[day] : 0;	/* of this day's clock */
	bool		stays = model->kind == LTVM_BG_NBD || model->kind == LTVM_BG_CNBD;	/* whatever the chance to leave */

	add_event(shop, customer, SHOP_START + first);
	while (stays || draw_uniform(random) > leaving)
	{
		double		gap = 0;

		stays = false;
		for (int i = 0; i < k; i++)
			gap += draw_exponential(random) / rate;
		while (day < SHOP_DAYS && gap > left)
		{
			gap -= left;
			day++;
			left = day < SHOP_DAYS ? speed[day] : 0;
		}
		if (day >= SHOP_DAYS)
			return;
		left -= gap;
		add_event(shop, customer, SHOP_START + day);
	}
}

void
draw_shop(Random *random, const LtvmModel *model, const LtvmClock *clock, double shock, Shop *shop)
{
	double		speed[SHOP_DAYS];
	double		of_month = 1;
	int			month = -1;

	for (int d = 0; d < SHOP_DAYS; d++)
	{
		if (ltvm_month_of(SHOP_START + d) != month)
			of_month = exp(shock * sqrt(2 * draw_exponential(random)) * cos(2 * M_PI * draw_uniform(random)));
		month = ltvm_month_of(SHOP_START + d);
		speed[d] = of_month * ltvm_clock_speed(clock, SHOP_START + d);
	}
	shop->count = 0;
	for (int i = 0; i < shop->customers; i++)
		draw_days(random, model, speed, i, (int) (SHOP_DAYS * (sqrt(1 + 3 * draw_uniform(random)) - 1)), shop);
}

static int
compare_pairs(const void *a, const void *b)
{
	const LtvmDayPair *left = a;
	const LtvmDayPair *right = b;

	return left->to != right->to ? left->to - right->to : left->from - right->from;
}

LtvmCalendar
calendar_of(const Shop *shop, int as_of)
{
	LtvmPattern *patterns = calloc((size_t) shop->customers, sizeof(LtvmPattern));
	LtvmDayPair *pairs = malloc(sizeof(LtvmDayPair) * (size_t) (shop->count + 1));
	LtvmCalendar calendar = {.as_of = as_of, .unit_days = 7, .patterns = patterns, .pairs = pairs};
	int			first = 0;

	for (int i = 0; i < shop->count; i++)
	{
		bool		begins = i == 0 || shop->customer[i] != shop->customer[i - 1];

		if (begins)
			first = shop->day[i];
		if (shop->day[i] > as_of)
			continue;
		if (begins)
			patterns[calendar.n++] = (LtvmPattern) {0, 0, as_of - first, 1};
		else
		{
			patterns[calendar.n - 1].frequency++;
			patterns[calendar.n - 1].recency = shop->day[i] - first;
			pairs[calendar.pair_count++] = (LtvmDayPair) {shop->day[i - 1], shop->day[i], 1};
		}
	}
	calendar.n = compact_patterns(patterns, calendar.n);
	qsort(pairs, (size_t) calendar.pair_count, sizeof(LtvmDayPair), compare_pairs);
	return calendar;
}

void
free_calendar(LtvmCalendar *calendar)
{
	free((void *) calendar->patterns);
	free((void *) calendar->pairs);
}

void
free_shop(Shop *shop)
{
	free(shop->customer);
	free(shop->day);
}
