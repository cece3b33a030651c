/*
 * check.h: counting of checks and reading of reference files, for the tests of src/model.
 */
#ifndef LTV_TEST_CHECK_H
#define LTV_TEST_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define CSV_MAX_COLUMNS 32

/* A small CSV file without quotes, wholly in memory. */
typedef struct Csv
{
	int			columns;
	int			rows;
	char	   *text;			/* the bytes, cut into strings */
	char	  **header;
	char	  **cell;			/* rows x columns */
} Csv;

/* where the reference files and the data are; NULL when absent */
extern const char *reference_dir;
extern const char *data_dir;

/* simulations of thousands of shops, which take minutes, instead of some */
extern bool full_run;

extern int	passed;
extern int	failed;

/* one check: counts it, prints when it fails */
extern bool check(bool ok, const char *format,...) __attribute__((format(printf, 2, 3)));

/* |got - want| <= tolerance * max(|want|, floor) */
extern bool check_close(double got, double want, double tolerance, double floor, const char *what);

/* NULL, after saying so, when the file is not there */
extern Csv *read_csv(const char *dir, const char *name);
extern int	csv_column(const Csv *csv, const char *name);
extern double csv_number(const Csv *csv, int row, int column);
extern const char *csv_text(const Csv *csv, int row, int column);
extern void free_csv(Csv *csv);

/* whole file as a string to be freed; NULL when absent */
extern char *read_file(const char *dir, const char *name);

/* the number after "key": behind the first occurrence of "section"; key may be found at any depth after it */
extern double json_number(const char *json, const char *section, const char *key);

extern void test_special(void);
extern void test_grids(void);
extern void test_identities(void);
extern void test_fits(void);
extern void test_limits(void);
extern void test_recovery(void);
extern void test_rhythm(void);
extern void test_shrink(void);
extern void test_season(void);
extern void test_growth(void);
extern void test_shocks(void);
extern void test_simulated(void);
extern void test_million(void);

#endif							/* LTV_TEST_CHECK_H */
