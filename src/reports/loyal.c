/*
 * loyal.c: when a customer becomes loyal.
 *
 * That is the first day with an order at which the window of the benchmark that
 * ends with it reaches the benchmark.
 */
#include "reports/loyal.h"

#include "customer/customer.h"

/* Take the purchases of the next day; whether it has an order. */
static bool
window_take_day(LoyalWindow *window, const Buyer *buyer)
{
	DateADT		day = buyer->purchases[window->to].day;
	int64		before = window->orders;

	for (; window->to < buyer->count && buyer->purchases[window->to].day == day; window->to++)
	{
		window->orders += is_order(&buyer->purchases[window->to]);
		window->revenue += buyer->purchases[window->to].amount;
	}
	window->all_orders += window->orders - before;
	return window->orders > before;
}

static void
window_start_at(LoyalWindow *window, const Buyer *buyer, DateADT start)
{
	for (; buyer->purchases[window->from].day < start; window->from++)
	{
		window->orders -= is_order(&buyer->purchases[window->from]);
		window->revenue -= buyer->purchases[window->from].amount;
	}
}

/* Does the customer become loyal, up to a day?  Then the window ends with the day on which that is so first. */
bool
becomes_loyal(const Buyer *buyer, const Policy *policy, int64 last, LoyalWindow *window)
{
	memset(window, 0, sizeof(*window));
	while (window->to < buyer->count && buyer->purchases[window->to].day <= last)
	{
		DateADT		day = buyer->purchases[window->to].day;

		/* the window has no more orders than there are up to its end */
		if (!window_take_day(window, buyer) || window->all_orders < policy->benchmark_annual_orders)
			continue;
		window_start_at(window, buyer, window_start(day, policy->benchmark_months));
		if (window->orders >= policy->benchmark_annual_orders &&
			money_of(window->revenue, buyer->scales.amount) >= policy->benchmark_annual_revenue)
			return true;
	}
	return false;
}
