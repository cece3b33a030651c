/*
 * text_form.h: values of any type as text.
 */
#ifndef LTV_TEXT_FORM_H
#define LTV_TEXT_FORM_H

#include "base/compat.h"

typedef struct TextForm
{
	bool		is_text;		/* values are text as they are */
	bool		is_cast;		/* the function is a cast, else the output function of the type */
	FmgrInfo	function;
} TextForm;

extern void text_form_init(TextForm *form, Oid type);
extern void text_form_renew(TextForm *form);
extern bool text_form_is_parallel_safe(const TextForm *form);
extern Datum text_form_convert(TextForm *form, Datum value);

/* A value as text; it is in the current memory context, or the value itself. */
static inline Datum
text_form_of(TextForm *form, Datum value)
{
	return form->is_text ? value : text_form_convert(form, value);
}

/* The same, to look at its bytes. */
static inline struct varlena *
text_of(TextForm *form, Datum value)
{
	return PG_DETOAST_DATUM_PACKED(text_form_of(form, value));
}

/* Texts in the order of their bytes, the shorter first; a missing one last. */
static inline int
compare_texts(const struct varlena *a, const struct varlena *b)
{
	int			left;
	int			right;
	int			result;

	if (a == NULL || b == NULL)
		return (a == NULL) - (b == NULL);
	left = (int) VARSIZE_ANY_EXHDR(a);
	right = (int) VARSIZE_ANY_EXHDR(b);
	result = memcmp(VARDATA_ANY(a), VARDATA_ANY(b), Min(left, right));
	return result != 0 ? result : left - right;
}

#endif							/* LTV_TEXT_FORM_H */
