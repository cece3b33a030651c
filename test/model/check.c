/*
 * check.c: counting of checks, reading of reference files, and main.
 *
 * usage: model_test [reference directory] [data directory]
 */
#include "check.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *reference_dir = NULL;
const char *data_dir = NULL;
bool		full_run = false;
int			passed = 0;
int			failed = 0;

bool
check(bool ok, const char *format,...)
{
	if (ok)
	{
		passed++;
		return true;
	}
	failed++;
	if (failed <= 200)
	{
		va_list		args;

		printf("FAILED: ");
		va_start(args, format);
		vprintf(format, args);
		va_end(args);
		printf("\n");
	}
	return false;
}

bool
check_close(double got, double want, double tolerance, double floor, const char *what)
{
	double		scale = fabs(want) > floor ? fabs(want) : floor;

	return check(fabs(got - want) <= tolerance * scale, "%s: got %.17g, expected %.17g, off by %.2g, allowed %.2g",
				 what, got, want, fabs(got - want) / scale, tolerance);
}

char *
read_file(const char *dir, const char *name)
{
	char		path[1000];
	FILE	   *file;
	long		size;
	char	   *text;

	if (dir == NULL)
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "rb");
	if (file == NULL)
	{
		printf("skipped: %s is not there\n", name);
		return NULL;
	}
	fseek(file, 0, SEEK_END);
	size = ftell(file);
	rewind(file);
	text = malloc(size + 1);
	if (text == NULL || fread(text, 1, size, file) != (size_t) size)
		abort();
	text[size] = '\0';
	fclose(file);
	return text;
}

Csv *
read_csv(const char *dir, const char *name)
{
	char	   *text = read_file(dir, name);
	Csv		   *csv;
	char	   *at;
	int			lines = 0;
	int			cell = 0;

	if (text == NULL)
		return NULL;
	csv = calloc(1, sizeof(Csv));
	csv->text = text;
	csv->columns = 1;
	for (at = text; *at && *at != '\n'; at++)
		csv->columns += *at == ',';
	for (at = text; *at; at++)
		lines += *at == '\n';
	csv->header = calloc((size_t) (lines + 2) * csv->columns, sizeof(char *));
	csv->cell = csv->header + csv->columns;
	for (at = text; *at; cell++)
	{
		csv->header[cell] = at;
		at += strcspn(at, ",\r\n");
		if (*at == '\r')
			*at++ = '\0';
		if (*at)
			*at++ = '\0';
	}
	csv->rows = cell / csv->columns - 1;
	return csv;
}

int
csv_column(const Csv *csv, const char *name)
{
	int			i;

	for (i = 0; i < csv->columns; i++)
	{
		if (strcmp(csv->header[i], name) == 0)
			return i;
	}
	printf("no column \"%s\"\n", name);
	exit(2);
}

const char *
csv_text(const Csv *csv, int row, int column)
{
	return csv->cell[(size_t) row * csv->columns + column];
}

double
csv_number(const Csv *csv, int row, int column)
{
	return strtod(csv_text(csv, row, column), NULL);
}

void
free_csv(Csv *csv)
{
	free(csv->text);
	free(csv->header);
	free(csv);
}

double
json_number(const char *json, const char *section, const char *key)
{
	char		quoted[100];
	const char *at = json;

	if (section != NULL)
	{
		snprintf(quoted, sizeof(quoted), "\"%s\":", section);
		at = strstr(at, quoted);
	}
	snprintf(quoted, sizeof(quoted), "\"%s\":", key);
	if (at != NULL)
		at = strstr(at, quoted);
	if (at == NULL)
	{
		printf("no \"%s\" / \"%s\" in a reference file\n", section ? section : "", key);
		exit(2);
	}
	at += strlen(quoted);
	at += strspn(at, " \"");
	return strtod(at, NULL);
}

int
main(int argc, char **argv)
{
	reference_dir = argc > 1 && argv[1][0] ? argv[1] : NULL;
	data_dir = argc > 2 && argv[2][0] ? argv[2] : NULL;
	full_run = argc > 3 && strcmp(argv[3], "--full") == 0;
	setvbuf(stdout, NULL, _IOLBF, 0);

	test_special();
	test_grids();
	test_identities();
	test_fits();
	test_limits();
	test_recovery();
	test_rhythm();
	test_shrink();
	test_season();
	test_growth();
	test_shocks();
	test_simulated();
	test_million();
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}
