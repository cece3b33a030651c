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

#endif							/* LTV_TEXT_FORM_H */
