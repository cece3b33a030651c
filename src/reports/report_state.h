/*
 * report_state.h: what a report has gathered, as a value of type
 * ltv_report_state.
 */
#ifndef LTV_REPORT_STATE_H
#define LTV_REPORT_STATE_H

#include "base/compat.h"

#include "lib/stringinfo.h"

#include "reports/report_kind.h"

/* A kind of argument that decides what is gathered: as bytes, which are the same wherever the value is, and as text. */
typedef struct StateArgumentKind
{
	bool		by_value;
	void		(*put) (Datum value, Stream *stream);
	Datum		(*get) (Stream *stream, Oid schema);	/* of the extension */
	void		(*show) (Datum value, StringInfo out);
} StateArgumentKind;

extern const StateArgumentKind state_day;
extern const StateArgumentKind state_integer;
extern const StateArgumentKind state_integers;	/* in ascending order, whatever the order given */
extern const StateArgumentKind state_number;
extern const StateArgumentKind state_period;
extern const StateArgumentKind state_after;
extern const StateArgumentKind state_policy;

typedef struct StateArgument
{
	const char *name;
	int			arg;			/* of the report, by position */
	const StateArgumentKind *kind;
} StateArgument;

#define STATE_ARGUMENTS	5

/* A report whose figures histories can give. */
typedef struct ReportState
{
	const ReportKind *report;
	StateArgument gathering[STATE_ARGUMENTS];	/* its aggregate has these, in this order, behind the history */
	int			computing[STATE_ARGUMENTS]; /* the other arguments, by position: those of its rows, behind the state */
} ReportState;

/* all of them */
extern const ReportState *const report_states[];
extern const int report_states_count;

extern Datum report_state_accum(FunctionCallInfo fcinfo, const ReportState *of);
extern Datum report_state_rows(FunctionCallInfo fcinfo, const ReportState *of);
extern void report_state_receive(const ReportState *of, Datum state, void *report);

#endif							/* LTV_REPORT_STATE_H */
