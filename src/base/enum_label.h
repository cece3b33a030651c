/*
 * enum_label.h: values of the extension's enums.
 */
#ifndef LTV_ENUM_LABEL_H
#define LTV_ENUM_LABEL_H

#include "base/compat.h"

extern int	enum_label_number(Oid value, const char *const *labels, int count, const char *trouble);

#endif							/* LTV_ENUM_LABEL_H */
