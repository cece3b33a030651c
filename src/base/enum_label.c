/*
 * enum_label.c: values of the extension's enums, by their labels: oids of
 * labels are not known before.
 */
#include "base/enum_label.h"

#include "access/htup_details.h"
#include "catalog/pg_enum.h"
#include "utils/syscache.h"

/* The number of the label that a value has; another label is an error, which says so in the words of trouble. */
int
enum_label_number(Oid value, const char *const *labels, int count, const char *trouble)
{
	HeapTuple	tuple = SearchSysCache1(ENUMOID, ObjectIdGetDatum(value));
	const char *label;
	int			number = 0;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for enum value %u", value);
	label = NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel);
	while (number < count && strcmp(label, labels[number]) != 0)
		number++;
	if (number == count)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("label \"%s\" %s", label, trouble),
				 errhint("The labels belong to the extension; restore them by creating it anew.")));
	ReleaseSysCache(tuple);
	return number;
}
