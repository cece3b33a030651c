/*
 * being_read.c: a relation while a query over it runs.
 */
#include "orders/being_read.h"

#include "miscadmin.h"

static void
show_query(const char *query)
{
	int			position = geterrposition();

	/* what is wrong stands in our query, not in the user's */
	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(query);
	}
	else
		errcontext("SQL statement \"%s\"", query);
}

static void
read_context(void *arg)
{
	const BeingRead *being = arg;

	if (being->query != NULL)
		show_query(being->query);
	errcontext("reading %srelation \"%s\"", being->orders ? "orders from " : "", being->name);
	if (geterrcode() == ERRCODE_INSUFFICIENT_PRIVILEGE)
		errhint("A report reads %s with the rights of who runs it, through a view over the report as well. To show others only the report, grant SELECT on a materialized view of it, or EXECUTE on a SECURITY DEFINER function that returns its rows.",
				being->orders ? "orders" : "this relation");
}

/*
 * A view whose report reads the view itself would be read for ever.  Who is
 * reading what stands in the stack of error contexts, which the server unwinds
 * after an error.  With the rights of another role the relation can be another
 * (row-level security), and a loop comes back to each of its roles.
 */
static void
CheckNotReading(const BeingRead *being)
{
	for (ErrorContextCallback *callback = error_context_stack; callback != NULL; callback = callback->previous)
		if (callback->callback == read_context &&
			((const BeingRead *) callback->arg)->relid == being->relid &&
			((const BeingRead *) callback->arg)->reader == being->reader)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("infinite recursion detected in reports over relation \"%s\"", being->name),
					 errdetail("It is a view that reads, directly or through other views, a report over itself."),
					 errhint("Let the report read tables, or a view of them that no report is in.")));
}

/* Its query runs from now on; the struct must stay until being_read_end. */
void
being_read_begin(BeingRead *being)
{
	being->reader = GetUserId();
	CheckNotReading(being);
	being->callback = (ErrorContextCallback) {error_context_stack, read_context, being};
	error_context_stack = &being->callback;
}

void
being_read_end(const BeingRead *being)
{
	error_context_stack = being->callback.previous;
}
