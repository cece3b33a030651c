/*
 * shops.h: seeded shops whose customers come on any day of three years, more and more of them, and whose events come at a rate
 * that every day has a speed of its own for.
 */
#ifndef LTV_TEST_SHOPS_H
#define LTV_TEST_SHOPS_H

#include "model/fit.h"
#include "simulate.h"

#define SHOP_DAYS 1096
#define SHOP_START 8036			/* 1 January 2022 */
#define SHOP_END (SHOP_START + SHOP_DAYS - 1)

/* To begin with all is 0 but customers; draw_shop makes room, which free_shop gives back. */
typedef struct Shop
{
	int			customers;
	int			count;			/* of events */
	int			room;
	int		   *customer;
	int		   *day;			/* a customer's ascend */
} Shop;

/* By a clock, with shocks of single months of this standard deviation; whole days, a gap of k events each. */
extern void draw_shop(Random *random, const LtvmModel *model, const LtvmClock *clock, double shock, Shop *shop);
extern void free_shop(Shop *shop);

/* The customers as of a day; to be freed. */
extern LtvmCalendar calendar_of(const Shop *shop, int as_of);
extern void free_calendar(LtvmCalendar *calendar);

#endif							/* LTV_TEST_SHOPS_H */
