/*
 * growth.h: how many more or fewer a coming year has than the last one, and how far off that may be, from the numbers of whole years.
 */
#ifndef LTVM_GROWTH_H
#define LTVM_GROWTH_H

/* earlier years say little of the next one */
#define LTVM_GROWTH_YEARS 10

/* A coming year's rate over the last year's number: its median, and an interval that has 95 % and, always, 1 in it. */
typedef struct LtvmGrowth
{
	double		low;
	double		middle;
	double		high;
} LtvmGrowth;

/* Of the year so many ahead, at least 1, from the numbers of years, the last one first, two of them at least. */
extern LtvmGrowth ltvm_growth(const double *numbers, int years, int ahead);

#endif							/* LTVM_GROWTH_H */
