/*
 * contacts.c: what was spent on a customer without an order.
 *
 * Contacts stand beside the purchases of a history and never among them:
 * whoever looks at purchases does not see them.  Outside this file they are in
 * canonical order (day, cost), every cost below 10^18 in magnitude at their
 * scale.
 */
#include "history/history.h"

#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"

#define FIRST_ROOM 8

/* Make room for more contacts. */
void
contacts_reserve(Contacts *contacts, int64 more)
{
	int64		needed = contacts->count + more;
	int64		room = Max(contacts->room, FIRST_ROOM);

	if (needed <= contacts->room)
		return;
	if (needed * sizeof(Contact) > MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a history cannot hold %lld contacts", (long long) needed),
				 errdetail("The limit is %d contacts of one customer.", (int) (MaxAllocSize / sizeof(Contact))),
				 errhint("Are all contacts booked on one customer?")));
	while (room < needed)
		room *= 2;
	room = Min(room, (int64) (MaxAllocSize / sizeof(Contact)));
	if (contacts->list == NULL)
		contacts->list = palloc(room * sizeof(Contact));
	else
		contacts->list = repalloc(contacts->list, room * sizeof(Contact));
	contacts->room = (int) room;
}

void
contacts_free(Contacts *contacts)
{
	if (contacts->list != NULL)
		pfree(contacts->list);
	*contacts = (Contacts) {0, 0, 0, NULL};
}

/* Canonical order of two contacts at one scale. */
static inline int
contact_compare(const Contact *a, const Contact *b)
{
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return a->cost < b->cost ? -1 : a->cost > b->cost ? 1 : 0;
}

#define ST_SORT sort_contacts
#define ST_ELEMENT_TYPE Contact
#define ST_COMPARE(a, b) contact_compare(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

void
contacts_sort(Contacts *contacts)
{
	if (contacts->count > 1)
		sort_contacts(contacts->list, contacts->count);
}

#ifdef USE_ASSERT_CHECKING
void
AssertCheckContacts(const Contacts *contacts)
{
	Assert(contacts->count >= 0 && contacts->count <= contacts->room);
	Assert(contacts->scale <= DECIMAL_MAX_SCALE);
	for (int i = 0; i < contacts->count; i++)
	{
		Assert(IS_VALID_DATE(contacts->list[i].day));
		Assert(decimal_in_range(contacts->list[i].cost));
		Assert(i == 0 || contact_compare(&contacts->list[i - 1], &contacts->list[i]) <= 0);
	}
}
#endif

/* Bring all costs to a scale that is larger than today's. */
static void
rescale_contacts(Contacts *contacts, int scale)
{
	for (int i = 0; i < contacts->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		rescale_number(&contacts->list[i].cost, contacts->scale, scale, "cost of a contact");
	}
	contacts->scale = (uint8) scale;
}

/* Put a contact at the end; unsorted. */
void
contacts_add(Contacts *contacts, Contact contact, int scale)
{
	if (scale > contacts->scale)
		rescale_contacts(contacts, scale);
	else
		rescale_number(&contact.cost, scale, contacts->scale, "cost of a contact");
	contacts_reserve(contacts, 1);
	contacts->list[contacts->count++] = contact;
}

/* The same with all of another history. */
void
contacts_append(Contacts *to, const Contacts *from)
{
	if (from->count == 0)
		return;
	contacts_reserve(to, from->count);
	for (int i = 0; i < from->count; i++)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		contacts_add(to, from->list[i], from->scale);
	}
}

/* Canonical order of two contacts at any scales. */
static int
compare_across(const Contact *a, int scale_a, const Contact *b, int scale_b)
{
	if (a->day != b->day)
		return a->day < b->day ? -1 : 1;
	return decimal_compare(a->cost, scale_a, b->cost, scale_b);
}

/* Lexicographic order by value. */
int
contacts_compare(const Contacts *a, const Contacts *b)
{
	int			common = Min(a->count, b->count);

	for (int i = 0; i < common; i++)
	{
		int			result = compare_across(&a->list[i], a->scale, &b->list[i], b->scale);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (result != 0)
			return result;
	}
	return a->count < b->count ? -1 : a->count > b->count ? 1 : 0;
}

static void
report_missing_contact(const Contact *contact, int scale)
{
	Datum		cost = NumericGetDatum(decimal_make(contact->cost, scale));

	ereport(ERROR,
			(errcode(ERRCODE_DATA_EXCEPTION),
			 errmsg("cannot subtract a contact that is not in the history"),
			 errdetail("There is no contact on %s that cost %s (or not as many of them).",
					   DatumGetCString(DirectFunctionCall1(date_out, DateADTGetDatum(contact->day))),
					   DatumGetCString(DirectFunctionCall1(numeric_out, cost)))));
}

/* Take contacts away, each of which must be there. */
void
contacts_subtract(Contacts *from, const Contacts *taken)
{
	int			kept = 0;
	int			next = 0;

	for (int i = 0; i < from->count; i++)
	{
		int			result = next == taken->count ? -1
			: compare_across(&from->list[i], from->scale, &taken->list[next], taken->scale);

		LTV_CHECK_FOR_INTERRUPTS(i);
		if (result > 0)
			report_missing_contact(&taken->list[next], taken->scale);
		if (result == 0)
			next++;
		else
			from->list[kept++] = from->list[i];
	}
	if (next < taken->count)
		report_missing_contact(&taken->list[next], taken->scale);
	from->count = kept;
}

/* The number of contacts up to a day, that day included. */
int
contacts_until(const Contacts *contacts, DateADT day)
{
	int			low = 0;
	int			high = contacts->count;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (contacts->list[middle].day <= day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Keep the contacts from one day to another, both included. */
void
contacts_slice(Contacts *contacts, DateADT from_day, DateADT to_day)
{
	int			last = contacts_until(contacts, to_day);
	int			first = DATE_IS_NOBEGIN(from_day) ? 0 : contacts_until(contacts, from_day - 1);

	if (DATE_IS_NOEND(from_day) || first > last)
		first = last;
	contacts->count = last - first;
	if (contacts->count > 0)
		memmove(contacts->list, contacts->list + first, contacts->count * sizeof(Contact));
}

/*
 * What contacts from one day to another cost, both included: what keeping a
 * customer costs, if the first day is not before that of the first order.
 */
int128
contacts_cost(const Contacts *contacts, DateADT from_day, DateADT to_day)
{
	int			last = contacts_until(contacts, to_day);
	int128		cost = 0;

	for (int i = last - 1; i >= 0 && contacts->list[i].day >= from_day; i--)
	{
		LTV_CHECK_FOR_INTERRUPTS(i);
		cost += contacts->list[i].cost;
	}
	return cost;
}
