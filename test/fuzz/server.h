/*
 * server.h: what stands in for the server in the fuzz targets.
 *
 * The functions of the extension are called as the server calls them, through
 * a FunctionCallInfo, and report errors with ereport.  JSON, hashing, sorting
 * and string building are the server's own, from libpgcommon and libpgport.
 */
#ifndef FUZZ_SERVER_H
#define FUZZ_SERVER_H

#include "history/history.h"

/* Stops the run: the input is one that shows a bug. */
pg_noreturn extern void violated(const char *file, int line, const char *what);

#define require(condition) \
	((condition) ? (void) 0 : violated(__FILE__, __LINE__, #condition))

/* One input begins and ends; all memory goes at the end. */
extern void server_begin(void);
extern void server_end(void);

/* What a function said. */
typedef struct Answer
{
	int			sqlstate;		/* 0: no error */
	bool		isnull;
	Datum		value;
} Answer;

/* In which kind of aggregate functions are called: 0 (none) or AGG_CONTEXT_… */
extern int	aggregate_kind;

/*
 * The columns of the row type that a function returns, one letter each:
 * n for a number (numeric), v for what is passed by value.
 */
extern void returns_row(PGFunction function, const char *columns);

extern Answer call_function(PGFunction function, NullableDatum *arguments, int count);

#define CALL(function, ...) \
	call_function(function, (NullableDatum[]) {__VA_ARGS__}, \
				  sizeof((NullableDatum[]) {__VA_ARGS__}) / sizeof(NullableDatum))
#define VALUE(datum)	((NullableDatum) {(datum), false})
#define NOTHING			((NullableDatum) {(Datum) 0, true})

/* CALL for what cannot fail and is not NULL. */
extern Datum must(Answer answer);

/* An aggregate: its state lives longer than the rows. */
typedef struct Aggregate
{
	int			kind;			/* AGG_CONTEXT_… */
	Datum		state;
	bool		isnull;
} Aggregate;

extern Aggregate aggregate_start(int kind);
extern int	aggregate_step(Aggregate *aggregate, PGFunction function, NullableDatum *arguments, int count);

#define STEP(aggregate, function, ...) \
	aggregate_step(aggregate, function, (NullableDatum[]) {__VA_ARGS__}, \
				   sizeof((NullableDatum[]) {__VA_ARGS__}) / sizeof(NullableDatum))

/* What a varlena holds. */
extern bool has_bytes(Datum value, const void *bytes, Size size);
extern bool same(Datum a, Datum b);

extern Answer merge_in_aggregate(PGFunction combine, Datum a, Datum b);

/* since 16 some functions promise not to change what they are given */
#if PG_VERSION_NUM >= 160000
#define GIVEN const
#else
#define GIVEN
#endif

/* server_types.c */
extern Datum row_column(Datum row, int column, bool *isnull);
extern struct Node *rows_wanted(void);
extern int	rows_count(void);
extern Datum rows_column(int row, int column, bool *isnull);
extern void rows_forget(void);
extern struct TupleDescData *make_row_type(const char *columns);
extern const char *label_of(Oid oid);
extern Datum number_from_text(const char *text);
extern char *number_text(Datum number);

/* A varlena: a copy of bytes behind a length word of 4 bytes, or of 1 where it fits and packed is set. */
extern struct varlena *make_varlena(const void *bytes, Size size, bool packed);

/* fields of the current call, for server_types.c */
extern const char *current_row_type(FunctionCallInfo fcinfo);

#endif							/* FUZZ_SERVER_H */
