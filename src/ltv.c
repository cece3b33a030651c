/*
 * ltv.c: the module's magic block.
 */
#include "compat.h"

PG_MODULE_MAGIC;
