/*
 * test_grids.c: every model function at the difficult points of the reference grids, which were computed with 40 and
 * 60 digits outside the project.  Each row names its own tolerance.
 */
#include "check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/model.h"
#include "model/special.h"

/* a value of a grid; what leaves the range of double counts as 0 */
static void
check_grid(double got, double want, double tolerance, const char *grid, int row, const char *what)
{
	char		name[100];

	snprintf(name, sizeof(name), "%s row %d %s", grid, row + 1, what);
	if (fabs(want) < 1e-300)
		check(fabs(got) < 1e-299, "%s: got %g instead of 0", name, got);
	else
		check_close(got, want, tolerance, 0.0, name);
}

static LtvmPast
past_of(const Csv *csv, int row)
{
	LtvmPast	past;

	past.frequency = csv_number(csv, row, csv_column(csv, "frequency"));
	past.recency = csv_number(csv, row, csv_column(csv, "recency"));
	past.t = csv_number(csv, row, csv_column(csv, "T"));
	return past;
}

/*
 * One row of the grid has P(alive) = 6.7e-26, a horizon of 1e-6 and 0 expected orders: there the reference itself rounded
 * to nothing.  To first order the value is P(alive) (r + x) / (alpha + T) horizon, the next term being smaller by
 * (r + x) horizon / (alpha + T) = 1e-9, with a factor a / (a + b + x + 1) = 1e-5 for the chance to leave.
 */
static double
short_horizon(const Csv *csv, int row, const LtvmModel *model, const LtvmPast *past, double horizon)
{
	return csv_number(csv, row, csv_column(csv, "p_alive"))
		* (model->p[0] + past->frequency) / (model->p[1] + past->t) * horizon;
}

static void
test_orders_grid(const char *file, const char *const *names)
{
	Csv		   *csv = read_csv(reference_dir, file);
	int			row;

	if (csv == NULL)
		return;
	for (row = 0; row < csv->rows; row++)
	{
		const char *kind = csv_text(csv, row, 0);
		LtvmModel	model = {strcmp(kind, "bgnbd") == 0 ? LTVM_BG_NBD :
			strcmp(kind, "mbgnbd") == 0 ? LTVM_MBG_NBD : LTVM_PARETO_NBD, 0, {0}};
		LtvmPast	past = past_of(csv, row);
		double		horizon = csv_number(csv, row, csv_column(csv, "t"));
		double		tolerance = csv_number(csv, row, csv_column(csv, "suggested_rel_tol"));
		double		gradient[4];
		double		want;
		int			i;

		for (i = 0; i < 4; i++)
			model.p[i] = csv_number(csv, row, csv_column(csv, names[i]));
		check(ltvm_check_parameters(model.kind, model.p, 4) == NULL && ltvm_check_past(&past) == NULL,
			  "%s row %d: refused", file, row + 1);
		want = csv_number(csv, row, csv_column(csv, "loglik"));
		check_grid(ltvm_log_likelihood(&model, &past, NULL), want, tolerance, file, row, "loglik");
		check_grid(ltvm_log_likelihood(&model, &past, gradient), want, tolerance, file, row, "loglik with gradient");
		check_grid(ltvm_p_alive(&model, &past), csv_number(csv, row, csv_column(csv, "p_alive")),
				   tolerance, file, row, "p_alive");
		want = csv_number(csv, row, csv_column(csv, "expected_purchases"));
		if (want == 0 && horizon > 0)
			want = short_horizon(csv, row, &model, &past, horizon);
		check_grid(ltvm_expected_orders(&model, &past, horizon), want, tolerance, file, row, "expected orders");
		check_grid(ltvm_expected_orders_new(&model, horizon),
				   csv_number(csv, row, csv_column(csv, "unconditional_expected")), tolerance, file, row,
				   "unconditional");
		if (model.kind == LTVM_PARETO_NBD)
			check_grid(ltvm_discounted_orders(&model, &past,
											  csv_number(csv, row, csv_column(csv, "discount_delta"))),
					   csv_number(csv, row, csv_column(csv, "dert")), tolerance, file, row, "dert");
	}
	printf("%s: %d rows\n", file, csv->rows);
	free_csv(csv);
}

static void
test_spend_grid(void)
{
	Csv		   *csv = read_csv(reference_dir, "grid_gamma_gamma.csv");
	int			row;

	if (csv == NULL)
		return;
	for (row = 0; row < csv->rows; row++)
	{
		LtvmModel	model = {LTVM_GAMMA_GAMMA, 0, {0}};
		double		x = csv_number(csv, row, csv_column(csv, "frequency"));
		double		z = csv_number(csv, row, csv_column(csv, "monetary_value"));
		double		gradient[3];

		model.p[0] = csv_number(csv, row, csv_column(csv, "p"));
		model.p[1] = csv_number(csv, row, csv_column(csv, "q"));
		model.p[2] = csv_number(csv, row, csv_column(csv, "v"));
		check_grid(ltvm_spend_log_likelihood(&model, x, z, gradient), csv_number(csv, row, csv_column(csv, "loglik")),
				   1e-12, "grid_gamma_gamma.csv", row, "loglik");
		/* the formula as published, also where the mean does not exist */
		check_grid(ltvm_expected_order_value(&model, x, z), csv_number(csv, row, csv_column(csv, "expected_value")),
				   1e-12, "grid_gamma_gamma.csv", row, "expected value");
	}
	printf("grid_gamma_gamma.csv: %d rows\n", csv->rows);
	free_csv(csv);
}

/*
 * The value within 1e-12 where it fits; its logarithm within 1e-12 of the larger of 1 and itself.
 */
static void
test_hypergeometric_grid(void)
{
	Csv		   *csv = read_csv(reference_dir, "grid_hyp2f1.csv");
	int			row;

	if (csv == NULL)
		return;
	for (row = 0; row < csv->rows; row++)
	{
		double		a = csv_number(csv, row, 1);
		double		b = csv_number(csv, row, 2);
		double		c = csv_number(csv, row, 3);
		double		z = csv_number(csv, row, 4);
		int			sign;
		double		got = ltvm_ln_hyp2f1(a, b, c, z, &sign);

		/* the models need c > 0 and 0 <= z < 1 only, the grid has more */
		check_close(got, csv_number(csv, row, 7), 1e-12, 1.0, "2F1");
		check(sign == (int) csv_number(csv, row, 6), "2F1 row %d: sign", row + 1);
	}
	printf("grid_hyp2f1.csv: %d rows\n", csv->rows);
	free_csv(csv);
}

void
test_grids(void)
{
	static const char *const bg[] = {"r", "alpha", "a", "b"};
	static const char *const pareto[] = {"r", "alpha", "s", "beta"};

	if (reference_dir == NULL)
	{
		printf("skipped: the grids, no reference directory\n");
		return;
	}
	test_orders_grid("grid_bgnbd_mbgnbd.csv", bg);
	test_orders_grid("grid_pnbd.csv", pareto);
	test_spend_grid();
	test_hypergeometric_grid();
}
