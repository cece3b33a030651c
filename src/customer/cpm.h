/*
 * cpm.h: the customer portfolio (CPM) of Japanese mail order.
 */
#ifndef LTV_CPM_H
#define LTV_CPM_H

#include "base/compat.h"

#include "customer/customer.h"

/* In the order of the enum ltv_cpm: five kinds, and the same five lapsed. */
#define CPM_KINDS		5
#define CPM_SEGMENTS	(2 * CPM_KINDS)

extern int	cpm_segment_of(const Figures *figures, Scales scales, const Policy *policy);
extern void cpm_labels_read(Oid type, Oid *oids);

#endif							/* LTV_CPM_H */
