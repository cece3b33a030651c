/*
 * text_form.c: values of any type as text.
 *
 * A value is shown as the cast value::text shows it, so that it can be joined
 * and compared with what plain SQL shows: for char(n), boolean or inet that is
 * not what the output function writes.
 */
#include "base/text_form.h"

#include "base/key.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"

/* Prepare to show values of a type; it is error 42501 if the caller may not execute the cast. */
void
text_form_init(TextForm *form, Oid type)
{
	Oid			function;
	bool		varlena;

	type = getBaseType(type);
	form->is_text = form->is_cast = false;
	switch (find_coercion_pathway(TEXTOID, type, COERCION_EXPLICIT, &function))
	{
		case COERCION_PATH_RELABELTYPE:
			form->is_text = true;
			return;
		case COERCION_PATH_FUNC:
			CheckMayExecute(function);
			form->is_cast = true;
			break;
		default:
			getTypeOutputInfo(type, &function, &varlena);
			break;
	}
	fmgr_info(function, &form->function);
}

/* In a process that has a copy of the struct, or for the life of another memory context. */
void
text_form_renew(TextForm *form)
{
	if (!form->is_text)
		fmgr_info(form->function.fn_oid, &form->function);
}

bool
text_form_is_parallel_safe(const TextForm *form)
{
	return form->is_text || func_parallel(form->function.fn_oid) == PROPARALLEL_SAFE;
}

/* A cast function takes the value and, if it wants to, a typmod and whether the cast was written out. */
static Datum
call_cast(FmgrInfo *function, Datum value)
{
	LOCAL_FCINFO(call, 3);
	Datum		text;

	InitFunctionCallInfoData(*call, function, function->fn_nargs, DEFAULT_COLLATION_OID, NULL, NULL);
	call->args[0] = (NullableDatum) {value, false};
	call->args[1] = (NullableDatum) {Int32GetDatum(-1), false};
	call->args[2] = (NullableDatum) {BoolGetDatum(true), false};
	text = FunctionCallInvoke(call);
	if (call->isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the cast to text by %s gives null for a value that is not null",
						format_procedure(function->fn_oid)),
				 errhint("Let the cast give a text for every value, or cast in the view.")));
	return text;
}

Datum
text_form_convert(TextForm *form, Datum value)
{
	if (form->is_cast)
		return call_cast(&form->function, value);
	return CStringGetTextDatum(OutputFunctionCall(&form->function, value));
}
