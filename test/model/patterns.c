/*
 * patterns.c: from customers to sorted distinct patterns.
 */
#include "patterns.h"

#include <stdlib.h>
#include <time.h>

static int
compare(double a, double b)
{
	return (a > b) - (a < b);
}

static int
compare_patterns(const void *left, const void *right)
{
	const LtvmPattern *a = left;
	const LtvmPattern *b = right;
	int			order = compare(a->frequency, b->frequency);

	if (order == 0)
		order = compare(a->recency, b->recency);
	return order != 0 ? order : compare(a->t, b->t);
}

int
compact_patterns(LtvmPattern *patterns, int n)
{
	int			kept = 0;
	int			i;

	qsort(patterns, n, sizeof(LtvmPattern), compare_patterns);
	for (i = 1; i < n; i++)
	{
		if (compare_patterns(&patterns[kept], &patterns[i]) == 0)
			patterns[kept].weight += patterns[i].weight;
		else
			patterns[++kept] = patterns[i];
	}
	return n > 0 ? kept + 1 : 0;
}

static int
compare_spends(const void *left, const void *right)
{
	const LtvmSpend *a = left;
	const LtvmSpend *b = right;
	int			order = compare(a->frequency, b->frequency);

	return order != 0 ? order : compare(a->monetary, b->monetary);
}

int
compact_spends(LtvmSpend *spends, int n)
{
	int			kept = 0;
	int			i;

	qsort(spends, n, sizeof(LtvmSpend), compare_spends);
	for (i = 1; i < n; i++)
	{
		if (compare_spends(&spends[kept], &spends[i]) == 0)
			spends[kept].weight += spends[i].weight;
		else
			spends[++kept] = spends[i];
	}
	return n > 0 ? kept + 1 : 0;
}

LtvmPattern *
patterns_from(const Csv *csv, double unit_days, int *n)
{
	LtvmPattern *patterns = calloc(csv->rows + 1, sizeof(LtvmPattern));
	int			frequency = csv_column(csv, "frequency");
	int			recency = csv_column(csv, "recency_days");
	int			t = csv_column(csv, "T_days");
	int			i;

	for (i = 0; i < csv->rows; i++)
	{
		patterns[i].frequency = csv_number(csv, i, frequency);
		patterns[i].recency = csv_number(csv, i, recency) / unit_days;
		patterns[i].t = csv_number(csv, i, t) / unit_days;
		patterns[i].weight = 1.0;
	}
	*n = compact_patterns(patterns, csv->rows);
	return patterns;
}

LtvmSpend *
spends_from(const Csv *csv, double unit, int *n)
{
	LtvmSpend  *spends = calloc(csv->rows + 1, sizeof(LtvmSpend));
	int			frequency = csv_column(csv, "frequency");
	int			monetary = csv_column(csv, "monetary_value");
	int			count = 0;
	int			i;

	for (i = 0; i < csv->rows; i++)
	{
		spends[count].frequency = csv_number(csv, i, frequency);
		spends[count].monetary = csv_number(csv, i, monetary) * unit;
		spends[count].weight = 1.0;
		if (spends[count].frequency > 0 && spends[count].monetary > 0)
			count++;
	}
	*n = compact_spends(spends, count);
	return spends;
}

double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + 1e-9 * now.tv_nsec;
}
